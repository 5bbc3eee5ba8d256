// The report of `catalog check` and `validate`: what was read and what is wrong with it.

import Foundation
import Quantities
public import Tables

/// Row counts and findings of a check.
public struct CatalogReport: Sendable {
  /// Rows of one table.
  public struct Count: Hashable, Sendable {
    /// Name of the table, e.g. `cloud_prices`.
    public let table: String
    /// Rows read.
    public let rows: Int
  }

  /// Tables in the order of reading.
  public let counts: [Count]
  /// Errors and warnings, table by table.
  public let findings: [Finding]

  /// The findings that make the catalogue unusable.
  public var errors: [Finding] { findings.filter { $0.severity == .error } }
  /// The findings that a person should look at.
  public var warnings: [Finding] { findings.filter { $0.severity == .warning } }
}

extension Catalog {
  /// Checks the embedded catalogue, or that with the files of a folder in place of its own.
  ///
  /// - Parameters:
  ///   - directory: a folder of catalogue files, or nil.
  ///   - today: the day that evidence may not be later than; nil skips the rules of the calendar.
  /// - Throws: `InputError` where a file cannot be read as its table at all.
  public static func check(directory: String?, today: CalendarDay?) throws(InputError) -> CatalogReport {
    var files: [String: CatalogFile] = [:]
    if let directory { for (name, file) in try catalogFiles(in: directory) { files[name] = file } }
    return try check(replacing: files, today: today)
  }

  /// Checks one catalogue file as part of the built-in catalogue.
  ///
  /// The table is told by the file's name, else by its header.
  /// - Throws: `InputError` where the file is no catalogue file or cannot be read as its table.
  public static func check(
    file: String, bytes: [UInt8], today: CalendarDay? = nil
  ) throws(InputError) -> CatalogReport {
    let name = URL(fileURLWithPath: file).lastPathComponent
    let table = fileNames.contains(name) ? name : try tableOf(header: bytes, file: file)
    let files = [table: CatalogFile(name: file, bytes: bytes)]
    let report = try check(replacing: files, only: table, today: today)
    // Other files are right by themselves; a fault there comes from this one (a removed chip, say).
    let own = report.findings.filter { $0.fault.file == file || $0.severity == .error }
    return CatalogReport(
      counts: report.counts.filter { "\($0.table).csv" == table }, findings: own)
  }

  /// True where the first line is the header of a catalogue table.
  public static func recognises(_ bytes: [UInt8]) -> Bool { headerMatch(bytes) != nil }

  /// Checks all tables; the two of measurements, on which no other rests, only if they are asked for.
  private static func check(
    replacing files: [String: CatalogFile], only table: String? = nil, today: CalendarDay?
  ) throws(InputError) -> CatalogReport {
    let sheets = try Sheets(replacing: files)
    var found = sheets.findings(today: today)
    var measurements: [any AnySheet] = []
    if [nil, MeasuredKernel.fileName].contains(table) {
      let kernels = try sheet(of: MeasuredKernel.self, files)
      found.kernels(kernels, chips: sheets.accelerators.rows)
      measurements.append(kernels)
    }
    if [nil, ServingPoint.fileName].contains(table) {
      measurements.append(try sheet(of: ServingPoint.self, files))
    }
    for sheet in measurements { sheet.inspect(&found, today: today) }
    let counts = (sheets.each + measurements).map {
      CatalogReport.Count(table: $0.tableName, rows: $0.count)
    }
    return CatalogReport(counts: counts, findings: found.list)
  }

  private static func sheet<Row: CatalogRow>(
    of type: Row.Type, _ files: [String: CatalogFile]
  ) throws(InputError) -> Sheet<Row> {
    let file = files[Row.fileName]
    return try Sheet(file?.bytes ?? embeddedBytes(Row.fileName) ?? [], file: file?.name ?? Row.fileName)
  }

  private static func headerMatch(_ bytes: [UInt8]) -> String? {
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    guard let text = String(validating: line, as: UTF8.self) else { return nil }
    return tables.first { headerLine($0) == text }.map { $0.fileName }
  }

  private static func tableOf(header bytes: [UInt8], file: String) throws(InputError) -> String {
    if let name = headerMatch(bytes) { return name }
    let name = URL(fileURLWithPath: file).lastPathComponent
    let near = nearestNames(to: name, among: fileNames)
    throw InputError(
      file: file, line: 1, column: 1, "neither name nor header are those of a catalogue file",
      advice: near.isEmpty
        ? "`plimsoll catalog list` shows the tables" : "did you mean \(near.joined(separator: ", "))?")
  }
}

private func headerLine(_ type: any CatalogRow.Type) -> String {
  func header<Row: CatalogRow>(_ type: Row.Type) -> String { Row.schema.header.joined(separator: ",") }
  return header(type)
}
