// Memory of an operand: page aligned, first touched by the threads that will use it, filled with numbers
// that depend only on the seed and the place, so that any thread can fill any part.

import Glibc
import Measurement
import Quantities

/// An array of floats outside Swift's heap. Threads share it on purpose: each writes its own part.
///
/// Large arrays have mappings of their own, between guard pages: pages are fresh for every array, and the kernel
/// tells of each by itself whether huge pages back it.
final class Buffer: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int
  /// The whole mapping, guards included; nil = from the heap.
  private let mapping: UnsafeMutableRawBufferPointer?

  /// Uninitialised memory; which pages it asks for is `Kernels.pageMode`.
  init(_ count: Int) throws(KernelError) {
    let bytes = count * MemoryLayout<Float>.stride
    let mode = Kernels.pageMode
    // One vector beyond the end may be prefetched or read as padding, never used.
    let padded = bytes + 4096
    let threshold = mode == .huge ? Buffer.hugePage / 8 : Buffer.hugePage
    // Where the process has no mapping left, the heap may still have room.
    mapping = bytes >= threshold ? Buffer.map(padded) : nil
    var memory = mapping.flatMap { Buffer.aligned($0) }
    if memory == nil, posix_memalign(&memory, 4096, padded) != 0 { throw Buffer.noMemory(bytes) }
    guard let memory else { throw Buffer.noMemory(bytes) }
    if mapping != nil {
      madvise(memory, Buffer.wholePages(padded), mode == .never ? MADV_NOHUGEPAGE : MADV_HUGEPAGE)
    }
    start = memory.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  deinit {
    if let mapping { munmap(mapping.baseAddress, mapping.count) } else { free(start) }
  }

  /// The array as bytes.
  var memory: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: start, count: count))
  }

  private static let hugePage = Int(Unit.mebibyte.toBase(2))
  private static func wholePages(_ bytes: Int) -> Int { (bytes + hugePage - 1) / hugePage * hugePage }
  private static func noMemory(_ bytes: Int) -> KernelError {
    KernelError("there is no memory for an operand of \(bytes) bytes")
  }

  /// Address space with whole huge pages for the bytes, readable there and nowhere else.
  private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
    // One more for alignment and one for the guards: something of it is left on both sides.
    let size = wholePages(bytes) + 2 * hugePage
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, size, PROT_NONE, flags, -1, 0), base != MAP_FAILED else { return nil }
    let mapping = UnsafeMutableRawBufferPointer(start: base, count: size)
    guard let memory = aligned(mapping), mprotect(memory, wholePages(bytes), PROT_READ | PROT_WRITE) == 0
    else {
      munmap(base, size)
      return nil
    }
    return mapping
  }

  /// The first huge page that does not begin the mapping.
  private static func aligned(_ mapping: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawPointer? {
    mapping.baseAddress.map { base in
      base + (hugePage - Int(bitPattern: base) % hugePage)
    }
  }

  /// An array of zeros.
  convenience init(zeros count: Int, team: WorkerTeam) throws(KernelError) {
    try self.init(count)
    fill(0, team: team)
  }

  /// Uniform random numbers in ±magnitude, each thread its part: a walk through one table from a place that the
  /// seed chooses, because copying is faster than drawing. The table's length is prime, so that no two rows of a
  /// matrix come out equal.
  func fillRandom(seed: UInt64, magnitude: Float = 1, team: WorkerTeam) {
    let offset = Int(mix(seed) % UInt64(Buffer.period))
    Buffer.uniform.withUnsafeBufferPointer { table in
      guard let base = table.baseAddress else { return }
      team.run { thread, threads in
        let part = share(of: count, thread, threads)
        var i = part.lowerBound
        while i < part.upperBound {
          let place = (offset + i) % Buffer.period
          let length = min(Buffer.period - place, part.upperBound - i)
          (start + i).update(from: base + place, count: length)
          i += length
        }
        if magnitude != 1 { for i in part { start[i] *= magnitude } }
      }
    }
  }

  /// Random whole numbers from 1 to 8 that rise by up to 8 towards the end: no part of the array adds up to what
  /// another part does, so a sum tells whether each was read once.
  func fillRising(team: WorkerTeam) {
    let step = 8 * max(1, count / 64)
    Buffer.digits.withUnsafeBufferPointer { table in
      team.run { thread, threads in
        let part = share(of: count, thread, threads)
        var i = part.lowerBound
        while i < part.upperBound {
          let place = i % Buffer.period
          let length = min(Buffer.period - place, part.upperBound - i, step - i % step)
          let rise = Float(1 + i / step)
          for j in 0..<length { start[i + j] = table[place + j] + rise }
          i += length
        }
      }
    }
  }

  /// The largest prime below 2^20.
  private static let period = 1_048_573
  /// The top 24 bits of mixed counters, as floats in [-1, 1).
  private static let uniform = (0..<period).map { Float(mix(UInt64($0)) >> 40) * 0x1p-23 - 1 }
  /// The top 3 bits, 0 to 7.
  private static let digits = (0..<period).map { Float(mix(UInt64($0)) >> 61) }

  /// The same value everywhere.
  func fill(_ value: Float, team: WorkerTeam) {
    team.run { thread, threads in
      for i in share(of: count, thread, threads) { start[i] = value }
    }
  }

  /// True when no element is NaN or infinite.
  var isFinite: Bool {
    var sum: Float = 0
    for i in 0..<count { sum += start[i] * 0 }
    return sum == 0
  }
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): one multiply-shift chain per number.
func mix(_ counter: UInt64) -> UInt64 {
  var z = counter &* 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

/// The contiguous part of `items` that falls to a thread; parts differ by at most one.
func share(of items: Int, _ thread: Int, _ threads: Int) -> Range<Int> {
  let (whole, rest) = items.quotientAndRemainder(dividingBy: threads)
  let lower = thread * whole + min(thread, rest)
  return lower..<lower + whole + (thread < rest ? 1 : 0)
}

/// The part of `count` that falls to a thread in multiples of `step`.
func share(of count: Int, step: Int, _ thread: Int, _ threads: Int) -> Range<Int> {
  let blocks = share(of: (count + step - 1) / step, thread, threads)
  return min(blocks.lowerBound * step, count)..<min(blocks.upperBound * step, count)
}

/// Refuses what would not fit in the machine's memory, before any of it is touched.
func requireMemory(floats: Int, sets: Int) throws(KernelError) {
  let (all, overflow) = floats.multipliedReportingOverflow(by: sets)
  let bytes = Double(all) * Double(MemoryLayout<Float>.stride)
  let installed = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
  guard !overflow, bytes <= 0.8 * installed else {
    throw KernelError("the operands need \(Int(Unit.mebibyte.fromBase(bytes))) MiB, more than memory allows")
  }
}
