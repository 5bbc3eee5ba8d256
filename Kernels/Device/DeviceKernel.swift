// A kernel with its operands on a device, timed by the device's own clock.
// Warm rows: marks around a batch of executions, so that the next one is ready before the last one ends.
// Cold rows: the cache is emptied before each execution and marks stand around it alone.

import Devices
public import Measurement
public import Quantities

/// What a kernel of a device knows of its operands.
protocol DeviceBody: AnyObject {
  /// Work of one execution.
  var work: Work { get }
  /// Copies of the operands.
  var sets: Int { get }
  /// Bytes of all of them together.
  var residentBytes: Int { get }
  /// What ran, beside the instruction set: the algorithm that was chosen; empty = nothing to say.
  var detail: String { get }
  /// Executions that one `enqueue` is: a graph replays many.
  var executions: Int { get }
  /// True where the time runs from the call to the end as the host sees it.
  var isTimedByHost: Bool { get }
  /// True where only a part of what is enqueued counts.
  var isPart: Bool { get }
  /// The same as below, with marks around what counts.
  func enqueue(_ set: Int, from start: CUDAEvent, to end: CUDAEvent) throws(DeviceError)
  /// Gives the kernel on one set of operands to the device.
  func enqueue(_ set: Int) throws(DeviceError)
  /// Poisons the outputs of the first set, runs it once and compares it with its oracle.
  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification
}

extension DeviceBody {
  var detail: String { "" }
  var executions: Int { 1 }
  var isTimedByHost: Bool { false }
  var isPart: Bool { false }

  func enqueue(_ set: Int, from start: CUDAEvent, to end: CUDAEvent) throws(DeviceError) {
    try start.record()
    try enqueue(set)
    try end.record()
  }
}

/// A body with its timing.
public final class DeviceKernel: PreparedKernel {
  private let body: any DeviceBody
  private let context: CUDAContext
  private let flush: CacheFlush?
  /// True where each execution has marks of its own.
  private let isOneByOne: Bool
  private let marks: [(start: CUDAEvent, end: CUDAEvent)]
  private let time = MonotonicTime()
  private var set = 0
  private var seconds = 0.0
  /// Marks that have been given and not been read.
  private var pending = 0
  /// The first failure; nil = none.
  public private(set) var failure: KernelFailure?

  init(_ body: any DeviceBody, on device: DeviceKernels, isCold: Bool) throws(DeviceError) {
    self.body = body
    context = device.context
    flush = isCold ? try device.cacheFlush() : nil
    var marks: [(start: CUDAEvent, end: CUDAEvent)] = []
    isOneByOne = isCold || body.isPart
    for _ in 0..<(isOneByOne ? 64 : 1) { marks.append((try context.makeEvent(), try context.makeEvent())) }
    self.marks = marks
  }

  public var work: Work { body.work }
  public var residentBytes: Bytes { Bytes(Double(body.residentBytes)) }
  /// The algorithm that was chosen; empty = there was nothing to choose.
  public var detail: String { body.detail }

  public func rotate() { set = (set + 1) % body.sets }

  public func run() {
    attempt { () throws(DeviceError) in
      if body.isTimedByHost {
        let start = time.now()
        try body.enqueue(set)
        try context.synchronise()
        seconds += time.now() - start
      } else if isOneByOne {
        if pending == marks.count { try read() }
        try flush?.enqueue()
        try body.enqueue(set, from: marks[pending].start, to: marks[pending].end)
        pending += 1
      } else {
        if pending == 0 { try context.record(marks[0].start) }
        pending = 1
        try body.enqueue(set)
      }
    }
  }

  /// Waits for all that was given.
  public var timedSeconds: Double? {
    attempt { () throws(DeviceError) in
      if pending > 0, !isOneByOne { try context.record(marks[0].end) }
      try read()
    }
    return seconds / Double(body.executions)
  }

  private func read() throws(DeviceError) {
    for mark in marks.prefix(pending) { seconds += try context.elapsed(from: mark.start, to: mark.end) }
    pending = 0
  }

  public func verify(seed: UInt64) -> Verification { compare(seed, isBrief: false) }
  public func verifyBriefly(seed: UInt64) -> Verification { compare(seed, isBrief: true) }

  private func compare(_ seed: UInt64, isBrief: Bool) -> Verification {
    var found: Verification?
    attempt { () throws(DeviceError) in found = try body.check(seed: seed, isBrief: isBrief) }
    return found
      ?? Verification(
        reference: failure?.reason ?? "not compared", maxAbsError: .nan, maxRelError: .nan, tolerance: 0,
        passed: false)
  }

  /// Does it unless something has failed before: the first failure is the one that tells.
  private func attempt(_ work: () throws(DeviceError) -> Void) {
    guard failure == nil else { return }
    do throws(DeviceError) {
      try work()
    } catch {
      pending = 0
      failure = KernelFailure(error.reason, isFatal: error.isLost)
    }
  }
}

/// Writes twice the level 2 cache, so that nothing of earlier work is in it, and reads as much of another array, so
/// that the kernel after it has no lines of this one to write back.
final class CacheFlush {
  private let context: CUDAContext
  private let launches: [CUDALaunch]

  init(on device: DeviceKernels) throws(DeviceError) {
    context = device.context
    let bytes = max(Int(Unit.mebibyte.toBase(2)), 2 * device.facts.l2Bytes) / 16 * 16
    let blocks = 4 * max(1, device.facts.multiprocessors)
    let (written, read) = (try context.allocate(bytes), try context.allocate(bytes))
    try context.fill(read, byte: 0)
    let sums = try context.allocate(4 * blocks)
    let (grid, block) = (LaunchExtent(blocks), LaunchExtent(512))
    launches = [
      try CUDALaunch(
        try device.function("flush_cache", of: .memory), grid: grid, block: block,
        arguments: [.pointer(written), .int64(Int64(bytes)), .int32(1)]),
      try CUDALaunch(
        try device.function("memory_read", of: .memory), grid: grid, block: block,
        arguments: [.pointer(read), .int64(Int64(bytes / 4)), .pointer(sums)]),
    ]
  }

  func enqueue() throws(DeviceError) { for launch in launches { try context.launch(launch) } }
}
