// What a search prints: the frontiers, the reasons of rejection, one table of everything for programs, and the
// speed of the search itself.

import Catalog
import Estimator
import Export
import Quantities
import Tables

/// The tables of a search over one or several accelerators.
struct SearchTables {
  let model: String
  let workload: Workload
  let results: [SearchResult]
  /// Accelerators that could not be searched, and why.
  let gaps: [Gap]
  /// Most rows of a frontier for people.
  let rows: Int

  /// The frontiers, thinned to `rows`, and the rejections.
  var forPeople: [ReportTable] {
    var tables: [ReportTable] = []
    for result in results {
      if !result.frontier.isEmpty { tables.append(frontier(result)) }
      if !result.disaggregated.isEmpty { tables.append(pairs(result)) }
    }
    return tables + [rejections] + (gaps.isEmpty ? [] : [notSearched])
  }

  private func frontier(_ result: SearchResult) -> ReportTable {
    var table = ReportTable(
      "\(model) on \(result.accelerator): Pareto frontier of \(lengths)",
      [
        .init("tok/s user"), .init("tok/s acc."), .init("80 % low"), .init("high"), .init("TPOT ms"),
        .init("TTFT ms"), .init("batch"), .init("deployment"),
      ])
    let shown = thinned(result.frontier)
    for point in shown {
      table.append([
        rate(point.ratePerUser), rate(point.ratePerAccelerator), rate(point.rateRange.low),
        rate(point.rateRange.high), milliseconds(point.tpot), milliseconds(point.ttft),
        .integer(point.batch), .text(result.deployments[point.deployment].summary),
      ])
    }
    if shown.count < result.frontier.count {
      table.notes.append("\(shown.count) of \(result.frontier.count) points; --format csv prints all.")
    }
    table.notes.append("Trust: \(result.trust.rawValue). The interval is that of tok/s acc.")
    table.notes += result.sources.map { "Source: \($0)" }
    return table
  }

  private func pairs(_ result: SearchResult) -> ReportTable {
    var table = ReportTable(
      "\(model) on \(result.accelerator): disaggregated pairs, upper envelope",
      [
        .init("tok/s user"), .init("tok/s acc."), .init("TPOT ms"), .init("TTFT ms"), .init("KV ms"),
        .init("pair"), .init("batch"), .init("prefill"), .init("decode"),
      ])
    let shown = thinned(result.disaggregated)
    for point in shown {
      table.append([
        rate(point.ratePerUser), rate(point.ratePerAccelerator), milliseconds(point.tpot),
        milliseconds(point.ttft), milliseconds(point.transfer), .text(point.label), .integer(point.batch),
        .text(result.deployments[point.prefill].ranks), .text(result.deployments[point.decode].summary),
      ])
    }
    if shown.count < result.disaggregated.count {
      table.notes.append("\(shown.count) of \(result.disaggregated.count) points; --format csv prints all.")
    }
    table.notes.append(
      "An upper envelope, not a prediction: prefill workers 90 % and decode workers 92 % busy, inside one "
        + "scale-up network. Published pairs mostly wait for decode and lie below.")
    return table
  }

  /// Why the rest was rejected; every deployment and every point has exactly one reason.
  private var rejections: ReportTable {
    var table = ReportTable(
      "What was walked, and why the rest was rejected",
      [.init("accelerator"), .init("what"), .init("reason"), .init("count"), .init("detail")])
    for result in results {
      for line in SearchTables.reasons(result) {
        table.append([
          .text(result.accelerator), .text(line.what), .text(line.reason), .integer(line.count),
          .text(line.detail),
        ])
      }
    }
    return table
  }

  private static func reasons(
    _ result: SearchResult
  ) -> [(what: String, reason: String, count: Int, detail: String)] {
    let all = result.rejections
    func gib(_ bytes: Bytes?) -> String {
      bytes.map { fixed(Unit.gibibyte.fromBase($0.value), decimals: 1) } ?? ""
    }
    func least(_ time: Seconds?) -> String {
      time.map { "least \(fixed(Unit.millisecond.fromBase($0.value), decimals: 1)) ms" } ?? ""
    }
    let (fewest, most) = (gib(all.leastLack), gib(all.mostLack))
    let lack =
      all.doesNotFit > 0 ? "a rank lacks \(fewest)\(fewest == most ? "" : " to \(most)") GiB" : ""
    let lines = [
      ("deployments", "of unknown link", all.linkUnknown, "one-way scale-up bandwidth not published"),
      ("deployments", "do not fit", all.doesNotFit, lack),
      ("deployments", "operated", all.operated, ""),
      ("points", "over the TPOT limit", all.overTPOT, least(all.leastTPOT)),
      ("points", "over the TTFT limit", all.overTTFT, least(all.leastTTFT)),
      ("points", "dominated", all.dominated, ""),
      ("points", "on the frontier", all.kept, ""),
      ("pairs", "matched", result.pairs, "on the frontier \(result.disaggregated.count)"),
    ]
    return lines.filter { $0.2 > 0 }.map { (what: $0.0, reason: $0.1, count: $0.2, detail: $0.3) }
  }

  private var notSearched: ReportTable {
    var table = ReportTable("Not searched", [.init("subject"), .init("missing")])
    for gap in gaps { table.append([.text(gap.subject), .text(gap.missing)]) }
    return table
  }

  /// Every point of every frontier, all columns.
  var forPrograms: ReportTable {
    var table = ReportTable(
      "",
      [
        "model", "accelerator", "serving", "tokens_per_s_per_user", "output_tokens_per_s_per_accelerator",
        "rate_low_80", "rate_high_80", "tpot_s", "tpot_low_80", "tpot_high_80", "ttft_s", "ttft_low_80",
        "ttft_high_80", "kv_transfer_s", "batch", "accelerators", "deployment", "prefill_deployment",
        "workers",
        "input_tokens", "output_tokens", "trust",
      ].map { .init($0) })
    for result in results {
      for point in result.frontier {
        table.append(
          [.text(model), .text(result.accelerator), .text("aggregated")]
            + numbers(
              point.ratePerUser, point.ratePerAccelerator, point.rateRange, point.tpot, point.tpotRange,
              point.ttft, point.ttftRange)
            + [
              .empty, .integer(point.batch), .integer(point.accelerators),
              .text(result.deployments[point.deployment].summary), .empty, .empty,
            ] + ends(result))
      }
      for point in result.disaggregated {
        table.append(
          [.text(model), .text(result.accelerator), .text("disaggregated upper envelope")]
            + numbers(
              point.ratePerUser, point.ratePerAccelerator, point.rateRange, point.tpot, point.tpotRange,
              point.ttft, point.ttftRange)
            + [
              .number(point.transfer.value, decimals: 6), .integer(point.batch),
              .integer(point.accelerators), .text(result.deployments[point.decode].summary),
              .text(result.deployments[point.prefill].summary), .text(point.label),
            ] + ends(result))
      }
    }
    return table
  }

  private func numbers(
    _ user: Double, _ rate: Double, _ range: Interval, _ tpot: Seconds, _ tpotRange: Interval,
    _ ttft: Seconds, _ ttftRange: Interval
  ) -> [Cell] {
    [
      user, rate, range.low, range.high, tpot.value, tpotRange.low, tpotRange.high, ttft.value, ttftRange.low,
      ttftRange.high,
    ].map { .number($0, decimals: 6) }
  }

  private func ends(_ result: SearchResult) -> [Cell] {
    [
      .number(workload.inputTokens, decimals: 0), .number(workload.outputTokens, decimals: 0),
      .text(result.trust.rawValue),
    ]
  }

  /// The frontiers as a picture.
  var plot: FrontierPlot {
    let series = results.flatMap { result -> [FrontierPlot.Series] in
      let points = result.frontier.map { point in
        FrontierPlot.Point(
          perUser: point.ratePerUser, perAccelerator: point.ratePerAccelerator, low: point.rateRange.low,
          high: point.rateRange.high,
          label:
            "\(result.accelerator), \(result.deployments[point.deployment].summary), batch \(point.batch): "
            + spoken(point.ratePerAccelerator, point.ratePerUser))
      }
      let pairs = result.disaggregated.map { point in
        FrontierPlot.Point(
          perUser: point.ratePerUser, perAccelerator: point.ratePerAccelerator, low: point.rateRange.low,
          high: point.rateRange.high,
          label:
            "\(result.accelerator), \(point.label), prefill \(result.deployments[point.prefill].summary), "
            + "decode \(result.deployments[point.decode].summary), batch \(point.batch): "
            + spoken(point.ratePerAccelerator, point.ratePerUser))
      }
      return [
        .init(result.accelerator, isEnvelope: false, points: points),
        .init("\(result.accelerator), disaggregated upper envelope", isEnvelope: true, points: pairs),
      ]
    }
    return FrontierPlot("\(model), \(lengths)", series)
  }

  private func spoken(_ perAccelerator: Double, _ perUser: Double) -> String {
    "\(significant(perAccelerator)) tokens/s per accelerator at \(significant(perUser)) per user"
  }

  private var lengths: String {
    "prompts of \(grouped(workload.inputTokens, decimals: 0)) and answers of "
      + "\(grouped(workload.outputTokens, decimals: 0)) tokens"
  }

  /// Points spread evenly over a frontier, both ends kept.
  private func thinned<Point>(_ points: [Point]) -> [Point] {
    guard points.count > rows else { return points }
    return (0..<rows).map { points[$0 * (points.count - 1) / (rows - 1)] }
  }

  private func rate(_ value: Double) -> Cell { .number(value, decimals: value >= 100 ? 0 : 1) }

  private func milliseconds(_ time: Seconds) -> Cell {
    let value = Unit.millisecond.fromBase(time.value)
    return .number(value, decimals: value >= 100 ? 0 : value >= 10 ? 1 : 2)
  }

  /// Says in a sentence why a search found nothing.
  static func nothing(_ model: String, _ result: SearchResult) -> String {
    let words = reasons(result).map { line in
      "\(line.count) \(line.what) \(line.reason)" + (line.detail.isEmpty ? "" : " (\(line.detail))")
    }
    return "no deployment of \(model) on \(result.accelerator) is left: \(words.joined(separator: ", ")); "
      + "loosen a limit, or take a smaller number format or a chip with more memory"
  }
}

extension SearchTables {
  /// Operating points a second, with 1 thread and with all.
  static func speed(_ estimator: Estimator, _ tables: Catalog, threads: Int) -> ReportTable {
    var table = ReportTable(
      "Operating points a second; each with memory check, TTFT, TPOT, rate and intervals",
      [
        .init("model"), .init("accelerator"), .init("changes"), .init("threads"), .init("points"),
        .init("points/s"),
      ])
    let pairs = [
      ("Llama-3.1-70B", "H100"), ("Llama-3.1-70B", "B200"), ("DeepSeek-V3", "B200"), ("DeepSeek-V3", "GB200"),
    ]
    for (name, id) in pairs {
      guard let model = tables.model(name), let chip = tables.accelerator(id) else { continue }
      for kind in SearchSpeed.Kind.allCases {
        for count in Set([1, threads]).sorted() {
          let speed = estimator.searchSpeed(
            model: model, on: chip, kind: kind, threads: count, points: 1_000_000 * count)
          guard case .success(let speed) = speed else { continue }
          table.append([
            .text(name), .text(id), .text(kind.rawValue), .integer(count), .integer(speed.points),
            .number(speed.rate, decimals: 0),
          ])
        }
      }
    }
    table.notes = [
      "Made ready once per deployment: products' coefficients, weights, overheads, engine constants and the "
        + "factors of the interval; where only the batch changes, the prefill of the prompt too. No result of a "
        + "point is used for another. DeepSeek-V3 does not fit into 8 H100."
    ]
    return table
  }
}

extension Deployment {
  /// The degrees alone, e.g. `TP8 EP8`.
  var ranks: String { String(summary.split(separator: " ").dropLast(2).joined(separator: " ")) }
}
