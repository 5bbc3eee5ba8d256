// Values month by month as steps, in panels above a common axis of months: what lasts a month is drawn as
// level for a month. The figure at the end of a line is its last value.

import Foundation
import Tables

/// Draws panels of monthly values at a width.
struct SVGMonthChart {
  /// One quantity.
  struct Line {
    let name: String
    let series: Int
    var isBroken = false
    var isFilled = false
    let values: [Double]
  }

  /// Lines of one unit.
  struct Panel {
    /// Title of the axis with its unit.
    let axis: String
    let lines: [Line]
    /// A level that must not be exceeded.
    var limit: Double?
    /// Text of a last value.
    var figure: (Double) -> String = { grouped($0, decimals: 0) }
  }

  /// Names of the months, as many as each line has values.
  let months: [String]
  let panels: [Panel]
  let width: Double
  let label: String

  private var isNarrow: Bool { width < 500 }
  private var plotHeight: Double { isNarrow ? 130 : 170 }
  private let panelTop = 28.0
  private let panelBottom = 24.0

  /// The drawing, or nil where no panel has a value above zero.
  func markup() -> Markup? {
    let drawn = panels.filter { panel in
      panel.lines.contains { $0.values.count == months.count && ($0.values.max() ?? 0) > 0 }
    }
    guard !drawn.isEmpty, !months.isEmpty else { return nil }
    let step = panelTop + plotHeight + panelBottom
    var canvas = SVGCanvas(width: width, height: step * Double(drawn.count))
    let scales = drawn.map { top(of: $0) }
    let left = (zip(drawn, scales).map { axisRoom($0, top: $1) }.max() ?? 40) + 8
    let ends = drawn.flatMap { panel in panel.lines.map { textWidth(panel.figure($0.values.last ?? 0)) } }
    guard
      let x = SVGScale(
        .linear, from: 0, to: Double(months.count), at: left, width - (ends.max() ?? 0) - 12)
    else { return nil }
    for (index, panel) in drawn.enumerated() {
      let y0 = step * Double(index)
      guard
        let y = SVGScale(.linear, from: 0, to: scales[index], at: y0 + panelTop + plotHeight, y0 + panelTop)
      else { continue }
      draw(panel, &canvas, x, y, y0)
    }
    return canvas.markup(label: label)
  }

  /// Upper end of a panel's axis.
  private func top(of panel: Panel) -> Double {
    let highest = panel.lines.flatMap(\.values).filter(\.isFinite).max() ?? 1
    return max(highest, panel.limit ?? 0) * 1.06
  }

  private func axisRoom(_ panel: Panel, top: Double) -> Double {
    guard let scale = SVGScale(.linear, from: 0, to: top, at: 0, 1) else { return 0 }
    return scale.ticks(atMost: 5).map { textWidth(tickText($0)) }.max() ?? 0
  }

  private func draw(
    _ panel: Panel, _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ top: Double
  ) {
    canvas.text(panel.axis, 0, top + 13, .start, "h")
    for tick in y.ticks(atMost: 5) {
      let at = y.position(tick)
      canvas.line(x.start, at, x.end, at, tick == 0 ? "x" : "g")
      canvas.text(tickText(tick), x.start - 6, at + 4, .end, "t v")
    }
    drawMonths(&canvas, x, y)
    for line in panel.lines where line.isFilled {
      canvas.curve(steps(line, x, y) + [(x.end, y.start), (x.start, y.start)], "band")
    }
    if let limit = panel.limit {
      canvas.line(x.start, y.position(limit), x.end, y.position(limit), "one")
    }
    for line in panel.lines {
      let style = "curve \(SVGCanvas.colour(line.series))" + (line.isBroken ? " broken" : "")
      canvas.curve(steps(line, x, y), style, title: line.name)
    }
    nameEnds(panel, &canvas, x, y)
  }

  private func steps(_ line: Line, _ x: SVGScale, _ y: SVGScale) -> [(x: Double, y: Double)] {
    line.values.enumerated().flatMap { index, value in
      [(x.position(Double(index)), y.position(value)), (x.position(Double(index + 1)), y.position(value))]
    }
  }

  /// Months under the axis, as many as there is room for, in whole years where there are some.
  private func drawMonths(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let most = isNarrow ? 4 : 9
    let every = [1, 2, 3, 6, 12, 24, 36, 60, 120].first { months.count / $0 < most } ?? months.count
    for index in stride(from: 0, to: months.count, by: every) {
      let at = x.position(Double(index))
      let half = textWidth(months[index]) / 2
      canvas.line(at, y.start, at, y.start + 4, "x")
      let middle = min(width - half - 2, max(half, at))
      canvas.text(months[index], middle, y.start + 17, .middle, "t v")
    }
  }

  /// Last values beside the ends of the lines, pushed apart where they would touch.
  private func nameEnds(_ panel: Panel, _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let ends = panel.lines.compactMap { line in line.values.last.map { (value: $0, y: y.position($0)) } }
      .sorted { $0.y < $1.y }
    var free = -Double.infinity
    var written: Set<String> = []
    for end in ends {
      let words = panel.figure(end.value)
      guard written.insert(words).inserted else { continue }
      let at = max(end.y + 4, free)
      canvas.text(words, x.end + 6, at, .start, "v")
      free = at + 14
    }
  }
}
