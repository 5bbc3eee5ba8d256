// A catalogue file as rows that still know their line and columns, so that a rule can point at a cell.

import Tables

/// The decoded rows of one file with their places.
struct Sheet<Row: CatalogRow> {
  let document: CSVDocument
  let rows: [Row]

  /// Parses and decodes a file.
  init(_ bytes: [UInt8], file: String) throws(InputError) {
    document = try CSVDocument(bytes, file: file, requireFinalNewline: true)
    rows = try Row.schema.rows(document, empty: Row())
    guard !rows.isEmpty else {
      throw InputError(
        file: file, line: 1, "the file has a header but no rows",
        advice: "add rows or leave the file out to use the built-in one")
    }
  }

  /// A fault at a cell of row `index`.
  func fault(_ index: Int, _ column: String, _ text: String, advice: String = "") -> InputError {
    document.fault(index, column, text, advice: advice)
  }

  /// Rows with their indices.
  var numbered: some Sequence<(offset: Int, element: Row)> { rows.enumerated() }

  /// 1-based line of row `index`.
  func line(_ index: Int) -> Int { document.records[index].line }
}

extension CSVDocument {
  /// A fault at the named cell of record `index`.
  func fault(_ index: Int, _ column: String, _ text: String, advice: String = "") -> InputError {
    let record = records[index]
    let place = self.index(of: column).map { record.columns[$0] }
    return InputError(file: file, line: record.line, column: place, "\(column): \(text)", advice: advice)
  }
}
