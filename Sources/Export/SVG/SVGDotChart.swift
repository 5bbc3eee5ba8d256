// A chart of rows: a name, marks on a common axis, a figure at the end. Serves ratios with their intervals,
// efficiencies, and the spread of samples. Names and figures get the room that they need, within limits; a name
// that is longer loses its middle. On a narrow screen the name stands above its marks, and the figure below the
// name where the two do not fit into one line.

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
  /// The name in full, for whoever points at it.
  var title = ""
  /// Values that count as no difference.
  var band: (low: Double, high: Double)?
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
  private let indent = 12.0
  private let headHeight = 26.0
  private let bottom = 26.0

  /// Room for the names, the figures and what stands above the rows.
  private struct Layout {
    var names = 0.0
    var figures = 0.0
    var top = 40.0
  }

  private var layout: Layout {
    let rows = groups.flatMap(\.rows)
    guard !isNarrow else {
      let isCrowded = textWidth(axis) + textWidth(valueHeading) + 16 > width
      return Layout(top: isCrowded ? 56 : 40)
    }
    let widest = rows.map { textWidth($0.name) }.max() ?? 0
    let values = (rows.map { textWidth($0.value) } + [textWidth(valueHeading)]).max() ?? 0
    return Layout(
      names: min(0.36 * width, max(120, widest + indent + 12)),
      figures: min(0.3 * width, max(60, values + 12)))
  }

  /// The drawing, or nil where there is nothing to draw or no axis can be made.
  func markup() -> Markup? {
    let layout = layout
    let rows = groups.flatMap(\.rows)
    guard !rows.isEmpty,
      let x = SVGScale(kind, from: low, to: high, at: layout.names + 12, width - layout.figures - 12)
    else { return nil }
    let heads = Double(groups.count { !$0.heading.isEmpty })
    var canvas = SVGCanvas(
      width: width,
      height: layout.top + heads * headHeight + rows.map(height).reduce(0, +) + bottom)
    drawAxis(&canvas, x, layout)
    var y = layout.top
    for group in groups {
      if !group.heading.isEmpty {
        canvas.text(fitted(group.heading, width), 0, y + 18, .start, "h halo", full: group.heading)
        y += headHeight
      }
      for row in group.rows {
        draw(row, at: y, x, layout, &canvas)
        y += height(row)
      }
    }
    return canvas.markup(label: label)
  }

  private func fitted(_ text: String, _ room: Double) -> String {
    shortened(text, to: Int(room / textWidth("m")))
  }

  private func isTwoLined(_ row: SVGDotRow) -> Bool {
    isNarrow && !row.value.isEmpty && textWidth(row.name) + textWidth(row.value) + 12 > width
  }

  private func height(_ row: SVGDotRow) -> Double { isNarrow ? isTwoLined(row) ? 53 : 38 : 21 }

  private func drawAxis(_ canvas: inout SVGCanvas, _ x: SVGScale, _ layout: Layout) {
    let floor = canvas.height - bottom
    canvas.text(axis, isNarrow ? 0 : (x.start + x.end) / 2, 12, isNarrow ? .start : .middle, "t")
    canvas.text(valueHeading, width, layout.top > 40 ? 28 : 12, .end, "t")
    var free = -Double.infinity
    for value in ticks(x) {
      let at = x.position(value)
      canvas.line(at, layout.top - 6, at, floor, "g")
      let text = tick(value)
      let half = textWidth(text) / 2
      // At an edge of the drawing the text keeps inside; where it would touch its neighbour it is left out.
      let middle = min(width - half - 3, max(half, at))
      guard middle - half > free else { continue }
      free = middle + half + 4
      canvas.text(text, middle, layout.top - 10, .middle, "t v")
      canvas.text(text, middle, floor + 16, .middle, "t v")
    }
    if let reference, x.contains(reference) {
      canvas.line(x.position(reference), layout.top - 6, x.position(reference), floor, "one")
    }
  }

  /// As many ticks as can stand beside each other: with every second text left out, an axis looks uneven.
  private func ticks(_ x: SVGScale) -> [Double] {
    let most = isNarrow ? 6 : 9
    let fitting = (3...most).reversed().lazy.map { x.ticks(atMost: $0) }.first { values in
      zip(values, values.dropFirst()).allSatisfy { low, high in
        let room = (textWidth(tick(low)) + textWidth(tick(high))) / 2 + 4
        return x.position(high) - x.position(low) >= room
      }
    }
    return fitting ?? x.ticks(atMost: most)
  }

  private func draw(
    _ row: SVGDotRow, at top: Double, _ x: SVGScale, _ layout: Layout, _ canvas: inout SVGCanvas
  ) {
    let height = height(row)
    let y = isNarrow ? top + height - 12 : top + height / 2
    let words = isNarrow ? top + 14 : y + 4
    if let band = row.band {
      let left = x.position(band.low)
      canvas.area(
        SVGBox(x: left, y: y - 8, width: max(1, x.position(band.high) - left), height: 16), "band")
    }
    let full = row.title.isEmpty ? row.name : row.title
    let halo = isNarrow ? " halo" : ""
    let room = isNarrow ? width : layout.names - indent - 8
    let name = fitted(row.name, room)
    // A thin line leads the eye from the name to its marks.
    if !isNarrow { canvas.line(indent + textWidth(name) + 4, y, x.end, y, "g") }
    canvas.text(name, isNarrow ? 0 : indent, words, .start, halo, full: full)
    let value = isNarrow ? row.value : fitted(row.value, layout.figures)
    canvas.text(
      value, width, isTwoLined(row) ? words + 15 : words, .end, "t v" + halo, full: row.value)
    let colour = SVGCanvas.colour(row.series)
    canvas.dots(row.dots.filter(x.contains).map { (x.position($0), y) }, "dots \(colour)")
    canvas.strokes(row.strokes.filter(x.contains).map { (x.position($0), y) }, height: 13, "med \(colour)")
    for isRight in [false, true] {
      let beyond = (row.dots + row.strokes).filter { isRight ? $0 > x.high : $0 < x.low }
      guard let furthest = isRight ? beyond.max() : beyond.min() else { continue }
      canvas.arrow(
        isRight ? x.end + 2 : x.start - 2, y, isRight: isRight, colour,
        title: "\(beyond.count) beyond the axis, the furthest at \(tick(furthest.rounded()))")
    }
    for mark in row.marks {
      if let low = mark.low, let high = mark.high {
        canvas.line(
          x.position(low), y, x.position(high), y, "bar \(SVGCanvas.colour(mark.series))")
      }
      canvas.mark(mark.series, x.position(mark.value), y, isOpen: mark.isOpen, title: mark.title)
    }
  }
}
