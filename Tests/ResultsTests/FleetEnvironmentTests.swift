// The place of a process in a job, from environments as the launchers really set them: those of Slurm 22.05, Open
// MPI 4.1 and MPICH 4.0 were recorded from running jobs, the others follow their manuals.

import Foundation
import Results
import Tables
import Testing

@Suite struct FleetEnvironmentTests {
  /// One environment and what it means.
  struct Place: CustomTestStringConvertible {
    let name: String
    let variables: String
    /// scheduler, job, step; rank/size of the task, rank on the node, rank/count of the node; name of the node.
    let means: String
    var testDescription: String { name }

    init(_ name: String, _ variables: String, _ means: String) {
      self.name = name
      self.variables = variables
      self.means = means
    }
  }

  private static let slurmJob = """
    SLURM_JOB_ID=412 SLURM_JOBID=412 SLURM_JOB_NUM_NODES=4 SLURM_CPUS_ON_NODE=2 SLURM_JOB_NODELIST=n[1-4]
    """
  /// A task of `srun` with one task on each of four nodes.
  private static let slurmTask =
    slurmJob + """
       SLURM_STEP_ID=0 SLURM_STEPID=0 SLURM_PROCID=2 SLURM_LOCALID=0 SLURM_NODEID=2 SLURM_NTASKS=4 SLURM_NNODES=4
       SLURM_STEP_NUM_TASKS=4 SLURM_STEP_NUM_NODES=4 SLURM_STEP_TASKS_PER_NODE=1(x4) SLURMD_NODENAME=n3
      """
  private static let openMPITask = """
    OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=1
     OMPI_COMM_WORLD_NODE_RANK=0 PMIX_RANK=2 PMIX_NAMESPACE=3441754113 PMIX_HOSTNAME=n3
    """

  static let places = [
    Place("nobody", "HOME=/root PATH=/bin", "  , -/- - -/- -"),
    Place("srun", slurmTask, "slurm 412 0, 2/4 0 2/4 n3"),
    Place(
      "srun --mpi=pmi2", slurmTask + " PMI_RANK=2 PMI_SIZE=4 PMI_JOBID=412.0", "slurm 412 0, 2/4 0 2/4 n3"),
    Place(
      "srun --mpi=pmix", slurmTask + " PMIX_RANK=2 PMIX_NAMESPACE=slurm.pmix.412.0",
      "slurm 412 0, 2/4 0 2/4 n3"),
    Place(
      "an element of a job array", slurmTask + " SLURM_ARRAY_JOB_ID=400 SLURM_ARRAY_TASK_ID=12",
      "slurm 412 0, 2/4 0 2/4 n3"),
    // No step: the rank is the batch script's, and so is the node's name.
    Place(
      "the batch script of sbatch",
      slurmJob + " SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURMD_NODENAME=n1",
      "slurm 412 , -/- - -/4 -"),
    Place("mpirun over ssh", openMPITask, "openmpi  , 2/4 0 2/4 -"),
    Place(
      "mpirun with two tasks a host",
      """
      OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2
       PMIX_RANK=3
      """, "openmpi  , 3/8 1 -/4 -"),
    // mpirun on n1 starts daemons on the other nodes as a step of three tasks; ranks inherit its variables.
    Place(
      "mpirun in sbatch, the daemons in a step of the other nodes",
      slurmJob + """
         SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_LOCALID=0 SLURM_NODEID=1 SLURM_STEP_NUM_TASKS=3
         SLURM_STEP_NUM_NODES=3 SLURMD_NODENAME=n3
        """ + " " + openMPITask, "slurm 412 0, 2/4 0 2/4 -"),
    Place(
      "mpirun in sbatch, a daemon on every node", slurmTask + " " + openMPITask, "slurm 412 0, 2/4 0 2/4 n3"),
    Place(
      "mpirun in sbatch, the rank beside mpirun",
      slurmJob + " SLURM_PROCID=0 SLURM_NODEID=0 SLURMD_NODENAME=n1"
        + " OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_SIZE=1 PMIX_RANK=0"
        + " OMPI_COMM_WORLD_LOCAL_RANK=0", "slurm 412 , 0/4 0 0/4 -"),
    Place(
      "an mpirun of one rank in each task of srun",
      slurmTask + " OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_LOCAL_RANK=0"
        + " OMPI_COMM_WORLD_LOCAL_SIZE=1 PMIX_RANK=0", "slurm 412 0, 2/4 0 2/4 n3"),
    Place(
      "mpiexec of MPICH", "PMI_RANK=1 PMI_SIZE=4 PMI_FD=8 MPI_LOCALNRANKS=1 MPI_LOCALRANKID=0",
      "mpich  , 1/4 0 1/4 -"),
    Place(
      "mpiexec of MPICH, the second of a host",
      "PMI_RANK=1 PMI_SIZE=2 PMI_FD=8 MPI_LOCALNRANKS=2 MPI_LOCALRANKID=1", "mpich  , 1/2 1 -/1 -"),
    Place(
      "mpiexec of MVAPICH", "MV2_COMM_WORLD_RANK=1 MV2_COMM_WORLD_SIZE=2 MV2_COMM_WORLD_LOCAL_RANK=0",
      "mvapich  , 1/2 0 -/- -"),
    Place(
      "PBS with Open MPI", "PBS_JOBID=981.head.example.org PBS_NUM_NODES=4 " + openMPITask,
      "pbs 981 , 2/4 0 2/4 -"),
    Place(
      "PBS array with pbsdsh", "PBS_JOBID=981[7].head PBS_NODENUM=1 PBS_TASKNUM=2", "pbs 981[7] , -/- - 1/- -"
    ),
    Place(
      "PBS with PALS",
      "PBS_JOBID=17.head PALS_RANKID=5 PALS_NODEID=5 PALS_LOCAL_RANKID=0 PMI_RANK=5 PMI_SIZE=8",
      "pbs 17 , 5/8 0 5/- -"),
    Place(
      "LSF with jsrun",
      """
      LSB_JOBID=55 LSB_JOBINDEX=3 LSB_MCPU_HOSTS=b1¬1¬n1¬42¬n2¬42 JSM_NAMESPACE_RANK=1 JSM_NAMESPACE_SIZE=2
       JSM_NAMESPACE_LOCAL_RANK=0 JSM_NAMESPACE_LOCAL_SIZE=1 PMIX_RANK=1 OMPI_COMM_WORLD_RANK=1
       OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0
      """, "lsf 55[3] , 1/2 0 1/2 -"),
    Place("LSF alone", "LSB_JOBID=55 LSB_JOBINDEX=0 LSB_MCPU_HOSTS=n1¬42¬n2¬42", "lsf 55 , -/- - -/2 -"),
    Place(
      "Flux", "FLUX_JOB_ID=f2Rk9 FLUX_TASK_RANK=3 FLUX_JOB_SIZE=4 FLUX_TASK_LOCAL_ID=0 FLUX_JOB_NNODES=4",
      "flux f2Rk9 , 3/4 0 3/4 -"),
    Place(
      "Kubernetes, as our job describes it", "JOB_COMPLETION_INDEX=3 JOB_NAME=plimsoll NODE_NAME=pool-a-3",
      "kubernetes plimsoll , 3/- - 3/- pool-a-3"),
    Place("Kubernetes, a job of somebody's own", "JOB_COMPLETION_INDEX=0", "kubernetes  , 0/- - 0/- -"),
    Place(
      "NODE_NAME means nothing outside of Kubernetes", "NODE_NAME=built-in JOB_NAME=nightly",
      "  , -/- - -/- -"),
    Place(
      "what is no number is unknown", "OMPI_COMM_WORLD_RANK=-1 PMI_RANK=x PMIX_RANK=99999999999999999999999",
      "  , -/- - -/- -"),
    Place("what is no name of a job is left out", "PBS_JOBID=;rm¬-rf", "  , -/- - -/- -"),
  ]

  private static func variables(_ text: String) -> [String: String] {
    // ¬ stands for a blank within a value.
    let pairs = text.split(whereSeparator: \.isWhitespace).map { pair -> (String, String) in
      let parts = pair.split(separator: "=", maxSplits: 1).map { String($0.replacing("¬", with: " ")) }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    return Dictionary(pairs) { _, last in last }
  }

  @Test("each launcher's environment is read", arguments: places)
  func place(_ place: Place) throws {
    let fleet = try FleetEnvironment(FleetEnvironmentTests.variables(place.variables))
    func text(_ number: Int?) -> String { number.map { String($0) } ?? "-" }
    let read =
      "\(fleet.scheduler) \(fleet.jobID) \(fleet.stepID), \(text(fleet.taskRank))/\(text(fleet.taskCount))"
      + " \(text(fleet.localRank)) \(text(fleet.nodeRank))/\(text(fleet.nodeCount)) \(fleet.nodeName ?? "-")"
    #expect(read == place.means)
  }

  @Test(
    "two launchers that disagree about the rank are refused, each named with what it says",
    arguments: [
      (
        slurmTask + " OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4 PMIX_RANK=3",
        "Open MPI says task 3 of 4 and Slurm says task 2 of 4; start one process a host with one launcher only,"
          + " see scripts/fleet/README.md"
      ),
      // Each of four tasks of srun starts an mpirun of two.
      (
        slurmTask + " OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2",
        "Open MPI says task 0 of 2 and Slurm says task 2 of 4; start one process a host with one launcher only,"
          + " see scripts/fleet/README.md"
      ),
      (
        "JOB_COMPLETION_INDEX=1 PMI_RANK=0 PMI_SIZE=2",
        "PMI (MPICH, Intel MPI) says task 0 of 2 and Kubernetes says task 1; start one process a host with one"
          + " launcher only, see scripts/fleet/README.md"
      ),
    ])
  func disagreement(variables: String, says: String) {
    #expect {
      try FleetEnvironment(FleetEnvironmentTests.variables(variables))
    } throws: {
      "\($0)" == says
    }
  }

  @Test("a job that its scheduler started again says so")
  func restarted() throws {
    let task = FleetEnvironmentTests.variables(FleetEnvironmentTests.slurmTask)
    #expect(try !FleetEnvironment(task).isRestarted)
    #expect(try !FleetEnvironment(task.merging(["SLURM_RESTART_COUNT": "0"]) { $1 }).isRestarted)
    #expect(try FleetEnvironment(task.merging(["SLURM_RESTART_COUNT": "1"]) { $1 }).isRestarted)
    #expect(try FleetEnvironment(["LSB_JOBID": "5", "LSB_RESTART": "Y"]).isRestarted)
  }
}

@Suite struct RunLaunchTests {
  private let machineID = "0123456789abcdef0123456789abcdef"

  private func task(_ changes: [String: String]) throws -> FleetEnvironment {
    let variables = [
      "SLURM_JOB_ID": "412", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_NTASKS": "4",
      "SLURMD_NODENAME": "n1",
    ]
    return try FleetEnvironment(variables.merging(changes) { $1 })
  }

  @Test("a launch is one job, one step and one host, whose name it does not hold")
  func identity() throws {
    let launch = try #require(RunLaunch(try task([:]), machineID: machineID))
    #expect(launch == RunLaunch(try task(["SLURM_RESTART_COUNT": "1"]), machineID: machineID))
    for other in [["SLURM_JOB_ID": "413"], ["SLURM_STEP_ID": "1"], ["SLURMD_NODENAME": "n2"]] {
      #expect(launch != RunLaunch(try task(other), machineID: machineID))
    }
    #expect(launch != RunLaunch(try task([:]), machineID: String(machineID.reversed())))
    #expect(!launch.host.contains("n1"))
  }

  @Test("without a job, or a host with an identity of its own, nothing can be found again")
  func unknown() throws {
    #expect(RunLaunch(try FleetEnvironment(["OMPI_COMM_WORLD_RANK": "0"]), machineID: machineID) == nil)
    #expect(RunLaunch(try task([:]), machineID: nil) == nil)
    #expect(RunLaunch(try task([:]), machineID: "uninitialized\n") == nil)
  }
}
