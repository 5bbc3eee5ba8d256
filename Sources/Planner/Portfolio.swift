// A portfolio as a plan of its own: what the bought rows do together. Sums run over the rows; a model that a bought
// accelerator cannot hold is served by the others, and the row that is left out is named.

public import Quantities
import Tables

/// What a fleet serves if it serves one model only; the fleet may be one offer or several.
public struct ServedModel: Sendable, Hashable {
  /// The model.
  public let standIn: StandIn
  /// Highest share of the time that replicas may be busy; of several offers the mean by requests.
  public let utilisation: Double
  /// Requests/s at peak.
  public let peakRequests: Figure
  /// Fresh prompt tokens/s at peak.
  public let prefillTokensPerSecond: Figure
  /// Generated tokens/s at peak.
  public let decodeTokensPerSecond: Figure
  /// Users a day.
  public let users: Figure
  /// USD per million tokens of all kinds.
  public let usdPerMtokTotal: Figure
  /// USD per million fresh prompt tokens.
  public let usdPerMtokFreshInput: Figure
  /// USD per million generated tokens.
  public let usdPerMtokOutput: Figure
  /// Generated tokens/s by the transferred estimate; nil without it.
  public let transferredDecode: Figure?
  /// Number format and deployment of each accelerator.
  public let deployments: [String]
  /// Accelerators that were bought and cannot serve it.
  public let without: [String]
}

/// Several offers bought together.
public struct Portfolio: Sendable, Hashable {
  /// Id in tables, where an option's id stands.
  public static let id = "portfolio"
  /// Bought rows as options with the number that was bought.
  public let options: [PlanOption]
  /// One a stand-in that at least one row can serve.
  public let served: [ServedModel]
  /// Accelerators of all rows.
  public let accelerators: Double
  /// Without spares.
  public let usable: Double
  /// Cost of all rows, USD.
  public let cost: Double
  /// Accelerator money, USD.
  public let money: Double
  /// Megawatts of the rows whose power is known; nil where none is.
  public let megawatts: Double?
  /// Accelerators without a published power.
  public let withoutPower: [String]
  /// Training runs at once, each inside one row; nil where no peak is known.
  public let trainingRuns: Double?
  /// Net present value with CPUs, network and storage.
  public let netPresentValue: Double
}

/// Buys and adds up a portfolio at one price basis and date.
struct PortfolioBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  let basis: PriceBasis
  let date: PriceDate

  /// Rows in buying order; empty where the scenario asks for no portfolio or has no budget.
  func allocation() throws -> [AllocationRow] {
    guard numbers.scenario.text("allocate") == "portfolio", let money = try numbers.acceleratorMoney else {
      return []
    }
    let builder = try OptionBuilder(numbers, evidence)
    let capacities = try CapacityBuilder(numbers, evidence)
    let model = numbers.scenario.standIns.first
    var candidates: [Allocator.Candidate] = []
    for offer in numbers.scenario.offers {
      // A buyer takes the contracted price where one is known, else the list price; never the owner's cost.
      for basis in [basis, .contracted, .list] {
        guard case .success(let rate) = builder.rate(offer, basis, date) else { continue }
        let option = try builder.option(offer, basis, date, rate)
        let work = try model.map { try capacities.capacity(option, $0) }
        candidates.append(
          Allocator.Candidate(option: option, usdPerMtok: (try? work?.get())?.usdPerMtokTotal.value))
        break
      }
    }
    return try Allocator(numbers: numbers, paidHours: builder.paidHours, money: money).allocate(candidates)
  }

  /// The rows together; nil where nothing is bought.
  func portfolio(_ rows: [AllocationRow], standIns: [StandIn]) throws -> Portfolio? {
    guard let money = try numbers.acceleratorMoney else { return nil }
    let builder = try OptionBuilder(numbers, evidence)
    let options = try rows.filter { $0.accelerators > 0 }.map { row in
      try builder.option(
        row.offer, row.basis, date, row.rate, money: row.cost, raw: row.accelerators,
        accelerators: row.accelerators)
    }
    guard !options.isEmpty else { return nil }
    func sum(_ value: (PlanOption) -> Double) -> Double { options.reduce(0) { $0 + value($1) } }
    let known = options.compactMap(\.megawatts)
    let runs = options.compactMap(\.trainingRuns)
    return Portfolio(
      options: options, served: try standIns.compactMap { try served($0, options) },
      accelerators: sum(\.accelerators), usable: sum(\.usable), cost: sum(\.cost), money: money,
      megawatts: known.isEmpty ? nil : known.reduce(0, +),
      withoutPower: options.filter { $0.megawatts == nil }.map(\.offer.title),
      trainingRuns: runs.isEmpty ? nil : runs.reduce(0, +), netPresentValue: sum(\.netPresentValue))
  }

  private func served(_ standIn: StandIn, _ options: [PlanOption]) throws -> ServedModel? {
    let builder = try CapacityBuilder(numbers, evidence)
    var rows: [PlanCapacity] = []
    var without: [String] = []
    for option in options {
      switch try builder.capacity(option, standIn) {
      case .success(let row): rows.append(row)
      case .failure: without.append(option.offer.title)
      }
    }
    guard !rows.isEmpty else { return nil }
    let requests = rows.map(\.peakRequests.value)
    /// Money per token is money over tokens, and tokens go with requests.
    func mean(_ figure: (PlanCapacity) -> Figure) -> Figure {
      let all = requests.reduce(0, +)
      let value = zip(rows, requests).reduce(0) { $0 + figure($1.0).value * $1.1 } / all
      return Figure(value, "USD/Mtok", trust: rows.map { figure($0).trust }.max() ?? .assumed)
    }
    let transferred = rows.compactMap(\.transferredDecodeTokensPerSecond)
    return ServedModel(
      standIn: standIn,
      utilisation: zip(rows, requests).reduce(0) { $0 + $1.0.utilisation * $1.1 } / requests.reduce(0, +),
      peakRequests: sum(rows.map(\.peakRequests)),
      prefillTokensPerSecond: sum(rows.map(\.prefillTokensPerSecond)),
      decodeTokensPerSecond: sum(rows.map(\.decodeTokensPerSecond)), users: sum(rows.map(\.users)),
      usdPerMtokTotal: mean(\.usdPerMtokTotal), usdPerMtokFreshInput: mean(\.usdPerMtokFreshInput),
      usdPerMtokOutput: mean(\.usdPerMtokOutput),
      transferredDecode: transferred.count == rows.count ? sum(transferred) : nil,
      deployments: zip(options.filter { !without.contains($0.offer.title) }, rows).map {
        "\($0.offer.accelerator) \($1.throughput.deployment)"
      }.uniqueInOrder, without: without.uniqueInOrder)
  }

  /// Low ends together and high ends together: the rows' errors have one cause.
  private func sum(_ figures: [Figure]) -> Figure {
    let intervals = figures.compactMap(\.interval)
    return Figure(
      figures.reduce(0) { $0 + $1.value }, figures.first?.unit ?? "",
      interval: intervals.count == figures.count
        ? Interval(intervals.reduce(0) { $0 + $1.low }, intervals.reduce(0) { $0 + $1.high }) : nil,
      trust: figures.map(\.trust).max() ?? .assumed, sources: figures.flatMap(\.sources).uniqueInOrder)
  }
}

extension ServedModel {
  /// One offer's capacity.
  init(_ row: PlanCapacity) {
    self.init(
      standIn: row.standIn, utilisation: row.utilisation, peakRequests: row.peakRequests,
      prefillTokensPerSecond: row.prefillTokensPerSecond, decodeTokensPerSecond: row.decodeTokensPerSecond,
      users: row.users, usdPerMtokTotal: row.usdPerMtokTotal,
      usdPerMtokFreshInput: row.usdPerMtokFreshInput, usdPerMtokOutput: row.usdPerMtokOutput,
      transferredDecode: row.transferredDecodeTokensPerSecond, deployments: [row.throughput.deployment],
      without: [])
  }
}

extension Plan {
  /// What an option, or the portfolio, serves.
  public func served(by id: String) -> [ServedModel] {
    if id == Portfolio.id { return portfolio?.served ?? [] }
    return capacities.filter { $0.option == id }.map { ServedModel($0) }
  }

  /// Id of the headline: the portfolio where there is one, else the leading option; nil for an infeasible plan.
  public var headline: String? { portfolio == nil ? leading : Portfolio.id }
}

extension Array where Element: Hashable {
  /// Each element once, in the order of first use.
  var uniqueInOrder: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
