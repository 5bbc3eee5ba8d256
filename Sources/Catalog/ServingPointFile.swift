// Serving points of a user's file. Only its form is checked: columns may stand in any order, more or fewer than the
// table's, and a cell that cannot be read stays empty, so that one odd row does not cost the others; what a row lacks is
// for the estimator to say, row by row.

public import Tables

extension Catalog {
  /// Serving points of a file with columns of measured_serving.csv, in any split and of any source.
  ///
  /// - Throws: `InputError` that names the line that is no CSV, or a column without which no row means anything.
  public static func servingPoints(_ bytes: [UInt8], file: String) throws(InputError) -> [ServingPoint] {
    let document = try CSVDocument(bytes, file: file, requireFinalNewline: false)
    let places = Dictionary(
      document.header.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    for name in ["id", "model", "accelerator", "metric", "value"] where places[name] == nil {
      throw InputError(
        file: file, line: 1, "column '\(name)' is missing",
        advice: "use the columns of 'plimsoll catalog list measured_serving'")
    }
    guard !document.records.isEmpty else {
      throw InputError(
        file: file, line: 1, "the file has a header but no rows", advice: "add rows of serving points")
    }
    let columns = ServingPoint.schema.columns.compactMap { column in places[column.name].map { (column, $0) }
    }
    return document.records.map { record in
      var row = ServingPoint()
      for (column, place) in columns {
        let cell = String(record.fields[place])
        if (try? column.decode(&row, cell)) == nil, column.isNumeric, let number = leadingNumber(cell) {
          // `8 (two nodes)` and `8.0` are 8.
          try? column.decode(&row, number)
        }
      }
      return row
    }
  }
}

/// The whole number that a cell begins with, or the cell's own value where it is a whole number written with a point.
private func leadingNumber(_ cell: String) -> String? {
  let digits = cell.prefix { $0.isASCII && $0.isNumber }
  return digits.isEmpty ? nil : String(digits)
}
