// The figures of one run: roofline, scaling, peers, spread. Each has a title, a unit, and one sentence that
// says how to read it; each is drawn twice, for a wide page and for a phone, and the style sheet shows one.

import Measurement
import Quantities
import Results
import Tables

/// Widths of the two drawings in pixels.
let drawingWidths = (wide: 912.0, narrow: 366.0)

/// A figure drawn at both widths; nil where there is nothing to draw.
func figure(_ title: String, _ reading: String, key: Markup = Markup(), draw: (Double) -> Markup?) -> Markup?
{
  guard let wide = draw(drawingWidths.wide), let narrow = draw(drawingWidths.narrow) else { return nil }
  return .tag(
    "figure", [:], .tag("figcaption", [:], .tag("b", [:], title), Markup(reading)), key,
    .tag("div", ["class": "wide"], wide), .tag("div", ["class": "narrow"], narrow))
}

/// The key of marks: what each shape and colour stands for.
func markKey(_ entries: [(series: Int, name: String, isOpen: Bool)]) -> Markup {
  .tag(
    "ul", ["class": "key"],
    entries.map { .tag("li", [:], SVGCanvas.key($0.series, isOpen: $0.isOpen), Markup($0.name)) })
}

/// Rows that a chart shows at most; a longer list is no longer read as a picture.
let mostDrawnRows = 150

/// The figures of a run.
struct ReportFigures {
  let run: ReportRun

  private var implementationKey: Markup {
    markKey(run.implementations.enumerated().map { ($0.offset, peerName($0.element), false) })
  }

  /// One roofline a place.
  var rooflines: Markup {
    let drawn = run.rooflines.compactMap { roofline -> Markup? in
      let weak =
        roofline.levels.contains { !PlacementRoofline.isFirm($0.spread) }
        ? " A dashed roof is one on which the processes differ by more than 10 %." : ""
      return figure(
        "Roofline of \(roofline.site.title) (GFLOP/s, both axes logarithmic)",
        "A mark is a kernel at its median; the nearest line above it limits it. Kernels whose data stay in a"
          + " cache may stand above the DRAM roof." + weak, key: implementationKey
      ) { width in
        SVGRoofline(roofline: roofline, implementations: run.implementations, width: width).markup()
      }
    }
    guard !drawn.isEmpty else {
      return .tag(
        "p", [:], "No row has both a rate and an arithmetic intensity, so no roofline can be drawn.")
    }
    return .joined(drawn)
  }

  /// Peers against ours, one chart a place.
  var peers: Markup {
    let drawn = run.sites.compactMap { site -> Markup? in
      let pairs = run.peers(at: site)
      guard !pairs.isEmpty, let first = run.implementations.first else { return nil }
      let shown = pairs.prefix(mostDrawnRows)
      let ends: [Double] = shown.flatMap { [$0.ratio, $0.low ?? $0.ratio, $0.high ?? $0.ratio] } + [1]
      guard let range = SVGScale.range(ends, .log, margin: 0.06) else { return nil }
      let names = Array(run.implementations.dropFirst())
      let ours = peerName(first)
      let cut =
        shown.count < pairs.count ? " The first \(shown.count) of \(pairs.count) pairs are drawn." : ""
      let approximate =
        shown.contains { $0.isApproximate }
        ? " Without the journal the intervals are wider than they need be." : ""
      return figure(
        "Time of a peer over time of \(ours) on \(site.title)",
        "Right of the dashed line \(ours) is faster. The bar is the 95 % interval; an open mark is not decided,"
          + " because its interval reaches 1." + cut + approximate,
        key: markKey(names.enumerated().map { ($0.offset + 1, peerName($0.element), false) })
      ) { width in
        SVGDotChart(
          groups: groups(shown, of: \.ours) { pair in
            SVGDotRow(
              name: pair.ours.shortShape + (names.count > 1 ? ", \(peerName(pair.peer.impl))" : ""),
              marks: [
                .init(
                  value: pair.ratio, low: pair.low, high: pair.high, series: run.series(pair.peer),
                  isOpen: !pair.isSettled, title: ratioSentence(pair))
              ], value: ratioText(pair.ratio, pair.low, pair.high))
          }, kind: .log, low: range.low, high: range.high, axis: "time ratio, logarithmic", reference: 1,
          valueHeading: "ratio (95 %)", width: width, label: "Peers against \(ours) on \(site.name)"
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
      return figure(
        "Spread of the times on \(site.title) (percent of the row's median)",
        (hasSamples
          ? "A dot is a sample, a stroke the median of one process: strokes apart mean that a new process would"
            + " tell another story. Samples beyond the axis sit at its end."
          : "No journal lies beside the file: strokes are the fastest sample, the quartiles and the slowest.")
          + cut,
        key: implementationKey
      ) { width in
        let byKey = Dictionary(strips.map { ($0.row.rowKey, $0) }) { first, _ in first }
        return SVGDotChart(
          groups: groups(shown[...], of: \.self) { row in
            let strip = byKey[row.rowKey]
            return SVGDotRow(
              name: row.isCeiling ? row.ceilingName : "\(row.shortShape), \(peerName(row.impl))",
              dots: strip?.dots ?? [], strokes: strip?.strokes ?? [],
              series: row.isCeiling ? -1 : run.series(row), value: strip?.text ?? "")
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

  /// Rows under the headings of their kernels, both in order of the file.
  func groups<Item>(
    _ items: ArraySlice<Item>, of row: (Item) -> ResultRow, _ make: (Item) -> SVGDotRow
  ) -> [SVGDotGroup] {
    var order: [String] = []
    var members: [String: [Item]] = [:]
    for item in items {
      let title = row(item).isCeiling ? "ceilings" : row(item).familyTitle
      if members[title] == nil { order.append(title) }
      members[title, default: []].append(item)
    }
    return order.map { SVGDotGroup(heading: $0, rows: (members[$0] ?? []).map(make)) }
  }
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
    text = row.betweenProcessRelStddev.map { "± \(percentText($0, decimals: 1))" } ?? ""
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
