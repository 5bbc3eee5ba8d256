// The ledger: every payment of a plan as a row with quantity, price and exact amount. Sums of rows are the plan's
// money; nothing is rounded twice.

import Quantities

/// One payment, or one cost that is reported beside the payments.
public struct LedgerRow: Sendable, Hashable {
  /// Index of the month.
  public let month: Int
  /// Index of the holding; nil for what belongs to the plan as a whole.
  public let holding: Int?
  /// Kind of cost.
  public let stream: CostStream
  /// Quantity in `unit`.
  public let quantity: LedgerQuantity
  /// `accelerator-hour`, `accelerator`, `kW-month`, `kWh`, `USD`.
  public let unit: String
  /// Price of a unit without a contract; nil where none is published.
  public let listPrice: UnitPrice?
  /// Price of a unit under the contract, commitments' upfront part included.
  public let effectivePrice: UnitPrice
  /// Price of a unit that is due in this month.
  public let billedPrice: UnitPrice
  /// -1 for money that comes back (a residual value, a discount).
  public let sign: Int
  /// True for what is due at the start of its month: signatures, purchases and what goes with them.
  public let isDueAtStart: Bool

  /// What is paid in this month.
  public var billed: Money { sign < 0 ? -(billedPrice * quantity) : billedPrice * quantity }
  /// What the use of this month costs, upfront payments spread over their term.
  public var effective: Money { sign < 0 ? -(effectivePrice * quantity) : effectivePrice * quantity }
  /// What it would cost at list price; nil without one.
  public var listed: Money? {
    listPrice.map { sign < 0 ? -($0 * quantity) : $0 * quantity }
  }
}

/// Shares of all money that buy something beside accelerators.
public struct OverheadShares: Sendable, Hashable {
  /// CPUs.
  public let cpu: Double
  /// Links between sites.
  public let network: Double
  /// Weights, logs and training data.
  public let storage: Double
  /// Shares from their parts; their sum is below 1.
  public init(cpu: Double, network: Double, storage: Double) {
    self.cpu = cpu
    self.network = network
    self.storage = storage
  }
  /// What is left for accelerators.
  public var accelerators: Double {
    Formulas.acceleratorShare(cpu: cpu, network: network, storage: storage)
  }
}

/// All payments of a plan.
public struct Ledger: Sendable {
  /// The term.
  public let months: [PlanMonth]
  /// What is held; rows refer to it by index.
  public let holdings: [Holding]
  /// Payments by holding, month and stream.
  public let rows: [LedgerRow]

  /// Unit of rent.
  public static let acceleratorHour = "accelerator-hour"

  /// The ledger of holdings.
  ///
  /// - Parameters:
  ///   - shares: CPUs, network and storage follow the accelerators' money of each month.
  ///   - build: the parts of own hardware whose holding states none; nil: its cost is the rate of the holding.
  ///   - side: what is paid beside accelerators, CPUs, network and storage.
  /// - Complexity: O(holdings · months · streams).
  public init(
    _ holdings: [Holding], months: [PlanMonth], shares: OverheadShares, build: OwnBuild? = nil,
    side: SideCosts = SideCosts()
  ) {
    self.months = months
    self.holdings = holdings
    var rows: [LedgerRow] = []
    var beside: [LedgerRow] = []
    for (index, holding) in holdings.enumerated() {
      let paid: [LedgerRow]
      if holding.contract.kind == .own, let build = holding.build ?? build {
        paid = Ledger.own(holding, index, months, build)
      } else {
        paid = Ledger.rented(holding, index, months)
      }
      rows += paid
      beside += side.rows(holding, index, months, paid: paid)
    }
    self.rows = (rows + Ledger.overheads(rows, shares) + beside).filter { $0.quantity.thousandths > 0 }
      .enumerated().sorted {
        ($0.element.month, $0.element.holding ?? .max, $0.element.streamRank, $0.offset)
          < ($1.element.month, $1.element.holding ?? .max, $1.element.streamRank, $1.offset)
      }.map(\.element)
  }

  private static func rented(_ holding: Holding, _ index: Int, _ months: [PlanMonth]) -> [LedgerRow] {
    let upfront = holding.contract.upfrontShare
    let price = UnitPrice(usd: holding.rate.usdPerHour)
    let due = UnitPrice(usd: holding.rate.usdPerHour * (1 - upfront))
    let list = holding.listRate.map { UnitPrice(usd: $0.usdPerHour) }
    var rows: [LedgerRow] = []
    if upfront > 0 {
      // What the hours pay less later is paid now, to the millionth.
      let ahead = UnitPrice(micros: price.micros - due.micros)
      for signature in holding.signatures {
        rows.append(
          LedgerRow(
            month: signature.month, holding: index, stream: .upfront,
            quantity: LedgerQuantity(signature.acceleratorHours), unit: acceleratorHour, listPrice: nil,
            effectivePrice: UnitPrice(micros: 0), billedPrice: ahead, sign: 1, isDueAtStart: true))
      }
    }
    for month in months {
      let accepted = min(holding.accepted[month.index], holding.billed[month.index])
      let idle = holding.billed[month.index] - accepted
      // Under take-or-pay what works is paid, and of what does not the part that was committed to.
      var (rented, unused) = (accepted, 0.0)
      if holding.contract.kind == .takeOrPay, let working = holding.working {
        rented = min(accepted, max(0, working[month.index]))
        unused = max(0, holding.contract.committedShare * accepted - rented)
      }
      for (stream, count) in [
        (CostStream.rent, rented), (.unusedCommitment, unused), (.paidNotUsable, idle),
      ] {
        rows.append(
          LedgerRow(
            month: month.index, holding: index, stream: stream,
            quantity: LedgerQuantity(count * month.hours), unit: acceleratorHour, listPrice: list,
            effectivePrice: price, billedPrice: due, sign: 1, isDueAtStart: false))
      }
    }
    return rows
  }

  private static func own(
    _ holding: Holding, _ index: Int, _ months: [PlanMonth], _ build: OwnBuild
  ) -> [LedgerRow] {
    var rows: [LedgerRow] = []
    var before = 0.0
    func row(
      _ month: Int, _ stream: CostStream, _ quantity: Double, _ unit: String, _ usd: Double, sign: Int = 1
    ) {
      let price = UnitPrice(usd: usd)
      rows.append(
        LedgerRow(
          month: month, holding: index, stream: stream, quantity: LedgerQuantity(quantity), unit: unit,
          listPrice: nil, effectivePrice: price, billedPrice: price, sign: sign,
          isDueAtStart: stream == .capital))
    }
    for month in months {
      let count = holding.delivered[month.index]
      let bought = max(0, count - before)
      before = max(before, count)
      row(month.index, .capital, bought, "accelerator", build.capital)
      // What is younger than its life at the end of the plan keeps its book value, at least the residual.
      let age = months.count - month.index
      let left = max(
        build.residualShare, 1 - (1 - build.residualShare) * Double(age) / Double(build.lifeMonths))
      row(months.count - 1, .residual, bought, "accelerator", build.capital * max(0, left), sign: -1)
      row(
        month.index, .colocation, count * build.kilowattsIT, "kW-month", build.colocationPerKilowattMonth)
      row(month.index, .energy, count * build.kilowattHours(hours: month.hours), "kWh", build.tariff)
      row(month.index, .repair, count, "accelerator-month", build.repairPerMonth)
      row(month.index, .staff, count, "accelerator-month", build.staffPerMonth)
    }
    return rows
  }

  /// CPUs, network and storage: their share of the money over the accelerators' share, month by month.
  private static func overheads(_ rows: [LedgerRow], _ shares: OverheadShares) -> [LedgerRow] {
    let streams: [(CostStream, Double)] = [
      (.cpu, shares.cpu), (.network, shares.network), (.storage, shares.storage),
    ]
    return rows.filter { $0.stream != .residual }.flatMap { row in
      streams.filter { $0.1 > 0 }.map { stream, share in
        let factor = share / shares.accelerators
        return LedgerRow(
          month: row.month, holding: row.holding, stream: stream, quantity: row.quantity, unit: row.unit,
          listPrice: nil, effectivePrice: UnitPrice(usd: row.effectivePrice.usd * factor),
          billedPrice: UnitPrice(usd: row.billedPrice.usd * factor), sign: row.sign,
          isDueAtStart: row.isDueAtStart)
      }
    }
  }

  /// The same with what providers pay back for a year's spend: the discount of the highest bracket that the year's
  /// spend reaches, on all of it, in the year's last month.
  ///
  /// - Complexity: O(rows · brackets).
  public func rebated(_ brackets: [SpendBracket]) -> Ledger {
    guard !brackets.isEmpty else { return self }
    var added: [LedgerRow] = []
    for provider in brackets.map(\.provider).uniqueInOrder {
      guard let holding = holdings.firstIndex(where: { $0.offer.provider == provider }) else { continue }
      for year in 0..<(months.count + monthsPerYear - 1) / monthsPerYear {
        let spent = rows.filter { row in
          row.stream.countsForRebate && row.month / monthsPerYear == year
            && row.holding.map { holdings[$0].offer.provider == provider } == true
        }.reduce(Money.zero) { $0 + $1.billed }.usd
        let reached = brackets.filter { $0.provider == provider && spent >= $0.fromUSD }
        guard let best = reached.max(by: { $0.fromUSD < $1.fromUSD }), best.discount > 0, spent > 0 else {
          continue
        }
        let price = UnitPrice(usd: best.discount)
        added.append(
          LedgerRow(
            month: min(months.count, (year + 1) * monthsPerYear) - 1, holding: holding,
            stream: .spendDiscount,
            quantity: LedgerQuantity(spent), unit: "USD", listPrice: nil, effectivePrice: price,
            billedPrice: price, sign: -1, isDueAtStart: false))
      }
    }
    return Ledger(months: months, holdings: holdings, rows: rows + added)
  }

  private init(months: [PlanMonth], holdings: [Holding], rows: [LedgerRow]) {
    self.months = months
    self.holdings = holdings
    self.rows = rows.enumerated().sorted {
      ($0.element.month, $0.element.holding ?? .max, $0.element.streamRank, $0.offset)
        < ($1.element.month, $1.element.holding ?? .max, $1.element.streamRank, $1.offset)
    }.map(\.element)
  }

  /// Paid in each month, USD.
  public var paidByMonth: [Double] {
    var sums = Array(repeating: Money.zero, count: months.count)
    for row in rows where row.stream.isCash { sums[row.month] += row.billed }
    return sums.map(\.usd)
  }

  /// Paid over the term.
  public var paid: Money { rows.filter { $0.stream.isCash }.reduce(.zero) { $0 + $1.billed } }

  /// Paid over the term in one stream.
  public func paid(_ stream: CostStream) -> Money {
    rows.filter { $0.stream == stream }.reduce(.zero) { $0 + $1.billed }
  }

  /// Net present value: payments of a signature and purchases at the start of their month, the rest at `timing`.
  public func netPresentValue(yearly: Double, timing: PaymentTiming) -> Double {
    rows.filter { $0.stream.isCash }.reduce(0) {
      $0 + $1.billed.usd * factor($1, yearly: yearly, timing: timing)
    }
  }

  /// What a dollar of a row is worth at the start.
  public func factor(_ row: LedgerRow, yearly: Double, timing: PaymentTiming) -> Double {
    if row.stream == .residual { return power(1 + yearly, -Double(months.count) / Double(monthsPerYear)) }
    return row.isDueAtStart
      ? power(1 + yearly, -Double(row.month) / Double(monthsPerYear))
      : discountFactor(month: row.month, yearly: yearly, timing: timing)
  }
}

extension LedgerRow {
  /// Order of the streams in tables.
  var streamRank: Int { CostStream.allCases.firstIndex(of: stream) ?? 0 }
}
