// The estimator's answer as what a replica does.

import Quantities

extension ReplicaRate {
  /// Tokens/s of a replica from those of one accelerator, times the plan's derating.
  public init(_ throughput: Throughput, derating: Double) {
    let accelerators = Double(throughput.replica)
    self = .aggregated(
      prefill: throughput.prefill.value * accelerators * derating,
      decode: throughput.decode.value * accelerators * derating, accelerators: throughput.replica)
  }
}
