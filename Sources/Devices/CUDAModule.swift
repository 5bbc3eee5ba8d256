// Compiled kernels on a device.

import CCUDA
import Quantities

/// Machine code that a device has loaded; unloaded with its last use.
public final class CUDAModule: @unchecked Sendable {
  /// The device.
  public let context: CUDAContext
  private let handle: ccuda_module

  init(context: CUDAContext, image: [UInt8]) throws(DeviceError) {
    self.context = context
    try context.current()
    var handle: ccuda_module?
    // A driver reads the length from the image; one that is cut short must not be read past its end.
    let padded = image + [UInt8](repeating: 0, count: 16)
    try context.driver.check(context.driver.calls.cuModuleLoadData(&handle, padded), "cuModuleLoadData")
    guard let handle else { throw nothing("cuModuleLoadData") }
    self.handle = handle
  }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = context.driver.calls.cuModuleUnload(handle)
  }

  /// A kernel by its name (`extern "C"`).
  ///
  /// - Parameter dynamicSharedBytes: what a launch will ask for beside the kernel's own; above 48 KiB a kernel must
  ///   be told once.
  public func function(_ name: String, dynamicSharedBytes: Int = 0) throws(DeviceError) -> CUDAFunction {
    try context.current()
    let driver = context.driver
    var handle: ccuda_function?
    try driver.check(driver.calls.cuModuleGetFunction(&handle, self.handle, name), "cuModuleGetFunction")
    guard let handle else { throw nothing("cuModuleGetFunction") }
    let limit = Int(Unit.kibibyte.toBase(48))
    if dynamicSharedBytes > limit {
      guard dynamicSharedBytes <= context.facts.sharedBytesPerBlock else {
        throw DeviceError(
          "kernel \(name) needs \(dynamicSharedBytes) bytes of shared memory, \(context.facts.name) gives a block "
            + "\(context.facts.sharedBytesPerBlock)")
      }
      try driver.check(
        driver.calls.cuFuncSetAttribute(
          handle, Int32(CCUDA_FUNCTION_MOST_DYNAMIC_SHARED_BYTES), Int32(dynamicSharedBytes)),
        "cuFuncSetAttribute")
    }
    // Level 1 cache and shared memory are one: a kernel that stages its operands wants all of it shared. A hint only.
    if dynamicSharedBytes > 0 {
      _ = driver.calls.cuFuncSetAttribute(handle, Int32(CCUDA_FUNCTION_SHARED_CARVEOUT), 100)
    }
    func attribute(_ number: Int) throws(DeviceError) -> Int {
      var value: Int32 = 0
      try driver.check(driver.calls.cuFuncGetAttribute(&value, Int32(number), handle), "cuFuncGetAttribute")
      return Int(value)
    }
    return CUDAFunction(
      module: self, handle: handle, name: name, registers: try attribute(CCUDA_FUNCTION_REGISTERS),
      localBytes: try attribute(CCUDA_FUNCTION_LOCAL_BYTES),
      staticSharedBytes: try attribute(CCUDA_FUNCTION_SHARED_BYTES),
      mostThreads: try attribute(CCUDA_FUNCTION_MOST_THREADS))
  }
}

/// A kernel of a module.
public final class CUDAFunction: @unchecked Sendable {
  /// Its module.
  public let module: CUDAModule
  /// Its name in the text.
  public let name: String
  /// Registers of a thread.
  public let registers: Int
  /// Bytes of a thread that lie in memory for want of registers; 0 = none.
  public let localBytes: Int
  /// Shared memory that the text itself declares.
  public let staticSharedBytes: Int
  /// Threads that a block may have at most.
  public let mostThreads: Int
  let handle: ccuda_function

  init(
    module: CUDAModule, handle: ccuda_function, name: String, registers: Int, localBytes: Int,
    staticSharedBytes: Int, mostThreads: Int
  ) {
    self.module = module
    self.handle = handle
    self.name = name
    self.registers = registers
    self.localBytes = localBytes
    self.staticSharedBytes = staticSharedBytes
    self.mostThreads = mostThreads
  }

  /// Blocks that a multiprocessor holds at a time.
  public func blocksPerMultiprocessor(threads: Int, sharedBytes: Int) throws(DeviceError) -> Int {
    let context = module.context
    try context.current()
    var blocks: Int32 = 0
    try context.driver.check(
      context.driver.calls.cuOccupancyMaxActiveBlocksPerMultiprocessor(
        &blocks, handle, Int32(clamping: threads), max(0, sharedBytes)),
      "cuOccupancyMaxActiveBlocksPerMultiprocessor")
    return Int(blocks)
  }
}

extension CUDAContext {
  /// Loads machine code.
  ///
  /// - Parameter image: what `NVRTC.compile` made.
  public func module(_ image: [UInt8]) throws(DeviceError) -> CUDAModule {
    try CUDAModule(context: self, image: image)
  }
}
