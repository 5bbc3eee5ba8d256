// What the kernel tells about clocks, pages and the system's software: read only, unknown where it is silent.

import Glibc
import Quantities

/// Settings of the host that change speed, and the software around it.
public struct HostState: Hashable, Sendable, Codable {
  /// Microcode revision.
  public var microcode: String?
  /// Frequency governor of CPU 0.
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

  /// Reads the running host.
  public init() {
    microcode = HostState.cpuinfo("microcode")
    governor = HostState.line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if let text = HostState.line("/sys/devices/system/cpu/intel_pstate/no_turbo") { turbo = text == "0" }
    if let text = HostState.line("/sys/devices/system/cpu/cpufreq/boost") { turbo = text == "1" }
    numaBalancing = HostState.line("/proc/sys/kernel/numa_balancing").map { $0 != "0" }
    if let text = HostState.line("/sys/kernel/mm/transparent_hugepage/enabled") {
      transparentHugePages = text.split(separator: "[").last?.split(separator: "]").first.map(String.init)
    }
    addressRandomisation = HostState.line("/proc/sys/kernel/randomize_va_space").flatMap { Int($0) }
    mitigations = HostState.mitigated()
    operatingSystem = HostState.file("/etc/os-release").flatMap { text in
      text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        .map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } }
    }
    kernel = HostState.line("/proc/sys/kernel/osrelease")
    var name = [CChar](repeating: 0, count: 128)
    if confstr(Int32(_CS_GNU_LIBC_VERSION), &name, name.count) > 0 {
      libc = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    if access("/.dockerenv", F_OK) == 0 { container = "docker" }
    if access("/run/.containerenv", F_OK) == 0 { container = "podman" }
  }

  /// One-minute load average.
  public static func load1() -> Double? {
    line("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
  }

  /// Memory in bytes that can be taken without swapping.
  public static func availableMemory() -> Int? {
    guard let text = file("/proc/meminfo") else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    // The kernel writes kB and means KiB.
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
      .map { Int(Unit.kibibyte.toBase($0)) }
  }

  /// Ticks of all CPUs since boot: stolen by the hypervisor, and all together.
  public static func stealTicks() -> (stolen: Double, all: Double)? {
    guard let fields = line("/proc/stat")?.split(separator: " ").dropFirst().compactMap({ Double($0) }),
      fields.count >= 8
    else { return nil }
    return (fields[7], fields[0..<8].reduce(0, +))
  }

  private static func mitigated() -> String? {
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    guard let directory = opendir(folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix("."), line("\(folder)/\(name)")?.hasPrefix("Mitigation") == true {
        names.append(name)
      }
    }
    return names.sorted().joined(separator: " ")
  }

  private static func cpuinfo(_ key: String) -> String? {
    file("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix(key) }?
      .split(separator: ":").last.map { $0.drop { $0 == " " || $0 == "\t" } }.map(String.init)
  }

  private static func line(_ path: String) -> String? {
    file(path)?.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
  }

  /// At most 64 KiB of a small text file.
  private static func file(_ path: String) -> String? {
    guard let stream = fopen(path, "re") else { return nil }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, stream)
    return String(validating: bytes[..<count], as: UTF8.self)
  }
}
