// --filter, --columns and --sort: which rows and columns of result files a verb shows.

import ArgumentParser
import Quantities
import Results
import Tables

/// The choice of rows and columns.
struct RowOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Rows to take: key:value, key:/re/, key:>number, key:(a OR b), AND, OR, -not, brackets; keys are columns.",
      valueName: "filter"))
  var filter: [String] = []

  @Option(help: ArgumentHelp("Columns, comma-separated; 'all' or 'core' stand for many.", valueName: "names"))
  var columns: String?

  @Option(help: ArgumentHelp("Column to sort by; ',desc' behind it turns the order.", valueName: "column"))
  var sort: String?

  /// The columns that are shown; `preset` where none are named, and of those only the allowed ones.
  func names(preset: [String], allowed: [String]? = nil) throws -> [String] {
    let names = try chosen(preset)
    return allowed.map { allowed in names.filter { Set(allowed).contains($0) } } ?? names
  }

  /// The rows and columns of the files; `preset` where no columns are named.
  func table(_ files: [String], preset: [String], allowed: [String]? = nil) throws -> ResultTable {
    let shown = try names(preset: preset, allowed: allowed)
    let order = try sortOrder()
    let extra = order.map { shown.contains($0.column) ? [] : [$0.column] } ?? []
    var table = try ResultTable(RowOptions.results(files), columns: shown + extra, filter: try rowFilter())
    if let order { table.sort(by: order.column, descending: order.isDescending) }
    return extra.isEmpty ? table : table.selecting(shown)
  }

  /// Without the journals among several files: `results/*.csv` names them too.
  static func results(_ files: [String]) -> [String] {
    let results = files.filter { !$0.hasSuffix(".samples.csv") }
    return results.isEmpty ? files : results
  }

  /// The filter, its keys checked.
  func rowFilter() throws -> RowFilter {
    for text in filter {
      do throws(InputError) {
        _ = try RowFilter([text])
      } catch {
        let place = error.column.map { "at character \($0): " } ?? ""
        let what = error.fault.hasPrefix("filter: ") ? String(error.fault.dropFirst(8)) : error.fault
        throw CommandFailure(
          .usage,
          printable("--filter '\(text)': \(place)\(what)" + (error.advice.isEmpty ? "" : "; \(error.advice)"))
        )
      }
    }
    let parsed = try RowFilter(filter)
    for key in parsed.keys { _ = try column(key.name) }
    return parsed
  }

  /// The column that a name stands for.
  func column(_ name: String) throws -> String {
    if let known = ResultTable.column(name) { return known }
    let names = ResultTable.allColumns + ResultTable.aliases.keys.sorted()
    throw CommandFailure.unknown(
      "column", name, nearest: nearestNames(to: name, among: names), list: "plimsoll validate --columns")
  }

  private func chosen(_ preset: [String]) throws -> [String] {
    guard let columns else { return preset }
    var seen: Set<String> = []
    return try columns.split(separator: ",").flatMap { name in
      switch name {
      case "all": ResultTable.allColumns
      case "core": ResultTable.coreColumns
      default: [try column(String(name))]
      }
    }.filter { seen.insert($0).inserted }
  }

  private func sortOrder() throws -> (column: String, isDescending: Bool)? {
    guard let sort else { return nil }
    let parts = sort.split(separator: ",").map(String.init)
    guard let name = parts.first,
      parts.count == 1 || (parts.count == 2 && ["asc", "desc"].contains(parts[1]))
    else { throw CommandFailure(.usage, "--sort takes a column, or a column with ',desc' behind it") }
    return (try column(name), parts.last == "desc")
  }
}
