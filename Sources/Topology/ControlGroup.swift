// CPU quota and memory limit of this process's control groups, versions 1 and 2.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst (cpu.max, memory.max) and scheduler/sched-bwc.rst.
// A limit anywhere between the process's group and the top binds, so the smallest on the way counts.

import Machines

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
    for (folder, version) in ControlGroupFolders(groups: groups, mounts: mounts).serving(["cpu", "memory"]) {
      if Self.evidence.contains(where: { read(folder + $0) != nil }) { isKnown = true }
      limit(cpus: Self.cpuQuota(folder, version: version, read: read))
      limit(memory: Self.memoryLimit(folder, version: version, read: read))
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
