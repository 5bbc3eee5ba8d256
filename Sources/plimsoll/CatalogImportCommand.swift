// plimsoll catalog import: public price files, given by path, into rows of the catalogue. Nothing is fetched.

import ArgumentParser
import Catalog
import Foundation
import Quantities
import Tables

extension PriceFileFormat: ExpressibleByArgument {}

extension CatalogCommand {
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads public price files into cloud_prices.csv, trap by trap.",
      discussion: """
        Formats: skypilot (catalogs/v8/CLOUD/vms.csv), gpuhunt (a provider's CSV), karpenter (the \
        generated Go tables), aws-price-list (the bulk list of EC2 as CSV). Files only; nothing is fetched.
        Every price is accepted, repaired, merged with another, refused or outside the catalogue's scope, \
        and counted by the rule that said so. Refused ones go to standard error, all of them to --listing.
        --output DIR writes cloud_prices.csv and cloud_instances.csv with the catalogue's other rows in \
        them, for --catalog DIR; --output FILE.csv writes the imported rows alone.
        Example: plimsoll catalog import --format gpuhunt --as-of 2026-11-01 nebius.csv --output prices
        """)

    @Option(help: "Format of the files.")
    var format: PriceFileFormat

    @Argument(help: "Price files.", completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("Cloud of the files, where they do not say it.", valueName: "name"))
    var provider: String = ""

    @Option(help: ArgumentHelp("Day of the prices, for files that state none.", valueName: "date"))
    var asOf: String = ""

    @Option(
      name: .customLong("output"), help: ArgumentHelp("CSV file or folder to write.", valueName: "path"))
    var destination: String?

    @Option(
      help: ArgumentHelp("CSV file that lists every repaired, merged and refused price.", valueName: "file"))
    var listing: String?

    @Option(help: "How the report is printed: table, md or html for people; csv, json or jsonl for programs.")
    var report: TableFormat = .table

    @OptionGroup var catalog: CatalogOptions

    func validate() throws {
      guard !files.isEmpty else { throw ValidationError("Give at least one price file.") }
    }

    func run() throws {
      let facts = try catalog.load()
      let notes = NoteList()
      let sink: @Sendable (ImportNote) -> Void = { notes.append($0) }
      var prices = try PriceImport(
        into: facts, format: format, provider: provider, asOf: asOf, today: CalendarDay.today,
        sink: listing == nil ? nil : sink)
      for file in files { try prices.read(file) }
      let imported = prices.finish()
      let counts = prices.report
      for warning in counts.warnings { StandardError.write("warning: \(warning.description)") }
      list(counts)
      if let listing { try WholeFile.write(notes.csv, to: listing) }
      try write(imported, into: facts)
      try OutputOptions.show(
        [summary(counts, imported), rules(counts), facts.regionTable("Regions", of: imported.prices)],
        as: report)
      guard !imported.prices.isEmpty else {
        throw CommandFailure(
          .badData, "no price of \(counts.offers) could be used; the rules above say why")
      }
    }

    /// What was refused, to standard error; the report keeps the first of each rule.
    private func list(_ report: ImportReport) {
      for (rule, count) in report.applications where rule.outcome == .refused {
        let shown = report.examples[rule] ?? []
        for note in shown { StandardError.write("refused: \(note.description)") }
        if count > shown.count {
          StandardError.write(
            "refused: \(count - shown.count) more by \(rule.name); --listing FILE lists them")
        }
      }
    }

    private func write(_ imported: ImportedPrices, into facts: Catalog) throws {
      guard let destination, !imported.prices.isEmpty else { return }
      guard isFolder(destination) else {
        try WholeFile.write(imported.csv, to: destination)
        StandardError.write("\(destination): the \(imported.prices.count) imported rows alone")
        return
      }
      let tables = try imported.tables(into: facts, today: CalendarDay.today)
      try FileManager.default.createDirectory(atPath: destination, withIntermediateDirectories: true)
      let folder = destination.hasSuffix("/") ? destination : destination + "/"
      try WholeFile.write(tables.prices, to: folder + CloudPrice.fileName)
      try WholeFile.write(tables.instances, to: folder + CloudInstance.fileName)
      StandardError.write(
        "\(destination): \(imported.prices.count) imported rows, \(tables.replaced) of them in place of rows "
          + "of the same day, and \(imported.newInstances.count) new instances; "
          + "use it with --catalog \(destination)"
      )
    }

    private func isFolder(_ path: String) -> Bool {
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
        return isDirectory.boolValue
      }
      return path.hasSuffix("/") || !path.hasSuffix(".csv")
    }

    private func summary(_ report: ImportReport, _ imported: ImportedPrices) -> ReportTable {
      var table = ReportTable("Import", [.init("what"), .init("count")])
      table.append([.text("rows read"), .integer(report.rows)])
      table.append([.text("prices in them"), .integer(report.offers)])
      for outcome in ImportOutcome.allCases {
        table.append([.text(outcome.rawValue), .integer(report.count(outcome))])
      }
      table.append([.text("new instances"), .integer(imported.newInstances.count)])
      return table
    }

    private func rules(_ report: ImportReport) -> ReportTable {
      var table = ReportTable(
        "Rules that applied",
        [.init("rule"), .init("outcome"), .init("count"), .init("meaning"), .init("first")])
      for (rule, count) in report.applications {
        let first = report.examples[rule]?.first
        table.append([
          .text(rule.name), .text(rule.outcome.rawValue), .integer(count), .text(rule.meaning),
          .text(first.map { "\($0.file):\($0.line)" } ?? ""),
        ])
      }
      return table
    }
  }

  struct Regions: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the regions that have prices, each with the carbon of its grid.",
      discussion: """
        Carbon is location based, g of CO2 equivalents per kWh, with the year that it describes; an empty \
        cell is a gap.
        Example: plimsoll catalog regions --format csv
        """)

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var output: OutputOptions

    func run() throws { try output.show([catalog.load().regions]) }
  }
}

/// Notes of an import as CSV lines, as they come.
private final class NoteList: @unchecked Sendable {
  // The import tells its notes on one thread, the command's own.
  private(set) var csv = CSVWriter.line([
    "file", "line", "column", "rule", "outcome", "subject", "meaning", "detail",
  ])

  func append(_ note: ImportNote) {
    csv += CSVWriter.line([
      note.file, String(note.line), note.column.map(String.init) ?? "", note.rule.name,
      note.rule.outcome.rawValue,
      neutralised(printable(note.subject)), note.rule.meaning, neutralised(printable(note.detail)),
    ])
  }
}
