// The control row inside a worker: one small product, the same in every run on every host, at the beginning and
// at the end of the process.

import Measurement

/// The control kernel with its samples so far.
final class ControlKernel<Time: TimeSource> {
  private let kernel: any PreparedKernel
  private var sampler: Sampler<Time>
  private var first: [Double] = []
  private var last: [Double] = []

  /// A product of 256 x 256 matrices by the Swift kernels, of a device a larger one: large enough to use the caches,
  /// small enough to cost little. Nil where it cannot be prepared: then its own row says so.
  init?(_ job: WorkerJob, _ source: any KernelSource, time: Time, clock: ClockQuality, origin: Double) {
    guard let kernel = source.controlKernel() else { return nil }
    self.kernel = kernel
    var plan = job.plan
    (plan.rounds, plan.samplesPerRound, plan.rowCap) = (1, 3, 1)
    sampler = Sampler(time: time, plan: plan, clock: clock, origin: origin)
    if kernel.timedSeconds != nil { sampler.timedByKernel = { kernel.timedSeconds ?? 0 } }
  }

  func measureFirst(_ probe: SpeedProbe?) {
    sampler.warmUp(kernel.run)
    sampler.round(kernel.run, probe: probe)
    first = sampler.samples.map(\.seconds)
  }

  func measureLast(_ probe: SpeedProbe?) {
    sampler.round(kernel.run, probe: probe)
    last = sampler.samples.dropFirst(first.count).map(\.seconds)
  }

  var report: ControlReport { ControlReport(first: first, last: last) }
  var warmup: Double { sampler.warmup }
  var sampled: Double { sampler.sampled }
}
