// The variables by which each launcher tells a task its rank: one line a launcher.

/// Reads numbers and names from an environment; what is not one is as good as absent.
struct FleetVariables {
  private let variables: [String: String]

  init(_ variables: [String: String]) { self.variables = variables }

  /// A variable that is set to something.
  func text(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// A whole number of at least 0.
  func number(_ name: String) -> Int? {
    text(name).flatMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
  }

  /// A short name of letters, digits and `.`, `_`, `-`, `[`, `]`, as jobs and nodes have, from the first of letter
  /// or digit on.
  func name(_ name: String) -> String? {
    guard let text = text(name), text.count <= 100, let first = text.first,
      first.isASCII && (first.isLetter || first.isNumber),
      text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-[]".contains($0)) })
    else { return nil }
    return text
  }
}

/// What one launcher says of this task.
struct TaskClaim {
  /// Who starts tasks and tells them their rank.
  enum Launcher: String {
    case slurm, openmpi, mpich, mvapich, jsrun, pals, flux, pmix, kubernetes

    /// How people call it.
    var title: String {
      switch self {
      case .slurm: "Slurm"
      case .openmpi: "Open MPI"
      case .mpich: "PMI (MPICH, Intel MPI)"
      case .mvapich: "MVAPICH"
      case .jsrun: "jsrun"
      case .pals: "PALS"
      case .flux: "Flux"
      case .pmix: "PMIx"
      case .kubernetes: "Kubernetes"
      }
    }
  }

  let launcher: Launcher
  let rank: Int
  private(set) var size: Int?
  private(set) var localRank: Int?
  private(set) var nodeRank: Int?
  private(set) var nodes: Int?

  /// All launchers that left their mark, the one nearest to the task first.
  static func all(_ environment: [String: String]) -> [TaskClaim] {
    let variables = FleetVariables(environment)
    return [
      .init(.openmpi, variables, "OMPI_COMM_WORLD_"),
      .init(
        .mpich, variables, rank: "PMI_RANK", size: "PMI_SIZE", local: "MPI_LOCALRANKID",
        tasksHere: "MPI_LOCALNRANKS"),
      .init(.mvapich, variables, "MV2_COMM_WORLD_"),
      .init(.jsrun, variables, "JSM_NAMESPACE_"),
      .init(
        .pals, variables, rank: "PALS_RANKID", size: nil, local: "PALS_LOCAL_RANKID", node: "PALS_NODEID"),
      .init(
        .flux, variables, rank: "FLUX_TASK_RANK", size: "FLUX_JOB_SIZE", local: "FLUX_TASK_LOCAL_ID",
        nodes: "FLUX_JOB_NNODES"),
      slurm(variables),
      pmix(variables),
      .init(.kubernetes, variables, rank: "JOB_COMPLETION_INDEX", size: nil, local: nil),
    ].compactMap { $0 }
  }

  /// `Slurm says task 2 of 4`.
  var text: String { "\(launcher.title) says task \(rank)" + (size.map { " of \($0)" } ?? "") }

  /// True for a Slurm step that holds the daemons of an MPI launcher rather than its tasks: one a node, but for
  /// the node on which mpirun itself runs.
  func startedDaemons(of other: TaskClaim) -> Bool {
    guard let size, let tasks = other.size, size != tasks, let nodes = other.nodes else { return false }
    return size == nodes || size == nodes - 1
  }

  private init?(
    _ launcher: Launcher, _ variables: FleetVariables, rank: String, size: String?, local: String?,
    tasksHere: String? = nil, node: String? = nil, nodes: String? = nil
  ) {
    guard let rank = variables.number(rank) else { return nil }
    self.launcher = launcher
    self.rank = rank
    self.size = size.flatMap(variables.number)
    localRank = local.flatMap(variables.number)
    nodeRank = node.flatMap(variables.number)
    self.nodes = nodes.flatMap(variables.number)
    // As many tasks on every node: what launchers do for one a host, and the only case with a use.
    if let tasks = self.size, let here = tasksHere.flatMap(variables.number), here > 0, tasks % here == 0 {
      self.nodes = self.nodes ?? tasks / here
    }
  }

  /// Open MPI and its descendants use the same four endings.
  private init?(_ launcher: Launcher, _ variables: FleetVariables, _ prefix: String) {
    self.init(
      launcher, variables, rank: prefix + "RANK", size: prefix + "SIZE", local: prefix + "LOCAL_RANK",
      tasksHere: prefix + "LOCAL_SIZE")
  }

  /// The rank in a step; a batch script has a rank 0 too, which is nobody's task.
  private static func slurm(_ variables: FleetVariables) -> TaskClaim? {
    guard variables.number("SLURM_STEP_ID") ?? variables.number("SLURM_STEPID") != nil,
      var claim = TaskClaim(
        .slurm, variables, rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS", local: "SLURM_LOCALID",
        node: "SLURM_NODEID", nodes: "SLURM_STEP_NUM_NODES")
    else { return nil }
    claim.size = claim.size ?? variables.number("SLURM_NTASKS")
    claim.nodes = claim.nodes ?? variables.number("SLURM_NNODES")
    return claim
  }

  /// PMIx tells the rank alone; where the launcher that speaks it tells more, it is that launcher's voice.
  private static func pmix(_ variables: FleetVariables) -> TaskClaim? {
    guard var claim = TaskClaim(.pmix, variables, rank: "PMIX_RANK", size: nil, local: nil) else {
      return nil
    }
    claim.size =
      ["OMPI_COMM_WORLD_SIZE", "JSM_NAMESPACE_SIZE", "PMI_SIZE"].lazy.compactMap(variables.number).first
    return claim
  }
}
