// Where all work of a device is given: its primary context and one stream that does not wait for any other.

import CCUDA
import Quantities
import Synchronization

/// A device that is ready to work. Everything goes to one stream, so it runs in the order in which it was
/// given.
///
/// Calls that say "enqueues" return before the work is done; `synchronise()` waits for all of it and throws
/// what went wrong meanwhile. Usable from any thread: each call makes the context current first, which costs
/// nanoseconds.
public final class CUDAContext: @unchecked Sendable {
  /// The driver that it belongs to.
  public let driver: CUDADriver
  /// The device.
  public let facts: CUDADeviceFacts
  let handle: ccuda_context
  let stream: ccuda_stream
  private let device: ccuda_device
  /// Ordinals of devices whose memory this one may reach.
  private let peers = Mutex<Set<Int>>([])

  init(driver: CUDADriver, facts: CUDADeviceFacts) throws(DeviceError) {
    self.driver = driver
    self.facts = facts
    let calls = driver.calls
    var device: ccuda_device = 0
    try driver.check(calls.cuDeviceGet(&device, Int32(facts.ordinal)), "cuDeviceGet")
    var context: ccuda_context?
    try driver.check(calls.cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain")
    var stream: ccuda_stream?
    do throws(DeviceError) {
      try driver.check(calls.cuCtxSetCurrent(context), "cuCtxSetCurrent")
      try driver.check(calls.cuStreamCreate(&stream, UInt32(CCUDA_STREAM_NON_BLOCKING)), "cuStreamCreate")
      guard let context, let stream else { throw nothing("cuStreamCreate") }
      (self.handle, self.stream, self.device) = (context, stream, device)
    } catch {
      _ = calls.cuDevicePrimaryCtxRelease_v2(device)
      throw error
    }
  }

  deinit {
    _ = driver.calls.cuCtxSetCurrent(handle)
    _ = driver.calls.cuStreamDestroy_v2(stream)
    _ = driver.calls.cuDevicePrimaryCtxRelease_v2(device)
  }

  /// Waits until all work given so far is done.
  ///
  /// - Throws: what went wrong in any of it; `isLost` after a fault of a kernel.
  public func synchronise() throws(DeviceError) {
    try current()
    try driver.check(driver.calls.cuStreamSynchronize(stream), "cuStreamSynchronize")
  }

  /// Bytes of the device's memory that nobody holds.
  public func memoryFree() throws(DeviceError) -> Int {
    try current()
    var free = 0
    var total = 0
    try driver.check(driver.calls.cuMemGetInfo_v2(&free, &total), "cuMemGetInfo_v2")
    return free
  }

  /// Lets this device reach another's memory directly.
  ///
  /// - Returns: false where the two cannot: copies then go through the host.
  public func reach(_ other: CUDAContext) throws(DeviceError) -> Bool {
    let isKnown = peers.withLock { $0.contains(other.facts.ordinal) }
    if isKnown { return true }
    var answer: Int32 = 0
    try driver.check(
      driver.calls.cuDeviceCanAccessPeer(&answer, device, other.device), "cuDeviceCanAccessPeer")
    guard answer != 0 else { return false }
    try current()
    let code = driver.calls.cuCtxEnablePeerAccess(other.handle, 0)
    // 704: enabled already, by another user of the primary context.
    if code != 704 { try driver.check(code, "cuCtxEnablePeerAccess") }
    peers.withLock { _ = $0.insert(other.facts.ordinal) }
    return true
  }

  /// Makes the context the one of this thread.
  func current() throws(DeviceError) {
    try driver.check(driver.calls.cuCtxSetCurrent(handle), "cuCtxSetCurrent")
  }
}

/// A call that said it was done and handed nothing back.
func nothing(_ call: String) -> DeviceError {
  DeviceError("\(call) said it was done but gave nothing; is this NVIDIA's library?", call: call)
}
