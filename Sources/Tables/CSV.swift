// Strict RFC 4180: a byte scan that knows the line and column of every field.
// Goals: (1) nothing accepted silently that is not CSV, (2) positions in every message, (3) speed.

/// One record of a CSV file with the places of its fields.
public struct CSVRecord: Sendable {
  /// Decoded fields in file order.
  public let fields: [String]
  /// 1-based line of the record's first byte.
  public let line: Int
  /// 1-based byte column of each field's first byte on its line.
  public let columns: [Int]
}

extension CSVRecord {
  /// Parses the bytes of one record that stands at this line of a file.
  ///
  /// - Throws: `InputError` with line and column, also where there is no record.
  package init(_ bytes: [UInt8], file: String?, line: Int) throws(InputError) {
    var scanner = CSVScanner(bytes: bytes, file: file, limits: CSVDocument.Limits(), line: line)
    guard let record = try scanner.record() else {
      throw InputError(file: file, line: line, "the line is empty", advice: "remove it")
    }
    self = record
  }
}

/// A CSV file read whole: header and records.
public struct CSVDocument: Sendable {
  /// File name for messages.
  public let file: String?
  /// Column names.
  public let header: [String]
  /// Byte column of each header cell.
  public let headerColumns: [Int]
  /// Data records, each with exactly `header.count` fields.
  public let records: [CSVRecord]

  /// Limits that keep a hostile file from taking the machine's memory.
  public struct Limits: Sendable {
    /// Largest file in bytes.
    public var bytes = 2_147_483_648
    /// Largest cell in bytes.
    public var cell = 65_536
    /// Most columns.
    public var columns = 4_096
    /// The defaults.
    public init() {}
  }

  /// Parses UTF-8 bytes; a byte-order mark and CRLF line ends are accepted, nothing else is.
  ///
  /// - Throws: `InputError` with line and column for ragged records, stray or unclosed quotes, NUL,
  ///   invalid UTF-8, duplicate or empty header names, a lone CR, and a file without a final newline
  ///   when `requireFinalNewline` (a torn file).
  /// - Complexity: O(bytes).
  public init(
    _ bytes: [UInt8], file: String? = nil, requireFinalNewline: Bool = false, limits: Limits = Limits()
  ) throws(InputError) {
    guard bytes.count <= limits.bytes else {
      throw InputError(file: file, "the file is larger than \(limits.bytes) bytes", advice: "split it")
    }
    var scanner = CSVScanner(bytes: bytes, file: file, limits: limits)
    guard let head = try scanner.record() else {
      throw InputError(
        file: file, line: 1, column: 1, "the file is empty",
        advice: "a CSV file starts with a header row")
    }
    try CSVDocument.check(header: head, file: file)
    var rows: [CSVRecord] = []
    while let record = try scanner.record() {
      guard record.fields.count == head.fields.count else {
        throw CSVDocument.ragged(record, head.fields.count, file: file)
      }
      rows.append(record)
    }
    if requireFinalNewline, let last = bytes.last, last != 0x0A {
      throw InputError(
        file: file, line: scanner.line, "the last line is torn (no newline at its end)",
        advice: "the writer was interrupted; run it again or remove the last line")
    }
    self.file = file
    header = head.fields
    headerColumns = head.columns
    records = rows
  }

  /// Index of a column by name.
  public func index(of name: String) -> Int? { header.firstIndex(of: name) }

  /// Every column has a name, and no two the same.
  static func check(header head: CSVRecord, file: String?) throws(InputError) {
    var seen: [String: Int] = [:]
    for (index, name) in head.fields.enumerated() {
      guard !name.isEmpty else {
        throw InputError(
          file: file, line: head.line, column: head.columns[index], "column \(index + 1) has no name",
          advice: "name every column")
      }
      if let first = seen[name] {
        throw InputError(
          file: file, line: head.line, column: head.columns[index],
          "column '\(name)' appears twice (also as column \(first + 1))", advice: "remove one of them")
      }
      seen[name] = index
    }
  }

  /// The fault of a record with too many or too few fields.
  static func ragged(_ record: CSVRecord, _ expected: Int, file: String?) -> InputError {
    let at = min(record.columns.count, expected) - 1
    return InputError(
      file: file, line: record.line, column: record.columns[max(0, at)],
      "\(record.fields.count) fields where the header has \(expected)",
      advice: "complete the row or quote cells that hold commas")
  }
}

/// The strict scan: one record after the other, each field decoded and placed.
struct CSVScanner {
  let bytes: [UInt8]
  let file: String?
  let limits: CSVDocument.Limits
  var position = 0
  var line = 1
  var lineStart = 0

  init(bytes: [UInt8], file: String?, limits: CSVDocument.Limits, line: Int? = nil) {
    self.bytes = bytes
    self.file = file
    self.limits = limits
    if let line {
      // A record from the middle of a file: a mark there would be text.
      self.line = line
    } else if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      position = 3
      lineStart = 3
    }
  }

  func fault(_ what: String, _ advice: String, at index: Int? = nil) -> InputError {
    InputError(
      file: file, line: line, column: (index ?? position) - lineStart + 1, what, advice: advice)
  }

  /// The next record, or nil at the end of the file.
  mutating func record() throws(InputError) -> CSVRecord? {
    guard position < bytes.count else { return nil }
    var fields: [String] = []
    var columns: [Int] = []
    let startLine = line
    while true {
      columns.append(position - lineStart + 1)
      fields.append(try field())
      guard fields.count <= limits.columns else {
        throw fault("more than \(limits.columns) columns", "this is not one of our tables")
      }
      guard position < bytes.count else { break }
      let byte = bytes[position]
      if byte == 0x2C {
        position += 1
        continue
      }
      if byte == 0x0D {
        guard position + 1 < bytes.count, bytes[position + 1] == 0x0A else {
          throw fault("a carriage return without a line feed", "save the file with LF line ends")
        }
        position += 1
      }
      position += 1
      line += 1
      lineStart = position
      break
    }
    return CSVRecord(fields: fields, line: startLine, columns: columns)
  }

  /// One field; leaves `position` on the comma, line end or end of file behind it.
  mutating func field() throws(InputError) -> String {
    let start = position
    guard start < bytes.count, bytes[start] == 0x22 else {
      while position < bytes.count {
        let byte = bytes[position]
        if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
        if byte == 0x22 {
          throw fault("a quote inside an unquoted cell", "quote the whole cell and double the quote")
        }
        if byte == 0 { throw fault("a NUL byte", "this is not a text file") }
        position += 1
      }
      return try decode(bytes[start..<position], from: start)
    }
    let startLine = line
    let startColumn = start - lineStart + 1
    position += 1
    var content: [UInt8] = []
    while true {
      guard position < bytes.count else {
        throw InputError(
          file: file, line: startLine, column: startColumn, "a quoted cell is never closed",
          advice: "add the closing quote")
      }
      let byte = bytes[position]
      if byte == 0x22 {
        position += 1
        if position < bytes.count, bytes[position] == 0x22 {
          content.append(0x22)
          position += 1
          continue
        }
        break
      }
      if byte == 0 { throw fault("a NUL byte", "this is not a text file") }
      content.append(byte)
      position += 1
      if byte == 0x0A {
        line += 1
        lineStart = position
      }
      if content.count > limits.cell { break }
    }
    if position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x2C || byte == 0x0A || byte == 0x0D || content.count > limits.cell else {
        throw fault("text after a closing quote", "double the quotes inside the cell")
      }
    }
    return try decode(content[...], from: start)
  }

  func decode(_ slice: ArraySlice<UInt8>, from start: Int) throws(InputError) -> String {
    guard slice.count <= limits.cell else {
      throw fault("a cell longer than \(limits.cell) bytes", "shorten it", at: start)
    }
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw fault("bytes that are not UTF-8", "save the file as UTF-8", at: start)
    }
    return text
  }
}

/// Writes CSV: UTF-8, LF, quotes only where needed.
public struct CSVWriter: Sendable {
  /// The text so far.
  public private(set) var text = ""
  /// An empty document.
  public init() {}

  /// Appends one record.
  public mutating func append(_ fields: [String]) {
    text += CSVWriter.line(fields)
  }

  /// One record with its newline.
  public static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  private static func quoted(_ field: String) -> String {
    let special = field.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
    guard special else { return field }
    return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}

/// True for text that a spreadsheet would read as a formula: such labels are refused at input.
///
/// Spreadsheets pass over blanks and what is invisible before the sign, some take its full-width form, and a
/// control character may end the cell.
public func looksLikeFormula(_ text: String) -> Bool {
  guard let first = text.utf8.first else { return false }
  if first < 0x20 || first == 0x7F { return true }
  if first | 0x20 >= 0x61 && first | 0x20 <= 0x7A || first &- 0x30 < 10 { return false }
  let sign = text.unicodeScalars.first { scalar in
    !(scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint || scalar.value < 0x20)
  }
  return sign.map { signs.contains($0) } ?? false
}

/// What starts a formula: the ASCII signs with their full-width and small forms.
private let signs = Set<Unicode.Scalar>("=+-@＝＋－＠﹦﹢﹣﹫".unicodeScalars)

/// Text for people without what a terminal or a page would act on: control characters and the marks that turn the
/// direction of writing become U+FFFD, blanks of every kind a space.
public func printable(_ text: String) -> String {
  guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
  var out = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: out.unicodeScalars.append(" ")
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
      out.unicodeScalars.append("\u{FFFD}")
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out
}

/// Text that no spreadsheet reads as a formula: with an apostrophe before it where it would.
public func neutralised(_ text: String) -> String { looksLikeFormula(text) ? "'" + text : text }

/// The shortest decimal text that reads back as the same Double, without a trailing `.0`.
public func decimalText(_ value: Double) -> String {
  guard value.isFinite else { return "" }
  if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
  return "\(value)"
}
