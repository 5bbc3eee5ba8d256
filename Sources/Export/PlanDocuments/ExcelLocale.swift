// CSV as spreadsheet programs of countries with a decimal comma open it by a double click: semicolons, decimal commas
// and a byte order mark. The values are those of the plain file.

import Tables

enum ExcelLocale {
  /// The CSV text of a table in this form.
  ///
  /// - Throws: `InputError` where the plain text does not read back, which would be a fault of ours.
  static func text(_ table: ReportTable) throws -> String {
    let document = try CSVDocument(Array(table.render(.csv).utf8), file: table.title)
    let lines = [document.header] + document.records.map(\.fields)
    return "\u{FEFF}"
      + lines.map { $0.map(field).joined(separator: ";") + "\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    let shown = Double(text) == nil ? text : text.replacing(".", with: ",")
    let isQuoted = shown.contains { $0 == ";" || $0 == "\"" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    return isQuoted ? "\"" + shown.replacing("\"", with: "\"\"") + "\"" : shown
  }
}
