// Counters from a folder of our own making that stands for the root of a host.

import Foundation
import Machines
import Measurement
import Testing

@Suite struct InterferenceTests {
  private func write(_ files: [String: String], under root: String) throws {
    for (path, text) in files {
      let url = URL(filePath: root + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: url)
    }
  }

  @Test("energy wraps, throttling counts up, heat is the highest, the clock is the mean")
  func files() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)").path()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let zone = "/sys/class/powercap/intel-rapl:0"
    let cpu = "/sys/devices/system/cpu/cpu3"
    try write(
      [
        zone + "/name": "package-0", zone + "/energy_uj": "9000000",
        zone + "/max_energy_range_uj": "10000000",
        "/sys/class/powercap/intel-rapl:0:0/name": "core",
        "/sys/class/powercap/intel-rapl:0:0/energy_uj": "1",
        cpu + "/thermal_throttle/core_throttle_count": "5", cpu + "/cpufreq/scaling_cur_freq": "2000000",
        "/sys/class/hwmon/hwmon1/name": "k10temp", "/sys/class/hwmon/hwmon1/temp1_input": "61500",
        "/sys/class/hwmon/hwmon2/name": "nvme", "/sys/class/hwmon/hwmon2/temp1_input": "99000",
      ], under: root)
    let before = InterferenceReading(cpus: CPUSet([3]), root: root)
    try write(
      [
        zone + "/energy_uj": "3000000", cpu + "/thermal_throttle/core_throttle_count": "7",
        cpu + "/cpufreq/scaling_cur_freq": "3000000", "/sys/class/hwmon/hwmon1/temp1_input": "58000",
      ], under: root)
    let found = before.interference(
      until: InterferenceReading(cpus: CPUSet([3]), root: root), sharing: 2)
    #expect(found.packageEnergy.map { abs($0 - 2) < 1e-9 } == true)  // 4 J after the wrap, shared by two
    #expect(found.throttleEvents == 2)
    #expect(found.temperature.map { abs($0 - 61.5) < 1e-9 } == true)
    #expect(found.clock.map { abs($0 - 2.5e9) < 1 } == true)
  }

  @Test("a host without the files says nothing, and that is no error")
  func nothing() {
    let reading = InterferenceReading(cpus: CPUSet([0]), root: "/nonexistent")
    let found = reading.interference(
      until: InterferenceReading(cpus: CPUSet([0]), root: "/nonexistent"), sharing: 1)
    #expect(found.packageEnergy == nil && found.throttleEvents == nil && found.temperature == nil)
    #expect(found.clock == nil && found.cycles == nil)
    #expect(found.involuntarySwitches != nil)
  }

  @Test("counters, where there are any, rise with the work")
  func counters() {
    guard let counters = Counters() else { return }  // a guest without them
    guard let before = counters.read() else { return }
    var sum = 1.0
    for i in 1..<2_000_000 { sum += 1 / Double(i) }
    guard let after = counters.read() else { return }
    let work = after - before
    #expect(sum > 1 && work.instructions > 1e6 && work.cycles > 0)
  }
}
