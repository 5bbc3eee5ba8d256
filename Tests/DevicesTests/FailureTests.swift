// Every call that the program makes fails once: each failure comes out as an error that names the call, or
// the call is one that the program can do without. The names are read from the headers, so that a new call is
// tried too.

import Devices
import FakeCUDA
import Foundation
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct FailureTests {
  /// All that a measurement does, on two devices.
  private func everything(_ settings: [String: String]) throws {
    try everything(FakeCUDA(settings.merging(["DEVICES": "2"]) { own, _ in own }))
  }

  private func everything(_ host: FakeCUDA) throws {
    let driver = try CUDADriver.open(host.driver)
    let context = try driver.context(0)
    let compiler = try NVRTC.open(for: driver, host.compiler)
    _ = try compiler.architectures()
    let text = try compiler.compile(kernelText, name: "kernels", architecture: context.facts.architecture)
    let module = try context.module(text.image)
    let idle = try module.function("idle", dynamicSharedBytes: 50_000)
    _ = try idle.blocksPerMultiprocessor(threads: 32, sharedBytes: 0)
    _ = try context.memoryFree()
    let buffer = try context.filled([Float](repeating: 1, count: 256))
    let pinned = try context.hostBuffer(64)
    try context.enqueueCopy(pinned, to: buffer.from(0), bytes: 64)
    try context.enqueueCopy(buffer.from(0), to: buffer.from(64), bytes: 64)
    try context.enqueueCopy(buffer.from(0), to: pinned, bytes: 64)
    try context.fill(buffer, byte: 1)
    let (start, end) = (try context.makeEvent(), try context.makeEvent())
    try context.record(start)
    try context.launch(idle, grid: LaunchExtent(1), block: LaunchExtent(1), arguments: [])
    try context.record(end)
    _ = try context.elapsed(from: start, to: end)
    let graph = try context.capture { () throws(DeviceError) in try context.fill(buffer, byte: 0) }
    try context.launch(graph)
    let other = try driver.context(1)
    _ = try context.reach(other)
    let far = try other.allocate(64)
    try context.enqueueCopy(buffer.from(0), to: far.from(0), bytes: 64)
    try context.synchronise()
    var product = BLASProduct(
      m: 2, n: 2, k: 16, batch: 2, a: .fp8E4M3, b: .fp8E4M3, c: .float, sum: .float, transposesB: true)
    product.strideA = 0
    product.strideB = 0
    let plan = try CUBLASLt(on: context, host.products).plan(product, scaleA: buffer.from(0))
    let best = try plan.candidates(workspaceBytes: 0, count: 1)[0]
    try plan.run(best, a: buffer.from(0), b: buffer.from(0), c: buffer.from(256), workspace: nil)
    _ = try NVML.open(host.management).device(context.facts.pciBusID ?? "0000:1b:00.0").readings()
  }

  /// Calls without which a measurement goes on: endings, sensors, and what only describes.
  private let dispensable: Set<String> = [
    "cuDevicePrimaryCtxRelease_v2", "cuStreamDestroy_v2", "cuGraphExecDestroy", "cuGraphDestroy",
    "cuMemFree_v2",
    "cuMemFreeHost", "cuModuleUnload", "cuEventDestroy_v2", "cuDeviceGetPCIBusId", "nvrtcDestroyProgram",
    "nvrtcGetProgramLogSize", "nvrtcGetProgramLog", "cublasLtDestroy", "cublasLtMatmulDescDestroy",
    "cublasLtMatrixLayoutDestroy", "cublasLtMatmulPreferenceDestroy", "cublasLtMatmulAlgoConfigGetAttribute",
    "nvmlShutdown", "nvmlSystemGetDriverVersion",
  ]
  /// Calls that only say what a number means; the fake does not fail them.
  private let words: Set<String> = [
    "cuGetErrorName", "cuGetErrorString", "nvrtcGetErrorString", "cublasLtGetVersion",
    "cublasLtGetStatusName",
    "nvmlErrorString",
  ]

  /// Names of the calls in the headers.
  private var calls: [String] {
    get throws {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/CCUDA/include")
      return try ["Driver", "Compiler", "Blas", "Management"].flatMap { name in
        let text = try String(contentsOf: folder.appending(path: "CCUDA\(name).h"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("  X(") }.compactMap { line in
          line.dropFirst(4).split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            .first { ["cu", "nvrtc", "nvml"].contains(where: $0.hasPrefix) }
        }
      }
    }
  }

  @Test("the failure of each call is an error that names it, or is borne")
  func each() throws {
    let calls = try calls
    #expect(calls.count == 90, "\(calls.count)")
    #expect(throws: Never.self) { try everything([:]) }
    for call in calls where !words.contains(call) {
      let error = refusal { try everything(["FAIL": "\(call):0:1"]) }
      if dispensable.contains(call) || call.hasPrefix("nvmlDeviceGet") && !call.hasSuffix("PciBusId_v2") {
        #expect(error == nil, "\(call): \(error as Any)")
      } else {
        #expect(error?.call == call && error?.code == 1, "\(call): \(error as Any)")
        #expect(error?.isAbsence == false && error?.isLost == false)
      }
    }
  }

  @Test("all that was made is given back, also where a capture, a context or a text fails")
  func givenBack() throws {
    for failing in [
      "", "cuStreamCreate", "cuGraphInstantiateWithFlags", "cuModuleGetFunction", "cuMemsetD8Async",
    ] {
      let host = try FakeCUDA(["DEVICES": "2", "FAIL": failing.isEmpty ? "" : "\(failing):0:1"])
      #expect((refusal { try everything(host) }?.call ?? "") == failing)
      let live = try #require(dlsym(dlopen(host.driver, RTLD_NOW | RTLD_NOLOAD), "fake_driver_live"))
      #expect(unsafeBitCast(live, to: (@convention(c) () -> Int32).self)() == 0, "\(failing)")
    }
  }

  @Test("an error of a call that comes again is not hidden by its first success")
  func later() throws {
    for call in [
      "cuCtxSetCurrent", "cuStreamSynchronize", "cublasLtMatrixLayoutSetAttribute", "cuMemAlloc_v2",
    ] {
      let error = refusal { try everything(["FAIL": "\(call):2:999"]) }
      #expect(error?.call == call && error?.code == 999, "\(call): \(error as Any)")
      #expect(error?.isLost == !call.hasPrefix("cublas"))
    }
  }
}
