// Reads a host's facts: the kernel's files, the limits that the machine value carries, the caller's variables.
// Nothing is written, and no fact is guessed from another.

import Glibc
public import Machines
import Quantities

extension HostFacts {
  /// The facts of a host.
  ///
  /// - Parameters:
  ///   - files: where `/proc` and `/sys` are.
  ///   - machine: hypervisor, quota and limits, nodes and usable CPUs as the Topology room found them.
  ///   - environment: variables of this process.
  public init(_ files: HostFiles, machine: Machine, environment: [String: String]) {
    self.init()
    readClocks(files)
    readCPUs(files, machine)
    readMemory(files, machine)
    readPermissions(files)
    readSignals(files)
    hypervisor = machine.hypervisor
    container = HostState.container(files, environment)
    launcher = HostFacts.launcher(environment)
  }

  private mutating func readClocks(_ files: HostFiles) {
    governors = HostState.governors(files)
    turbo = HostState.turbo(files)
    turboFile = [HostState.noTurboFile, HostState.boostFile].first { files.exists($0) }
    let folder = "/sys/devices/system/clocksource/clocksource0"
    clockSource = files.line(folder + "/current_clocksource")
    clockSources = words(files.line(folder + "/available_clocksource"))
    throttleEvents = HostState.throttleEvents(files, cpus: files.cpuFolders)
    readTemperatures(files)
  }

  /// The sensor that is closest to its own limit; sensors of the CPU only.
  private mutating func readTemperatures(_ files: HostFiles) {
    let chips: Set<String> = ["coretemp", "k10temp", "zenpower", "cpu_thermal", "scpi_sensors"]
    let root = "/sys/class/hwmon"
    for chip in files.names(in: root) ?? [] where chips.contains(files.line("\(root)/\(chip)/name") ?? "") {
      for name in files.names(in: "\(root)/\(chip)") ?? [] where name.hasSuffix("_input") {
        let sensor = "\(root)/\(chip)/" + name.dropLast("_input".count)
        guard name.hasPrefix("temp"), let now = files.integer(sensor + "_input") else { continue }
        let limit = [files.integer(sensor + "_crit"), files.integer(sensor + "_max")].compactMap { $0 }.min()
        note(Double(now) * HostFacts.milli, limit: limit.map { Double($0) * HostFacts.milli })
      }
    }
  }

  /// The kernel gives temperatures in thousandths of a degree.
  private static let milli = 1e-3

  private mutating func note(_ temperature: Double, limit: Double?) {
    func margin(_ value: Double, _ limit: Double?) -> Double { (limit ?? 100) - value }
    if let hottest, margin(hottest, hottestLimit) <= margin(temperature, limit) { return }
    hottest = temperature
    hottestLimit = limit
  }

  private mutating func readCPUs(_ files: HostFiles, _ machine: Machine) {
    let folder = "/sys/devices/system/cpu"
    online = files.line(folder + "/online").flatMap { CPUSet(list: $0) }
    allowed = files.value(of: "Cpus_allowed_list", in: "/proc/self/status").flatMap { CPUSet(list: $0) }
    if let set = allowed, let online { allowed = set.intersection(online) }
    let group = OwnControlGroup(files)
    groupCPUs = group.cpus
    isolated = files.line(folder + "/isolated").flatMap { CPUSet(list: $0) }
    let lists = files.cpuFolders.compactMap { cpu in
      files.line("\(folder)/cpu\(cpu)/topology/thread_siblings_list").flatMap { CPUSet(list: $0) }
    }
    siblings = Set(lists).sorted { ($0.cpus.first ?? 0) < ($1.cpus.first ?? 0) }
    smtControl = files.line(folder + "/smt/control")
    quotaCPUs = machine.quotaCPUs
    knowsGroups = files.text("/proc/self/cgroup")?.isEmpty == false && files.exists("/proc/self/mountinfo")
    throttledPeriods = group.throttledPeriods
    let load = words(files.line("/proc/loadavg"))
    load1 = load.first.flatMap { Double($0) }
    if load.count > 3, let running = load[3].split(separator: "/").first.flatMap({ Int($0) }) {
      runnable = max(0, running - 1)
    }
    stolenTicks = KernelCounters(files, cpus: nil).stolen
  }

  private mutating func readMemory(_ files: HostFiles, _ machine: Machine) {
    hugePages = HostState(files).transparentHugePages
    numaBalancing = files.line("/proc/sys/kernel/numa_balancing").map { $0 != "0" }
    numaNodes = machine.numaNodes > 0 ? machine.numaNodes : nil
    memoryLimit = machine.memoryLimitBytes
    availableMemory = HostState.availableMemory(files)
    if let limit = memoryLimit, let free = availableMemory { availableMemory = min(free, limit) }
    if let total = HostState.memory("SwapTotal", files), let free = HostState.memory("SwapFree", files) {
      swapUsed = max(0, total - free)
    }
    addressRandomisation = files.integer("/proc/sys/kernel/randomize_va_space")
  }

  private mutating func readPermissions(_ files: HostFiles) {
    perfParanoid = files.integer("/proc/sys/kernel/perf_event_paranoid")
    // Intel and AMD call their unit `cpu`, hybrid chips `cpu_core`, Arm `armv8_…`.
    hasCounters = files.names(in: "/sys/bus/event_source/devices").map { names in
      names.contains { $0 == "cpu" || $0.hasPrefix("cpu_") || $0.hasPrefix("armv") }
    }
    isRoot = words(files.value(of: "Uid", in: "/proc/self/status")).dropFirst().first == "0"
    let energy = "/sys/class/powercap/intel-rapl:0/energy_uj"
    energyReadable = files.exists(energy) ? files.integer(energy) != nil : nil
  }

  /// Signals with which batch systems announce the end, as the kernel's masks show them.
  private mutating func readSignals(_ files: HostFiles) {
    func mask(_ key: String) -> UInt64? {
      files.value(of: key, in: "/proc/self/status").flatMap { UInt64($0, radix: 16) }
    }
    if let blocked = mask("SigBlk"), let ignored = mask("SigIgn") {
      deafTo = [("SIGTERM", SIGTERM), ("SIGUSR1", SIGUSR1)]
        .filter { (blocked | ignored) >> UInt64($0.1 - 1) & 1 == 1 }.map(\.0)
    }
    let limits = files.text("/proc/self/limits")?.split(separator: "\n")
    let seconds = limits?.first { $0.hasPrefix("Max cpu time") }?.dropFirst("Max cpu time".count)
    cpuSecondsLimit = seconds.flatMap { words(String($0)).first }.flatMap { Int($0) }
  }

  /// An MPI launcher inside a job binds more tightly than the job, so it is named first. srun speaks PMI and PMIx
  /// too, but sets none of the variables of the launchers that it replaces.
  private static func launcher(_ environment: [String: String]) -> String? {
    func has(_ name: String) -> Bool { environment[name] != nil }
    if has("OMPI_COMM_WORLD_SIZE") { return "openmpi" }
    if has("PMI_SIZE") || has("PMI_RANK") {
      if environment.keys.contains(where: { $0.hasPrefix("I_MPI_") }) { return "intelmpi" }
      if has("MPI_LOCALNRANKS") || !has("SLURM_JOB_ID") { return "mpich" }
    }
    if has("SLURM_JOB_ID") { return "slurm" }
    if has("PMIX_RANK") { return "pmix" }
    if has("PBS_JOBID") { return "pbs" }
    return has("LSB_JOBID") ? "lsf" : nil
  }

}

/// Counters of the kernel at one moment; two of them make a sample.
public struct KernelCounters: Sendable {
  /// Ticks in which the chosen CPUs worked, in which the hypervisor held any CPU, and all ticks of the chosen ones.
  let busy: Double?
  let stolen: Double?
  let chosenTicks: Double?
  let allTicks: Double?
  let chosenCPUs: Int
  let throttleEvents: Int?
  let swappedPages: Int?

  /// Reads the counters; `cpus` chooses whose work is counted, nil = all.
  public init(_ files: HostFiles, cpus: CPUSet?) {
    var sums = (busy: 0.0, all: 0.0, cpus: 0)
    var total: [Double]?
    for line in (files.text("/proc/stat") ?? "").split(separator: "\n") where line.hasPrefix("cpu") {
      let fields = line.split(separator: " ")
      let ticks = fields.dropFirst().compactMap { Double($0) }
      guard ticks.count >= 8 else { continue }
      if fields[0] == "cpu" {
        total = Array(ticks[..<8])
      } else if let number = Int(fields[0].dropFirst(3)), cpus.map({ $0.cpus.contains(number) }) ?? true {
        // User, nice, system, interrupts; idle, waiting for a disk and stolen are no work.
        let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
        sums = (sums.busy + busy, sums.all + busy + ticks[3] + ticks[4] + ticks[7], sums.cpus + 1)
      }
    }
    busy = sums.cpus > 0 ? sums.busy : nil
    chosenTicks = sums.cpus > 0 ? sums.all : nil
    chosenCPUs = sums.cpus
    stolen = total?[7]
    allTicks = total?.reduce(0, +)
    throttleEvents = HostState.throttleEvents(files, cpus: files.cpuFolders)
    let pages = (files.text("/proc/vmstat") ?? "").split(separator: "\n")
      .filter { $0.hasPrefix("pswpin ") || $0.hasPrefix("pswpout ") }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    swappedPages = pages.isEmpty ? nil : pages.reduce(0, &+)
  }
}

extension HostFacts.Sample {
  /// What happened while this process slept, and while it kept its CPUs busy; without the latter nothing is known
  /// of stolen time, because a hypervisor takes only what is wanted.
  public init(from start: KernelCounters, asleep: KernelCounters, awake: KernelCounters? = nil) {
    self.init()
    if let was = start.busy, let busy = asleep.busy, let from = start.chosenTicks,
      let to = asleep.chosenTicks,
      to > from
    {
      busyCPUs = max(0, busy - was) / (to - from) * Double(start.chosenCPUs)
    }
    if let awake, let was = asleep.stolen, let stolen = awake.stolen, let from = asleep.allTicks,
      let to = awake.allTicks, to > from
    {
      stolenShare = max(0, stolen - was) / (to - from)
    }
    let end = awake ?? asleep
    if let was = start.throttleEvents, let now = end.throttleEvents { throttled = max(0, now - was) }
    if let was = start.swappedPages, let now = end.swappedPages { swappedPages = max(0, now - was) }
  }
}

private func words(_ text: String?) -> [String] {
  text?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
}
