// Portfolios from seeds: the size that the speed figure names, and small ones of every kind of limit.

import Planner

/// SplitMix64.
struct PortfolioSeed: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func number(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }
}

extension PortfolioCase {
  /// Sites over six regions and providers, products of 8 to 72 accelerators, four ways to pay. `isRich` adds a second
  /// class, brackets, budgets, an exposure limit and install rates.
  static func synthetic(
    seed: Int = 1, months count: Int = 24, sites siteCount: Int = 12, products productCount: Int = 4,
    isRich: Bool = false, withBrackets: Int = 6
  ) -> PortfolioCase {
    var random = PortfolioSeed(seed)
    var portfolio = PortfolioCase()
    portfolio.months = (0..<count).map { month in
      let number = month % 12 + 1
      return PlanMonth(
        index: month, label: "\(2027 + month / 12)-\(number < 10 ? "0" : "")\(number)", hours: 730,
        rampShare: 1)
    }
    var factor = 1.0
    for _ in 0..<count {
      portfolio.signatureFactors.append(factor)
      portfolio.discountFactors.append(factor * 0.996)
      factor *= 0.992
    }
    for index in 0..<siteCount {
      var site = PortfolioSite()
      site.id = "site\(index)"
      site.provider = "provider\(index % 6)"
      site.region = "region\(index / 2 % 6)"
      let full = random.number(20...60)
      site.megawatts = (0..<count).map { full * min(1, 0.3 + 0.07 * Double($0)) }
      if isRich { site.blocksPerMonth = random.number(120...300).rounded() }
      portfolio.sites.append(site)
    }
    let shapes: [(blocks: Int, kilowatts: Double, speed: Double, price: Double)] = [
      (8, 1.3, 1, 2.6), (8, 1.9, 1.9, 4.4), (72, 2.1, 2.7, 5.6), (16, 1.1, 0.8, 1.9),
    ]
    for index in 0..<productCount {
      let shape = shapes[index % shapes.count]
      var product = PortfolioProduct()
      product.accelerator = "chip\(index)"
      product.blockAccelerators = shape.blocks
      product.kilowattsEach = shape.kilowatts
      product.requestsPerSecond =
        isRich ? [shape.speed, shape.speed * random.number(0.3...0.6)] : [shape.speed]
      product.vendor = "vendor\(index % 3)"
      portfolio.products.append(product)
    }
    portfolio.contracts = Self.contracts(minimum: 12)
    for site in portfolio.sites.indices {
      for product in portfolio.products.indices {
        var supply = PortfolioSupply()
        (supply.site, supply.product) = (site, product)
        let shape = shapes[product % shapes.count]
        let rate = random.number(40...160) * 8 / Double(shape.blocks) * 2
        supply.blocks = (0..<count).map { (rate * Double($0 + 1) * 0.6).rounded(.down) }
        portfolio.supplies.append(supply)
        let local = random.number(0.85...1.2)
        for (index, ratio) in [1, 0.72, 0.5, 0.4].enumerated() {
          var price = PortfolioPrice()
          (price.supply, price.contract) = (portfolio.supplies.count - 1, index)
          let fall = random.number(0.985...1.0)
          var usd = shape.price * local * ratio * random.number(0.95...1.05)
          for _ in 0..<count {
            price.usdPerHour.append(usd)
            usd *= fall
          }
          portfolio.prices.append(price)
        }
      }
    }
    for index in 0..<(isRich ? 2 : 1) {
      var demand = PortfolioDemand()
      demand.id = ["chat", "batch"][index]
      demand.isDeferrable = !isRich || index == 1
      let full = isRich ? [52_000.0, 9_000][index] : 70_000
      demand.need = (0..<count).map { full * min(1, 0.15 + 0.06 * Double($0)) }
      demand.shortageUSD = [Double](repeating: [16_000.0, 20_000][index], count: count)
      portfolio.demands.append(demand)
    }
    portfolio.limits.maxProviderShare = 0.35
    portfolio.limits.maxVendorShare = 0.7
    portfolio.limits.minProviders = 4
    portfolio.limits.minProviderShare = 0.08
    portfolio.limits.sharesFrom = 3
    portfolio.limits.lostRegions = 1
    portfolio.limits.failoverShare = 0.8
    portfolio.limits.maxInterruptibleShare = 0.1
    if isRich {
      for provider in portfolio.providerKeys.prefix(withBrackets) {
        for (from, discount) in [(150e6, 0.03), (400e6, 0.06)] {
          var bracket = SpendBracket()
          (bracket.provider, bracket.fromUSD, bracket.discount) = (provider, from, discount)
          portfolio.brackets.append(bracket)
        }
      }
      portfolio.limits.yearlyBudgetUSD = 1.6e9
      portfolio.limits.budgetUSD = 2.3e9
      portfolio.limits.exposureUSD = 3e9
    }
    return portfolio
  }

  private var providerKeys: [String] {
    var keys: [String] = []
    for site in sites where !keys.contains(site.provider) { keys.append(site.provider) }
    return keys
  }

  /// By the hour, a year, three years with a fifth at the signature, interruptible.
  static func contracts(minimum: Double) -> [PortfolioContract] {
    func contract(_ id: String, _ change: (inout PortfolioContract) -> Void) -> PortfolioContract {
      var contract = PortfolioContract()
      contract.id = id
      change(&contract)
      return contract
    }
    return [
      contract("on_demand") { $0.isCommitment = false },
      contract("1y") {
        ($0.termMonths, $0.minimumBlocks, $0.signatureEvery) = (12, minimum, 3)
      },
      contract("3y") {
        ($0.termMonths, $0.minimumBlocks, $0.signatureEvery, $0.upfrontShare) = (36, minimum, 3, 0.2)
      },
      contract("spot") { ($0.isInterruptible, $0.isCommitment) = (true, false) },
    ]
  }
}

extension PortfolioCase {
  /// A small case with some of every kind of limit; no brackets, whose discounts make dearer prices cheaper.
  static func small(_ seed: Int, months: Int = 6) -> PortfolioCase {
    var random = PortfolioSeed(seed)
    var portfolio = synthetic(seed: seed, months: months, sites: 3, products: 2, isRich: seed % 2 == 0)
    portfolio.brackets = []
    portfolio.contracts = contracts(minimum: seed % 3 == 0 ? 3 : 0)
    for site in portfolio.sites.indices {
      portfolio.sites[site].megawatts = portfolio.sites[site].megawatts.map { $0 / 8 }
      if random.number(0...1) < 0.5 { portfolio.sites[site].blocksPerMonth = nil }
    }
    for demand in portfolio.demands.indices {
      let scale = random.number(0.05...0.15)
      portfolio.demands[demand].need = portfolio.demands[demand].need.map { $0 * scale }
    }
    portfolio.limits.minProviders = Int.random(in: 0...2, using: &random)
    portfolio.limits.maxProviderShare = random.number(0...1) < 0.5 ? nil : 0.6
    portfolio.limits.maxVendorShare = random.number(0...1) < 0.5 ? nil : 0.75
    portfolio.limits.yearlyBudgetUSD = random.number(0...1) < 0.5 ? nil : random.number(2e7...2e8)
    portfolio.limits.budgetUSD = random.number(0...1) < 0.7 ? nil : random.number(1e7...1e8)
    portfolio.limits.exposureUSD = random.number(0...1) < 0.5 ? nil : random.number(5e7...5e8)
    return portfolio
  }
}

extension PortfolioCase {
  /// A small case with two discounts on the yearly spend of each provider, at thresholds that it can just reach.
  static func smallWithBrackets(_ seed: Int, months: Int = 6) -> PortfolioCase {
    var portfolio = small(seed, months: months)
    var random = PortfolioSeed(seed + 5000)
    for site in portfolio.sites {
      for (from, discount) in [(random.number(1e6...6e6), 0.05), (random.number(7e6...2e7), 0.12)] {
        var bracket = SpendBracket()
        (bracket.provider, bracket.fromUSD, bracket.discount) = (site.provider, from, discount)
        portfolio.brackets.append(bracket)
      }
    }
    return portfolio
  }
}
