// The headline of a plan as one value, whether it is an offer that takes all the money or a portfolio of
// several.

import Planner
import Quantities
import Tables

/// What the plan answers; there is none where its limits cannot be met or nothing has a price.
struct PlanHeadline {
  /// Id in the plan's tables.
  let id: String
  /// What is bought: one option, or the rows of a portfolio.
  let options: [PlanOption]
  /// Accelerators of all options.
  let accelerators: Double
  /// Megawatts of the options whose power is known; nil where none is.
  let megawatts: Double?
  /// Offers without a published power.
  let withoutPower: [String]
  /// Frontier training runs at once; nil without a published peak.
  let trainingRuns: Double?
  /// USD, discounted.
  let netPresentValue: Double
  /// One row a stand-in model that it can serve.
  let served: [ServedModel]
  /// The months.
  let months: [ScheduleRow]

  init?(_ plan: Plan) {
    guard let id = plan.headline else { return nil }
    self.id = id
    if let portfolio = plan.portfolio {
      options = portfolio.options
      accelerators = portfolio.accelerators
      megawatts = portfolio.megawatts
      withoutPower = portfolio.withoutPower
      trainingRuns = portfolio.trainingRuns
      netPresentValue = portfolio.netPresentValue
    } else {
      guard let option = plan.option(id) else { return nil }
      options = [option]
      accelerators = option.accelerators
      megawatts = option.megawatts
      withoutPower = option.megawatts == nil ? [option.offer.title] : []
      trainingRuns = option.trainingRuns
      netPresentValue = option.netPresentValue
    }
    served = plan.served(by: id)
    months = plan.schedule.filter { $0.option == id }
  }

  /// True for several offers together.
  var isPortfolio: Bool { id == Portfolio.id }

  /// Everything that is paid over the term, USD.
  var spend: Double { months.reduce(0) { $0 + $1.spend } }

  /// `160,416 GB200 at AWS`, `193,192 accelerators of 4 offers`.
  var fleet: String {
    let count = PlanWords.count(accelerators)
    guard isPortfolio else {
      return options.first.map { "\(count) \($0.offer.accelerator) at \($0.offer.providerTitle)" } ?? count
    }
    return "\(count) accelerators of \(counted(options.count, "offer"))"
  }

  /// Share of the cost by provider, in buying order.
  var providers: [(name: String, share: Double)] {
    let cost = options.reduce(0) { $0 + $1.cost }
    guard cost > 0 else { return [] }
    return grouped(options, by: \.offer.providerTitle).map { name, members in
      (name, members.reduce(0) { $0 + $1.cost } / cost)
    }
  }

  /// Twelve months at a time, the last block perhaps shorter.
  var years: [ArraySlice<ScheduleRow>] {
    stride(from: 0, to: months.count, by: 12).map { months[$0..<min($0 + 12, months.count)] }
  }
}
