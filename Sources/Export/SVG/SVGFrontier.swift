// The drawing of frontiers: a line through each, a mark at each point that tells its deployment, and the band of
// the 80 % interval where there is one frontier only.

/// Draws frontiers at a width.
struct SVGFrontier {
  let plot: FrontierPlot
  let width: Double

  private let left = 62.0
  private let top = 26.0
  private let bottom = 44.0
  private var keyHeight: Double { 18 * Double((plot.series.count + 1) / 2) }
  private var height: Double { 420 + keyHeight }
  private var floor: Double { height - bottom - keyHeight }

  /// The drawing, or nil where there is no point.
  func canvas() -> SVGCanvas? {
    guard let ranges = plot.ranges(margin: 0.15),
      let x = SVGScale(.log, from: ranges.x.low, to: ranges.x.high, at: left, width - 12),
      let y = SVGScale(.log, from: ranges.y.low, to: ranges.y.high, at: floor, top)
    else { return nil }
    var canvas = SVGCanvas(width: width, height: height)
    drawAxes(&canvas, x, y)
    for (index, series) in plot.series.enumerated() {
      let style = "bar \(SVGCanvas.colour(index))\(series.isEnvelope ? " broken" : "")"
      canvas.curve(
        series.points.map { (x.position($0.perUser), y.position($0.perAccelerator)) }, style,
        title: series.name)
      for point in series.points {
        let (px, py) = (x.position(point.perUser), y.position(point.perAccelerator))
        if !series.isEnvelope, plot.series.filter({ !$0.isEnvelope }).count == 1 {
          canvas.line(px, y.position(point.low), px, y.position(point.high), "tie")
        }
        canvas.mark(index, px, py, size: 4, isOpen: series.isEnvelope, title: point.label)
      }
      drawKey(&canvas, index, series)
    }
    return canvas
  }

  private func drawAxes(_ canvas: inout SVGCanvas, _ x: SVGScale, _ y: SVGScale) {
    for tick in x.ticks(atMost: 10) {
      canvas.line(x.position(tick), top, x.position(tick), floor, "g")
      canvas.text(tickText(tick), x.position(tick), floor + 16, .middle, "t v")
    }
    for tick in y.ticks(atMost: 9) {
      canvas.line(left, y.position(tick), width - 12, y.position(tick), "g")
      canvas.text(axisText(tick), left - 6, y.position(tick) + 4, .end, "t v")
    }
    canvas.line(left, floor, width - 12, floor, "x")
    canvas.line(left, top, left, floor, "x")
    canvas.text("output tokens/s per accelerator", 0, 14, .start, "t")
    canvas.text("tokens/s per user", (left + width) / 2, floor + 36, .middle, "t")
  }

  /// Two names a line below the axis.
  private func drawKey(_ canvas: inout SVGCanvas, _ index: Int, _ series: FrontierPlot.Series) {
    let column = (width - left) / 2
    let x = left + Double(index % 2) * column
    let y = floor + bottom + 12 + 18 * Double(index / 2)
    canvas.mark(index, x, y - 4, size: 4, isOpen: series.isEnvelope, title: series.name)
    canvas.text(
      shortened(series.name, to: Int((column - 20) / textWidth("m"))), x + 12, y, .start, "t",
      full: series.name)
  }
}
