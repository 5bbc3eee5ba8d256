// Kernels from their text to their result on a fake device, which runs them on the CPU.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct KernelTests {
  @Test("a text is compiled, loaded, launched and its result copied back")
  func add() throws {
    let bench = try Bench()
    let a = (0..<1000).map { Float($0) }
    let out = try bench.context.allocate(4000)
    let function = try bench.module.function("add")
    try bench.context.launch(
      function, grid: LaunchExtent(8), block: LaunchExtent(128),
      arguments: [
        .pointer(out), .pointer(try bench.buffer(a)), .pointer(try bench.buffer(a.map { 2 * $0 })),
        .int32(1000),
      ])
    #expect(try bench.context.values(out, count: 1000, of: Float(0)) == a.map { 3 * $0 })
    #expect(function.registers > 0 && function.localBytes == 0 && function.mostThreads == 1024)
    #expect(try function.blocksPerMultiprocessor(threads: 256, sharedBytes: 0) == 8)
  }

  @Test("threads of a block wait for one another, and a launch laid out once can be given often")
  func sums() throws {
    let bench = try Bench()
    let a = (0..<128).map { Float($0) }
    let out = try bench.context.allocate(8)
    let launch = try CUDALaunch(
      bench.module.function("sums"), grid: LaunchExtent(2), block: LaunchExtent(64),
      arguments: [.pointer(out), .pointer(try bench.buffer(a)), .float(0.5)])
    for _ in 0..<3 {
      try bench.context.fill(out, byte: 0xFF)
      try bench.context.launch(launch)
      #expect(try bench.context.values(out, count: 2, of: Float(0)) == [1008, 3056])
    }
  }
}
