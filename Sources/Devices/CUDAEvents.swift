// The device's own clock, and graphs: work that is given once and replayed.

import CCUDA
import Quantities

/// A mark in a stream with the time at which the device reached it (steps of about half a microsecond).
public final class CUDAEvent: @unchecked Sendable {
  fileprivate let handle: ccuda_event
  private let context: CUDAContext

  fileprivate init(context: CUDAContext, handle: ccuda_event) {
    self.context = context
    self.handle = handle
  }

  /// As `CUDAContext.record`, on the device that made it.
  public func record() throws(DeviceError) { try context.record(self) }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = context.driver.calls.cuEventDestroy_v2(handle)
  }
}

/// Work that the device replays as a whole; addresses and extents are those of the capture, so their buffers
/// must outlive it.
public final class CUDAGraph: @unchecked Sendable {
  fileprivate let handle: ccuda_graph_exec
  private let context: CUDAContext

  fileprivate init(context: CUDAContext, handle: ccuda_graph_exec) {
    self.context = context
    self.handle = handle
  }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = context.driver.calls.cuGraphExecDestroy(handle)
  }
}

extension CUDAContext {
  /// A mark to record.
  public func makeEvent() throws(DeviceError) -> CUDAEvent {
    try current()
    var handle: ccuda_event?
    try driver.check(driver.calls.cuEventCreate(&handle, 0), "cuEventCreate")
    guard let handle else { throw nothing("cuEventCreate") }
    return CUDAEvent(context: self, handle: handle)
  }

  /// Enqueues a mark after the work given so far.
  public func record(_ event: CUDAEvent) throws(DeviceError) {
    try current()
    try driver.check(driver.calls.cuEventRecord(event.handle, stream), "cuEventRecord")
  }

  /// Waits for the second mark; seconds from the first to it by the device's clock.
  public func elapsed(from start: CUDAEvent, to end: CUDAEvent) throws(DeviceError) -> Double {
    try current()
    try driver.check(driver.calls.cuEventSynchronize(end.handle), "cuEventSynchronize")
    var milliseconds: Float = 0
    try driver.check(
      driver.calls.cuEventElapsedTime(&milliseconds, start.handle, end.handle), "cuEventElapsedTime")
    return Unit.millisecond.toBase(Double(milliseconds))
  }

  /// Records the work that `body` gives to this device, instead of doing it, as a graph.
  ///
  /// - Parameter body: enqueues only; what waits for the device, gives or takes memory fails in it. What it launches
  ///   should have run before, since a library may load a kernel at its first launch, which a capture forbids.
  /// - Throws: what `body` throws, or the driver's error.
  public func capture(_ body: () throws(DeviceError) -> Void) throws(DeviceError) -> CUDAGraph {
    try current()
    try driver.check(
      driver.calls.cuStreamBeginCapture_v2(stream, Int32(CCUDA_CAPTURE_THREAD_LOCAL)),
      "cuStreamBeginCapture_v2")
    var refusal: DeviceError?
    do throws(DeviceError) { try body() } catch { refusal = error }
    // The capture must end also where `body` failed, or the stream stays in it.
    var graph: ccuda_graph?
    _ = driver.calls.cuCtxSetCurrent(handle)
    let ending = driver.calls.cuStreamEndCapture(stream, &graph)
    defer { if let graph { _ = driver.calls.cuGraphDestroy(graph) } }
    if let refusal { throw refusal }
    try driver.check(ending, "cuStreamEndCapture")
    var made: ccuda_graph_exec?
    try driver.check(
      driver.calls.cuGraphInstantiateWithFlags(&made, graph, 0), "cuGraphInstantiateWithFlags")
    guard let made else { throw nothing("cuGraphInstantiateWithFlags") }
    return CUDAGraph(context: self, handle: made)
  }

  /// Enqueues a graph.
  public func launch(_ graph: CUDAGraph) throws(DeviceError) {
    try current()
    try driver.check(driver.calls.cuGraphLaunch(graph.handle, stream), "cuGraphLaunch")
  }
}
