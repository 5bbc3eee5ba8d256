// What one input does to one result: a bar a row from the result at one end of the input's range to that at
// the other, around the planned value. The settings stand at the ends of the bars.

import Foundation
import Tables

/// Draws a tornado at a width.
struct SVGTornado {
  /// One input.
  struct Row {
    let name: String
    /// Setting and result at the lower end of the result.
    let low: (setting: String, value: Double)
    /// Setting and result at the higher end.
    let high: (setting: String, value: Double)
    let title: String
  }

  let rows: [Row]
  /// The planned value.
  let base: Double
  /// Title of the axis with its unit.
  let axis: String
  let width: Double
  let label: String

  private var isNarrow: Bool { width < 500 }
  private var rowHeight: Double { isNarrow ? 42 : 26 }
  private let top = 44.0
  private let bottom = 8.0

  /// The drawing, or nil where there is nothing to draw.
  func markup() -> Markup? {
    let values = rows.flatMap { [$0.low.value, $0.high.value] } + [base]
    let settings = rows.flatMap { [$0.low.setting, $0.high.setting] }
    let room = min(isNarrow ? 76 : 120, (settings.map(textWidth).max() ?? 0) + 10)
    let names = isNarrow ? 0 : min(0.34 * width, (rows.map { textWidth($0.name) }.max() ?? 0) + 12)
    guard !rows.isEmpty, let low = values.min(), let high = values.max(),
      let x = SVGScale(.linear, from: low, to: high, at: names + room, width - room)
    else { return nil }
    var canvas = SVGCanvas(width: width, height: top + rowHeight * Double(rows.count) + bottom)
    drawAxis(&canvas, x)
    for (index, row) in rows.enumerated() {
      let y0 = top + rowHeight * Double(index)
      let y = y0 + (isNarrow ? 28 : rowHeight / 2)
      canvas.text(
        shortened(row.name, to: Int((isNarrow ? width : names - 8) / textWidth("m"))), 0,
        isNarrow ? y0 + 13 : y + 4, .start, isNarrow ? "halo" : "", full: row.name)
      let middle = min(max(base, row.low.value), row.high.value)
      bar(from: row.low.value, to: middle, series: 1, y, row.title, &canvas, x)
      bar(from: middle, to: row.high.value, series: 0, y, row.title, &canvas, x)
      let most = Int((room - 6) / textWidth("m"))
      canvas.text(
        shortened(row.low.setting, to: most), x.position(row.low.value) - 6, y + 4, .end, "t v halo",
        full: row.low.setting)
      canvas.text(
        shortened(row.high.setting, to: most), x.position(row.high.value) + 6, y + 4, .start, "t v halo",
        full: row.high.setting)
    }
    let at = x.position(base)
    canvas.line(at, top - 6, at, canvas.height - bottom, "one")
    return canvas.markup(label: label)
  }

  private func drawAxis(_ canvas: inout SVGCanvas, _ x: SVGScale) {
    canvas.text(axis, 0, 13, .start, "h")
    var free = -Double.infinity
    for value in x.ticks(atMost: isNarrow ? 4 : 8) {
      let at = x.position(value)
      canvas.line(at, top - 6, at, canvas.height - bottom, "g")
      let half = textWidth(tickText(value)) / 2
      let middle = min(width - half - 2, max(half, at))
      guard middle - half > free else { continue }
      free = middle + half + 6
      canvas.text(tickText(value), middle, top - 12, .middle, "t v")
    }
  }

  private func bar(
    from low: Double, to high: Double, series: Int, _ y: Double, _ title: String, _ canvas: inout SVGCanvas,
    _ x: SVGScale
  ) {
    guard high > low else { return }
    canvas.area(
      SVGBox(x: x.position(low), y: y - 7, width: max(1, x.position(high) - x.position(low)), height: 14),
      "\(SVGCanvas.colour(series)) flat", title: title)
  }
}
