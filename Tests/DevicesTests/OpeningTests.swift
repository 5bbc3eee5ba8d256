// Hosts without a driver, with an old one, with one that is none: each is told apart in one sentence.

import Devices
import FakeCUDA
import Foundation
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct OpeningTests {
  @Test("a host without a driver, compiler, products or sensors is told so, and how to get them")
  func absent() throws {
    let nowhere = "/nowhere/lib.so"
    let context = try Bench().context
    for (error, name) in [
      (refusal { _ = try CUDADriver.open(nowhere) }, "DRIVER"),
      (refusal { _ = try NVRTC.open(nowhere) }, "NVRTC"),
      (refusal { _ = try CUBLASLt(on: context, nowhere) }, "CUBLASLT"),
      (refusal { _ = try NVML.open(nowhere) }, "NVML"),
    ] {
      let error = try #require(error)
      #expect(error.isAbsence && !error.isLost && error.code == nil)
      #expect(error.reason.contains("PLIMSOLL_CUDA_\(name)") && error.reason.contains(nowhere), "\(error)")
      #expect(!error.reason.contains("\n"))
    }
  }

  @Test("a driver older than the program is named with both versions, before anything else is asked of it")
  func old() throws {
    let host = try FakeCUDA(["DRIVER": "11040", "FAIL": "cuInit:0:999"])
    let error = try #require(refusal { _ = try CUDADriver.open(host.driver) })
    #expect(error.reason.contains("version 11.4, older than the 11.8"), "\(error)")
    #expect(!error.isAbsence)
    #expect(try fakeDriver(["DRIVER": "13010"]).version == (13, 1))
  }

  @Test("a library that is not what it should be is named with the function that it lacks")
  func wrong() throws {
    let host = try FakeCUDA()
    let context = try Bench().context
    for (error, function) in [
      (refusal { _ = try CUDADriver.open(host.management) }, "cuDriverGetVersion"),
      (refusal { _ = try NVRTC.open(host.driver) }, "nvrtcGetErrorString"),
      (refusal { _ = try CUBLASLt(on: context, host.driver) }, "cublasLtGetVersion"),
      (refusal { _ = try NVML.open(host.driver) }, "nvmlInit_v2"),
    ] {
      #expect(
        error?.reason.contains("has no \(function)") == true && error?.isAbsence == false, "\(error as Any)")
    }
    let text = host.folder + "/text.so"
    try "text".write(toFile: text, atomically: false, encoding: .utf8)
    #expect(refusal { _ = try CUDADriver.open(text) }?.reason.contains("file too short") == true)
  }

  @Test("a driver without devices is an absence, one whose fabric is down is not")
  func devices() throws {
    let none = try #require(refusal { _ = try fakeDriver(["DEVICES": "0"]) })
    #expect(none.isAbsence && none.code == 100 && none.reason.contains("CUDA_VISIBLE_DEVICES"), "\(none)")
    let fabric = try #require(refusal { _ = try fakeDriver(["FAIL": "cuInit:0:802"]) })
    #expect(!fabric.isAbsence && fabric.reason.contains("nvidia-fabricmanager"), "\(fabric)")
    #expect(fabric.reason.hasPrefix("cuInit failed: CUDA_ERROR_SYSTEM_NOT_READY (802)"))
  }

  @Test("a device that is not there is refused with those that are")
  func ordinal() throws {
    let driver = try fakeDriver(["DEVICES": "2"])
    for ordinal in [2, -1, Int.max] {
      let error = try #require(refusal { _ = try driver.context(ordinal) })
      #expect(error.isAbsence && error.reason.contains("cuda:0 Fake H200, cuda:1 Fake H200"), "\(error)")
    }
  }

  @Test("the facts of a device are in base units, its place on the bus as the kernel writes it")
  func facts() throws {
    let facts = try fakeDriver(["DEVICES": "2"]).devices()[1]
    #expect(facts.ordinal == 1 && facts.name == "Fake H200" && facts.pciBusID == "0000:2b:00.0")
    #expect(facts.architecture == "sm_90" && facts.multiprocessors == 4 && facts.warpSize == 32)
    #expect(facts.memoryBytes == 1 << 30 && facts.l2Bytes == 1 << 20)
    #expect(facts.sharedBytesPerBlock == 232_448 && facts.sharedBytesPerMultiprocessor == 233_472)
    #expect(facts.clock == 1.98e9 && facts.memoryClock == 3.201e9 && facts.busWidthBits == 6144)
    #expect(!facts.isIntegrated && facts.hasECC && !facts.isInstance)
    #expect(try JSONDecoder().decode(CUDADeviceFacts.self, from: JSONEncoder().encode(facts)) == facts)
    let divided = try fakeDriver(["MIG": "1"]).devices()[0]
    #expect(divided.isInstance && divided.name == "Fake H200 MIG 1g.18gb")
    let silent = try fakeDriver(["FAIL": "cuDeviceGetPCIBusId:0:1"]).devices()[0]
    #expect(silent.pciBusID == nil)
  }
}
