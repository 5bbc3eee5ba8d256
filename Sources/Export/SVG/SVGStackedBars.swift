// Bars of parts that add up: positive parts upwards from zero, negative ones (what a provider takes off)
// downwards, the sum above.

import Foundation
import Tables

/// Draws stacked bars at a width.
struct SVGStackedBars {
  /// One bar; `values` in the order of the parts.
  struct Bar {
    let label: String
    let values: [Double]
  }

  /// Name and colour of each part.
  let parts: [(name: String, series: Int)]
  let bars: [Bar]
  /// Title of the value axis with its unit.
  let axis: String
  /// What the labels under the bars are.
  let labels: String
  /// Text of a value.
  let figure: (Double) -> String
  let width: Double
  let label: String

  private var isNarrow: Bool { width < 500 }
  private var height: Double { isNarrow ? 260 : 300 }

  /// The drawing, or nil where there is nothing to stack.
  func markup() -> Markup? {
    let highest = bars.map { sum($0) { max(0, $0) } }.max() ?? 0
    let lowest = bars.map { sum($0) { min(0, $0) } }.min() ?? 0
    guard highest > 0 || lowest < 0,
      let y = SVGScale(.linear, from: lowest * 1.08, to: max(highest, 0) * 1.08, at: height - 44, 30)
    else { return nil }
    let left = (y.ticks(atMost: 6).map { textWidth(tickText($0)) }.max() ?? 30) + 8
    let pitch = (width - left - 4) / Double(bars.count)
    var canvas = SVGCanvas(width: width, height: height)
    canvas.text(axis, 0, 13, .start, "h")
    for tick in y.ticks(atMost: 6) {
      canvas.line(left, y.position(tick), width, y.position(tick), tick == 0 ? "x" : "g")
      canvas.text(tickText(tick), left - 6, y.position(tick) + 4, .end, "t v")
    }
    let every = stepOfLabels(pitch)
    var free = -Double.infinity
    for (index, bar) in bars.enumerated() {
      let middle = left + (Double(index) + 0.5) * pitch
      draw(bar, at: middle, pitch, &canvas, y)
      if index % every == 0 {
        let half = textWidth(bar.label) / 2
        let at = min(width - half, max(half, middle))
        guard at - half > free else { continue }
        free = at + half + 4
        canvas.text(bar.label, at, height - 26, .middle, "t v")
      }
    }
    canvas.text(labels, (left + width) / 2, height - 6, .middle, "t")
    return canvas.markup(label: label)
  }

  private func sum(_ bar: Bar, _ part: (Double) -> Double) -> Double {
    bar.values.reduce(0) { $0 + part($1) }
  }

  /// Every how many bars a label has room.
  private func stepOfLabels(_ pitch: Double) -> Int {
    let widest = bars.map { textWidth($0.label) }.max() ?? 0
    return max(1, Int(((widest + 6) / pitch).rounded(.up)))
  }

  private func draw(
    _ bar: Bar, at middle: Double, _ pitch: Double, _ canvas: inout SVGCanvas, _ y: SVGScale
  ) {
    let thick = min(64, pitch * 0.7)
    var (up, down) = (0.0, 0.0)
    for (part, value) in zip(parts, bar.values) where value != 0 {
      let from = value > 0 ? up : down
      let (a, b) = (y.position(from), y.position(from + value))
      canvas.area(
        SVGBox(x: middle - thick / 2, y: min(a, b), width: thick, height: max(0.5, abs(a - b))),
        "\(SVGCanvas.colour(part.series)) flat", title: "\(bar.label), \(part.name): \(figure(value))")
      if value > 0 { up += value } else { down += value }
    }
    let words = figure(sum(bar) { $0 })
    guard up > 0, textWidth(words) + 4 <= pitch else { return }
    canvas.text(words, middle, y.position(up) - 6, .middle, "v")
  }
}
