// What the kernel tells about clocks, pages and the system's software: read only, unknown where it is silent.

import Glibc
import Quantities

/// Settings of the host that change speed, and the software around it.
public struct HostState: Hashable, Sendable, Codable {
  /// Microcode revision.
  public var microcode: String?
  /// Frequency governor; several names where CPUs differ.
  public var governor: String?
  /// True where turbo frequencies are allowed.
  public var turbo: Bool?
  /// True where the kernel moves pages between nodes.
  public var numaBalancing: Bool?
  /// Transparent huge pages: the word in brackets.
  public var transparentHugePages: String?
  /// Address-space randomisation level.
  public var addressRandomisation: Int?
  /// Vulnerabilities that are mitigated.
  public var mitigations: String?
  /// Name of the operating system.
  public var operatingSystem: String?
  /// Kernel release.
  public var kernel: String?
  /// C library.
  public var libc: String?
  /// Container engine.
  public var container: String?

  /// Reads a host; the default is the running one.
  ///
  /// - Parameter environment: variables of this process, for what a container engine leaves there.
  public init(_ files: HostFiles = HostFiles(), environment: [String: String] = [:]) {
    microcode = files.value(of: "microcode", in: "/proc/cpuinfo")
    let governors = HostState.governors(files)
    governor = governors.isEmpty ? nil : Set(governors).sorted().joined(separator: " ")
    turbo = HostState.turbo(files)
    numaBalancing = files.line("/proc/sys/kernel/numa_balancing").map { $0 != "0" }
    transparentHugePages = files.line("/sys/kernel/mm/transparent_hugepage/enabled").flatMap { text in
      text.split(separator: "[").last?.split(separator: "]").first.map(String.init)
    }
    addressRandomisation = files.integer("/proc/sys/kernel/randomize_va_space")
    mitigations = HostState.mitigated(files)
    operatingSystem = files.value(of: "PRETTY_NAME", in: "/etc/os-release").map { $0.filter { $0 != "\"" } }
    kernel = files.line("/proc/sys/kernel/osrelease")
    var name = [CChar](repeating: 0, count: 128)
    if confstr(Int32(_CS_GNU_LIBC_VERSION), &name, name.count) > 0 {
      libc = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    container = HostState.container(files, environment)
  }

  /// The governor of each CPU that tells it.
  static func governors(_ files: HostFiles) -> [String] {
    files.cpuFolders.compactMap { files.line("/sys/devices/system/cpu/cpu\($0)/cpufreq/scaling_governor") }
  }

  /// True where turbo frequencies are allowed, by whichever driver speaks.
  static func turbo(_ files: HostFiles) -> Bool? {
    if let text = files.line(noTurboFile) { return text == "0" }
    return files.line(boostFile).map { $0 == "1" }
  }

  static let noTurboFile = "/sys/devices/system/cpu/intel_pstate/no_turbo"
  static let boostFile = "/sys/devices/system/cpu/cpufreq/boost"

  /// The engine that made the container around this process, nil where no mark of one is seen.
  ///
  /// Marks: a file that the engine leaves, the variable `container` that systemd's interface asks engines to set
  /// (systemd.io/CONTAINER_INTERFACE), the pod's service variables, and the names of control groups.
  static func container(_ files: HostFiles, _ environment: [String: String]) -> String? {
    // A pod is made by a lower engine whose own marks may be there too: the outer name tells more.
    if environment["KUBERNETES_SERVICE_HOST"] != nil
      || files.exists("/var/run/secrets/kubernetes.io/serviceaccount")
    {
      return "kubernetes"
    }
    if files.exists("/.dockerenv") { return "docker" }
    if files.exists("/run/.containerenv") { return "podman" }
    // systemd as the first process of a container notes who started it.
    let named = environment["container"] ?? files.line("/run/systemd/container") ?? ""
    if !named.isEmpty { return known[named] ?? "unnamed container" }
    if environment["SINGULARITY_CONTAINER"] != nil || environment["APPTAINER_CONTAINER"] != nil {
      return "apptainer"
    }
    let groups = (files.text("/proc/1/cgroup") ?? "") + (files.text("/proc/self/cgroup") ?? "")
    return groupMarks.first { groups.contains($0.mark) }?.engine
  }

  private static let known = [
    "docker": "docker", "podman": "podman", "lxc": "lxc", "lxc-libvirt": "lxc", "oci": "podman",
    "systemd-nspawn": "systemd-nspawn", "wsl": "wsl", "rkt": "rkt", "proot": "proot", "pouch": "pouch",
  ]
  private static let groupMarks: [(mark: String, engine: String)] = [
    ("kubepods", "kubernetes"), ("/docker/", "docker"), ("docker-", "docker"), ("libpod-", "podman"),
    ("/lxc/", "lxc"), ("/lxc.payload", "lxc"), ("machine.slice/systemd-nspawn", "systemd-nspawn"),
    ("garden", "garden"), ("cri-containerd", "containerd"), ("actions_job", "docker"),
  ]

  /// One-minute load average.
  public static func load1(_ files: HostFiles = HostFiles()) -> Double? {
    files.line("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
  }

  /// Memory in bytes that can be taken without swapping and within the limits of the control groups.
  public static func availableMemory(_ files: HostFiles = HostFiles()) -> Int? {
    let free = [memory("MemAvailable", files), OwnControlGroup(files).freeMemory].compactMap { $0 }
    return free.min()
  }

  /// A line of `/proc/meminfo` in bytes.
  static func memory(_ key: String, _ files: HostFiles) -> Int? {
    // The kernel writes kB and means KiB.
    files.value(of: key, in: "/proc/meminfo")?.split(separator: " ").first.flatMap { Double($0) }
      .flatMap { Int(exactly: Unit.kibibyte.toBase($0)) }
  }

  /// Ticks of all CPUs since boot: stolen by the hypervisor, and all together.
  public static func stealTicks(_ files: HostFiles = HostFiles()) -> (stolen: Double, all: Double)? {
    guard
      let fields = files.line("/proc/stat")?.split(separator: " ").dropFirst().compactMap({ Double($0) }),
      fields.count >= 8
    else { return nil }
    return (fields[7], fields[0..<8].reduce(0, +))
  }

  /// Times since boot that heat or power slowed these CPUs down; nil where the kernel does not count.
  ///
  /// Every hardware thread of a core and every core of a package sees the same event and counts it by itself, so
  /// the largest count of each core and of each package is what happened there.
  static func throttleEvents(_ files: HostFiles, cpus: [Int]) -> Int? {
    var largest: [String: Int] = [:]
    for cpu in cpus {
      let folder = "/sys/devices/system/cpu/cpu\(cpu)"
      let package = files.line(folder + "/topology/physical_package_id") ?? "of cpu\(cpu)"
      let core =
        files.line(folder + "/topology/core_id").map { "\(package) \($0)" }
        ?? files.line(folder + "/topology/thread_siblings_list") ?? "cpu\(cpu)"
      for (level, place) in [("core", core), ("package", package)] {
        guard let count = files.integer("\(folder)/thermal_throttle/\(level)_throttle_count") else {
          continue
        }
        largest["\(level) \(place)", default: 0] = max(largest["\(level) \(place)"] ?? 0, count)
      }
    }
    return largest.isEmpty ? nil : largest.values.reduce(0, &+)
  }

  private static func mitigated(_ files: HostFiles) -> String? {
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    return files.names(in: folder)?
      .filter { files.line("\(folder)/\($0)")?.hasPrefix("Mitigation") == true }
      .joined(separator: " ")
  }
}
