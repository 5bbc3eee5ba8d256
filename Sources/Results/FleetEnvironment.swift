// What the launcher of this process says of its place in a job, from the environment alone. A process may have
// several launchers above it, and then their variables stand beside each other: mpirun inside a Slurm job, or one
// mpirun of a single rank in each task of srun. The rules:
//  - a launcher of one task says nothing of the fleet beside a launcher of several;
//  - Open MPI and MPICH start their own daemons as a Slurm step, and the ranks inherit that step's variables:
//    such a step has as many tasks as the job has nodes, or one fewer, and is left out;
//  - the variables of a Slurm job without those of a step are the batch script's, and not this task's;
//  - what remains must agree, else somebody started more processes than they meant, and nothing is measured.

import Foundation

/// The place of this process in a job of many hosts; all unknown where no launcher says anything.
public struct FleetEnvironment: Hashable, Sendable {
  /// Who runs the job: slurm, pbs, lsf, flux, kubernetes, or the launcher (openmpi, mpich …); empty = nobody.
  public private(set) var scheduler = ""
  /// The scheduler's name of the job, without the name of a host; may be empty.
  public private(set) var jobID = ""
  /// Which step of the job, empty where the scheduler knows none.
  public private(set) var stepID = ""
  /// True where the scheduler started this job again after it had been stopped.
  public private(set) var isRestarted = false
  /// Rank of the task among all tasks.
  public private(set) var taskRank: Int?
  /// Tasks of the launch.
  public private(set) var taskCount: Int?
  /// Rank of the task among those on this node.
  public private(set) var localRank: Int?
  /// Rank of the node.
  public private(set) var nodeRank: Int?
  /// Nodes of the launch.
  public private(set) var nodeCount: Int?
  /// The scheduler's name of this node; nil = the host's own name is the best there is.
  public private(set) var nodeName: String?

  /// Two launchers give this process different ranks.
  public struct Disagreement: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what each says, and what to do.
    public let description: String
  }

  /// Reads the variables of a process.
  ///
  /// - Throws: `Disagreement` where two launchers give different ranks.
  public init(_ variables: [String: String]) throws(Disagreement) {
    let claims = try FleetEnvironment.agreed(TaskClaim.all(variables), variables)
    readTask(claims)
    readJob(FleetVariables(variables), claims)
  }

  /// Fills the columns of a row.
  func fill(_ row: inout ResultRow) {
    row.scheduler = scheduler
    row.jobId = jobID
    row.nodeRank = nodeRank
    row.nodeCount = nodeCount
    row.taskRank = taskRank
    row.taskCount = taskCount
  }

  /// The name of the running host as the system has it.
  public static func hostName() -> String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The claims that count, or the disagreement of those that should be one.
  private static func agreed(
    _ all: [TaskClaim], _ variables: [String: String]
  ) throws(Disagreement) -> [TaskClaim] {
    var claims = all
    if claims.contains(where: { $0.size != 1 }) { claims.removeAll { $0.size == 1 } }
    if let other = claims.first(where: { $0.launcher != .slurm && $0.size != nil }) {
      claims.removeAll { $0.launcher == .slurm && $0.startedDaemons(of: other) }
    }
    guard let first = claims.first else { return [] }
    for claim in claims.dropFirst()
    where claim.rank != first.rank || (claim.size ?? first.size) != (first.size ?? claim.size) {
      throw Disagreement(
        description: "\(first.text) and \(claim.text); start one process a host with one launcher only, see"
          + " scripts/fleet/README.md")
    }
    return claims
  }

  private mutating func readTask(_ claims: [TaskClaim]) {
    taskRank = claims.first?.rank
    taskCount = claims.lazy.compactMap(\.size).first
    localRank = claims.lazy.compactMap(\.localRank).first
    nodeRank = claims.lazy.compactMap(\.nodeRank).first
    nodeCount = claims.lazy.compactMap(\.nodes).first
    // One task a node: the ranks of the tasks are those of the nodes.
    if nodeRank == nil, let taskCount, nodeCount == taskCount { nodeRank = taskRank }
  }

  private mutating func readJob(_ variables: FleetVariables, _ claims: [TaskClaim]) {
    if let job = variables.name("SLURM_JOB_ID") ?? variables.name("SLURM_JOBID") {
      (scheduler, jobID) = ("slurm", job)
      stepID = variables.name("SLURM_STEP_ID") ?? ""
      isRestarted = (variables.number("SLURM_RESTART_COUNT") ?? 0) > 0
      nodeCount = nodeCount ?? variables.number("SLURM_JOB_NUM_NODES")
      // Without a step this is the name of the node where the batch script runs.
      if claims.contains(where: { $0.launcher == .slurm }) { nodeName = variables.name("SLURMD_NODENAME") }
    } else if let job = variables.name("PBS_JOBID") {
      // `1234.server`: the server's name is a host's.
      (scheduler, jobID) = ("pbs", String(job.prefix { $0 != "." }))
      nodeCount = nodeCount ?? variables.number("PBS_NUM_NODES")
      nodeRank = nodeRank ?? variables.number("PBS_NODENUM")
    } else if let job = variables.name("LSB_JOBID") {
      let index = variables.number("LSB_JOBINDEX") ?? 0
      (scheduler, jobID) = ("lsf", index > 0 ? "\(job)[\(index)]" : job)
      isRestarted = variables.name("LSB_RESTART") == "Y"
      // Pairs of host and slots.
      let pairs = variables.text("LSB_MCPU_HOSTS")?.split(separator: " ").count
      nodeCount = nodeCount ?? pairs.map { $0 / 2 }
    } else if let job = variables.name("FLUX_JOB_ID") {
      (scheduler, jobID) = ("flux", job)
    } else if let index = variables.number("JOB_COMPLETION_INDEX") {
      // JOB_NAME and NODE_NAME are not set by themselves: the job's description asks for them.
      (scheduler, jobID) = ("kubernetes", variables.name("JOB_NAME") ?? "")
      nodeRank = nodeRank ?? index
      nodeName = variables.name("NODE_NAME")
    } else if let launcher = claims.first?.launcher {
      scheduler = launcher.rawValue
    }
  }
}
