// The figures of one run: roofline, scaling, peers, spread. Each has a title, a unit, and one sentence that
// says how to read it; each is drawn twice, for a wide page and for a phone, and the style sheet shows one.

import Foundation
import Measurement
import Quantities
import Results
import Tables

/// Widths of the two drawings in pixels.
let drawingWidths = (wide: 912.0, narrow: 366.0)

/// A figure drawn at both widths, with the line that says where its values come from; nil where there is nothing to
/// draw.
func figure(
  _ title: String, _ reading: String, key: Markup = Markup(), source: String = "", draw: (Double) -> Markup?
) -> Markup? {
  guard let wide = draw(drawingWidths.wide), let narrow = draw(drawingWidths.narrow) else { return nil }
  let origin = source.isEmpty ? Markup() : Markup.tag("p", ["class": "note"], "Source: \(source)")
  return .tag(
    "figure", [:], .tag("figcaption", [:], .tag("b", [:], title), Markup(reading)), key,
    .tag("div", ["class": "wide"], wide), .tag("div", ["class": "narrow"], narrow), origin)
}

/// The key of marks: what each shape and colour stands for.
func markKey(_ entries: [(series: Int, name: String, isOpen: Bool)]) -> Markup {
  .tag(
    "ul", ["class": "key"],
    entries.map { .tag("li", [:], SVGCanvas.key($0.series, isOpen: $0.isOpen), Markup($0.name)) })
}

/// Rows that a chart shows at most; a longer list is no longer read as a picture.
let mostDrawnRows = 80

/// The items of a chart in their order: where they are too many, those whose ratio is furthest from 1.
func mostTelling<Item>(_ items: [Item], _ ratio: (Item) -> Double) -> [Item] {
  guard items.count > mostDrawnRows else { return items }
  let far = items.indices.sorted {
    (abs(log(ratio(items[$1]))), $0) < (abs(log(ratio(items[$0]))), $1)
  }
  return far.prefix(mostDrawnRows).sorted().map { items[$0] }
}

/// What a cut chart says of itself.
func cutText(_ shown: Int, _ all: Int, _ noun: String) -> String {
  shown < all ? " The \(shown) of \(all) \(noun) furthest from 1 are drawn; all stand in the tables." : ""
}

/// The figures of a run.
struct ReportFigures {
  let run: ReportRun

  private var implementationKey: Markup {
    markKey(run.implementations.enumerated().map { ($0.offset, peerName($0.element), false) })
  }

  /// Kernels in order of the file; the marks of a roofline follow it.
  private var kernels: [String] {
    grouped(run.kernels, by: \.kernel).map(\.title)
  }

  /// Of the implementations and kernels that a drawing shows.
  private func rooflineKey(_ roofline: PlacementRoofline) -> Markup {
    let shown = Set(roofline.points.map(\.row.impl))
    let drawn = Set(roofline.points.map(\.row.kernel))
    return .tag(
      "ul", ["class": "key"],
      run.implementations.enumerated().filter { !roofline.site.isDevice || shown.contains($0.element) }.map {
        index, name in
        Markup.tag("li", [:], SVGCanvas.key(index, shape: 0), Markup(peerName(name)))
      }
        + kernels.enumerated().filter { !roofline.site.isDevice || drawn.contains($0.element) }.map {
          index, name in
          .tag(
            "li", [:], SVGCanvas.key(-1, shape: index),
            Markup(name.split(separator: "_").joined(separator: " ")))
        })
  }

  /// One roofline a place of the host.
  var rooflines: Markup { rooflines(of: run.rooflines.filter { !$0.site.isDevice }) }

  /// One roofline a place, of the places given.
  func rooflines(of places: [PlacementRoofline]) -> Markup {
    let drawn = places.compactMap { roofline -> Markup? in
      let isDevice = roofline.site.isDevice
      let isBare = roofline.peak == nil && roofline.levels.isEmpty
      let (single, apart) = roofline.doubtfulCeilings
      let weak = [
        apart.isEmpty ? "" : "the processes differ by more than 10 %",
        single.isEmpty ? "" : "the spread between processes is unknown (one process)",
      ].filter { !$0.isEmpty }
      let drawing = figure(
        "Roofline of \(roofline.site.title) (\(roofline.drawnUnit.name), both axes logarithmic)",
        "A mark is a kernel at its median, its number stands in the list below; where marks crowd, numbers are left"
          + " out. "
          + (isBare
            ? "No ceiling was measured here, so the drawing does not show what limits a kernel."
            : isDevice
              ? "A flat line is the measured peak of one element type, which limits the kernels of that type alone."
              : "The nearest line above a mark limits it. Kernels whose data stay in a cache may stand above the"
                + " DRAM roof.")
          + (weak.isEmpty ? "" : " A dashed roof is one on which \(weak.joined(separator: ", or "))."),
        key: rooflineKey(roofline)
      ) { width in
        SVGRoofline(
          roofline: roofline, implementations: run.implementations, kernels: kernels, width: width
        ).markup()
      }
      return drawing.map { $0 + numberList(roofline) }
    }
    guard !drawn.isEmpty else {
      return .tag(
        "p", [:], "No row has both a rate and an arithmetic intensity, so no roofline can be drawn.")
    }
    return .joined(drawn)
  }

  /// What the numbers of a roofline stand for; folded where it is long.
  private func numberList(_ roofline: PlacementRoofline) -> Markup {
    let numbers = roofline.numbers
    guard !numbers.isEmpty else { return Markup() }
    let problems = Dictionary(grouping: roofline.points, by: \.row.problemKey)
    let items = numbers.sorted { $0.value < $1.value }.compactMap { key, _ -> Markup? in
      guard let points = problems[key], let first = points.first else { return nil }
      let rates = points.map { "\(peerName($0.row.impl)) \(significant($0.gflops))" }
      return .tag(
        "li", [:],
        "\(first.row.groupTitle) \(first.row.shortShape)\(first.row.typeWords): \(rates.joined(separator: ", ")) GFLOP/s"
      )
    }
    let list = Markup.tag("ol", ["class": "numbers"], items)
    let title = "The \(counted(items.count, "kernel")) on the roofline of \(roofline.site.name)"
    return items.count > 40
      ? .tag("details", [:], .tag("summary", [:], title), list)
      : .tag("details", ["open": "open"], .tag("summary", [:], title), list)
  }

  /// Peers against ours, one chart a place.
  var peers: Markup {
    let drawn = run.sites.compactMap { site -> Markup? in
      let pairs = run.peers(at: site)
      guard !pairs.isEmpty, let first = run.ours(at: site).first else { return nil }
      let shown = mostTelling(pairs, \.ratio)
      let ends: [Double] = shown.flatMap { [$0.ratio, $0.low ?? $0.ratio, $0.high ?? $0.ratio] } + [1]
      guard let range = SVGScale.range(ends, .log, margin: 0.06) else { return nil }
      let names = run.implementations.filter { name in pairs.contains { $0.peer.impl == name } }
      let ours = site.isDevice ? "Plimsoll" : peerName(first)
      let bare = shown.count { $0.low == nil }
      let reading =
        bare == shown.count
        ? "No pair has an interval (one process), so nothing is decided and every mark is open."
        : "The bar is the 95 % interval; an open mark is not decided, because its interval reaches 1"
          + (bare > 0 ? " or because it has none (one process: \(counted(bare, "pair")))." : ".")
      let approximate =
        shown.contains { $0.isApproximate }
        ? " Without the journal the intervals are wider than they need be." : ""
      return figure(
        "Time of a peer over time of \(ours) on \(site.title)",
        "Right of the dashed line \(ours) is faster. " + reading + cutText(shown.count, pairs.count, "pairs")
          + approximate,
        key: markKey(
          names.map { (run.implementations.firstIndex(of: $0) ?? -1, peerName($0), false) })
      ) { width in
        SVGDotChart(
          groups: groups(shown, of: \.ours) { pair in
            SVGDotRow(
              name: pair.ours.shortShape + (names.count > 1 ? ", \(peerName(pair.peer.impl))" : ""),
              marks: [
                .init(
                  value: pair.ratio, low: pair.low, high: pair.high, series: run.series(pair.peer),
                  isOpen: !pair.isSettled, title: ratioSentence(pair))
              ], value: ratioText(pair.ratio, pair.low, pair.high), title: pair.ours.shapeId)
          }, kind: .log, low: range.low, high: range.high, axis: "time ratio, logarithmic", reference: 1,
          valueHeading: bare == shown.count ? "ratio" : "ratio (95 %)", width: width,
          label: "Peers against \(ours) on \(site.name)"
        ).markup()
      }
    }
    guard !drawn.isEmpty else {
      return .tag("p", [:], "Only one implementation has times, so there is no peer to show.")
    }
    return .joined(drawn)
  }

  private func ratioSentence(_ pair: PeerRatio) -> String {
    "\(pair.ours.shapeId) on \(pair.ours.placement): \(peerName(pair.peer.impl)) takes "
      + "\(ratioText(pair.ratio, pair.low, pair.high)) times as long"
  }

  /// Samples of each row around its median.
  var spread: Markup {
    let drawn = run.sites.compactMap { site -> Markup? in
      let rows = run.rows.filter { site.holds($0) && $0.status.hasTimes }
      guard !rows.isEmpty else { return nil }
      let noisy = rows.sorted { ($0.betweenProcessRelStddev ?? 0) > ($1.betweenProcessRelStddev ?? 0) }
      let kept = Set(noisy.prefix(mostDrawnRows).map(\.rowKey))
      let shown = rows.filter { kept.contains($0.rowKey) }
      let hasSamples = shown.contains { !run.processes($0).isEmpty }
      let strips = shown.map { SpreadStrip($0, run.processes($0)) }
      guard let range = SpreadStrip.range(strips) else { return nil }
      let cut =
        shown.count < rows.count ? " The \(shown.count) noisiest of \(rows.count) rows are drawn." : ""
      let hasCeilings = shown.contains { $0.isCeiling }
      let floors = run.floors.filter { $0.placement == rows[0].placement }.map {
        " The control kernel differed from itself by \(percentText($0.floor, decimals: 1)) (the A/A floor)."
      }
      let key = markKey(
        run.implementations.enumerated().map { ($0.offset, peerName($0.element), false) }
          + (hasCeilings ? [(-1, "ceiling", false)] : []))
      return figure(
        "Spread of the times on \(site.title) (percent of the row's median)",
        (hasSamples
          ? "A dot is a sample, a stroke the median of one process: strokes apart mean that a new process would"
            + " tell another story. An arrow stands for what lies beyond the axis."
          : "No journal lies beside the file: strokes are the fastest sample, the quartiles and the slowest; an"
            + " arrow stands for what lies beyond the axis.")
          + floors.joined() + cut,
        key: key
      ) { width in
        let byKey = Dictionary(strips.map { ($0.row.rowKey, $0) }) { first, _ in first }
        return SVGDotChart(
          groups: groups(shown, of: \.self) { row in
            let strip = byKey[row.rowKey]
            return SVGDotRow(
              name: row.isCeiling ? row.ceilingName : "\(row.shortShape), \(peerName(row.impl))",
              dots: strip?.dots ?? [], strokes: strip?.strokes ?? [],
              series: row.isCeiling ? -1 : run.series(row), value: strip?.text ?? "", title: row.shapeId)
          }, kind: .linear, low: range.low, high: range.high, axis: "time relative to the median, %",
          reference: 0, tick: { ($0 > 0 ? "+" : "") + tickText($0) },
          valueHeading: "± processes", width: width,
          label: "Spread of times on \(site.name)"
        ).markup()
      }
    }
    guard !drawn.isEmpty else { return .tag("p", [:], "No row has times.") }
    return .joined(drawn)
  }

  /// Rows under the headings of their kernels and models, both in order of the file.
  func groups<Item>(
    _ items: [Item], of row: (Item) -> ResultRow, _ make: (Item) -> SVGDotRow
  ) -> [SVGDotGroup] {
    grouped(items) { row($0).groupTitle }.map { SVGDotGroup(heading: $0.title, rows: $0.members.map(make)) }
  }
}

/// Items under titles, both in order of appearance.
func grouped<Item>(_ items: [Item], by title: (Item) -> String) -> [(title: String, members: [Item])] {
  var order: [String] = []
  var members: [String: [Item]] = [:]
  for item in items {
    let name = title(item)
    if members[name] == nil { order.append(name) }
    members[name, default: []].append(item)
  }
  return order.map { ($0, members[$0] ?? []) }
}

/// `1.05 (1.03–1.08)`.
func ratioText(_ ratio: Double, _ low: Double?, _ high: Double?) -> String {
  let middle = fixed(ratio, decimals: 2)
  guard let low, let high else { return middle }
  return "\(middle) (\(fixed(low, decimals: 2))–\(fixed(high, decimals: 2)))"
}

/// The samples of one row relative to its median, in percent.
struct SpreadStrip {
  let row: ResultRow
  let dots: [Double]
  let strokes: [Double]
  /// Spread between processes for the end of the row.
  let text: String

  init(_ row: ResultRow, _ processes: [[Double]]) {
    self.row = row
    let median = row.timeMedianSeconds ?? 1
    func relative(_ seconds: Double) -> Double { Unit.percent.fromBase(seconds / median - 1) }
    dots = processes.flatMap { $0.map(relative) }
    let medians = processes.compactMap { Statistics.median($0) }
    strokes =
      medians.isEmpty
      ? [row.timeMinSeconds, row.timeQ1Seconds, row.timeQ3Seconds, row.timeMaxSeconds].compactMap { $0 }
        .map(relative) : medians.map(relative)
    text = row.betweenProcessRelStddev.map { "± \(percentText($0, decimals: 1))" } ?? "–"
  }

  /// An axis that shows every process and all but the furthest samples, at least 5 % and at most 100 % wide.
  static func range(_ strips: [SpreadStrip]) -> (low: Double, high: Double)? {
    let strokes = strips.flatMap(\.strokes)
    let dots = strips.flatMap(\.dots)
    guard let low = strokes.min(), let high = strokes.max() else { return nil }
    let near = (Statistics.quantile(dots, 0.01) ?? low, Statistics.quantile(dots, 0.99) ?? high)
    return (max(-60, min(low, near.0, -5) * 1.1), min(150, max(high, near.1, 5) * 1.1))
  }
}
