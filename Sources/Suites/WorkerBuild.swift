// How the workers of a build are started, and which rows are theirs.

package import Machines
public import Measurement

/// One build of the program: how its workers are started.
public struct WorkerBuild: Sendable {
  /// Program that reads a `WorkerJob` on standard input.
  public var executable: String
  /// Arguments that make it a worker.
  public var arguments: [String]
  /// Variables of the workers; thread counts are added for each placement.
  public var environment: [String: String]
  /// What is measured with it: nil = the implementations of every run, else a peer and nothing besides.
  public var peer: Implementation?
  /// Variables that come on top where a placement has several threads.
  public var teamEnvironment: [String: String] = [:]
  /// True where a variable chose the peer's kernels.
  public var isCoreTypeForced = false

  /// A build from its parts.
  public init(executable: String, arguments: [String], environment: [String: String]) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
  }
}

extension WorkerBuild {
  /// True for a case that this build measures.
  func measures(_ subject: Case) -> Bool {
    peer.map { $0 == subject.implementation } ?? !subject.implementation.isPeer
  }

  /// Its variables with the thread counts of the placement; a crash should be quick and quiet.
  package func environment(at place: Placement) -> [String: String] {
    var variables = environment
    if place.threads > 1 { variables.merge(teamEnvironment) { $1 } }
    for name in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"] { variables[name] = String(place.threads) }
    if peer != nil {
      // Threads of OpenMP are bound by its runtime, each to a CPU of its own.
      variables["OMP_PROC_BIND"] = "true"
      variables["OMP_PLACES"] = place.usedCPUs.cpus.map { "{\($0)}" }.joined(separator: ",")
    }
    // OpenBLAS's threads spin for 2^26 ticks after a call, in the way of whoever runs next: 2^20 is still a hundred
    // times the gap between two calls of one sample.
    if variables["OPENBLAS_THREAD_TIMEOUT"] == nil { variables["OPENBLAS_THREAD_TIMEOUT"] = "20" }
    variables["SWIFT_BACKTRACE"] = "enable=no"
    return variables
  }
}
