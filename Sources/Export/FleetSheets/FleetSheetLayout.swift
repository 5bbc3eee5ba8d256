// A fleet over time laid out for a workbook before its cells are filled: one line a holding (a price row at one price),
// its blocks by month, and which lines share a site, a supply or a provider.

import Planner
import Quantities

/// One line of the fleet's sheets.
struct FleetLine {
  let holding: Holding
  /// Index of the price row in the case.
  let price: Int
  /// Blocks signed in each month; nil in the months that have another price.
  let blocks: [Double?]
  /// Months that are paid before the first one of use.
  let ahead: Int
  /// False for hardware of one's own, whose parts the ledger books, and for take-or-pay, where it asks what works: no
  /// price an hour pays for all of it.
  let isRented: Bool

  /// `aws-us-east GB200 reserved-3y 2027`: a price that moves has a line for each year of it.
  let name: String
}

/// Lines, groups of lines, and where their months stand.
struct FleetSheetLayout {
  let plan: PlanLayout
  let fleet: FleetPlan
  let portfolio: PortfolioCase
  let lines: [FleetLine]
  /// Months of the term.
  let count: Int

  /// Title of the sheet of blocks.
  static let allocation = "Allocation"
  static let months = "FleetMonths"
  static let work = "FleetWork"
  /// First month's column on each of the fleet's sheets: that of Cost.
  static let firstMonth = PlanLayout.firstMonth

  /// nil without a plan over time, for one that holds nothing, and for one whose split of the money takes the sheet.
  init?(_ layout: PlanLayout) {
    guard let fleet = layout.plan.fleet, let signed = fleet.plan?.signed, !fleet.holdings.isEmpty,
      layout.plan.allocation.isEmpty
    else { return nil }
    plan = layout
    self.fleet = fleet
    portfolio = fleet.fleetCase.portfolio
    count = portfolio.months.count
    let acceptance = Int((layout.plan.scenario.number("acceptance_months") ?? 0).rounded(.up))
    let parts: Set<CostStream> = [.capital, .residual, .colocation, .energy, .repair, .staff]
    let built = Set(fleet.ledger.rows.filter { parts.contains($0.stream) }.compactMap(\.holding))
    var lines: [FleetLine] = []
    for holding in fleet.holdings {
      let index = fleet.fleetCase.prices.firstIndex {
        $0.offer.id == holding.offer.id && $0.site.id == holding.site && $0.contract.id == holding.contract.id
      }
      guard let index else { return nil }
      let hourly = fleet.fleetCase.prices[index].usdPerHour
      let blocks = portfolio.months.map { month -> Double? in
        hourly[month.index] == holding.rate.usdPerHour ? signed[index][month.index] : nil
      }
      let first = blocks.firstIndex { $0 != nil } ?? 0
      let year = portfolio.months[first].label.prefix(4)
      lines.append(
        FleetLine(
          holding: holding, price: index, blocks: blocks,
          ahead: holding.contract.billingStart == .delivery ? acceptance : 0,
          isRented: !built.contains(lines.count) && holding.contract.kind != .takeOrPay,
          name: "\(holding.site) \(holding.offer.accelerator) \(holding.contract.id) \(year)"))
    }
    self.lines = lines
  }

  /// Columns of all months.
  var columns: ClosedRange<Int> { Self.firstMonth...(Self.firstMonth + count - 1) }
  func column(_ month: Int) -> Int { Self.firstMonth + month }

  // MARK: Groups, in the order of first use

  private func group(_ key: (FleetLine) -> String) -> [(name: String, lines: [Int])] {
    var found: [(name: String, lines: [Int])] = []
    for (index, line) in lines.enumerated() {
      if let at = found.firstIndex(where: { $0.name == key(line) }) {
        found[at].lines.append(index)
      } else {
        found.append((key(line), [index]))
      }
    }
    return found
  }

  /// Sites that hold anything.
  var sites: [(name: String, lines: [Int])] { group(\.holding.site) }
  /// Offers at sites that hold anything.
  var supplies: [(name: String, lines: [Int])] {
    group { "\($0.holding.site) \($0.holding.offer.accelerator)" }
  }
  /// What is alike to every class: an offer at a site, interruptible or not.
  var pools: [(name: String, lines: [Int])] {
    group {
      "\($0.holding.site) \($0.holding.offer.accelerator)\($0.holding.contract.isInterruptible ? " spot" : "")"
    }
  }
  /// Providers by key.
  var providers: [(name: String, lines: [Int])] { group(\.holding.offer.provider) }

  /// Pool of the case of a group of lines.
  func pool(_ lines: [Int]) -> Int { portfolio.pool(ofPrice: self.lines[lines[0]].price) }
  /// Supply of the case of a group of lines.
  func supply(_ lines: [Int]) -> PortfolioSupply {
    portfolio.supplies[portfolio.prices[self.lines[lines[0]].price].supply]
  }
}

/// Rows of one figure, a line each, months across.
struct FleetBlock {
  let sheet: String
  /// Row of its first line.
  let first: Int
  let lines: Int

  func address(_ line: Int, _ column: Int) -> CellAddress {
    CellAddress(sheet, row: first + line, column: column)
  }
  func cell(_ line: Int, _ column: Int) -> Formula { .cell(address(line, column)) }
  /// All lines of one column.
  func column(_ column: Int) -> CellRange { CellRange(address(0, column), address(lines - 1, column)) }
  /// Some columns of one line.
  func row(_ line: Int, _ columns: ClosedRange<Int>) -> CellRange {
    CellRange(address(line, columns.lowerBound), address(line, columns.upperBound))
  }
  /// All lines of some columns.
  func all(_ columns: ClosedRange<Int>) -> CellRange {
    CellRange(address(0, columns.lowerBound), address(lines - 1, columns.upperBound))
  }

  /// Neighbouring lines of a group in one column, run by run.
  func runs(_ group: [Int], _ column: Int) -> [CellRange] {
    var runs: [ClosedRange<Int>] = []
    for line in group {
      if let last = runs.last, last.upperBound + 1 == line {
        runs[runs.count - 1] = last.lowerBound...line
      } else {
        runs.append(line...line)
      }
    }
    return runs.map { CellRange(address($0.lowerBound, column), address($0.upperBound, column)) }
  }

  /// The sum of a group's lines in a column.
  func sum(_ group: [Int], _ column: Int) -> Formula {
    .call(.sum, runs(group, column).map { .range($0) })
  }
}
