// A table as SQL text: one statement that makes it, one that fills it, in one transaction.

/// SQL that SQLite and PostgreSQL read.
public enum SQLText {
  /// A dump of a table; numeric columns are REAL or INTEGER, the rest TEXT, unknown cells NULL.
  ///
  /// Names and texts are quoted, so that nothing in a file can end the statement that holds it.
  public static func dump(_ table: ResultTable, name: String) -> String {
    var lines = ["BEGIN;", "CREATE TABLE \(quotedName(name)) ("]
    let types = table.columns.indices.map { type(table, $0) }
    lines.append(
      zip(table.columns, types).map { "  \(quotedName($0)) \($1)" }.joined(separator: ",\n") + "\n);")
    // Many rows a statement load quickly; a statement of all rows would meet the readers' limits.
    var start = 0
    while start < table.rows.count {
      let end = min(table.rows.count, start + 200)
      let values = table.rows[start..<end].map { row in
        "(" + zip(row, types).map { literal($0, type: $1) }.joined(separator: ",") + ")"
      }
      lines.append("INSERT INTO \(quotedName(name)) VALUES\n" + values.joined(separator: ",\n") + ";")
      start = end
    }
    lines.append("COMMIT;")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func type(_ table: ResultTable, _ column: Int) -> String {
    guard table.isNumeric[column] else { return "TEXT" }
    return table.rows.allSatisfy { $0[column].isEmpty || Int($0[column]) != nil }
      ? "BIGINT" : "DOUBLE PRECISION"
  }

  private static func literal(_ cell: String, type: String) -> String {
    if cell.isEmpty { return "NULL" }
    let isPlain = cell.utf8.allSatisfy {
      (0x2B...0x39).contains($0) && $0 != 0x2C || $0 == 0x65 || $0 == 0x45
    }
    if type != "TEXT", isPlain, Double(cell) != nil { return cell }
    return "'" + cell.replacing("'", with: "''") + "'"
  }

  private static func quotedName(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
}
