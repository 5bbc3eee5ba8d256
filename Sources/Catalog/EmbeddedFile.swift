// The bytes of the catalogue files that the binary carries.

import CatalogData

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
}
