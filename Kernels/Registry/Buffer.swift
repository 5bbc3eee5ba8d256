// Memory of an operand: page aligned, first touched by the threads that will use it, filled with numbers
// that depend only on the seed and the place, so that any thread can fill any part.

import Glibc
package import Measurement
import Quantities

/// An array of floats outside Swift's heap. Threads share it on purpose: each writes its own part.
///
/// Large arrays have mappings of their own, between guard pages: pages are fresh for every array, and the kernel
/// tells of each by itself whether huge pages back it.
package final class Buffer: @unchecked Sendable {
  package let start: UnsafeMutablePointer<Float>
  package private(set) var count: Int
  /// Elements at the front that have been filled once; to be set by who fills a growing array.
  var filled: Int
  /// The whole mapping, guards included; nil = from the heap.
  private let mapping: UnsafeMutableRawBufferPointer?
  /// The array that this one is the front of.
  private let whole: Buffer?

  /// Uninitialised memory; which pages it asks for is `Kernels.pageMode`.
  package init(_ count: Int) throws(KernelError) {
    let bytes = count * MemoryLayout<Float>.stride
    mapping = Buffer.hasOwnMapping(bytes) ? Buffer.map(bytes + Buffer.padding) : nil
    var memory = mapping.flatMap { Buffer.aligned($0) }
    // Where the process has no mapping left, the heap may still have room.
    if memory == nil, posix_memalign(&memory, 4096, bytes + Buffer.padding) != 0 {
      throw Buffer.noMemory(bytes)
    }
    guard let memory else { throw Buffer.noMemory(bytes) }
    start = memory.bindMemory(to: Float.self, capacity: count)
    (self.count, filled, whole) = (count, count, nil)
  }

  /// An empty array that may grow to so many bytes; nil where the process may not have the address space.
  package init?(upTo bytes: Int) {
    guard let mapping = Buffer.reserve(bytes + Buffer.padding), let memory = Buffer.aligned(mapping) else {
      return nil
    }
    self.mapping = mapping
    start = memory.bindMemory(to: Float.self, capacity: 0)
    (count, filled, whole) = (0, 0, nil)
  }

  /// The first `count` elements of an array that has them.
  package init(front count: Int, of whole: Buffer) {
    (start, mapping, filled) = (whole.start, nil, count)
    (self.count, self.whole) = (count, whole)
  }

  deinit {
    guard whole == nil else { return }
    if let mapping { munmap(mapping.baseAddress, mapping.count) } else { free(start) }
  }

  /// Makes room for `count` elements; false where the kernel refuses.
  package func grow(to count: Int) -> Bool {
    let bytes = count * MemoryLayout<Float>.stride + Buffer.padding
    guard count > self.count else { return true }
    guard Buffer.open(UnsafeMutableRawPointer(start), bytes) else { return false }
    self.count = count
    return true
  }

  /// The array as bytes.
  var memory: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: start, count: count))
  }

  /// True where an array of so many bytes has pages that no other array shares.
  static func hasOwnMapping(_ bytes: Int) -> Bool {
    bytes >= (Kernels.pageMode == .huge ? hugePage / 8 : hugePage)
  }

  /// One vector beyond the end may be prefetched or read as padding, never used.
  private static let padding = 4096

  private static let hugePage = Int(Unit.mebibyte.toBase(2))
  private static func wholePages(_ bytes: Int) -> Int { (bytes + hugePage - 1) / hugePage * hugePage }
  private static func noMemory(_ bytes: Int) -> KernelError {
    KernelError("there is no memory for an operand of \(bytes) bytes")
  }

  /// Address space with whole huge pages for the bytes, readable there and nowhere else.
  private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
    guard let mapping = reserve(bytes), let memory = aligned(mapping) else { return nil }
    if open(memory, bytes) { return mapping }
    munmap(mapping.baseAddress, mapping.count)
    return nil
  }

  /// The same, readable nowhere yet.
  private static func reserve(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
    // One more for alignment and one for the guards: something of it is left on both sides.
    let size = wholePages(bytes) + 2 * hugePage
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, size, PROT_NONE, flags, -1, 0), base != MAP_FAILED else { return nil }
    return UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  /// Opens the first bytes of a reservation.
  private static func open(_ memory: UnsafeMutableRawPointer, _ bytes: Int) -> Bool {
    guard mprotect(memory, wholePages(bytes), PROT_READ | PROT_WRITE) == 0 else { return false }
    madvise(memory, wholePages(bytes), Kernels.pageMode == .never ? MADV_NOHUGEPAGE : MADV_HUGEPAGE)
    return true
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
  package func fillRandom(_ places: Range<Int>? = nil, seed: UInt64, magnitude: Float = 1, team: WorkerTeam) {
    let places = places ?? 0..<count
    let offset = Int(mix(seed) % UInt64(Buffer.period))
    Buffer.uniform.withUnsafeBufferPointer { table in
      guard let base = table.baseAddress else { return }
      team.run { thread, threads in
        let part = share(of: places, thread, threads)
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
  static let period = 1_048_573
  /// The top 24 bits of mixed counters, as floats in [-1, 1).
  private static let uniform = (0..<period).map { Float(mix(UInt64($0)) >> 40) * 0x1p-23 - 1 }
  /// The top 3 bits, 0 to 7.
  private static let digits = (0..<period).map { Float(mix(UInt64($0)) >> 61) }

  /// The same value everywhere.
  func fill(_ value: Float, _ places: Range<Int>? = nil, team: WorkerTeam) {
    let places = places ?? 0..<count
    team.run { thread, threads in
      for i in share(of: places, thread, threads) { start[i] = value }
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

/// The contiguous part of a range that falls to a thread.
func share(of items: Range<Int>, _ thread: Int, _ threads: Int) -> Range<Int> {
  let part = share(of: items.count, thread, threads)
  return items.lowerBound + part.lowerBound..<items.lowerBound + part.upperBound
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
