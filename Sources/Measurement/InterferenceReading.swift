// The process's and the machine's counters at one moment; the difference of two of them is what happened to a
// row meanwhile. Everything is read from files that may be missing: then there is nothing to say.

import Glibc
public import Machines
import Quantities

/// Counters of this process and of the machine at one moment.
public struct InterferenceReading {
  private let usage: rusage
  private let ticks: (stolen: Double, all: Double)?
  private let load: Double?
  private let throttled: Int?
  private let energy: [String: (joules: Double, wrapsAt: Double)]
  private let temperature: Double?
  private let clock: Double?

  /// Reads them all.
  ///
  /// - Parameters:
  ///   - cpus: CPUs whose clocks and throttle counts matter.
  ///   - root: folder that stands for `/`.
  public init(cpus: CPUSet, root: String = "") {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    self.usage = usage
    ticks = HostState.stealTicks()
    load = HostState.load1()
    let folders = cpus.cpus.map { "\(root)/sys/devices/system/cpu/cpu\($0)" }
    let events = folders.flatMap { folder in
      ["core", "package"].compactMap { number("\(folder)/thermal_throttle/\($0)_throttle_count") }
    }
    throttled = events.isEmpty ? nil : Int(events.reduce(0, +))
    clock = Statistics.mean(folders.compactMap { number("\($0)/cpufreq/scaling_cur_freq") })
      .map(Unit.kilohertz.toBase)
    energy = packageEnergy("\(root)/sys/class/powercap")
    temperature = packageTemperature("\(root)/sys/class/hwmon")
  }

  /// What happened since; counts of a group are shared out evenly, because its cases took turns.
  public func interference(until end: InterferenceReading, sharing: Int) -> Interference {
    let parts = max(1, sharing)
    var result = Interference()
    result.load1Before = load
    result.involuntarySwitches = (end.usage.ru_nivcsw - usage.ru_nivcsw) / parts
    result.majorFaults = (end.usage.ru_majflt - usage.ru_majflt) / parts
    result.minorFaults = (end.usage.ru_minflt - usage.ru_minflt) / parts
    if let ticks, let after = end.ticks, after.all > ticks.all {
      result.stealFraction = max(0, after.stolen - ticks.stolen) / (after.all - ticks.all)
    }
    // Heat slows all cases of the group alike: each gets the whole count.
    if let throttled, let after = end.throttled { result.throttleEvents = max(0, after - throttled) }
    var joules: Double?
    for (package, start) in energy {
      guard let stop = end.energy[package] else { continue }
      let difference = stop.joules - start.joules
      joules = (joules ?? 0) + (difference < 0 ? difference + start.wrapsAt : difference) / Double(parts)
    }
    result.packageEnergy = joules
    result.temperature = [temperature, end.temperature].compactMap { $0 }.max()
    result.clock = Statistics.mean([clock, end.clock].compactMap { $0 })
    return result
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
