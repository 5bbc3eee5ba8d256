// How blocks of a fleet can be paid: contracts with their prices by month, and the rules of the portfolio.

import Quantities
import Tables

extension FleetCaseBuilder {
  func contract(_ terms: Contract) -> PortfolioContract {
    var contract = PortfolioContract()
    contract.id = terms.id
    contract.termMonths = terms.termMonths
    contract.upfrontShare = terms.upfrontShare
    contract.signatureEvery = terms.signatureEvery
    contract.isInterruptible = terms.isInterruptible
    contract.isCommitment = terms.isCommitment
    let blocks = numbers.scenario.offers.compactMap(\.unit).max() ?? 1
    contract.minimumBlocks = (terms.minimumAccelerators / Double(blocks)).rounded(.up)
    return contract
  }

  func prices(
    _ place: FleetSite, _ offer: Offer, supply: Int, share: Double, gaps: inout [Gap]
  ) throws -> [(price: PortfolioPrice, row: FleetPriceRow)] {
    let builder = try OptionBuilder(numbers, evidence)
    let list = builder.rate(offer, .list, numbers.leadDate)
    let acceptance = try numbers.number("acceptance_months").rounded(.up)
    var found: [(price: PortfolioPrice, row: FleetPriceRow)] = []
    for (index, contract) in contracts.enumerated() where own.fits(contract, offer) {
      var build: OwnBuild?
      let known: Known<Rate>
      if contract.kind == .own, !input.builds.isEmpty {
        switch try own.build(offer, place) {
        case .success(let parts):
          build = parts
          known = .success(try own.rate(parts, offer))
        case .failure(let gap): known = .failure(gap)
        }
      } else {
        known = builder.rate(offer, contract.basis, numbers.leadDate)
      }
      let rate: Rate
      switch known {
      case .success(let price): rate = price
      case .failure(let gap):
        gaps.append(gap)
        continue
      }
      // What is bought costs what its parts cost; paths and factors are of rents.
      let hourly = months.map {
        build == nil
          ? rate.usdPerHour * contract.priceFactor * factor(offer, contract, year: $0.index / monthsPerYear)
          : rate.usdPerHour
      }
      // Where paying begins with the delivery, the months of acceptance are paid on top of the term.
      let idle =
        contract.billingStart == .delivery
        ? (Double(contract.termMonths) + acceptance) / Double(contract.termMonths) : 1
      var price = PortfolioPrice()
      price.supply = supply
      price.contract = index
      price.usdPerHour = hourly.map { $0 * idle / share }
      found.append(
        (
          price,
          FleetPriceRow(
            offer: offer, site: place, contract: contract, rate: rate, listRate: try? list.get(),
            usdPerHour: hourly, build: build)
        ))
    }
    return found
  }

  /// Price over today's in a year: the row that fits best, the latest year up to it.
  private func factor(_ offer: Offer, _ contract: Contract, year: Int) -> Double {
    let fitting = input.pricePaths.filter {
      ($0.accelerator == offer.accelerator || $0.accelerator == "*")
        && ($0.contract == contract.kind.rawValue || $0.contract == "*") && ($0.year ?? 0) <= year
    }
    let best = fitting.max { a, b in
      let named = { (row: PricePath) in (row.accelerator == "*" ? 0 : 2) + (row.contract == "*" ? 0 : 1) }
      return (named(a), a.year ?? 0) < (named(b), b.year ?? 0)
    }
    return best?.factor ?? 1
  }

  func limits() throws(InputError) -> PortfolioLimits {
    var limits = PortfolioLimits()
    let share = try numbers.number("max_provider_share")
    limits.maxProviderShare = share < 1 ? share : nil
    limits.sharesFrom = min(months.count - 1, Int(try numbers.number("shares_from_month")))
    limits.lostRegions = Int(try numbers.number("lost_regions"))
    limits.failoverShare = try numbers.number("failover_share")
    limits.minProviders = Int(try numbers.number("min_providers"))
    limits.minProviderShare = try numbers.number("min_provider_share")
    limits.maxInterruptibleShare = try numbers.number("max_interruptible_share")
    limits.yearlyBudgetUSD = numbers.optional("yearly_budget_usd")
    limits.exposureUSD = numbers.optional("exposure_limit_usd")
    return limits
  }
}
