// Tables for terminals: columns of equal width, cut where a line would be too long. What finds no room even so
// stands under its row, with its heading: nothing is left out.

extension ReportTable {
  /// The table as lines of at most `width` columns of a terminal, title and notes included.
  func plainText(width: Int, isCut: Bool) -> String {
    let cells = rows.map { $0.map(ReportTable.shown) }
    let layout = TextLayout(self, cells, width: isCut ? width : Int.max / 2)
    var lines = title.isEmpty ? [] : wrapped(printable(title), width: width)
    lines.append(layout.line(columns.map(\.heading)))
    lines.append(layout.widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
    for row in cells {
      lines.append(layout.line(row))
      let rest = layout.below.filter { row[$0] != "-" && !row[$0].isEmpty }
        .map { "\(columns[$0].heading) \(row[$0])" }
      if !rest.isEmpty { lines += wrapped(rest.joined(separator: "; "), width: width, indent: "    ") }
    }
    for note in notes { lines += wrapped(printable(note), width: width) }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Which columns stand beside each other, and how wide.
private struct TextLayout {
  /// Widths of the columns that stand on the line: the first ones.
  let widths: [Int]
  /// Columns that go under the row.
  let below: Range<Int>
  private let isText: [Bool]

  /// Columns of words are cut to this width before others lose their place; numbers are never cut.
  private static let least = 8

  init(_ table: ReportTable, _ cells: [[String]], width: Int) {
    var natural = table.columns.map { displayWidth($0.heading) }
    for row in cells {
      for (index, text) in row.enumerated() { natural[index] = max(natural[index], displayWidth(text)) }
    }
    let isText = natural.indices.map(table.isTextColumn)
    var used = -2
    var count = 0
    for (index, wish) in natural.enumerated() {
      used += 2 + (isText[index] ? min(wish, TextLayout.least) : wish)
      guard used <= width || index == 0 else { break }
      count += 1
    }
    var widths = Array(natural.prefix(count))
    let room = width - 2 * max(0, count - 1)
    while widths.reduce(0, +) > room,
      let widest = widths.indices.filter({ isText[$0] && widths[$0] > TextLayout.least })
        .max(by: { widths[$0] < widths[$1] })
    {
      widths[widest] -= 1
    }
    self.widths = widths
    self.isText = isText
    below = count..<natural.count
  }

  /// The cells of the columns that stand on the line.
  func line(_ cells: [String]) -> String {
    let padded = zip(cells, widths).enumerated().map { index, pair -> String in
      let text = cut(pair.0, to: pair.1)
      let space = String(repeating: " ", count: max(0, pair.1 - displayWidth(text)))
      return isText[index] ? text + space : space + text
    }
    var joined = padded.joined(separator: "  ")
    while joined.last == " " { joined.removeLast() }
    return joined
  }
}

/// Text of at most `width` columns: names differ at their ends, so the middle gives way.
func cut(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  guard width > 1 else { return "…" }
  func head(_ characters: some Sequence<Character>, _ room: Int) -> [Character] {
    var left = room
    return characters.prefix {
      left -= displayWidth(String($0))
      return left >= 0
    }.map { $0 }
  }
  return String(head(text, width / 2)) + "…" + String(head(text.reversed(), width - 1 - width / 2).reversed())
}

/// Columns that a terminal takes for a text: two for a wide character, none for a mark on another.
public func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.reduce(0) { width, character in
    guard let scalar = character.unicodeScalars.first else { return width }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return width
    default: return width + (isWide(scalar) ? 2 : 1)
    }
  }
}

/// East Asian Width W and F (UAX 11), in blocks.
private func isWide(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
    0x1F900...0x1F9FF, 0x20000...0x3FFFD:
    true
  default: false
  }
}

/// Words broken into lines of at most `width` columns. A word longer than a line is broken too, but no path: it
/// must survive being copied.
public func wrapped(_ text: String, width: Int, indent: String = "") -> [String] {
  var lines: [String] = []
  var line = indent
  for word in text.split(separator: " ").flatMap({ pieces($0, width: max(1, width - indent.count)) }) {
    if line.count > indent.count, displayWidth(line) + 1 + displayWidth(word) > width {
      lines.append(line)
      line = indent
    }
    line += (line.count > indent.count ? " " : "") + word
  }
  if line.count > indent.count { lines.append(line) }
  return lines
}

private func pieces(_ word: Substring, width: Int) -> [String] {
  guard displayWidth(String(word)) > width, !word.contains("/") else { return [String(word)] }
  var pieces: [String] = []
  var piece = ""
  var used = 0
  for character in word {
    let next = displayWidth(String(character))
    if used + next > width, !piece.isEmpty {
      pieces.append(piece)
      (piece, used) = ("", 0)
    }
    piece.append(character)
    used += next
  }
  return pieces + (piece.isEmpty ? [] : [piece])
}
