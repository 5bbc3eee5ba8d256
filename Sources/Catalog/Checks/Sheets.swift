// All files of a catalogue read together, and the rules between them. Loading stops at an error;
// `catalog check` collects errors and warnings.

import Tables

/// The sheets of the tables that a plan reads.
struct Sheets {
  let accelerators: Sheet<Accelerator>
  let facts: Sheet<AcceleratorFact>
  let rates: Sheet<AcceleratorRate>
  let instances: Sheet<CloudInstance>
  let prices: Sheet<CloudPrice>
  let priceHistory: Sheet<PriceMove>
  let deals: Sheet<Deal>
  let models: Sheet<ModelArchitecture>
  let power: Sheet<PowerFact>
  let demand: Sheet<DemandFact>
  let fleet: Sheet<FleetFact>
  let measuredPower: Sheet<MeasuredPower>
  let trainingRuns: Sheet<TrainingRun>
  let engineConstants: Sheet<EngineConstant>
  let workloads: Sheet<BenchmarkWorkload>

  /// The embedded files with those of `files` in their place.
  init(replacing files: [String: CatalogFile]) throws(InputError) {
    func read<Row: CatalogRow>(_ type: Row.Type) throws(InputError) -> Sheet<Row> {
      let file = files[Row.fileName]
      return try Sheet(
        file?.bytes ?? Catalog.embeddedBytes(Row.fileName) ?? [], file: file?.name ?? Row.fileName)
    }
    accelerators = try read(Accelerator.self)
    facts = try read(AcceleratorFact.self)
    rates = try read(AcceleratorRate.self)
    instances = try read(CloudInstance.self)
    prices = try read(CloudPrice.self)
    priceHistory = try read(PriceMove.self)
    deals = try read(Deal.self)
    models = try read(ModelArchitecture.self)
    power = try read(PowerFact.self)
    demand = try read(DemandFact.self)
    fleet = try read(FleetFact.self)
    measuredPower = try read(MeasuredPower.self)
    trainingRuns = try read(TrainingRun.self)
    engineConstants = try read(EngineConstant.self)
    workloads = try read(BenchmarkWorkload.self)
  }

  /// Every sheet, for rules that hold in all of them.
  var each: [any AnySheet] {
    [
      accelerators, facts, rates, instances, prices, priceHistory, deals, models, power, demand, fleet,
      measuredPower, trainingRuns, engineConstants, workloads,
    ]
  }

  /// Applies all rules; without `today` nothing is compared with the calendar.
  func findings(today: CalendarDay?) -> Findings {
    var found = Findings()
    for sheet in each { sheet.inspect(&found, today: today) }
    let chips = Set(accelerators.rows.map(\.id))
    let index = FactIndex(facts.rows)
    found.facts(facts, chips: chips, index: index)
    found.accelerators(accelerators, index: index)
    found.rates(rates, chips: chips)
    found.instances(instances, chips: chips)
    found.prices(prices, instances: instances)
    found.moves(priceHistory, chips: chips)
    found.deals(deals)
    found.models(models)
    found.power(power)
    found.workloads(workloads)
    found.trainingRuns(trainingRuns, accelerators: accelerators.rows)
    return found
  }
}

/// A sheet whose row type does not matter.
protocol AnySheet {
  /// Name of the table, e.g. `cloud_prices`.
  var tableName: String { get }
  /// Number of rows.
  var count: Int { get }
  /// Applies the rules of columns, order and age.
  func inspect(_ found: inout Findings, today: CalendarDay?)
}

extension Sheet: AnySheet {
  var tableName: String { Row.tableName }
  var count: Int { rows.count }

  func inspect(_ found: inout Findings, today: CalendarDay?) {
    found.structure(of: self, today: today)
    found.order(of: self)
    if let today { found.age(of: self, today: today) }
  }
}
