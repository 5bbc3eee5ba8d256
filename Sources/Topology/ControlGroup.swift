// CPU quota and memory limit of this process's control groups, versions 1 and 2.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst (cpu.max, memory.max) and scheduler/sched-bwc.rst.
// A limit anywhere between the process's group and the top binds, so the smallest on the way counts.

/// The limits that the control groups set.
package struct ControlGroupLimits: Hashable, Sendable {
  /// CPUs' worth of time; nil = no quota.
  package var quotaCPUs: Double?
  /// Bytes of memory; nil = no limit.
  package var memoryBytes: Int?
  /// False where no group of this process can be seen: "no limit" is then not known.
  package private(set) var isKnown = false

  /// Reads the limits.
  ///
  /// - Parameters:
  ///   - groups: text of `/proc/self/cgroup`.
  ///   - mounts: text of `/proc/self/mountinfo`.
  ///   - read: the text of a file, or nil where it does not exist.
  package init(groups: String, mounts: String, read: (String) -> String?) {
    let hierarchies = Hierarchy.parse(mounts)
    for membership in Membership.parse(groups) {
      for hierarchy in hierarchies where hierarchy.serves(membership) {
        for folder in hierarchy.folders(of: membership.path) {
          if Self.evidence.contains(where: { read(folder + $0) != nil }) { isKnown = true }
          limit(cpus: Self.cpuQuota(folder, version: hierarchy.version, read: read))
          limit(memory: Self.memoryLimit(folder, version: hierarchy.version, read: read))
        }
      }
    }
  }

  /// Files that a folder of control groups has, by version.
  private static let evidence = [
    "/cpu.max", "/memory.max", "/cgroup.controllers", "/cpu.cfs_quota_us", "/memory.limit_in_bytes",
  ]

  private mutating func limit(cpus: Double?) {
    guard let cpus else { return }
    quotaCPUs = min(cpus, quotaCPUs ?? cpus)
  }

  private mutating func limit(memory: Int?) {
    guard let memory else { return }
    memoryBytes = min(memory, memoryBytes ?? memory)
  }

  private static func cpuQuota(_ folder: String, version: Int, read: (String) -> String?) -> Double? {
    let quota: Double?
    let period: Double?
    if version == 2 {
      let words = read(folder + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
      quota = words.first.flatMap { Double($0) }
      period = words.dropFirst().first.flatMap { Double($0) }
    } else {
      quota = number(read(folder + "/cpu.cfs_quota_us")).map(Double.init)
      period = number(read(folder + "/cpu.cfs_period_us")).map(Double.init)
    }
    guard let quota, let period, quota > 0, period > 0, (quota / period).isFinite else { return nil }
    return quota / period
  }

  private static func memoryLimit(_ folder: String, version: Int, read: (String) -> String?) -> Int? {
    let name = version == 2 ? "/memory.max" : "/memory.limit_in_bytes"
    // Version 1 says "no limit" with the largest number of whole pages.
    guard let bytes = number(read(folder + name)), bytes > 0, bytes < Int.max / 2 else { return nil }
    return bytes
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
  }
}

/// One line of `/proc/self/cgroup`: `id:controllers:path`; no controllers = version 2.
private struct Membership {
  let controllers: [Substring]
  let path: String

  static func parse(_ text: String) -> [Membership] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      return Membership(controllers: parts[1].split(separator: ","), path: String(parts[2]))
    }
  }
}

/// One mounted hierarchy of control groups.
private struct Hierarchy {
  let version: Int
  let controllers: [Substring]
  /// Group that the mount point shows.
  let root: String
  let mountPoint: String

  /// `id parent major:minor root mountpoint options [tags] - type source superoptions`.
  static func parse(_ text: String) -> [Hierarchy] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 1 else { return nil }
      let type = fields[dash + 1]
      guard type == "cgroup" || type == "cgroup2" else { return nil }
      let options = fields.count > dash + 3 ? fields[dash + 3].split(separator: ",") : []
      return Hierarchy(
        version: type == "cgroup2" ? 2 : 1, controllers: options, root: String(fields[3]),
        mountPoint: String(fields[4]))
    }
  }

  func serves(_ membership: Membership) -> Bool {
    if version == 2 { return membership.controllers.isEmpty }
    return membership.controllers.contains { ($0 == "cpu" || $0 == "memory") && controllers.contains($0) }
  }

  /// Folders of a group and of all above it, as far as this mount shows them.
  func folders(of path: String) -> [String] {
    // In a container the mount shows the container's group as its top.
    var inside = path
    if root != "/" { inside = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : "" }
    var parts = inside.split(separator: "/").filter { $0 != ".." }
    var folders: [String] = []
    while !parts.isEmpty {
      folders.append(mountPoint + "/" + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return folders + [mountPoint]
  }
}
