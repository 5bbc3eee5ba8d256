// Launches that no device takes, kernels that go astray, and devices that are lost on the way.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct LaunchTests {
  @Test("extents, offsets and shared memory that no device has are refused, not passed on")
  func refused() throws {
    let bench = try Bench()
    let idle = try bench.module.function("idle")
    let one = LaunchExtent(1)
    for (grid, block) in [
      (LaunchExtent(0), one), (one, LaunchExtent(0)), (one, LaunchExtent(1025)), (one, LaunchExtent(1, -1)),
      (LaunchExtent(Int.max), one), (LaunchExtent(1, 65_536), one), (LaunchExtent(1, 1, 65_536), one),
    ] {
      #expect(isRefused { try bench.context.launch(idle, grid: grid, block: block, arguments: []) })
    }
    #expect(
      refusal { try bench.context.launch(idle, grid: one, block: LaunchExtent(64, 64), arguments: []) }?.code
        == 1)
    let buffer = try bench.context.allocate(16)
    for offset in [-1, 17, Int.min] {
      #expect(
        isRefused {
          _ = try CUDALaunch(idle, grid: one, block: one, arguments: [.pointer(buffer, offset: offset)])
        })
    }
    for bytes in [-1, 232_449] {
      #expect(
        isRefused { _ = try CUDALaunch(idle, grid: one, block: one, sharedBytes: bytes, arguments: []) })
    }
    try bench.context.launch(idle, grid: LaunchExtent(3, 2, 2), block: LaunchExtent(4, 2, 2), arguments: [])
    try bench.context.synchronise()
  }

  @Test("shared memory above 48 KiB is had by a kernel that was told of it, and by no other")
  func shared() throws {
    let bench = try Bench()
    let one = LaunchExtent(1)
    let much = 100_000
    let plain = try bench.module.function("idle")
    #expect(
      refusal {
        try bench.context.launch(plain, grid: one, block: one, sharedBytes: much, arguments: [])
      }?.code == 1)
    let told = try bench.module.function("idle", dynamicSharedBytes: much)
    try bench.context.launch(told, grid: one, block: one, sharedBytes: much, arguments: [])
    let error = try #require(refusal { _ = try bench.module.function("idle", dynamicSharedBytes: 232_449) })
    #expect(error.reason.contains("Fake H200 gives a block 232448"), "\(error)")
  }

  @Test("a kernel that writes outside its buffers loses the device, and every later call says so")
  func astray() throws {
    for place: Int64 in [4, -1, 64, 1 << 40] {
      let bench = try Bench()
      let buffer = try bench.context.allocate(16)
      let other = try bench.context.allocate(16)
      try bench.context.launch(
        bench.module.function("astray"), grid: LaunchExtent(1), block: LaunchExtent(1),
        arguments: [.pointer(buffer), .int64(place)])
      let error = try #require(refusal { try bench.context.synchronise() })
      #expect(error.code == 700 && error.isLost && error.reason.contains("Xid"), "place \(place): \(error)")
      #expect(refusal { try bench.context.fill(other, byte: 0) }?.isLost == true)
      #expect(refusal { _ = try bench.context.allocate(8) }?.code == 700)
    }
  }

  @Test("a device that is lost on the way fails from then on, after the launches that it did")
  func lost() throws {
    let bench = try Bench(["LOST": "2"])
    let idle = try CUDALaunch(
      bench.module.function("idle"), grid: LaunchExtent(1), block: LaunchExtent(1), arguments: [])
    for _ in 0..<2 {
      try bench.context.launch(idle)
      try bench.context.synchronise()
    }
    try bench.context.launch(idle)
    let error = try #require(refusal { try bench.context.synchronise() })
    #expect(error.code == 719 && error.isLost && !error.isAbsence, "\(error)")
    #expect(refusal { try bench.context.launch(idle) }?.isLost == true)
  }

  @Test("a kernel whose result is made wrong is wrong: what compares results can be tried")
  func wrong() throws {
    let bench = try Bench(["WRONG": "add"])
    let out = try bench.context.allocate(8)
    try bench.context.launch(
      bench.module.function("add"), grid: LaunchExtent(1), block: LaunchExtent(32),
      arguments: [
        .pointer(out), .pointer(try bench.buffer([1, 2])), .pointer(try bench.buffer([3, 4])), .int32(2),
      ])
    let values = try bench.context.values(out, count: 2, of: Float(0))
    #expect(values[0] != 4 && values[1] == 6)
  }
}
