// Cells of a public CSV by the names of its columns, with their places, for the readers of the formats.

import Tables

/// Columns of a file by name.
struct ImportColumns {
  private let places: [String: Int]

  /// - Throws: `InputError` that names the missing column and the format that needs it.
  init(_ header: [String], file: String, line: Int, needs: [String], format: PriceFileFormat)
    throws(InputError)
  {
    var places: [String: Int] = [:]
    for (index, name) in header.enumerated() where places[name] == nil { places[name] = index }
    for name in needs where places[name] == nil {
      throw InputError(
        file: file, line: line, column: 1, "a \(format.title) has a column '\(name)', this file has none",
        advice: "check --format, or give the file as it was published")
    }
    self.places = places
  }

  subscript(_ name: String) -> Int? { places[name] }
}

extension CSVReader {
  /// Trimmed text of a cell; empty where the file lacks the column.
  func trimmed(_ index: Int?) -> String {
    guard let index else { return "" }
    let bytes = cell(index)
    var (start, end) = (0, bytes.count)
    while start < end, bytes[start] == 0x20 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 { end -= 1 }
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
  }

  /// The number of a cell; nil where it is empty or none.
  func number(_ index: Int?) -> Double? {
    let text = trimmed(index)
    guard !text.isEmpty, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// True where a cell has exactly these bytes.
  func isCell(_ index: Int, _ bytes: [UInt8]) -> Bool {
    let cell = cell(index)
    guard cell.count == bytes.count else { return false }
    for at in 0..<bytes.count where cell[at] != bytes[at] { return false }
    return true
  }
}

extension PriceImport {
  /// Moves to the next record that has the header's width; a ragged one is refused and passed over.
  ///
  /// - Throws: `InputError` where no next record can be found behind a fault.
  mutating func next(_ reader: inout CSVReader, _ path: String) throws(InputError) -> Bool {
    while true {
      do throws(InputError) {
        guard try reader.next() else { return false }
        report.rows += 1
        return true
      } catch {
        guard !reader.isBroken, error.line != nil else { throw error }
        report.rows += 1
        report.decide(.refused)
        report.apply(
          .malformedRow, Place(file: path, line: error.line ?? reader.line, column: error.column), "",
          error.fault)
      }
    }
  }

  /// The place of a cell of the present record.
  func place(_ reader: borrowing CSVReader, _ path: String, _ column: Int?) -> Place {
    var place = Place(file: path, line: reader.line)
    if let column, let record = try? reader.record(), record.columns.indices.contains(column) {
      place.column = record.columns[column]
    }
    return place
  }
}
