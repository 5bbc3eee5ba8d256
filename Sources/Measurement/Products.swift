// What the products of a model share: which operations they are, and how uneven the rows of its experts.

extension Operation {
  /// True for matrix products, whose operands have element types and whose weights have layouts.
  public var isProduct: Bool { self == .gemm || self == .groupedGEMM }
}

extension Shape {
  /// Rows of each of `experts` experts, `rows` in all, as a router of independent even choices deals them: the same
  /// rows on every machine. Experts may come out empty.
  ///
  /// O(rows).
  public static func expertRows(_ rows: Int, experts: Int) -> [Int] {
    var dealt = [Int](repeating: 0, count: experts)
    var generator = SeededGenerator(seed: UInt64(rows) &* 31 &+ UInt64(experts))
    for _ in 0..<rows { dealt[Int(generator.next() % UInt64(experts))] += 1 }
    return dealt
  }
}
