// The files that a scenario is read from, with their bytes: what a manifest names, so that a plan can be made again
// from the same inputs, and told apart from one that was made from others.

import Foundation
import Quantities
import Tables

/// One file of a scenario's layers.
public struct ScenarioSource: Sendable, Hashable {
  /// The layer that it belongs to.
  public let layer: Layer
  /// Folder and file, `openai-aws-38b/scenario.toml`; of a user's folder its last component.
  public let name: String
  /// What it holds.
  public let bytes: [UInt8]
}

extension Scenario {
  /// Every file of the layers of a scenario, oldest layer first, each layer by name; private files are left out.
  ///
  /// - Throws: `InputError` where a file cannot be read, `UnknownName` for a name that is no scenario.
  public static func sources(of nameOrPath: String) throws -> [ScenarioSource] {
    let own = try ScenarioFiles.named(nameOrPath)
    var layers = [ScenarioFiles.bundled("defaults", layer: .defaults), own].compactMap { $0 }
    if let head = try own.bytes("scenario.toml"),
      let base = ScenarioFiles.bundled(
        try ScenarioHead(head, file: own.path("scenario.toml"), layer: own.layer).basedOn)
    {
      layers.insert(base, at: layers.count - 1)
    }
    return try layers.flatMap { files in
      try files.names.compactMap { name in
        try files.bytes(name).map {
          ScenarioSource(layer: files.layer, name: "\(files.name)/\(name)", bytes: $0)
        }
      }
    }
  }
}

extension ScenarioFiles {
  /// The bundled scenario of this name, else the folder at this path.
  ///
  /// - Throws: `UnknownName` where there is neither.
  static func named(_ nameOrPath: String) throws -> ScenarioFiles {
    if nameOrPath != "defaults", let bundled = ScenarioFiles.bundled(nameOrPath) { return bundled }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: nameOrPath, isDirectory: &isFolder), isFolder.boolValue {
      return .folder(nameOrPath)
    }
    throw UnknownName(
      what: "scenario", name: nameOrPath, nearest: nearestNames(to: nameOrPath, among: Scenario.bundledNames))
  }

  /// Tables and head that stand in it, sorted; never a private file.
  var names: [String] {
    let all: [String]
    if layer == .folder {
      let folder = path("").trimmingSuffix("/")
      all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    } else {
      all = Scenario.embeddedPaths.compactMap { path in
        path.hasPrefix("\(name)/") ? String(path.dropFirst(name.utf8.count + 1)) : nil
      }
    }
    return all.filter { ($0.hasSuffix(".csv") || $0.hasSuffix(".toml")) && $0 != "private.toml" }.sorted()
  }
}

extension String {
  fileprivate func trimmingSuffix(_ end: String) -> String {
    hasSuffix(end) ? String(dropLast(end.count)) : self
  }
}
