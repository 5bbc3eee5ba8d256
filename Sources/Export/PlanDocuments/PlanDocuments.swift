// All documents of a plan in one folder: the workbook, the page and the CSV tables. A new folder appears whole (it is
// filled under a temporary name and renamed); in a folder that is there, each file is replaced in one step.

import Foundation
public import Planner
import Tables

/// Writes a plan's documents.
public enum PlanDocuments {
  /// Writes `plan.xlsx`, `plan.html` and the CSV tables into a folder, which is made where it is missing.
  ///
  /// - Parameter isExcelLocale: CSV tables with semicolons, decimal commas and a byte order mark.
  /// - Returns: the names of the files, in reading order.
  /// - Throws: `FileError` where the folder or a file cannot be written.
  @discardableResult
  public static func write(
    _ plan: Plan, to directory: String, with companions: PlanCompanions = PlanCompanions(),
    isExcelLocale: Bool = false
  ) throws -> [String] {
    let folder = trimmed(directory)
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: folder, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw FileError(path: folder, reason: "it is not a folder") }
      return try fill(folder, with: plan, companions, isExcelLocale)
    }
    let temporary = WholeFile.temporaryName(for: folder)
    try makeFolder(temporary, named: folder)
    do {
      let names = try fill(temporary, with: plan, companions, isExcelLocale)
      guard rename(temporary, folder) == 0 else { throw FileError(path: folder, errno: errno) }
      return names
    } catch {
      try? manager.removeItem(atPath: temporary)
      if let error = error as? FileError {
        throw FileError(path: error.path.replacing(temporary, with: folder), reason: error.reason)
      }
      throw error
    }
  }

  private static func fill(
    _ folder: String, with plan: Plan, _ companions: PlanCompanions, _ isExcelLocale: Bool
  ) throws -> [String] {
    let tables = PlanTables(plan)
    let files =
      tables.files + (companions.uncertainty.map { tables.files(of: $0) } ?? [])
      + (companions.difference.map { [("changes.csv", tables.changes($0))] } ?? [])
      + (companions.simulation.map { [("fleet_simulation.csv", tables.keyed($0.table))] } ?? [])
    var written: [PlanManifest.Entry] = []
    for (name, table) in files {
      let text = try isExcelLocale ? ExcelLocale.text(table) : table.render(.csv)
      try WholeFile.write(text, to: "\(folder)/\(name)")
      written.append(.init(name: name, role: table.title, content: Array(text.utf8)))
    }
    let book = "\(folder)/plan.xlsx"
    try XLSXFormat.write(PlanWorkbook.make(plan, with: companions), to: book)
    guard let bytes = WholeFile.bytes(of: book) else { throw FileError(path: book, errno: EIO) }
    let page = PlanPage(plan, extras: PlanPageExtras(companions.uncertainty)).html()
    try WholeFile.write(page, to: "\(folder)/plan.html")
    written.insert(
      contentsOf: [
        .init(name: "plan.xlsx", role: "Workbook with live formulas", content: bytes),
        .init(name: "plan.html", role: "The plan as a page", content: Array(page.utf8)),
      ], at: 0)
    // Last, so that a folder with a manifest has all that it names.
    let manifest = PlanManifest.table(
      of: tables, companions.run, samples: companions.uncertainty?.samples, files: written)
    try WholeFile.write(manifest.render(.csv), to: "\(folder)/\(PlanManifest.file)")
    return written.map(\.name) + [PlanManifest.file]
  }

  private static func makeFolder(_ path: String, named shown: String) throws {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if !parent.isEmpty, !FileManager.default.fileExists(atPath: parent) {
      try makeFolder(parent, named: parent)
    }
    guard mkdir(path, 0o755) == 0 else { throw FileError(path: shown, errno: errno) }
  }

  private static func trimmed(_ directory: String) -> String {
    var folder = directory
    while folder.count > 1, folder.last == "/" { folder.removeLast() }
    return folder
  }
}
