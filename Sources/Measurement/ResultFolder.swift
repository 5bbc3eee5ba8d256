// Looks at the folder for results without making anything: may files be made there, on what file system?

import Glibc

extension HostFacts.Folder {
  /// Looks at a folder, or at the nearest one above it that exists.
  public init(lookingAt path: String, _ files: HostFiles = HostFiles()) {
    let existing = HostFacts.Folder.nearest(path)
    var space = statvfs()
    var free: Int?
    // The kernel's own file systems have no blocks at all.
    if statvfs(existing, &space) == 0, space.f_blocks > 0 {
      let product = UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize))
      free = product.overflow ? nil : Int(exactly: product.partialValue)
    }
    let mounts = files.text("/proc/self/mountinfo") ?? ""
    let kind = HostFacts.Folder.fileSystem(of: existing, mounts: mounts)
    // They may say that root can write, and then make no file.
    let isOfKernel = kind.map { HostFacts.Folder.kernels.contains($0) } ?? false
    self.init(
      isWritable: access(existing, W_OK | X_OK) == 0 && !isOfKernel, fileSystem: kind, freeBytes: free)
  }

  private static let kernels: Set<String> = [
    "proc", "sysfs", "cgroup", "cgroup2", "devpts", "securityfs", "debugfs", "tracefs", "bpf", "pstore",
    "efivarfs", "configfs", "mqueue", "nsfs", "binfmt_misc",
  ]

  /// True for a file system that other hosts share, where an advisory lock may not hold.
  var isShared: Bool? { fileSystem.map { HostFacts.Folder.shared.contains($0) || $0.hasPrefix("fuse") } }

  private static let shared: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "9p", "virtiofs", "panfs",
    "afs",
    "ocfs2", "gfs2", "glusterfs", "orangefs", "pvfs2",
  ]

  /// The kind of the file system that holds a path, after the text of `/proc/self/mountinfo`.
  ///
  /// The deepest mount point above the path holds it; of two on the same point the later one covers the earlier.
  package static func fileSystem(of path: String, mounts: String) -> String? {
    var best: (depth: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 1 else { continue }
      // The kernel writes a space in a name as \040.
      let point = fields[4].split(separator: "\\040", omittingEmptySubsequences: false).joined(separator: " ")
      let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
      guard isAbove, point.utf8.count >= best?.depth ?? 0 else { continue }
      best = (point.utf8.count, String(fields[dash + 1]))
    }
    return best?.kind
  }

  /// The absolute path of a folder, or of the nearest one above it that exists.
  private static func nearest(_ path: String) -> String {
    var rest = path[...]
    while true {
      if let real = realpath(rest.isEmpty ? "." : String(rest), nil) {
        defer { free(real) }
        return String(cString: real)
      }
      while rest.last == "/" { rest.removeLast() }
      guard let slash = rest.lastIndex(of: "/") else { return path == "." ? "/" : nearest(".") }
      rest = slash == rest.startIndex ? "/" : rest[..<slash]
    }
  }
}
