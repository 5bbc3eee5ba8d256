// What every catalogue row type offers: its file, its purpose, its key and its columns.

public import Tables

/// A row of one catalogue file.
public protocol CatalogRow: Hashable, Sendable {
  /// A row of which nothing is known.
  init()
  /// Name of the file, e.g. `accelerators.csv`.
  static var fileName: String { get }
  /// What the file holds, in one sentence.
  static var purpose: String { get }
  /// Columns that together name a row; no two rows agree in all of them.
  static var key: [String] { get }
  /// Columns in file order.
  static var schema: Schema<Self> { get }
}

extension CatalogRow {
  /// Name of the table: the file's name without its ending.
  public static var tableName: String { String(fileName.prefix { $0 != "." }) }
}
