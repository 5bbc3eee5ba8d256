// The bytes of the catalogue files that the binary carries.

import CatalogData
import Tables

/// A catalogue file as bytes with the name that messages use.
struct CatalogFile {
  let name: String
  let bytes: [UInt8]
}

extension Catalog {
  /// The embedded bytes of a catalogue file, or nil for a name that is none.
  ///
  /// - Complexity: O(bytes), one copy.
  public static func embeddedBytes(_ fileName: String) -> [UInt8]? {
    var count = 0
    guard let bytes = catalog_data(fileName, &count) else { return nil }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// Parses and decodes one file's bytes.
  static func rows<Row: CatalogRow>(
    of type: Row.Type, _ bytes: [UInt8], file: String
  ) throws(InputError) -> [Row] {
    let document = try CSVDocument(bytes, file: file, requireFinalNewline: true)
    return try Row.schema.rows(document, empty: Row())
  }

  /// The embedded rows of one table.
  static func embeddedRows<Row: CatalogRow>(of type: Row.Type) throws(InputError) -> [Row] {
    try rows(of: type, embeddedBytes(Row.fileName) ?? [], file: Row.fileName)
  }
}
