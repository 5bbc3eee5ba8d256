// A number that can answer "why should I believe this?": value, interval, level of trust, sources.

/// Where a figure comes from, best first; the interval widens in this order.
public enum Trust: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// Rows of a result file of the very machine.
  case measured
  /// A model fitted on published measurements, with its held-out error.
  case calibrated
  /// A published measurement or price as it stands.
  case published
  /// This host's dimensionless curves scaled to the chip, with the scored error of doing so.
  case transferred
  /// A vendor's data sheet only.
  case datasheet
  /// A line of the scenario.
  case assumed

  /// The more trustworthy level is the smaller.
  public static func < (left: Trust, right: Trust) -> Bool { left.rank < right.rank }
  private var rank: Int { Trust.allCases.firstIndex(of: self) ?? Trust.allCases.count }
}

/// An 80 % interval around a central value.
public struct Interval: Hashable, Sendable, Codable {
  /// The 10 % quantile.
  public let low: Double
  /// The 90 % quantile.
  public let high: Double
  /// An interval between two bounds, in either order.
  public init(_ a: Double, _ b: Double) {
    low = min(a, b)
    high = max(a, b)
  }
}

/// A number with unit, interval, trust and sources.
public struct Figure: Hashable, Sendable, Codable {
  /// The central value in `unit`.
  public let value: Double
  /// The 80 % interval; nil where nothing is known of the error.
  public let interval: Interval?
  /// The unit's symbol as printed.
  public let unit: String
  /// The weakest link of what the figure rests on.
  public let trust: Trust
  /// Result rows, catalogue facts or scenario lines that it came from.
  public let sources: [String]

  /// A figure from its parts.
  public init(
    _ value: Double, _ unit: String, interval: Interval? = nil, trust: Trust, sources: [String] = []
  ) {
    self.value = value
    self.unit = unit
    self.interval = interval
    self.trust = trust
    self.sources = sources
  }

  /// The figure times a positive number, in another unit if given.
  public func scaled(by factor: Double, unit: String? = nil) -> Figure {
    Figure(
      value * factor, unit ?? self.unit,
      interval: interval.map { Interval($0.low * factor, $0.high * factor) },
      trust: trust, sources: sources)
  }
}

/// Something that could not be estimated, and the datum that is missing.
public struct Gap: Error, Hashable, Sendable, Codable {
  /// What was asked for, e.g. "tokens/s of Llama-3.1-70B on TPU7x".
  public let subject: String
  /// The missing datum, e.g. "no list price for TPU7x at google".
  public let missing: String
  /// What would close the gap, as a sentence.
  public let remedy: String
  /// A gap from its parts.
  public init(_ subject: String, missing: String, remedy: String = "") {
    self.subject = subject
    self.missing = missing
    self.remedy = remedy
  }
}

/// A value that is known or a named gap.
public typealias Known<Value> = Result<Value, Gap>
