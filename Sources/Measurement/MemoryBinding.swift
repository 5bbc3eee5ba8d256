// Where operands lie: the memory policy of a placement, and the proof after touching.
// The idea: ask, touch, look. A kernel that refuses to look (containers often do) leaves "unknown"; it never
// fails a run.

import CProbe
import Glibc
public import Machines
import Quantities

/// Pages that operands ask for; the column `page_mode`.
public enum PageMode: String, Hashable, Sendable, Codable, CaseIterable {
  /// Huge pages for arrays that fill one (2 MiB), what the host gives for smaller ones.
  case `default`
  /// Huge pages for operands of 256 KiB and more, too. Smaller ones would take up to a thousand times their
  /// memory, and cold rows keep thousands of them; a row with such operands carries a warning.
  case huge
  /// Small pages only, for the whole process.
  case never
}

/// The memory policy of the calling thread, which the threads that it starts inherit.
public enum MemoryBinding {
  /// What became of a request.
  public enum Outcome: Hashable, Sendable {
    /// The placement leaves pages to first touch.
    case unneeded
    /// Pages touched from now on go where the placement says.
    case applied
    /// The kernel's reason; pages go where they are touched first.
    case refused(String)
  }

  /// Applies a placement's memory policy. Call it before threads are started and buffers are made.
  public static func apply(_ placement: Placement) -> Outcome {
    guard !placement.memoryNodes.isEmpty else { return .unneeded }
    guard let mask = nodeMask(placement.memoryNodes) else {
      return .refused("node numbers beyond \(PROBE_NODE_BYTES * 8)")
    }
    let policy = placement.memoryPolicy == .interleave ? PROBE_MEMORY_INTERLEAVE : PROBE_MEMORY_BIND
    let status = probe_set_memory_policy(Int32(policy.rawValue), mask)
    return status == 0 ? .applied : .refused(String(cString: strerror(status)))
  }

  /// Returns to first touch; false when the kernel refuses.
  @discardableResult
  public static func reset() -> Bool {
    probe_set_memory_policy(
      Int32(PROBE_MEMORY_DEFAULT.rawValue), [UInt8](repeating: 0, count: Int(PROBE_NODE_BYTES))) == 0
  }

  /// The policy as the kernel has it: `first_touch`, `bind` or `interleave` with its nodes; nil = not told.
  public static func current() -> (policy: String, nodes: CPUSet)? {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_NODE_BYTES))
    var policy: Int32 = 0
    guard probe_get_memory_policy(&policy, &mask) == 0 else { return nil }
    let nodes = CPUSet(
      (0..<mask.count * UInt8.bitWidth).filter { mask[$0 / UInt8.bitWidth] >> ($0 % UInt8.bitWidth) & 1 == 1 }
    )
    switch UInt32(bitPattern: policy) {
    case PROBE_MEMORY_DEFAULT.rawValue: return ("first_touch", CPUSet([]))
    case PROBE_MEMORY_BIND.rawValue: return ("bind", nodes)
    case PROBE_MEMORY_INTERLEAVE.rawValue: return ("interleave", nodes)
    default: return nil
    }
  }

  private static func nodeMask(_ nodes: CPUSet) -> [UInt8]? {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_NODE_BYTES))
    for node in nodes.cpus {
      guard mask.indices.contains(node / UInt8.bitWidth) else { return nil }
      mask[node / UInt8.bitWidth] |= 1 << (node % UInt8.bitWidth)
    }
    return mask
  }
}

/// Where touched memory was found: fills `huge_page_backing_fraction` and `memory_location_verified`.
public struct MemoryLocation: Hashable, Sendable, Codable {
  /// Share of the bytes on huge pages, 0 to 1; nil = the kernel does not tell.
  public var hugePageFraction: Double?
  /// Pages found on each node, of those looked at; nil = the kernel does not tell.
  public var pagesOnNode: [Int: Int]?

  /// Looks at memory that has been touched, e.g. `kernel.operandMemory` after `verify`.
  ///
  /// - Parameter pages: pages to ask for, spread evenly over all the memory.
  /// - Complexity: one kernel call for the nodes, one pass over `/proc/self/smaps`.
  public init(of memory: [UnsafeRawBufferPointer], pages: Int = 2_048) {
    hugePageFraction = MemoryLocation.hugePages(memory, maps: MemoryLocation.processMaps)
    pagesOnNode = MemoryLocation.nodes(memory, pages: pages)
  }

  /// A location from its parts.
  public init(hugePageFraction: Double?, pagesOnNode: [Int: Int]?) {
    self.hugePageFraction = hugePageFraction
    self.pagesOnNode = pagesOnNode
  }

  /// True when pages were found on the nodes that the placement asks for and, interleaved, on each of them;
  /// nil when pages or nodes are unknown.
  public func isWhereAsked(_ placement: Placement) -> Bool? {
    guard let pagesOnNode, !pagesOnNode.isEmpty, let expected = placement.expectedNodes else { return nil }
    let found = CPUSet(pagesOnNode.keys)
    let looked = pagesOnNode.values.reduce(0, +)
    guard placement.memoryPolicy == .interleave, looked >= 4 * expected.count else {
      return found.isSubset(of: expected)
    }
    return found == expected
  }

  private static func nodes(_ memory: [UnsafeRawBufferPointer], pages wanted: Int) -> [Int: Int]? {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let total = memory.reduce(0) { $0 + ($1.count + page - 1) / page }
    guard page > 0, total > 0, wanted > 0 else { return nil }
    let stride = max(1, total / wanted)
    var addresses: [UnsafeRawPointer] = []
    var skip = 0
    for part in memory {
      guard let start = part.baseAddress else { continue }
      var offset = skip * page
      while offset < part.count {
        addresses.append(start + offset)
        offset += stride * page
      }
      skip = (offset - part.count) / page
    }
    var found = [Int32](repeating: 0, count: addresses.count)
    let status = addresses.withUnsafeMutableBufferPointer { list in
      list.baseAddress.map { probe_page_nodes($0, list.count, &found) } ?? 0
    }
    guard status == 0 else { return nil }
    let known = found.filter { $0 >= 0 }
    return known.isEmpty ? nil : Dictionary(known.map { (Int($0), 1) }, uniquingKeysWith: +)
  }

  /// Huge bytes of each mapping, in proportion to the part of it that the memory takes: exact for buffers that
  /// have mappings of their own.
  package static func hugePages(_ memory: [UnsafeRawBufferPointer], maps: () -> String?) -> Double? {
    let parts = memory.compactMap { part in
      part.baseAddress.map { UInt(bitPattern: $0)..<UInt(bitPattern: $0) + UInt(part.count) }
    }.filter { !$0.isEmpty }
    let total = parts.reduce(0.0) { $0 + Double($1.count) }
    guard total > 0, let text = maps() else { return nil }
    var huge = 0.0
    var isKnown = false
    for mapping in MemoryMapping.parse(text) {
      let inside = parts.reduce(0.0) { $0 + Double($1.clamped(to: mapping.range).count) }
      guard inside > 0, let bytes = mapping.hugeBytes else { continue }
      isKnown = true
      huge += inside * min(1, bytes / mapping.touchedBytes)
    }
    return isKnown ? min(1, huge / total) : nil
  }

  /// The kernel writes this file as it is read, so it has no size to ask for.
  private static func processMaps() -> String? {
    guard let stream = fopen("/proc/self/smaps", "re") else { return nil }
    defer { fclose(stream) }
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, stream), count > 0 { text += block[..<count] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// One mapping of `/proc/self/smaps` (Linux Documentation/filesystems/proc.rst).
private struct MemoryMapping {
  var range: Range<UInt>
  /// Bytes on transparent huge pages or in a huge page file system.
  var hugeBytes: Double?
  var residentBytes = 0.0
  /// Resident bytes; all of the mapping where none are told.
  var touchedBytes: Double { residentBytes > 0 ? residentBytes : Double(range.count) }

  static func parse(_ text: String) -> [MemoryMapping] {
    var mappings: [MemoryMapping] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 2)
      guard let head = words.first else { continue }
      if let range = addresses(head) {
        mappings.append(MemoryMapping(range: range))
        continue
      }
      guard let last = mappings.indices.last, words.count > 1, let size = Double(words[1]) else { continue }
      let bytes = Unit.kibibyte.toBase(size)
      switch head {
      case "Rss:": mappings[last].residentBytes = bytes
      case "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:", "Private_Hugetlb:", "Shared_Hugetlb:":
        mappings[last].hugeBytes = (mappings[last].hugeBytes ?? 0) + bytes
      default: break
      }
    }
    return mappings
  }

  private static func addresses(_ word: Substring) -> Range<UInt>? {
    let ends = word.split(separator: "-")
    guard ends.count == 2, let low = UInt(ends[0], radix: 16), let high = UInt(ends[1], radix: 16), low < high
    else { return nil }
    return low..<high
  }
}
