// A plan as a workbook whose every result is a live formula over named input cells. The sheets are laid out
// first (`PlanLayout`: which option stands in which row), then each sheet is filled by its own small builder.
// The same row is the same option on Prices, Capacity and Cost; the same column is the same month.

public import Planner
import Quantities

/// Makes workbooks of plans.
public enum PlanWorkbook {
  /// The workbook of a plan.
  /// - Complexity: O(options · months).
  /// - Parameter companions: values of other runs; their sheets are left out where there are none.
  public static func make(_ plan: Plan, with companions: PlanCompanions = PlanCompanions()) -> Workbook {
    let layout = PlanLayout(plan)
    var book = Workbook(title: "\(plan.scenario.name): plan")
    let prices = PricesSheet(layout)
    let assumptions = AssumptionsSheet(layout)
    let offers = OffersSheet(layout)
    let performance = PerformanceSheet(layout)
    let capacity = CapacitySheet(layout)
    let cost = CostSheet(layout)
    let checks = ChecksSheet(layout)
    let fleet = FleetSheetLayout(layout).map { ($0, FleetPlaces($0)) }
    let fleetMonths = fleet.map { FleetMonthsSheet($0, $1) }
    book.sheets =
      [
        ReadMeSheet.sheet(layout), SummarySheet(layout).sheet, assumptions.sheet, offers.sheet, prices.sheet,
        performance.sheet,
        DemandSheet.sheet(layout),
      ] + [SupplySheet(layout)?.sheet].compactMap { $0 } + [capacity.sheet, cost.sheet]
      + (fleet.map {
        [FleetAllocationSheet($0, $1).sheet, fleetMonths?.sheet, FleetWorkSheet.sheet($0, $1)].compactMap {
          $0
        }
      } ?? [])
      + [
        AllocationSheet.sheet(layout), ScenariosSheet.sheet(companions), UncertaintySheet.sheet(companions),
        CompareSheet.sheet(companions),
        HostSheet.sheet(layout),
      ].compactMap { $0 }
      + [
        TableSheet.sheet(
          "Deals", plan.dealsTable,
          note: "Announced deals against this plan's arithmetic; values of the program, not live."),
        TableSheet.sheet(
          "Focus", PlanTables(plan).focusForecast.keeping(PlanTables.focusColumns),
          note:
            "Every payment of the headline, main columns of FOCUS \(PlanTables.focusVersion) (focus_forecast.csv "
            + "has all); values of the program, not live."),
        checks.sheet, GapsSheet.sheet(layout), SourcesSheet.sheet(layout), HeadroomSheet.sheet(layout),
      ]
    for (name, address) in assumptions.names + offers.names + prices.names + performance.names
      + capacity.names + cost.names
      + checks.names + (fleetMonths?.names ?? [])
    {
      book.define(name, as: address)
    }
    return book
  }
}

/// Where things stand, so that sheets can refer to each other before they are filled.
struct PlanLayout {
  let plan: Plan
  let offers: [Offer]
  /// Capacities of distinct offer and stand-in, in plan order: the rows of Performance.
  let performances: [PlanCapacity]
  private let optionRows: [String: Int]
  private let offerRows: [String: Int]
  private let performanceRows: [String: Int]

  /// First option's row on Prices, Capacity and Cost.
  static let firstOption = 9
  /// First month's column on Cost.
  static let firstMonth = 5

  init(_ plan: Plan) {
    self.plan = plan
    var offers: [Offer] = []
    var offerRows: [String: Int] = [:]
    var optionRows: [String: Int] = [:]
    for (index, option) in plan.options.enumerated() {
      optionRows[option.id] = PlanLayout.firstOption + index
      if offerRows[option.offer.id] == nil {
        offerRows[option.offer.id] = offers.count
        offers.append(option.offer)
      }
    }
    var performances: [PlanCapacity] = []
    var performanceRows: [String: Int] = [:]
    for capacity in plan.capacities {
      let key = PlanLayout.performanceKey(capacity)
      guard performanceRows[key] == nil else { continue }
      performanceRows[key] = performances.count
      performances.append(capacity)
    }
    self.offers = offers
    self.optionRows = optionRows
    self.offerRows = offerRows
    self.performances = performances
    self.performanceRows = performanceRows
  }

  private static func performanceKey(_ capacity: PlanCapacity) -> String {
    let offer = capacity.option.split(separator: "/").first.map(String.init) ?? capacity.option
    return offer + "/" + capacity.standIn.model
  }

  /// Rows of the options, nil for none.
  var optionRange: ClosedRange<Int>? {
    plan.options.isEmpty ? nil : PlanLayout.firstOption...(PlanLayout.firstOption + plan.options.count - 1)
  }

  /// Row of an option.
  func row(ofOption id: String) -> Int? { optionRows[id] }
  /// First row of the serving block on Capacity and of the unit costs on Cost.
  var firstServing: Int { PlanLayout.firstOption + plan.options.count + 5 }
  /// Row of the n-th capacity.
  func servingRow(_ index: Int) -> Int { firstServing + index }

  /// A cell of Offers.
  func offer(_ id: String, _ column: OfferColumn) -> Formula? {
    offerRows[id].map { .cell(CellAddress("Offers", row: OffersSheet.first + $0, column: column.rawValue)) }
  }

  /// A cell of Performance.
  func performance(_ capacity: PlanCapacity, _ column: PerformanceColumn) -> Formula? {
    performanceRows[PlanLayout.performanceKey(capacity)].map {
      .cell(CellAddress("Performance", row: PerformanceSheet.first + $0, column: column.rawValue))
    }
  }

  /// A cell of an option on one of the sheets that share rows.
  func option(_ id: String, _ sheet: String, _ column: Int) -> Formula? {
    optionRows[id].map { .cell(CellAddress(sheet, row: $0, column: column)) }
  }

  /// A cell of the serving block.
  func serving(_ index: Int, _ column: ServingColumn) -> Formula {
    .cell(CellAddress("Capacity", row: servingRow(index), column: column.rawValue))
  }

  /// The named cell of an input, nil where the scenario leaves it unset.
  func input(_ key: String) -> Formula? {
    plan.scenario.number(key).map { _ in .name(Workbook.nameText(key)) }
  }

  /// The named cell of an input; a blank where it is unset.
  func needed(_ key: String) -> Formula { input(key) ?? .number(0) }
}

/// Columns of Offers.
enum OfferColumn: Int, CaseIterable {
  case offer, provider, accelerator, unit, domain, node, rack, kilowatts, spareShare, peak, supplyCap, source
}

/// Columns of Prices.
enum PriceColumn: Int, CaseIterable {
  case option, role, provider, accelerator, basis, date, usd, asOf, trust, source, note
}

/// Columns of Performance.
enum PerformanceColumn: Int, CaseIterable {
  case offer, accelerator, model, kind, deployment, replica, prefill, prefillLow, prefillHigh, decode,
    decodeLow
  case decodeHigh, trust, decodeBound, sources
}

/// Columns of the options' block on Capacity.
enum CapacityColumn: Int, CaseIterable {
  case option, accelerator, basis, usd, money, raw, accelerators, cost, unspent, racks, megawatts, usable,
    perRun
  case runs
}

/// Columns of the serving block on Capacity.
enum ServingColumn: Int, CaseIterable {
  case option, model, usable, replica, stranded, servers, utilisation, derating, seconds, requests, prefill
  case decode, users, usersLow, usersHigh, usersTransferred
}

/// Columns of the left part of Cost and of its unit costs.
enum CostColumn: Int, CaseIterable {
  case option, second, total, presentValue, check
}
