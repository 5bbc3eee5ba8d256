// The sanity checks that print with every plan. A hard one contradicts the plan itself or physics; a warning is
// a number that a careful reader would ask about.

import Catalog
import Estimator
import LinearPrograms
import Quantities
import Tables

/// People alive, billion (UN World Population Prospects 2024).
let mankind = 8.2

/// Runs the checks over what the plan says.
struct PlanChecks {
  let numbers: PlanNumbers
  let options: [PlanOption]
  let capacities: [PlanCapacity]
  let schedule: [ScheduleRow]
  let allocation: [AllocationRow]
  let portfolio: Portfolio?
  let months: [PlanMonth]
  let paidHours: Double
  private(set) var checks: [PlanCheck] = []

  init(
    numbers: PlanNumbers, options: [PlanOption], capacities: [PlanCapacity], schedule: [ScheduleRow],
    allocation: [AllocationRow], portfolio: Portfolio?, months: [PlanMonth], paidHours: Double
  ) throws(InputError) {
    self.numbers = numbers
    self.options = options
    self.capacities = capacities
    self.schedule = schedule
    self.allocation = allocation
    self.portfolio = portfolio
    self.months = months
    self.paidHours = paidHours
    identity()
    monthSums()
    try dealRate()
    priceAge()
    megawattYears()
    powerEach()
    rooflines()
    try utilisation()
    supply()
    try demand()
    population()
    expected()
    try portfolioRules()
  }

  private mutating func add(
    _ name: String, _ subject: String, _ value: Double?, low: Double? = nil, high: Double? = nil,
    unit: String,
    _ severity: CheckSeverity, _ note: String
  ) {
    let result: CheckResult =
      if let value {
        value.isFinite && value >= (low ?? value) && value <= (high ?? value) ? .pass : .fail
      } else { .unknown }
    checks.append(
      PlanCheck(
        name: name, subject: subject, value: value, low: low, high: high, unit: unit, severity: severity,
        result: result, note: note))
  }

  private var deals: [PlanOption] {
    let deals = options.filter { $0.offer.role == "deal" }
    return deals.isEmpty ? options : deals
  }

  /// The headline's basis and date, for the deal's offers; of a portfolio, what is bought.
  private var leading: [PlanOption] {
    if let portfolio {
      return portfolio.options.compactMap { bought in options.first { $0.id == bought.id } }
    }
    return deals.filter { $0.basis == numbers.leadBasis && $0.date == numbers.leadDate }
  }

  private mutating func identity() {
    for option in options {
      let sum = option.accelerators * paidHours * option.rate.usdPerHour + option.unspent
      add(
        "money adds up", option.id, abs(sum - option.money) / max(option.money, 1), high: 1e-12,
        unit: "relative",
        .hard, "chips x paid hours x rate + unspent = accelerator money")
      let unitCost = Double(option.offer.unit ?? 1) * paidHours * option.rate.usdPerHour
      add(
        "unspent below one unit", option.id, option.unspent / unitCost, low: -1e-9, high: 1, unit: "units",
        .hard,
        "what is left buys no further saleable unit")
    }
  }

  private mutating func monthSums() {
    for (id, rows) in Dictionary(grouping: schedule, by: \.option).sorted(by: { $0.key < $1.key }) {
      guard let option = options.first(where: { $0.id == id }) else { continue }
      let sum = rows.reduce(0) { $0 + $1.acceleratorSpend }
      add(
        "months add up", id, abs(sum - option.cost) / max(option.cost, 1), high: 1e-12, unit: "relative",
        .hard,
        "the sum of the months is the total")
    }
  }

  private mutating func dealRate() throws(InputError) {
    let electricity = try numbers.number("electricity_usd_per_kwh")
    for option in leading {
      let list = options.first { $0.offer == option.offer && $0.basis == .list && $0.date == option.date }
      let energy = option.power.map { $0.kilowatts * electricity }
      add(
        "deal check", option.id, option.cost / (option.accelerators * paidHours), low: energy,
        high: list?.rate.usdPerHour, unit: "USD/h", .warning,
        "USD per accelerator-hour: above the electricity that it burns, below the list price")
    }
  }

  /// How old the headline's prices are: against the deal's month, or against the plan's newest price, so that the
  /// same inputs give the same plan on any day.
  private mutating func priceAge() {
    let newest = options.compactMap { CalendarDay(firstOf: $0.rate.asOf)?.daysSinceEpoch }.max()
    let deal = CalendarDay(firstOf: numbers.scenario.text("deal_month"))?.daysSinceEpoch
    for option in leading {
      let until = option.date == .deal ? deal : newest
      let age = until.flatMap { day in
        CalendarDay(firstOf: option.rate.asOf).map { Double(day - $0.daysSinceEpoch) }
      }
      add(
        "price age", option.id, age, high: Double(oldEvidenceDays), unit: "days", .warning,
        "of \(option.rate.asOf), against the \(option.date == .deal ? "deal's month" : "plan's newest price"); "
          + "an older price is worth a new look")
    }
  }

  private mutating func megawattYears() {
    let years = paidHours / (Unit.hour.fromBase(Unit.day.toBase(1)) * daysPerYear)
    for option in leading {
      let value = option.megawatts.map { Unit.millionUSD.fromBase(option.money) / ($0 * years) }
      add(
        "USD per MW-year", option.id, value, low: 6, high: 13.5, unit: "MUSD/MW-yr", .warning,
        "known contracts: 6.2 (OpenAI-AWS of 2026) to 13.3 (OpenAI-Oracle), deals.csv")
    }
  }

  private mutating func powerEach() {
    for option in leading {
      add(
        "MW per 1,000 accelerators", option.id, option.power?.kilowatts, low: 1.5, high: 2.7,
        unit: "MW/1,000",
        .warning,
        "published all-in figures lie between 1.58 (H100) and 2.55 (GB300) facility kW; a PUE on top shows here"
      )
    }
  }

  private mutating func rooflines() {
    var seen: Set<String> = []
    for capacity in capacities {
      guard let option = options.first(where: { $0.id == capacity.option }) else { continue }
      let subject = "\(capacity.standIn.model) on \(option.offer.accelerator)"
      guard seen.insert(subject).inserted else { continue }
      let throughput = capacity.throughput
      add(
        "decode below its roofline", subject, throughput.decodeBound.map { throughput.decode.value / $0 },
        high: 1,
        unit: "of bound", .hard,
        "generated tokens/s of an accelerator against its peak arithmetic alone; bandwidth binds earlier")
      add(
        "prefill below its roofline", subject, throughput.prefillBound.map { throughput.prefill.value / $0 },
        high: 1,
        unit: "of bound", .hard, "prompt tokens/s of an accelerator against its peak arithmetic")
    }
  }

  private mutating func utilisation() throws(InputError) {
    let peakOverMean = try numbers.peakOverMean
    let busiest = capacities.map(\.utilisation).max()
    add(
      "peak utilisation", "all replicas", busiest, high: 0.9, unit: "share", .hard,
      "above 0.9 queues grow without bound in any real system")
    add(
      "mean utilisation", "all replicas", busiest.map { $0 / peakOverMean }, low: 0.25, high: 0.6,
      unit: "share",
      .warning, "peak over mean and headroom leave 30 to 50 % in services that publish it")
  }

  private mutating func supply() {
    var bought = leading.map { ($0.id, $0.offer.accelerator, $0.accelerators) }
    if let portfolio {
      // Supply is of the chip, whoever rents it out.
      bought = portfolio.options.map(\.offer.accelerator).uniqueInOrder.map { chip in
        let rows = portfolio.options.filter { $0.offer.accelerator == chip }
        return ("\(Portfolio.id), \(chip)", chip, rows.reduce(0) { $0 + $1.accelerators })
      }
    }
    for (subject, chip, accelerators) in bought {
      let total = numbers.scenario.supply.first { $0.accelerator == chip }
      add(
        "share of supply", subject, total?.total.map { accelerators / $0 }, high: 0.5, unit: "share",
        .warning, total.map { "\($0.period): \($0.source)" } ?? "no public total of this accelerator")
    }
  }

  private mutating func demand() throws(InputError) {
    let request = try numbers.service.request
    let tokens = try numbers.number("requests_per_user_day") * request.totalTokens
    add(
      "demand per user", "tokens a day", tokens, low: 500, high: 50_000, unit: "tokens/day", .warning,
      "8.6e12 API tokens a day over 800e6 weekly users is 10,750 (OpenAI, 2025-10)")
  }

  private mutating func population() {
    let ids = Set(leading.map(\.id))
    let rows =
      portfolio?.served.map { (Portfolio.id, $0.standIn.model, $0.users.value) }
      ?? capacities.filter { ids.contains($0.option) }.map { ($0.option, $0.standIn.model, $0.users.value) }
    for (subject, model, users) in rows {
      add(
        "users against mankind", "\(subject), \(model)",
        Unit.billion.fromBase(users), high: mankind, unit: "billion", .warning,
        "more means that the fleet is for larger models, longer answers or training than the scenario's request"
      )
    }
  }

  private mutating func expected() {
    guard numbers.optional("expected_low") != nil || numbers.optional("expected_high") != nil else { return }
    for option in deals where option.basis != .list {
      add(
        "announced size", option.id, option.accelerators, low: numbers.optional("expected_low"),
        high: numbers.optional("expected_high"), unit: "chips", .warning,
        "what the announcement allows; list prices are no contract and are not held to it")
    }
  }

  private mutating func portfolioRules() throws(InputError) {
    guard !allocation.isEmpty, let money = try numbers.acceleratorMoney else { return }
    let broken = violations(
      allocation, money: money, paidHours: paidHours,
      maxProviderShare: try numbers.number("max_provider_share"),
      maxMegawatts: numbers.optional("max_mw"))
    add(
      "portfolio rules", "all rows", Double(broken.count), high: 0, unit: "violations", .hard,
      broken.isEmpty ? "supply, provider share, power, whole units, money" : broken.joined(separator: "; "))
    add(
      "portfolio money spent", "all rows", allocation.reduce(0) { $0 + $1.cost } / money, low: 0.95, high: 1,
      unit: "share", .warning, "less means that supply and shares leave money over")
    if let share = try shareOfBest(money) {
      add(
        "portfolio against the best split", "all rows", share, low: 0.99, high: 1, unit: "share of work",
        .warning,
        "work of the rows over that of the linear program with the same limits, whole units not asked for")
    }
  }

  /// Work that the rows do over the most that any split of the money could do; nil where no row's work is known.
  private func shareOfBest(_ money: Double) throws(InputError) -> Double? {
    let known = allocation.filter { ($0.usdPerMtok ?? 0) > 0 }
    guard !known.isEmpty, known.count == allocation.count else { return nil }
    var model = LinearModel("split")
    // Money in billions keeps the numbers near 1.
    let scale = Unit.billionUSD.toBase(1)
    let rows = known.map { row -> (row: AllocationRow, money: LinearModel.VariableID) in
      let unitCost = paidHours * row.rate.usdPerHour
      let most = row.offer.supplyCap.map { $0 * unitCost / scale } ?? money / scale
      return (
        row,
        model.variable(row.offer.id, lower: 0, upper: most, cost: -1 / (row.usdPerMtok ?? 1))
      )
    }
    model.row("money", rows.map { ($0.money, 1) }, lower: -.infinity, upper: money / scale)
    let share = try numbers.number("max_provider_share")
    for provider in known.map(\.offer.provider).uniqueInOrder {
      let mine = rows.filter { $0.row.offer.provider == provider }.map { ($0.money, 1.0) }
      model.row("share \(provider)", mine, lower: -.infinity, upper: share * money / scale)
    }
    if let limit = numbers.optional("max_mw") {
      // A row that bought nothing does not say what its money would draw.
      guard known.allSatisfy({ $0.cost > 0 }) else { return nil }
      let terms = rows.compactMap { pair in
        pair.row.megawatts.map { (pair.money, $0 / pair.row.cost * scale) }
      }
      if !terms.isEmpty { model.row("power", terms, lower: -.infinity, upper: limit) }
    }
    guard let best = (try? BoundedSimplex().solveRelaxed(model))?.objective, best < 0 else { return nil }
    let work = known.reduce(0) { $0 + $1.cost / scale / ($1.usdPerMtok ?? 1) }
    return work / -best
  }
}

extension HostSource {
  /// Whether sums of this host's operators are believed: its decoder layers, predicted against measured.
  var compositionChecks: [PlanCheck] {
    guard let composition else { return [] }
    let error = composition.medianError
    let result: CheckResult =
      if let error { error <= HostComposition.bound ? .pass : .fail } else { .unknown }
    return [
      PlanCheck(
        name: "decoder_layer_composition", subject: machine, value: error, low: nil,
        high: HostComposition.bound, unit: "relative", severity: .warning, result: result,
        note: compositionSentence ?? "")
    ]
  }

  /// What the composition test found, or why it found nothing and the commands that change that.
  var compositionSentence: String? {
    composition.map { $0.sentence(file: file) }
  }
}
