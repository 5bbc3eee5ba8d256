// Where a scenario's files come from: the binary, or a folder of the user. Files above 1 MiB are refused, so that a
// hostile folder cannot take the memory.

import CatalogData
import Foundation
import Quantities
import Tables

/// The files of one scenario folder.
struct ScenarioFiles: Sendable {
  let name: String
  let layer: Layer
  private let read: @Sendable (String) throws(InputError) -> [UInt8]?
  private let display: @Sendable (String) -> String

  /// Bytes of a file, nil where the scenario has none of that name.
  func bytes(_ file: String) throws(InputError) -> [UInt8]? { try read(file) }
  /// The file's name for messages.
  func path(_ file: String) -> String { display(file) }

  /// A scenario that the program ships; nil for an unknown name.
  static func bundled(_ name: String, layer: Layer = .bundled) -> ScenarioFiles? {
    guard Scenario.embedded("\(name)/scenario.toml") != nil else { return nil }
    return ScenarioFiles(
      name: name, layer: layer, read: { file throws(InputError) in Scenario.embedded("\(name)/\(file)") },
      display: { "\(name)/\($0)" })
  }

  /// A folder of the user.
  static func folder(_ path: String) -> ScenarioFiles {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let name = trimmed.split(separator: "/").last.map(String.init) ?? trimmed
    return ScenarioFiles(
      name: name, layer: .folder, read: { file throws(InputError) in try readFile("\(trimmed)/\(file)") },
      display: { "\(trimmed)/\($0)" })
  }
}

/// Largest file of a scenario.
let scenarioFileLimit = Unit.mebibyte

/// Bytes of a file of at most 1 MiB; nil where there is none.
func readFile(_ path: String) throws(InputError) -> [UInt8]? {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
  guard !isFolder.boolValue else {
    throw InputError(file: path, "is a folder where a file is expected", advice: "rename or remove it")
  }
  let limit = Int(scenarioFileLimit.toBase(1))
  guard let handle = FileHandle(forReadingAtPath: path) else {
    throw InputError(file: path, "cannot be opened", advice: "check its permissions")
  }
  defer { try? handle.close() }
  let data: Data?
  do { data = try handle.read(upToCount: limit + 1) } catch {
    throw InputError(file: path, "cannot be read: \(error.localizedDescription)")
  }
  guard let data else { return [] }
  guard data.count <= limit else {
    throw InputError(file: path, "is larger than 1 MiB", advice: "a scenario file holds a few hundred rows")
  }
  return [UInt8](data)
}

extension Scenario {
  /// Names of the scenarios that the program ships.
  public static var bundledNames: [String] {
    embeddedPaths.compactMap { path in
      let parts = path.split(separator: "/")
      guard parts.count == 2, parts[1] == "scenario.toml", parts[0] != "defaults" else { return nil }
      return String(parts[0])
    }.sorted()
  }

  /// Paths of all embedded scenario files.
  static var embeddedPaths: [String] {
    var paths: [String] = []
    while let path = scenario_path(paths.count) { paths.append(String(cString: path)) }
    return paths
  }

  /// Bytes of an embedded scenario file.
  static func embedded(_ path: String) -> [UInt8]? {
    var count = 0
    guard let bytes = scenario_data(path, &count) else { return nil }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}

/// A name that is not known, with its neighbours: a fault of the command line, not of a file.
public struct UnknownName: Error, Sendable, Hashable {
  /// What the name should have named, e.g. `scenario`.
  public let what: String
  /// The name.
  public let name: String
  /// Nearest known names.
  public let nearest: [String]
}
