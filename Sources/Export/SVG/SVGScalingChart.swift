// Efficiency against threads as curves, each named at its end; threads double from tick to tick.

import Quantities
import Tables

/// Draws efficiency curves at a width.
struct SVGScalingChart {
  /// One kernel.
  struct Curve {
    let name: String
    let series: Int
    let shape: Int
    let points: [(threads: Int, efficiency: Double)]
  }

  let curves: [Curve]
  let width: Double

  private var isNarrow: Bool { width < 500 }
  private var height: Double { isNarrow ? 300 : 380 }

  /// The drawing, or nil where fewer than two thread counts are known.
  func markup() -> Markup? {
    let threads = Set(curves.flatMap { $0.points.map(\.threads) }).sorted()
    let highest = curves.flatMap { $0.points.map { Unit.percent.fromBase($0.efficiency) } }.max() ?? 100
    guard let first = threads.first, let last = threads.last, first > 0,
      let x = SVGScale(
        .log, from: Double(first), to: Double(last), at: 46, width - (isNarrow ? 14 : 300)),
      let y = SVGScale(.linear, from: 0, to: max(110, highest * 1.05), at: height - 44, 12)
    else { return nil }
    var canvas = SVGCanvas(width: width, height: height)
    drawAxes(&canvas, x, y, threads)
    for curve in curves { draw(curve, &canvas, x, y) }
    if !isNarrow { nameEnds(&canvas, x, y) }
    return canvas.markup(label: "Efficiency against threads")
  }

  private func drawAxes(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ threads: [Int]) {
    for tick in y.ticks(atMost: 7) {
      canvas.line(x.start, y.position(tick), x.end, y.position(tick), tick == 100 ? "one" : "g")
      canvas.text(tickText(tick), x.start - 6, y.position(tick) + 4, .end, "t v")
    }
    var free = -Double.infinity
    for count in threads {
      let at = x.position(Double(count))
      canvas.line(at, y.end, at, y.start, "g")
      let text = String(count)
      guard at - textWidth(text) / 2 > free else { continue }
      canvas.text(text, at, y.start + 16, .middle, "t v")
      free = at + textWidth(text) / 2 + 4
    }
    canvas.text("threads", (x.start + x.end) / 2, height - 6, .middle, "t")
  }

  private func draw(_ curve: Curve, _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let places = curve.points.map {
      (x.position(Double($0.threads)), y.position(Unit.percent.fromBase($0.efficiency)))
    }
    canvas.curve(places, "bar \(SVGCanvas.colour(curve.series))", title: curve.name)
    for (point, place) in zip(curve.points, places) {
      canvas.mark(
        curve.series, shape: curve.shape, place.0, place.1, size: 3.5,
        title: "\(curve.name), \(point.threads) threads: \(percentText(point.efficiency))")
    }
  }

  /// Names beside the last points, pushed apart where they would touch.
  private func nameEnds(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let ends = curves.compactMap { curve -> (curve: Curve, y: Double)? in
      curve.points.last.map { (curve, y.position(Unit.percent.fromBase($0.efficiency))) }
    }.sorted { $0.y < $1.y }
    var last = -Double.infinity
    for end in ends {
      let at = max(end.y + 4, last + 15)
      canvas.mark(
        end.curve.series, shape: end.curve.shape, x.end + 18, at - 4, size: 3.5, title: end.curve.name)
      let room = Int((width - x.end - 28) / textWidth("m"))
      canvas.text(
        shortened(end.curve.name, to: room), x.end + 28, at, .start, "t", full: end.curve.name)
      last = at
    }
  }
}
