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
  /// Constants of the serving-engine model.
  public internal(set) var engineConstants: [EngineConstant] = []

  /// The catalogue that the binary carries.
  ///
  /// - Throws: `InputError` with file, line and column where a row breaks a rule.
  /// - Complexity: O(bytes), about 0.6 MB.
  public static func embedded() throws(InputError) -> Catalog {
    try Catalog(replacing: [:])
  }

  /// Published kernel measurements (embedded).
  public static func measuredKernels() throws(InputError) -> [MeasuredKernel] {
    try embeddedRows(of: MeasuredKernel.self)
  }

  /// Published serving measurements (embedded).
  public static func servingPoints() throws(InputError) -> [ServingPoint] {
    try embeddedRows(of: ServingPoint.self)
  }

  /// The embedded tables with those of `files` in their place.
  init(replacing files: [String: CatalogFile]) throws(InputError) {
    func read<Row: CatalogRow>(_ type: Row.Type) throws(InputError) -> [Row] {
      guard let file = files[Row.fileName] else { return try Catalog.embeddedRows(of: type) }
      return try Catalog.rows(of: type, file.bytes, file: file.name)
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
    engineConstants = try read(EngineConstant.self)
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
