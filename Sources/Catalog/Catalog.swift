// The catalogues as values: published facts about chips, clouds, prices, models, power and demand.
// Nothing here is computed from anything but a row; every row names its source and date.

import Quantities
public import Tables

/// All catalogue tables but the two large ones of published measurements.
public struct Catalog: Sendable {
  /// Chips and CPU classes.
  public internal(set) var accelerators: [Accelerator] = []
  /// Single published numbers about chips.
  public internal(set) var facts: [AcceleratorFact] = []
  /// Own cost and long-term rental per accelerator-hour, by date.
  public internal(set) var rates: [AcceleratorRate] = []
  /// Instance types.
  public internal(set) var instances: [CloudInstance] = []
  /// Prices in force or last seen.
  public internal(set) var prices: [CloudPrice] = []
  /// Dated price moves.
  public internal(set) var priceHistory: [PriceMove] = []
  /// Announced deals.
  public internal(set) var deals: [Deal] = []
  /// Architectures of open models.
  public internal(set) var models: [ModelArchitecture] = []
  /// Power, PUE, carbon, electricity prices.
  public internal(set) var power: [PowerFact] = []
  /// Demand of known services.
  public internal(set) var demand: [DemandFact] = []
  /// Failures and utilisation of large fleets.
  public internal(set) var fleet: [FleetFact] = []
  /// Published wall-power measurements.
  public internal(set) var measuredPower: [MeasuredPower] = []
  /// Published training runs.
  public internal(set) var trainingRuns: [TrainingRun] = []
  /// Constants of the serving-engine model.
  public internal(set) var engineConstants: [EngineConstant] = []
  /// Request lengths and limits of named benchmarks.
  public internal(set) var workloads: [BenchmarkWorkload] = []

  /// The catalogue that the binary carries.
  ///
  /// - Throws: `InputError` with file, line and column where a row breaks a rule.
  /// - Complexity: O(bytes), about 0.6 MB.
  public static func embedded() throws(InputError) -> Catalog {
    try Catalog(replacing: [:])
  }

  /// Published kernel measurements, of a folder's `measured_kernels.csv` if it has one.
  public static func measuredKernels(directory: String? = nil) throws(InputError) -> [MeasuredKernel] {
    try measurements(directory)
  }

  /// Published serving measurements, of a folder's `measured_serving.csv` if it has one.
  ///
  /// - Complexity: O(bytes), about 5 MB.
  public static func servingPoints(directory: String? = nil) throws(InputError) -> [ServingPoint] {
    try measurements(directory)
  }

  private static func measurements<Row: CatalogRow>(_ directory: String?) throws(InputError) -> [Row] {
    var file: CatalogFile?
    if let directory { file = try catalogFiles(in: directory).first { $0.0 == Row.fileName }?.1 }
    let sheet = try Sheet<Row>(
      file?.bytes ?? embeddedBytes(Row.fileName) ?? [], file: file?.name ?? Row.fileName)
    var found = Findings()
    found.structure(of: sheet, today: nil)
    try found.throwFirstError()
    return sheet.rows
  }

  /// The embedded tables with those of `files` in their place.
  init(replacing files: [String: CatalogFile]) throws(InputError) {
    let sheets = try Sheets(replacing: files)
    try sheets.findings(today: nil).throwFirstError()
    accelerators = sheets.accelerators.rows
    facts = sheets.facts.rows
    rates = sheets.rates.rows
    instances = sheets.instances.rows
    prices = sheets.prices.rows
    priceHistory = sheets.priceHistory.rows
    deals = sheets.deals.rows
    models = sheets.models.rows
    power = sheets.power.rows
    demand = sheets.demand.rows
    fleet = sheets.fleet.rows
    measuredPower = sheets.measuredPower.rows
    trainingRuns = sheets.trainingRuns.rows
    engineConstants = sheets.engineConstants.rows
    workloads = sheets.workloads.rows
  }
}

// What result rows of this program say of their own chips.
extension Catalog {
  /// The catalogue with constants of measured chips, in the place of those that earlier rows of the same chips gave.
  public func adding(measured constants: [EngineConstant]) -> Catalog {
    var copy = self
    let scopes = Set(constants.map(\.engineOrChip))
    copy.engineConstants.removeAll { $0.how == EngineConstant.measured && scopes.contains($0.engineOrChip) }
    copy.engineConstants += constants
    return copy
  }

  /// The catalogue without such constants: what a fit on published rows, and its score, are made with.
  public var withoutMeasured: Catalog {
    var copy = self
    copy.engineConstants.removeAll { $0.how == EngineConstant.measured }
    return copy
  }
}

// Lookups by name.
extension Catalog {
  /// The chip with this id (exact first, then ignoring case), or nil.
  public func accelerator(_ id: String) -> Accelerator? {
    accelerators.first { $0.id == id } ?? accelerators.first { $0.id.lowercased() == id.lowercased() }
  }

  /// The model with this name or hub identifier (exact first, then ignoring case), or nil.
  public func model(_ name: String) -> ModelArchitecture? {
    let wanted = name.lowercased()
    return models.first { $0.model == name || $0.hfId == name }
      ?? models.first { $0.model.lowercased() == wanted || $0.hfId.lowercased() == wanted }
  }

  /// Ids of the chips that a mistyped id may mean, best first.
  public func nearestAccelerators(to name: String) -> [String] {
    nearestNames(to: name, among: accelerators.map(\.id))
  }

  /// Names of the models that a mistyped name may mean, best first.
  public func nearestModels(to name: String) -> [String] {
    nearestNames(to: name, among: models.map(\.model))
  }
}
