// Memory of a device and of the host, and the ways between them. Plain allocations only: managed memory moves
// by itself, and then a bandwidth is that of the moving.

import CCUDA

/// Memory of one device; given back with its last use.
public final class DeviceBuffer: @unchecked Sendable {
  /// The device.
  public let context: CUDAContext
  /// Bytes.
  public let count: Int
  /// Address on the device.
  public let address: UInt64

  init(context: CUDAContext, count: Int, address: UInt64) {
    self.context = context
    self.count = count
    self.address = address
  }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = context.driver.calls.cuMemFree_v2(address)
  }

  /// The buffer from a byte on.
  public func from(_ offset: Int) -> DeviceSlice { DeviceSlice(self, offset: offset) }
}

/// A place in a buffer.
public struct DeviceSlice: Sendable {
  /// The buffer.
  public let buffer: DeviceBuffer
  /// Bytes before the place.
  public let offset: Int

  /// The place `offset` bytes after the start of a buffer.
  public init(_ buffer: DeviceBuffer, offset: Int = 0) {
    self.buffer = buffer
    self.offset = offset
  }

  /// Address on the device; 64 bits wrap rather than trap, for `check` has the last word.
  var address: UInt64 { buffer.address &+ UInt64(bitPattern: Int64(offset)) }

  /// Throws unless `bytes` from here on lie in the buffer.
  func check(_ bytes: Int, _ what: String) throws(DeviceError) {
    guard offset >= 0, bytes >= 0, offset <= buffer.count, bytes <= buffer.count - offset else {
      throw DeviceError(
        "\(what) of \(bytes) bytes from byte \(offset) leaves a buffer of \(buffer.count) bytes; report this")
    }
  }
}

/// Memory of the host that the device reads and writes by itself; given back with its last use.
public final class HostBuffer: @unchecked Sendable {
  /// The memory.
  public let bytes: UnsafeMutableRawBufferPointer
  let context: CUDAContext

  init(context: CUDAContext, bytes: UnsafeMutableRawBufferPointer) {
    self.context = context
    self.bytes = bytes
  }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = context.driver.calls.cuMemFreeHost(bytes.baseAddress)
  }
}

extension CUDAContext {
  /// Memory of the device, not cleared.
  ///
  /// - Parameter bytes: more than 0.
  public func allocate(_ bytes: Int) throws(DeviceError) -> DeviceBuffer {
    guard bytes > 0 else { throw DeviceError("a buffer of \(bytes) bytes was asked for; report this") }
    try current()
    var address: ccuda_address = 0
    try driver.check(driver.calls.cuMemAlloc_v2(&address, bytes), "cuMemAlloc_v2")
    guard address != 0 else { throw nothing("cuMemAlloc_v2") }
    return DeviceBuffer(context: self, count: bytes, address: address)
  }

  /// Page-locked memory of the host, not cleared.
  ///
  /// - Parameter bytes: more than 0.
  public func hostBuffer(_ bytes: Int) throws(DeviceError) -> HostBuffer {
    guard bytes > 0 else { throw DeviceError("host memory of \(bytes) bytes was asked for; report this") }
    try current()
    var memory: UnsafeMutableRawPointer?
    try driver.check(driver.calls.cuMemHostAlloc(&memory, bytes, 0), "cuMemHostAlloc")
    guard let memory else { throw nothing("cuMemHostAlloc") }
    return HostBuffer(context: self, bytes: UnsafeMutableRawBufferPointer(start: memory, count: bytes))
  }

  /// Copies host memory to the device, after all work given so far, and waits.
  public func copyIn(
    _ source: UnsafeRawBufferPointer, to buffer: DeviceBuffer, at offset: Int = 0
  ) throws(DeviceError) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    let to = DeviceSlice(buffer, offset: offset)
    try to.check(source.count, "a copy")
    try current()
    try driver.check(
      driver.calls.cuMemcpyHtoDAsync_v2(to.address, start, source.count, stream), "cuMemcpyHtoDAsync_v2")
    try synchronise()
  }

  /// Copies device memory to the host, after all work given so far, and waits.
  public func copyOut(
    _ buffer: DeviceBuffer, at offset: Int = 0, to target: UnsafeMutableRawBufferPointer
  ) throws(DeviceError) {
    guard let start = target.baseAddress, target.count > 0 else { return }
    let from = DeviceSlice(buffer, offset: offset)
    try from.check(target.count, "a copy")
    try current()
    try driver.check(
      driver.calls.cuMemcpyDtoHAsync_v2(start, from.address, target.count, stream), "cuMemcpyDtoHAsync_v2")
    try synchronise()
  }

  /// Enqueues a copy from page-locked host memory to the device.
  public func enqueueCopy(
    _ source: HostBuffer, at sourceOffset: Int = 0, to target: DeviceSlice, bytes: Int
  ) throws(DeviceError) {
    let start = try place(source, sourceOffset, bytes)
    try target.check(bytes, "a copy")
    try current()
    try driver.check(
      driver.calls.cuMemcpyHtoDAsync_v2(target.address, start, bytes, stream), "cuMemcpyHtoDAsync_v2")
  }

  /// Enqueues a copy from the device to page-locked host memory.
  public func enqueueCopy(
    _ source: DeviceSlice, to target: HostBuffer, at targetOffset: Int = 0, bytes: Int
  ) throws(DeviceError) {
    let start = try place(target, targetOffset, bytes)
    try source.check(bytes, "a copy")
    try current()
    try driver.check(
      driver.calls.cuMemcpyDtoHAsync_v2(start, source.address, bytes, stream), "cuMemcpyDtoHAsync_v2")
  }

  /// Enqueues a copy inside the device, or to another device where the target lies there.
  public func enqueueCopy(_ source: DeviceSlice, to target: DeviceSlice, bytes: Int) throws(DeviceError) {
    try source.check(bytes, "a copy")
    try target.check(bytes, "a copy")
    try current()
    if source.buffer.context.handle == target.buffer.context.handle {
      try driver.check(
        driver.calls.cuMemcpyDtoDAsync_v2(target.address, source.address, bytes, stream),
        "cuMemcpyDtoDAsync_v2")
    } else {
      try driver.check(
        driver.calls.cuMemcpyPeerAsync(
          target.address, target.buffer.context.handle, source.address, source.buffer.context.handle, bytes,
          stream), "cuMemcpyPeerAsync")
    }
  }

  /// Enqueues the filling of a buffer with one byte.
  public func fill(_ buffer: DeviceBuffer, byte: UInt8) throws(DeviceError) {
    try current()
    try driver.check(
      driver.calls.cuMemsetD8Async(buffer.address, byte, buffer.count, stream), "cuMemsetD8Async")
  }

  private func place(
    _ buffer: HostBuffer, _ offset: Int, _ bytes: Int
  ) throws(DeviceError) -> UnsafeMutableRawPointer {
    let count = buffer.bytes.count
    guard let start = buffer.bytes.baseAddress, offset >= 0, bytes >= 0, offset <= count,
      bytes <= count - offset
    else {
      throw DeviceError(
        "a copy of \(bytes) bytes from byte \(offset) leaves host memory of \(count) bytes; report this")
    }
    return start + offset
  }
}
