// Two result files side by side. Rows are matched, never assumed: what is on one side only is listed.
// The verdict needs two witnesses: an interval of the ratio that lies wholly outside the band of
// indifference, and a test on process medians that survives correction for the number of rows.

import Measurement
import Tables

/// What the comparison says of one matched row; B is judged against A.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
  case faster, slower, same, inconclusive
}

/// How p-values are corrected for the number of rows.
public enum Adjustment: String, Hashable, Sendable, CaseIterable {
  /// Holm: the chance of any false verdict in the table stays below 5 %.
  case holm
  /// Benjamini-Hochberg: at most 5 % of the verdicts are false, on average.
  case bh
  /// Each row for itself.
  case none

  func apply(_ values: [Double]) -> [Double] {
    switch self {
    case .holm: Statistics.holm(values)
    case .bh: Statistics.benjaminiHochberg(values)
    case .none: values
    }
  }
}

/// One matched pair of rows.
public struct ComparedRow: Hashable, Sendable {
  /// The row of A and of B.
  public let a: ResultRow
  public let b: ResultRow
  /// Time of B over time of A: above 1, B is slower.
  public let ratio: Double
  /// 95 % interval of the ratio; nil where neither samples nor row intervals are known.
  public let low: Double?
  public let high: Double?
  /// True where the interval comes from the two rows' own intervals, for want of samples.
  public let isApproximate: Bool
  /// p-value of the test on process medians, before and after correction.
  public let p: Double?
  public fileprivate(set) var adjustedP: Double?
  /// Processes of each side.
  public let processesA: Int
  public let processesB: Int
  /// The judgement.
  public fileprivate(set) var verdict = Verdict.inconclusive
  /// Processes a side that would settle an inconclusive row; nil where no count can be told.
  public fileprivate(set) var processesNeeded: Int?
  /// What would settle an inconclusive row, or what is doubtful.
  public fileprivate(set) var note = ""
}

/// A result file with the samples of its journal.
public struct ComparisonInput: Sendable {
  /// Name for the header.
  public let name: String
  /// Rows of the result file.
  public let rows: [ResultRow]
  /// Samples by row key, one array per process; empty where there is no journal.
  public let samples: [String: [[Double]]]

  /// An input from its parts.
  public init(name: String, rows: [ResultRow], samples: [SampleRow] = []) {
    self.name = name
    self.rows = rows
    var byRow: [String: [Int: [Double]]] = [:]
    for sample in samples {
      guard let process = sample.processIndex, let seconds = sample.seconds, seconds > 0 else { continue }
      byRow[sample.runId + "|" + sample.rowKey, default: [:]][process, default: []].append(seconds)
    }
    self.samples = byRow.mapValues { processes in processes.sorted { $0.key < $1.key }.map(\.value) }
  }

  func processes(of row: ResultRow) -> [[Double]] { samples[row.runId + "|" + row.rowKey] ?? [] }
}

/// The comparison of B with A.
public struct Comparison: Sendable {
  /// Matched rows in the order of A.
  public private(set) var rows: [ComparedRow] = []
  /// Rows without a partner.
  public private(set) var onlyA: [ResultRow] = []
  public private(set) var onlyB: [ResultRow] = []
  /// Partners of which at least one has no time.
  public private(set) var untimed: [(a: ResultRow, b: ResultRow)] = []
  /// Rows that repeat another row of their file under the same key; the first of them was compared.
  public private(set) var repeated: [ResultRow] = []
  /// Rows of either side whose result was wrong.
  public private(set) var mismatches: [ResultRow] = []
  /// True where both sides are the same type of machine.
  public let isSameMachine: Bool
  /// Columns that describe the machine or the software and differ: name, A, B.
  public private(set) var differences: [(column: String, a: String, b: String)] = []
  /// Placements at which the peak of the arithmetic itself differs by more than the threshold: time of B over A.
  public private(set) var hostSpeeds: [(placement: String, ratio: Double)] = []
  /// Geometric mean of the matched ratios with its 95 % interval over rows; nil without matched rows.
  public private(set) var geomean: Double?
  public private(set) var geomeanLow: Double?
  public private(set) var geomeanHigh: Double?
  /// Half-width of the band of indifference around 1.
  public let threshold: Double
  /// Correction for the number of rows.
  public let adjustment: Adjustment
  /// Level of the tests.
  public static let alpha = 0.05

  /// Compares two inputs.
  ///
  /// Rows of one type of machine match by `row_key`; rows of two types match by kernel, shape,
  /// implementation, placement kind and cache mode.
  /// - Parameter threshold: ratios within 1 ± threshold count as the same.
  public init(
    _ a: ComparisonInput, _ b: ComparisonInput, threshold: Double = 0.01, adjustment: Adjustment = .holm
  ) {
    self.threshold = threshold
    self.adjustment = adjustment
    let machinesA = Set(a.rows.map(\.machineId))
    isSameMachine = machinesA.count == 1 && machinesA == Set(b.rows.map(\.machineId))
    mismatches = (a.rows + b.rows).filter { $0.status == .mismatch }
    let key = isSameMachine ? { (row: ResultRow) in row.rowKey } : Comparison.portableKey
    let partners = Dictionary(b.rows.map { (key($0), $0) }) { first, _ in first }
    repeated = Comparison.repeats(a.rows, key) + Comparison.repeats(b.rows, key)
    var seen: Set<String> = []
    for row in a.rows where seen.insert(key(row)).inserted {
      guard let partner = partners[key(row)] else {
        onlyA.append(row)
        continue
      }
      if let pair = Comparison.pair(row, partner, a, b) {
        rows.append(pair)
      } else {
        untimed.append((row, partner))
      }
    }
    onlyB = b.rows.filter { !seen.contains(key($0)) }
    judge()
    summarise()
    compareContext(a.rows.first, b.rows.first)
  }

  private static func repeats(_ rows: [ResultRow], _ key: (ResultRow) -> String) -> [ResultRow] {
    var seen: Set<String> = []
    return rows.filter { !seen.insert(key($0)).inserted }
  }

  private static func portableKey(_ row: ResultRow) -> String {
    [row.kernel, row.shapeId, row.impl, row.placementKind, row.cacheMode, row.dtypeA].joined(separator: "|")
  }

  private static func pair(
    _ rowA: ResultRow, _ rowB: ResultRow, _ a: ComparisonInput, _ b: ComparisonInput
  ) -> ComparedRow? {
    guard rowA.status.hasTimes, rowB.status.hasTimes, let timeA = rowA.timeMedianSeconds,
      let timeB = rowB.timeMedianSeconds, timeA > 0, timeB > 0, (timeB / timeA).isFinite, timeB / timeA > 0
    else { return nil }
    let samplesA = a.processes(of: rowA)
    let samplesB = b.processes(of: rowB)
    let exact = Statistics.ratioInterval(samplesA, samplesB, resamples: 4_000)
    var low = exact?.low
    var high = exact?.high
    if exact == nil, let lowA = rowA.timeMedianCiLowSeconds, let highA = rowA.timeMedianCiHighSeconds,
      let lowB = rowB.timeMedianCiLowSeconds, let highB = rowB.timeMedianCiHighSeconds, lowA > 0
    {
      low = lowB / highA
      high = highB / lowA
    }
    let mediansA = samplesA.compactMap { Statistics.median($0) }
    let mediansB = samplesB.compactMap { Statistics.median($0) }
    let manyEach = min(mediansA.count, mediansB.count) >= 8
    return ComparedRow(
      a: rowA, b: rowB, ratio: timeB / timeA, low: low, high: high, isApproximate: exact == nil && low != nil,
      p: manyEach
        ? Statistics.mannWhitneyExact(mediansA, mediansB) ?? Statistics.welchOnLogs(mediansA, mediansB)
        : Statistics.welchOnLogs(mediansA, mediansB),
      processesA: max(mediansA.count, samplesA.isEmpty ? rowA.nProcesses ?? 0 : 0),
      processesB: max(mediansB.count, samplesB.isEmpty ? rowB.nProcesses ?? 0 : 0))
  }

  private mutating func judge() {
    let tested = rows.indices.filter { rows[$0].p != nil }
    for (index, p) in zip(tested, adjustment.apply(tested.compactMap { rows[$0].p })) {
      rows[index].adjustedP = p
    }
    let peaks = isSameMachine ? rows.filter { $0.a.kernel == Operation.fmaPeak.rawValue } : []
    hostSpeeds = peaks.filter { abs($0.ratio - 1) > threshold }.map { ($0.a.placement, $0.ratio) }
    for index in rows.indices {
      rows[index].verdict = verdict(rows[index])
      let isLikeHost = followsHost(rows[index])
      if isLikeHost { rows[index].verdict = .inconclusive }
      if rows[index].isApproximate { rows[index].note = "approx: no samples beside the file" }
      if rows[index].low == nil { rows[index].note = "no interval: too few samples" }
      if rows[index].verdict == .inconclusive, let more = processesNeeded(rows[index]) {
        rows[index].processesNeeded = more
        rows[index].note = "about \(more) processes a side would settle it"
      }
      if isLikeHost { rows[index].note = "the host itself ran at another speed" }
    }
  }

  private func verdict(_ row: ComparedRow) -> Verdict {
    guard let low = row.low, let high = row.high else { return .inconclusive }
    if low > 1 - threshold, high < 1 + threshold { return .same }
    // Without samples there is no test; the two intervals are then compared end to end, which is stricter.
    let isProven = row.isApproximate || (row.adjustedP ?? 1) < Comparison.alpha
    if low > 1 + threshold, isProven { return .slower }
    if high < 1 - threshold, isProven { return .faster }
    return .inconclusive
  }

  /// True for a difference of a compute-bound row that the speed of the host explains.
  private func followsHost(_ row: ComparedRow) -> Bool {
    let isCompute = row.a.kernel == Operation.fmaPeak.rawValue || row.a.boundBy == "compute"
    guard isCompute, row.verdict == .faster || row.verdict == .slower, let low = row.low, let high = row.high,
      let host = hostSpeeds.first(where: { $0.placement == row.a.placement })
    else { return false }
    return row.verdict == .slower ? low / host.ratio <= 1 + threshold : high / host.ratio >= 1 - threshold
  }

  /// Processes a side at which a difference of this size would show with 80 % power at the row's noise.
  private func processesNeeded(_ row: ComparedRow) -> Int? {
    let effect = abs(row.ratio - 1)
    guard effect > threshold, let noiseA = row.a.betweenProcessRelStddev,
      let noiseB = row.b.betweenProcessRelStddev
    else { return nil }
    // Normal quantiles of 97.5 % and 80 %.
    let z = 1.96 + 0.84
    let wanted = z * z * (noiseA * noiseA + noiseB * noiseB) / (effect * effect)
    guard wanted.isFinite, wanted < 1_000 else { return nil }
    let count = max(Int(wanted.rounded(.up)) + 1, 5)
    return count > min(row.processesA, row.processesB) ? count : nil
  }

  private mutating func summarise() {
    let ratios = rows.map(\.ratio)
    geomean = Statistics.geometricMean(ratios)
    guard ratios.count > 1 else { return }
    var generator = SeededGenerator(seed: 1)
    let means = (0..<2_000).compactMap { _ in
      Statistics.geometricMean(ratios.map { _ in ratios.randomElement(using: &generator) ?? 1 })
    }
    geomeanLow = Statistics.quantile(means, 0.025)
    geomeanHigh = Statistics.quantile(means, 0.975)
  }

  private mutating func compareContext(_ a: ResultRow?, _ b: ResultRow?) {
    guard let a, let b else { return }
    for column in ResultRow.schema.columns where Comparison.context.contains(column.name) {
      let (left, right) = (column.encode(a), column.encode(b))
      if left != right { differences.append((column.name, left, right)) }
    }
    let blasA = Comparison.blas(rows.map(\.a))
    let blasB = Comparison.blas(rows.map(\.b))
    if blasA != blasB { differences.append(("blas_corename", blasA, blasB)) }
  }

  private static func blas(_ rows: [ResultRow]) -> String {
    Set(rows.map(\.blasCorename)).subtracting([""]).sorted().joined(separator: " ")
  }

  private static let context: Set<String> = [
    "cpu_model_name", "packages", "cores", "pus", "l3_total_bytes", "isa_features", "microcode",
    "hypervisor", "governor", "turbo", "thp_mode", "os_pretty", "os_kernel", "libc", "harness_version",
    "swift_version", "cpu_quota_cores", "suite", "suite_version", "device_kind", "device_name",
  ]
}
