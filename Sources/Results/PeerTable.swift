// Ours beside every peer of one run: a line for each shape, and what each peer is.

import Foundation
import Measurement
import Quantities
public import Tables

/// The rows of result files by shape, each held against the fastest peer of the same shape.
public struct PeerTable {
  /// One shape at one placement.
  private struct Line {
    var kernel: String
    var shape: String
    var dtype: String
    var threads: Int?
    var rows: [ResultRow]

    /// GFLOP/s of the fastest implementation that is not ours.
    var best: Double? { rows.filter { !PeerTable.ours.contains($0.contender) }.compactMap(\.rate).max() }

    func row(_ contender: String) -> ResultRow? { rows.first { $0.contender == contender } }
    /// The rate of one of ours over the best of the others.
    func ratio(_ mine: String) -> Double? {
      guard let rate = row(mine)?.rate, let best, best > 0 else { return nil }
      return rate / best
    }
  }

  /// Ours: weights as every library takes them, and packed ahead.
  fileprivate static let ours = [Implementation.swift.rawValue, "swift-packed"]
  private let lines: [Line]

  /// The table of a run's rows, in their order.
  public init(_ rows: [ResultRow]) {
    var lines: [Line] = []
    var places: [[String]: Int] = [:]
    for row in rows where row.phase != "ceiling" {
      let dtype = row.elementTypes
      let key = [row.runId, row.kernel, row.shapeId, dtype, row.placement, row.cacheMode]
      if let place = places[key] {
        lines[place].rows.append(row)
      } else {
        places[key] = lines.count
        lines.append(
          Line(kernel: row.kernel, shape: row.shapeId, dtype: dtype, threads: row.threads, rows: [row]))
      }
    }
    self.lines = lines
  }

  /// One line a row, for programs. `ratio_to_best_peer` is the row's rate over that of the fastest implementation but
  /// ours; `share_of_peak` is the share (0 ... 1) of the measured ceiling that binds the row: the arithmetic peak or
  /// the bandwidth. A row without times says why in `version`.
  public func records() -> ReportTable {
    var table = ReportTable(
      "",
      [
        "kernel", "shape", "dtype", "threads", "impl", "version", "core", "gflops_median",
        "gbytes_per_second_median", "ratio_to_best_peer", "share_of_peak",
      ].map { ReportTable.Column($0) })
    for line in lines {
      for row in line.rows {
        var ratio: Double?
        if let rate = row.rate, let best = line.best, best > 0 { ratio = rate / best }
        table.append([
          .text(line.kernel), .text(line.shape), .text(line.dtype),
          line.threads.map { .integer($0) } ?? .empty, .text(row.contender),
          .text(row.status.hasTimes ? row.implVersion : "not measured: " + row.statusDetail),
          .text(row.core), .optional(row.rate, decimals: 1),
          .optional(row.status.hasTimes ? row.gbytesPerSecondMedian : nil, decimals: 1),
          .optional(ratio, decimals: 3), .optional(row.shareOfCeiling, decimals: 3),
        ])
      }
    }
    return table
  }

  /// For people: a table for each kernel, element type and number of threads, one line a shape.
  public func tables() -> [ReportTable] {
    var order: [[String]] = []
    var groups: [[String]: [Line]] = [:]
    for line in lines {
      let key = [line.kernel, line.dtype, line.threads.map { String($0) } ?? "?"]
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(line)
    }
    var tables = order.map { key in
      let threads = key[2] == "1" ? "1 thread" : "\(key[2]) threads"
      return table("\(key[0]) \(key[1]), \(threads): GFLOP/s", groups[key] ?? [])
    }
    if let last = tables.indices.last { tables[last].notes += legend() }
    return tables
  }

  private func table(_ title: String, _ lines: [Line]) -> ReportTable {
    let names = names(lines)
    let ours = PeerTable.ours.filter { $0 == PeerTable.ours[0] || names.contains($0) }
    let peers = names.filter { !PeerTable.ours.contains($0) }
    var table = ReportTable(
      title,
      [.init("shape")] + ours.map { .init($0, $0 == PeerTable.ours[0] ? $0 : "packed") }
        + peers.map { .init($0) }
        + [.init("ratio_to_best_peer", "ratio"), .init("share_of_peak", "% peak")])
    for line in lines {
      let shown = (ours + peers).map { Cell.optional(line.row($0)?.rate, decimals: 1) }
      let share = ours.lazy.compactMap { line.row($0)?.shareOfCeiling }.first.map(Unit.percent.fromBase)
      table.append(
        [.text(line.shape)] + shown
          + [.optional(line.ratio(ours[0]), decimals: 2), .optional(share, decimals: 0)])
    }
    for name in ours {
      let ratios = lines.compactMap { line in line.ratio(name).map { (line.shape, $0) } }
      guard let lowest = ratios.min(by: { $0.1 < $1.1 }) else { continue }
      let mean = exp(ratios.reduce(0) { $0 + log($1.1) } / Double(ratios.count))
      table.notes.append(
        "\(name) to the best peer: geometric mean \(fixed(mean, decimals: 2)) of \(ratios.count), lowest"
          + " \(fixed(lowest.1, decimals: 2)) (\(lowest.0))")
    }
    return table
  }

  private func names(_ lines: [Line]) -> [String] {
    lines.flatMap(\.rows).map(\.contender).reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  /// What each implementation is, and why a peer was not measured: each once.
  private func legend() -> [String] {
    let rows = lines.flatMap(\.rows)
    let peers = names(lines).filter { !PeerTable.ours.contains($0) }
    let known = peers.compactMap { name in
      rows.first { $0.impl == name && $0.status.hasTimes }.map { row in
        "\(name): \(row.blasName) \(row.implVersion)" + (row.core.isEmpty ? "" : ", \(row.core)")
          + (row.blasCorenameForced == true ? " (forced)" : "")
      }
    }
    let missing = peers.flatMap { name in
      rows.filter { $0.impl == name && !$0.status.hasTimes }.reduce(into: [String]()) { reasons, row in
        let reason = "\(name): not measured: \(row.statusDetail)"
        if !reasons.contains(reason) { reasons.append(reason) }
      }.prefix(3)
    }
    return ["ratio above 1: Swift is faster than the best of the others; % peak: of the measured ceiling."]
      + known + missing
  }
}

extension ResultRow {
  /// The implementation, with the layout of its weights where it is not that of all.
  fileprivate var contender: String {
    layout == WeightLayout.packed.rawValue ? "\(impl)-\(layout)" : impl
  }
  /// The element types by the name of `--dtype`, or A's where that has none.
  fileprivate var elementTypes: String {
    // Queries are f32 always; what a cache holds is told apart as filters do.
    if kernel.hasPrefix("attention"), !dtypeB.isEmpty, dtypeB != dtypeA { return "kv_\(dtypeB)" }
    return dataType?.rawValue ?? dtypeA
  }
  /// GFLOP/s of a row that was measured.
  fileprivate var rate: Double? { status.hasTimes ? gflopsMedian : nil }
  /// The kernels that ran: the library's name for them, or the instruction set of the Swift module.
  fileprivate var core: String { blasCorename.isEmpty ? implIsaPath : blasCorename }

  /// Share of the ceiling that binds the row.
  fileprivate var shareOfCeiling: Double? {
    guard status.hasTimes, let time = timeMedianSeconds, let flop, let minBytes, time > 0,
      let peak = computeCeilingGflops, let bandwidth = bandwidthCeilingGbytesPerSecond
    else { return nil }
    let memory = minBytes / Unit.gigabytePerSecond.toBase(bandwidth)
    return max(flop / Unit.gigaflops.toBase(peak), memory) / time
  }
}
