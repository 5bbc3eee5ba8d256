// The doctor's answers for hosts of our own making: what is wrong is named, what is not told stays unknown.

import Foundation
import Machines
import Measurement
import Testing

@Suite struct DoctorTests {
  @Test("each host gets the answers that its files deserve", arguments: hosts)
  func answers(host: SyntheticHost) throws {
    let checks = Doctor.examine(try host.facts())
    let others = checks.filter { $0.answer != .ok }.map { "\($0.name): \($0.answer.rawValue)" }
    #expect(others == host.expected)
    let commands = checks.compactMap(\.command).joined(separator: "\n")
    for words in host.commands { #expect(commands.contains(words), "\(words) in \(commands)") }
  }

  @Test("only a warning carries a command, and every check says what and why", arguments: hosts)
  func commands(host: SyntheticHost) throws {
    let checks = Doctor.examine(try host.facts())
    #expect(Set(checks.map(\.name)).count == checks.count)
    for check in checks {
      #expect(check.answer == .warn || check.command == nil)
      #expect(!check.found.isEmpty && !check.why.isEmpty)
      if check.answer == .warn { #expect(check.command != nil, "\(check.name)") }
    }
  }

  @Test("a host without /proc and /sys is unknown in all that the kernel tells")
  func silence() {
    let checks = Doctor.examine(
      HostFacts(HostFiles(root: "/nonexistent"), machine: Machine(), environment: [:]))
    #expect(checks.allSatisfy { $0.answer != .warn })
    // That no mark of a hypervisor or container was seen is a finding by itself.
    #expect(Set(checks.filter { $0.answer == .ok }.map(\.name)) == ["guest", "container"])
  }

  @Test("stolen time counts only while CPUs are wanted")
  func stolen() {
    func counters(_ user: Int, _ idle: Int, _ stolen: Int) throws -> KernelCounters {
      let line = " \(user) 0 0 \(idle) 0 0 0 \(stolen) 0 0\n"
      let host = FileManager.default.temporaryDirectory.appendingPathComponent("stat-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: host) }
      let folder = host.appendingPathComponent("proc")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(("cpu " + line + "cpu0" + line).utf8).write(to: folder.appendingPathComponent("stat"))
      return KernelCounters(HostFiles(root: host.path), cpus: CPUSet([0]))
    }
    #expect(throws: Never.self) {
      let start = try counters(100, 1000, 5)
      let asleep = try counters(110, 1040, 5)
      let awake = try counters(145, 1040, 20)
      let sample = HostFacts.Sample(from: start, asleep: asleep, awake: awake)
      #expect(sample.busyCPUs == 0.2)
      #expect(sample.stolenShare == 0.3)
      #expect(HostFacts.Sample(from: start, asleep: asleep).stolenShare == nil)
    }
  }

  @Test(
    "the deepest mount holds a folder, the later of two covers the earlier",
    arguments: [
      ("/home/u/results", "nfs4"), ("/homes", "ext4"), ("/scratch/a b/r", "lustre"), ("/", "ext4"),
      ("/tmp", "tmpfs"),
    ])
  func fileSystems(path: String, kind: String) {
    let mounts = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      30 22 0:40 / /home rw shared:2 - nfs4 server:/home rw
      31 22 0:41 / /scratch/a\\040b rw - lustre mgs:/fs rw
      32 22 0:42 / /tmp rw - ext4 /dev/sdb rw
      33 22 0:43 / /tmp rw - tmpfs tmpfs rw
      torn line
      """
    #expect(HostFacts.Folder.fileSystem(of: path, mounts: mounts) == kind)
  }

  @Test("a folder that does not exist yet is judged by the one above it")
  func folder() {
    let temporary = FileManager.default.temporaryDirectory.path
    let folder = HostFacts.Folder(lookingAt: temporary + "/not-there-\(UUID().uuidString)/deeper")
    #expect(folder.isWritable)
  }

  @Test("a process's own group says what it may use, in either version")
  func ownGroup() throws {
    let service = try #require(DoctorTests.hosts.first { $0.name.hasPrefix("a service") }).facts()
    #expect(service.groupCPUs == CPUSet([0, 1]) && service.throttledPeriods == 3)
    #expect(service.availableMemory == 600_000_000)  // what files take and nobody uses can be had back
    let first = SyntheticHost(
      "version 1",
      [
        "/proc/self/cgroup": "9:cpuset:/job\n4:cpu,cpuacct:/job\n3:memory:/job/step\n",
        "/proc/self/mountinfo": """
        2 1 0:2 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
        3 1 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
        4 1 0:4 /job /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory

        """, "/sys/fs/cgroup/cpuset/job/cpuset.effective_cpus": "2-3\n",
        "/sys/fs/cgroup/cpu/job/cpu.stat": "nr_throttled 4\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n",
        "/sys/fs/cgroup/memory/step/memory.limit_in_bytes": "1000000\n",
        "/sys/fs/cgroup/memory/step/memory.usage_in_bytes": "400000\n",
      ])
    let facts = try first.facts()
    #expect(facts.groupCPUs == CPUSet([2, 3]) && facts.throttledPeriods == 4)
    #expect(facts.availableMemory == 600_000)
  }

  @Test("a kernel's own file system is no folder for results, whatever its rights and its free space say")
  func pseudoFileSystem() {
    let folder = HostFacts.Folder(lookingAt: "/proc/results")
    #expect(!folder.isWritable)
    #expect(folder.freeBytes == nil)
  }

  @Test(
    "who started the process is known by its variables",
    arguments: [
      (["OMPI_COMM_WORLD_SIZE": "8", "PMIX_RANK": "0"], "openmpi", "mpirun --bind-to none"),
      (["PMI_SIZE": "4"], "mpich", "-bind-to none"),
      (["PMI_SIZE": "4", "I_MPI_MPIRUN": "mpirun"], "intelmpi", "I_MPI_PIN=0"),
      (["PMI_SIZE": "4", "I_MPI_MPIRUN": "mpirun", "SLURM_JOB_ID": "7"], "intelmpi", "I_MPI_PIN=0"),
      (["PMI_SIZE": "4", "SLURM_JOB_ID": "7"], "slurm", "--cpu-bind=none"),
      (["PMI_SIZE": "4", "MPI_LOCALNRANKS": "4", "SLURM_JOB_ID": "7"], "mpich", "-bind-to none"),
      (["PMIX_RANK": "0", "SLURM_JOB_ID": "7"], "slurm", "--cpu-bind=none"),
      (["PMIX_RANK": "0"], "pmix", "prterun --bind-to none"),
      (["PBS_JOBID": "7.head"], "pbs", "qsub -l select=1:ncpus=4"),
      (["LSB_JOBID": "7"], "lsf", "bsub -x -n 4"),
    ] as [([String: String], String, String)])
  func launchers(environment: [String: String], launcher: String, command: String) throws {
    let host = SyntheticHost(
      launcher, [DoctorTests.mask: SyntheticHost.status(mask: "1")], environment: environment)
    let facts = try host.facts()
    #expect(facts.launcher == launcher)
    let check = Doctor.examine(facts).first { $0.name == "cpu_mask" }
    #expect(check?.command?.contains(command) == true, "\(check?.command ?? "")")
  }

  @Test(
    "an engine is known by its marks",
    arguments: [
      (["/.dockerenv": ""], [:], "docker"), (["/run/.containerenv": ""], [:], "podman"),
      (["/.dockerenv": ""], ["KUBERNETES_SERVICE_HOST": "10.0.0.1"], "kubernetes"),
      ([:], ["container": "systemd-nspawn"], "systemd-nspawn"), ([:], ["container": "lxc"], "lxc"),
      (["/run/systemd/container": "lxc\n"], [:], "lxc"),
      ([:], ["container": "something"], "unnamed container"),
      (["/proc/1/cgroup": "0::/kubepods.slice/kubepods-pod1.slice\n"], [:], "kubernetes"),
      (["/proc/self/cgroup": "12:memory:/docker/0123\n"], [:], "docker"),
      (["/proc/1/cgroup": "0::/lxc.payload.web/init.scope\n"], [:], "lxc"),
      ([:], ["APPTAINER_CONTAINER": "x.sif"], "apptainer"), (["/proc/self/cgroup": "0::/\n"], [:], nil),
    ] as [([String: String], [String: String], String?)])
  func containers(files: [String: String], environment: [String: String], engine: String?) throws {
    var host = SyntheticHost("engine", environment: environment)
    host.files = files
    #expect(try host.facts().container == engine)
  }

  private static let cpu = "/sys/devices/system/cpu"
  private static let mask = "/proc/self/status"
  private static let slurm = ["SLURM_JOB_ID": "7"]

  static let hosts: [SyntheticHost] = [
    SyntheticHost("a well-kept bare machine"),
    SyntheticHost(
      "a laptop",
      [
        "\(cpu)/cpu0/cpufreq/scaling_governor": "powersave\n",
        "\(cpu)/cpu1/cpufreq/scaling_governor": "schedutil\n",
        "\(cpu)/intel_pstate/no_turbo": "0\n",
      ], expected: ["governor: warn", "turbo: warn"], commands: ["scaling_governor", "echo 1 |", "no_turbo"]),
    SyntheticHost(
      "an AMD host with boost", ["\(cpu)/intel_pstate/no_turbo": nil, "\(cpu)/cpufreq/boost": "1\n"],
      expected: ["turbo: warn"], commands: ["echo 0 | sudo tee \(cpu)/cpufreq/boost"]),
    SyntheticHost(
      "a cloud guest",
      [
        "\(cpu)/cpu0/cpufreq/scaling_governor": nil, "\(cpu)/cpu1/cpufreq/scaling_governor": nil,
        "\(cpu)/cpu2/cpufreq/scaling_governor": nil, "\(cpu)/cpu3/cpufreq/scaling_governor": nil,
        "\(cpu)/intel_pstate/no_turbo": nil, "/sys/class/hwmon/hwmon0/name": nil,
        "\(cpu)/cpu0/thermal_throttle/core_throttle_count": nil,
        "\(cpu)/cpu1/thermal_throttle/core_throttle_count": nil,
        "\(cpu)/cpu2/thermal_throttle/core_throttle_count": nil,
        "\(cpu)/cpu3/thermal_throttle/core_throttle_count": nil,
        "/sys/bus/event_source/devices/cpu/type": nil,
        "/sys/bus/event_source/devices/software/type": "1\n",
        "/sys/class/powercap/intel-rapl:0/energy_uj": nil,
      ], hypervisor: "KVM",
      expected: [
        "steal: unknown", "governor: unknown", "heat: unknown", "smt: unknown", "counters: unknown",
        "energy: unknown", "turbo: unknown", "guest: unknown",
      ]),
    SyntheticHost(
      "a guest that loses time", ["/proc/stat": "cpu  10 0 10 1000 0 0 0 90 0 0\n"], hypervisor: "Xen",
      expected: ["steal: warn", "smt: unknown", "guest: unknown"], commands: ["dedicated or metal"]
    ) { $0.sample.stolenShare = 0.04 },
    SyntheticHost(
      "under mpirun, one core", [mask: SyntheticHost.status(mask: "2")],
      environment: ["OMPI_COMM_WORLD_SIZE": "8"], expected: ["cpu_mask: warn"], commands: ["--bind-to none"]),
    SyntheticHost(
      "under srun, one core", [mask: SyntheticHost.status(mask: "0")], environment: slurm,
      expected: ["cpu_mask: warn", "time_limit: unknown"], commands: ["--cpu-bind=none"]),
    SyntheticHost(
      "half a machine by taskset, siblings outside",
      [
        mask: SyntheticHost.status(mask: "0-1"), "\(cpu)/smt/control": "on\n",
        "\(cpu)/cpu0/topology/thread_siblings_list": "0,2\n",
        "\(cpu)/cpu1/topology/thread_siblings_list": "1,3\n",
        "\(cpu)/cpu2/topology/thread_siblings_list": "0,2\n",
        "\(cpu)/cpu3/topology/thread_siblings_list": "1,3\n",
      ], expected: ["cpu_mask: warn", "smt: warn"], commands: ["taskset -c 0-3", "smt/control"]),
    SyntheticHost(
      "all hardware threads of a machine with SMT",
      [
        "\(cpu)/smt/control": "on\n", "\(cpu)/cpu0/topology/thread_siblings_list": "0-1\n",
        "\(cpu)/cpu1/topology/thread_siblings_list": "0-1\n",
        "\(cpu)/cpu2/topology/thread_siblings_list": "2-3\n",
        "\(cpu)/cpu3/topology/thread_siblings_list": "2-3\n",
      ]),
    SyntheticHost(
      "a docker container with a cpuset and a quota",
      [
        mask: SyntheticHost.status(mask: "0-1"), "/.dockerenv": "",
        "/sys/fs/cgroup/cpuset.cpus.effective": "0-1\n",
        "/sys/fs/cgroup/cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 3\n",
      ], quota: 1.5, expected: ["cpu_mask: warn", "cpu_quota: warn"],
      commands: ["docker update --cpuset-cpus 0-3", "docker update --cpus 2"]),
    SyntheticHost(
      "a service with CPUs and memory of its own, some folders below the top",
      [
        mask: SyntheticHost.status(mask: "0-1"), "/proc/self/cgroup": "0::/system.slice/bench.service\n",
        "/sys/fs/cgroup/cpuset.cpus.effective": "0-3\n", "/sys/fs/cgroup/cpu.stat": "nr_throttled 9\n",
        "/sys/fs/cgroup/system.slice/bench.service/cpuset.cpus.effective": "0-1\n",
        "/sys/fs/cgroup/system.slice/bench.service/cpu.stat": "nr_periods 10\nnr_throttled 3\n",
        "/sys/fs/cgroup/system.slice/memory.max": "2000000000\n",
        "/sys/fs/cgroup/system.slice/memory.current": "1900000000\n",
        "/sys/fs/cgroup/system.slice/memory.stat": "anon 1\ninactive_file 500000000\n",
      ], quota: 1.5, expected: ["cpu_mask: warn", "cpu_quota: warn", "free_memory: warn"],
      commands: ["AllowedCPUs=0-3"]),
    SyntheticHost(
      "a pod with a quota above its CPUs", environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1"], quota: 4),
    SyntheticHost(
      "a pod with a quota below its CPUs", environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1"], quota: 2,
      expected: ["cpu_quota: warn"], commands: ["--limits=cpu=4"]),
    SyntheticHost(
      "isolated CPUs outside the mask",
      [
        mask: SyntheticHost.status(mask: "0-1"), "\(cpu)/isolated": "2-3\n",
      ]),
    SyntheticHost(
      "isolated CPUs in use", ["\(cpu)/isolated": "2-3\n"], expected: ["isolated_cpus: warn"],
      commands: ["taskset -c 0-1"]),
    SyntheticHost(
      "an old server",
      [
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
        "/sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
        "/proc/sys/kernel/numa_balancing": "1\n", "/proc/sys/kernel/randomize_va_space": "0\n",
        "/proc/sys/kernel/perf_event_paranoid": "4\n",
        "/proc/meminfo": "MemAvailable: 500000 kB\nSwapTotal: 2000000 kB\nSwapFree: 1000000 kB\n",
      ], nodes: 2,
      expected: [
        "free_memory: warn", "swap: warn", "clock_source: warn", "huge_pages: warn", "numa_balancing: warn",
        "aslr: warn", "counters: warn",
      ], commands: ["echo tsc |", "echo madvise |", "kernel.numa_balancing=0", "swapoff", "paranoid=2"]),
    SyntheticHost(
      "a clock that only a reboot mends",
      [
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": "acpi_pm\n",
        "/sys/devices/system/clocksource/clocksource0/available_clocksource": "acpi_pm\n",
      ], expected: ["clock_source: warn"], commands: ["dmesg"]),
    SyntheticHost(
      "a clock that nobody knows",
      [
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": "sundial\n"
      ], expected: ["clock_source: unknown"]),
    SyntheticHost(
      "root may count at any level",
      [
        mask: SyntheticHost.status(mask: "0-3", uid: 0), "/proc/sys/kernel/perf_event_paranoid": "4\n",
      ]),
    SyntheticHost(
      "a hot machine", ["/sys/class/hwmon/hwmon0/temp1_input": "97000\n"], expected: ["heat: warn"]),
    SyntheticHost("throttled while it was watched", expected: ["heat: warn"]) { $0.sample.throttled = 2 },
    SyntheticHost("a busy machine", expected: ["load: warn"], commands: ["ps -eo pcpu"]) {
      $0.sample.busyCPUs = 1.5
    },
    SyntheticHost(
      "another process is runnable, nobody watched", ["/proc/loadavg": "1.00 0.01 0.05 3/200 4242\n"],
      expected: ["load: warn"]
    ) { $0.sample.busyCPUs = nil },
    SyntheticHost("generic BLAS kernels", expected: ["blas: warn"], commands: ["OPENBLAS_CORETYPE=SkylakeX"])
    {
      $0.blas = HostFacts.BLAS(
        corename: "Prescott", requested: nil, isGeneric: true, rate: 33e9,
        best: .init(requested: "SkylakeX", corename: "SkylakeX", rate: 155e9))
    },
    SyntheticHost(
      "generic BLAS kernels, not timed", expected: ["blas: warn"], commands: ["--blas-coretype auto"]
    ) {
      $0.blas = HostFacts.BLAS(corename: "Prescott", requested: nil, isGeneric: true)
    },
    SyntheticHost(
      "a slower type was exported", expected: ["blas: warn"], commands: ["unset OPENBLAS_CORETYPE"]
    ) {
      $0.blas = HostFacts.BLAS(
        corename: "Haswell", requested: "Haswell", isGeneric: false, rate: 60e9,
        best: .init(requested: nil, corename: "Cooperlake", rate: 150e9))
    },
    SyntheticHost("a type within the noise of the best") {
      $0.blas = HostFacts.BLAS(
        corename: "Haswell", requested: nil, isGeneric: false, rate: 98e9,
        best: .init(requested: "Zen", corename: "Zen", rate: 100e9))
    },
    SyntheticHost("faster kernels, timed while others were busy", expected: ["blas: unknown", "load: warn"]) {
      $0.sample.busyCPUs = 1.5
      $0.blas = HostFacts.BLAS(
        corename: "Haswell", requested: nil, isGeneric: false, rate: 63e9,
        best: .init(requested: "Zen", corename: "Zen", rate: 90e9))
    },
    SyntheticHost("generic kernels are generic under any load", expected: ["blas: warn", "load: warn"]) {
      $0.sample.busyCPUs = 1.5
      $0.blas = HostFacts.BLAS(
        corename: "Prescott", requested: nil, isGeneric: true, rate: 33e9,
        best: .init(requested: "SkylakeX", corename: "SkylakeX", rate: 155e9))
    },
    SyntheticHost(
      "a core type that the library ignores", expected: ["blas: warn"], commands: ["unset OPENBLAS_CORETYPE"]
    ) {
      $0.blas = HostFacts.BLAS(corename: "Cooperlake", requested: "foo", isGeneric: false)
    },
    SyntheticHost("BLAS was not looked at", expected: ["blas: unknown"]) { $0.blas = nil },
    SyntheticHost("results on NFS", expected: ["results_folder: warn"], commands: ["-o"]) {
      $0.folder = HostFacts.Folder(isWritable: true, fileSystem: "nfs4", freeBytes: 1 << 40)
    },
    SyntheticHost("a folder of someone else", expected: ["results_folder: warn"]) {
      $0.folder = HostFacts.Folder(isWritable: false, fileSystem: "ext4", freeBytes: 1 << 40)
    },
    SyntheticHost(
      "deaf to the batch system", [mask: SyntheticHost.status(mask: "0-3", ignored: "0000000000000200")],
      environment: slurm, expected: ["time_limit: warn"], commands: ["trap - USR1"]),
    SyntheticHost(
      "a limit of CPU seconds",
      ["/proc/self/limits": "Max cpu time              600                  unlimited            seconds\n"],
      expected: ["time_limit: warn"], commands: ["ulimit -t"]),
    SyntheticHost(
      "a small memory limit", memoryLimit: 1 << 28, expected: ["free_memory: warn"]),
    SyntheticHost(
      "energy for root only", ["/sys/class/powercap/intel-rapl:0/energy_uj": ""], expected: ["energy: warn"],
      commands: ["chmod a+r"]),
  ]
}
