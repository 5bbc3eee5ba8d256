// A folder of catalogue files that take the place of the embedded ones, file by file.

import Foundation
import Quantities
public import Tables

extension Catalog {
  /// Names of all catalogue files, the two large ones of measurements included.
  public static let fileNames: [String] = tables.map { $0.fileName }

  /// Every row type in the order of reading.
  public static let tables: [any CatalogRow.Type] = [
    Accelerator.self, AcceleratorFact.self, AcceleratorRate.self, CloudInstance.self, CloudPrice.self,
    PriceMove.self, Deal.self, ModelArchitecture.self, PowerFact.self, DemandFact.self, FleetFact.self,
    MeasuredPower.self, TrainingRun.self, EngineConstant.self, BenchmarkWorkload.self, MeasuredKernel.self,
    ServingPoint.self,
  ]

  /// The embedded catalogue with the `.csv` files of a folder in the place of those of the same name.
  ///
  /// - Throws: `InputError` for a folder or file that cannot be read, a `.csv` file that is no
  ///   catalogue file (with the nearest name), and every fault of a row.
  public static func load(directory: String) throws(InputError) -> Catalog {
    var files: [String: CatalogFile] = [:]
    for (name, file) in try catalogFiles(in: directory) { files[name] = file }
    return try Catalog(replacing: files)
  }

  /// The catalogue files of a folder by name.
  static func catalogFiles(in directory: String) throws(InputError) -> [(String, CatalogFile)] {
    let folder = URL(fileURLWithPath: directory, isDirectory: true)
    let entries: [String]
    do {
      entries = try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      throw InputError(
        file: directory, "the catalogue folder cannot be read",
        advice: "give a folder that holds files like accelerators.csv")
    }
    var found: [(String, CatalogFile)] = []
    for name in entries.sorted() where name.hasSuffix(".csv") {
      let path = folder.appendingPathComponent(name).path
      guard fileNames.contains(name) else {
        let near = nearestNames(to: name, among: fileNames)
        throw InputError(
          file: path, "no catalogue file is called '\(name)'",
          advice: near.isEmpty
            ? "remove it from the folder" : "rename it to \(near.joined(separator: " or ")) or remove it")
      }
      guard let bytes = FileManager.default.contents(atPath: path) else {
        throw InputError(file: path, "the file cannot be read", advice: "check its permissions")
      }
      found.append((name, CatalogFile(name: path, bytes: Array(bytes))))
    }
    return found
  }
}
