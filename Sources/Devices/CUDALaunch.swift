// Giving a kernel to a device. Arguments are laid out once, so that what a launch costs is the driver's.

import CCUDA

/// Blocks of a grid, or threads of a block, in three directions.
public struct LaunchExtent: Hashable, Sendable {
  /// First direction, the fastest.
  public let x: Int
  /// Second direction.
  public let y: Int
  /// Third direction.
  public let z: Int

  /// An extent; what is left out is 1.
  public init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
    self.x = x
    self.y = y
    self.z = z
  }
}

/// A value that a kernel is called with; its type must be that of the kernel's parameter.
public enum LaunchArgument: Sendable {
  /// Address of a byte of a buffer.
  case pointer(DeviceBuffer, offset: Int = 0)
  /// A null pointer.
  case null
  /// `int`.
  case int32(Int32)
  /// `unsigned`.
  case uint32(UInt32)
  /// `long long`.
  case int64(Int64)
  /// `unsigned long long`.
  case uint64(UInt64)
  /// `float`.
  case float(Float)
  /// `double`.
  case double(Double)

  /// The value in the low bytes of 8.
  fileprivate var cell: UInt64 {
    switch self {
    case .pointer(let buffer, let offset): DeviceSlice(buffer, offset: offset).address
    case .null: 0
    case .int32(let value): UInt64(UInt32(bitPattern: value))
    case .uint32(let value): UInt64(value)
    case .int64(let value): UInt64(bitPattern: value)
    case .uint64(let value): value
    case .float(let value): UInt64(value.bitPattern)
    case .double(let value): value.bitPattern
    }
  }
}

/// A kernel with its extents and arguments, to be given as often as wanted. Holds its buffers.
public final class CUDALaunch: @unchecked Sendable {
  /// The kernel.
  public let function: CUDAFunction
  /// Blocks of its grid.
  public var blocks: Int { Int(grid.0) * Int(grid.1) * Int(grid.2) }
  fileprivate let grid: (UInt32, UInt32, UInt32)
  fileprivate let block: (UInt32, UInt32, UInt32)
  fileprivate let sharedBytes: UInt32
  fileprivate let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let cells: UnsafeMutablePointer<UInt64>
  private let arguments: [LaunchArgument]

  /// Lays out a launch.
  ///
  /// - Parameters:
  ///   - sharedBytes: dynamic shared memory of a block; above 48 KiB `CUDAModule.function` must know of it.
  ///   - arguments: one for each parameter of the kernel, in order; the driver cannot check their number.
  /// - Throws: for extents or offsets that no device takes.
  public init(
    _ function: CUDAFunction, grid: LaunchExtent, block: LaunchExtent, sharedBytes: Int = 0,
    arguments: [LaunchArgument]
  ) throws(DeviceError) {
    func number(_ value: Int, _ most: Int) throws(DeviceError) -> UInt32 {
      guard (1...most).contains(value) else {
        throw DeviceError("kernel \(function.name) cannot run \(grid) of \(block); report this")
      }
      return UInt32(value)
    }
    for case .pointer(let buffer, let offset) in arguments {
      try DeviceSlice(buffer, offset: offset).check(0, "an argument of kernel \(function.name)")
    }
    guard (0...function.module.context.facts.sharedBytesPerBlock).contains(sharedBytes) else {
      throw DeviceError(
        "kernel \(function.name) cannot have \(sharedBytes) bytes of shared memory; report this")
    }
    let wide = Int(Int32.max)
    let tall = Int(UInt16.max)
    self.grid = (try number(grid.x, wide), try number(grid.y, tall), try number(grid.z, tall))
    let most = max(1, function.mostThreads)
    self.block = (try number(block.x, most), try number(block.y, most), try number(block.z, most))
    self.sharedBytes = UInt32(sharedBytes)
    self.function = function
    self.arguments = arguments
    cells = .allocate(capacity: max(1, arguments.count))
    pointers = .allocate(capacity: max(1, arguments.count))
    for (index, argument) in arguments.enumerated() {
      cells.advanced(by: index).initialize(to: argument.cell)
      pointers.advanced(by: index).initialize(to: UnsafeMutableRawPointer(cells.advanced(by: index)))
    }
  }

  deinit {
    cells.deallocate()
    pointers.deallocate()
  }
}

extension CUDAContext {
  /// Enqueues a kernel.
  public func launch(_ launch: CUDALaunch) throws(DeviceError) {
    try current()
    try driver.check(
      driver.calls.cuLaunchKernel(
        launch.function.handle, launch.grid.0, launch.grid.1, launch.grid.2, launch.block.0, launch.block.1,
        launch.block.2, launch.sharedBytes, stream, launch.pointers, nil),
      "cuLaunchKernel")
  }

  /// Lays out and enqueues a kernel; `CUDALaunch` does the first part once for many launches.
  public func launch(
    _ function: CUDAFunction, grid: LaunchExtent, block: LaunchExtent, sharedBytes: Int = 0,
    arguments: [LaunchArgument]
  ) throws(DeviceError) {
    try launch(
      CUDALaunch(function, grid: grid, block: block, sharedBytes: sharedBytes, arguments: arguments))
  }
}
