import Devices
import Testing

@Suite struct OpeningTests {
  @Test("a host without a driver is told so in one sentence")
  func absent() throws {
    #expect(throws: DeviceError.self) { try CUDADriver.open("/nowhere/libcuda.so.1") }
  }
}
