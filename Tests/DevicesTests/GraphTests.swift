// The device's clock, and work that is recorded first and done later.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct GraphTests {
  /// Doubles a buffer of one float with each launch: out = a + a.
  private func doubling(_ bench: Bench, _ buffer: DeviceBuffer) throws -> CUDALaunch {
    try CUDALaunch(
      bench.module.function("add"), grid: LaunchExtent(1), block: LaunchExtent(32),
      arguments: [.pointer(buffer), .pointer(buffer), .pointer(buffer), .int32(1)])
  }

  @Test("captured work is done when the graph is launched, as often as it is")
  func replay() throws {
    let bench = try Bench()
    let buffer = try bench.buffer([1])
    let launch = try doubling(bench, buffer)
    let graph = try bench.context.capture { () throws(DeviceError) in
      for _ in 0..<3 { try bench.context.launch(launch) }
    }
    #expect(try bench.context.values(buffer, count: 1, of: Float(0)) == [1])
    try bench.context.launch(graph)
    try bench.context.launch(graph)
    #expect(try bench.context.values(buffer, count: 1, of: Float(0)) == [64])
  }

  @Test("a capture that fails, or in which something waits, leaves the stream as it was")
  func broken() throws {
    let bench = try Bench()
    let buffer = try bench.buffer([1])
    let launch = try doubling(bench, buffer)
    let own = DeviceError("as it likes")
    #expect(
      refusal { _ = try bench.context.capture { () throws(DeviceError) in throw own } } == own)
    let waits = refusal {
      _ = try bench.context.capture { () throws(DeviceError) in
        try bench.context.launch(launch)
        try bench.context.synchronise()
      }
    }
    #expect(waits?.code == 900 && waits?.isLost == false, "\(waits as Any)")
    let hidden = refusal {
      _ = try bench.context.capture { () throws(DeviceError) in _ = try? bench.context.allocate(8) }
    }
    #expect(hidden?.code == 901, "\(hidden as Any)")
    try bench.context.launch(launch)
    #expect(try bench.context.values(buffer, count: 1, of: Float(0)) == [2])
  }

  @Test("time runs from one mark to the next, and not from a mark that was never made")
  func events() throws {
    let bench = try Bench()
    let (start, end) = (try bench.context.makeEvent(), try bench.context.makeEvent())
    #expect(refusal { _ = try bench.context.elapsed(from: start, to: end) }?.code == 400)
    try bench.context.record(start)
    try bench.context.launch(doubling(bench, bench.buffer([1])))
    try bench.context.record(end)
    let seconds = try bench.context.elapsed(from: start, to: end)
    #expect(seconds > 0)
    #expect(try bench.context.elapsed(from: end, to: start) == -seconds)
  }
}
