// One offer at one price: how many accelerators the money buys, or the demand needs, and what follows from that.

import Catalog
import Quantities
import Tables

/// Builds options for one set of numbers.
struct OptionBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  let months: [PlanMonth]
  let paidHours: Double

  init(_ numbers: PlanNumbers, _ evidence: PlanEvidence) throws(InputError) {
    self.numbers = numbers
    self.evidence = evidence
    months = try numbers.months
    paidHours = Formulas.paidHours(months)
  }

  private var priceBook: PriceBook {
    PriceBook(
      catalog: evidence.catalog, stated: numbers.scenario.statedRates,
      dealMonth: numbers.scenario.text("deal_month"))
  }

  /// The price of an offer.
  func rate(_ offer: Offer, _ basis: PriceBasis, _ date: PriceDate) -> Known<Rate> {
    let factor = basis == .own ? 1 : numbers.optional("price_factor") ?? 1
    guard factor != 1 else { return priceBook.rate(offer, basis, date) }
    return priceBook.rate(offer, basis, date).map { rate in
      let note = "times price_factor \(decimalText(factor))"
      return Rate(
        usdPerHour: rate.usdPerHour * factor, asOf: rate.asOf, source: rate.source, trust: .assumed,
        note: rate.note.isEmpty ? note : "\(rate.note); \(note)")
    }
  }

  /// The option for a price; a gap where the demand cannot be turned into accelerators.
  func option(_ offer: Offer, _ basis: PriceBasis, _ date: PriceDate, _ rate: Rate) throws -> PlanOption {
    let unit = offer.unit ?? 1
    if let money = try numbers.acceleratorMoney {
      let raw = Formulas.rawAccelerators(money: money, paidHours: paidHours, rate: rate.usdPerHour)
      return try option(
        offer, basis, date, rate, money: money, raw: raw, accelerators: Formulas.wholeUnits(raw, unit: unit))
    }
    let raw = try acceleratorsForDemand(offer)
    let whole = (raw / Double(unit)).rounded(.up) * Double(unit)
    let cost = Formulas.acceleratorCost(accelerators: whole, paidHours: paidHours, rate: rate.usdPerHour)
    return try option(offer, basis, date, rate, money: cost, raw: raw, accelerators: whole)
  }

  /// The option for a given number of accelerators.
  func option(
    _ offer: Offer, _ basis: PriceBasis, _ date: PriceDate, _ rate: Rate, money: Double, raw: Double,
    accelerators: Double
  ) throws(InputError) -> PlanOption {
    let cost = Formulas.acceleratorCost(
      accelerators: accelerators, paidHours: paidHours, rate: rate.usdPerHour)
    let power = power(offer)
    let megawatts = power.map { Formulas.megawatts(accelerators: accelerators, kilowattsEach: $0.kilowatts) }
    let spareShare = try numbers.spareShare(perNode: offer.perNode ?? 1)
    let usable = Formulas.usable(accelerators: accelerators, spareShare: spareShare)
    let perRun = try acceleratorsPerRun(offer)
    let share = try numbers.acceleratorShare
    let yearly = try numbers.number("discount_rate")
    let payments = months.map { accelerators * $0.rampShare * $0.hours * rate.usdPerHour / share }
    return PlanOption(
      id: Offer.optionID(offer.id, basis, date), offer: offer, basis: basis, date: date, rate: rate,
      money: money,
      rawAccelerators: raw, accelerators: accelerators, cost: cost, unspent: money - cost,
      racks: offer.perRack.map { Formulas.racks(accelerators: accelerators, perRack: $0) },
      megawatts: megawatts,
      power: power, spareShare: spareShare, usable: usable, acceleratorsPerRun: perRun,
      trainingRuns: perRun.map { usable / $0 },
      netPresentValue: Formulas.netPresentValue(
        payments, upfrontShare: basis == .contracted ? try numbers.number("upfront_share") : 0,
        yearly: yearly, timing: numbers.timing),
      brokenLimits: brokenLimits(
        offer, accelerators: accelerators, megawatts: megawatts, cost: cost))
  }

  /// Power of one accelerator on the scenario's basis, nil where the catalogue has none.
  func power(_ offer: Offer) -> PowerEach? {
    guard let chip = evidence.catalog.accelerator(offer.accelerator) else { return nil }
    let isFacility = numbers.scenario.text("power_basis") == "allin_facility"
    guard let watts = isFacility ? chip.allInFacilityPower : chip.allInITPower else { return nil }
    return PowerEach(
      kilowatts: Unit.kilowatt.fromBase(watts.value),
      source: "accelerators.csv: \(chip.id), \(isFacility ? "allin_facility" : "allin_it")_kw_per_chip")
  }

  private func acceleratorsPerRun(_ offer: Offer) throws(InputError) -> Double? {
    guard let peak = evidence.catalog.accelerator(offer.accelerator)?.peak(.bf16) else { return nil }
    return try Formulas.acceleratorsPerRun(
      compute: Formulas.trainingCompute(
        activeParameters: numbers.number("training_active_parameters"),
        tokens: numbers.number("training_tokens")),
      days: numbers.number("training_days"), peak: peak.value, utilisation: numbers.number("training_mfu"))
  }

  private func brokenLimits(_ offer: Offer, accelerators: Double, megawatts: Double?, cost: Double)
    -> [String]
  {
    var broken: [String] = []
    // Where the scenario has places, the share binds what is held there, not one offer taken for all the money.
    if !numbers.scenario.fleet.isPlannable, let most = numbers.optional("max_provider_share"),
      let money = try? numbers.acceleratorMoney,
      cost > most * money
    {
      broken.append(
        "\(offer.id) puts \(grouped(cost / money * 100, decimals: 1)) % of the money with \(offer.providerTitle), "
          + "max_provider_share is \(grouped(most * 100, decimals: 1)) %")
    }
    if let cap = offer.supplyCap, accelerators > cap {
      broken.append(
        "\(offer.id) needs \(grouped(accelerators, decimals: 0)) accelerators, \(grouped(cap, decimals: 0)) can be had"
      )
    }
    if let limit = numbers.optional("max_mw"), let megawatts, megawatts > limit {
      broken.append(
        "\(offer.id) needs \(grouped(megawatts, decimals: 1)) MW, max_mw is \(grouped(limit, decimals: 1))")
    }
    if let least = numbers.optional("min_accelerators"), accelerators < least {
      broken.append(
        "\(offer.id) gives \(grouped(accelerators, decimals: 0)) accelerators, "
          + "min_accelerators is \(grouped(least, decimals: 0))")
    }
    return broken
  }

  /// Accelerators that the scenario's users need with the first stand-in. The busy share depends on the number
  /// of replicas, so the number is found by three rounds from the policy's share down.
  private func acceleratorsForDemand(_ offer: Offer) throws -> Double {
    guard let standIn = numbers.scenario.standIns.first else {
      throw InputError(file: numbers.scenario.name, "no stand-in model", advice: "add a models.csv")
    }
    let service = try numbers.service
    let throughput = try evidence.throughput.throughput(standIn, offer, service).get()
    let requests =
      try numbers.number("demand_users") * numbers.number("demand_factor")
      * numbers.number("requests_per_user_day") / Unit.day.toBase(1)
      * numbers.peakOverMean
    let seconds = Formulas.secondsPerRequest(
      request: service.request, prefill: throughput.prefill.value, decode: throughput.decode.value)
    let stranded = Formulas.strandedShare(domain: offer.domain ?? 1, replica: throughput.replica)
    let spareShare = try numbers.spareShare(perNode: offer.perNode ?? 1)
    var utilisation = try numbers.number("utilisation_policy")
    var accelerators = 0.0
    for _ in 0..<3 {
      let each = Formulas.peakRequests(
        usable: Formulas.usable(accelerators: 1, spareShare: spareShare), strandedShare: stranded,
        utilisation: utilisation, derating: try numbers.derating, secondsPerRequest: seconds)
      accelerators = requests / each
      utilisation = try numbers.utilisation(replicas: accelerators / Double(throughput.replica))
    }
    return accelerators
  }
}
