// What a run of devices prints at its end: rates, each against the measured roof, and what the device was at meanwhile.

import Foundation
import Quantities
import Results
import Tables

/// The tables of a run's rows on devices; at most 80 columns wide.
struct DeviceSummary {
  let rows: [ResultRow]

  /// One table of ceilings and one of kernels for each device.
  func tables() -> [ReportTable] {
    let places = rows.map(\.placement).reduce(into: [String]()) { names, name in
      if !names.contains(name) { names.append(name) }
    }
    return places.flatMap { place -> [ReportTable] in
      let here = rows.filter { $0.placement == place }
      let title = ([place] + [here.first { !$0.deviceName.isEmpty }?.deviceName].compactMap { $0 })
        .joined(separator: ", ")
      return [
        table("\(title): measured ceilings", here.filter { $0.phase == "ceiling" }),
        table(title, here.filter { $0.phase != "ceiling" }),
      ].filter { !$0.rows.isEmpty }
    }
  }

  private func table(_ title: String, _ rows: [ResultRow]) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("shape"), .init("impl"), .init("microseconds", "us"), .init("tflops", "TFLOP/s"),
        .init("gbytes_per_second", "GB/s"), .init("pct_of_roofline", "% roof"), .init("watts", "W"),
        .init("megahertz", "MHz"),
      ])
    for row in rows {
      let tera = row.gflopsMedian.map { Unit.teraflops.fromBase(Unit.gigaflops.toBase($0)) }
      table.append([
        .text(row.shapeTitle), .text(row.impl),
        .optional(row.timeMedianSeconds.map(Unit.microsecond.fromBase), decimals: 1),
        .optional(row.phase == "ceiling" && row.kernel.hasPrefix("memory") ? nil : tera, decimals: 1),
        .optional(row.gbytesPerSecondMedian, decimals: 0), .optional(row.pctOfRoofline, decimals: 0),
        .optional(watts(row), decimals: 0), .optional(row.cpuMhzMean, decimals: 0),
      ])
    }
    let missing = rows.filter { $0.status != .ok }
    table.notes =
      ["At the median; W and MHz: the device's mean power and clock while it was timed."]
      + missing.prefix(10).map { "\($0.shapeTitle) \($0.impl): \($0.status.rawValue): \($0.statusDetail)" }
      + (missing.count > 10 ? ["and \(missing.count - 10) more rows that are not ok; see the file."] : [])
    return table
  }

  /// Energy over the seconds in which it was burnt: those inside samples are the best that is known of them.
  private func watts(_ row: ResultRow) -> Double? {
    guard let energy = row.packageEnergyJoules, let seconds = row.sampledSeconds, seconds > 0 else {
      return nil
    }
    return energy / seconds
  }
}
