// A plan as one page for a director: the answer in three sentences, then the ramp, the money, the clouds
// compared, what decides, how sure it is, and where every figure comes from. One file without scripts or
// references; the same plan gives the same bytes.

public import Planner
import Quantities
import Tables

/// The HTML page of a plan.
public struct PlanPage: Sendable {
  private let plan: Plan
  private let extras: PlanPageExtras
  private let headline: PlanHeadline?

  /// A page of a plan, with what is known beyond it.
  public init(_ plan: Plan, extras: PlanPageExtras = PlanPageExtras()) {
    self.plan = plan
    self.extras = extras
    headline = PlanHeadline(plan)
  }

  /// The page.
  ///
  /// - Complexity: O(offers · (options + gaps) + months + inputs).
  public func html() -> String {
    let title = "Plimsoll plan: \(plan.scenario.title)"
    let sections = sections
    let body = Markup.tag(
      "body", [:], header(title), contents(sections), .tag("main", [:], sections.map(\.markup)), footer)
    return Markup.document(
      .tag("html", ["lang": "en"], Markup.head(title, adding: PlanPageStyle.sheet), body))
  }

  private func header(_ title: String) -> Markup {
    let basis = headline.map { headline in
      headline.isPortfolio
        ? "portfolio at \(plan.scenario.text("lead_basis")) prices"
        : headline.options.first.map { "\(PlanWords.basis($0.basis)), \($0.date.rawValue)" } ?? ""
    }
    let parts = [
      "scenario \(plan.scenario.name)", "plan \(PlanIdentity.id(of: plan))", basis ?? "no headline",
    ]
    return .tag(
      "header", [:], .tag("h1", [:], title),
      .tag("p", ["class": "sub"], .breakable(parts.filter { !$0.isEmpty }.joined(separator: " · "))),
      PlanAnswer(plan: plan, headline: headline).markup,
      plan.scenario.summary.isEmpty
        ? Markup()
        : .tag("p", ["class": "note"], .breakable("The question: \(plan.scenario.summary)")))
  }

  private struct Section {
    let anchor: String
    let title: String
    let content: Markup

    var markup: Markup {
      .tag("section", ["id": anchor], .tag("h2", [:], title), content)
    }
  }

  private var sections: [Section] {
    let overTime = plan.fleet.map { fleet in
      Section(
        anchor: "fleet", title: "The fleet over time", content: PlanOverTime(plan: plan, fleet: fleet).markup)
    }
    var sections =
      [overTime].compactMap { $0 } + [
        Section(
          anchor: "ramp", title: titled("The ramp"),
          content: comparison + PlanRamp(plan: plan, headline: headline).markup
            + (extras.providers(plan.months.map(\.label)) ?? Markup())),
        Section(
          anchor: "money", title: titled("The money"),
          content: comparison + PlanMoney(plan: plan, headline: headline, streams: extras.streams).markup),
        Section(
          anchor: "clouds", title: "The clouds compared",
          content: PlanComparison(plan: plan, headline: headline).markup),
      ]
    if let deals { sections.append(deals) }
    return sections + [
      Section(
        anchor: "decides", title: "What decides",
        content: PlanDecides(plan: plan, headline: headline).markup),
      Section(
        anchor: "certainty", title: "How sure it is",
        content: (extras.uncertainty() ?? Markup()) + PlanCertainty(plan: plan, headline: headline).markup),
      Section(anchor: "sources", title: "Where it comes from", content: PlanOrigins(plan: plan).markup),
      Section(anchor: "assumptions", title: "Assumptions", content: PlanAssumptions(plan: plan).markup),
    ]
  }

  /// Beside a fleet over time, the sections of one offer say that they are no part of it.
  private func titled(_ title: String) -> String {
    plan.fleet?.plan == nil ? title : "\(title) of one offer alone"
  }

  private var comparison: Markup {
    guard plan.fleet?.plan != nil, let headline else { return Markup() }
    return .tag(
      "p", ["class": "note"],
      "For comparison only: all of budget_usd for \(headline.fleet), whatever the demand. The plan is the fleet over "
        + "time above.")
  }

  private var deals: Section? {
    var shown = extras
    var left = 0
    if shown.deals.isEmpty {
      let telling = plan.deals.filter(PlanPageExtras.Deal.isTelling)
      shown.deals = telling.map { PlanPageExtras.Deal($0) }
      left = plan.deals.count - telling.count
    }
    let table = shown.deals(
      usdPerAcceleratorHour: meanRate, millionUSDPerMegawattYear: powerPrice, leftOut: left)
    return table.map { Section(anchor: "deals", title: "Held against announced deals", content: $0) }
  }

  /// USD per accelerator-hour of the headline.
  private var meanRate: Double? {
    guard let headline, headline.accelerators > 0, plan.paidHours > 0 else { return nil }
    return headline.options.reduce(0) { $0 + $1.cost } / (headline.accelerators * plan.paidHours)
  }

  /// Million USD of accelerators per MW and year; nil where some of the power is not known.
  private var powerPrice: Double? {
    guard let headline, let megawatts = headline.megawatts, megawatts > 0, headline.withoutPower.isEmpty,
      let check = plan.checks.first(where: { $0.name == "USD per MW-year" && $0.subject == headline.id })
    else { return nil }
    return check.value
  }

  private func contents(_ sections: [Section]) -> Markup {
    .tag(
      "nav", ["aria-label": "Sections"],
      .tag(
        "ul", [:],
        sections.map { .tag("li", [:], .tag("a", ["href": "#\($0.anchor)"], $0.title)) }))
  }

  private var footer: Markup {
    .tag(
      "footer", [:],
      .tag(
        "p", ["class": "note"],
        "Planned with plimsoll from published prices and measurements. The same figures, month by month and"
          + " with live formulas, stand in plan.xlsx and the CSV files beside this page."))
  }
}
