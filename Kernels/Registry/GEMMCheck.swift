// Is C = A·B? Small problems are checked element by element, large ones in random rows and, as a whole, by
// Freivalds' product with a random vector. A brief check looks at a few elements.

import KernelsReference
package import Measurement

/// What C (m, n) = A (m, k) · B (k, n) should be, all row-major, as far as a check looks: rows by the oracle, and
/// for problems that are not checked whole A·(B·x) for a random x of ±1 (Freivalds 1977), which a wrong element of C
/// anywhere contradicts.
package struct GEMMExpectation: Sendable {
  private let m: Int, n: Int, k: Int
  private let tolerance: Double
  private let groups: [Group]
  private let signs: [Double]
  /// One for each row of C; none where the rows are all.
  private let sums: [(value: Double, scale: Double)]

  /// - Parameters:
  ///   - tolerance: nil = that of sums in f32.
  ///   - team: threads that share the work; nil = the caller's alone.
  package init(
    m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, seed: UInt64,
    tolerance: Double? = nil, team: WorkerTeam? = nil
  ) {
    self.init(
      m, n, k, seed, tolerance ?? gemmTolerance(k), team,
      rows: { oracleGEMMRows($0, n: n, k: k, a: a, b: b, columns: $1) },
      sumsOfB: { oracleSums(b + $0 * n, $1, $2) }, sumsOfA: { oracleSums(a + $0 * k, $1, $2) })
  }

  /// The same of Doubles.
  package init(
    m: Int, n: Int, k: Int, a: UnsafePointer<Double>, b: UnsafePointer<Double>, seed: UInt64,
    team: WorkerTeam? = nil
  ) {
    self.init(
      m, n, k, seed, (8 * Double(k).squareRoot() + 8) * 0x1p-53, team,
      rows: { oracleGEMMRows($0, n: n, k: k, a: a, b: b, columns: $1) },
      sumsOfB: { oracleSums(b + $0 * n, $1, $2) }, sumsOfA: { oracleSums(a + $0 * k, $1, $2) })
  }

  private typealias Sums = (Int, [Double], [Double]) -> (value: Double, scale: Double)

  private init(
    _ m: Int, _ n: Int, _ k: Int, _ seed: UInt64, _ tolerance: Double, _ team: WorkerTeam?,
    rows oracle: ([Int], Range<Int>) -> [OracleRow], sumsOfB: Sums, sumsOfA: Sums
  ) {
    (self.m, self.n, self.k, self.tolerance) = (m, n, k, tolerance)
    let checksAll = Double(m) * Double(n) * Double(k) <= ErrorScan.fullCheckLimit
    let chosen = checksAll ? [(rows: Array(0..<m), columns: 0..<n)] : sampledGroups(m, n, k, seed: seed)
    // Each thread takes its own columns, so that B is read once.
    let threads = team?.threadCount ?? 1
    groups = chosen.map { rows, columns in
      let parts = inParallel(threads, team) { thread in
        let part = share(of: columns.count, step: 16, thread, threads)
        let own = columns.lowerBound + part.lowerBound..<columns.lowerBound + part.upperBound
        return oracle(rows, own)
      }
      let expected = rows.indices.map { row in
        OracleRow(values: parts.flatMap { $0[row].values }, scales: parts.flatMap { $0[row].scales })
      }
      return Group(rows: rows, firstColumn: columns.lowerBound, expected: expected)
    }
    let signs = checksAll ? [] : (0..<n).map { mix(seed &+ UInt64($0)) & 1 == 0 ? 1.0 : -1.0 }
    self.signs = signs
    guard !checksAll else {
      sums = []
      return
    }
    // A·(B·x), with the scale of each element, in O(mk + kn).
    let ones = [Double](repeating: 1, count: n)
    let products = inParallel(k, team) { sumsOfB($0, signs, ones) }
    let (values, scales) = (products.map(\.value), products.map(\.scale))
    sums = inParallel(m, team) { sumsOfA($0, values, scales) }
  }

  /// Holds C against the expectation.
  package func check(_ c: UnsafePointer<Float>, team: WorkerTeam? = nil) -> Verification {
    check(team, { Double(c[$0]) }) { oracleSums(c + $0 * n, signs, signs).value }
  }

  /// The same of Doubles.
  package func check(_ c: UnsafePointer<Double>, team: WorkerTeam? = nil) -> Verification {
    check(team, { c[$0] }) { oracleSums(c + $0 * n, signs, signs).value }
  }

  /// The same of whole numbers.
  package func check(_ c: UnsafePointer<Int32>, team: WorkerTeam? = nil) -> Verification {
    check(team, { Double(c[$0]) }) { row in
      var sum = 0.0
      for j in 0..<n { sum += Double(c[row * n + j]) * signs[j] }
      return sum
    }
  }

  private func check(
    _ team: WorkerTeam?, _ found: (Int) -> Double, _ signedSum: (Int) -> Double
  ) -> Verification {
    var scan = ErrorScan(tolerance: tolerance)
    for group in groups {
      for (row, expected) in zip(group.rows, group.expected) {
        for j in expected.values.indices {
          scan.add(found(row * n + group.firstColumn + j), expected.values[j], scale: expected.scales[j])
        }
      }
    }
    guard !sums.isEmpty else { return scan.verification("double oracle, all elements") }
    // The rounding errors of a row's n elements add up like √n, their scales like n.
    let shrink = 2 / Double(n).squareRoot()
    for (row, sum) in zip(inParallel(m, team, signedSum), sums) {
      scan.add(row, sum.value, scale: sum.scale * shrink)
    }
    let rows = groups.reduce(0) { $0 + $1.rows.count }
    let columns = groups.first?.expected.first?.values.count ?? 0
    let part = columns < n ? " (\(columns) columns of each)" : ""
    return scan.verification("double oracle, \(rows) random rows\(part), and a Freivalds check of all")
  }

  /// Rows of which the same columns are looked at.
  private struct Group: Sendable {
    let rows: [Int]
    let firstColumn: Int
    let expected: [OracleRow]
  }
}

/// Random rows, in groups with a window of columns each: the first window ends at the last column, where edges live,
/// the others lie anywhere. Rows are looked at whole where they are short.
private func sampledGroups(
  _ m: Int, _ n: Int, _ k: Int, seed: UInt64
) -> [(rows: [Int], columns: Range<Int>)] {
  let rows = ErrorScan.sample(ErrorScan.sampledRows, of: m, seed: seed)
  let width = min(n, max(256, Int(ErrorScan.sampledProducts) / (rows.count * k) / 16 * 16))
  guard width < n else { return [(rows, 0..<n)] }
  let count = (rows.count + 15) / 16
  return (0..<count).map { group in
    let own = rows.indices.filter { $0 % count == group }.map { rows[$0] }
    let first = group == 0 ? n - width : Int(mix(seed &+ UInt64(group)) % UInt64(n - width + 1))
    return (own, first..<first + width)
  }
}

/// Compares C (m, n) with A (m, k) · B (k, n), all row-major, in Double.
///
/// - Parameter team: threads that share the oracle's work; nil = the caller's alone.
package func checkGEMM(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
  seed: UInt64, team: WorkerTeam? = nil
) -> Verification {
  GEMMExpectation(m: m, n: n, k: k, a: a, b: b, seed: seed, team: team).check(c, team: team)
}

/// Independent rounding errors of a sum of k products grow like √k, and partial sums in lanes and blocks take more
/// than half of that away.
@Sendable func gemmTolerance(_ k: Int) -> Double { (0.4 * Double(k).squareRoot() + 3) * 0x1p-24 }

/// Elements of a brief check: the corners, and some drawn from the seed.
package func briefElements(rows: Int, columns: Int, seed: UInt64) -> [Int] {
  let corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1]
  return Set(corners + (0..<60).map { Int(mix(seed &+ UInt64($0)) % UInt64(rows * columns)) }).sorted()
}

/// Compares some elements of C with the dot products that they should be.
///
/// - Parameters:
///   - c: the stored value at a place of C.
///   - factors: for a row and column of C, the k pairs of factors.
package func checkGEMM(
  elements: [Int], n: Int, k: Int, tolerance: Double? = nil, c: (Int) -> Double,
  factors: (_ row: Int, _ column: Int) -> (Int) -> (Double, Double)
) -> Verification {
  var scan = ErrorScan(tolerance: tolerance ?? gemmTolerance(k))
  for element in elements {
    let (row, column) = element.quotientAndRemainder(dividingBy: n)
    let pair = factors(row, column)
    var (value, scale) = (0.0, 0.0)
    for p in 0..<k {
      let (a, b) = pair(p)
      value += a * b
      scale += abs(a * b)
    }
    scan.add(c(element), value, scale: scale)
  }
  return scan.verification("double oracle, \(elements.count) elements")
}

extension Verification {
  /// One of several parts: the largest errors, and passed where all did.
  init(worstOf parts: [Verification]) {
    func size(_ part: Verification) -> Double { part.maxRelError.isNaN ? .infinity : part.maxRelError }
    let worst = parts.max { size($0) < size($1) } ?? parts[0]
    let others = parts.count > 1 ? "; \(parts.count) groups" : ""
    self.init(
      reference: worst.reference + others, maxAbsError: parts.map(\.maxAbsError).max() ?? .nan,
      maxRelError: worst.maxRelError, tolerance: worst.tolerance, passed: parts.allSatisfy(\.passed))
  }
}

/// The results of `body` for 0 ..< count, each thread of the team a contiguous part of them.
func inParallel<Result>(_ count: Int, _ team: WorkerTeam?, _ body: (Int) -> Result) -> [Result] {
  guard let team, team.threadCount > 1 else { return (0..<count).map(body) }
  return [Result](unsafeUninitializedCapacity: count) { results, filled in
    let base = results.baseAddress
    team.run { thread, threads in
      for i in share(of: count, thread, threads) { base.map { ($0 + i).initialize(to: body(i)) } }
    }
    filled = count
  }
}
