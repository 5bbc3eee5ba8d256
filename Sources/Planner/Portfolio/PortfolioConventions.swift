// What the words of a portfolio mean in numbers: which capacity stands together, what a block costs and when, how the
// years run, what lies beyond the term. The model, the greedy plan and the report read it here; the checker has its own
// loops over the same words, so that a slip here shows there.
//
// Conventions
//   active       blocks of a signature count from its month for its term; active blocks never exceed what is delivered
//                so far, so a block that one contract gives back another may take
//   installs     growth of the active blocks of a product at a site against the month before
//   payments     the upfront share of the whole term's price at the signature, the rest month by month
//   beyond       months after the term of the plan are owed like the others (hours of the same month a year earlier,
//                discounted at the last step's rate) and keep `endValueShare` of the lower of the price that was signed
//                and the last month's price: a long contract is not punished, and signing to resell never pays
//   year         twelve months from the start
//   rebate       a provider's discount of a year, on the whole spend of the year once it reaches the bracket, paid back
//                in the year's last month of the term
//   exposure     what is signed under commitments and still unpaid at the end of a month, months beyond included

extension PortfolioCase {
  /// Capacity that is alike to every class: one supply, firm or interruptible. Pool 2·supply is firm, 2·supply + 1
  /// interruptible.
  public var pools: Int { 2 * supplies.count }

  /// Pool of a price row.
  public func pool(ofPrice price: Int) -> Int {
    2 * prices[price].supply + (contracts[prices[price].contract].isInterruptible ? 1 : 0)
  }

  /// Requests/s of one accelerator of a pool for a class; 0 where the class may not use it.
  public func rate(_ demand: Int, pool: Int) -> Double {
    guard pool % 2 == 0 || demands[demand].isDeferrable else { return 0 }
    return products[supplies[pool / 2].product].requestsPerSecond[demand]
  }

  /// Accelerators of a block of a price row.
  func blockAccelerators(price: Int) -> Double {
    Double(products[supplies[prices[price].supply].product].blockAccelerators)
  }

  /// Months of the term.
  var length: Int { months.count }

  /// Years of the term, the last perhaps short.
  var years: Int { (months.count + monthsPerYear - 1) / monthsPerYear }

  /// Hours of a month, beyond the term those of the same month a year earlier.
  func hours(_ month: Int) -> Double {
    guard month >= length else { return months[month].hours }
    guard length >= monthsPerYear else { return months[length - 1].hours }
    return months[length - monthsPerYear + (month - length) % monthsPerYear].hours
  }

  /// Discount factor of a month, beyond the term at the last step's rate.
  func factor(_ month: Int) -> Double {
    guard month >= length else { return discountFactors[month] }
    guard length > 1 else { return discountFactors[0] }
    let step = discountFactors[length - 1] / discountFactors[length - 2]
    return discountFactors[length - 1] * power(step, Double(month - length + 1))
  }

  /// Last month of a year inside the term.
  func lastMonth(ofYear year: Int) -> Int { min(length, (year + 1) * monthsPerYear) - 1 }

  /// Keys in the order of first use.
  var providers: [String] { sites.map(\.provider).uniqueInOrder }
  /// Regions in the order of first use.
  var regions: [String] { sites.map(\.region).uniqueInOrder }
  /// Makers in the order of first use.
  var vendors: [String] { products.map(\.vendor).uniqueInOrder }

  /// Sets of regions, as indices into `regions`, that may be lost at once; none where all would be gone.
  var failureSets: [[Int]] {
    let count = regions.count
    guard limits.lostRegions > 0, limits.failoverShare > 0, limits.lostRegions < count else { return [] }
    var sets: [[Int]] = [[]]
    for _ in 0..<limits.lostRegions {
      sets = sets.flatMap { set in ((set.last ?? -1) + 1..<count).map { set + [$0] } }
    }
    return sets
  }

  /// Whether a signature of a price row may be put under a month.
  func maySign(price: Int, month: Int) -> Bool {
    let contract = contracts[prices[price].contract]
    return month % max(1, contract.signatureEvery) == 0
      && !(contract.isInterruptible && limits.maxInterruptibleShare <= 0)
  }
}

/// The money of one block that is signed under a price row in a month.
struct BlockMoney {
  /// What is paid in each month of the plan's term, USD.
  let paid: [Double]
  /// What is owed at the end of each month of the plan's term, USD; 0 for what binds nobody.
  let owed: [Double]
  /// Discounted payments, all of them, less the end value, USD.
  let cost: Double

  init(_ portfolio: PortfolioCase, price: Int, month: Int) {
    let row = portfolio.prices[price]
    let contract = portfolio.contracts[row.contract]
    let block = portfolio.blockAccelerators(price: price)
    let rate = row.usdPerHour[month]
    let length = portfolio.length
    let term = month..<month + max(1, contract.termMonths)
    let rents = term.map { portfolio.hours($0) * rate * block }
    let upfront = contract.upfrontShare * rents.reduce(0, +)
    var paid = [Double](repeating: 0, count: length)
    paid[month] += upfront
    var cost = upfront * portfolio.signatureFactors[month]
    let kept = portfolio.endValueShare * min(rate, row.usdPerHour[length - 1]) * block
    for (month, rent) in zip(term, rents) {
      let due = (1 - contract.upfrontShare) * rent
      cost += due * portfolio.factor(month)
      if month < length {
        paid[month] += due
      } else {
        cost -= kept * portfolio.hours(month) * portfolio.factor(month)
      }
    }
    var owed = [Double](repeating: 0, count: length)
    if contract.isCommitment {
      var rest = 0.0
      for index in term.indices.reversed() {
        if index < length { owed[index] = rest }
        rest += (1 - contract.upfrontShare) * rents[index - month]
      }
    }
    self.paid = paid
    self.owed = owed
    self.cost = cost
  }
}
