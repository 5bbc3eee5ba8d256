// XML for a results folder: the whole tree, without what names one particular machine or its owner.

internal import CHwloc
import Foundation
public import Tables

extension Topology {
  /// The topology as hwloc XML without host name, serial numbers, asset tags, UUIDs, GUIDs and addresses.
  ///
  /// - Throws: `InputError` when hwloc cannot write XML.
  public func scrubbedXML() throws(InputError) -> String {
    var buffer: UnsafeMutablePointer<CChar>?
    var length: Int32 = 0
    guard hwloc_topology_export_xmlbuffer(handle, &buffer, &length, 0) == 0, let buffer else {
      throw InputError("hwloc cannot write this machine as XML", advice: "does 'lstopo --of xml' work here?")
    }
    defer { hwloc_free_xmlbuffer(handle, buffer) }
    return scrubbed(String(cString: buffer))
  }
}

/// Drops each `<info …/>` whose name is private.
///
/// - Complexity: O(characters).
package func scrubbed(_ xml: String) -> String {
  var out = ""
  var rest = xml[...]
  while let start = rest.range(of: "<info ") {
    guard let end = rest.range(of: ">", range: start.upperBound..<rest.endIndex) else { break }
    let name = attribute("name", of: rest[start.lowerBound..<end.upperBound]) ?? ""
    if isPrivate(name) {
      // The line's indentation goes too, or an empty line would show where the secret stood.
      let before = rest[..<start.lowerBound]
      let kept = before.lastIndex { $0 != " " }.map { before[...$0] } ?? ""
      out += kept
      rest = rest[end.upperBound...]
      if kept.last == "\n" || kept.isEmpty, rest.first == "\n" { rest.removeFirst() }
    } else {
      out += rest[..<end.upperBound]
      rest = rest[end.upperBound...]
    }
  }
  return out + rest
}

/// True for an info that names one machine, its owner or its user rather than its type.
private func isPrivate(_ name: String) -> Bool {
  let lower = name.lowercased()
  let exact: Set<String> = ["hostname", "address", "nodeguid", "sysimageguid", "processname", "linuxcgroup"]
  if exact.contains(lower) { return true }
  if ["serial", "uuid", "assettag", "guid"].contains(where: lower.contains) { return true }
  return lower.hasPrefix("port") && (lower.contains("gid") || lower.contains("lid"))
}
