// The headline of a plan as holdings and their ledger: the same money as the schedule, payment by payment.

import Quantities

extension Plan {
  /// What the headline holds: the leading option, or the rows of the portfolio; empty for an infeasible plan.
  public var holdings: [Holding] {
    guard let headline else { return [] }
    let bought = headline == Portfolio.id ? portfolio?.options ?? [] : [option(headline)].compactMap { $0 }
    return bought.map { holding($0) }
  }

  /// An option as a holding.
  func holding(_ option: PlanOption) -> Holding {
    let upfront = scenario.number("upfront_share") ?? 0
    var contract = Contract.standard(
      option.basis, listBasis: option.offer.listBasis, termMonths: months.count, upfrontShare: upfront)
    contract.billingStart = BillingStart(rawValue: scenario.text("billing_start")) ?? .acceptance
    let usableShare = option.accelerators > 0 ? option.usable / option.accelerators : 0
    return Holding(
      offer: option.offer, site: option.offer.region, region: option.offer.region, contract: contract,
      rate: option.rate, listRate: self.option(option.offer, .list, option.date)?.rate,
      signatures: [
        Signature(
          month: 0,
          acceleratorHours: months.reduce(0) { $0 + option.accelerators * $1.rampShare * $1.hours })
      ],
      delivered: months.map { option.accelerators * $0.deliveredShare },
      billed: months.map { option.accelerators * $0.rampShare },
      accepted: months.map { option.accelerators * $0.acceptedShare },
      usable: months.map { option.accelerators * usableShare * $0.acceptedShare },
      kilowattsEach: option.power?.kilowatts)
  }

  /// Every payment of the headline.
  public var ledger: Ledger {
    func share(_ key: String) -> Double { scenario.number(key) ?? 0 }
    let held = holdings
    var side = (try? SideCosts(PlanNumbers(scenario))) ?? SideCosts()
    side.gigabytes = held.map(gigabytes)
    return Ledger(
      held, months: months,
      shares: OverheadShares(
        cpu: share("cpu_share"), network: share("network_share"), storage: share("storage_share")), side: side
    )
  }

  /// GB that leave a holding by month: what its option generates with the first stand-in, on the mean.
  private func gigabytes(_ holding: Holding) -> [Double] {
    let option = options.first {
      $0.offer.id == holding.offer.id && $0.rate == holding.rate && $0.basis == holding.contract.basis
    }
    let peak =
      (scenario.number("daily_peak_over_mean") ?? 1) * (scenario.number("minute_peak_over_mean") ?? 1)
    guard let option, option.usable > 0, let bytes = scenario.number("egress_bytes_per_token"),
      let capacity = capacities.first(where: {
        $0.option == option.id && $0.standIn == scenario.standIns.first
      })
    else { return months.map { _ in 0 } }
    return months.map { month in
      let share = holding.usable[month.index] / option.usable
      let tokens =
        share * capacity.decodeTokensPerSecond.value / peak * Unit.hour.toBase(month.hours)
      return SideCosts.gigabytes(tokens: tokens, bytesPerToken: bytes)
    }
  }

  /// What lies between an order and its use; nil where the scenario does not say it.
  public var acceptance: Acceptance? {
    guard let lead = scenario.number("lead_months"), let months = scenario.number("acceptance_months") else {
      return nil
    }
    var acceptance = Acceptance()
    acceptance.leadMonths = lead
    acceptance.months = months
    acceptance.slipMedian = scenario.number("slip_months") ?? 0
    acceptance.slipHigh = scenario.number("slip_months_p90") ?? 0
    return acceptance
  }

  /// When payments fall in their month.
  public var timing: PaymentTiming { PaymentTiming(rawValue: scenario.text("payment_timing")) ?? .midMonth }
}
