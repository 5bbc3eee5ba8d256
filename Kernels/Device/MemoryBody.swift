// Probes of a device: its memory, its links, and how soon a kernel begins.

import Devices
import Kernels
import Measurement
import Quantities

/// read, copy or triad over arrays of floats.
final class MemoryBody: DeviceBody {
  let work: Work
  let sets = 1
  let residentBytes: Int

  private let operation: Operation
  private let count: Int
  private let block: Int
  private let device: DeviceKernels
  /// One array for a read, two for a copy, three for a triad; results go to the last, of a read to `sums`.
  private let arrays: [DeviceBuffer]
  private let numbers: [DeviceNumbers]
  private let sums: DeviceBuffer
  private let launches: [CUDALaunch]
  private var chosen = 0
  var detail: String { "blocks\(launches[chosen].blocks)" }

  private static let factor: Float = 0.75

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    operation = request.subject.operation
    let bytes = try request.positive(request.shape.bytes, "bytes")
    guard bytes.isMultiple(of: 16) else { throw KernelError("bytes must be a multiple of 16, not \(bytes)") }
    count = bytes / 4
    work = DeviceWork.memory(operation, bytes: bytes)
    self.device = device
    let number = operation == .memoryRead ? 1 : operation == .memoryCopy ? 2 : 3
    block = min(count, MemoryBody.period)
    var made: [DeviceBuffer] = []
    var seeds: [DeviceNumbers] = []
    for array in 0..<number {
      made.append(try device.context.allocate(bytes))
      seeds.append(DeviceNumbers(type: .f32, seed: request.seed(array, set: 0)))
      // Random numbers that come again after a block, so that the oracle need not make a thousand million of them.
      try seeds[array].fill(made[array], count: block, on: device)
      var first = block
      while first < count {
        let part = min(block, count - first)
        try device.context.enqueueCopy(made[array].from(0), to: made[array].from(4 * first), bytes: 4 * part)
        first += part
      }
    }
    (arrays, numbers) = (made, seeds)
    residentBytes = number * bytes
    let grids =
      [2, 4, 8].map { $0 * max(1, device.facts.multiprocessors) } + [min(1 << 20, max(1, count / 8192))]
    sums = try device.context.allocate(4 * (grids.max() ?? 1))
    let total = LaunchArgument.int64(Int64(count))
    let arguments: [LaunchArgument] =
      switch operation {
      case .memoryRead: [.pointer(made[0]), total, .pointer(sums)]
      case .memoryCopy: [.pointer(made[0]), .pointer(made[1]), total]
      default: [.pointer(made[0]), .pointer(made[1]), .pointer(made[2]), .float(MemoryBody.factor), total]
      }
    let kernel = try device.function(operation.rawValue, of: .memory)
    launches = try grids.map {
      try CUDALaunch(kernel, grid: LaunchExtent($0), block: LaunchExtent(512), arguments: arguments)
    }
    try choose()
  }

  /// The grid that is fastest here, of two runs each.
  private func choose() throws(DeviceError) {
    let (start, end) = (try device.context.makeEvent(), try device.context.makeEvent())
    var best = Double.infinity
    for (place, launch) in launches.enumerated() {
      try device.context.launch(launch)
      for _ in 0..<2 {
        try device.context.record(start)
        try device.context.launch(launch)
        try device.context.record(end)
        let seconds = try device.context.elapsed(from: start, to: end)
        if seconds < best { (best, chosen) = (seconds, place) }
      }
    }
  }

  /// Elements after which the numbers come again: 64 MiB.
  private static let period = 1 << 24

  func enqueue(_ set: Int) throws(DeviceError) { try device.context.launch(launches[chosen]) }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    let target = operation == .memoryRead ? sums : arrays[arrays.count - 1]
    try device.poison([target])
    try enqueue(0)
    try device.context.synchronise()
    if operation == .memoryRead { return try checkSum() }
    var check = DeviceCheck(tolerance: 0x1p-23, stored: .f32)
    for place in ErrorScan.sample(isBrief ? 64 : 4096, of: count, seed: seed) {
      let found = try device.results(target, .f32, first: place, count: 1)[0]
      let a = numbers[0][place % block]
      let b = operation == .memoryTriad ? Double(MemoryBody.factor) * numbers[1][place % block] : 0
      check.add(found, a + b, scale: abs(a) + abs(b))
    }
    if !isBrief, try device.hasPoison(target, .f32, count: count) { check.addPoison() }
    return check.verification("\(check.elements) of \(count) elements")
  }

  /// The sum of all blocks against that of the period's numbers, as often as they stand there.
  private func checkSum() throws(DeviceError) -> Verification {
    let found = try device.results(sums, .f32, first: 0, count: launches[chosen].blocks).reduce(0, +)
    var (sum, scale, rest, restScale) = (0.0, 0.0, 0.0, 0.0)
    let tail = count % block
    for i in 0..<block {
      let number = numbers[0][i]
      sum += number
      scale += abs(number)
      if i < tail { (rest, restScale) = (rest + number, restScale + abs(number)) }
    }
    let times = Double(count / block)
    var check = DeviceCheck(tolerance: 0x1p-27, stored: .f32)
    check.add(found, times * sum + rest, scale: times * scale + restScale)
    return check.verification("the sum of all elements")
  }
}

/// Copies between pinned memory of the host and the device, or from one device to the next.
final class LinkBody: DeviceBody {
  let work: Work
  let sets = 1
  let residentBytes: Int

  private let operation: Operation
  private let count: Int
  private let device: DeviceKernels
  private let source: DeviceBuffer
  private let numbers: DeviceNumbers
  private let host: HostBuffer?
  private let target: DeviceBuffer?

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    operation = request.subject.operation
    let bytes = try request.positive(request.shape.bytes, "bytes")
    guard bytes.isMultiple(of: 4) else { throw KernelError("bytes must be a multiple of 4, not \(bytes)") }
    (count, work) = (bytes / 4, DeviceWork.bytes(Double(bytes)))
    self.device = device
    let made = try device.random(count, .f32, seed: request.seed(0, set: 0))
    (source, numbers) = (made.buffer, made.numbers)
    host = operation == .peerCopy ? nil : try device.context.hostBuffer(bytes)
    target = operation == .peerCopy ? try LinkBody.peer(of: device).allocate(bytes) : nil
    residentBytes = 2 * bytes
    guard let host, operation == .hostToDevice else { return }
    // The host holds the numbers; the device's are wiped by the comparison before they come back.
    try device.context.enqueueCopy(source.from(0), to: host, bytes: bytes)
    try device.context.synchronise()
  }

  /// The next device, reached directly where the two can.
  private static func peer(of device: DeviceKernels) throws -> CUDAContext {
    let driver = device.context.driver
    let (devices, here) = (try driver.devices(), device.context.facts.ordinal)
    guard devices.count > 1 else { throw KernelError(absent: "a copy to a peer needs two devices") }
    let other = try driver.context((here + 1) % devices.count)
    _ = try device.context.reach(other)
    return other
  }

  func enqueue(_ set: Int) throws(DeviceError) {
    let bytes = 4 * count
    if let target {
      try device.context.enqueueCopy(source.from(0), to: target.from(0), bytes: bytes)
    } else if let host {
      if operation == .hostToDevice {
        try device.context.enqueueCopy(host, to: source.from(0), bytes: bytes)
      } else {
        try device.context.enqueueCopy(source.from(0), to: host, bytes: bytes)
      }
    }
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    if let host, operation == .deviceToHost {
      _ = host.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    } else {
      let written = target ?? source
      try written.context.fill(written, byte: 0xFF)
      try written.context.synchronise()
    }
    try enqueue(0)
    try device.context.synchronise()
    var check = DeviceCheck(tolerance: 0, stored: .f32)
    for place in ErrorScan.sample(isBrief ? 64 : 4096, of: count, seed: seed) {
      let found: Double
      if operation == .deviceToHost, let host {
        found = StoredResult.f32.value(UnsafeRawBufferPointer(host.bytes), at: place)
      } else {
        found = try read(target ?? source, place)
      }
      check.add(found, numbers[place], scale: abs(numbers[place]))
    }
    return check.verification("\(check.elements) of \(count) elements, bit by bit")
  }

  private func read(_ buffer: DeviceBuffer, _ place: Int) throws(DeviceError) -> Double {
    var bytes = [UInt8](repeating: 0, count: 4)
    var refusal: DeviceError?
    bytes.withUnsafeMutableBytes { target in
      do throws(DeviceError) { try buffer.context.copyOut(buffer, at: 4 * place, to: target) } catch {
        refusal = error
      }
    }
    if let refusal { throw refusal }
    return bytes.withUnsafeBytes { StoredResult.f32.value($0, at: 0) }
  }
}

/// An empty kernel: from the call to its end, or as one of many that a graph replays.
final class LaunchBody: DeviceBody {
  let work = DeviceWork.nothing
  let sets = 1
  let residentBytes = 0
  let executions: Int
  let isTimedByHost: Bool

  private let device: DeviceKernels
  private let launch: CUDALaunch
  private let graph: CUDAGraph?

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    self.device = device
    let launch = try CUDALaunch(
      try device.function("empty_kernel", of: .memory), grid: LaunchExtent(1), block: LaunchExtent(32),
      arguments: [])
    self.launch = launch
    let isGraph = request.subject.operation == .graphReplay
    // A driver may load a kernel when it first runs, which a recording does not allow.
    try device.context.launch(launch)
    try device.context.synchronise()
    (executions, isTimedByHost) = (isGraph ? LaunchBody.kernels : 1, !isGraph)
    graph =
      isGraph
      ? try device.context.capture { () throws(DeviceError) in
        for _ in 0..<LaunchBody.kernels { try device.context.launch(launch) }
      } : nil
  }

  private static let kernels = 64

  func enqueue(_ set: Int) throws(DeviceError) {
    if let graph { try device.context.launch(graph) } else { try device.context.launch(launch) }
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    try enqueue(0)
    try device.context.synchronise()
    return Verification(
      reference: "an empty kernel has no result; it ended without an error", maxAbsError: 0, maxRelError: 0,
      tolerance: 0, passed: true)
  }
}
