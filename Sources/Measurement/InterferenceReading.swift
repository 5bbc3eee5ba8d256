// The process's and the machine's counters at one moment; the difference of two of them is what happened to a
// row meanwhile. Everything is read from files that may be missing: then there is nothing to say.
// Two readings, because some are dear: what the process used and the packages burnt is read around each turn of a
// row; load, clocks and heat of many CPUs cost milliseconds and are read around the turns of a whole group.

import Glibc
public import Machines
import Quantities

/// What this process had used and the packages had burnt at one moment.
public struct UsageReading {
  private let usage: rusage
  private let energy: [String: (joules: Double, wrapsAt: Double)]

  /// Reads them.
  ///
  /// - Parameter root: folder that stands for `/`.
  public init(root: String = "") {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    self.usage = usage
    energy = packageEnergy("\(root)/sys/class/powercap")
  }

  /// Adds what happened from here to `end` to the record of a row.
  public func add(until end: UsageReading, to record: inout Interference) {
    func more(_ count: Int?, _ field: KeyPath<rusage, Int>) -> Int {
      (count ?? 0) + end.usage[keyPath: field] - usage[keyPath: field]
    }
    record.involuntarySwitches = more(record.involuntarySwitches, \.ru_nivcsw)
    record.majorFaults = more(record.majorFaults, \.ru_majflt)
    record.minorFaults = more(record.minorFaults, \.ru_minflt)
    for (package, start) in energy {
      guard let stop = end.energy[package] else { continue }
      let difference = stop.joules - start.joules
      record.packageEnergy =
        (record.packageEnergy ?? 0) + (difference < 0 ? difference + start.wrapsAt : difference)
    }
  }
}

/// Load, stolen time, clocks and heat at one moment.
public struct InterferenceReading {
  private let ticks: (stolen: Double, all: Double)?
  private let load: Double?
  private let throttled: Int?
  private let temperature: Double?
  private let clock: Double?

  /// Reads them all.
  ///
  /// - Parameters:
  ///   - cpus: CPUs whose clocks and throttle counts matter.
  ///   - root: folder that stands for `/`.
  public init(cpus: CPUSet, root: String = "") {
    let files = HostFiles(root: root)
    ticks = HostState.stealTicks(files)
    load = HostState.load1(files)
    throttled = HostState.throttleEvents(files, cpus: cpus.cpus)
    let folders = cpus.cpus.map { "\(root)/sys/devices/system/cpu/cpu\($0)" }
    clock = Statistics.mean(folders.compactMap { number("\($0)/cpufreq/scaling_cur_freq") })
      .map(Unit.kilohertz.toBase)
    temperature = packageTemperature("\(root)/sys/class/hwmon")
  }

  /// Notes what happened from here to `end` in the record of a row: the machine's, so all rows of a group that
  /// took turns meanwhile share it.
  public func note(until end: InterferenceReading, in record: inout Interference) {
    record.load1Before = load
    // A hypervisor that never took a tick since boot is one that does not report, or none.
    if let ticks, let after = end.ticks, after.all > ticks.all, after.stolen > 0 {
      record.stealFraction = max(0, after.stolen - ticks.stolen) / (after.all - ticks.all)
    }
    if let throttled, let after = end.throttled { record.throttleEvents = max(0, after - throttled) }
    record.temperature = [temperature, end.temperature].compactMap { $0 }.max()
    record.clock = Statistics.mean([clock, end.clock].compactMap { $0 })
  }
}

/// Energy counters of whole packages, by folder.
private func packageEnergy(_ folder: String) -> [String: (joules: Double, wrapsAt: Double)] {
  var found: [String: (joules: Double, wrapsAt: Double)] = [:]
  for name in entries(folder) where name.hasPrefix("intel-rapl:") {
    let zone = "\(folder)/\(name)"
    guard text("\(zone)/name")?.hasPrefix("package") == true, let now = number("\(zone)/energy_uj"),
      let range = number("\(zone)/max_energy_range_uj")
    else { continue }
    found[name] = (Unit.microjoule.toBase(now), Unit.microjoule.toBase(range))
  }
  return found
}

/// The highest reading of the sensors that belong to CPUs, in degrees Celsius.
private func packageTemperature(_ folder: String) -> Double? {
  let drivers: Set<String> = ["coretemp", "k10temp", "zenpower", "cpu_thermal"]
  let readings = entries(folder).flatMap { sensor -> [Double] in
    let place = "\(folder)/\(sensor)"
    guard let driver = text("\(place)/name"), drivers.contains(driver) else { return [] }
    return entries(place).filter { $0.hasPrefix("temp") && $0.hasSuffix("_input") }
      .compactMap { number("\(place)/\($0)") }
  }
  // The kernel writes thousandths of a degree.
  return readings.max().map(Unit.thousandth.toBase)
}

private func number(_ path: String) -> Double? { text(path).flatMap { Double($0) } }

/// The first line of a small file.
private func text(_ path: String) -> String? {
  guard let stream = fopen(path, "re") else { return nil }
  defer { fclose(stream) }
  var bytes = [UInt8](repeating: 0, count: 256)
  let count = fread(&bytes, 1, bytes.count, stream)
  return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}

private func entries(_ folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}
