// Limits on what a client sees, with those of the MLPerf inference benchmark under their names, so that a capacity can
// be compared with published server results.

public import Quantities

/// Limits that a share of the requests must keep.
public struct ServiceLimits: Sendable, Hashable {
  /// Name, e.g. `mlperf:llama2-70b-server`, or what was asked for.
  public let name: String
  /// Limit on the time to first token; nil = none.
  public let ttft: Seconds?
  /// Limit on the mean time per later output token of a request; nil = none.
  public let tpot: Seconds?
  /// Share of the requests that must keep each limit.
  public let share: Double

  /// Limits from their parts.
  public init(name: String, ttft: Seconds?, tpot: Seconds?, share: Double = 0.99) {
    self.name = name
    self.ttft = ttft
    self.tpot = tpot
    self.share = share
  }

  /// The preset of a name, or nil.
  public init?(preset name: String) {
    guard let found = ServiceLimits.presets.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// MLPerf inference, server and interactive scenarios: 99 % of the queries (mlperf.conf).
  public static let presets: [ServiceLimits] = [
    mlperf("llama2-70b-server", 2000, 200), mlperf("llama2-70b-interactive", 450, 40),
    mlperf("llama3.1-405b-server", 6000, 175), mlperf("llama3.1-405b-interactive", 4500, 80),
    mlperf("llama3.1-8b-server", 2000, 100), mlperf("llama3.1-8b-interactive", 500, 30),
    mlperf("deepseek-r1-server", 2000, 80), mlperf("deepseek-r1-interactive", 1500, 15),
    mlperf("gpt-oss-server", 3000, 80), mlperf("gpt-oss-interactive", 2000, 15),
  ]

  private static func mlperf(_ name: String, _ ttft: Double, _ tpot: Double) -> ServiceLimits {
    ServiceLimits(
      name: "mlperf:\(name)", ttft: Seconds(Unit.millisecond.toBase(ttft)),
      tpot: Seconds(Unit.millisecond.toBase(tpot)))
  }
}
