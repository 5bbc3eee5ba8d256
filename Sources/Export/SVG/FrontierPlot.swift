// Pareto frontiers as a picture: tokens/s of one user to the right, output tokens/s of one accelerator upwards,
// both axes logarithmic. One value, three drawings: a file of SVG, a page of HTML, lines of a terminal.

public import Tables

/// Frontiers to draw together.
public struct FrontierPlot: Sendable {
  /// One point of a frontier.
  public struct Point: Sendable, Hashable {
    /// Tokens/s that one user sees.
    public let perUser: Double
    /// Output tokens/s of one accelerator.
    public let perAccelerator: Double
    /// Its 80 % interval.
    public let low: Double
    /// Its 80 % interval.
    public let high: Double
    /// What stands there, for whoever points at it.
    public let label: String

    /// A point from its parts; all four rates positive.
    public init(perUser: Double, perAccelerator: Double, low: Double, high: Double, label: String) {
      self.perUser = perUser
      self.perAccelerator = perAccelerator
      self.low = low
      self.high = high
      self.label = label
    }
  }

  /// One frontier.
  public struct Series: Sendable, Hashable {
    /// Name in the key.
    public let name: String
    /// True for an upper envelope: open marks, broken line, no interval.
    public let isEnvelope: Bool
    /// Points, fastest for one user first.
    public let points: [Point]

    /// A frontier from its parts.
    public init(_ name: String, isEnvelope: Bool, points: [Point]) {
      self.name = name
      self.isEnvelope = isEnvelope
      self.points = points
    }
  }

  let title: String
  let series: [Series]

  /// A picture of frontiers; those without points are left out.
  public init(_ title: String, _ series: [Series]) {
    self.title = title
    self.series = series.filter { !$0.points.isEmpty }
  }

  /// A file of its own; nil where no series has a point.
  public func svg() -> String? { SVGFrontier(plot: self, width: 860).canvas()?.file(label: title) }

  /// A page with the picture and tables below it; nil where no series has a point.
  public func html(_ tables: [ReportTable]) -> String? {
    guard let wide = SVGFrontier(plot: self, width: 860).canvas()?.markup(label: title) else { return nil }
    let head: Markup = .tag(
      "head", [:], .tag("meta", ["charset": "utf-8"], []),
      .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"], []),
      .tag("title", [:], title), .style(PageStyle.sheet))
    let body: [Markup] =
      [.tag("h1", [:], title), .tag("figure", [:], .tag("div", ["class": "scroll"], wide))]
      + tables.map(FrontierPlot.section)
    return Markup.document(.tag("html", ["lang": "en"], head, .tag("body", [:], body)))
  }

  private static func section(_ table: ReportTable) -> Markup {
    func cell(_ cell: Cell) -> Markup {
      switch cell {
      case .text(let text): .tag("td", [:], text)
      case .number(let value, let decimals): .tag("td", ["class": "n"], grouped(value, decimals: decimals))
      case .integer(let value): .tag("td", ["class": "n"], grouped(Double(value), decimals: 0))
      case .empty: .tag("td", ["class": "n"], "-")
      }
    }
    let heading: Markup = .tag("tr", [:], table.columns.map { .tag("th", [:], $0.heading) })
    let rows = table.rows.map { Markup.tag("tr", [:], $0.map(cell)) }
    return .tag("h2", [:], table.title)
      + .tag(
        "div", ["class": "scroll"],
        .tag("table", [:], .tag("thead", [:], heading), .tag("tbody", [:], rows)))
      + .joined(table.notes.map { .tag("p", ["class": "note"], $0) })
  }

  /// Ends of both axes with room around the points; nil without points.
  func ranges(margin: Double) -> (x: (low: Double, high: Double), y: (low: Double, high: Double))? {
    let points = series.flatMap(\.points)
    guard let x = SVGScale.range(points.map(\.perUser), .log, margin: margin),
      let y = SVGScale.range(points.map(\.perAccelerator), .log, margin: margin)
    else { return nil }
    return (x, y)
  }
}
