// The roofline for a terminal: Braille dots for the roofs where the terminal can show them, slashes and dashes
// where it cannot; a letter or two for each shape, capital for ours and small for a peer, a star where several
// shapes share a place. No colour.

import Foundation
public import Results
import Tables

/// A roofline as lines of text.
public struct TerminalRoofline {
  private let roofline: PlacementRoofline
  private let ours: String
  private let width: Int
  private let height: Int
  private let isASCII: Bool

  /// A drawing of `width` columns; `ours` is the implementation that gets capital letters.
  public init(_ roofline: PlacementRoofline, ours: String, width: Int = 80, height: Int = 20, isASCII: Bool) {
    self.roofline = roofline
    self.ours = ours
    self.width = max(40, width)
    self.height = max(8, height)
    self.isASCII = isASCII
  }

  /// Letters by problem, in order of arithmetic intensity: one each up to 26 problems, two each beyond.
  public var letters: [String: String] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)
    let numbers = roofline.numbers
    guard numbers.count > alphabet.count else { return numbers.mapValues { alphabet[$0 - 1] } }
    // 676 pairs; a suite has fewer problems at a place, and a pair used twice would still be in the list.
    return numbers.mapValues { number in
      alphabet[(number - 1) / alphabet.count % alphabet.count] + alphabet[(number - 1) % alphabet.count]
    }
  }

  /// The key of a row: its letters, capital for ours.
  public func key(_ row: ResultRow) -> String {
    letters[row.problemKey].map { isOurs(row) ? $0 : $0.lowercased() } ?? ""
  }

  /// On a device the program's own are its kernels and the library of products that it calls.
  private func isOurs(_ row: ResultRow) -> Bool { row.impl == ours || row.isDevicesOwn }

  /// The drawing, each line ended by a newline; nil where there is neither a roof nor a kernel.
  public func text() -> String? {
    let names = sideNames
    let columns = width - TerminalRoofline.margin - 1 - names.width
    guard let (x, y) = scales(columns) else { return nil }
    var grid = TextGrid(columns: columns, rows: height, isASCII: isASCII)
    drawRoofs(&grid, x, y)
    let shared = drawPoints(&grid, x, y)
    let floor = String(repeating: isASCII ? "-" : "─", count: columns)
    let edge = isASCII ? "|" : "│"
    let ticks = Dictionary(
      y.ticks(atMost: height / 3).map { (row(y, $0), tickText(roofline.drawnUnit.of($0))) }
    ) { first, _ in first }
    let sides = names.text(y, row)
    var lines = ["\(roofline.drawnUnit.name), \(roofline.site.title); both axes logarithmic"]
    for (index, line) in grid.lines.enumerated() {
      let side = sides[index].map { " " + $0 } ?? ""
      lines.append(right(ticks[index] ?? "", TerminalRoofline.margin - 1) + " " + edge + line + side)
    }
    lines.append(String(repeating: " ", count: TerminalRoofline.margin) + (isASCII ? "+" : "└") + floor)
    lines.append(String(repeating: " ", count: TerminalRoofline.margin + 1) + tickLine(x, columns))
    lines.append(
      right("arithmetic intensity, FLOP per byte", (width + TerminalRoofline.margin + 35) / 2))
    lines += sharedPlaces(shared)
    return lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// Names of a device's peaks at the right of the drawing, where they cover no kernel: columns that they take, and
  /// the text of each row.
  private var sideNames: (width: Int, text: (SVGScale, (SVGScale, Double) -> Int) -> [Int: String]) {
    guard roofline.site.isDevice, !roofline.peaks.isEmpty else { return (0, { _, _ in [:] }) }
    // Peaks of one height share a row; four types of ten letters are the most that a card has at one rate.
    let width = min(width / 4, 1 + 2 * (roofline.peaks.map(\.type.count).max() ?? 0))
    return (
      width,
      { y, row in
        var texts: [Int: String] = [:]
        for peak in roofline.peaks where y.contains(peak.rate) {
          let place = max(0, row(y, peak.rate))
          let text = texts[place].map { "\($0) \(peak.type)" } ?? peak.type
          texts[place] = String(text.prefix(width - 1))
        }
        return texts
      }
    )
  }

  /// Columns left of the axis.
  private static let margin = 7

  private func scales(_ columns: Int) -> (x: SVGScale, y: SVGScale)? {
    let ridges = roofline.levels.compactMap { roofline.ridge($0) }
    guard
      let range = SVGScale.range(roofline.points.map(\.intensity) + ridges, .log, margin: 0.5)
    else { return nil }
    let low = range.low / 3
    let rates =
      roofline.points.map(\.gflops) + roofline.peaks.map(\.rate)
      + [roofline.memory.map { $0.read * low * 1.5 }].compactMap { $0 }
    guard let span = SVGScale.range(rates, .log, margin: 0.35),
      let x = SVGScale(.log, from: low, to: range.high, at: 0, Double(columns - 1)),
      let y = SVGScale(.log, from: span.low, to: span.high, at: Double(height - 1), 0)
    else { return nil }
    return (x, y)
  }

  private func row(_ y: SVGScale, _ value: Double) -> Int { Int(y.position(value).rounded()) }

  private func drawRoofs(_ grid: inout TextGrid, _ x: SVGScale, _ y: SVGScale) {
    var names: [(text: String, column: Int, row: Int)] = []
    let peak = roofline.peak ?? .infinity
    for level in roofline.levels {
      grid.draw { column in
        let rate = level.read * x.value(at: column)
        return rate <= peak && y.contains(rate) ? (y.position(rate), .rising) : nil
      }
      let from = max(x.low, y.low / level.read)
      names.append(
        (level.name, Int(x.position(from)) + 1, row(y, level.read * x.value(at: x.position(from) + 1))))
    }
    let fastest = roofline.levels.map(\.read).max()
    for peak in roofline.peaks where y.contains(peak.rate) {
      let ridge = fastest.map { peak.rate / $0 } ?? x.low
      grid.draw { column in x.value(at: column) >= ridge ? (y.position(peak.rate), .flat) : nil }
      guard !roofline.site.isDevice else { continue }
      let text = "peak \(significant(peak.rate))"
      grid.write(text, column: grid.columns - text.count - 1, row: max(0, row(y, peak.rate) - 1))
    }
    for name in names { grid.write("\(name.text)", column: name.column, row: name.row) }
  }

  /// Draws the keys; returns those that share a place with another, by place from left to right.
  private func drawPoints(_ grid: inout TextGrid, _ x: SVGScale, _ y: SVGScale) -> [[String]] {
    // Ours first: where the two of one problem share a place, ours is seen.
    let letters = letters
    let ordered =
      roofline.points.filter { isOurs($0.row) } + roofline.points.filter { !isOurs($0.row) }
    var cells: [Cell: [String]] = [:]
    for point in ordered {
      guard let letter = letters[point.row.problemKey] else { continue }
      let key = isOurs(point.row) ? letter : letter.lowercased()
      // Two letters take two columns, so places are two columns wide then.
      let column = Int(x.position(point.intensity).rounded()) / letter.count * letter.count
      cells[Cell(column: column, row: row(y, point.gflops)), default: []].append(key)
    }
    var shared: [[String]] = []
    for (cell, keys) in cells.sorted(by: { ($0.key.column, $0.key.row) < ($1.key.column, $1.key.row) }) {
      let isOne = Set(keys.map { $0.uppercased() }).count == 1
      grid.write(isOne ? keys[0] : "*", column: cell.column, row: cell.row)
      if keys.count > 1 { shared.append(keys) }
    }
    return shared
  }

  private struct Cell: Hashable {
    let column: Int
    let row: Int
  }

  /// Says what is not seen: the keys under each star, and peers under our own letters.
  private func sharedPlaces(_ shared: [[String]]) -> [String] {
    let stars = shared.filter { Set($0.map { $0.uppercased() }).count > 1 }
    var lines: [String] = []
    if !stars.isEmpty {
      let most = 24
      let shown = stars.prefix(most).map { $0.joined(separator: "+") }
      let rest = stars.count > most ? ", and \(stars.count - most) more places" : ""
      lines += wrapped(
        "*: several kernels in one place, from left to right: \(shown.joined(separator: ", "))\(rest)",
        width: width)
    }
    if stars.count < shared.count {
      lines += wrapped("A small letter that is not seen lies under its capital.", width: width)
    }
    return lines
  }

  private func tickLine(_ x: SVGScale, _ columns: Int) -> String {
    var line = ""
    for tick in x.ticks(atMost: columns / 9) {
      let text = tickText(tick)
      let start = min(columns - text.count, max(0, Int(x.position(tick).rounded()) - text.count / 2))
      guard start > line.count || line.isEmpty else { continue }
      line += String(repeating: " ", count: start - line.count) + text
    }
    return line
  }

  private func right(_ text: String, _ columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - text.count)) + text
  }
}

extension SVGScale {
  /// The value at a place.
  func value(at place: Double) -> Double {
    let share = (place - start) / (end - start)
    return kind == .linear ? low + share * (high - low) : low * pow(high / low, share)
  }
}

/// A grid of characters over which curves are drawn with two by four dots in each cell.
struct TextGrid {
  enum Slope { case rising, flat }

  let columns: Int
  let rows: Int
  private let isASCII: Bool
  private var dots: [[UInt8]]
  private var marks: [[Character?]]

  init(columns: Int, rows: Int, isASCII: Bool) {
    self.columns = columns
    self.rows = rows
    self.isASCII = isASCII
    dots = Array(repeating: Array(repeating: 0, count: columns), count: rows)
    marks = Array(repeating: Array(repeating: nil, count: columns), count: rows)
  }

  /// Draws a curve: its row at a column, both in cells, or nil where there is none.
  mutating func draw(_ curve: (Double) -> (row: Double, Slope)?) {
    if isASCII {
      for column in 0..<columns {
        guard let (row, slope) = curve(Double(column)) else { continue }
        write(slope == .rising ? "/" : "-", column: column, row: Int(row.rounded()))
      }
      return
    }
    // Eight steps a cell, so that a steep line has no holes.
    for step in 0..<(8 * columns) {
      let column = (Double(step) + 0.5) / 8 - 0.5
      guard let (row, _) = curve(column) else { continue }
      dot(Int(((column + 0.5) * 2).rounded(.down)), Int(((row + 0.5) * 4).rounded(.down)))
    }
  }

  /// Writes characters over whatever is there; what lies outside is dropped.
  mutating func write(_ text: String, column: Int, row: Int) {
    for (offset, character) in text.enumerated() where (0..<rows).contains(row) {
      guard (0..<columns).contains(column + offset) else { continue }
      marks[row][column + offset] = character
    }
  }

  /// Bits of a Braille character by dot: Unicode numbers the dots down the left column, then the right, and
  /// the fourth row behind them.
  private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

  private mutating func dot(_ x: Int, _ y: Int) {
    guard (0..<2 * columns).contains(x), (0..<4 * rows).contains(y) else { return }
    dots[y / 4][x / 2] |= TextGrid.bits[y % 4][x % 2]
  }

  /// The rows as text.
  var lines: [String] {
    zip(dots, marks).map { dots, marks in
      String(
        zip(dots, marks).map { dot, mark in
          mark ?? (dot == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32(dot)) ?? " "))
        })
    }
  }
}
