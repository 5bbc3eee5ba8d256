// The section of a device: what it is, what it was like while it computed, and its measured ceilings.

import Quantities
import Results
import Tables

extension ReportTables {
  /// Name, place and conditions of a device, from its rows.
  func device(_ roofline: PlacementRoofline) -> Markup {
    let site = roofline.site
    let rows = run.rows.filter(site.holds)
    var table = HTMLTable("The device of \(site.name)", [.init(heading: "what"), .init(heading: "value")])
    func add(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { table.append([.text(name), .words(value)]) }
    }
    add("name", site.device)
    add("devices that worked together", rows.compactMap(\.deviceCount).max().map(String.init))
    add(
      "architecture",
      listed(
        Set(rows.compactMap { $0.implIsaPath.split(separator: " ").first }).sorted()
          .map(String.init)))
    add("rows", "\(rows.count), of which \(rows.count { $0.status == .ok }) are ok")
    add("clock while timing", range(rows.compactMap(\.cpuMhzMean), "MHz"))
    add("hottest", rows.compactMap(\.temperatureMaxCelsius).max().map { "\(significant($0)) °C" })
    let energy = rows.compactMap(\.packageEnergyJoules)
    add(
      "energy while timing", energy.isEmpty ? nil : "\(significant(energy.reduce(0, +))) J, all rows together"
    )
    return table.markup
  }

  /// The device's peaks by element type, and what the levels of its memory deliver.
  func deviceCeilings(_ roofline: PlacementRoofline) -> Markup {
    guard roofline.peak != nil || !roofline.levels.isEmpty else {
      return .tag("p", ["class": "note"], "No ceiling of \(roofline.site.name) was measured.")
    }
    var peaks = HTMLTable(
      "Measured peaks of \(roofline.site.name)",
      [
        .init(heading: "type"), .init(heading: "GFLOP/s", isNumber: true),
        .init(heading: "ridge FLOP/byte", isNumber: true),
        .init(heading: "± processes", isNumber: true, isExtra: true),
      ])
    for peak in roofline.peaks.reversed() {
      peaks.append([
        .text(peak.type), .rate(peak.rate), .rate(roofline.ridge(peak)),
        peak.spread.map { .quantity($0, percentText($0, decimals: 1)) } ?? .empty,
      ])
    }
    var levels = HTMLTable(
      "Measured bandwidth of \(roofline.site.name), GB/s",
      [
        .init(heading: "level"), .init(heading: "working set", isNumber: true, isExtra: true),
        .init(heading: "read", isNumber: true), .init(heading: "copy", isNumber: true),
        .init(heading: "triad", isNumber: true),
      ])
    for level in roofline.levels {
      levels.append([
        .text(level.name), .text(sizeText(level.bytes)), .rate(level.read), .rate(level.copy),
        .rate(level.triad),
      ])
    }
    return (roofline.peaks.isEmpty ? Markup() : peaks.markup)
      + (roofline.levels.isEmpty ? Markup() : levels.markup)
  }

  /// `1 755 to 1 980 MHz`; one number where all are alike.
  private func range(_ values: [Double], _ unit: String) -> String? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let ends = low == high ? [low] : [low, high]
    return ends.map { grouped($0, decimals: 0) }.joined(separator: " to ") + " " + unit
  }
}
