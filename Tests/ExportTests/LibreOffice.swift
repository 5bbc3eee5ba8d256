// A second opinion on a workbook: LibreOffice, without a display, with a profile of its own, reads XLSX files
// and writes flat XML, where every value stands in full (its CSV would round to the cell's format).

import Foundation
import FoundationXML

/// What LibreOffice says of a cell.
enum ForeignCell: Equatable {
  case number(Double)
  case text(String)
  case error
}

/// One converted workbook: cells by sheet, then by `B5`.
typealias ForeignWorkbook = [String: [String: ForeignCell]]

enum LibreOffice {
  /// Path of the program, nil where it is not installed.
  static let program: String? = ["/usr/bin/soffice", "/usr/local/bin/soffice", "/usr/bin/libreoffice"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  static let isMissing = "LibreOffice is not installed (apt-get install libreoffice-calc-nogui)"

  enum Fault: Error { case noOutput(String, String) }

  /// Converts the files in one start of the program.
  /// - Parameter recalculating: true recomputes every formula on load, false shows the stored values.
  static func read(_ files: [String], recalculating: Bool) throws -> [ForeignWorkbook] {
    guard let program else { return [] }
    let folder = try TemporaryFolder()
    let profile = folder.path + "/profile/user"
    try FileManager.default.createDirectory(atPath: profile, withIntermediateDirectories: true)
    let settings = """
      <?xml version="1.0" encoding="UTF-8"?>
      <oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">\
      <value>\(recalculating ? 0 : 1)</value></prop></item>
      </oor:items>
      """
    try settings.write(toFile: profile + "/registrymodifications.xcu", atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments =
      [
        "-env:UserInstallation=file://\(folder.path)/profile", "--headless", "--norestore", "--convert-to",
        "fods", "--outdir", folder.path + "/out",
      ] + files
    let log = Pipe()
    process.standardOutput = log
    process.standardError = log
    try process.run()
    let said = String(decoding: log.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return try files.map { file in
      let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
      guard let data = FileManager.default.contents(atPath: folder.path + "/out/\(name).fods") else {
        throw Fault.noOutput(file, said)
      }
      return FlatSheetReader.read(data)
    }
  }
}

/// A folder that goes away with its value.
final class TemporaryFolder {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "plimsoll-export-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Reads the cells of a flat OpenDocument spreadsheet.
private final class FlatSheetReader: NSObject, XMLParserDelegate {
  private var book: ForeignWorkbook = [:]
  private var sheet = ""
  private var row = 0
  private var column = 0
  private var rowRepeat = 1
  private var columnRepeat = 1
  private var kind: String?
  private var number: Double?
  private var words = ""
  private var paragraphs = 0
  private var inParagraph = false
  // A chart carries a small table of its own inside its frame; that is not the sheet's.
  private var frames = 0

  static func read(_ data: Data) -> ForeignWorkbook {
    let reader = FlatSheetReader()
    // As a stream: in one piece the parser takes no more than 10 MB.
    let parser = XMLParser(stream: InputStream(data: data))
    parser.delegate = reader
    guard parser.parse() else { return [:] }
    return reader.book
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    if name == "draw:frame" { frames += 1 }
    guard frames == 0 else { return }
    switch name {
    case "table:table":
      sheet = attributes["table:name"] ?? ""
      book[sheet] = [:]
      row = 0
    case "table:table-row":
      rowRepeat = attributes["table:number-rows-repeated"].flatMap { Int($0) } ?? 1
      column = 0
    case "table:table-cell", "table:covered-table-cell":
      columnRepeat = attributes["table:number-columns-repeated"].flatMap { Int($0) } ?? 1
      kind = attributes["calcext:value-type"] ?? attributes["office:value-type"]
      number = attributes["office:value"].flatMap { Double($0) }
      if let flag = attributes["office:boolean-value"] { number = flag == "true" ? 1 : 0 }
      words = ""
      paragraphs = 0
    case "text:p":
      if paragraphs > 0 { words += "\n" }
      paragraphs += 1
      inParagraph = true
    case "text:s": words += String(repeating: " ", count: attributes["text:c"].flatMap { Int($0) } ?? 1)
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if inParagraph, frames == 0 { words += text }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    if name == "draw:frame" { frames -= 1 }
    guard frames == 0 else { return }
    switch name {
    case "text:p": inParagraph = false
    case "table:table-row": row += rowRepeat
    case "table:table-cell", "table:covered-table-cell":
      if let kind { store(kind) }
      column += columnRepeat
      kind = nil
    default: break
    }
  }

  private func store(_ kind: String) {
    let cell: ForeignCell = kind == "error" ? .error : number.map { .number($0) } ?? .text(words)
    for offset in 0..<min(columnRepeat, 64) {
      book[sheet]?[FlatSheetReader.name(row: row, column: column + offset)] = cell
    }
  }

  static func name(row: Int, column: Int) -> String {
    var text = ""
    var rest = column + 1
    while rest > 0 {
      text = String(UnicodeScalar(UInt8(65 + (rest - 1) % 26))) + text
      rest = (rest - 1) / 26
    }
    return text + String(row + 1)
  }
}
