// Two result files side by side: matching, ratios with intervals and tests row by row (on all cores, with
// the same outcome on any number of them), judgement, summary.

import Dispatch
import Measurement
import Quantities
import Tables

/// The comparison of B with A.
public struct Comparison: Sendable {
  /// Names of the inputs.
  public let nameA: String
  public let nameB: String
  /// How they are compared.
  public let options: ComparisonOptions
  /// Matched rows in the order of A.
  public internal(set) var rows: [ComparedRow] = []
  /// Rows without a partner.
  public let onlyA: [ResultRow]
  public let onlyB: [ResultRow]
  /// Partners that differ in a column that was not allowed to differ, or lack what the normalisation needs.
  public private(set) var blocked: [BlockedPair]
  /// Partners of which at least one has no time.
  public private(set) var untimed: [(a: ResultRow, b: ResultRow)] = []
  /// Rows that repeat another row of their file under the same key; the first of them was compared.
  public let repeated: [ResultRow]
  /// Columns in which such rows differ.
  public let varying: [String]
  /// Rows of either side whose result was wrong.
  public let mismatches: [ResultRow]
  /// Warnings of rows that were slowed down on purpose.
  public let planted: [String]
  /// True where both sides are the same type of machine.
  public let isSameMachine: Bool
  /// True where both sides are two builds that took turns in one run.
  public let isPaired: Bool
  /// Columns that describe the machine or the software and differ: name, A, B.
  public private(set) var differences: [(column: String, a: String, b: String)] = []
  /// Placements at which the peak of the arithmetic itself differs by more than the threshold: time of B over A.
  public internal(set) var hostSpeeds: [(placement: String, ratio: Double)] = []
  /// All rows in one number.
  public private(set) var summary = RatioSummary([])
  /// Times of the passes of models.
  public private(set) var models: [ComparedModel] = []

  /// Columns that partners of two types of machine share, unless the options allow otherwise.
  public static let blocking = ["cache_mode", "page_mode", "dtype_acc", "blas_corename"]

  /// Compares two inputs; rows of one type of machine match by `row_key` unless the options say otherwise.
  ///
  /// - Complexity: O(rows·N²) for N samples a row, on all cores.
  public init(_ a: ComparisonInput, _ b: ComparisonInput, options: ComparisonOptions = ComparisonOptions()) {
    (nameA, nameB) = (a.name, b.name)
    self.options = options
    let machinesA = Set(a.rows.map(\.machineId))
    isSameMachine =
      machinesA.count == 1 && machinesA == Set(b.rows.map(\.machineId))
      && Comparison.haveSameDevices(a.rows, b.rows)
    let isPaired = a.tookTurns(with: b)
    self.isPaired = isPaired
    mismatches = (a.rows + b.rows).filter { $0.status == .mismatch }
    planted = Comparison.plants(a.rows + b.rows)
    let matching = Matching(a.rows, b.rows, isSameMachine: isSameMachine, options: options)
    (onlyA, onlyB, repeated, varying) = (
      matching.onlyA, matching.onlyB, matching.repeated, matching.varying
    )
    blocked = matching.blocked
    let compared = parallelMap(matching.pairs) {
      ComparedRow($0.a, $0.b, a, b, options, isPaired: isPaired)
    }
    var missing = matching.onlyA + matching.blocked.map(\.a)
    for (pair, row) in zip(matching.pairs, compared) {
      if let row {
        rows.append(row)
        continue
      }
      missing.append(pair.a)
      let isTimed = pair.a.status.hasTimes && pair.b.status.hasTimes
      let lacks = [pair.a, pair.b].contains { options.normalisation.factor($0) == nil }
      if isTimed, lacks {
        blocked.append(BlockedPair(a: pair.a, b: pair.b, columns: [options.normalisation.neededColumn]))
      } else {
        untimed.append(pair)
      }
    }
    models = Comparison.models(rows, missingA: missing, missingB: matching.onlyB, a, b, options)
    judge()
    summary = RatioSummary(rows)
    differences = Comparison.differences(a.rows, b.rows)
  }

  /// False where a placement is another device on the other side: one type of machine may hold an old card and
  /// a new one, and a row's key says only `cuda:0`.
  private static func haveSameDevices(_ a: [ResultRow], _ b: [ResultRow]) -> Bool {
    func names(_ rows: [ResultRow]) -> [String: Set<String>] {
      rows.reduce(into: [:]) { names, row in
        if row.isOnDevice { names[row.placement, default: []].insert(row.deviceName) }
      }
    }
    let others = names(b)
    return names(a).allSatisfy { place, devices in others[place].map { $0 == devices } ?? true }
  }

  private static func plants(_ rows: [ResultRow]) -> [String] {
    var seen: Set<String> = []
    return rows.flatMap { $0.warnings.split(separator: ";") }
      .map { String($0.drop { $0 == " " }) }
      .filter { $0.contains("planted") && seen.insert($0).inserted }
  }

  /// Columns of context whose values differ; several values of one file stand side by side.
  private static func differences(
    _ a: [ResultRow], _ b: [ResultRow]
  ) -> [(column: String, a: String, b: String)] {
    var found: [(column: String, a: String, b: String)] = []
    for name in context {
      let (left, right) = (values(name, a), values(name, b))
      guard left != right else { continue }
      guard name == "isa_features" else {
        found.append((name, left.joined(separator: ", "), right.joined(separator: ", ")))
        continue
      }
      // Some forty features: only those that one side alone has.
      let (ofA, ofB) = (words(left), words(right))
      found.append(
        (name, "only \(listed(ofA.subtracting(ofB)))", "only \(listed(ofB.subtracting(ofA)))"))
    }
    return found
  }

  private static func listed(_ words: Set<String>) -> String {
    words.isEmpty ? "none" : words.sorted().joined(separator: " ")
  }

  private static func words(_ cells: [String]) -> Set<String> {
    Set(cells.flatMap { $0.split(separator: " ").map(String.init) })
  }

  private static func values(_ name: String, _ rows: [ResultRow]) -> [String] {
    var previous: String?
    var seen: Set<String> = []
    for row in rows where name != "blas_corename" || !row.blasCorename.isEmpty {
      let text = RowCells.text(name, row)
      if text != previous { seen.insert(text) }
      previous = text
    }
    return seen.sorted()
  }

  private static let context = [
    "cpu_model_name", "packages", "cores", "pus", "l3_total_bytes", "isa_features", "blas_corename",
    "microcode",
    "hypervisor", "governor", "turbo", "thp_mode", "os_pretty", "os_kernel", "libc", "harness_version",
    "harness_commit",
    "swift_version", "cpu_quota_cores", "suite", "suite_version", "device_kind", "device_name",
  ]
}

/// Maps on all cores; results stand in the order of the items, whatever the number of cores.
func parallelMap<Item, Result: Sendable>(_ items: [Item], _ transform: (Item) -> Result) -> [Result] {
  let chunk = 64
  let chunks = (items.count + chunk - 1) / chunk
  guard chunks > 1 else { return items.map(transform) }
  var parts = [[Result]](repeating: [], count: chunks)
  parts.withUnsafeMutableBufferPointer { buffer in
    // Each index is written by one thread only.
    nonisolated(unsafe) let slots = buffer
    nonisolated(unsafe) let work = transform
    nonisolated(unsafe) let source = items
    DispatchQueue.concurrentPerform(iterations: chunks) { part in
      slots[part] = source[part * chunk..<min(source.count, (part + 1) * chunk)].map(work)
    }
  }
  return parts.flatMap { $0 }
}

/// A share as percent with one decimal, e.g. `-1.5 %`.
func percentText(_ share: Double) -> String { fixed(Unit.percent.fromBase(share), decimals: 1) + " %" }
