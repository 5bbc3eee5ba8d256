// The answer above everything: three sentences (what is bought, what it does and in which range, what it
// rests on), then what cannot be met or contradicts itself, then the figures as tiles.

import Planner
import Quantities
import Tables

struct PlanAnswer {
  let plan: Plan
  let headline: PlanHeadline?

  /// Sentences and tiles.
  var markup: Markup {
    .tag("div", ["class": "answer lead"], paragraphs) + tiles
  }

  /// Paragraphs in reading order; what makes the plan void comes first.
  private var paragraphs: [Markup] {
    let bad = plan.infeasible.map { "This cannot be met: \($0)." } + contradictions
    let private_ = plan.scenario.inputs.contains { $0.active?.layer == .private }
    let warning = private_ ? ["This page holds values of a private file: do not pass it on."] : []
    return (bad + warning).map { .tag("p", ["class": "bad"], .breakable($0)) }
      + [overTime, bought, range, base].filter { !$0.isEmpty }.map { .tag("p", [:], .breakable($0)) }
  }

  private var contradictions: [String] {
    let failed = plan.checks.filter { $0.severity == .hard && $0.result == .fail }
    return firstUses(failed.map(\.name)).map { name in
      let subjects = failed.filter { $0.name == name }.map(\.subject)
      return "The plan contradicts itself: the check “\(name)” fails for"
        + " \(PlanWords.some(subjects, most: 2))."
    }
  }

  // MARK: What is bought

  /// The fleet over time, before what all the money would buy at one offer.
  private var overTime: String {
    let answer = PlanReport(plan).fleetAnswer
    return answer.isEmpty ? "" : answer + " For comparison, all of budget_usd at one offer:"
  }

  private var bought: String {
    let term = "\(counted(plan.months.count, "month")) from \(plan.months.first?.label ?? "an unknown month")"
    guard let headline else {
      let asked =
        plan.scenario.number("budget_usd").map { "\(PlanWords.money($0)) over \(term)" }
        ?? "\(PlanWords.many(plan.scenario.number("demand_users") ?? 0)) users over \(term)"
      return "For \(asked) there is no headline: no offer can be recommended as the scenario stands."
        + (plan.options.isEmpty
          ? "" : " What each offer would buy, were the limits not there, stands under The clouds compared.")
    }
    let fleet = headline.fleet + price(headline)
    guard let budget = plan.scenario.number("budget_usd"), plan.acceleratorMoney != nil else {
      let users = PlanWords.many(plan.scenario.number("demand_users") ?? 0)
      return "Serving \(users) users over \(term) takes \(fleet), costs \(PlanWords.money(headline.spend))"
        + power(headline) + "."
    }
    return "\(PlanWords.money(budget)) over \(term) buys \(fleet)" + power(headline) + "."
  }

  private func price(_ headline: PlanHeadline) -> String {
    guard !headline.isPortfolio, let option = headline.options.first else {
      let shares = headline.providers.map { "\($0.name) \(percentText($0.share, decimals: 1))" }
      return ", split by money into \(PlanWords.some(shares, most: 6))"
    }
    let date = option.rate.asOf.isEmpty ? "set by hand" : "of \(option.rate.asOf)"
    return " at \(PlanWords.price(option.rate.usdPerHour)) USD per accelerator-hour"
      + " (\(PlanWords.basis(option.basis)) \(date))"
  }

  private func power(_ headline: PlanHeadline) -> String {
    guard let megawatts = headline.megawatts else { return "; its power is not published" }
    let least =
      headline.withoutPower.isEmpty
      ? "" : " without \(listed(headline.withoutPower)), whose power is not published"
    return ", and draws \(grouped(megawatts, decimals: 1)) MW\(least)"
  }

  // MARK: What it does, and in which range

  private var range: String {
    guard let headline else { return "" }
    var parts: [String] = []
    if let lead = headline.served.first {
      let rate = lead.decodeTokensPerSecond
      let interval = PlanWords.interval(rate, PlanWords.megatokens)
      let bracket = interval.isEmpty ? "" : " (\(interval))"
      parts.append(
        "Serving \(lead.standIn.model) alone, the fleet generates"
          + " \(PlanWords.megatokens(rate.value)) million tokens a second in the busiest minute\(bracket) at"
          + " \(PlanWords.price(lead.usdPerMtokTotal.value)) USD per million tokens")
    } else {
      parts.append("How many tokens it serves is unknown: no throughput of its chips could be estimated")
    }
    if let swing = plan.swings.first(where: { $0.metric == "accelerators" }) {
      parts.append(
        "\(PlanWords.input(swing.input)) alone moves the fleet from \(PlanWords.count(swing.valueAtLow))"
          + " (\(PlanWords.setting(swing.low))) to \(PlanWords.count(swing.valueAtHigh)) accelerators"
          + " (\(PlanWords.setting(swing.high)))")
    }
    return parts.joined(separator: "; ") + "."
  }

  // MARK: What it rests on

  private var base: String {
    var parts: [String] = []
    if let headline {
      let prices = firstUses(headline.options.map(\.rate.trust)).sorted()
      let dates = firstUses(headline.options.map(\.rate.asOf)).filter { !$0.isEmpty }.sorted()
      let when = dates.isEmpty ? "" : " of \(PlanWords.some(dates, most: 3))"
      let figures = firstUses(headline.served.map(\.decodeTokensPerSecond.trust)).sorted()
      parts.append(
        "It rests on \(listed(prices.map(PlanAnswer.article))) prices\(when)"
          + (figures.isEmpty
            ? "" : " and throughput that is \(listed(figures.map(PlanAnswer.throughput)))"))
    }
    let failed = plan.checks.filter { $0.result == .fail }
    let unknown = plan.checks.count { $0.result == .unknown }
    let passed = plan.checks.count { $0.result == .pass }
    var checks = "\(PlanWords.count(Double(passed))) of \(counted(plan.checks.count, "check")) pass"
    if !failed.isEmpty {
      checks += ", \(failed.count) ask for a look (\(PlanWords.some(firstUses(failed.map(\.name)), most: 3)))"
    }
    if unknown > 0 { checks += ", \(unknown) cannot be answered" }
    parts.append(checks)
    parts.append(
      plan.gaps.isEmpty
        ? "no fact is missing" : "\(counted(plan.gaps.count, "fact")) are missing and named below"
    )
    let text = parts.joined(separator: "; ") + "."
    return text.replacing("1 fact are missing", with: "1 fact is missing")
  }

  private static func article(_ trust: Trust) -> String { trust.rawValue }

  private static func throughput(_ trust: Trust) -> String {
    trust == .datasheet ? "computed from data sheets" : trust.rawValue
  }

  // MARK: Tiles

  private var tiles: Markup {
    // The answer of a plan over time is the fleet; what one offer would take stands in the text as a comparison.
    if let fleet = plan.fleet, fleet.plan != nil {
      return PlanAnswer.list(PlanOverTimeFigures(plan: plan, fleet: fleet).tiles)
    }
    guard let headline else { return Markup() }
    var tiles: [(String, String, String)] = [
      (
        "Accelerators", PlanWords.count(headline.accelerators),
        headline.isPortfolio ? "in whole units" : racks
      ),
      (
        "Power", headline.megawatts.map { "\(grouped($0, decimals: 1)) MW" } ?? "unknown",
        headline.withoutPower.isEmpty
          ? powerBasis : "not counted: \(PlanWords.some(headline.withoutPower, most: 2))"
      ),
      ("Spend of the term", PlanWords.shortMoney(headline.spend), "CPUs, network and storage included"),
      (
        "Net present value", PlanWords.shortMoney(headline.netPresentValue),
        "at \(percentText(plan.scenario.number("discount_rate") ?? 0)) a year"
      ),
    ]
    if let lead = headline.served.first {
      let figure = lead.usdPerMtokTotal
      tiles.append(
        (
          "USD per Mtok", PlanWords.price(figure.value),
          figure.interval.map {
            "\(lead.standIn.model); 80 %: \(PlanWords.price($0.low)) to \(PlanWords.price($0.high))"
          } ?? lead.standIn.model
        ))
    } else {
      tiles.append(("USD per Mtok", "unknown", "no throughput of its chips"))
    }
    tiles.append(
      (
        "Training runs at once", headline.trainingRuns.map { grouped($0, decimals: 1) } ?? "unknown",
        "frontier size, instead of serving"
      ))
    return PlanAnswer.list(tiles)
  }

  private static func list(_ tiles: [(String, String, String)]) -> Markup {
    .tag(
      "dl", ["class": "tiles"],
      tiles.map { name, value, note in
        .tag(
          "div", [:], .tag("dt", [:], name),
          .tag("dd", [:], [Markup(value), .tag("small", [:], .breakable(note))]))
      })
  }

  private var racks: String {
    headline?.options.first?.racks.map { "\(PlanWords.count($0)) racks" } ?? "in whole units"
  }

  private var powerBasis: String {
    plan.scenario.text("power_basis") == "allin_facility" ? "at the meter, all in" : "IT, all in, before PUE"
  }
}
