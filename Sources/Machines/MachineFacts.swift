// What follows from a machine's fields: cache sizes, the strongest instruction set, how far its shape is to be trusted.

/// How far a machine's shape can be believed.
public enum TopologyTrust: String, Hashable, Sendable, Codable {
  /// Read from the hardware that the program runs on.
  case host
  /// Told by a hypervisor: cache sizes and core sharing are reports, not facts.
  case guest
  /// Read from a file or a description.
  case imported
}

extension Machine {
  /// The strongest instruction set that the kernels can use here.
  public var bestInstructionSet: InstructionSet { instructionSets.last ?? .baseline }

  /// Size of the largest cache in bytes, one in front of a memory included; 0 = not reported.
  public var lastLevelCacheBytes: Int {
    if let largest = memorySideCaches.map(\.bytes).max(), largest > 0 { return largest }
    let last = caches.map(\.level).max()
    return caches.filter { $0.level == last }.map(\.bytes).max() ?? 0
  }

  /// Bytes of all caches of a level that these PUs reach, each instance once; nil = none reported.
  public func cacheBytes(level: Int, reachedBy cpus: CPUSet) -> Int? {
    let bytes = caches.filter { $0.level == level && !$0.sharedBy.intersection(cpus).isEmpty }
      .reduce(0) { $0 + $1.bytes }
    return bytes > 0 ? bytes : nil
  }

  /// Bytes of all last-level caches that these PUs reach, or of those in front of their memories; 0 = not
  /// reported.
  public func lastLevelCacheBytes(reachedBy cpus: CPUSet) -> Int {
    let inFront = memorySideCaches.filter { !$0.sharedBy.intersection(cpus).isEmpty }
      .reduce(0) { $0 + $1.bytes }
    if inFront > 0 { return inFront }
    return caches.map(\.level).max().flatMap { cacheBytes(level: $0, reachedBy: cpus) } ?? 0
  }

  /// Size of the largest cache of a level in bytes; nil = none reported.
  public func cacheBytes(level: Int) -> Int? {
    caches.filter { $0.level == level && $0.bytes > 0 }.map(\.bytes).max()
  }

  /// Instances of a cache level; nil = none reported.
  public func cacheCount(level: Int) -> Int? {
    let count = caches.count { $0.level == level }
    return count > 0 ? count : nil
  }

  /// Most PUs on one core; nil where no core is known.
  public var smtWidth: Int? { cores > 0 ? coreSets.map(\.count).max() : nil }

  /// Whose word the shape is.
  public var topologyTrust: TopologyTrust {
    if !isThisSystem { return .imported }
    return hypervisor == nil ? .host : .guest
  }
}
