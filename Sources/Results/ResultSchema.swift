// The schema of result files: columns in fixed order, declared in the files beside this one.
// Columns are only ever appended, and then with a new version; files of older versions stay readable.

import Quantities
public import Tables

/// The groups of columns; each file of this name adds some.
enum ResultColumns {}

extension ResultRow {
  /// Version of the columns.
  public static let schemaVersion = 3

  /// The columns of a result file.
  public static let schema = Schema<ResultRow>(version2 + ResultColumns.added3)

  /// The schema of a file of this version, or nil for a version that this program does not know.
  public static func schema(version: Int) -> Schema<ResultRow>? {
    switch version {
    case 1: Schema(version1)
    case 2: Schema(version2)
    case schemaVersion: schema
    default: nil
    }
  }

  /// The schema of so many columns, of whatever version; rows of older ones may stand under it.
  static func schema(columns count: Int) -> Schema<ResultRow>? {
    (1...schemaVersion).lazy.compactMap { schema(version: $0) }.first { $0.columns.count == count }
  }

  private static let version2: [Column<ResultRow>] = version1 + ResultColumns.added2

  private static let version1: [Column<ResultRow>] =
    ResultColumns.identity + ResultColumns.problem + ResultColumns.implementation
    + ResultColumns.placement + ResultColumns.status + ResultColumns.sampling + ResultColumns.times
    + ResultColumns.rates + ResultColumns.verification + ResultColumns.interference
    + ResultColumns.machine + ResultColumns.fleet
}

extension Column where Row == ResultRow {
  /// The status column: one of the names of `RowStatus`.
  static func status(_ name: String, _ doc: String) -> Column {
    Column(
      name, doc, encode: { $0.status.rawValue },
      decode: { (row, cell) throws(CellFault) in
        guard let status = RowStatus(rawValue: cell) else {
          let names = RowStatus.allCases.map(\.rawValue)
          let near = nearestNames(to: cell, among: names)
          throw CellFault(
            "'\(cell.prefix(40))' is not a status",
            advice: near.isEmpty ? "one of \(names.joined(separator: ", "))" : "did you mean \(near[0])?")
        }
        row.status = status
      })
  }
}
