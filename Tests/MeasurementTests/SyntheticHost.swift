// Hosts of our own making: a folder with the files of /proc and /sys that a test names, and a machine value.

import Foundation
import Machines
import Measurement
import Testing

/// A described host. Files are added over those of a well-kept bare machine with four CPUs, or over none.
struct SyntheticHost: CustomTestStringConvertible {
  let name: String
  var files: [String: String]
  var environment: [String: String] = [:]
  var quota: Double?
  var memoryLimit: Int?
  var hypervisor: String?
  var nodes = 1
  /// Changes to what files cannot tell.
  var adjust: @Sendable (inout HostFacts) -> Void = { _ in }
  /// The answers that differ from `ok`, as `name: answer`.
  let expected: [String]
  /// Words that the warnings' commands must hold.
  var commands: [String] = []

  var testDescription: String { name }

  /// Reads the host back from its files.
  func facts() throws -> HostFacts {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("host-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let url = root.appendingPathComponent(String(path.dropFirst()))
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    var machine = Machine()
    machine.quotaCPUs = quota
    machine.memoryLimitBytes = memoryLimit
    machine.hypervisor = hypervisor
    machine.numaNodes = nodes
    var facts = HostFacts(HostFiles(root: root.path), machine: machine, environment: environment)
    facts.wantedMemory = 1 << 30
    facts.folder = HostFacts.Folder(isWritable: true, fileSystem: "ext4", freeBytes: 1 << 40)
    facts.blas = HostFacts.BLAS(corename: "SkylakeX", requested: nil, isGeneric: false)
    facts.sample.busyCPUs = 0
    facts.sample.stolenShare = 0
    adjust(&facts)
    return facts
  }

  /// Files of a bare machine where nothing is wrong.
  static let wellKept: [String: String] = {
    let cpu = "/sys/devices/system/cpu"
    var files = [
      cpu + "/online": "0-3\n", cpu + "/isolated": "\n", cpu + "/smt/control": "off\n",
      cpu + "/intel_pstate/no_turbo": "1\n",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
      "/sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm \n",
      "/proc/sys/kernel/numa_balancing": "0\n", "/proc/sys/kernel/randomize_va_space": "2\n",
      "/proc/sys/kernel/perf_event_paranoid": "2\n", "/sys/bus/event_source/devices/cpu/type": "4\n",
      "/sys/class/powercap/intel-rapl:0/energy_uj": "123456\n",
      "/sys/class/hwmon/hwmon0/name": "coretemp\n", "/sys/class/hwmon/hwmon0/temp1_input": "45000\n",
      "/sys/class/hwmon/hwmon0/temp1_crit": "100000\n",
      "/proc/meminfo":
        "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\nSwapTotal: 1000 kB\nSwapFree: 1000 kB\n",
      "/proc/loadavg": "0.00 0.01 0.05 1/200 4242\n", "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo":
        "1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "/proc/stat": "cpu  10 0 10 1000 0 0 0 0 0 0\n",
      "/proc/self/status": status(mask: "0-3"),
      "/proc/self/limits":
        "Limit  Soft Limit  Hard Limit  Units\nMax cpu time  unlimited unlimited seconds\n",
    ]
    for number in 0...3 {
      files["\(cpu)/cpu\(number)/cpufreq/scaling_governor"] = "performance\n"
      files["\(cpu)/cpu\(number)/thermal_throttle/core_throttle_count"] = "0\n"
      files["\(cpu)/cpu\(number)/topology/thread_siblings_list"] = "\(number)\n"
    }
    return files
  }()

  /// The lines of `/proc/self/status` that matter here.
  static func status(mask: String, uid: Int = 1000, blocked: String = "0", ignored: String = "0") -> String {
    """
    Name:\tplimsoll
    Uid:\t\(uid)\t\(uid)\t\(uid)\t\(uid)
    SigBlk:\t\(blocked)
    SigIgn:\t\(ignored)
    Cpus_allowed_list:\t\(mask)

    """
  }

  /// The well-kept machine with some files replaced; nil removes one.
  init(
    _ name: String, _ changes: [String: String?] = [:], environment: [String: String] = [:],
    quota: Double? = nil, memoryLimit: Int? = nil, hypervisor: String? = nil, nodes: Int = 1,
    expected: [String] = [], commands: [String] = [],
    adjust: @escaping @Sendable (inout HostFacts) -> Void = { _ in }
  ) {
    self.name = name
    files = SyntheticHost.wellKept
    for (path, text) in changes { files[path] = text }
    self.environment = environment
    self.quota = quota
    self.memoryLimit = memoryLimit
    self.hypervisor = hypervisor
    self.nodes = nodes
    self.expected = expected
    self.commands = commands
    self.adjust = adjust
  }
}
