// Kinds of cores. hwloc reports a kind for each maximum clock rate, and boards with per-core clock limits
// then show five kinds where there are two: kinds that differ only by clock jitter are one.

internal import CHwloc
package import Machines

/// A kind of cores as hwloc reports it.
package struct ReportedKind: Sendable {
  /// PUs of the kind.
  package var cpus: CPUSet
  /// hwloc's attributes, e.g. `CoreType`, `FrequencyMaxMHz`, `LinuxCapacity`.
  package var infos: [String: String]

  /// A kind from its parts.
  package init(cpus: CPUSet, infos: [String: String]) {
    self.cpus = cpus
    self.infos = infos
  }

  /// Attributes that follow the clock limit of each core.
  private static let clockNames: Set<String> = ["FrequencyMaxMHz", "LinuxCapacity"]

  /// True when the two differ by less than a tenth of their clock, and by nothing else.
  func isJitter(of other: ReportedKind) -> Bool {
    let names = Set(infos.keys).union(other.infos.keys)
    return names.allSatisfy { name in
      let (a, b) = (infos[name], other.infos[name])
      if a == b { return true }
      guard ReportedKind.clockNames.contains(name), let x = a.flatMap({ Double($0) }),
        let y = b.flatMap({ Double($0) })
      else { return false }
      return abs(x - y) < 0.1 * max(x, y)
    }
  }
}

/// Kinds with jitter merged and named, slowest first; empty where one kind is left.
///
/// - Parameter reported: hwloc's kinds in its order, slowest first.
package func mergedKinds(_ reported: [ReportedKind]) -> [Machine.CoreKind] {
  var kinds: [ReportedKind] = []
  for kind in reported where !kind.cpus.isEmpty {
    // Compared with the group's first member, so that a chain of small steps does not join far ends.
    if let same = kinds.firstIndex(where: { $0.isJitter(of: kind) }) {
      kinds[same].cpus = CPUSet(kinds[same].cpus.cpus + kind.cpus.cpus)
    } else {
      kinds.append(kind)
    }
  }
  guard kinds.count > 1 else { return [] }
  let names = kinds.map { ["IntelCore": "P", "IntelAtom": "E"][$0.infos["CoreType"] ?? ""] }
  return zip(kinds, names).enumerated().map { index, pair in
    let isUnique = names.count { $0 == pair.1 } == 1
    let name = pair.1.map { isUnique ? $0 : "\($0)\(index)" } ?? "kind\(index)"
    return Machine.CoreKind(name: name, cpus: pair.0.cpus)
  }
}

extension Topology {
  func cpuKinds() -> [Machine.CoreKind] {
    let count = hwloc_cpukinds_get_nr(handle, 0)
    guard count > 1, let bitmap = hwloc_bitmap_alloc() else { return [] }
    defer { hwloc_bitmap_free(bitmap) }
    let reported = (0..<count).compactMap { index -> ReportedKind? in
      var infoCount: UInt32 = 0
      var infos: UnsafeMutablePointer<hwloc_info_s>?
      guard hwloc_cpukinds_get_info(handle, UInt32(index), bitmap, nil, &infoCount, &infos, 0) == 0 else {
        return nil
      }
      let pairs = UnsafeBufferPointer(start: infos, count: Int(infoCount)).compactMap { info in
        info.name.flatMap { name in info.value.map { (String(cString: name), String(cString: $0)) } }
      }
      return ReportedKind(
        cpus: CPUSet(bitmap: bitmap), infos: Dictionary(pairs) { first, _ in first })
    }
    return mergedKinds(reported)
  }
}
