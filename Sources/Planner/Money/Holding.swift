// What a plan holds: accelerators of one offer at one site under one contract, month by month, from order to use.

/// A commitment signed in one month.
public struct Signature: Sendable, Hashable {
  /// Index of the month in which it is signed and, with an upfront share, paid.
  public let month: Int
  /// Accelerator-hours of the whole term that fall into the plan.
  public let acceleratorHours: Double
  /// A signature from its parts.
  public init(month: Int, acceleratorHours: Double) {
    self.month = month
    self.acceleratorHours = acceleratorHours
  }
}

/// Accelerators of one offer, site and contract.
public struct Holding: Sendable, Hashable {
  /// What is bought.
  public var offer: Offer
  /// Key of the site; the offer's region where a scenario names no sites.
  public var site: String
  /// Region of the site: what fails together.
  public var region: String
  /// How it is paid.
  public var contract: Contract
  /// What an accelerator-hour costs under the contract.
  public var rate: Rate
  /// What it costs without one; nil where no list price is published.
  public var listRate: Rate?
  /// Commitments.
  public var signatures: [Signature]
  /// Mean accelerators delivered, by month.
  public var delivered: [Double]
  /// Mean accelerators that are billed, by month.
  public var billed: [Double]
  /// Mean accelerators that are accepted, spares among them, by month.
  public var accepted: [Double]
  /// Mean accelerators that serve: accepted without spares, by month.
  public var usable: [Double]
  /// Kilowatts of one accelerator on the plan's basis; nil where no power is published.
  public var kilowattsEach: Double?
  /// The parts of hardware of one's own; nil for what is rented.
  public var build: OwnBuild?
  /// Mean accelerators that have work, of those accepted, by month; nil = all of them.
  public var working: [Double]?

  /// A holding from its parts.
  public init(
    offer: Offer, site: String, region: String, contract: Contract, rate: Rate, listRate: Rate?,
    signatures: [Signature], delivered: [Double], billed: [Double], accepted: [Double], usable: [Double],
    kilowattsEach: Double?, build: OwnBuild? = nil
  ) {
    self.offer = offer
    self.site = site
    self.region = region
    self.contract = contract
    self.rate = rate
    self.listRate = listRate
    self.signatures = signatures
    self.delivered = delivered
    self.billed = billed
    self.accepted = accepted
    self.usable = usable
    self.kilowattsEach = kilowattsEach
    self.build = build
  }

  /// `aws-gb200@us/reserved`.
  public var id: String { "\(offer.id)@\(site.isEmpty ? "any" : site)/\(contract.id)" }

  /// Megawatts by month; nil where no power is published.
  public var megawatts: [Double]? {
    kilowattsEach.map { each in
      delivered.map { Formulas.megawatts(accelerators: $0, kilowattsEach: each) }
    }
  }
}
