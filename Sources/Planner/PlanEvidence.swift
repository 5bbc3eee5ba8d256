// What a plan rests on beside the scenario: the catalogue and who says how fast a model runs.

public import Catalog
public import Estimator
public import Quantities

/// Answers how fast a model runs on an offer's accelerator.
public struct ThroughputSource: Sendable {
  /// The answer, or the gap that its absence leaves.
  public let throughput: @Sendable (StandIn, Offer, ServiceLevel) -> Known<Throughput>
  /// A source from its function.
  public init(_ throughput: @escaping @Sendable (StandIn, Offer, ServiceLevel) -> Known<Throughput>) {
    self.throughput = throughput
  }
}

/// The measured host as an accelerator of the run.
public struct HostSource: Sendable {
  /// Name of the result file.
  public let file: String
  /// The machine's name in it.
  public let machine: String
  /// The host's curves scaled to each chip.
  public let transferred: ThroughputSource
  /// What one host does by itself.
  public let host: @Sendable (StandIn, ServiceLevel) -> Known<Throughput>
  /// The scored error of the transferred estimate, as a sentence.
  public let score: String
  /// Price of its instance type, nil where it is not known.
  public let instanceRate: Rate?
  /// Its decoder layers against its curves; nil where the host is not one of result rows.
  public let composition: HostComposition?
  /// A host from its parts.
  public init(
    file: String, machine: String, transferred: ThroughputSource,
    host: @escaping @Sendable (StandIn, ServiceLevel) -> Known<Throughput>, score: String,
    instanceRate: Rate?,
    composition: HostComposition? = nil
  ) {
    self.file = file
    self.machine = machine
    self.transferred = transferred
    self.host = host
    self.score = score
    self.instanceRate = instanceRate
    self.composition = composition
  }
}

/// What a plan rests on.
public struct PlanEvidence: Sendable {
  /// Published facts.
  public let catalog: Catalog
  /// Calibrated throughput.
  public let throughput: ThroughputSource
  /// The measured host, nil without a result file.
  public let host: HostSource?
  /// False where a scenario's fleet over time is not asked for: comparisons of headlines do without it.
  public var plansFleet = true
  /// Evidence from its parts.
  public init(catalog: Catalog, throughput: ThroughputSource, host: HostSource? = nil) {
    self.catalog = catalog
    self.throughput = throughput
    self.host = host
  }
}
