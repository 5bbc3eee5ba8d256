// A scenario with places and contracts to a portfolio case: what is needed each month, how much of it an accelerator
// of each offer does, what can be had where, and what it costs under each contract.

public import Catalog
public import Quantities
import Tables

/// What is needed of one class, month by month.
public struct FleetNeed: Sendable, Hashable {
  /// Key of the class.
  public let id: String
  /// `requests/s`, or `runs` for training.
  public let unit: String
  /// Mean of the month.
  public let mean: [Double]
  /// What capacity is sized for: the busiest minute without what may wait, at least the mean.
  public let need: [Double]
  /// Fresh prompt tokens of a request; nil for training.
  public let freshTokens: Double?
  /// Generated tokens of a request; nil for training.
  public let outputTokens: Double?
  /// All tokens of a request, cached ones included; nil for training.
  public let totalTokens: Double?
}

/// A price row of the case in the words of the scenario.
public struct FleetPriceRow: Sendable, Hashable {
  /// What is sold.
  public let offer: Offer
  /// Where.
  public let site: FleetSite
  /// How it is paid.
  public let contract: Contract
  /// The price that the row starts from, before the contract's factor and the path.
  public let rate: Rate
  /// List price of the same offer; nil where none is published.
  public let listRate: Rate?
  /// USD per accelerator-hour of blocks that start in each month, without CPUs, network and storage.
  public let usdPerHour: [Double]
  /// The parts of hardware of one's own; nil for what is rented.
  public let build: OwnBuild?
}

/// A portfolio case with what its indices stand for.
public struct FleetCase: Sendable {
  /// The case.
  public let portfolio: PortfolioCase
  /// What is needed, in the order of `portfolio.demands`.
  public let needs: [FleetNeed]
  /// In the order of `portfolio.prices`.
  public let prices: [FleetPriceRow]
  /// What each product does, in the order of `portfolio.products` and of the needs; nil where it cannot serve it.
  public let throughputs: [[Throughput?]]
  /// Each product sized for all demand alone, in the order of `portfolio.products`: where its headroom, goodput,
  /// stranded capacity and spares come from.
  public let sizings: [FleetSizing]
  /// Offers that cannot be planned, and what is missing.
  public let gaps: [Gap]
  /// Share of the money that pays for accelerators.
  public let acceleratorShare: Double
  /// Facility power of one accelerator, all in, kW, in the order of `portfolio.products`.
  public let facilityKilowatts: [Double]
  /// Carbon of the grid of each site, in the order of the scenario's sites; nil where no source gives it.
  public let grids: [PowerFact?]
}

/// Builds cases.
struct FleetCaseBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  let months: [PlanMonth]
  let input: FleetInput
  private let sizer: FleetSizer
  let own: OwnBuilder
  let contracts: [Contract]

  init(_ numbers: PlanNumbers, _ evidence: PlanEvidence) throws(InputError) {
    self.numbers = numbers
    self.evidence = evidence
    months = try numbers.months
    input = numbers.scenario.fleet
    sizer = try FleetSizer(numbers, months: months.count)
    own = OwnBuilder(numbers, evidence)
    contracts = try own.contracts()
  }

  /// The case of the scenario.
  ///
  /// - Throws: `InputError` for a model that the catalogue lacks.
  func fleetCase() throws -> FleetCase {
    var gaps: [Gap] = []
    let needs = try self.needs()
    let offers = numbers.scenario.offers.filter { offer in
      guard input.deliveries.contains(where: { $0.offer == offer.id }) else { return false }
      guard kilowatts(offer) != nil else {
        gaps.append(
          Gap(
            "\(offer.title) in the portfolio",
            missing:
              "neither an all-in power nor a thermal design power of \(offer.accelerator) is published",
            remedy: "add a sourced value to accelerators.csv"))
        return false
      }
      return true
    }
    var products: [PortfolioProduct] = []
    var throughputs: [[Throughput?]] = []
    var sizings: [FleetSizing] = []
    for offer in offers {
      let found = works(offer, gaps: &gaps)
      let sizing = try sizer.sizing(offer, kilowatts: kilowatts(offer) ?? 0, found)
      var product = PortfolioProduct()
      product.accelerator = offer.accelerator
      product.blockAccelerators = offer.unit ?? 1
      product.kilowattsEach = kilowatts(offer) ?? 0
      product.requestsPerSecond = try rates(sizing, found)
      product.vendor = evidence.catalog.accelerator(offer.accelerator)?.vendor ?? ""
      products.append(product)
      throughputs.append(found + input.training.map { _ in nil })
      sizings.append(sizing)
    }
    var portfolio = PortfolioCase()
    portfolio.months = months
    let yearly = try numbers.number("discount_rate")
    portfolio.discountFactors = months.map {
      discountFactor(month: $0.index, yearly: yearly, timing: numbers.timing)
    }
    portfolio.signatureFactors = months.map { power(1 + yearly, -Double($0.index) / Double(monthsPerYear)) }
    portfolio.demands = zip(needs, demandFlags()).map { demand($0, isDeferrable: $1) }
    portfolio.sites = input.sites.map(site)
    portfolio.products = products
    portfolio.contracts = contracts.map(contract)
    portfolio.brackets = input.brackets.map { row in
      var bracket = SpendBracket()
      bracket.provider = row.provider
      bracket.fromUSD = row.from ?? 0
      bracket.discount = row.discount ?? 0
      return bracket
    }
    portfolio.limits = try limits()
    let share = try numbers.acceleratorShare
    var rows: [FleetPriceRow] = []
    for (siteIndex, place) in input.sites.enumerated() {
      for (productIndex, offer) in offers.enumerated() {
        guard let supply = try supply(place, siteIndex, offer, productIndex) else { continue }
        portfolio.supplies.append(supply)
        let found = try prices(place, offer, supply: portfolio.supplies.count - 1, share: share, gaps: &gaps)
        portfolio.prices += found.map(\.price)
        rows += found.map(\.row)
      }
    }
    return FleetCase(
      portfolio: portfolio, needs: needs, prices: rows, throughputs: throughputs, sizings: sizings,
      gaps: gaps.uniqueInOrder, acceleratorShare: share,
      facilityKilowatts: offers.map { kilowatts($0, isFacility: true) ?? 0 }, grids: input.sites.map(grid))
  }

  // MARK: Demand

  private func needs() throws(InputError) -> [FleetNeed] {
    var found: [FleetNeed] = []
    for workload in input.workloads where evidence.catalog.model(workload.model) == nil {
      let near = evidence.catalog.nearestModels(to: workload.model).joined(separator: ", ")
      throw InputError(
        file: workload.place,
        "class \(workload.id): no model '\(workload.model.prefix(40))' in the catalogue",
        advice: near.isEmpty ? "`plimsoll catalog list models` shows them" : "did you mean \(near)?")
    }
    let model = try sizer.demand()
    for (index, workload) in input.workloads.enumerated() {
      // Any site may serve any region, and what may wait leaves the peak for the valleys of its day.
      let levels = months.map { model.demand(workload: index, month: $0.index).routed }
      let request = workload.request
      found.append(
        FleetNeed(
          id: workload.id, unit: "requests/s", mean: levels.map(\.average),
          need: levels.map(\.need), freshTokens: request.freshInputTokens, outputTokens: request.outputTokens,
          totalTokens: request.totalTokens))
    }
    for training in input.training {
      let runs = months.map { training.runs(month: $0.index) }
      found.append(
        FleetNeed(
          id: training.id, unit: "runs", mean: runs, need: runs, freshTokens: nil, outputTokens: nil,
          totalTokens: nil))
    }
    return found
  }

  private func demandFlags() -> [Bool] {
    input.workloads.map { $0.deferrableShare >= 1 } + input.training.map { _ in false }
  }

  private func demand(_ need: FleetNeed, isDeferrable: Bool) -> PortfolioDemand {
    var demand = PortfolioDemand()
    demand.id = need.id
    demand.need = need.need
    demand.isDeferrable = isDeferrable
    if let workload = input.workloads.first(where: { $0.id == need.id }) {
      // A missing request/s of the sizing peak is missing at the busiest time; the month loses as much of its mean.
      demand.shortageUSD = months.map { month in
        let lost = need.need[month.index] > 0 ? need.mean[month.index] / need.need[month.index] : 1
        let tokens = lost * Unit.hour.toBase(month.hours) * (need.totalTokens ?? 0)
        return workload.shortageUSDPerMtok * Unit.millionTokens.fromBase(tokens)
      }
    } else if let training = input.training.first(where: { $0.id == need.id }) {
      demand.shortageUSD = months.map { _ in training.shortageUSDPerMonth }
    }
    return demand
  }

  /// What the offer does of each class; nil, with its gap, where it cannot serve one.
  private func works(_ offer: Offer, gaps: inout [Gap]) -> [Throughput?] {
    input.workloads.map { workload in
      let service = ServiceLevel(
        request: workload.request, ttftLimit: Seconds(workload.ttftLimit),
        tpotLimit: Seconds(workload.tpotLimit))
      switch evidence.throughput.throughput(StandIn(model: workload.model, kind: ""), offer, service) {
      case .success(let throughput): return throughput
      case .failure(let gap):
        gaps.append(gap)
        return nil
      }
    }
  }

  /// Work of one paid accelerator for each class: what the need model leaves of it, and derating.
  private func rates(_ sizing: FleetSizing, _ throughputs: [Throughput?]) throws(InputError) -> [Double] {
    var found: [Double] = []
    let derating = try numbers.derating
    for (index, workload) in input.workloads.enumerated() {
      guard let throughput = throughputs[index], let share = sizing.usable[index] else {
        found.append(0)
        continue
      }
      let seconds = Formulas.secondsPerRequest(
        request: workload.request, prefill: throughput.prefill.value, decode: throughput.decode.value)
      found.append(share.product * derating / seconds)
    }
    for training in input.training {
      guard let peak = evidence.catalog.accelerator(sizing.offer.accelerator)?.peak(.bf16) else {
        found.append(0)
        continue
      }
      let perRun = Formulas.acceleratorsPerRun(
        compute: training.compute, days: training.days, peak: peak.value, utilisation: training.utilisation)
      found.append((1 - sizing.spareShare) / perRun)
    }
    return found
  }

  // MARK: Supply

  /// Kilowatts of one accelerator on the plan's basis; from the thermal design power where no all-in power is known.
  private func kilowatts(_ offer: Offer, isFacility: Bool? = nil) -> Double? {
    guard let chip = evidence.catalog.accelerator(offer.accelerator) else { return nil }
    let isFacility = isFacility ?? (numbers.scenario.text("power_basis") == "allin_facility")
    if let watts = isFacility ? chip.allInFacilityPower : chip.allInITPower {
      return Unit.kilowatt.fromBase(watts.value)
    }
    guard let tdp = chip.thermalDesignPower, let ratio = numbers.optional("allin_over_tdp") else {
      return nil
    }
    return Unit.kilowatt.fromBase(tdp.value) * ratio
  }

  private func grid(_ place: FleetSite) -> PowerFact? {
    let parts = place.grid.split(separator: ":").map(String.init)
    guard parts.count == 2 else { return nil }
    return evidence.catalog.gridCarbon(provider: parts[0], region: parts[1])
  }

  private func site(_ place: FleetSite) -> PortfolioSite {
    let steps = input.power.filter { $0.site == place.id }
    let factor = numbers.optional("power_factor") ?? 1
    var site = PortfolioSite()
    site.id = place.id
    site.provider = place.provider
    site.region = place.region
    // A site without a row of power is not limited by it: as much as any number of blocks can draw.
    site.megawatts = months.map { month in
      steps.isEmpty ? 1e6 : factor * (steps.last { $0.month <= month.label }?.megawatts ?? 0)
    }
    let unit = numbers.scenario.offers.compactMap(\.unit).max() ?? 1
    site.blocksPerMonth = place.installPerMonth.map { ($0 / Double(unit)).rounded(.down) }
    return site
  }

  private func supply(
    _ place: FleetSite, _ siteIndex: Int, _ offer: Offer, _ product: Int
  ) throws(InputError) -> PortfolioSupply? {
    let rows = input.deliveries.filter { $0.site == place.id && $0.offer == offer.id }
    guard !rows.isEmpty else { return nil }
    let acceptance = try numbers.number("acceptance_months")
    let slip = try numbers.number("slip_months")
    let late = Int((acceptance + slip).rounded(.up))
    guard let start = PlanCalendar(numbers.scenario.text("start_month")) else { return nil }
    var supply = PortfolioSupply()
    supply.site = siteIndex
    supply.product = product
    supply.blocks = months.map { month in
      // What is delivered by a month can be used when it is accepted, late deliveries in the median included.
      let label = start.advanced(by: month.index - late).label
      let count = rows.last { $0.month <= label }?.accelerators ?? 0
      return (count / Double(offer.unit ?? 1)).rounded(.down)
    }
    return supply
  }
}
