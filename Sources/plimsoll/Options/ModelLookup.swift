// The model that a name on the command line means: a row of the catalogue, or a config.json given by path.

import Catalog
import Foundation
import Tables

/// The model of a catalogue by name or hub identifier, or the one that a `config.json` at a path describes.
///
/// - Throws: `CommandFailure` with the nearest names for an unknown name, `InputError` with file and line for a
///   configuration that is not understood or cannot be read.
func network(named name: String, in catalog: Catalog) throws -> ModelArchitecture {
  if let known = catalog.model(name) { return known }
  guard name.hasSuffix(".json") else {
    throw CommandFailure.unknown(
      "model", name, nearest: catalog.nearestModels(to: name),
      list: "plimsoll catalog list models")
  }
  guard let bytes = FileManager.default.contents(atPath: name) else {
    throw InputError(
      file: name, "the configuration cannot be read", advice: "give the path of a model's config.json")
  }
  return try ModelArchitecture(huggingFaceConfig: String(decoding: bytes, as: UTF8.self), file: name)
}

/// The accelerator of a catalogue by name.
///
/// - Throws: `CommandFailure` with the nearest names for an unknown one.
func accelerator(named name: String, in catalog: Catalog) throws -> Accelerator {
  guard let known = catalog.accelerator(name) else {
    throw CommandFailure.unknown(
      "accelerator", name, nearest: catalog.nearestAccelerators(to: name),
      list: "plimsoll catalog list accelerators")
  }
  return known
}
