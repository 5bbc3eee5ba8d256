// What a buyer of capacity may choose from, as plain values: sites with power, products with supply, contracts with
// prices, classes with demand, and the limits of the whole. The mixed-integer model, the greedy plan and the checker
// each read this and nothing else, so that they can judge one another.

/// Work to be done: one workload class, month by month.
public struct PortfolioDemand: Sendable, Hashable {
  /// Class key.
  public var id = ""
  /// Requests/s at the sizing peak by month (headroom of the pool is in the products' throughput).
  public var need: [Double] = []
  /// USD for one request/s that is missing for the whole month, by month.
  public var shortageUSD: [Double] = []
  /// True where interruptible capacity may serve it.
  public var isDeferrable = false
  /// An empty demand to fill in.
  public init() {}
}

/// A place with power.
public struct PortfolioSite: Sendable, Hashable {
  /// Key.
  public var id = ""
  /// Catalogue key of the provider.
  public var provider = ""
  /// Region; what fails together.
  public var region = ""
  /// Megawatts that can be drawn, by month, on the plan's power basis.
  public var megawatts: [Double] = []
  /// Most blocks that can be installed in a month; nil = no limit.
  public var blocksPerMonth: Double?
  /// An empty site to fill in.
  public init() {}
}

/// An accelerator as it is bought: in blocks.
public struct PortfolioProduct: Sendable, Hashable {
  /// Catalogue key of the accelerator.
  public var accelerator = ""
  /// Accelerators of a block.
  public var blockAccelerators = 1
  /// Kilowatts of one accelerator, all in, on the plan's power basis.
  public var kilowattsEach = 0.0
  /// Requests/s of one accelerator by class (order of `PortfolioCase.demands`), after derating, headroom, spares,
  /// stranded capacity and goodput; 0 where it cannot serve the class.
  public var requestsPerSecond: [Double] = []
  /// Maker; diversity may be asked over makers too.
  public var vendor = ""
  /// An empty product to fill in.
  public init() {}
}

/// Blocks of one product that can be had at one site.
public struct PortfolioSupply: Sendable, Hashable {
  /// Index into `PortfolioCase.sites`.
  public var site = 0
  /// Index into `PortfolioCase.products`.
  public var product = 0
  /// Blocks delivered and accepted at most until each month, cumulative.
  public var blocks: [Double] = []
  /// An empty supply to fill in.
  public init() {}
}

/// A way to pay for a block of a product at a site.
public struct PortfolioContract: Sendable, Hashable {
  /// Key, e.g. `3y-upfront`.
  public var id = ""
  /// Months that a signature binds; blocks are paid and usable that long.
  public var termMonths = 1
  /// Share of the term's price that is paid in the month of signature.
  public var upfrontShare = 0.0
  /// Least blocks of one signature, 0 = none.
  public var minimumBlocks = 0.0
  /// Signatures are allowed every so many months (1 = any, 3 = quarter starts).
  public var signatureEvery = 1
  /// Capacity may be taken away: deferrable classes only.
  public var isInterruptible = false
  /// A signature commits money: it counts as exposure until its term ends.
  public var isCommitment = true
  /// An empty contract to fill in.
  public init() {}
}

/// The price of one product at one site under one contract.
public struct PortfolioPrice: Sendable, Hashable {
  /// Index into `PortfolioCase.supplies`.
  public var supply = 0
  /// Index into `PortfolioCase.contracts`.
  public var contract = 0
  /// USD per accelerator-hour for blocks that start in each month, with energy, staff and the rest of the streams
  /// that follow capacity; it holds for the whole term.
  public var usdPerHour: [Double] = []
  /// An empty price to fill in.
  public init() {}
}

/// A provider's discount on the whole spend of a year above a threshold.
public struct SpendBracket: Sendable, Hashable {
  /// Catalogue key of the provider.
  public var provider = ""
  /// Spend of a year from which it holds, USD.
  public var fromUSD = 0.0
  /// Share that is taken off the spend inside the bracket.
  public var discount = 0.0
  /// An empty bracket to fill in.
  public init() {}
}

/// Limits of the whole portfolio; nil or 0 = none.
public struct PortfolioLimits: Sendable, Hashable {
  /// Most of the capacity (accelerators) with one provider from `sharesFrom` on.
  public var maxProviderShare: Double?
  /// Least providers that hold `minProviderShare` of the need of the first class.
  public var minProviders = 0
  /// What a provider must hold to count.
  public var minProviderShare = 0.0
  /// Most of the capacity with one maker of accelerators.
  public var maxVendorShare: Double?
  /// First month in which shares are judged (a ramp starts somewhere).
  public var sharesFrom = 0
  /// Regions that may be lost at once.
  public var lostRegions = 0
  /// Share of the need that must be served with them gone.
  public var failoverShare = 0.0
  /// Most of the capacity that may be interruptible.
  public var maxInterruptibleShare = 0.0
  /// Most money in a calendar year of the term (years of twelve months from the start), USD.
  public var yearlyBudgetUSD: Double?
  /// Most money over the term, USD: with it the plan buys what the money allows.
  public var budgetUSD: Double?
  /// Most that is signed and not yet paid in any month, USD.
  public var exposureUSD: Double?
  /// No limit.
  public init() {}
}

/// Everything that a portfolio is chosen from.
public struct PortfolioCase: Sendable, Hashable {
  /// The term, month by month.
  public var months: [PlanMonth] = []
  /// What a dollar of each month is worth at the start.
  public var discountFactors: [Double] = []
  /// What a dollar paid at a signature in each month is worth at the start.
  public var signatureFactors: [Double] = []
  /// Share of its value (blocks · hours · price, at the last month's price path) that capacity signed beyond the
  /// term keeps: 1 values the remaining months like the rest.
  public var endValueShare = 1.0
  /// Classes.
  public var demands: [PortfolioDemand] = []
  /// Sites.
  public var sites: [PortfolioSite] = []
  /// Products.
  public var products: [PortfolioProduct] = []
  /// What can be had where.
  public var supplies: [PortfolioSupply] = []
  /// Ways to pay.
  public var contracts: [PortfolioContract] = []
  /// Prices; a pair without one is not on offer.
  public var prices: [PortfolioPrice] = []
  /// Discounts by yearly spend.
  public var brackets: [SpendBracket] = []
  /// Limits of the whole.
  public var limits = PortfolioLimits()
  /// An empty case to fill in.
  public init() {}
}

/// A plan for a case: blocks signed by price row and start month.
public struct PortfolioPlan: Sendable, Hashable {
  /// `signed[price][month]`, blocks whose term starts in the month.
  public var signed: [[Double]]
  /// Served work by class and month, requests/s.
  public var served: [[Double]]
  /// Missing work by class and month, requests/s.
  public var shortage: [[Double]]
  /// `given[class][pool][month]`: accelerators that work for the class, spare ones included; pools as
  /// `PortfolioCase.pools` counts them.
  public var given: [[[Double]]]
  /// Discounted cost without the penalty of shortage, USD: rent and upfront, less rebates, less the end value.
  public var cost: Double
  /// Discounted penalty of shortage, USD.
  public var penalty: Double
  /// How it was found: `mip`, `greedy`.
  public var method: String
  /// Proven lower bound of cost + penalty, USD; nil where none is known.
  public var bound: Double?
  /// A plan from its parts.
  public init(
    signed: [[Double]], served: [[Double]], shortage: [[Double]], given: [[[Double]]], cost: Double,
    penalty: Double, method: String, bound: Double?
  ) {
    self.signed = signed
    self.served = served
    self.shortage = shortage
    self.given = given
    self.cost = cost
    self.penalty = penalty
    self.method = method
    self.bound = bound
  }
}
