// --catalog, shared by every verb that reads facts.

import ArgumentParser
import Catalog
import Tables

/// Which catalogue a verb reads.
struct CatalogOptions: ParsableArguments {
  @Option(
    name: .customLong("catalog"),
    help: ArgumentHelp("Folder whose CSV files replace built-in ones of the same name.", valueName: "dir"))
  var directory: String?

  /// The built-in catalogue, with the files of `--catalog` in place.
  func load() throws -> Catalog {
    guard let directory else { return try Catalog.embedded() }
    return try Catalog.load(directory: directory)
  }
}
