// Where the control groups of a process lie, versions 1 and 2, from the kernel's own texts. The top of /sys/fs/cgroup is
// not it: on a bare host a service or a job sits some folders below, with limits on each of them.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/cgroups.rst; proc_pid_mountinfo(5).

/// The folders of a process's control groups.
package struct ControlGroupFolders {
  private let memberships: [Membership]
  private let hierarchies: [Hierarchy]

  /// - Parameters:
  ///   - groups: text of `/proc/self/cgroup`.
  ///   - mounts: text of `/proc/self/mountinfo`.
  package init(groups: String, mounts: String) {
    memberships = Membership.parse(groups)
    hierarchies = Hierarchy.parse(mounts)
  }

  /// Folders of the process's group and of all above it, nearest first, in each hierarchy that serves one of these
  /// controllers.
  package func serving(_ wanted: Set<Substring>) -> [(folder: String, version: Int)] {
    memberships.flatMap { membership in
      hierarchies.filter { $0.serves(membership, wanted) }.flatMap { hierarchy in
        hierarchy.folders(of: membership.path).map { ($0, hierarchy.version) }
      }
    }
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

  func serves(_ membership: Membership, _ wanted: Set<Substring>) -> Bool {
    if version == 2 { return membership.controllers.isEmpty }
    return membership.controllers.contains { wanted.contains($0) && controllers.contains($0) }
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
