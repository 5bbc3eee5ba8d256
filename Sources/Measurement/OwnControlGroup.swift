// The files of the control groups that this process is in, versions 1 and 2. The top of /sys/fs/cgroup is not it: on a
// bare host a service or a job sits some folders below, with limits on each of them.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.

import Machines

/// The control groups of this process, from its own up to the top that its mounts show.
struct OwnControlGroup {
  private let files: HostFiles
  private let text: (groups: String, mounts: String)

  init(_ files: HostFiles) {
    self.files = files
    text = (files.text("/proc/self/cgroup") ?? "", files.text("/proc/self/mountinfo") ?? "")
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
    folders("memory").compactMap { folder, version -> Int? in
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
    folders(controller).lazy.compactMap { folder, version in
      files.text(folder + "/" + (version == 2 ? second : version1))
    }.first
  }

  /// Folders of the process's group and of all above it, by hierarchy that serves a controller.
  private func folders(_ controller: Substring) -> [(folder: String, version: Int)] {
    text.groups.split(separator: "\n").flatMap { line -> [(folder: String, version: Int)] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains(controller) else {
        return []
      }
      let version = parts[1].isEmpty ? 2 : 1
      return text.mounts.split(separator: "\n").flatMap { mount -> [(folder: String, version: Int)] in
        let fields = mount.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 1,
          fields[dash + 1] == (version == 2 ? "cgroup2" : "cgroup"),
          version == 2 || fields.last?.split(separator: ",").contains(controller) == true
        else { return [] }
        return OwnControlGroup.chain(String(parts[2]), root: String(fields[3]), mountedAt: String(fields[4]))
          .map { ($0, version) }
      }
    }
  }

  /// In a container the mount shows the container's group as its top.
  private static func chain(_ path: String, root: String, mountedAt mount: String) -> [String] {
    var inside = path
    if root != "/" { inside = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : "" }
    var parts = inside.split(separator: "/").filter { $0 != ".." }
    var folders: [String] = []
    while !parts.isEmpty {
      folders.append(mount + "/" + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return folders + [mount]
  }

  /// The number behind a word at the beginning of a line.
  private static func field(_ name: String, of text: String) -> Int? {
    text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { $0.split(separator: " ").last.flatMap { Int($0) } }
  }
}
