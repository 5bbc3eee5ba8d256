// Clock, power and link of a device, and devices that keep some of it to themselves.

import Devices
import FakeCUDA
import Foundation
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct SensorTests {
  private func device(_ settings: [String: String] = [:], at place: String = "0000:1b:00.0") throws
    -> NVMLDevice
  {
    let host = try FakeCUDA(settings)
    return try withExtendedLifetime(host) { try NVML.open(host.management).device(place) }
  }

  @Test("readings are in base units")
  func readings() throws {
    let readings = try device().readings()
    #expect(readings.clock == 1.755e9 && readings.highestClock == 1.98e9 && readings.memoryClock == 3.201e9)
    #expect(readings.power == 512.25 && readings.powerLimit == 700 && readings.temperature == 54)
    #expect(readings.energy == 1_234_567)
    #expect(readings.limits == [.power, .heat])
    #expect(readings.pcieGeneration == 4 && readings.highestPCIeGeneration == 5)
    #expect(readings.pcieLanes == 8 && readings.mostPCIeLanes == 16)
    #expect(readings.isDivided == false)
    #expect(try device(["MIG": "1"]).readings().isDivided == true)
  }

  @Test("what a device does not tell is nil, and the rest is told")
  func silent() throws {
    let calls = [
      "nvmlDeviceGetClockInfo", "nvmlDeviceGetPowerUsage", "nvmlDeviceGetTotalEnergyConsumption",
      "nvmlDeviceGetCurrentClocksThrottleReasons", "nvmlDeviceGetMigMode",
    ]
    let readings = try device(["FAIL": calls.map { "\($0):0:3" }.joined(separator: ",")]).readings()
    #expect(readings.clock == nil && readings.memoryClock == nil && readings.power == nil)
    #expect(readings.energy == nil && readings.limits == nil && readings.isDivided == nil)
    #expect(readings.temperature == 54 && readings.powerLimit == 700)
    #expect(try JSONDecoder().decode(DeviceReadings.self, from: JSONEncoder().encode(readings)) == readings)
  }

  @Test("a device is found by its place on the bus, one that is gone is lost")
  func places() throws {
    #expect(try device(["DEVICES": "2"], at: "0000:2b:00.0").sample().power == 512.25)
    let none = try #require(refusal { _ = try device(at: "0000:2b:00.0") })
    #expect(none.code == 6 && !none.isLost && none.reason.contains("nvidia-smi"), "\(none)")
    let gone = try #require(refusal { _ = try device(["FAIL": "nvmlDeviceGetHandleByPciBusId_v2:0:15"]) })
    #expect(gone.isLost, "\(gone)")
    let start = try #require(refusal { _ = try device(["FAIL": "nvmlInit_v2:0:9"]) })
    #expect(start.call == "nvmlInit_v2" && start.code == 9)
    #expect(
      try withExtendedLifetime(FakeCUDA()) { host in try NVML.open(host.management).driverVersion }
        == "570.86.15")
  }
}
