// Checks of what others take from this process: its kernels' name, CPUs, time and the hypervisor's share.

import Machines
import Quantities

extension Doctor {
  static func blas(_ facts: HostFacts) -> DoctorCheck {
    let why = "a peer on the wrong kernels is several times too slow; every ratio to it lies"
    guard let blas = facts.blas else {
      return DoctorCheck("blas", .unknown, "not probed", why: why)
    }
    if let asked = blas.requested, asked.lowercased() != blas.corename.lowercased() {
      return DoctorCheck(
        "blas", .warn, "\(blas.corename); OPENBLAS_CORETYPE=\(asked.prefix(20)) is ignored", why: why,
        command: "unset OPENBLAS_CORETYPE")
    }
    let origin = blas.requested == nil ? "OpenBLAS's own choice" : "OPENBLAS_CORETYPE"
    var found = "\(blas.corename) by \(origin)"
    if let rate = blas.rate { found += ", \(gigaflops(rate)) GFLOP/s" }
    let better = blas.best.flatMap { best in
      best.corename != blas.corename && best.rate > slower * (blas.rate ?? .infinity) ? best : nil
    }
    if let better {
      found += "; \(better.corename) reaches \(gigaflops(better.rate))"
      // A rate that others had a hand in proves nothing; the name of generic kernels does.
      if !blas.isGeneric, load(facts).answer == .warn {
        return DoctorCheck("blas", .unknown, found + ", timed on a busy host", why: why)
      }
    } else if blas.isGeneric {
      found += ": generic code on a CPU with wider vectors"
    } else {
      return DoctorCheck("blas", .ok, found, why: why)
    }
    return DoctorCheck("blas", .warn, found, why: why, command: blasCommand(blas, better))
  }

  /// Samples of one core type differ by several percent; a wrong type costs far more.
  private static let slower = 1.10

  private static func blasCommand(_ blas: HostFacts.BLAS, _ better: HostFacts.BLAS.Best?) -> String {
    if let better {
      return better.requested.map { "export OPENBLAS_CORETYPE=\($0)" } ?? "unset OPENBLAS_CORETYPE"
    }
    return blas.requested == nil ? "plimsoll run --blas-coretype auto" : "unset OPENBLAS_CORETYPE"
  }

  private static func gigaflops(_ rate: Double) -> String { brief(Unit.gigaflops.fromBase(rate).rounded()) }

  /// A launcher that binds each task to one core makes a whole node look like one core.
  static func mask(_ facts: HostFacts) -> DoctorCheck {
    let why = "a mask from mpirun, srun or taskset hides the rest of the machine from every row"
    guard let allowed = facts.allowed, let online = facts.online, !online.isEmpty else {
      return DoctorCheck("cpu_mask", .unknown, "the kernel shows no mask", why: why)
    }
    guard allowed.count < online.count else {
      return DoctorCheck("cpu_mask", .ok, "all \(counted(online.count, "CPU"))", why: why)
    }
    // CPUs that are isolated at boot are outside every default mask: nobody took them away.
    if let isolated = facts.isolated,
      CPUSet(Set(online.cpus).subtracting(allowed.cpus)).isSubset(of: isolated)
    {
      return DoctorCheck(
        "cpu_mask", .ok, "all but \(counted(online.count - allowed.count, "isolated CPU"))", why: why)
    }
    let command =
      switch facts.launcher {
      case "openmpi": "mpirun --bind-to none --map-by ppr:1:node plimsoll run"
      case "mpich": "mpirun -bind-to none -ppn 1 plimsoll run"
      case "intelmpi": "mpirun -genv I_MPI_PIN=0 -ppn 1 plimsoll run"
      case "pmix": "prterun --bind-to none --map-by ppr:1:node plimsoll run"
      case "pbs": "qsub -l select=1:ncpus=\(online.count) -l place=excl -- plimsoll run"
      case "lsf": "bsub -x -n \(online.count) -R 'span[hosts=1]' plimsoll run"
      case "slurm": "srun --ntasks-per-node=1 --cpu-bind=none --exclusive plimsoll run"
      default: wider(facts, online)
      }
    let giver = facts.launcher.map { " (started by \($0))" } ?? ""
    return DoctorCheck(
      "cpu_mask", .warn, "\(allowed.count) of \(counted(online.count, "CPU"))\(giver)", why: why,
      command: command)
  }

  /// A process may widen its own mask as far as its control group allows; beyond that the group's owner must.
  private static func wider(_ facts: HostFacts, _ online: CPUSet) -> String {
    guard let group = facts.groupCPUs, !online.isSubset(of: group) else {
      return "taskset -c \(online) plimsoll run"
    }
    switch facts.container {
    case "docker", "podman": return "\(facts.container ?? "") update --cpuset-cpus \(online) CONTAINER"
    default: return "sudo systemctl set-property --runtime UNIT AllowedCPUs=\(online)"
    }
  }

  static func quota(_ facts: HostFacts) -> DoctorCheck {
    let why = "a quota below the usable CPUs stops all threads for part of each period"
    guard let quota = facts.quotaCPUs else {
      guard facts.knowsGroups else {
        return DoctorCheck("cpu_quota", .unknown, "control groups cannot be read", why: why)
      }
      return DoctorCheck("cpu_quota", .ok, "none", why: why)
    }
    let stops = facts.throttledPeriods.map { $0 > 0 ? "; stopped \(counted($0, "time")) so far" : "" } ?? ""
    guard let cpus = cpuCount(facts) else {
      return DoctorCheck("cpu_quota", .unknown, "\(brief(quota)) CPUs\(stops)", why: why)
    }
    let found = "\(brief(quota)) of \(counted(cpus, "usable CPU"))\(stops)"
    guard quota < Double(cpus) else { return DoctorCheck("cpu_quota", .ok, found, why: why) }
    let command =
      switch facts.container {
      case "docker", "podman": "\(facts.container ?? "docker") update --cpus \(cpus) CONTAINER"
      case "kubernetes": "kubectl set resources POD_OWNER --limits=cpu=\(cpus) --requests=cpu=\(cpus)"
      default: "sudo systemctl set-property --runtime UNIT CPUQuota="
      }
    return DoctorCheck("cpu_quota", .warn, found, why: why, command: command)
  }

  private static func cpuCount(_ facts: HostFacts) -> Int? { (facts.allowed ?? facts.online)?.count }

  static func load(_ facts: HostFacts) -> DoctorCheck {
    let why = "a thread that shares its CPU makes all others wait for it"
    // The second that was just watched tells more than an average that takes a minute to forget.
    if let busy = facts.sample.busyCPUs {
      let found =
        "others take \(brief(busy))" + (cpuCount(facts).map { " of \(counted($0, "CPU"))" } ?? " CPUs")
      return busy > busyCPUs
        ? DoctorCheck("load", .warn, found, why: why, command: topProcesses)
        : DoctorCheck("load", .ok, found, why: why)
    }
    guard let runnable = facts.runnable else {
      return DoctorCheck("load", .unknown, "the kernel shows no load", why: why)
    }
    return runnable > 0
      ? DoctorCheck("load", .warn, "\(runnable) other runnable", why: why, command: topProcesses)
      : DoctorCheck("load", .ok, "nothing else is runnable", why: why)
  }

  /// A quarter of one CPU: below that lie the kernel's own housekeeping and this look at it.
  private static let busyCPUs = 0.25
  private static let topProcesses = "ps -eo pcpu,pid,comm --sort=-pcpu | head"

  static func steal(_ facts: HostFacts) -> DoctorCheck {
    let why = "time that the hypervisor gives to other guests looks like slow kernels"
    guard let ticks = facts.stolenTicks else {
      return DoctorCheck("steal", .unknown, "the kernel counts none", why: why)
    }
    let share = facts.sample.stolenShare.map { "\(brief(Unit.percent.fromBase($0))) % while busy" }
    if let stolen = facts.sample.stolenShare, stolen > stealShare {
      return DoctorCheck(
        "steal", .warn, share ?? "", why: why, command: "use a dedicated or metal instance")
    }
    // A hypervisor that never reported a tick may be one that does not report.
    if ticks == 0, facts.hypervisor != nil {
      return DoctorCheck("steal", .unknown, "none reported since boot", why: why)
    }
    guard share != nil || facts.hypervisor == nil else {
      return DoctorCheck("steal", .unknown, "not sampled", why: why)
    }
    return DoctorCheck("steal", .ok, share ?? "no hypervisor", why: why)
  }

  /// The interval of a median is wanted within 1 %.
  private static let stealShare = 0.01

  static func smt(_ facts: HostFacts) -> DoctorCheck {
    let why = "two threads of one core share its vector units and caches"
    let width = facts.siblings.map(\.count).max()
    guard let width, width > 1 else {
      if facts.hypervisor != nil {
        return DoctorCheck("smt", .unknown, "a guest may not see it", why: why)
      }
      guard width != nil || facts.smtControl == "off" || facts.smtControl == "notsupported" else {
        return DoctorCheck("smt", .unknown, "the kernel shows no cores", why: why)
      }
      return DoctorCheck("smt", .ok, "one thread a core", why: why)
    }
    let mine = Set(facts.allowed?.cpus ?? [])
    let shared = facts.siblings.count { core in
      let used = core.cpus.count { mine.contains($0) }
      return used > 0 && used < core.count
    }
    guard shared > 0 else {
      return DoctorCheck("smt", .ok, "\(width) threads a core, all usable here", why: why)
    }
    return DoctorCheck(
      "smt", .warn, "\(counted(shared, "core")) shared with CPUs outside the mask", why: why,
      command: "echo off | sudo tee /sys/devices/system/cpu/smt/control")
  }

  /// The scheduler spreads no threads over isolated CPUs: what is not pinned one by one piles up on the first.
  static func isolated(_ facts: HostFacts) -> DoctorCheck {
    let why = "threads of BLAS, which no one can pin, pile up on one isolated CPU"
    guard let isolated = facts.isolated else {
      return DoctorCheck("isolated_cpus", .unknown, "the kernel shows no list", why: why)
    }
    guard let allowed = facts.allowed, !isolated.intersection(allowed).isEmpty else {
      let found = isolated.isEmpty ? "none" : "\(isolated): left alone"
      return DoctorCheck("isolated_cpus", .ok, found, why: why)
    }
    let rest = CPUSet(Set((facts.online ?? allowed).cpus).subtracting(isolated.cpus))
    return DoctorCheck(
      "isolated_cpus", .warn, "\(isolated.intersection(allowed)) in use", why: why,
      command: rest.isEmpty ? nil : "taskset -c \(rest) plimsoll run")
  }

  static func guest(_ facts: HostFacts) -> DoctorCheck {
    let why = "a guest is told its caches, cores and clocks; the measured ladder shows the real ones"
    guard let hypervisor = facts.hypervisor else {
      return DoctorCheck("guest", .ok, "no hypervisor seen", why: why)
    }
    return DoctorCheck("guest", .unknown, "under \(hypervisor): the shape is a report", why: why)
  }

  static func container(_ facts: HostFacts) -> DoctorCheck {
    DoctorCheck(
      "container", .ok, facts.container ?? "none seen",
      why: "its limits on CPUs and memory are judged above")
  }
}
