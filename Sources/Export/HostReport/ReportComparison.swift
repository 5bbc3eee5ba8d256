// Several inputs: the first is the reference, every other is judged against it.

import Measurement
import Quantities
import Results
import Tables

/// One input against the reference.
struct ReportComparison {
  let reference: ReportRun
  let other: ReportRun
  let comparison: Comparison

  init(_ reference: ReportRun, _ other: ReportRun) {
    self.reference = reference
    self.other = other
    func input(_ run: ReportRun) -> ComparisonInput {
      ComparisonInput(name: run.input.name, rows: run.input.rows, samples: run.input.samples)
    }
    comparison = Comparison(input(reference), input(other))
  }

  /// What came out, in one or two sentences.
  var sentence: String {
    guard !comparison.rows.isEmpty else {
      return
        "No row of \(other.shortName) (\(other.input.name)) has a partner with times in \(reference.shortName), so nothing can be"
        + " compared."
    }
    let counts = Verdict.allCases.map { verdict in
      "\(comparison.rows.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    let interval = comparison.summary.low.flatMap { low in comparison.summary.high.map { (low, $0) } }
    let mean = comparison.summary.geomean.map {
      " Its times are \(ratioText($0, interval?.0, interval?.1)) of the reference's in the geometric mean."
    }
    return
      "F\(other.shortName.dropFirst()) (\(other.input.name)) against \(reference.shortName), row by row: \(listed(counts))."
      + (mean ?? "")
      + (comparison.isSameMachine
        ? "" : " Two types of machine: the ratios say how one does relative to the other.")
  }

  /// Counts, ratios, differences, rows without partner.
  var markup: Markup {
    var parts = [Markup.tag("p", [:], sentence)]
    if !comparison.hostSpeeds.isEmpty {
      let speeds = comparison.hostSpeeds.map { "\($0.placement) \(fixed($0.ratio, decimals: 2))" }
      parts.append(
        .tag(
          "p", ["class": "warn"],
          "The host itself ran at another speed: time ratio of the multiply-add peak \(speeds.joined(separator: ", "))."
        ))
    }
    parts += charts
    if let table = differences { parts.append(table) }
    if !comparison.rows.isEmpty {
      parts.append(
        .tag(
          "details", [:], .tag("summary", [:], "All \(counted(comparison.rows.count, "compared row"))"), rows)
      )
    }
    if !unmatched.isEmpty { parts.append(.tag("p", ["class": "note"], unmatched)) }
    return .joined(parts)
  }

  private var charts: [Markup] {
    MeasuredSite.sites(comparison.rows.map(\.a)).compactMap { site in
      let all = comparison.rows.filter { site.holds($0.a) }
      let shown = all.prefix(mostDrawnRows)
      let ends: [Double] = shown.flatMap { [$0.ratio, $0.low ?? $0.ratio, $0.high ?? $0.ratio] } + [1]
      guard let range = SVGScale.range(ends, .log, margin: 0.06) else { return nil }
      let cut = shown.count < all.count ? " The first \(shown.count) of \(all.count) rows are drawn." : ""
      return figure(
        "Time of \(other.shortName) over time of \(reference.shortName) on \(site.name)",
        "Left of the dashed line \(other.shortName) is faster; the bar is the 95 % interval; an open mark is"
          + " the same or not decided." + cut, key: verdictKey
      ) { width in
        SVGDotChart(
          groups: ReportFigures(run: reference).groups(shown, of: \.a) { row in
            SVGDotRow(
              name: row.a.isCeiling ? row.a.ceilingName : "\(row.a.shortShape), \(peerName(row.a.impl))",
              marks: [
                .init(
                  value: row.ratio, low: row.low, high: row.high, series: series(row.verdict),
                  isOpen: row.verdict == .same || row.verdict == .inconclusive,
                  title: "\(row.a.shapeId): \(row.verdict.rawValue)")
              ], value: ratioText(row.ratio, row.low, row.high))
          }, kind: .log, low: range.low, high: range.high, axis: "time ratio, logarithmic", reference: 1,
          valueHeading: "ratio (95 %)", width: width, label: "Comparison on \(site.name)"
        ).markup()
      }
    }
  }

  private var verdictKey: Markup {
    markKey(Verdict.allCases.map { (series($0), $0.rawValue, $0 == .same || $0 == .inconclusive) })
  }

  /// Colour and shape of a verdict.
  private func series(_ verdict: Verdict) -> Int {
    switch verdict {
    case .faster: 0
    case .slower: 1
    case .same: 2
    case .inconclusive: -1
    }
  }

  private var differences: Markup? {
    guard !comparison.differences.isEmpty else {
      return .tag("p", [:], "Machine, system and program are described alike in both files.")
    }
    var table = HTMLTable(
      "What differs around the figures",
      [.init(heading: "column"), .init(heading: reference.shortName), .init(heading: other.shortName)])
    for difference in comparison.differences {
      table.append([.text(difference.column), .words(difference.a), .words(difference.b)])
    }
    return table.markup
  }

  private var rows: Markup {
    var table = HTMLTable(
      "Ratios are the time of \(other.shortName) over that of \(reference.shortName)",
      [
        .init(heading: "shape"), .init(heading: "by"), .init(heading: "place"),
        .init(heading: "ratio", isNumber: true), .init(heading: "95 %", isNumber: true),
        .init(heading: "verdict"), .init(heading: "note", isExtra: true),
      ])
    for row in comparison.rows {
      let interval = row.low.flatMap { low in
        row.high.map { "\(fixed(low, decimals: 3))–\(fixed($0, decimals: 3))" }
      }
      table.append([
        .text(row.a.shapeId), .text(row.a.impl), .text(row.a.placement), .number(row.ratio, decimals: 3),
        .words(interval ?? ""),
        row.verdict == .slower ? .bad(row.verdict.rawValue) : .text(row.verdict.rawValue), .words(row.note),
      ])
    }
    return table.markup
  }

  private var unmatched: String {
    [
      (comparison.onlyA.count, "only in \(reference.shortName)"),
      (comparison.onlyB.count, "only in \(other.shortName)"),
      (comparison.untimed.count, "without a time on one side"),
    ].filter { $0.0 > 0 }.map { "\(counted($0.0, "row")) \($0.1)" }.joined(separator: "; ")
  }
}
