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
      var input = ComparisonInput(name: run.input.name, rows: run.input.rows, samples: run.input.samples)
      input.partner = run.input.meta?.pairedWith
      return input
    }
    comparison = Comparison(input(reference), input(other))
  }

  private var caution: ComparisonCaution {
    ComparisonCaution(comparison, nameA: reference.shortName, nameB: other.shortName)
  }

  /// What came out, the gravest first.
  var sentences: [AnswerSentence] {
    let wrong = comparison.mismatches
    let bad =
      wrong.isEmpty
      ? []
      : [
        AnswerSentence(
          "\(counted(wrong.count, "wrong result")) in \(reference.shortName) and \(other.shortName): \(wrong.count == 1 ? "it is" : "they are")"
            + " compared with nothing, and until it is clear why, the other times of the same code prove little.",
          isBad: true)
      ]
    return bad + [AnswerSentence(sentence)]
  }

  private var sentence: String {
    guard !comparison.rows.isEmpty else {
      return
        "No row of \(other.shortName) (\(other.input.name)) has a partner with times in \(reference.shortName), so nothing can be"
        + " compared."
    }
    let counts = Verdict.allCases.map { verdict in
      "\(comparison.rows.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    return
      "F\(other.shortName.dropFirst()) (\(other.input.name)) against \(reference.shortName), row by row: \(listed(counts))."
      + outcome
      + (comparison.isPaired ? " The two are builds that took turns in one run." : "")
      + (comparison.isSameMachine || comparison.isPaired
        ? "" : " Two types of machine: the ratios say how one does relative to the other.")
  }

  /// The mean where something is decided; else what it would take.
  private var outcome: String {
    guard comparison.rows.contains(where: { $0.verdict != .inconclusive }) else {
      let processes = caution.leastProcesses.map { counted($0, "process") + " a side" }
      let floor = caution.widestFloor.map {
        "an A/A floor of up to \(fixed(Unit.percent.fromBase($0), decimals: 0)) %"
      }
      let more = comparison.rows.compactMap(\.moreProcesses).max()
      return " Nothing is decided: the files have \(listed([processes, floor].compactMap { $0 }))."
        + (more.map { " About \($0) more processes a side would settle the rows that can be settled." } ?? "")
    }
    guard let mean = comparison.summary.geomean else { return "" }
    let interval = comparison.summary.low.flatMap { low in comparison.summary.high.map { (low, $0) } }
    return
      " Its times are \(ratioText(mean, interval?.0, interval?.1)) of the reference's in the geometric mean"
      + " over \(counted(comparison.summary.count, "row"))\(interval == nil ? "" : " (95 % over rows)")."
  }

  /// Counts, ratios, differences, rows without partner.
  var markup: Markup {
    var parts: [Markup] = []
    if let wrong = caution.wrongResults { parts.append(.tag("p", ["class": "bad"], .breakable(wrong))) }
    parts.append(.tag("p", [:], sentence))
    let doubts = caution.doubts
    if !doubts.isEmpty {
      parts.append(.tag("ul", ["class": "warn"], doubts.map { .tag("li", [:], .breakable($0)) }))
    }
    parts += charts
    if !comparison.models.isEmpty { parts.append(models) }
    if let table = differences { parts.append(table) }
    if !comparison.rows.isEmpty {
      parts.append(
        .tag(
          "details", [:], .tag("summary", [:], "All \(counted(comparison.rows.count, "compared row"))"), rows)
      )
    }
    let leftOut = caution.leftOut
    if !leftOut.isEmpty {
      parts.append(.tag("ul", ["class": "note"], leftOut.map { .tag("li", [:], .breakable($0)) }))
    }
    return .joined(parts)
  }

  private var models: Markup {
    var table = HTMLTable(
      "Time of a pass of a model, sum of calls × median",
      [
        .init(heading: "model and pass"), .init(heading: "by"), .init(heading: "place"),
        .init(heading: "rows", isNumber: true, isExtra: true),
        .init(heading: "without partner", isNumber: true, isExtra: true),
        .init(heading: reference.shortName, isNumber: true), .init(heading: other.shortName, isNumber: true),
        .init(heading: "ratio (95 %)", isNumber: true), .init(heading: "verdict"),
      ], isStacked: true)
    for one in comparison.models {
      let place = one.placementA == one.placementB ? one.placementA : "\(one.placementA):\(one.placementB)"
      table.append([
        .text("\(one.model), \(one.pass)"), .text(peerName(one.impl)), .text(place),
        .number(Double(one.count), decimals: 0), .number(Double(one.missing), decimals: 0),
        .quantity(one.secondsA, timeText(one.secondsA)), .quantity(one.secondsB, timeText(one.secondsB)),
        .quantity(one.ratio, ratioText(one.ratio, one.low, one.high)), verdict(one.verdict),
      ])
    }
    return table.markup
  }

  private func verdict(_ verdict: Verdict) -> HTMLCell {
    verdict == .slower ? .bad(verdict.rawValue) : .text(verdict.rawValue)
  }

  private var charts: [Markup] {
    MeasuredSite.sites(comparison.rows.map(\.a)).compactMap { site in
      let all = comparison.rows.filter { site.holds($0.a) }
      let shown = mostTelling(all, \.ratio)
      let ends: [Double] = shown.flatMap { [$0.ratio, $0.low ?? $0.ratio, $0.high ?? $0.ratio] } + [1]
      guard let range = SVGScale.range(ends, .log, margin: 0.06) else { return nil }
      return figure(
        "Time of \(other.shortName) over time of \(reference.shortName) on \(site.name)",
        "Left of the dashed line \(other.shortName) is faster. The bar is the 95 % interval, a difference"
          + " must lie outside the grey band, ±\(bandText(shown)). An open mark is the same or not"
          + " decided.\(reasons(all))" + cutText(shown.count, all.count, "rows"), key: verdictKey
      ) { width in
        SVGDotChart(
          groups: ReportFigures(run: reference).groups(shown, of: \.a) { row in
            SVGDotRow(
              name: row.a.isCeiling ? row.a.ceilingName : "\(row.a.shortShape), \(peerName(row.a.impl))",
              marks: [
                .init(
                  value: row.ratio, low: row.low, high: row.high, series: series(row.verdict),
                  isOpen: row.verdict == .same || row.verdict == .inconclusive,
                  title: "\(row.a.shapeId): \(row.verdict.rawValue)"
                    + (row.note.isEmpty ? "" : "; \(row.note)"))
              ], value: ratioText(row.ratio, row.low, row.high), title: row.a.shapeId,
              band: (1 / (1 + row.threshold), 1 + row.threshold))
          }, kind: .log, low: range.low, high: range.high, axis: "time ratio, logarithmic", reference: 1,
          valueHeading: "ratio (95 %)", width: width, label: "Comparison on \(site.name)"
        ).markup()
      }
    }
  }

  private func bandText(_ rows: [ComparedRow]) -> String {
    let widths = rows.map { Unit.percent.fromBase($0.threshold) }
    let (low, high) = (widths.min() ?? 0, widths.max() ?? 0)
    return low == high
      ? "\(significant(low)) %"
      : "\(significant(low)) to \(significant(high)) %, the A/A floor where it is wider"
  }

  /// Why rows stay undecided, by the note that each carries; counts and percentages of a note are not told apart.
  private func reasons(_ rows: [ComparedRow]) -> String {
    let open = rows.filter { $0.verdict == .inconclusive }
    guard !open.isEmpty else { return "" }
    var counts: [String: Int] = [:]
    for row in open {
      let all = row.note.split(separator: ";").map { String($0.drop { $0 == " " }) }
      // What more would settle is told per row; here only why it is open.
      let why = all.first { !$0.hasPrefix("about ") && !$0.hasPrefix("approx") && !$0.hasPrefix("A/A") }
      let inBand = row.threshold > comparison.options.threshold
      counts[
        why ?? (inBand ? "the interval reaches into the A/A band" : "the difference may be chance"),
        default: 0] += 1
    }
    let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3).map {
      "\($0.key) (\(counted($0.value, "row")))"
    }
    return " Not decided: \(parts.joined(separator: "; "))."
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
      ], isStacked: true)
    for row in comparison.rows {
      let interval = row.low.flatMap { low in
        row.high.map { "\(fixed(low, decimals: 3))–\(fixed($0, decimals: 3))" }
      }
      table.append([
        .text(row.a.shapeId), .text(row.a.impl), .text(row.a.placement), .number(row.ratio, decimals: 3),
        .words(interval ?? ""), verdict(row.verdict), .words(row.note),
      ])
    }
    return table.markup
  }
}
