// A drawing of our own: lines, texts and marks on a canvas of pixels. Colours are classes of the page's style
// sheet, so that one drawing serves light, dark and paper.

import Foundation

/// A rectangle on the canvas.
struct SVGBox: Hashable, Sendable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  /// True where the two share an area.
  func overlaps(_ other: SVGBox) -> Bool {
    x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
  }
}

/// Where a text stands relative to its point.
enum SVGAnchor: String { case start, middle, end }

/// A drawing of fixed size that the page scales as a whole.
struct SVGCanvas {
  let width: Double
  let height: Double
  private var parts: [Markup] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// A straight line.
  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    parts.append(
      .tag("path", ["class": style, "d": "M\(place(x1)) \(place(y1))L\(place(x2)) \(place(y2))"], []))
  }

  /// A line through points.
  mutating func curve(_ points: [(x: Double, y: Double)], _ style: String, title: String = "") {
    guard let first = points.first else { return }
    let path =
      "M\(place(first.x)) \(place(first.y))"
      + points.dropFirst().map { "L\(place($0.x)) \(place($0.y))" }.joined()
    add("path", ["class": style, "d": path], title)
  }

  /// Many small dots as one path: each is a line of no length with round ends.
  mutating func dots(_ points: [(x: Double, y: Double)], _ style: String) {
    guard !points.isEmpty else { return }
    let path = points.map { "M\(place($0.x)) \(place($0.y))h0" }.joined()
    parts.append(.tag("path", ["class": style, "d": path], []))
  }

  /// Many upright strokes of one height as one path.
  mutating func strokes(_ points: [(x: Double, y: Double)], height: Double, _ style: String) {
    guard !points.isEmpty else { return }
    let path = points.map { "M\(place($0.x)) \(place($0.y - height / 2))v\(place(height))" }.joined()
    parts.append(.tag("path", ["class": style, "d": path], []))
  }

  /// An area.
  mutating func area(_ box: SVGBox, _ style: String, title: String = "") {
    add(
      "path",
      [
        "class": style,
        "d":
          "M\(place(box.x)) \(place(box.y))h\(place(box.width))v\(place(box.height))h\(place(-box.width))z",
      ], title)
  }

  /// A head of an arrow to the right, or to the left: what it stands for lies beyond the axis.
  mutating func arrow(_ x: Double, _ y: Double, isRight: Bool, _ style: String, title: String) {
    let tip = isRight ? 7.0 : -7.0
    add(
      "path",
      [
        "class": style,
        "d": "M\(place(x + tip)) \(place(y))l\(place(-tip)) -5v10z",
      ], title)
  }

  /// Words; `full` is what they were shortened from.
  mutating func text(
    _ words: String, _ x: Double, _ y: Double, _ anchor: SVGAnchor = .start, _ style: String = "",
    full: String = ""
  ) {
    let title = full.isEmpty || full == words ? [] : [Markup.tag("title", [:], full)]
    parts.append(
      .tag(
        "text", ["x": place(x), "y": place(y), "text-anchor": anchor.rawValue, "class": style],
        [Markup(words)] + title))
  }

  /// Words along a slanted line; the angle in degrees, clockwise.
  mutating func text(_ words: String, _ x: Double, _ y: Double, turned angle: Double, _ style: String) {
    parts.append(
      .tag(
        "text",
        [
          "x": place(x), "y": place(y), "class": style,
          "transform": "rotate(\(place(angle)) \(place(x)) \(place(y)))",
        ], words))
  }

  /// A mark of the series: shape and colour both tell which, so that neither is needed alone.
  ///
  /// - Parameter shape: the shape, where it says something else than the colour.
  mutating func mark(
    _ series: Int, shape: Int? = nil, _ x: Double, _ y: Double, size: Double = 4.5, isOpen: Bool = false,
    title: String
  ) {
    add(
      "path",
      [
        "class": SVGCanvas.colour(series) + (isOpen ? " open" : ""), "stroke-width": "1.6",
        "d": SVGCanvas.outline(shape ?? series, x, y, size),
      ], title)
  }

  /// The drawing; `label` tells a reader who does not see it what it is.
  func markup(label: String) -> Markup {
    .tag(
      "svg",
      [
        "viewBox": "0 0 \(place(width)) \(place(height))", "role": "img", "aria-label": label,
      ], parts)
  }

  /// The drawing as a file of its own, with plain colours: few viewers of SVG know a page's variables.
  func file(label: String) -> String {
    let root: Markup = .tag(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(place(width)) \(place(height))",
        "width": place(width), "height": place(height), "role": "img", "aria-label": label,
      ],
      [
        .tag("title", [:], label), .style(PageStyle.drawing),
        .tag("rect", ["width": "100%", "height": "100%", "fill": "#fff"], []),
      ] + parts)
    return root.source + "\n"
  }

  /// A key's mark.
  static func key(_ series: Int, shape: Int? = nil, isOpen: Bool = false) -> Markup {
    .tag(
      "svg", ["viewBox": "0 0 16 12", "aria-hidden": "true"],
      .tag(
        "path",
        [
          "class": colour(series) + (isOpen ? " open" : ""), "stroke-width": "1.6",
          "d": outline(shape ?? series, 8, 6, 4.5),
        ], []))
  }

  /// The class of a series' colour; negative = neutral.
  static func colour(_ series: Int) -> String { series < 0 ? "mn" : "m\(series % 6)" }

  private mutating func add(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>, _ title: String
  ) {
    parts.append(.tag(name, attributes, title.isEmpty ? [] : [.tag("title", [:], title)]))
  }

  /// Circle, square, diamond, triangle, in turn.
  private static func outline(_ series: Int, _ x: Double, _ y: Double, _ r: Double) -> String {
    switch series < 0 ? 0 : series % 4 {
    case 0:
      return "M\(place(x - r)) \(place(y))a\(place(r)) \(place(r)) 0 1 0 \(place(2 * r)) 0"
        + "a\(place(r)) \(place(r)) 0 1 0 \(place(-2 * r)) 0z"
    case 1:
      let side = 0.88 * r
      return
        "M\(place(x - side)) \(place(y - side))h\(place(2 * side))v\(place(2 * side))h\(place(-2 * side))z"
    case 2:
      let half = 1.2 * r
      return "M\(place(x)) \(place(y - half))l\(place(half)) \(place(half))l\(place(-half)) \(place(half))"
        + "l\(place(-half)) \(place(-half))z"
    default:
      let half = 1.1 * r
      return "M\(place(x)) \(place(y - half))l\(place(half)) \(place(2 * half))h\(place(-2 * half))z"
    }
  }
}

/// A coordinate with one decimal: a tenth of a pixel is less than anyone sees.
package func place(_ value: Double) -> String {
  let tenths = (min(1e6, max(-1e6, value.isNaN ? 0 : value)) * 10).rounded()
  let whole = Int(tenths)
  let sign = whole < 0 ? "-" : ""
  let size = whole.magnitude
  return size % 10 == 0 ? "\(sign)\(size / 10)" : "\(sign)\(size / 10).\(size % 10)"
}

/// Width of a text of 12 pixels: that of DejaVu Sans, the widest font a Linux browser falls back to.
package func textWidth(_ text: String) -> Double { 7.4 * Double(text.count) }

/// Finds room for labels beside their points; a label without room is left out.
struct SVGLabels {
  private var taken: [SVGBox]
  private let bounds: SVGBox

  /// Labels inside `bounds` that keep off the boxes in `taken`.
  init(bounds: SVGBox, taken: [SVGBox] = []) {
    self.bounds = bounds
    self.taken = taken
  }

  /// Reserves a place.
  mutating func block(_ box: SVGBox) { taken.append(box) }

  /// Reserves the places along a line.
  mutating func block(alongFrom start: (x: Double, y: Double), to end: (x: Double, y: Double)) {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let steps = max(1, Int((dx * dx + dy * dy).squareRoot() / 6))
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      block(SVGBox(x: start.x + share * dx - 3, y: start.y + share * dy - 3, width: 6, height: 6))
    }
  }

  /// Takes places together, if all are free and inside.
  mutating func claim(_ boxes: [SVGBox]) -> Bool {
    guard boxes.allSatisfy({ box in isInside(box) && !taken.contains(where: box.overlaps) }) else {
      return false
    }
    taken += boxes
    return true
  }

  private func isInside(_ box: SVGBox) -> Bool {
    box.x >= bounds.x && box.x + box.width <= bounds.x + bounds.width && box.y >= bounds.y
      && box.y + box.height <= bounds.y + bounds.height
  }

  /// The place of a text beside a point: right, left, above or below it; nil where all four are taken.
  mutating func place(_ text: String, besides x: Double, _ y: Double) -> (x: Double, y: Double, SVGAnchor)? {
    let width = textWidth(text)
    let choices: [(x: Double, y: Double, SVGAnchor)] = [
      (x + 9, y + 4, .start), (x - 9, y + 4, .end), (x, y - 10, .middle), (x, y + 19, .middle),
      (x + 8, y - 8, .start), (x + 8, y + 16, .start), (x - 8, y - 8, .end), (x - 8, y + 16, .end),
    ]
    for choice in choices {
      let left =
        switch choice.2 {
        case .start: choice.x
        case .middle: choice.x - width / 2
        case .end: choice.x - width
        }
      let box = SVGBox(x: left, y: choice.y - 11, width: width, height: 14)
      if claim([box]) {
        return choice
      }
    }
    return nil
  }
}
