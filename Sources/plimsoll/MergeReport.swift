// What merge and show --nodes say of a fleet: how many nodes, how much equal ones differ, and which do not fit.

import Foundation
import Quantities
import Results
import Tables

extension NodeSpread {
  /// One line a row: the spread between nodes that an estimate of many hosts needs.
  func table(_ merge: Merge) -> ReportTable {
    var table = ReportTable(
      "",
      [
        "kernel", "shape_id", "dtype", "placement", "nodes", "median_seconds", "between_node_rel_stddev",
        "machine_id", "row_key",
      ].map { ReportTable.Column($0) })
    let subjects = merge.subjects
    for row in rows {
      let subject = subjects[row.rowKey]
      table.append([
        .text(subject?.kernel ?? ""), .text(subject?.shapeID ?? ""), .text(subject?.dtype ?? ""),
        .text(subject?.placement ?? ""), .integer(row.nodes), .number(row.medianSeconds, decimals: 9),
        .optional(row.betweenNodeRelStddev, decimals: 4), .text(row.machine), .text(row.rowKey),
      ])
    }
    return table
  }
}

/// The printed report of a merge.
struct MergeReport {
  private let merge: Merge
  private let spread: NodeSpread
  private let output: String?
  private let subjects: [String: MergeSubject]

  init(_ merge: Merge, _ spread: NodeSpread, output: String?) {
    self.merge = merge
    self.spread = spread
    self.output = output
    subjects = merge.subjects
  }

  func show(_ options: OutputOptions) throws {
    if options.format == .table { try StandardOutput.write(head(width: options.width)) }
    guard options.format.isForPeople else { return try options.show([nodes()]) }
    var tables = [machines()]
    if !spread.outliers.isEmpty { tables.append(outliers()) }
    if options.format != .table {
      tables[0].notes.insert(counts(), at: 0)
      tables.append(nodes().titled("Nodes"))
    }
    try options.show(tables)
  }

  /// Every node, with what it has and how it differs: what programs read.
  private func nodes() -> ReportTable {
    var table = ReportTable(
      "",
      [
        .init("node"), .init("machine"), .init("rows_timed", "rows"), .init("rows_differing", "differing"),
        .init("largest_time_ratio", "time x"), .init("robust_z", "z"), .init("rows", "most different rows"),
      ])
    let labels = Dictionary(
      merge.machineLabels.map { ($0.machine, $0.label) }, uniquingKeysWith: { first, _ in first })
    var timed: [String: [String: Int]] = [:]
    for time in merge.times { timed[time.node, default: [:]][time.machine, default: 0] += 1 }
    for node in merge.nodes {
      for (machine, count) in (timed[node] ?? ["": 0]).sorted(by: { $0.key < $1.key }) {
        let outlier = spread.outliers.first { $0.node == node && $0.machine == machine }
        table.append([
          .text(node), .text(labels[machine] ?? machine), .integer(count), .integer(outlier?.rows.count ?? 0),
          .optional(outlier?.rows.first?.ratio, decimals: 3),
          .optional(outlier?.rows.first?.score, decimals: 1), .text(outlier.map(rowNames) ?? ""),
        ])
      }
    }
    return table
  }

  private func rowNames(_ outlier: NodeSpread.Outlier) -> String {
    return outlier.rows.prefix(3).map { row in
      subjects[row.rowKey].map { "\($0.shapeID) \($0.placement)" } ?? row.rowKey
    }.joined(separator: ", ")
  }

  private func counts() -> String {
    var text = output.map { "\(($0 as NSString).lastPathComponent): " } ?? ""
    text += "\(merge.rows) rows of \(merge.runs) runs from \(merge.files.count) files"
    if merge.duplicates > 0 { text += "; \(merge.duplicates) identical rows dropped" }
    if merge.unfinished > 0 { text += "; \(merge.unfinished) rows are not finished" }
    return text
  }

  private func head(width: Int) -> String {
    let nodes = "\(merge.nodes.count) nodes: \(NodeList.compress(merge.nodes))"
    // A list of nodes has no blanks: where it is too long for a line, lines end behind its commas.
    let shown = nodes.count + 2 <= width ? nodes : nodes.replacing(",", with: ", ")
    let lines = wrapped(counts(), width: width) + wrapped(shown, width: width, indent: "  ")
    return lines.joined(separator: "\n") + "\n\n"
  }

  private func machines() -> ReportTable {
    var table = ReportTable(
      "Nodes of one type",
      [
        .init("machine", "machine"), .init("nodes"), .init("rows"),
        .init("between_node_rel_stddev_pct", "spread %"), .init("worst_row_pct", "widest row %"),
      ])
    for (machine, label) in merge.machineLabels {
      let rows = spread.rows.filter { $0.machine == machine }
      let spreads = rows.compactMap(\.betweenNodeRelStddev).sorted()
      table.append([
        .text(label), .integer(rows.map(\.nodes).max() ?? 0), .integer(rows.count),
        .optional(spreads.isEmpty ? nil : Unit.percent.fromBase(spreads[spreads.count / 2]), decimals: 2),
        .optional(spreads.last.map { Unit.percent.fromBase($0) }, decimals: 2),
      ])
    }
    table.notes = [
      "spread: standard deviation between nodes, median over rows; --nodes-csv has every row."
    ]
    let few = NodeSpread.fewestNodes
    if spread.outliers.isEmpty {
      table.notes.append(
        spread.rows.contains { $0.nodes >= few }
          ? "No node differs from its group."
          : "Fewer than \(few) nodes of one type: none can be told from its group.")
    }
    return table
  }

  private func outliers() -> ReportTable {
    var table = ReportTable(
      "Nodes that differ from their group",
      [
        .init("node"), .init("rows_differing", "rows"), .init("rows_timed", "of"),
        .init("largest_time_ratio", "time x"), .init("robust_z", "z"), .init("rows", "most different rows"),
      ])
    for outlier in spread.outliers {
      table.append([
        .text(outlier.node), .integer(outlier.rows.count), .integer(outlier.timed),
        .optional(outlier.rows.first?.ratio, decimals: 3), .optional(outlier.rows.first?.score, decimals: 1),
        .text(rowNames(outlier)),
      ])
    }
    table.notes = [
      "time x: time over the median of nodes of the same type; above 1 the node is slower. z: 0.6745 (x - median)"
        + " / MAD."
    ]
    return table
  }
}
