// Rules between the columns of a chip, and between the wide table of chips and their single facts.
// The classic mix-ups are sparse for dense peaks, both directions for one, GiB for GB.

import Quantities
import Tables

/// The unit that each quantity of accelerator_facts.csv must use: the longest matching prefix decides.
private let unitsByPrefix: [(prefix: String, units: [String])] = [
  ("peak_int8_", ["TOPS"]), ("peak_", ["TFLOPS"]), ("max_achievable_", ["TFLOPS"]),
  ("memory_bandwidth", ["TB/s"]), ("sram_bandwidth", ["TB/s"]), ("memory_capacity_marketing", ["GB"]),
  ("memory_capacity_visible", ["MiB"]), ("scaleup_domain", ["chips"]), ("scaleup_bandwidth_", ["GB/s"]),
  ("pcie_bandwidth_", ["GB/s"]), ("scaleout_bandwidth_per_chip", ["Gbit/s"]), ("tdp", ["W"]),
  ("allin_", ["kW"]), ("l2_cache", ["MB", "MiB"]), ("llc", ["MB", "MiB"]), ("sram", ["MB", "MiB"]),
  ("clock", ["GHz"]), ("cores", ["cores"]), ("bf16_per_core_cycle", ["FLOP/cycle"]),
  ("fp32_per_core_cycle", ["FLOP/cycle"]), ("int8_per_core_cycle", ["OP/cycle"]),
  ("fp64_per_core_measured", ["GFLOPS"]),
]

/// A chip and one of its quantities.
private struct FactKey: Hashable {
  let accelerator: String
  let quantity: String
}

/// Facts by chip and quantity, with the index of each row.
struct FactIndex {
  private let values: [FactKey: [(row: Int, value: Double)]]

  init(_ facts: [AcceleratorFact]) {
    var values: [FactKey: [(row: Int, value: Double)]] = [:]
    for (index, fact) in facts.enumerated() {
      guard let value = fact.value else { continue }
      values[FactKey(accelerator: fact.accelerator, quantity: fact.quantity), default: []]
        .append((index, value))
    }
    self.values = values
  }

  func values(_ accelerator: String, _ quantity: String) -> [(row: Int, value: Double)] {
    values[FactKey(accelerator: accelerator, quantity: quantity)] ?? []
  }
}

extension Findings {
  /// Rules of accelerator_facts.csv.
  mutating func facts(_ sheet: Sheet<AcceleratorFact>, chips: Set<String>, index: FactIndex) {
    for (row, fact) in sheet.numbered {
      unknownChip(sheet, row, fact.accelerator, chips)
      factUnit(sheet, row, fact)
      if fact.quantity.hasSuffix("_sparse") { sparse(sheet, row, fact, index) }
      if fact.quantity == "scaleup_bandwidth_bidirectional" { directions(sheet, row, fact, index) }
    }
  }

  private mutating func factUnit(_ sheet: Sheet<AcceleratorFact>, _ row: Int, _ fact: AcceleratorFact) {
    guard let rule = unitsByPrefix.first(where: { fact.quantity.hasPrefix($0.prefix) }) else {
      error(
        sheet.fault(
          row, "quantity", "unknown quantity '\(fact.quantity)'",
          advice: "use a quantity that other rows use"))
      return
    }
    if !rule.units.contains(fact.unit), !fact.unit.isEmpty {
      error(
        sheet.fault(
          row, "unit", "\(fact.quantity) in \(fact.unit), expected \(rule.units.joined(separator: " or "))",
          advice: "convert the value; GB is not GiB, TB/s is not Gbit/s"))
    }
  }

  /// A sparse peak below a dense one means that the two were swapped.
  private mutating func sparse(
    _ sheet: Sheet<AcceleratorFact>, _ row: Int, _ fact: AcceleratorFact, _ index: FactIndex
  ) {
    let dense = index.values(fact.accelerator, fact.quantity.dropLast("sparse".count) + "dense")
    guard let value = fact.value, let worst = dense.max(by: { $0.value < $1.value }),
      worst.value > value * 1.001
    else { return }
    error(
      sheet.fault(
        row, "value",
        "\(fact.accelerator): sparse \(value) is below dense \(worst.value) of line "
          + "\(sheet.line(worst.row))", advice: "dense and sparse are swapped, or one is of another chip"))
  }

  private mutating func directions(
    _ sheet: Sheet<AcceleratorFact>, _ row: Int, _ fact: AcceleratorFact, _ index: FactIndex
  ) {
    let oneWay = index.values(fact.accelerator, "scaleup_bandwidth_unidirectional")
    guard let both = fact.value, !oneWay.isEmpty,
      !oneWay.contains(where: { abs(2 * $0.value - both) < 0.02 * both })
    else { return }
    error(
      sheet.fault(
        row, "value", "\(fact.accelerator): bidirectional is not twice unidirectional",
        advice: "check which direction the source means"))
  }

  /// A chip that accelerators.csv does not have.
  mutating func unknownChip<Row: CatalogRow>(
    _ sheet: Sheet<Row>, _ row: Int, _ chip: String, _ chips: Set<String>, column: String = "accelerator"
  ) {
    guard !chips.contains(chip), !chip.isEmpty else { return }
    let near = nearestNames(to: chip, among: chips.sorted())
    error(
      sheet.fault(
        row, column, "'\(chip.prefix(40))' is not in accelerators.csv",
        advice: near.isEmpty ? "add the chip there first" : "did you mean \(near.joined(separator: ", "))?"))
  }

  /// Rules of accelerators.csv that a plan depends on.
  mutating func accelerators(_ sheet: Sheet<Accelerator>, index: FactIndex) {
    for (row, chip) in sheet.numbered {
      density(sheet, row, chip)
      sparseSuspicion(sheet, row, chip)
      wideValues(sheet, row, chip, index)
      if let one = chip.scaleupUnidirectionalGBps, let both = chip.scaleupBidirectionalGBps,
        abs(2 * one / both - 1) > 0.01
      {
        error(
          sheet.fault(
            row, "scaleup_bidirectional_GBps", "\(chip.id): bidirectional is not twice unidirectional",
            advice: "check which direction the source means"))
      }
      if let it = chip.allinItKwPerChip, let facility = chip.allinFacilityKwPerChip, facility <= it {
        error(
          sheet.fault(
            row, "allin_facility_kw_per_chip", "\(chip.id): facility power is not above IT power",
            advice: "facility power holds a PUE of 1.15"))
      }
      plausibility(sheet, row, chip)
    }
  }

  private mutating func density(_ sheet: Sheet<Accelerator>, _ row: Int, _ chip: Accelerator) {
    guard chip.density == "unstated" else { return }
    let peaks = [
      ("bf16_tflops", chip.bf16Tflops), ("fp8_tflops", chip.fp8Tflops), ("fp4_tflops", chip.fp4Tflops),
    ]
    for (column, value) in peaks where value != nil {
      error(
        sheet.fault(
          row, column, "\(chip.id): a peak without a density",
          advice: "move it to unstated_density_tflops, or find out whether it is dense"))
    }
  }

  /// Each wide value must be one of the single facts, so that it has a source and a date.
  private mutating func wideValues(
    _ sheet: Sheet<Accelerator>, _ row: Int, _ chip: Accelerator, _ index: FactIndex
  ) {
    let pairs: [(String, Double?, String)] = [
      ("bf16_tflops", chip.bf16Tflops, "peak_bf16_dense"), ("fp8_tflops", chip.fp8Tflops, "peak_fp8_dense"),
      ("fp4_tflops", chip.fp4Tflops, "peak_fp4_dense"), ("int8_tops", chip.int8Tops, "peak_int8_dense"),
      ("mem_bw_tbps", chip.memBwTbps, "memory_bandwidth"),
      ("mem_capacity_marketing_gb", chip.memCapacityMarketingGb, "memory_capacity_marketing"),
      ("tdp_w", chip.tdpW, "tdp"), ("allin_it_kw_per_chip", chip.allinItKwPerChip, "allin_it_power_per_chip"),
      (
        "allin_facility_kw_per_chip", chip.allinFacilityKwPerChip, "allin_facility_power_per_chip"
      ),
    ]
    for case (let column, let value?, let quantity) in pairs {
      let known = index.values(chip.id, quantity)
      if !known.contains(where: { abs($0.value - value) <= 1e-6 * abs($0.value) }) {
        error(
          sheet.fault(
            row, column, "\(chip.id): \(value) is in no row of accelerator_facts.csv",
            advice: "add a row '\(quantity)' with source and date"))
      }
    }
  }

  /// On NVIDIA and AMD chips fp8 runs at twice bf16; four times means that one of them is sparse.
  private mutating func sparseSuspicion(_ sheet: Sheet<Accelerator>, _ row: Int, _ chip: Accelerator) {
    guard ["NVIDIA", "AMD"].contains(chip.vendor), chip.kind == "gpu", chip.status != "ramping",
      let bf16 = chip.bf16Tflops, let fp8 = chip.fp8Tflops, abs(fp8 / bf16 - 2) > 0.03
    else { return }
    error(
      sheet.fault(
        row, "fp8_tflops", "\(chip.id): fp8 is \(fixed(fp8 / bf16, decimals: 2)) times bf16, expected 2",
        advice: "check that both are dense"))
  }

  private mutating func plausibility(_ sheet: Sheet<Accelerator>, _ row: Int, _ chip: Accelerator) {
    if let visible = chip.visibleMemory, let marketing = chip.marketingMemory {
      let ratio = Unit.gibibyte.fromBase(visible.value) / Unit.gigabyte.fromBase(marketing.value)
      if !(0.88 < ratio && ratio < 1.03) {
        warning(
          sheet.fault(
            row, "mem_capacity_visible_mib",
            "\(chip.id): visible GiB are \(fixed(ratio, decimals: 2)) of the marketing GB",
            advice: "expected 0.88 to 1.03: MiB, GiB and GB may be mixed up"))
      }
    }
    if let memory = chip.marketingMemory, let bandwidth = chip.memoryBandwidth, chip.kind != "cpu" {
      let time = memory / bandwidth
      // Memory that a processor and its accelerator share is large for its speed.
      let longest = chip.memType.hasPrefix("LPDDR") ? 0.6 : 0.35
      if !(0.01 < time.value && time.value < longest) {
        warning(
          sheet.fault(
            row, "mem_bw_tbps",
            "\(chip.id): reading the whole memory takes \(fixed(time.value, decimals: 3)) s",
            advice: "expected 0.01 to \(fixed(longest, decimals: 2)) s: check the unit of the bandwidth"))
      }
    }
    if let tdp = chip.thermalDesignPower, let allIn = chip.allInITPower {
      let ratio = allIn / tdp
      if !(1.2 < ratio && ratio < 2.6) {
        warning(
          sheet.fault(
            row, "allin_it_kw_per_chip",
            "\(chip.id): all-in IT power is \(fixed(ratio, decimals: 2)) times TDP",
            advice: "expected 1.2 to 2.6"))
      }
    }
  }
}
