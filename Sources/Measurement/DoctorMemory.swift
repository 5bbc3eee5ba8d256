// Checks of memory, pages and files: where operands lie and where results go.

import Quantities

extension Doctor {
  static func memory(_ facts: HostFacts) -> DoctorCheck {
    let why = "without it the memory probes shrink into the caches and cold rows become hot"
    guard let free = facts.availableMemory else {
      return DoctorCheck("free_memory", .unknown, "the kernel does not tell", why: why)
    }
    let limit = facts.memoryLimit.map { " (limit \(gibibytes($0)))" } ?? ""
    guard let wanted = facts.wantedMemory else {
      return DoctorCheck("free_memory", .unknown, gibibytes(free) + limit, why: why)
    }
    guard free < wanted else {
      return DoctorCheck("free_memory", .ok, gibibytes(free) + limit, why: why)
    }
    return DoctorCheck(
      "free_memory", .warn, "\(gibibytes(free))\(limit), the suite wants \(gibibytes(wanted))", why: why,
      command: "ps -eo rss,pid,comm --sort=-rss | head")
  }

  static func swap(_ facts: HostFacts) -> DoctorCheck {
    let why = "a page that comes back from a disk costs a million cache misses"
    guard let used = facts.swapUsed else {
      return DoctorCheck("swap", .unknown, "the kernel does not tell", why: why)
    }
    let moving = facts.sample.swappedPages ?? 0
    guard used > 0 || moving > 0 else { return DoctorCheck("swap", .ok, "none in use", why: why) }
    let found =
      gibibytes(used) + " in use" + (moving > 0 ? ", \(counted(moving, "page")) moved just now" : "")
    return DoctorCheck("swap", .warn, found, why: why, command: "sudo swapoff -a")
  }

  static func hugePages(_ facts: HostFacts) -> DoctorCheck {
    let why = "large operands on small pages wait for address translation"
    let command = "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"
    return switch facts.hugePages {
    case "madvise": DoctorCheck("huge_pages", .ok, "madvise: each run chooses", why: why)
    case "always":
      DoctorCheck("huge_pages", .warn, "always: luck decides which", why: why, command: command)
    case "never": DoctorCheck("huge_pages", .warn, "never", why: why, command: command)
    default: DoctorCheck("huge_pages", .unknown, "the kernel shows no mode", why: why)
    }
  }

  static func numaBalancing(_ facts: HostFacts) -> DoctorCheck {
    let why = "pages that move between nodes during a row mix two speeds"
    // One node leaves nothing to move, whatever the switch says.
    if facts.numaNodes == 1 { return DoctorCheck("numa_balancing", .ok, "one node", why: why) }
    guard let balancing = facts.numaBalancing else {
      return DoctorCheck("numa_balancing", .unknown, "the kernel shows no switch", why: why)
    }
    return balancing
      ? DoctorCheck(
        "numa_balancing", .warn, "on", why: why, command: "sudo sysctl kernel.numa_balancing=0")
      : DoctorCheck("numa_balancing", .ok, "off", why: why)
  }

  /// Processes are the statistical unit, so each should meet another layout of memory.
  static func layout(_ facts: HostFacts) -> DoctorCheck {
    let why = "without it all processes share one memory layout, lucky or not"
    guard let level = facts.addressRandomisation else {
      return DoctorCheck("aslr", .unknown, "the kernel shows no level", why: why)
    }
    return level > 0
      ? DoctorCheck("aslr", .ok, "on (level \(level))", why: why)
      : DoctorCheck(
        "aslr", .warn, "off", why: why, command: "sudo sysctl kernel.randomize_va_space=2")
  }

  static func folder(_ facts: HostFacts) -> DoctorCheck {
    let why = "each record is flushed, and a lock keeps two runs apart"
    guard let folder = facts.folder else {
      return DoctorCheck("results_folder", .unknown, "not looked at", why: why)
    }
    guard folder.isWritable else {
      return DoctorCheck("results_folder", .warn, "no right to write", why: why, command: elsewhere)
    }
    if let free = folder.freeBytes, free < leastFree {
      return DoctorCheck("results_folder", .warn, "the disk is nearly full", why: why, command: elsewhere)
    }
    guard let system = folder.fileSystem, let isShared = folder.isShared else {
      return DoctorCheck("results_folder", .unknown, "writable; file system unknown", why: why)
    }
    return isShared
      ? DoctorCheck(
        "results_folder", .warn, "\(system): locks may not hold (NFS: before v4)", why: why,
        command: elsewhere)
      : DoctorCheck("results_folder", .ok, "writable, \(system)", why: why)
  }

  private static let elsewhere = "plimsoll run -o /var/tmp/plimsoll"

  /// A run writes a few megabytes; a hundred leave room for the journal of a long one.
  private static let leastFree = Int(Unit.mebibyte.toBase(100))

  static func timeLimit(_ facts: HostFacts) -> DoctorCheck {
    let why = "a run that hears the batch system's signal closes its files in time"
    if let seconds = facts.cpuSecondsLimit {
      return DoctorCheck(
        "time_limit", .warn, "killed after \(seconds) CPU seconds", why: why, command: "ulimit -t unlimited")
    }
    guard let deaf = facts.deafTo else {
      return DoctorCheck("time_limit", .unknown, "the kernel shows no signal masks", why: why)
    }
    guard deaf.isEmpty else {
      let names = deaf.joined(separator: " and ")
      return DoctorCheck(
        "time_limit", .warn, "\(names) would not arrive", why: why,
        command: "trap - \(deaf.map { $0.dropFirst(3) }.joined(separator: " "))")
    }
    // Only the job script knows whether it asked for a signal before the end.
    if facts.launcher == "slurm" {
      return DoctorCheck("time_limit", .unknown, "needs sbatch --signal=USR1@120", why: why)
    }
    return DoctorCheck("time_limit", .ok, "SIGTERM and SIGUSR1 would arrive", why: why)
  }

  private static func gibibytes(_ bytes: Int) -> String {
    "\(brief(Unit.gibibyte.fromBase(Double(bytes)))) GiB"
  }
}
