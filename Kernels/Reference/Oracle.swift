// What the kernels should have computed: the formulas in Double, one row at a time, written to be read.
// Beside each value stands its scale, the same sum with absolute values: rounding errors are small relative
// to the scale, not to the value, which may cancel.

/// A row of results and the scale of each element.
public struct OracleRow: Sendable {
  /// The values.
  public var values: [Double]
  /// Sum of |a·b| behind each value.
  public var scales: [Double]
  /// A row from its parts.
  public init(values: [Double], scales: [Double]) {
    self.values = values
    self.scales = scales
  }
}

/// Rows `rows` of C (m, n) = A (m, k) · B (k, n), all row-major; `columns` of them, all where nil.
///
/// Sixteen columns of B, a cache line, at a time become panels of Doubles that all rows pass over: B may be larger
/// than every cache, and is read once.
public func oracleGEMMRows(
  _ rows: [Int], n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, columns: Range<Int>? = nil
) -> [OracleRow] {
  productRows(rows, n, k, a, b, columns ?? 0..<n)
}

/// The same of Doubles: the oracle rounds as often as what it judges, so only larger errors tell.
public func oracleGEMMRows(
  _ rows: [Int], n: Int, k: Int, a: UnsafePointer<Double>, b: UnsafePointer<Double>,
  columns: Range<Int>? = nil
) -> [OracleRow] {
  productRows(rows, n, k, a, b, columns ?? 0..<n)
}

/// A number that an oracle reads.
protocol OracleElement {
  var wide: Double { get }
}

extension Float: OracleElement {
  @inline(__always) var wide: Double { Double(self) }
}

extension Double: OracleElement {
  @inline(__always) var wide: Double { self }
}

@inline(__always)
private func productRows<Element: OracleElement>(
  _ rows: [Int], _ n: Int, _ k: Int, _ a: UnsafePointer<Element>, _ b: UnsafePointer<Element>,
  _ columns: Range<Int>
) -> [OracleRow] {
  let zeros = [Double](repeating: 0, count: columns.count)
  var result = rows.map { _ in OracleRow(values: zeros, scales: zeros) }
  withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: 2 * k) { panels in
    guard let panels = panels.baseAddress else { return }
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: 16) {
      let parts = [(0, first), (k, first + 8)].filter { $0.1 < columns.upperBound }
      for p in 0..<k {
        for (place, column) in parts {
          (panels + place + p).initialize(to: eight(b + p * n + column, columns.upperBound - column))
        }
      }
      for (place, row) in rows.enumerated() {
        for (panel, column) in parts {
          let (value, scale) = dot(a + row * k, panels + panel, k)
          for j in 0..<min(8, columns.upperBound - column) {
            result[place].values[column - columns.lowerBound + j] = value[j]
            result[place].scales[column - columns.lowerBound + j] = scale[j]
          }
        }
      }
    }
  }
  return result
}

/// Eight neighbours as Doubles; 0 beyond the first `count`.
@inline(__always)
private func eight<Element: OracleElement>(_ source: UnsafePointer<Element>, _ count: Int) -> SIMD8<Double> {
  var line = SIMD8<Double>()
  if count >= 8 {
    for j in 0..<8 { line[j] = source[j].wide }
  } else {
    for j in 0..<count { line[j] = source[j].wide }
  }
  return line
}

/// Σ a·b and Σ |a·b| of eight columns.
@inline(__always)
private func dot<Element: OracleElement>(
  _ a: UnsafePointer<Element>, _ panel: UnsafePointer<SIMD8<Double>>, _ k: Int
) -> (value: SIMD8<Double>, scale: SIMD8<Double>) {
  var (value, scale) = (SIMD8<Double>(), SIMD8<Double>())
  for p in 0..<k {
    let product = panel[p] * a[p].wide
    value += product
    scale += magnitude(product)
  }
  return (value, scale)
}

/// |x| of each lane.
@inline(__always)
private func magnitude(_ x: SIMD8<Double>) -> SIMD8<Double> {
  unsafeBitCast(
    unsafeBitCast(x, to: SIMD8<UInt64>.self) & SIMD8(repeating: .max >> 1), to: SIMD8<Double>.self)
}

/// Σ row·x and Σ |row|·y, in eight lanes each: a single sum would wait for each addition.
public func oracleSums(
  _ row: UnsafePointer<Float>, _ x: [Double], _ y: [Double]
) -> (value: Double, scale: Double) {
  weightedSums(row, x, y)
}

/// The same of Doubles.
public func oracleSums(
  _ row: UnsafePointer<Double>, _ x: [Double], _ y: [Double]
) -> (value: Double, scale: Double) {
  weightedSums(row, x, y)
}

@inline(__always)
private func weightedSums<Element: OracleElement>(
  _ row: UnsafePointer<Element>, _ x: [Double], _ y: [Double]
) -> (value: Double, scale: Double) {
  x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      var (value, scale) = (SIMD8<Double>(), SIMD8<Double>())
      let whole = x.count / 8 * 8
      for first in stride(from: 0, to: whole, by: 8) {
        let line = eight(row + first, 8)
        var (left, right) = (SIMD8<Double>(), SIMD8<Double>())
        for j in 0..<8 { (left[j], right[j]) = (x[first + j], y[first + j]) }
        value += line * left
        scale += magnitude(line) * right
      }
      var sums = (value: value.sum(), scale: scale.sum())
      for j in whole..<x.count {
        sums.value += row[j].wide * x[j]
        sums.scale += abs(row[j].wide) * y[j]
      }
      return sums
    }
  }
}
