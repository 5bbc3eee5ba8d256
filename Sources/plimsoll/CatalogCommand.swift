// plimsoll catalog: list the tables, show all that is known about a name, check the rules.

import ArgumentParser
import Catalog
import Foundation
import Quantities
import Tables

struct CatalogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "Lists, shows and checks the facts that plans rest on.",
    discussion: "Example: plimsoll catalog show GB200",
    subcommands: [List.self, Show.self, Check.self])
}

extension CatalogCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the tables, or the rows of one.",
      discussion: "Example: plimsoll catalog list cloud_prices --format csv")

    @Argument(help: "Name of a table; without it the tables themselves are listed.")
    var table: String?

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let facts = try catalog.load()
      guard let table else {
        try output.show([try overview(facts)])
        return
      }
      let name = table.hasSuffix(".csv") ? String(table.dropLast(".csv".count)) : table
      let brief = output.format == .table
      guard let rows = try facts.table(name, brief: brief, directory: catalog.directory) else {
        let names = Catalog.summaries.map(\.name)
        throw CommandFailure.unknown(
          "table", table, nearest: nearestNames(to: name, among: names), list: "plimsoll catalog list")
      }
      try output.show([rows])
    }

    private func overview(_ facts: Catalog) throws -> ReportTable {
      var table = ReportTable("Catalogue tables", [.init("table"), .init("rows"), .init("holds")])
      for summary in Catalog.summaries {
        let rows = try facts.table(summary.name, brief: true, directory: catalog.directory)?.rows.count ?? 0
        table.append([.text(summary.name), .integer(rows), .text(summary.purpose)])
      }
      return table
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows everything known about a chip, model, instance type or deal.",
      discussion: """
        Each line carries the date and source of its evidence; `unverified` marks what no opened \
        source confirms.
        Example: plimsoll catalog show openai-aws-38
        """)

    @Argument(help: "Id of an accelerator, model, instance type or deal.")
    var name: String

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let facts = try catalog.load()
      guard let lines = facts.dossier(name) else {
        throw CommandFailure.unknown(
          "name", name, nearest: facts.nearestSubjects(to: name),
          list: "plimsoll catalog list accelerators, models, cloud_instances or deals")
      }
      try output.show(output.format == .table ? sections(lines) : [flat(lines)])
    }

    /// One table for programs, sources in full on each line.
    private func flat(_ lines: [DossierLine]) -> ReportTable {
      let names = ["table", "quantity", "value", "unit", "condition", "date", "confidence", "source"]
      var table = ReportTable(name, names.map { ReportTable.Column($0) })
      for line in lines {
        table.append([
          .text(line.table), .text(line.quantity), line.value, word(line.unit), word(line.condition),
          word(line.date), word(line.confidence), word(line.source),
        ])
      }
      return table
    }

    /// One table a section for people; sources are numbered and stand under it in full.
    private func sections(_ lines: [DossierLine]) -> [ReportTable] {
      var order: [String] = []
      for line in lines where !order.contains(line.table) { order.append(line.table) }
      return order.map { title in section(title, lines.filter { $0.table == title }) }
    }

    private func section(_ title: String, _ lines: [DossierLine]) -> ReportTable {
      let isRow = lines.allSatisfy { $0.unit.isEmpty && $0.condition.isEmpty }
      let columns: [ReportTable.Column] =
        isRow
        ? [.init("column"), .init("value")]
        : [
          .init("quantity"), .init("value"), .init("unit"), .init("date"), .init("confidence"),
          .init("source", "src"),
        ]
      var table = ReportTable("\(name): \(title)", columns)
      var sources: [String] = []
      for line in lines {
        let note = [line.condition, line.source].filter { !$0.isEmpty }.joined(separator: " — ")
        if !sources.contains(note) { sources.append(note) }
        let number = (sources.firstIndex(of: note) ?? 0) + 1
        table.append(
          isRow
            ? [.text(line.quantity), line.value]
            : [
              .text(line.quantity), line.value, word(line.unit), word(line.date), word(line.confidence),
              .text("[\(number)]"),
            ])
      }
      for (index, source) in sources.enumerated() where !source.isEmpty {
        let date = isRow ? lines.first?.date ?? "" : ""
        let trust = isRow ? lines.first?.confidence ?? "" : ""
        let marks = [date, trust].filter { !$0.isEmpty }.joined(separator: ", ")
        table.notes.append("[\(index + 1)] \(source)" + (marks.isEmpty ? "" : " (\(marks))"))
      }
      return table
    }

    private func word(_ text: String) -> Cell { text.isEmpty ? .empty : .text(text) }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks every row: units, dates, sources, duplicates, impossible prices.",
      discussion: """
        Counts go to standard output, errors and warnings to standard error. Exit status 65 with errors.
        Example: plimsoll catalog check --catalog my-prices
        """)

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let report = try Catalog.check(directory: catalog.directory, today: CalendarDay.today)
      for finding in report.findings { StandardError.write(finding.description) }
      try output.show([CatalogCommand.counts(report)])
      guard report.errors.isEmpty else {
        throw CommandFailure(
          .badData, "\(report.errors.count) errors in the catalogue; a plan cannot use it")
      }
    }
  }

  /// Rows, errors and warnings by table.
  static func counts(_ report: CatalogReport) -> ReportTable {
    var table = ReportTable(
      "Catalogue check", [.init("table"), .init("rows"), .init("errors"), .init("warnings")])
    for count in report.counts {
      func number(_ severity: Severity) -> Int {
        report.findings.filter {
          $0.severity == severity && ($0.fault.file ?? "").hasSuffix("\(count.table).csv")
        }.count
      }
      table.append([
        .text(count.table), .integer(count.rows), .integer(number(.error)), .integer(number(.warning)),
      ])
    }
    return table
  }
}
