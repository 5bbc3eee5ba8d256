// Scenario and evidence to plan: every offer at every price, every stand-in on every offer, month by month, then
// the checks, what decides, and what is missing.

import Catalog
import Quantities
import Tables

extension Plan {
  /// Plans a scenario.
  ///
  /// - Throws: `InputError` where an offer or a model names nothing in the catalogue, or inputs contradict.
  public init(_ scenario: Scenario, evidence: PlanEvidence) throws {
    try scenario.checkNames(evidence.catalog)
    let numbers = PlanNumbers(scenario)
    let builder = try OptionBuilder(numbers, evidence)
    var gaps: [Gap] = []
    let options = try Plan.options(builder, gaps: &gaps)
    let capacities = try Plan.capacities(options, numbers, evidence, gaps: &gaps)
    let buyer = PortfolioBuilder(
      numbers: numbers, evidence: evidence, basis: numbers.leadBasis, date: numbers.leadDate)
    let allocation = try buyer.allocation()
    let infeasible = try Plan.infeasible(options, allocation, numbers)
    // What breaks a limit is no answer: an infeasible plan has no headline.
    let portfolio =
      infeasible.isEmpty ? try buyer.portfolio(allocation, standIns: scenario.standIns) : nil
    let leading =
      infeasible.isEmpty && allocation.isEmpty ? Plan.leading(options, capacities, numbers) : nil
    var schedule = try options.flatMap { try Plan.schedule($0, numbers, builder.months) }
    if let portfolio {
      schedule += Plan.schedule(
        of: portfolio,
        try portfolio.options.map {
          try Plan.schedule($0, numbers, builder.months)
        })
    }
    let checks = try PlanChecks(
      numbers: numbers, options: options, capacities: capacities, schedule: schedule, allocation: allocation,
      portfolio: portfolio, months: builder.months, paidHours: builder.paidHours)
    for option in options where option.megawatts == nil {
      gaps.append(
        Gap(
          "power of \(option.offer.accelerator)", missing: "no all-in power per accelerator is published",
          remedy: "add a sourced value to accelerators.csv"))
    }
    let host = try HostFleetBuilder(numbers: numbers, evidence: evidence).host(
      portfolio?.served ?? capacities.filter { $0.option == leading?.id }.map { ServedModel($0) },
      capacities, gaps: &gaps)
    let swings: [Swing] =
      if let leading {
        SwingFinder(
          numbers: numbers, evidence: evidence, offer: leading.offer, basis: leading.basis,
          date: leading.date
        ).swings()
      } else if portfolio != nil {
        SwingFinder(
          numbers: numbers, evidence: evidence, offer: nil, basis: numbers.leadBasis, date: numbers.leadDate
        ).swings()
      } else { [] }
    let fleet = evidence.plansFleet ? try FleetPlan.make(scenario, evidence: evidence) : nil
    gaps += (fleet?.fleetCase.gaps ?? []) + (fleet?.carbon.gaps ?? [])
    let standIn = leading?.offer.accelerator ?? scenario.offers.first?.accelerator ?? ""
    self.init(
      scenario: scenario, acceleratorShare: try numbers.acceleratorShare,
      acceleratorMoney: try numbers.acceleratorMoney, months: builder.months, paidHours: builder.paidHours,
      options: options, leading: leading?.id, capacities: capacities, schedule: schedule,
      allocation: allocation, portfolio: portfolio,
      checks: checks.checks + (evidence.host?.compositionChecks ?? []), swings: swings,
      gaps: gaps.uniqueInOrder, fleet: fleet,
      deals: DealReviewer(evidence.catalog, standIn: standIn).reviews(), host: host,
      infeasible: infeasible)
  }

  private static func options(_ builder: OptionBuilder, gaps: inout [Gap]) throws -> [PlanOption] {
    var options: [PlanOption] = []
    for offer in builder.numbers.scenario.offers {
      for basis in PriceBasis.allCases {
        for date in PriceDate.allCases {
          do {
            let rate = try builder.rate(offer, basis, date).get()
            options.append(try builder.option(offer, basis, date, rate))
          } catch let gap as Gap where offer.isSold(on: basis) { gaps.append(gap) } catch is Gap { continue }
        }
      }
    }
    return options
  }

  private static func capacities(
    _ options: [PlanOption], _ numbers: PlanNumbers, _ evidence: PlanEvidence, gaps: inout [Gap]
  ) throws -> [PlanCapacity] {
    let builder = try CapacityBuilder(numbers, evidence)
    let service = try numbers.service
    // Offers without a price are asked too: what their chips cannot say is a gap of its own.
    for offer in numbers.scenario.offers where !options.contains(where: { $0.offer == offer }) {
      for standIn in numbers.scenario.standIns {
        if case .failure(let gap) = evidence.throughput.throughput(standIn, offer, service) {
          gaps.append(gap)
        }
      }
    }
    var capacities: [PlanCapacity] = []
    for option in options {
      for standIn in numbers.scenario.standIns {
        switch try builder.capacity(option, standIn) {
        case .success(let capacity): capacities.append(capacity)
        case .failure(let gap): gaps.append(gap)
        }
      }
    }
    return capacities
  }

  /// Month by month for one option.
  static func schedule(
    _ option: PlanOption, _ numbers: PlanNumbers, _ months: [PlanMonth]
  ) throws(InputError) -> [ScheduleRow] {
    let share = try numbers.acceleratorShare
    let yearly = try numbers.number("discount_rate")
    return months.map { month in
      let accelerators = option.accelerators * month.rampShare
      let spend = accelerators * month.hours * option.rate.usdPerHour
      let factor = discountFactor(month: month.index, yearly: yearly, timing: numbers.timing)
      return ScheduleRow(
        option: option.id, month: month, accelerators: accelerators,
        usable: option.usable * month.acceptedShare,
        megawatts: option.megawatts.map { $0 * month.rampShare }, acceleratorSpend: spend,
        spend: spend / share,
        discountedSpend: spend / share * factor)
    }
  }

  /// The rows' months added up.
  private static func schedule(of portfolio: Portfolio, _ rows: [[ScheduleRow]]) -> [ScheduleRow] {
    (rows.first ?? []).indices.map { index in
      let all = rows.map { $0[index] }
      func sum(_ value: (ScheduleRow) -> Double) -> Double { all.reduce(0) { $0 + value($1) } }
      return ScheduleRow(
        option: Portfolio.id, month: all[0].month, accelerators: sum(\.accelerators), usable: sum(\.usable),
        megawatts: portfolio.megawatts.map { _ in sum { $0.megawatts ?? 0 } },
        acceleratorSpend: sum(\.acceleratorSpend), spend: sum(\.spend),
        discountedSpend: sum(\.discountedSpend))
    }
  }

  /// The first offer of the deal with a price on the headline's basis and date, best with a known throughput.
  private static func leading(
    _ options: [PlanOption], _ capacities: [PlanCapacity], _ numbers: PlanNumbers
  ) -> PlanOption? {
    let known = Set(capacities.map(\.option))
    let wanted = options.filter { $0.basis == numbers.leadBasis && $0.date == numbers.leadDate }
    let deals = wanted.filter { $0.offer.role == "deal" }
    return deals.first { known.contains($0.id) } ?? deals.first ?? wanted.first ?? options.first
  }

  private static func infeasible(
    _ options: [PlanOption], _ allocation: [AllocationRow], _ numbers: PlanNumbers
  ) throws(InputError) -> [String] {
    if !allocation.isEmpty {
      let bought = allocation.reduce(0) { $0 + $1.accelerators }
      guard let least = numbers.optional("min_accelerators"), bought < least else { return [] }
      return [
        "caps and shares allow \(grouped(bought, decimals: 0)) accelerators, "
          + "min_accelerators is \(grouped(least, decimals: 0))"
      ]
    }
    guard !options.isEmpty else { return ["no offer of the scenario has a price"] }
    let wanted = options.filter { $0.basis == numbers.leadBasis && $0.date == numbers.leadDate }
    let deals = wanted.filter { $0.offer.role == "deal" }
    let judged = deals.isEmpty ? wanted : deals
    if let bare = judged.first, judged.allSatisfy({ $0.accelerators < Double($0.offer.unit ?? 1) }) {
      return ["the money does not buy one unit of \(bare.offer.accelerator)"]
    }
    guard !judged.isEmpty, judged.allSatisfy({ !$0.brokenLimits.isEmpty }) else { return [] }
    return judged.flatMap(\.brokenLimits)
  }
}

extension Scenario {
  /// Every accelerator and model must be in the catalogue.
  func checkNames(_ catalog: Catalog) throws(InputError) {
    for offer in offers where catalog.accelerator(offer.accelerator) == nil {
      let near = catalog.nearestAccelerators(to: offer.accelerator).joined(separator: ", ")
      throw InputError(
        file: offer.place,
        "offer \(offer.id): no accelerator '\(offer.accelerator.prefix(40))' in the catalogue",
        advice: near.isEmpty ? "`plimsoll catalog list accelerators` shows them" : "did you mean \(near)?")
    }
    for standIn in standIns where catalog.model(standIn.model) == nil {
      let near = catalog.nearestModels(to: standIn.model).joined(separator: ", ")
      throw InputError(
        file: "models.csv", "no model '\(standIn.model.prefix(40))' in the catalogue",
        advice: near.isEmpty ? "`plimsoll catalog list models` shows them" : "did you mean \(near)?")
    }
  }
}
