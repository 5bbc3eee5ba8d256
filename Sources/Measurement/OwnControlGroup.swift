// What the control groups that this process is in say of it now, versions 1 and 2.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.

import Machines

/// The control groups of this process, from its own up to the top that its mounts show.
struct OwnControlGroup {
  private let files: HostFiles
  private let groups: ControlGroupFolders

  init(_ files: HostFiles) {
    self.files = files
    groups = ControlGroupFolders(
      groups: files.text("/proc/self/cgroup") ?? "", mounts: files.text("/proc/self/mountinfo") ?? "")
  }

  /// CPUs that the nearest group allows; nil = not told.
  var cpus: CPUSet? {
    first("cpuset", "cpuset.cpus.effective", "cpuset.effective_cpus").flatMap { CPUSet(list: trimmed($0)) }
  }

  /// Periods in which the nearest quota stopped the group; nil = not told.
  var throttledPeriods: Int? {
    first("cpu", "cpu.stat", "cpu.stat").flatMap { OwnControlGroup.field("nr_throttled", of: $0) }
  }

  /// Bytes left under the tightest memory limit on the way to the top; nil = no limit.
  ///
  /// Files that nobody uses now count as memory of the group, but are given back when it wants more.
  var freeMemory: Int? {
    groups.serving(["memory"]).compactMap { folder, version -> Int? in
      let limit = files.integer(folder + (version == 2 ? "/memory.max" : "/memory.limit_in_bytes"))
      let used = files.integer(folder + (version == 2 ? "/memory.current" : "/memory.usage_in_bytes"))
      // Version 1 says "no limit" with the largest number of whole pages.
      guard let limit, let used, limit > 0, limit < Int.max / 2 else { return nil }
      let stat = files.text(folder + "/memory.stat") ?? ""
      let idle = OwnControlGroup.field(version == 2 ? "inactive_file" : "total_inactive_file", of: stat) ?? 0
      return max(0, limit - max(0, used - idle))
    }.min()
  }

  /// The text of a file in the nearest group that has it.
  private func first(_ controller: Substring, _ second: String, _ version1: String) -> String? {
    groups.serving([controller]).lazy.compactMap { folder, version in
      files.text(folder + "/" + (version == 2 ? second : version1))
    }.first
  }

  /// The number behind a word at the beginning of a line.
  private static func field(_ name: String, of text: String) -> Int? {
    text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { $0.split(separator: " ").last.flatMap { Int($0) } }
  }
}
