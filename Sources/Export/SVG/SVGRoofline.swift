// The roofline as a drawing: both axes logarithmic, slanted roofs for the levels of memory, a flat one for the
// arithmetic, a mark for each kernel: its colour tells who computed, its shape the kind of kernel, its number
// the problem, which a list below the drawing names. Peers of one problem are tied by a line.

import Foundation
import Results

/// Draws a roofline at a width.
struct SVGRoofline {
  let roofline: PlacementRoofline
  /// Implementations in the order of their colours.
  let implementations: [String]
  /// Kernels in the order of their marks.
  let kernels: [String]
  let width: Double

  private var isNarrow: Bool { width < 500 }
  private var left: Double { isNarrow ? 40 : 62 }
  private var bottom: Double { 44 }
  private let top = 26.0
  private var height: Double { isNarrow ? 344 : 454 }

  /// The drawing, or nil where neither a roof nor a kernel is known.
  func markup() -> Markup? {
    guard let (x, y) = scales else { return nil }
    var canvas = SVGCanvas(width: width, height: height)
    drawAxes(&canvas, x, y)
    var labels = SVGLabels(
      bounds: SVGBox(x: left + 2, y: top, width: width - left - 4, height: height - bottom - top - 4))
    // Texts keep off the marks, so the places of the marks are taken first; texts are drawn first all the same,
    // so that no halo hides a mark.
    for point in roofline.points {
      labels.block(
        SVGBox(
          x: x.position(point.intensity) - 5, y: y.position(point.gflops) - 5, width: 10, height: 10))
    }
    drawRoofs(&canvas, x, y, &labels)
    drawTies(&canvas, x, y)
    drawNumbers(&canvas, x, y, &labels)
    drawMarks(&canvas, x, y)
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
      roofline.points.map(\.gflops) + roofline.peaks.map(\.rate)
      + [slowest.map { $0 * 1.5 }].compactMap { $0 }
    guard let yRange = SVGScale.range(rates, .log, margin: 0.7),
      let x = SVGScale(.log, from: low, to: xRange.high, at: left, width - 10),
      let y = SVGScale(.log, from: yRange.low, to: yRange.high, at: height - bottom, top)
    else { return nil }
    return (x, y)
  }

  private func drawAxes(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let floor = height - bottom
    var free = -Double.infinity
    for tick in x.ticks(atMost: isNarrow ? 6 : 10) {
      canvas.line(x.position(tick), top, x.position(tick), floor, "g")
      let text = axisText(tick)
      let half = textWidth(text) / 2
      let middle = min(width - half, x.position(tick))
      guard middle - half > free else { continue }
      free = middle + half + 4
      canvas.text(text, middle, floor + 16, .middle, "t v")
    }
    for tick in y.ticks(atMost: isNarrow ? 6 : 9) {
      canvas.line(left, y.position(tick), width - 10, y.position(tick), "g")
      canvas.text(
        axisText(roofline.drawnUnit.of(tick)), left - 6, y.position(tick) + 4, .end, "t v")
    }
    canvas.line(left, floor, width - 10, floor, "x")
    canvas.line(left, top, left, floor, "x")
    canvas.text(roofline.drawnUnit.name, 0, 12, .start, "t")
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
    }
    let fastest = roofline.levels.map(\.read).max()
    var roofs: [(start: (x: Double, y: Double), end: (x: Double, y: Double))] = []
    // The highest first: it keeps its place, and those just below it move theirs.
    for peak in roofline.peaks.reversed() {
      let from = max(x.low, fastest.map { peak.rate / $0 } ?? x.low)
      guard from < x.high else { continue }
      let start = (x: x.position(from), y: y.position(peak.rate))
      let end = (x: x.position(x.high), y: y.position(peak.rate))
      canvas.line(start.x, start.y, end.x, end.y, peak.isFirm ? "roof" : "roof weak")
      let name =
        roofline.site.isDevice ? peak.type : isNarrow ? "peak" : roofline.name(peak)
      let (unit, rate) = roofline.drawnUnit
      let tail = roofline.site.isDevice ? "" : " \(unit)"
      nameFlat("\(name) \(significant(rate(peak.rate)))\(tail)", end, &canvas, &labels)
      roofs.append((start, end))
    }
    nameLevels(&canvas, x, y, &labels)
    for roof in roofs { labels.block(alongFrom: roof.start, to: roof.end) }
  }

  /// Names a flat roof above its right end; where another name is there, further left.
  private func nameFlat(
    _ text: String, _ end: (x: Double, y: Double), _ canvas: inout SVGCanvas, _ labels: inout SVGLabels
  ) {
    let long = textWidth(text)
    var right = end.x - 4
    while roofline.peaks.count > 1, right - long > left + 8 {
      if labels.claim([SVGBox(x: right - long, y: end.y - 20, width: long, height: 16)]) {
        canvas.text(text, right, end.y - 7, .end, "h halo")
        return
      }
      right -= 24
    }
    canvas.text(text, end.x - 4, end.y - 7, .end, "h halo")
    labels.block(SVGBox(x: end.x - 4 - long, y: end.y - 20, width: long, height: 16))
  }

  /// Names the slanted roofs along themselves, each where it covers neither a mark nor another name.
  private func nameLevels(
    _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ labels: inout SVGLabels
  ) {
    var lines: [(start: (x: Double, y: Double), end: (x: Double, y: Double))] = []
    // The lowest roof first: it has the most room.
    for level in roofline.levels.sorted(by: { $0.read < $1.read }) {
      let from = max(x.low, y.low / level.read)
      let to = min(x.high, min(roofline.peak ?? y.high, y.high) / level.read)
      guard from < to else { continue }
      let start = (x: x.position(from), y: y.position(level.read * from))
      let end = (x: x.position(to), y: y.position(level.read * to))
      name("\(level.name) \(significant(level.read)) GB/s", from: start, to: end, &canvas, &labels)
      lines.append((start, end))
    }
    for line in lines { labels.block(alongFrom: line.start, to: line.end) }
  }

  /// Names a slanted roof just above itself, as near its left end as there is room.
  private func name(
    _ text: String, from start: (x: Double, y: Double), to end: (x: Double, y: Double),
    _ canvas: inout SVGCanvas, _ labels: inout SVGLabels
  ) {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard length > 0 else { return }
    let along = (x: dx / length, y: dy / length)
    let far = textWidth(text)
    for offset in stride(from: 12, to: max(13, length - far), by: 8) {
      // Five pixels off the line on its upper side; the boxes follow the middle of the letters.
      let x = start.x + offset * along.x + 5 * along.y
      let y = start.y + offset * along.y - 5 * along.x
      let boxes = stride(from: 0, through: far, by: 6).map { step in
        SVGBox(
          x: x + step * along.x + 4 * along.y - 5, y: y + step * along.y - 4 * along.x - 5, width: 10,
          height: 10)
      }
      guard labels.claim(boxes) else { continue }
      canvas.text(text, x, y, turned: atan2(dy, dx) * 180 / .pi, "h halo")
      return
    }
  }

  private func drawTies(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    let groups = Dictionary(grouping: roofline.points, by: \.row.problemKey)
    for key in groups.keys.sorted() {
      let rates = (groups[key] ?? []).map(\.gflops)
      guard let low = rates.min(), let high = rates.max(), let at = groups[key]?.first?.intensity, low < high
      else { continue }
      canvas.line(x.position(at), y.position(low), x.position(at), y.position(high), "tie")
    }
  }

  /// The number of each problem beside one of its marks; where marks crowd, a number is left out.
  private func drawNumbers(
    _ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale, _ labels: inout SVGLabels
  ) {
    let ordered = roofline.points.sorted { ($0.intensity, $1.gflops) < ($1.intensity, $0.gflops) }
    let numbers = roofline.numbers
    var done: Set<String> = []
    for point in ordered where !done.contains(point.row.problemKey) {
      let text = numbers[point.row.problemKey].map(String.init) ?? ""
      let (px, py) = (x.position(point.intensity), y.position(point.gflops))
      guard let spot = labels.place(text, besides: px, py) else { continue }
      done.insert(point.row.problemKey)
      canvas.text(text, spot.x, spot.y, spot.2, "v halo", full: point.row.spoken)
    }
  }

  private func drawMarks(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    // The first implementation is drawn last, on top.
    for point in roofline.points.sorted(by: { series($0) > series($1) }) {
      canvas.mark(
        series(point), shape: kernels.firstIndex(of: point.row.kernel) ?? 0, x.position(point.intensity),
        y.position(point.gflops), size: roofline.points.count > 120 ? 3.2 : 4.5, title: point.row.spoken)
    }
  }

  private func series(_ point: PlacementRoofline.Point) -> Int {
    implementations.firstIndex(of: point.row.impl) ?? -1
  }
}

/// A tick that keeps to four characters: `10k` for 10,000.
func axisText(_ value: Double) -> String {
  abs(value) >= 10_000 ? tickText(value / 1_000) + "k" : tickText(value)
}
