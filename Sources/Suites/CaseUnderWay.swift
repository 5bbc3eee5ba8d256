// One case inside a worker, from its preparation to its report.

import Measurement

/// A prepared kernel with its sampler and what will be said of it.
final class CaseUnderWay<Time: TimeSource> {
  var report: CaseReport
  let kernel: any PreparedKernel
  var sampler: Sampler<Time>
  let implementation: Implementation
  /// Place in its group, whatever became of the others.
  let place: Int
  /// What happened during the turns so far.
  var interference = Interference()
  /// Slows each execution on purpose.
  var spin: PlantedSpin<Time>?
  private let rotates: Bool

  init(
    _ report: CaseReport, _ kernel: any PreparedKernel, _ sampler: Sampler<Time>, _ subject: Case, place: Int
  ) {
    self.report = report
    self.kernel = kernel
    self.sampler = sampler
    self.place = place
    rotates = subject.cacheMode != .hot
    implementation = subject.implementation
    if kernel.timedSeconds != nil { self.sampler.timedByKernel = { kernel.timedSeconds ?? 0 } }
  }

  /// One turn of the sampler, with what happened to the process meanwhile.
  func round(probe: SpeedProbe? = nil, counters: Counters? = nil) {
    let (before, energy) = (UsageReading(), interference.packageEnergy)
    sampler.round(execute, probe: probe, counters: counters)
    before.add(until: UsageReading(), to: &interference)
    // What the host's packages burnt is not the device's.
    if implementation.isOfDevice { interference.packageEnergy = energy }
  }

  /// One execution, as it is timed.
  func execute() {
    guard spin != nil else { return executeOnce() }
    spin?.run(executeOnce)
  }

  private func executeOnce() {
    kernel.run()
    if rotates { kernel.rotate() }
  }
}
