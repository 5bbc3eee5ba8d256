// The source revision behind a row: what the build was told, empty where it was told nothing.

import CRevision

/// A commit and whether the sources had been changed since.
public struct SourceRevision: Hashable, Sendable {
  /// Hexadecimal digits; empty = unknown.
  public let commit: String
  /// True where the build was made from changed sources; nil = unknown.
  public let isDirty: Bool?

  /// A revision from its text: `0123abc`, or `0123abc+` for changed sources.
  public init(_ text: String) {
    let digits = text.prefix { $0.isHexDigit }
    let rest = text.dropFirst(digits.count)
    let isValid = digits.count >= 7 && (rest.isEmpty || rest == "+")
    commit = isValid ? String(digits) : ""
    isDirty = isValid ? rest == "+" : nil
  }

  /// The revision of this program.
  public static let ofThisBuild = SourceRevision(String(cString: plimsoll_revision))
}
