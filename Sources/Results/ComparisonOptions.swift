// What a user can choose about a comparison, and the words of its answers.

import Measurement

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

  /// The corrected values, in the order given.
  public func apply(_ values: [Double]) -> [Double] {
    switch self {
    case .holm: Statistics.holm(values)
    case .bh: Statistics.benjaminiHochberg(values)
    case .none: values
    }
  }
}

/// Which test judges the process medians.
public enum TestChoice: String, Hashable, Sendable, CaseIterable {
  /// Mann-Whitney where both sides have 8 processes or more, else Welch.
  case auto
  /// Welch's t test on logarithms: finds much with few processes, trusts in roughly normal noise.
  case welch
  /// Mann-Whitney's rank test: trusts in nothing but the exchange of processes, needs many of them.
  case mwu
  /// Both must agree: the larger p-value counts.
  case both
}

/// What times are divided by before machines are compared.
public enum Normalisation: String, Hashable, Sendable, CaseIterable {
  /// Nothing.
  case none
  /// Time x cores of the placement.
  case perCore = "per-core"
  /// Time x threads.
  case perThread = "per-thread"
  /// Time x mean clock while the row ran: cycles.
  case perGHz = "per-ghz"
  /// Time over the least that the measured ceilings of the placement allow.
  case roofline
  /// Time over the number of such placements that fill the machine's cores, as if they did not disturb another.
  case machineTotal = "machine-total"

  /// What the row's time is multiplied with; nil where a column that it needs is empty.
  func factor(_ row: ResultRow) -> Double? {
    let value: Double?
    switch self {
    case .none: value = 1
    case .perCore: value = Normalisation.cores(row)
    case .perThread: value = row.threads.map { Double($0) }
    case .perGHz: value = row.cpuMhzMean
    case .roofline:
      value = row.pctOfRoofline.flatMap { share in row.timeMedianSeconds.map { 1 / (share * $0) } }
    case .machineTotal:
      value = row.cores.flatMap { all in Normalisation.cores(row).map { $0 / Double(all) } }
    }
    return value.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }

  /// The column that a row without factor lacks.
  var neededColumn: String {
    switch self {
    case .none: ""
    case .perCore, .perThread: "threads"
    case .perGHz: "cpu_mhz_mean"
    case .roofline: "pct_of_roofline"
    case .machineTotal: "cores"
    }
  }

  private static func cores(_ row: ResultRow) -> Double? {
    guard let threads = row.threads else { return nil }
    guard row.smtMode == "on", let width = row.smtWidth, width > 1 else { return Double(threads) }
    return (Double(threads) / Double(width)).rounded(.up)
  }
}

/// How two files are compared.
public struct ComparisonOptions: Sendable {
  /// Ratios within 1 ± threshold count as the same; a row's A/A floor widens it.
  public var threshold = 0.01
  /// Correction for the number of rows.
  public var adjustment = Adjustment.holm
  /// Test on process medians.
  public var test = TestChoice.auto
  /// Columns that partners have in common; empty = `row_key` on one type of machine, else problem,
  /// implementation and kind of placement.
  public var match: [String] = []
  /// Columns among `Comparison.blocking` in which partners of two types of machine may differ.
  public var allow: Set<String> = []
  /// What times are divided by.
  public var normalisation = Normalisation.none
  /// Columns by whose values rows are summarised.
  public var groupBy: [String] = []

  /// The defaults.
  public init() {}
}
