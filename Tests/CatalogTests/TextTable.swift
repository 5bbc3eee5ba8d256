// A catalogue file as lines, to make one-cell edits of it.

import Catalog
import Tables
import Testing

struct TextTable {
  let header: String
  var lines: [String]

  init(_ file: String) throws {
    let bytes = try #require(Catalog.embeddedBytes(file))
    var all = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    header = all.removeFirst()
    lines = all
  }

  var text: String { ([header] + lines).joined(separator: "\n") + "\n" }

  func index(startingWith prefix: String) -> Int? { lines.firstIndex { $0.hasPrefix(prefix) } }

  func setting(_ column: String, of index: Int, to value: String) throws -> TextTable {
    let document = try CSVDocument(Array("\(header)\n\(lines[index])\n".utf8))
    let place = try #require(document.index(of: column))
    var fields = try #require(document.records.first).fields
    fields[place] = value
    var copy = self
    copy.lines[index] = String(CSVWriter.line(fields).dropLast())
    return copy
  }

  func byteColumn(of column: String, in index: Int) throws -> Int {
    let document = try CSVDocument(Array("\(header)\n\(lines[index])\n".utf8))
    let place = try #require(document.index(of: column))
    return try #require(document.records.first).columns[place]
  }
}
