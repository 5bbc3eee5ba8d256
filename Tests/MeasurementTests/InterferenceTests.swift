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

  @Test("energy wraps, throttling counts up once a core, heat is the highest, the clock is the mean")
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
        cpu + "/thermal_throttle/core_throttle_count": "5", "/proc/stat": "cpu  10 0 10 80 0 0 0 0 0 0",
        "/sys/devices/system/cpu/cpu7/thermal_throttle/core_throttle_count": "4",
        cpu + "/topology/physical_package_id": "0", cpu + "/topology/core_id": "3",
        "/sys/devices/system/cpu/cpu7/topology/physical_package_id": "0",
        "/sys/devices/system/cpu/cpu7/topology/core_id": "3", cpu + "/cpufreq/scaling_cur_freq": "2000000",
        "/sys/class/hwmon/hwmon1/name": "k10temp", "/sys/class/hwmon/hwmon1/temp1_input": "61500",
        "/sys/class/hwmon/hwmon2/name": "nvme", "/sys/class/hwmon/hwmon2/temp1_input": "99000",
      ], under: root)
    let before = InterferenceReading(cpus: CPUSet([3, 7]), root: root)
    let usage = UsageReading(root: root)
    try write(
      [
        zone + "/energy_uj": "3000000", cpu + "/thermal_throttle/core_throttle_count": "7",
        "/sys/devices/system/cpu/cpu7/thermal_throttle/core_throttle_count": "7",
        "/proc/stat": "cpu  20 0 10 160 0 0 0 0 0 0",
        cpu + "/cpufreq/scaling_cur_freq": "3000000", "/sys/class/hwmon/hwmon1/temp1_input": "58000",
      ], under: root)
    var found = Interference()
    before.note(until: InterferenceReading(cpus: CPUSet([3, 7]), root: root), in: &found)
    usage.add(until: UsageReading(root: root), to: &found)
    #expect(found.packageEnergy.map { abs($0 - 4) < 1e-9 } == true)  // after the wrap
    #expect(found.throttleEvents == 2)  // two threads of one core saw the same
    #expect(found.stealFraction == nil)  // no tick since boot: this hypervisor does not report
    #expect(found.temperature.map { abs($0 - 61.5) < 1e-9 } == true)
    #expect(found.clock.map { abs($0 - 2.5e9) < 1 } == true)
  }

  @Test("a host without the files says nothing, and that is no error")
  func nothing() {
    let reading = InterferenceReading(cpus: CPUSet([0]), root: "/nonexistent")
    var found = Interference()
    reading.note(until: InterferenceReading(cpus: CPUSet([0]), root: "/nonexistent"), in: &found)
    #expect(found == Interference())
    let usage = UsageReading(root: "/nonexistent")
    usage.add(until: UsageReading(root: "/nonexistent"), to: &found)
    #expect(found.packageEnergy == nil && found.throttleEvents == nil && found.temperature == nil)
    #expect(found.clock == nil && found.cycles == nil)
    #expect(found.involuntarySwitches != nil)
  }

  @Test("stolen time is a share of all CPUs' time, once the hypervisor has reported any")
  func stolen() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)").path()
    defer { try? FileManager.default.removeItem(atPath: root) }
    try write(["/proc/stat": "cpu  10 0 10 80 0 0 0 5 0 0"], under: root)
    let before = InterferenceReading(cpus: CPUSet([0]), root: root)
    try write(["/proc/stat": "cpu  70 0 10 95 0 0 0 30 0 0"], under: root)
    var found = Interference()
    before.note(until: InterferenceReading(cpus: CPUSet([0]), root: root), in: &found)
    #expect(found.stealFraction == 0.25)
  }

  @Test("faults of several turns add up, and those between the turns do not count")
  func turns() {
    var found = Interference()
    let pages = 256
    func touch() {
      let size = pages * 4_096
      guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        memory != MAP_FAILED
      else { return }
      madvise(memory, size, MADV_NOHUGEPAGE)
      for page in 0..<pages { memory.storeBytes(of: 1, toByteOffset: page * 4_096, as: UInt8.self) }
      munmap(memory, size)
    }
    for _ in 0..<2 {
      touch()
      let before = UsageReading(root: "/nonexistent")
      touch()
      before.add(until: UsageReading(root: "/nonexistent"), to: &found)
    }
    // Other tests of this process fault too, so there is no upper bound to hold it to.
    #expect((found.minorFaults ?? 0) >= 2 * pages)
    #expect(found.majorFaults != nil && found.involuntarySwitches != nil)
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
