// What a page shows beyond the plan's own values, each part only where it is given: percentiles of the
// uncertainty, deliveries by provider and month, deals held against the plan, and the streams of a ledger.

import Planner
import Quantities
import Tables

/// Optional parts of a plan's page. An empty part leaves no trace on the page.
public struct PlanPageExtras: Sendable {
  /// What a month costs, stream by stream, instead of the shares of the scenario.
  public struct Stream: Sendable {
    /// The stream in the reader's words.
    public let name: String
    /// USD of each month of the term; a negative value takes something off.
    public let usd: [Double]
    /// A stream of the headline.
    public init(_ name: String, usd: [Double]) {
      self.name = name
      self.usd = usd
    }
  }

  /// The distribution of one result of one candidate plan.
  public struct Percentiles: Sendable {
    /// The candidate, e.g. `all at AWS`.
    public let candidate: String
    /// What is distributed, e.g. `accelerators`.
    public let metric: String
    /// Unit as printed.
    public let unit: String
    /// Values at percentiles, in rising order of the percentile.
    public let values: [(percentile: Double, value: Double)]
    /// A distribution from its parts.
    public init(
      candidate: String, metric: String, unit: String, values: [(percentile: Double, value: Double)]
    ) {
      self.candidate = candidate
      self.metric = metric
      self.unit = unit
      self.values = values
    }
  }

  /// Accelerators of one provider, month by month.
  public struct Delivery: Sendable {
    /// The provider as people write it.
    public let provider: String
    /// Accelerators in each month of the term.
    public let accelerators: [Double]
    /// Deliveries of a provider.
    public init(provider: String, accelerators: [Double]) {
      self.provider = provider
      self.accelerators = accelerators
    }
  }

  /// An announced deal beside what the plan's arithmetic implies of it.
  public struct Deal: Sendable {
    /// Who bought from whom.
    public let name: String
    /// ISO date of the announcement.
    public let date: String
    /// What was announced, in words.
    public let announced: String
    /// USD per accelerator-hour that it implies; nil where it states too little.
    public let usdPerAcceleratorHour: Double?
    /// Million USD per MW and year that it implies; nil where it states too little.
    public let millionUSDPerMegawattYear: Double?
    /// What a reader may conclude.
    public let verdict: String
    /// A deal from its parts.
    public init(
      name: String, date: String, announced: String, usdPerAcceleratorHour: Double?,
      millionUSDPerMegawattYear: Double?, verdict: String
    ) {
      self.name = name
      self.date = date
      self.announced = announced
      self.usdPerAcceleratorHour = usdPerAcceleratorHour
      self.millionUSDPerMegawattYear = millionUSDPerMegawattYear
      self.verdict = verdict
    }
  }

  /// Streams of the headline by month; empty: the scenario's shares.
  public var streams: [Stream]
  /// Distributions; empty: no section of percentiles.
  public var percentiles: [Percentiles]
  /// How the distributions were drawn, e.g. `10,000 samples, seed 7`.
  public var sampling: String
  /// Accelerators by provider and month; empty: no such figure.
  public var deliveries: [Delivery]
  /// Announced deals; empty: those that the plan itself reviewed.
  public var deals: [Deal]

  /// Nothing beyond the plan, or the parts that are known.
  public init(
    streams: [Stream] = [], percentiles: [Percentiles] = [], sampling: String = "",
    deliveries: [Delivery] = [], deals: [Deal] = []
  ) {
    self.streams = streams
    self.percentiles = percentiles
    self.sampling = sampling
    self.deliveries = deliveries
    self.deals = deals
  }
}

extension PlanPageExtras {
  /// Percentiles of the results, a group of rows a candidate; nil where none were drawn.
  func uncertainty() -> Markup? {
    guard !percentiles.isEmpty else { return nil }
    let heads = firstUses(percentiles.flatMap { $0.values.map(\.percentile) }).sorted()
    var table = HTMLTable(
      "Percentiles of the results",
      [.init(heading: "result"), .init(heading: "unit")]
        + heads.map { .init(heading: "P\(tickText($0))", isNumber: true) })
    for (candidate, rows) in grouped(percentiles, by: \.candidate) {
      table.head(candidate)
      for row in rows {
        table.append(
          [.text(row.metric), .words(row.unit)]
            + heads.map { head in .rate(row.values.first { $0.percentile == head }?.value) })
      }
    }
    let note =
      sampling.isEmpty ? "P10: one sample in ten is lower." : "\(sampling). P10: one sample in ten is lower."
    return .tag("h3", [:], "All inputs at once") + .tag("div", ["class": "some"], table.markup)
      + .tag("p", ["class": "note"], note)
  }

  /// Accelerators of each provider at the end of each twelve months; nil where none are given.
  ///
  /// - Parameter months: names of the term's months.
  func providers(_ months: [String], source: String = "plan_monthly.csv.") -> Markup? {
    let given = deliveries.filter { $0.accelerators.count == months.count }
    guard !given.isEmpty, !months.isEmpty else { return nil }
    let ends = Array(stride(from: 11, to: months.count, by: 12))
    let last = ends.last == months.count - 1 ? ends : ends + [months.count - 1]
    let shown = Array(given.prefix(5))
    let rest = given.dropFirst(5)
    let parts =
      shown.enumerated().map { (name: $1.provider, series: $0) }
      + (rest.isEmpty ? [] : [(name: "\(rest.count) more providers", series: -1)])
    func values(_ month: Int) -> [Double] {
      shown.map { $0.accelerators[month] }
        + (rest.isEmpty ? [] : [rest.reduce(0) { $0 + $1.accelerators[month] }])
    }
    var table = HTMLTable(
      "Accelerators by provider at the end of each twelve months",
      [.init(heading: "provider")] + last.map { .init(heading: months[$0], isNumber: true) })
    for delivery in given {
      table.append([.text(delivery.provider)] + last.map { .number(delivery.accelerators[$0], decimals: 0) })
    }
    let chart = figure(
      "Accelerators by provider", "Each bar is the last of twelve months.",
      key: markKey(parts.map { ($0.series, $0.name, false) }), source: source
    ) {
      SVGStackedBars(
        parts: parts, bars: last.map { .init(label: months[$0], values: values($0)) }, axis: "Accelerators",
        labels: "month", figure: { grouped($0, decimals: 0) }, width: $0,
        label: "Accelerators by provider; the table below has the figures"
      ).markup()
    }
    return (chart ?? Markup()) + .tag("div", ["class": "some"], table.markup)
  }

  /// Announced deals beside the plan's own price of power and hours; nil where none are given.
  ///
  /// - Parameter left: announcements that state too little for a row.
  func deals(usdPerAcceleratorHour: Double?, millionUSDPerMegawattYear: Double?, leftOut left: Int) -> Markup?
  {
    guard !deals.isEmpty else { return nil }
    var table = HTMLTable(
      "Announced deals and what they imply",
      [
        .init(heading: "deal"), .init(heading: "date", isWhole: true), .init(heading: "announced"),
        .init(heading: "USD per accelerator-hour", isNumber: true),
        .init(heading: "million USD per MW-year", isNumber: true), .init(heading: "verdict"),
      ])
    table.append([
      .text("this plan"), .empty, .empty, .optional(usdPerAcceleratorHour, decimals: 2),
      .optional(millionUSDPerMegawattYear, decimals: 2), .empty,
    ])
    for deal in deals {
      table.append([
        .text(deal.name), .words(deal.date), .words(deal.announced),
        .optional(deal.usdPerAcceleratorHour, decimals: 2),
        .optional(deal.millionUSDPerMegawattYear, decimals: 2), .words(deal.verdict),
      ])
    }
    let note =
      left == 0
      ? "" : "\(counted(left, "other announcement")) with too little for either figure: see deals_review.csv."
    return .tag("div", ["class": "many last"], table.markup)
      + (note.isEmpty ? Markup() : .tag("p", ["class": "note"], note))
  }
}

extension PlanPageExtras.Stream {
  /// What a ledger pays in each month, stream by stream; what it only reports is left out.
  static func booked(_ ledger: Ledger) -> [PlanPageExtras.Stream] {
    CostStream.allCases.filter(\.isCash).compactMap { stream in
      let rows = ledger.rows.filter { $0.stream == stream }
      guard !rows.isEmpty else { return nil }
      var months = Array(repeating: Money.zero, count: ledger.months.count)
      for row in rows where months.indices.contains(row.month) { months[row.month] += row.billed }
      return .init(name(of: stream), usd: months.map(\.usd))
    }
  }

  private static func name(of stream: CostStream) -> String {
    switch stream {
    case .rent: "accelerators"
    case .cpu: "CPUs"
    case .paidNotUsable: "paid, not usable"
    default: PlanWords.input(stream.rawValue)
    }
  }
}

extension PlanPageExtras.Deal {
  /// A deal as the plan reviewed it.
  init(_ review: DealReview) {
    let parts = [
      review.usd.map { PlanWords.money($0) }, review.years.map { "\(tickText($0)) years" },
      review.megawatts.map { "\(tickText($0)) MW" },
      review.announced.map { "\(PlanWords.count($0)) accelerators" },
    ].compactMap { $0 }
    let chip = review.acceleratorIsAssumed ? "\(review.accelerator) assumed" : review.accelerator
    self.init(
      name: "\(review.buyer) at \(review.seller)", date: review.date,
      announced: (parts + [chip]).filter { !$0.isEmpty }.joined(separator: ", "),
      usdPerAcceleratorHour: review.usdPerAcceleratorHour,
      millionUSDPerMegawattYear: review.musdPerMegawattYear, verdict: review.verdict)
  }

  /// True where at least one figure follows from what was announced.
  static func isTelling(_ review: DealReview) -> Bool {
    review.usdPerAcceleratorHour != nil || review.musdPerMegawattYear != nil
  }
}
