// How sure it is: intervals of what the headline serves, levels of trust, checks that fail or cannot be
// answered, and facts that are missing.

import Planner
import Quantities
import Tables

struct PlanCertainty {
  let plan: Plan
  let headline: PlanHeadline?

  /// Subjects that one line names at most.
  private static let mostNames = 8

  var markup: Markup {
    .joined([
      .tag("h3", [:], "Intervals"), intervals, .tag("h3", [:], "Levels of trust"), trust,
      .tag("h3", [:], "Checks"), checks, .tag("h3", ["id": "gaps"], "Gaps"), gaps,
    ])
  }

  // MARK: Intervals

  private var intervals: Markup {
    guard let headline, !headline.served.isEmpty else {
      return .tag(
        "p", [:],
        headline == nil
          ? "There is no headline to give an interval of."
          : "No throughput of the headline's chips could be estimated, so no figure of it has an interval.")
    }
    return (chart(headline) ?? Markup()) + table(headline)
  }

  private func chart(_ headline: PlanHeadline) -> Markup? {
    let rows = headline.served.map { served -> SVGDotRow in
      let rate = served.decodeTokensPerSecond
      let scale = Unit.millionTokens.fromBase
      var row = SVGDotRow(name: served.standIn.model)
      row.marks = [
        .init(
          value: scale(rate.value), low: rate.interval.map { scale($0.low) },
          high: rate.interval.map { scale($0.high) },
          title: "\(served.standIn.model): \(PlanWords.megatokens(rate.value)) million tokens a second")
      ]
      if let other = served.transferredDecode {
        row.marks.append(
          .init(
            value: scale(other.value), series: 1, isOpen: true,
            title: "\(served.standIn.model), by this host's curves: \(PlanWords.megatokens(other.value))"))
      }
      row.value = PlanWords.megatokens(rate.value)
      return row
    }
    let highest = rows.flatMap { $0.marks.flatMap { [$0.value, $0.high ?? 0] } }.max() ?? 0
    guard highest > 0 else { return nil }
    let hasHost = headline.served.contains { $0.transferredDecode != nil }
    let host =
      hasHost
      ? " The open mark is another estimate, by this host's curves, with a larger error (see below)."
      : ""
    return figure(
      "Generated tokens of the headline in the busiest minute, million a second",
      "Each row: the whole fleet serves this model and nothing else. The bar is the 80 % interval." + host,
      key: hasHost
        ? markKey([(0, "estimate with its interval", false), (1, "by this host's curves", true)]) : Markup(),
      source: "plan_capacity.csv, rows \(headline.id)."
    ) {
      SVGDotChart(
        groups: [.init(heading: "", rows: rows)], kind: .linear, low: 0, high: highest * 1.05,
        axis: "million tokens a second", valueHeading: "Mtokens/s", width: $0,
        label: "Generated tokens of each model with intervals; the table below has the figures"
      ).markup()
    }
  }

  private func table(_ headline: PlanHeadline) -> Markup {
    var table = HTMLTable(
      "The headline's figures with their 80 % intervals",
      [
        .init(heading: "figure"), .init(heading: "value", isNumber: true),
        .init(heading: "low", isNumber: true),
        .init(heading: "high", isNumber: true), .init(heading: "trust"),
      ])
    for served in headline.served {
      let way = served.deployments.isEmpty ? "" : " (\(PlanWords.some(served.deployments, most: 3)))"
      table.head(served.standIn.model + way)
      let rows: [(String, Figure, (Double) -> Double, Int)] = [
        ("generated, Mtokens/s", served.decodeTokensPerSecond, Unit.millionTokens.fromBase, 1),
        ("fresh prompt, Mtokens/s", served.prefillTokensPerSecond, Unit.millionTokens.fromBase, 1),
        ("users a day, million", served.users, Unit.million.fromBase, 0),
        ("USD per Mtok, all tokens", served.usdPerMtokTotal, { $0 }, 3),
        ("USD per Mtok, output", served.usdPerMtokOutput, { $0 }, 3),
      ]
      for (name, figure, scale, decimals) in rows {
        table.append([
          .text(name), .number(scale(figure.value), decimals: decimals),
          .optional(figure.interval.map { scale($0.low) }, decimals: decimals),
          .optional(figure.interval.map { scale($0.high) }, decimals: decimals),
          .text(figure.trust.rawValue),
        ])
      }
    }
    var notes = [
      "An interval covers the throughput only; the price and the scenario's inputs move in What decides."
    ]
    if let host = plan.host, !host.transferredScore.isEmpty {
      notes.append("By this host's curves (\(host.machine)): \(host.transferredScore).")
    }
    return .tag("div", ["class": "some"], table.markup)
      + .tag("p", ["class": "note"], notes.joined(separator: " "))
  }

  // MARK: Trust

  private var trust: Markup {
    let rates = (headline?.options ?? plan.options).map { ($0.rate.trust, "price of \($0.offer.title)") }
    let figures = (headline?.served ?? []).map {
      ($0.decodeTokensPerSecond.trust, "throughput of \($0.standIn.model)")
    }
    let all = rates + figures
    guard !all.isEmpty else { return .tag("p", [:], "No figure of the plan has a level of trust.") }
    var table = HTMLTable(
      "What the headline rests on, most trustworthy first",
      [.init(heading: "level"), .init(heading: "means"), .init(heading: "figures")])
    for level in Trust.allCases {
      let names = firstUses(all.filter { $0.0 == level }.map(\.1))
      guard !names.isEmpty else { continue }
      table.append([
        .text(level.rawValue), .text(PlanWords.meaning(level)),
        .text(PlanWords.some(names, most: PlanCertainty.mostNames)),
      ])
    }
    return .tag("div", ["class": "some"], table.markup)
  }

  // MARK: Checks

  private var checks: Markup {
    guard !plan.checks.isEmpty else { return .tag("p", [:], "Nothing could be checked.") }
    let names = firstUses(plan.checks.map(\.name))
    let stories = names.compactMap(story)
    let summary =
      stories.isEmpty
      ? Markup.tag("p", [:], "All \(counted(names.count, "kind")) of checks pass.")
      : .tag("ul", ["class": "verdict"], stories)
    var table = HTMLTable(
      "All checks",
      [
        .init(heading: "check"), .init(heading: "pass", isNumber: true),
        .init(heading: "look or fail", isNumber: true), .init(heading: "unknown", isNumber: true),
        .init(heading: "found", isNumber: true), .init(heading: "accepted", isNumber: true),
        .init(heading: "unit"),
      ])
    for name in names {
      let rows = plan.checks.filter { $0.name == name }
      let failed = rows.filter { $0.result == .fail }
      let isHard = failed.contains { $0.severity == .hard }
      let count: HTMLCell =
        failed.isEmpty
        ? .empty : isHard ? .bad("\(failed.count)") : .number(Double(failed.count), decimals: 0)
      let unknown = rows.count { $0.result == .unknown }
      table.append([
        .text(name), .number(Double(rows.count { $0.result == .pass }), decimals: 0), count,
        unknown == 0 ? .empty : .number(Double(unknown), decimals: 0), .text(found(rows)),
        .text(accepted(rows)),
        .text(rows.first?.unit ?? ""),
      ])
    }
    return summary + .tag("div", ["class": "some"], table.markup)
  }

  /// What a check that does not pass says, or nil where all of it passes.
  private func story(_ name: String) -> Markup? {
    let rows = plan.checks.filter { $0.name == name }
    let failed = rows.filter { $0.result == .fail }
    if let first = failed.first {
      let isHard = failed.contains { $0.severity == .hard }
      let text =
        "\(isHard ? "Fails" : "Worth a look"): \(name), \(failed.count) of \(rows.count)"
        + " (\(PlanWords.some(firstUses(failed.map(subject)), most: 2)))."
        + " Found \(found(failed)) \(first.unit), accepted \(accepted(failed)). \(sentence(first.note))"
      return .tag("li", ["class": isHard ? "bad" : "warn"], .breakable(text))
    }
    let unknown = rows.filter { $0.result == .unknown }
    guard let first = unknown.first else { return nil }
    return .tag(
      "li", [:],
      .breakable(
        "Unknown: \(name), \(unknown.count) of \(rows.count)"
          + " (\(PlanWords.some(firstUses(unknown.map(subject)), most: 2))). \(sentence(first.note))"))
  }

  /// What a check was applied to, with an option's title where its id stands.
  private func subject(_ check: PlanCheck) -> String {
    let parts = check.subject.split(separator: ",", maxSplits: 1).map(String.init)
    guard let first = parts.first else { return check.subject }
    let name = plan.option(first).map { "\($0.offer.title) (\($0.basis.rawValue))" } ?? first
    return parts.count > 1 ? "\(name) with\(parts[1])" : name
  }

  private func sentence(_ note: String) -> String {
    guard let first = note.first else { return "" }
    return first.uppercased() + note.dropFirst() + "."
  }

  private func found(_ rows: [PlanCheck]) -> String {
    let values = rows.compactMap(\.value).filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else { return "–" }
    let (a, b) = (short(low), short(high))
    return a == b ? a : "\(a) to \(b)"
  }

  private func accepted(_ rows: [PlanCheck]) -> String {
    switch (rows.compactMap(\.low).min().map(short), rows.compactMap(\.high).max().map(short)) {
    case (let low?, let high?): "\(low) to \(high)"
    case (let low?, nil): "from \(low)"
    case (nil, let high?): "to \(high)"
    case (nil, nil): "–"
    }
  }

  /// Three digits; what rounding leaves of zero is zero.
  private func short(_ value: Double) -> String { abs(value) < 1e-8 ? "0" : significant(value) }

  // MARK: Gaps

  private var gaps: Markup {
    guard !plan.gaps.isEmpty else { return .tag("p", [:], "No fact that the plan asked for is missing.") }
    var table = HTMLTable(
      "What this plan cannot say, and the datum that would close it",
      [.init(heading: "subject"), .init(heading: "missing"), .init(heading: "what would close it")])
    for (_, members) in grouped(plan.gaps, by: kind) {
      guard let first = members.first else { continue }
      let isOne = members.count == 1
      let names = members.map { isOne ? $0.subject : String($0.subject.dropFirst(prefix($0).count)) }
      let lead = isOne ? "" : prefix(first)
      let missing = firstUses(members.map(\.missing))
      table.append([
        .text(lead + PlanWords.some(names, most: PlanCertainty.mostNames)),
        .text(missing.count == 1 ? missing[0] : "nothing is published; gaps.csv has each"),
        .words(first.remedy),
      ])
    }
    return .tag("div", ["class": "some"], table.markup)
  }

  /// Gaps that share a line: the same kind of price or power, or the very same datum.
  private func kind(_ gap: Gap) -> String {
    let start = prefix(gap)
    return start.isEmpty ? gap.subject + gap.missing : start + gap.remedy
  }

  private func prefix(_ gap: Gap) -> String {
    ["list price of ", "contracted price of ", "own price of ", "power of "].first {
      gap.subject.hasPrefix($0) && !gap.subject.contains(" hosts ")
    } ?? ""
  }
}
