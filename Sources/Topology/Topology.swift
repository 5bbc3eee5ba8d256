// The owner of a hwloc topology: of this host, of an XML file, or of a synthetic description.
// The idea: hwloc's handle lives here and nowhere else; what leaves the room is a plain `Machine`.

internal import CHwloc
import Foundation
public import Machines
import Tables

/// A loaded topology; freed with its last use.
///
/// Only describes: nothing here binds threads or memory.
public struct Topology: ~Copyable {
  let handle: OpaquePointer
  /// Where it came from: `host`, a file name, or the synthetic description.
  public let source: String
  /// What the source says nothing about, so that hwloc's stand-ins are not taken for facts.
  let unstated: Unstated

  /// The host that the program runs on, whatever variables of hwloc say: launchers hand one host's XML to all
  /// processes in `HWLOC_XMLFILE`.
  ///
  /// - Throws: `InputError` when hwloc cannot read it.
  public static func live() throws -> Topology {
    let handle = try open(source: "this host") { _ in }
    guard hwloc_topology_is_thissystem(handle) != 0 else {
      hwloc_topology_destroy(handle)
      throw InputError(
        "hwloc shows another machine than this host", advice: "unset the variables HWLOC_* and try again")
    }
    return Topology(handle: handle, source: "host", unstated: [])
  }

  /// A topology from a file or a description.
  ///
  /// - Parameter input: the path of a hwloc XML file (it exists, or its name ends in `.xml`), else a synthetic
  ///   description such as `pack:2 core:4 pu:2`.
  /// - Throws: `InputError` for bad XML, XML of a newer major version, or a bad description; Foundation's
  ///   error when the file cannot be read.
  public init(input: String) throws {
    if input.hasSuffix(".xml") || FileManager.default.fileExists(atPath: input) {
      try self.init(xmlFile: input)
    } else {
      try self.init(synthetic: input)
    }
  }

  /// Placements that a run would measure on this machine, and those that it would not.
  public func placements(for machine: Machine) -> PlacementPlan { PlacementPlan(machine) }

  /// The hwloc version that this program was built with.
  public static var hwlocVersion: String { HWLOC_VERSION }

  /// Variables in the environment that would show another machine than the host, and that are not followed.
  public static var ignoredVariables: [String] { replacingVariables.filter { getenv($0) != nil } }

  deinit { hwloc_topology_destroy(handle) }
}

extension Topology {
  private init(handle: OpaquePointer, source: String, unstated: Unstated) {
    self.handle = handle
    self.source = source
    self.unstated = unstated
  }

  private init(xmlFile path: String) throws {
    let xml = try inputBytes(path)
    try checkHwlocXML(xml, file: path)
    let unreadable = InputError(
      file: path, "hwloc \(Topology.hwlocVersion) cannot read this XML",
      advice: "export it again with 'lstopo \(path)'")
    // hwloc wants a terminating zero and counts it.
    let bytes = xml.map(CChar.init(bitPattern:)) + [0]
    guard let count = Int32(exactly: bytes.count) else { throw unreadable }
    let handle = try Topology.open(source: path) { handle throws(InputError) in
      switch Int(plimsoll_hwloc_trial(bytes, count)) {
      case PLIMSOLL_TRIAL_LOADS: break
      case PLIMSOLL_TRIAL_REFUSED: throw unreadable
      case PLIMSOLL_TRIAL_NO_CHILD:
        throw InputError(
          file: path, "no process can be started to try this XML in", advice: "raise the limit 'ulimit -u'")
      default:
        throw InputError(
          file: path, "hwloc \(Topology.hwlocVersion) fails on this XML, which contradicts itself",
          advice: "export it again with 'lstopo \(path)'")
      }
      guard hwloc_topology_set_xmlbuffer(handle, bytes, count) == 0 else { throw unreadable }
    } failure: {
      unreadable
    }
    self.init(handle: handle, source: path, unstated: [])
  }

  private init(synthetic description: String) throws {
    try checkSynthetic(description)
    let refused = InputError(
      "hwloc cannot build '\(description.prefix(80))'",
      advice: "write levels from the largest to 'pu', e.g. \"pack:2 l3:4 core:8 pu:2\"")
    let handle = try Topology.open(source: description) { handle throws(InputError) in
      guard hwloc_topology_set_synthetic(handle, description) == 0 else { throw refused }
    } failure: {
      refused
    }
    self.init(handle: handle, source: description, unstated: Unstated(synthetic: description))
  }

  /// Creates, configures and loads a handle; destroys it on failure.
  private static func open(
    source: String, configure: (OpaquePointer) throws(InputError) -> Void,
    failure: () -> InputError = {
      InputError("hwloc cannot read this host", advice: "does 'lstopo' work here?")
    }
  ) throws(InputError) -> OpaquePointer {
    // One at a time: a trial forks, and a lock of hwloc that another thread holds would stay held in the child.
    loading.lock()
    defer { loading.unlock() }
    // hwloc's own complaints would stand between the tables; ours name the file and the next step.
    setenv("HWLOC_HIDE_ERRORS", "2", 0)
    let hidden = replacingVariables.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
    for (name, _) in hidden { unsetenv(name) }
    defer { for (name, value) in hidden { setenv(name, value, 1) } }
    var created: OpaquePointer?
    guard hwloc_topology_init(&created) == 0, let handle = created else { throw failure() }
    do throws(InputError) {
      try configure(handle)
      plimsoll_hwloc_configure(handle)
      guard hwloc_topology_load(handle) == 0 else { throw failure() }
    } catch {
      hwloc_topology_destroy(handle)
      throw error
    }
    return handle
  }
}

/// Held while hwloc loads.
private let loading = NSLock()

/// Variables by which hwloc shows another machine, or claims that a described one is this host.
private let replacingVariables = [
  "HWLOC_XMLFILE", "HWLOC_SYNTHETIC", "HWLOC_FSROOT", "HWLOC_CPUID_PATH", "HWLOC_DUMPED_HWDATA_DIR",
  "HWLOC_THISSYSTEM",
]

/// The bytes of a file, a pipe or standard input.
///
/// - Throws: `InputError` for a folder; Foundation's error when it cannot be read.
private func inputBytes(_ path: String) throws -> Data {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
    throw InputError(file: path, "this is a folder", advice: "name the XML file in it")
  }
  // A pipe has no size, which Data(contentsOf:) wants to know.
  guard let handle = FileHandle(forReadingAtPath: path) else {
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }
  return try handle.readToEnd() ?? Data()
}

/// Sizes that hwloc makes up for a synthetic description.
struct Unstated: OptionSet {
  let rawValue: Int
  static let cacheSizes = Unstated(rawValue: 1)
  static let memorySizes = Unstated(rawValue: 2)

  init(rawValue: Int) { self.rawValue = rawValue }

  /// A description may carry `(size=…)` for caches and `(memory=…)` for nodes; without them hwloc invents both.
  init(synthetic description: String) {
    self = []
    if !description.contains("size=") { insert(.cacheSizes) }
    if !description.contains("memory=") { insert(.memorySizes) }
  }
}
