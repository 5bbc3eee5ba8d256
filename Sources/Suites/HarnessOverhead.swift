// What does the harness itself cost? The loop that times kernels, around a kernel that does nothing.

public import Measurement
import Quantities

/// The cost of timing on one thread of this host.
public struct HarnessOverhead: Hashable, Sendable {
  /// Seconds that one execution of an empty kernel takes: loop, call and rotation of operands.
  public let perExecution: Double
  /// Seconds of a sample that holds one execution of it: clock readings, too.
  public let perSample: Double
  /// Seconds of the shortest sample that a row may have.
  public let shortestSample: Double

  /// Measures both; less than a second.
  public init(time: some TimeSource = MonotonicTime()) {
    let plan = SamplingPlan()
    shortestSample = plan.minimumSample
    perExecution = HarnessOverhead.median(plan, time)
    var single = plan
    (single.minimumSample, single.clockSteps) = (0, 0)
    perSample = HarnessOverhead.median(single, time)
  }

  private static func median<Time: TimeSource>(_ plan: SamplingPlan, _ time: Time) -> Double {
    let sampler = Sampler(time: time, plan: plan, clock: ClockQuality(of: time), origin: time.now())
    let subject = Case(.fmaPeak, Shape(), id: "empty", phase: .ceiling, by: .swift, cacheMode: .cold)
    let entry = CaseUnderWay(
      CaseReport(index: 0, status: .ok), EmptyKernel(), sampler, subject, place: 0)
    entry.sampler.warmUp(entry.execute)
    for _ in 0..<10 { entry.sampler.round(entry.execute) }
    return Statistics.median(entry.sampler.samples.map(\.seconds)) ?? 0
  }
}

/// Does nothing, in as many calls as a kernel that does something.
private final class EmptyKernel: PreparedKernel {
  let work = Work(flop: .zero, bytes: .zero)
  let residentBytes = Bytes.zero
  private var current = 0
  func run() {}
  func rotate() { current = (current + 1) % 2 }
  func verify(seed: UInt64) -> Verification {
    Verification(reference: "nothing", maxAbsError: 0, maxRelError: 0, tolerance: 0, passed: true)
  }
  func verifyBriefly(seed: UInt64) -> Verification { verify(seed: seed) }
}
