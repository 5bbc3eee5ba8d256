// Frontiers for a terminal: a letter for each series, capital where the frontier is a prediction and small where
// it is an upper envelope, both axes logarithmic. No colour.

import Tables

extension FrontierPlot {
  /// The drawing, each line ended by a newline; nil where no series has a point.
  public func text(width: Int = 80, height: Int = 16, isASCII: Bool) -> String? {
    let margin = 8
    let columns = max(40, width) - margin - 1
    guard let ranges = ranges(margin: 0.05),
      let x = SVGScale(.log, from: ranges.x.low, to: ranges.x.high, at: 0, Double(columns - 1)),
      let y = SVGScale(.log, from: ranges.y.low, to: ranges.y.high, at: Double(height - 1), 0)
    else { return nil }
    var grid = TextGrid(columns: columns, rows: height, isASCII: isASCII)
    let letters = keys
    // The last series is drawn first: the first stays on top.
    for (series, letter) in zip(series, letters).reversed() {
      for point in series.points {
        grid.write(
          letter, column: Int(x.position(point.perUser).rounded()),
          row: Int(y.position(point.perAccelerator).rounded()))
      }
    }
    let ticks = Dictionary(y.ticks(atMost: height / 3).map { (Int(y.position($0).rounded()), tickText($0)) })
    { first, _ in first }
    let blank = String(repeating: " ", count: margin)
    var lines = ["output tokens/s per accelerator; both axes logarithmic"]
    for (index, line) in grid.lines.enumerated() {
      let tick = ticks[index] ?? ""
      let room = String(repeating: " ", count: max(0, margin - 1 - tick.count))
      lines.append(room + tick + " " + (isASCII ? "|" : "│") + line)
    }
    lines.append(
      blank + (isASCII ? "+" : "└") + String(repeating: isASCII ? "-" : "─", count: columns))
    lines.append(blank + " " + tickLine(x, columns))
    lines.append(blank + " tokens/s per user")
    lines += zip(series, letters).map { "  \($1)  \($0.name)" }
    return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) + "\n" }.joined()
  }

  private var keys: [String] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)
    return series.indices.map {
      let letter = alphabet[$0 % alphabet.count]
      return series[$0].isEnvelope ? letter.lowercased() : letter
    }
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
}
