// Cells judged and decoded as bytes. Every shortcut here is one-sided: it says yes only to spellings that the
// exact decoders of Schema.swift accept with the same value, and leaves all others to them.

import Foundation

/// Numbers as bytes.
package enum NumberBytes {
  /// True for a plain decimal number that is surely finite: `-12.5e-3`, at most 40 digits.
  package static func isDecimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count <= 48 else { return false }
    var index = bytes.first == 0x2D ? 1 : 0
    guard skipDigits(bytes, &index) else { return false }
    if index < bytes.count, bytes[index] == 0x2E {
      index += 1
      guard skipDigits(bytes, &index) else { return false }
    }
    if index == bytes.count { return true }
    guard bytes[index] | 0x20 == 0x65 else { return false }
    index += 1
    if index < bytes.count, bytes[index] == 0x2D || bytes[index] == 0x2B { index += 1 }
    // Two digits of exponent cannot overflow beside 40 of the mantissa.
    let exponent = index
    return skipDigits(bytes, &index) && index == bytes.count && index - exponent <= 2
  }

  /// True for a whole number that surely fits.
  package static func isInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = bytes.first == 0x2D ? 1 : 0
    return bytes.count <= 18 && skipDigits(bytes, &index) && index == bytes.count
  }

  private static func skipDigits(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Bool {
    let start = index
    while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
    return index > start
  }

  /// The number that `Double(_: String)` reads; nil where that reads none.
  package static func value(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = bytes.first == 0x2D ? 1 : 0
    var mantissa: UInt64 = 0
    var scale = 0
    var digits = 0
    var isFraction = false
    while index < bytes.count {
      let digit = bytes[index] &- 0x30
      if digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        digits += 1
        if isFraction { scale += 1 }
      } else if bytes[index] == 0x2E, !isFraction, digits > 0, index + 1 < bytes.count {
        isFraction = true
      } else {
        return Double(String(decoding: bytes, as: UTF8.self))
      }
      index += 1
    }
    // Both factors are exact, so that one division rounds once, as a correct reader does (Clinger's fast path).
    guard digits > 0, digits <= 19, mantissa <= 1 << 53, scale < powers.count else {
      return Double(String(decoding: bytes, as: UTF8.self))
    }
    let value = Double(mantissa) / powers[scale]
    return bytes.first == 0x2D ? -value : value
  }

  /// The powers of ten that are exact.
  private static let powers: [Double] = (0...22).map { exponent in
    (0..<exponent).reduce(1.0) { power, _ in power * 10 }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// True where the bytes are those of the text.
  package func spells(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { other in
      guard other.count == count, let left = baseAddress, let right = other.baseAddress else {
        return other.count == count
      }
      return memcmp(left, right, count) == 0
    }
  }
}

/// Decodes the records of a reader into rows, with the texts of the record before kept for reuse: most columns of
/// a result file repeat from row to row.
///
/// - Precondition of use: in the row that decoding starts from every column is unknown.
package struct RowDecoder<Row> {
  private let schema: Schema<Row>
  private let kinds: [ColumnKind]
  private var texts: [String]

  /// A decoder for files of this schema.
  package init(_ schema: Schema<Row>) {
    self.schema = schema
    kinds = schema.columns.map(\.kind)
    texts = Array(repeating: "", count: schema.columns.count)
  }

  /// The row of the reader's present record.
  ///
  /// - Throws: `InputError` at the first cell that does not decode.
  package mutating func row(_ reader: borrowing CSVReader, empty: Row) throws(InputError) -> Row {
    var row = empty
    for index in kinds.indices {
      let cell = reader.cell(index)
      if cell.isEmpty, kinds[index] != .other { continue }
      if !cell.spells(texts[index]) { texts[index] = String(decoding: cell, as: UTF8.self) }
      do throws(CellFault) {
        try schema.columns[index].decode(&row, texts[index])
      } catch {
        return try schema.row(try reader.record(), file: reader.file, empty: empty)
      }
    }
    return row
  }
}
