// Where a worker's kernels come from: the host's cores, or a device beside them.

import Kernels
import Measurement

/// Prepares the kernels of a worker.
protocol KernelSource: AnyObject {
  /// Bytes of caches that a cold row must leave behind.
  var cacheBytes: Int { get }
  /// What an error of these kernels says; `isAbsence` = nobody promised the kernel.
  func fault(_ error: any Error) -> KernelFault
  /// What runs, for the column `impl_isa_path`.
  func isaPath(_ subject: Case) -> String
  /// Work of one execution; zero for a shape that cannot be prepared.
  func work(_ subject: Case) -> Work
  /// Why the case is left out, before anything is allocated; nil = it is not.
  func refusal(_ subject: Case) -> String?
  /// Operands in memory, bound to a kernel.
  func prepare(_ subject: Case, sets: Int, seed: UInt64) throws -> any PreparedKernel
  /// About a millisecond of arithmetic in registers; nil where it cannot be prepared.
  func speedKernel() -> (any PreparedKernel)?
  /// The small product that opens and closes each process; nil where it cannot be prepared.
  func controlKernel() -> (any PreparedKernel)?
  /// Watches a device while a turn runs; nothing for the host, whose counters the worker reads itself.
  func watch() -> (any DeviceWatch)?
}

/// Samples clocks, power and heat from its beginning to its end.
protocol DeviceWatch: AnyObject {
  /// Ends it and adds what was seen to the record of a row.
  func end(into record: inout Interference)
}

/// The cores of a placement.
final class HostKernels: KernelSource {
  private let job: WorkerJob
  private let team: WorkerTeam

  init(_ job: WorkerJob, team: WorkerTeam) {
    self.job = job
    self.team = team
  }

  var cacheBytes: Int {
    job.lastLevelCacheBytes > 0 ? job.lastLevelCacheBytes : Suite.unreportedCacheBytes
  }

  func fault(_ error: any Error) -> KernelFault {
    guard let error = error as? KernelError else { return KernelFault("\(error)") }
    return KernelFault(error.reason, isAbsence: error.isAbsence)
  }

  func isaPath(_ subject: Case) -> String {
    Kernels.isaPath(implementation: subject.implementation, isa: job.isa, dataType: subject.dataType)
  }

  func work(_ subject: Case) -> Work {
    Kernels.work(subject.operation, shape: subject.shape, dataType: subject.dataType)
  }

  func refusal(_ subject: Case) -> String? { subject.refusal }

  func prepare(_ subject: Case, sets: Int, seed: UInt64) throws -> any PreparedKernel {
    try Kernels.prepare(
      subject.operation, shape: subject.shape, implementation: subject.implementation, isa: job.isa,
      team: team, operandSets: sets, rotating: subject.cacheMode == .weightsCold ? .weights : .all,
      seed: seed, dataType: subject.dataType, layout: subject.layout)
  }

  func speedKernel() -> (any PreparedKernel)? {
    try? Kernels.prepare(
      .fmaPeak, shape: Shape(), implementation: .swift, isa: job.isa, team: team, operandSets: 1, seed: 1)
  }

  func controlKernel() -> (any PreparedKernel)? {
    try? Kernels.prepare(
      .gemm, shape: .gemm(m: 256, n: 256, k: 256), implementation: .swift, isa: job.isa, team: team,
      operandSets: 1, seed: 1)
  }

  func watch() -> (any DeviceWatch)? { nil }
}
