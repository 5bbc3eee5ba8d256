// How a block of capacity is paid: kind, term, what is due when, and who bears what stands idle.

/// The kinds of contract that the planner knows.
public enum ContractKind: String, Sendable, Hashable, CaseIterable {
  /// By the hour, given back at will.
  case onDemand = "on_demand"
  /// A fixed number for a fixed term at a fixed price.
  case reserved
  /// A commitment to pay for a share of the capacity whether it is used or not; beyond it what works is paid. The
  /// search for a plan takes all of it as paid.
  case takeOrPay = "take_or_pay"
  /// Bought for a fixed window, paid before it begins.
  case capacityBlock = "capacity_block"
  /// A committed spend per hour at a lower price.
  case savingsPlan = "savings_plan"
  /// Taken away at short notice: deferrable work only.
  case spot
  /// Hardware of one's own.
  case own
}

/// When paying begins.
public enum BillingStart: String, Sendable, Hashable, CaseIterable {
  /// With the delivery: the clock runs while nothing is usable.
  case delivery
  /// When the capacity is accepted.
  case acceptance
}

/// The terms of one contract.
public struct Contract: Sendable, Hashable {
  /// Key.
  public var id = ""
  /// Its kind.
  public var kind = ContractKind.reserved
  /// Months that a signature binds.
  public var termMonths = 1
  /// Share of the term's price that is due at the signature; the rest is spread over the term.
  public var upfrontShare = 0.0
  /// Share of the capacity that is paid even where it is not used (1 for a reservation).
  public var committedShare = 1.0
  /// When paying begins.
  public var billingStart = BillingStart.acceptance
  /// Price over the price of the basis that it is read from.
  public var priceFactor = 1.0
  /// Whose price it is read from.
  public var basis = PriceBasis.contracted
  /// Least accelerators of one signature; 0 = none.
  public var minimumAccelerators = 0.0
  /// Signatures are possible every so many months.
  public var signatureEvery = 1
  /// The provider holds the spares; else the buyer's usable capacity is less by them.
  public var includesSpares = false
  /// Where the terms come from.
  public var source = ""
  /// File and line of the row.
  public var place = ""
  /// Terms to fill in.
  public init() {}

  /// True where a signature binds money beyond the month.
  public var isCommitment: Bool { kind != .onDemand && kind != .spot }
  /// True for what may be taken away at any time.
  public var isInterruptible: Bool { kind == .spot }

  /// What every price basis means where a scenario states no contracts of its own.
  public static func standard(_ basis: PriceBasis, listBasis: String, termMonths: Int, upfrontShare: Double)
    -> Contract
  {
    var contract = Contract()
    contract.basis = basis
    switch basis {
    case .list:
      contract.kind = listBasis == "capacity_block" ? .capacityBlock : .onDemand
      contract.committedShare = 0
    case .contracted:
      contract.kind = .reserved
      contract.termMonths = termMonths
      contract.upfrontShare = upfrontShare
    case .own:
      contract.kind = .own
      contract.termMonths = termMonths
    }
    contract.id = contract.kind.rawValue
    contract.source = "assumed: the whole term on this price basis"
    return contract
  }
}
