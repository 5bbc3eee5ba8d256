// The roofline as a drawing: both axes logarithmic, slanted roofs for the levels of memory, a flat one for the
// arithmetic, a mark for each kernel. Peers of one problem are tied by a line.

import Foundation
import Results

/// Draws a roofline at a width.
struct SVGRoofline {
  let roofline: PlacementRoofline
  /// Implementations in the order of their colours.
  let implementations: [String]
  let width: Double

  private var isNarrow: Bool { width < 500 }
  private var left: Double { isNarrow ? 40 : 62 }
  private var bottom: Double { 44 }
  private var height: Double { isNarrow ? 330 : 440 }

  /// The drawing, or nil where neither a roof nor a kernel is known.
  func markup() -> Markup? {
    guard let (x, y) = scales else { return nil }
    var canvas = SVGCanvas(width: width, height: height)
    drawAxes(&canvas, x, y)
    var labels = SVGLabels(
      bounds: SVGBox(x: left + 2, y: 12, width: width - left - 4, height: height - bottom - 16))
    drawRoofs(&canvas, x, y, &labels)
    drawPoints(&canvas, x, y, &labels)
    return canvas.markup(label: "Roofline of \(roofline.site.title)")
  }

  private var scales: (x: SVGScale, y: SVGScale)? {
    let ridges = roofline.levels.compactMap { roofline.ridge($0) }
    let intensities = roofline.points.map(\.intensity) + ridges
    guard let xRange = SVGScale.range(intensities, .log, margin: 0.6) else { return nil }
    // Room on the left for the names of the roofs.
    let low = xRange.low / (isNarrow ? 5 : 2.5)
    let slowest = roofline.memory.map { $0.read * low }
    let rates =
      roofline.points.map(\.gflops) + [roofline.peak, slowest.map { $0 * 1.5 }].compactMap { $0 }
    guard let yRange = SVGScale.range(rates, .log, margin: 0.7),
      let x = SVGScale(.log, from: low, to: xRange.high, at: left, width - 10),
      let y = SVGScale(.log, from: yRange.low, to: yRange.high, at: height - bottom, 12)
    else { return nil }
    return (x, y)
  }

  private func drawAxes(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let floor = height - bottom
    for tick in x.ticks(atMost: isNarrow ? 6 : 10) {
      canvas.line(x.position(tick), 12, x.position(tick), floor, "g")
      canvas.text(tickText(tick), x.position(tick), floor + 16, .middle, "t v")
    }
    for tick in y.ticks(atMost: isNarrow ? 6 : 9) {
      canvas.line(left, y.position(tick), width - 10, y.position(tick), "g")
      canvas.text(tickText(tick), left - 6, y.position(tick) + 4, .end, "t v")
    }
    canvas.line(left, floor, width - 10, floor, "x")
    canvas.line(left, 12, left, floor, "x")
    canvas.text("arithmetic intensity, FLOP per byte", (left + width) / 2, height - 8, .middle, "t")
  }

  private func drawRoofs(
    _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ labels: inout SVGLabels
  ) {
    for level in roofline.levels {
      let top = min(roofline.peak ?? y.high, y.high)
      let from = max(x.low, y.low / level.read)
      let to = min(x.high, top / level.read)
      guard from < to else { continue }
      let start = (x: x.position(from), y: y.position(level.read * from))
      let end = (x: x.position(to), y: y.position(level.read * to))
      canvas.line(start.x, start.y, end.x, end.y, level.isFirm ? "roof" : "roof weak")
      labels.block(alongFrom: start, to: end)
      let text = "\(level.name) \(significant(level.read))" + (isNarrow ? "" : " GB/s")
      name(text, from: start, to: end, &canvas, &labels)
    }
    guard let peak = roofline.peak else { return }
    let from = max(x.low, roofline.levels.map { peak / $0.read }.min() ?? x.low)
    let start = (x: x.position(from), y: y.position(peak))
    let end = (x: x.position(x.high), y: y.position(peak))
    canvas.line(
      start.x, start.y, end.x, end.y, PlacementRoofline.isFirm(roofline.peakSpread) ? "roof" : "roof weak")
    labels.block(alongFrom: start, to: end)
    let text = "multiply-add peak \(significant(peak))" + (isNarrow ? "" : " GFLOP/s")
    canvas.text(text, end.x - 4, end.y - 7, .end, "h halo")
    labels.block(
      SVGBox(x: end.x - 4 - textWidth(text), y: end.y - 20, width: textWidth(text), height: 16))
  }

  /// Names a slanted roof along its left end, just above it.
  private func name(
    _ text: String, from start: (x: Double, y: Double), to end: (x: Double, y: Double),
    _ canvas: inout SVGCanvas, _ labels: inout SVGLabels
  ) {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard length > 40 else { return }
    let along = (x: dx / length, y: dy / length)
    // A little along the line, so that the name stays off the axis, and five pixels off it on its upper side.
    let x = start.x + 18 * along.x + 5 * along.y
    let y = start.y + 18 * along.y - 5 * along.x
    canvas.text(text, x, y, turned: atan2(dy, dx) * 180 / .pi, "h")
    let far = textWidth(text)
    labels.block(alongFrom: (x + 4 * along.y, y - 4 * along.x), to: (x + far * along.x, y + far * along.y))
  }

  private func drawPoints(
    _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ labels: inout SVGLabels
  ) {
    let groups = Dictionary(grouping: roofline.points, by: \.row.problemKey)
    for key in groups.keys.sorted() {
      let rates = (groups[key] ?? []).map(\.gflops)
      guard let low = rates.min(), let high = rates.max(), let at = groups[key]?.first?.intensity, low < high
      else { continue }
      canvas.line(x.position(at), y.position(low), x.position(at), y.position(high), "tie")
      labels.block(
        alongFrom: (x.position(at), y.position(low)), to: (x.position(at), y.position(high)))
    }
    // The first implementation is drawn last, on top.
    for point in roofline.points.sorted(by: { series($0) > series($1) }) {
      canvas.mark(
        series(point), x.position(point.intensity), y.position(point.gflops), title: point.row.spoken)
      labels.block(
        SVGBox(
          x: x.position(point.intensity) - 5, y: y.position(point.gflops) - 5, width: 10, height: 10))
    }
    for point in notable(atMost: isNarrow ? 5 : 12) {
      let (px, py) = (x.position(point.intensity), y.position(point.gflops))
      guard let spot = labels.place(label(point), besides: px, py) else { continue }
      canvas.text(label(point), spot.x, spot.y, spot.2, "t halo")
    }
  }

  private func series(_ point: PlacementRoofline.Point) -> Int {
    implementations.firstIndex(of: point.row.impl) ?? -1
  }

  private func label(_ point: PlacementRoofline.Point) -> String {
    let kernel = point.row.kernel.split(separator: "_").last.map(String.init) ?? ""
    return point.row.shapeId.hasPrefix("square") || isNarrow
      ? point.row.shortShape : "\(kernel) \(point.row.shortShape)"
  }

  /// Kernels of the first implementation, those furthest from each other in intensity and rate first.
  private func notable(atMost limit: Int) -> [PlacementRoofline.Point] {
    var rest = roofline.points.filter { $0.row.impl == implementations.first }
    var chosen: [PlacementRoofline.Point] = []
    func distance(_ a: PlacementRoofline.Point, _ b: PlacementRoofline.Point) -> Double {
      let dx = log(a.intensity / b.intensity)
      let dy = log(a.gflops / b.gflops)
      return dx * dx + dy * dy
    }
    func isolation(_ point: PlacementRoofline.Point) -> Double {
      chosen.map { distance(point, $0) }.min() ?? -point.gflops
    }
    while chosen.count < limit, let next = rest.max(by: { isolation($0) < isolation($1) }) {
      chosen.append(next)
      rest.removeAll { $0 == next }
    }
    return chosen
  }
}
