// What a run prints at its end: Swift beside OpenBLAS, each against the measured roof.

import Foundation
import Results
import Tables

/// The tables of a run's rows.
struct RunSummary {
  let rows: [ResultRow]
  /// Why the peer is slower than it could be; nil where it is not.
  let blasNote: String?

  /// `90 of 90 rows ok`, or `24 of 26 rows partial, 2 interrupted`.
  static func statusText(_ rows: [ResultRow]) -> String {
    let counts = RowStatus.allCases.map { status in (status, rows.count { $0.status == status }) }
      .filter { $0.1 > 0 }
    return counts.enumerated().map { index, entry in
      "\(entry.1)" + (index == 0 ? " of \(rows.count) rows" : "") + " \(entry.0.rawValue)"
    }.joined(separator: ", ")
  }

  /// One sentence where rows failed, or none could be measured; nil where the run did what it was asked.
  static func failure(_ rows: [ResultRow]) -> String? {
    let failed = rows.filter { $0.status == .failed || $0.status == .timeout }
    let isNothingMeasured = !rows.isEmpty && rows.allSatisfy { $0.status == .skipped }
    guard let first = failed.first ?? (isNothingMeasured ? rows.first : nil) else { return nil }
    let what =
      failed.isEmpty ? "no row was measured" : "\(failed.count) of \(rows.count) rows failed or timed out"
    let none = !failed.isEmpty && !rows.contains { $0.status.hasTimes } ? ", no row is ok" : ""
    return
      "\(what)\(none); the first is \(first.shapeId) \(first.impl) at \(first.placement): \(first.statusDetail)"
  }

  /// One table for programs; for people one a placement, and the ceilings first.
  func tables(_ format: TableFormat) -> [ReportTable] {
    let places = rows.map(\.placement).reduce(into: [String]()) { names, name in
      if !names.contains(name) { names.append(name) }
    }
    if rows.contains(where: { $0.deviceKind == "gpu" }) { return DeviceSummary(rows: rows).tables() }
    guard format == .table else { return [pairs(places, title: "", showsPlacement: true)] }
    var tables = places.map { place in
      pairs([place], title: title(place), showsPlacement: false)
    }.filter { !$0.rows.isEmpty }
    if let ceilings = ceilings(places) { tables.insert(ceilings, at: 0) }
    return tables
  }

  private func title(_ place: String) -> String {
    let row = rows.first { $0.placement == place }
    let threads = row?.threads ?? 1
    return "\(place), \(threads) thread\(threads == 1 ? "" : "s"), CPU \(row?.cpusetList ?? "")"
  }

  private func pairs(_ places: [String], title: String, showsPlacement: Bool) -> ReportTable {
    var table = ReportTable(
      title,
      (showsPlacement ? [.init("placement")] : []) + [
        .init("kernel"), .init("shape"), .init("swift_gflops", "swift"), .init("openblas_gflops", "openblas"),
        .init("swift_over_openblas", blasNote == nil ? "ratio" : "ratio*"),
        .init("swift_pct_of_roofline", "% roof"),
      ])
    for place in places {
      let here = rows.filter { $0.placement == place && $0.phase != "ceiling" }
      var seen: Set<String> = []
      for row in here where seen.insert(row.kernel + row.shapeTitle).inserted {
        let peers = here.filter { $0.kernel == row.kernel && $0.shapeTitle == row.shapeTitle }
        let ours = peers.first { $0.impl == "swift" }
        let peer = peers.first { $0.impl == "openblas" }
        var ratio: Double?
        if let a = ours?.timeMedianSeconds, let b = peer?.timeMedianSeconds, a > 0 { ratio = b / a }
        table.append(
          (showsPlacement ? [.text(place)] : []) + [
            .text(row.kernel), .text(row.shapeTitle), .optional(ours?.gflopsMedian, decimals: 1),
            .optional(peer?.gflopsMedian, decimals: 1), .optional(ratio, decimals: 2),
            .optional(ours?.pctOfRoofline, decimals: 0),
          ])
      }
    }
    let missing = rows.filter { places.contains($0.placement) && $0.status != .ok }
    table.notes =
      ["GFLOP/s at the median; ratio above 1: Swift is faster."] + (blasNote.map { [$0] } ?? [])
      + (rows.contains { places.contains($0.placement) && $0.warnings.contains("no share of the roofline") }
        ? ["% roof is - where the ceiling varies by over 10 % or is exceeded by over 5 %; see warnings."]
        : [])
      + missing.prefix(10).map { "\($0.shapeTitle) \($0.impl): \($0.status.rawValue): \($0.statusDetail)" }
      + (missing.count > 10 ? ["and \(missing.count - 10) more rows that are not ok; see the file."] : [])
    return table
  }

  private func ceilings(_ places: [String]) -> ReportTable? {
    let ceilings = rows.filter { $0.phase == "ceiling" && $0.placement == places.first }
    guard !ceilings.isEmpty else { return nil }
    var table = ReportTable(
      "Measured ceilings (GFLOP/s for peaks, GB/s for the others)",
      [.init("probe")] + places.flatMap { [.init("\($0) MiB", "MiB"), .init($0)] })
    for ceiling in ceilings {
      let cells = places.flatMap { place -> [Cell] in
        let row = rows.first { $0.placement == place && $0.shapeId == ceiling.shapeId }
        let rate = ceiling.arrayBytes == nil ? row?.gflopsMedian : row?.gbytesPerSecondMedian
        let size = row?.arrayBytes.map { mebibytes(Double($0)) }
        return [.optional(size, decimals: (size ?? 1) < 0.1 ? 4 : 2), .optional(rate, decimals: 1)]
      }
      table.append([.text(ceiling.shapeId)] + cells)
    }
    return table
  }
}
