// A chart of rows: a name, marks on a common axis, a figure at the end. Serves ratios with their intervals,
// efficiencies, and the spread of samples. On a narrow screen the name stands above its marks.

/// One row of the chart.
struct SVGDotRow {
  /// A mark with its interval.
  struct Mark {
    let value: Double
    var low: Double?
    var high: Double?
    var series = 0
    /// True for a mark that proves nothing.
    var isOpen = false
    let title: String
  }

  let name: String
  var marks: [Mark] = []
  /// Single samples, small.
  var dots: [Double] = []
  /// Medians of processes, as strokes.
  var strokes: [Double] = []
  /// Colour of dots and strokes.
  var series = 0
  /// Figure at the end of the row.
  var value = ""
  /// Sentence for whoever points at the row.
  var title = ""
}

/// Rows under one heading.
struct SVGDotGroup {
  let heading: String
  let rows: [SVGDotRow]
}

/// Draws a chart of rows at a width.
struct SVGDotChart {
  let groups: [SVGDotGroup]
  let kind: SVGScale.Kind
  /// Ends of the axis.
  let low: Double
  let high: Double
  /// Title of the axis with its unit.
  let axis: String
  /// Where a line marks "no difference", nil = nowhere.
  var reference: Double?
  /// Text of a tick.
  var tick: (Double) -> String = tickText
  /// What the figures at the ends of the rows are.
  var valueHeading = ""
  let width: Double
  let label: String

  private var isNarrow: Bool { width < 500 }
  private var names: Double { isNarrow ? 0 : 250 }
  private var figures: Double { isNarrow ? 0 : 128 }
  private var rowHeight: Double { isNarrow ? 38 : 21 }
  private let headHeight = 26.0
  private let top = 40.0
  private let bottom = 26.0

  /// The drawing, or nil where there is nothing to draw or no axis can be made.
  func markup() -> Markup? {
    let rows = groups.reduce(0) { $0 + $1.rows.count }
    guard rows > 0,
      let x = SVGScale(kind, from: low, to: high, at: names + 12, width - figures - 12)
    else { return nil }
    let heads = Double(groups.count { !$0.heading.isEmpty })
    var canvas = SVGCanvas(
      width: width, height: top + heads * headHeight + Double(rows) * rowHeight + bottom)
    drawAxis(&canvas, x)
    var y = top
    for group in groups {
      if !group.heading.isEmpty {
        canvas.text(group.heading, 0, y + 18, .start, "h halo")
        y += headHeight
      }
      for row in group.rows {
        draw(row, at: y, x, &canvas)
        y += rowHeight
      }
    }
    return canvas.markup(label: label)
  }

  private func drawAxis(_ canvas: inout SVGCanvas, _ x: SVGScale) {
    let floor = canvas.height - bottom
    canvas.text(axis, isNarrow ? 0 : (x.start + x.end) / 2, 12, isNarrow ? .start : .middle, "t")
    canvas.text(valueHeading, width, 12, .end, "t")
    for value in x.ticks(atMost: isNarrow ? 6 : 9) {
      let at = x.position(value)
      canvas.line(at, top - 6, at, floor, "g")
      canvas.text(tick(value), at, top - 10, .middle, "t v")
      canvas.text(tick(value), at, floor + 16, .middle, "t v")
    }
    if let reference, x.contains(reference) {
      canvas.line(x.position(reference), top - 6, x.position(reference), floor, "one")
    }
  }

  private func draw(_ row: SVGDotRow, at top: Double, _ x: SVGScale, _ canvas: inout SVGCanvas) {
    let words = isNarrow ? top + 14 : top + rowHeight / 2 + 4
    let y = isNarrow ? top + 26 : top + rowHeight / 2
    // A thin line leads the eye from the name to its marks.
    if !isNarrow { canvas.line(min(names, textWidth(row.name) + 16), y, x.end, y, "g") }
    let halo = isNarrow ? " halo" : ""
    canvas.text(row.name, isNarrow ? 0 : 12, words, .start, halo)
    canvas.text(row.value, width, words, .end, "t v" + halo)
    let colour = SVGCanvas.colour(row.series)
    canvas.dots(row.dots.map { (x.position($0), y) }, "dots \(colour)")
    canvas.strokes(row.strokes.map { (x.position($0), y) }, height: 13, "med \(colour)")
    for mark in row.marks {
      if let low = mark.low, let high = mark.high {
        canvas.line(
          x.position(low), y, x.position(high), y, "bar \(SVGCanvas.colour(mark.series))")
      }
      canvas.mark(mark.series, x.position(mark.value), y, isOpen: mark.isOpen, title: mark.title)
    }
  }
}
