// What a walk back to operators rests on: its lines as tables, and the constants that the lines name with the rows,
// the day and the scatter of their fit.

public import Catalog
import Quantities
public import Tables

extension OperatorWalk {
  /// A prompt and a decode step by operator, with the formulas that join them; at most 80 columns wide where counts
  /// are of usual size.
  public func tables() -> [ReportTable] {
    var step = OperatorWalk.table("One decode step by operator", decode)
    step.notes += formulas + rates
    return [OperatorWalk.table("One prompt alone by operator", prefill), step]
  }

  private static func table(_ title: String, _ lines: [OperatorLine]) -> ReportTable {
    var table = ReportTable(
      title, [.init("operator"), .init("what"), .init("time_ms", "ms"), .init("bound_by", "bound")])
    for line in lines {
      table.append([
        .text(line.part), .text(line.what),
        .number(Unit.millisecond.fromBase(line.seconds.value), decimals: 3), .text(line.boundBy),
      ])
    }
    let sum = lines.reduce(0) { $0 + $1.seconds.value }
    table.append([
      .text("together"), .empty, .number(Unit.millisecond.fromBase(sum), decimals: 3), .empty,
    ])
    var named: [String: [String]] = [:]
    var order: [String] = []
    for line in lines where named[line.source]?.contains(line.part) != true {
      if named[line.source] == nil { order.append(line.source) }
      named[line.source, default: []].append(line.part)
    }
    let constants = order.map { "\(named[$0, default: []].joined(separator: ", ")) \($0)" }
    table.notes = ["Constants of engine_constants.csv: \(constants.joined(separator: "; "))."]
    return table
  }

  /// The rows of the table of constants that the walk names, those of the engine's formulas among them, in the order
  /// of the table.
  ///
  /// The lines name a constant as the table does; `mh` stands for the rows of each type, `einf of CHIP` for the
  /// chip's own shares of large products or, where it has none, those of its class.
  public func constants(
    of deployment: Deployment, workload: Workload, on chip: String, in catalog: Catalog
  ) -> [EngineConstant] {
    let names = Set((decode + prefill).flatMap { $0.source.split(separator: ", ").map(String.init) })
    let ids = catalog.accelerators.map(\.id)
    func isOf(_ row: EngineConstant) -> Bool {
      acceleratorID(forPublishedName: row.engineOrChip, among: ids) == chip
    }
    let own = catalog.engineConstants.first {
      $0.constant == "einf_bf16" && $0.how != EngineConstant.measured && isOf($0)
    }
    let scope = own?.engineOrChip ?? "class"
    // What a run on the chip measured stands in the place of what was published or fitted.
    let measured = catalog.engineConstants.filter { $0.how == EngineConstant.measured && isOf($0) }
    let replaced = Set(measured.map(\.constant))
    return catalog.engineConstants.filter { row in
      if row.how == EngineConstant.measured {
        return isOf(row) && (row.constant.hasPrefix("einf_") || names.contains(row.constant))
      }
      if replaced.contains(row.constant) { return false }
      return isNamed(row)
    }

    func isNamed(_ row: EngineConstant) -> Bool {
      switch row.constant {
      case "mh0", "mh1": names.contains("mh")
      case "phi": true
      case "dpf": deployment.dataParallel > 1
      case "ttft_a", "ttft_eps": row.engineOrChip == deployment.engine.rawValue
      case "ttft_q": row.engineOrChip == deployment.engine.rawValue && workload.arrivals == .closedLoop
      default:
        row.constant.hasPrefix("einf_")
          ? row.engineOrChip == scope : row.engineOrChip == "all" && names.contains(row.constant)
      }
    }
  }

  /// The constants of the walk and the facts of the chip that it read, as tables.
  ///
  /// - Parameter kernels: measured_kernels.csv, for the rows behind the chip's shares of large products.
  public func evidence(
    of deployment: Deployment, workload: Workload, model: ModelArchitecture, on chip: Accelerator,
    in catalog: Catalog, kernels: [MeasuredKernel]
  ) -> [ReportTable] {
    let rows = constants(of: deployment, workload: workload, on: chip.id, in: catalog)
    var table = ReportTable(
      "Constants (engine_constants.csv)",
      ["constant", "of", "value", "how", "rows", "day"].map { .init($0) })
    for row in rows {
      let unit = row.unit == "1" ? "" : " \(row.unit)"
      table.append([
        .text(row.constant), .text(row.engineOrChip), .text(decimalText(row.value ?? 0) + unit),
        .text(row.how), row.rows.map { .integer($0) } ?? .empty, .text(row.asOf),
      ])
    }
    table.notes = OperatorWalk.origins(rows)
    if let shares = largeGEMMShares(kernels, catalog: catalog)[chip.id] {
      table.notes.append(
        "measured_kernels.csv has \(shares.rows) rows of large products of \(chip.id): \(shares.source).")
      for format in shares.measured.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
        table.notes.append(
          "einf_\(format.rawValue): \(OperatorWalk.listed(shares.measured[format]?.ids ?? [])).")
      }
      for row in rows where row.how == EngineConstant.measured {
        guard let behind = measuredRows(behind: row.constant, of: kernels, on: chip) else { continue }
        table.notes.append("\(row.constant): \(OperatorWalk.listed(behind.ids)).")
      }
    } else {
      table.notes.append("measured_kernels.csv has no row of a large product of \(chip.id).")
    }
    return [table, facts(of: chip, model: model, in: catalog)]
  }

  /// Ids of rows of a run, the first six by name.
  private static func listed(_ ids: [String]) -> String {
    let rest = ids.count > 6 ? " and \(ids.count - 6) more" : ""
    return (ids.count == 1 ? "row " : "rows ") + ids.prefix(6).joined(separator: ", ") + rest
  }

  /// What the words of the column `how` mean, of those that occur.
  private static func origins(_ rows: [EngineConstant]) -> [String] {
    let scatter = rows.filter { $0.how == "fitted" }.compactMap(\.residualLn)
    let own = rows.filter { $0.how == EngineConstant.measured }.map(\.source)
    let runs = Set(own).sorted().joined(separator: ", ")
    let ends = [scatter.min(), scatter.max()].compactMap { $0.map { fixed($0, decimals: 2) } }
    let meanings = [
      "fitted":
        "on served runs of the calibration split, which scatter by \(ends.joined(separator: " to ")) in "
        + "logarithms around the fits",
      "fixed": "an assumption, not fitted",
      "kernel table": "large products of the chip in measured_kernels.csv",
      "library ratio": "the chip's best measured product times what engines reach of such",
      "class prior": "no product of the chip is measured; that of its class",
      EngineConstant.measured: "device rows of run \(runs), on this chip",
    ]
    return meanings.sorted { $0.key < $1.key }.compactMap { how, meaning in
      rows.contains { $0.how == how } ? "\(how): \(meaning)." : nil
    }
  }

  private func facts(of chip: Accelerator, model: ModelArchitecture, in catalog: Catalog) -> ReportTable {
    let wanted = [
      "peak_bf16_dense", "peak_fp8_dense", "peak_fp4_dense", "memory_bandwidth", "memory_capacity_marketing",
      "memory_capacity_visible", "scaleup_bandwidth_unidirectional", "scaleup_domain",
      "scaleout_bandwidth_per_chip",
    ]
    var table = ReportTable(
      "Facts of \(chip.id) (accelerator_facts.csv)",
      ["fact", "value", "unit", "day"].map { .init($0) })
    let found = wanted.flatMap { quantity in
      catalog.facts.filter { $0.accelerator == chip.id && $0.quantity == quantity }
    }
    var sources: [String] = []
    for fact in found {
      table.append([
        .text(fact.quantity), .text(fact.value.map(decimalText) ?? ""), .text(fact.unit), .text(fact.asOf),
      ])
      if !sources.contains(fact.source) { sources.append(fact.source) }
    }
    table.notes = sources.map { source in
      let own = found.filter { $0.source == source }
      let confidences = Set(own.map(\.confidence)).sorted().joined(separator: ", ")
      return "\(own.map(\.quantity).joined(separator: ", ")) (\(confidences)): \(source)"
    }
    table.notes.append("Shape of \(model.model) (models.csv): \(model.source)")
    return table
  }
}
