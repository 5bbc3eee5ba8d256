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
    subcommands: [List.self, Show.self, Check.self, Import.self, Regions.self])
}

extension CatalogCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the tables, or the rows of one.",
      discussion: "Example: plimsoll catalog list cloud_prices --format csv")

    @Argument(help: "Name of a table; without it the tables themselves are listed.")
    var table: String?

    @Flag(help: "Prints the meaning of every column of every table as Markdown.")
    var dictionary = false

    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      if dictionary {
        let sections = Catalog.summaries.map { "### \($0.name).csv\n\($0.purpose)\n\n\($0.dictionary)" }
        try StandardOutput.write(sections.joined(separator: "\n"))
        return
      }
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
      let names = [
        "table", "quantity", "offer", "region", "value", "unit", "condition", "date", "confidence", "source",
      ]
      var table = ReportTable(name, names.map { ReportTable.Column($0) })
      for line in lines {
        table.append([
          .text(line.table), .text(line.quantity), word(line.offer), word(line.region), line.value,
          word(line.unit),
          word(line.condition),
          word(line.date), word(line.confidence), word(line.source),
        ])
      }
      return table
    }

    /// One table a section for people; sources are numbered and stand under it in full.
    private func sections(_ lines: [DossierLine]) -> [ReportTable] {
      var order: [[String]] = []
      var parts: [[String]: [DossierLine]] = [:]
      for line in lines {
        let key = [line.table, line.table == CloudInstance.tableName ? "" : line.offer]
        if parts[key] == nil { order.append(key) }
        parts[key, default: []].append(line)
      }
      return order.compactMap { key in
        guard let part = parts[key], let first = part.first else { return nil }
        let isRow = ["id", "model", "provider"].contains(first.quantity)
        return isRow ? card(first.table, part) : section(first.table, part)
      }
    }

    /// A row as names and values; what is too long for a line follows in full.
    private func card(_ title: String, _ lines: [DossierLine]) -> ReportTable {
      var table = ReportTable("\(name): \(title)", [.init("column"), .init("value")])
      for line in lines {
        if case .text(let text) = line.value, text.count > 48 {
          table.notes.append("\(line.quantity): \(text)")
        } else {
          table.append([.text(line.quantity), line.value])
        }
      }
      if let line = lines.first {
        let marks = [line.date, line.confidence].filter { !$0.isEmpty }.joined(separator: ", ")
        table.notes.append("source: \(line.source)" + (marks.isEmpty ? "" : " (\(marks))"))
      }
      return table
    }

    /// Values with their evidence. A word that all lines share stands in the title, once.
    private func section(_ title: String, _ lines: [DossierLine]) -> ReportTable {
      let words: [(name: String, text: (DossierLine) -> String)] = [
        ("quantity", \.quantity), ("offer", \.offer), ("region", \.region), ("unit", \.unit),
        ("date", \.date),
        ("confidence", \.confidence),
      ]
      let shown = words.filter { word in
        !["offer", "unit", "confidence"].contains(word.name) || Set(lines.map(word.text)).count > 1
      }
      .filter { word in lines.contains { !word.text($0).isEmpty } }
      let shared = words.filter { word in !shown.contains { $0.name == word.name } }
        .compactMap { word in lines.first.map(word.text) }.filter { !$0.isEmpty }
      var table = ReportTable(
        ["\(name): \(title)", shared.joined(separator: ", ")].filter { !$0.isEmpty }.joined(separator: ", "),
        shown.map { .init($0.name) } + [.init("value"), .init("source", "src")])
      var sources: [String] = []
      for line in lines {
        let note = [line.condition, line.source].filter { !$0.isEmpty }.joined(separator: " | ")
        if !sources.contains(note) { sources.append(note) }
        let number = (sources.firstIndex(of: note) ?? 0) + 1
        table.append(shown.map { word($0.text(line)) } + [line.value, .text("[\(number)]")])
      }
      for (index, source) in sources.enumerated() where !source.isEmpty {
        table.notes.append("[\(index + 1)] \(source)")
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
