// Every table of the published kernels, by chip and operation, and the class curves for the chips that have
// none. Curves and intervals are fitted on calibration rows; a chip's own rows of either split are facts
// about it. Where result rows of this program measured an operation on a chip, its table is made of them alone.

public import Catalog
public import Quantities

/// Measured operators of all chips.
public struct KernelTables: Sendable {
  /// A row that no table is built from.
  public struct Refusal: Sendable, Hashable {
    /// Id of the row.
    public let id: String
    /// Accelerator as the source names it.
    public let accelerator: String
    /// Why, as a sentence.
    public let reason: String
  }

  /// A class curve with its error on chips that it did not see.
  public struct Class: Sendable, Hashable {
    /// Its parameters, fitted on all calibration rows.
    public let curve: ClassCurve
    /// Chips behind it.
    public let chips: [String]
    /// ln of measured over predicted time of the points of each chip, predicted by a fit on the others;
    /// sorted.
    public let residuals: [Double]
    /// The 10 % quantile of them, widened as few chips stand behind it.
    public var low: Double { widening * quantile(residuals, 0.1) }
    /// The 90 % quantile, widened in the same way.
    public var high: Double { widening * quantile(residuals, 0.9) }
    // Errors are common to a chip, so that c chips are c draws however many calls they have: 90 % quantiles
    // of Student's t with c - 1 degrees of freedom over that of the normal distribution.
    private var widening: Double {
      switch chips.count {
      case ...2: 3.078 / 1.282
      case 3: 1.886 / 1.282
      case 4: 1.638 / 1.282
      case 5: 1.533 / 1.282
      default: 1.476 / 1.282
      }
    }
  }

  struct Place: Hashable {
    let chip: String
    let key: OperatorKey
  }

  /// Rows that no table is built from, in file order.
  public let refusals: [Refusal]
  /// Class curves by operation.
  public let classes: [OperatorKey: Class]
  let readings: [Place: [KernelReading]]
  var tables: [Place: KernelTable]
  private let chips: [String: Accelerator]

  /// Tables of rows; a chip that the catalogue lacks has none.
  ///
  /// - Complexity: O(rows log rows), and the fits: some tens of milliseconds.
  public init(_ kernels: [MeasuredKernel], catalog: Catalog) {
    var refusals: [Refusal] = []
    var all: [Place: [KernelReading]] = [:]
    for kernel in kernels {
      func refuse(_ reason: String) {
        refusals.append(Refusal(id: kernel.id, accelerator: kernel.accelerator, reason: reason))
      }
      switch kernel.row {
      case .refused(let reason): refuse(reason)
      case .reading(let reading):
        let key = OperatorKey(
          reading.operation, reading.format, cacheBytes: Int(reading.cacheBytesPerElement ?? 0))
        guard let chip = acceleratorMeant(by: kernel.accelerator, among: catalog.accelerators) else {
          refuse("'\(kernel.accelerator)' is not in accelerators.csv")
          continue
        }
        guard OperatorRates(key, chip) != nil else {
          refuse("accelerators.csv lacks the peak or the bandwidth of \(chip.id)")
          continue
        }
        if reading.utilisation(on: chip) ?? 0 > 1 + utilisationTolerance {
          refuse("faster than the machine: `plimsoll catalog check` names the row")
          continue
        }
        all[Place(chip: chip.id, key: key), default: []].append(reading)
      }
    }
    self.refusals = refusals
    readings = all
    chips = Dictionary(catalog.accelerators.map { ($0.id, $0) }) { first, _ in first }
    let points = all.compactMapValues { [chips] rows in
      rows.first.flatMap { row in
        let key = OperatorKey(row.operation, row.format, cacheBytes: Int(row.cacheBytesPerElement ?? 0))
        return acceleratorMeant(by: row.accelerator, among: Array(chips.values))
          .flatMap { OperatorRates(key, $0) }
          .map { TableRows(rows, $0) }
      }
    }
    classes = KernelTables.classes(of: points)
    tables = [:]
    for (place, rows) in points {
      let curve = classes[place.key]?.curve ?? .prior(place.key)
      tables[place] = KernelTable(
        place.key, level: rows.level, isMeasured: rows.isMeasured, points: rows.points, rates: rows.rates,
        curve: curve)
    }
    setIntervals()
  }

  /// Ids of the rows that stand in a table.
  public var rowsInTables: [String] { tables.values.flatMap(\.rows) }

  /// Ids of a library's best cases on chips that have engine rows of the same operation, and of published rows
  /// where a run of this program has rows: believed, not used.
  public var rowsBehindEngines: [String] {
    let used = Set(rowsInTables)
    return readings.values.flatMap { $0.map(\.id) }.filter { !used.contains($0) }
  }

  /// The table of a chip, or nil where it has no rows of the operation.
  public func table(_ key: OperatorKey, chip: String) -> KernelTable? {
    tables[Place(chip: chip, key: key)]
  }

  /// Operations that a chip has tables of, by name.
  public func keys(of chip: String) -> [OperatorKey] {
    tables.keys.filter { $0.chip == chip }.map(\.key).sorted { $0.name < $1.name }
  }

  /// Time of a call on a chip: of its table, else of the class curve; a gap where the chip lacks a rate.
  ///
  /// A caller that asks often keeps the `table` instead.
  public func estimate(
    _ key: OperatorKey, on chip: Accelerator, work: KernelWork, x: Double, y: Double
  ) -> Known<KernelEstimate> {
    if let table = table(key, chip: chip.id) { return .success(table.estimate(work, x: x, y: y)) }
    guard let rates = OperatorRates(key, chip) else {
      return .failure(
        Gap(
          "\(key.name) on \(chip.id)", missing: "no peak, memory or link bandwidth that it needs",
          remedy: "complete its row in accelerators.csv"))
    }
    guard let group = classes[key] else {
      return .failure(
        Gap(
          "\(key.name) on \(chip.id)", missing: "no kernel of any chip was measured",
          remedy: "add rows to measured_kernels.csv"))
    }
    let arithmetic = work.flop.value / rates.peak
    let memory = work.bytes.value / rates.bandwidth
    let time = group.curve.seconds(arithmetic: arithmetic, memory: memory, x: x, ranks: y)
    return .success(
      KernelEstimate(
        time: Seconds(time), utilisation: max(arithmetic, memory) / time, basis: .classCurve,
        octavesOutside: 0, logSpread: 0, logLow: group.low, logHigh: group.high))
  }
}

/// The rows of one table as points: a run of this program before engines, those before libraries.
struct TableRows: Sendable {
  let level: KernelReading.Level
  /// True where they are those of a result file of this program, which no published row joins.
  let isMeasured: Bool
  let points: [OperatorPoint]
  let rates: OperatorRates

  init(_ readings: [KernelReading], _ rates: OperatorRates) {
    // A served layer runs what the engine runs: best cases of a library count only where nothing else is
    // known. Collectives and streams are the same library everywhere.
    let own = readings.filter(\.isMeasured)
    isMeasured = !own.isEmpty
    if isMeasured {
      level = .library
      points = OperatorPoint.merged(own, rates)
      self.rates = rates
      return
    }
    let engines = readings.filter { $0.level == .engine }
    let isShared = readings.first.map { $0.operation.isCollective } ?? false
    level = engines.isEmpty ? .library : .engine
    points = OperatorPoint.merged(isShared || engines.isEmpty ? readings : engines, rates)
    self.rates = rates
  }
}

extension KernelTables {
  /// Curves over the calibration points of all chips, and the residuals of each chip under a fit on the
  /// others.
  static func classes(of rows: [Place: TableRows]) -> [OperatorKey: Class] {
    var byKey: [OperatorKey: [String: [OperatorPoint]]] = [:]
    for (place, table) in rows {
      let points = table.points.filter(\.isCalibration)
      if !points.isEmpty { byKey[place.key, default: [:]][place.chip] = points }
    }
    var result: [OperatorKey: Class] = [:]
    for (key, chips) in byKey {
      let names = chips.keys.sorted()
      func points(_ names: [String]) -> [OperatorPoint] { names.flatMap { chips[$0] ?? [] } }
      var residuals: [Double] = []
      for name in names where names.count > 1 {
        let curve = ClassCurve.fitted(key, to: points(names.filter { $0 != name }))
        residuals += points([name]).map(curve.residual)
      }
      let curve = ClassCurve.fitted(key, to: points(names))
      if names.count == 1 { residuals = points(names).map(curve.residual) }
      result[key] = Class(curve: curve, chips: names, residuals: residuals.sorted())
    }
    return result
  }

  /// Gives each table the leave-one-out quantiles of its operation over calibration chips.
  private mutating func setIntervals() {
    for key in Set(tables.keys.map(\.key)) {
      let errors = leftOut(key).filter { $0.outside < nearlyInside && $0.isCalibration }.map(\.residual)
        .sorted()
      let group = classes[key]
      let interval =
        errors.count < 5
        ? (low: group?.low ?? 0, high: group?.high ?? 0)
        : (low: quantile(errors, 0.1), high: quantile(errors, 0.9))
      for place in tables.keys where place.key == key { tables[place]?.interval = interval }
    }
  }
}
