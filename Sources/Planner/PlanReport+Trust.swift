// The second half of the report: how far the plan can be believed, what decides, what is missing.

import Quantities
import Tables

extension PlanReport {
  // MARK: How far it can be believed

  var checks: String {
    var table = ReportTable(
      "Checks", [.init("check"), .init("result"), .init("found"), .init("accepted"), .init("unit")])
    var names: [String] = []
    for check in plan.checks where !names.contains(check.name) { names.append(check.name) }
    var failures: [String] = []
    for name in names {
      let rows = plan.checks.filter { $0.name == name }
      let found = rows.compactMap(\.value).filter(\.isFinite)
      table.append([
        .text(name), .text(verdict(rows)), .text(spread(found)), .text(accepted(rows)),
        .text(rows.first?.unit ?? ""),
      ])
      let failed = rows.filter { $0.result == .fail }
      guard let first = failed.first else { continue }
      failures.append(
        "\(first.severity == .hard ? "FAILED" : "Look at") \(name) (\(failed.count) of \(rows.count), "
          + "\(first.subject)\(failed.count > 1 ? " and others" : "")): \(spread(failed.compactMap(\.value))) "
          + "\(first.unit), accepted \(accepted(failed)); \(first.note).")
    }
    table.notes = failures
    return table.render(.table, width: width)
  }

  /// `44 pass`, `2 look`, `1 FAIL`, with the number of unknown ones.
  func verdict(_ rows: [PlanCheck]) -> String {
    let failed = rows.filter { $0.result == .fail }
    let unknown = rows.count { $0.result == .unknown }
    let tail = unknown > 0 ? " \(unknown) ?" : ""
    if failed.isEmpty {
      return unknown == rows.count ? "\(unknown) ?" : "\(rows.count - unknown) pass\(tail)"
    }
    return "\(failed.count) \(failed.contains { $0.severity == .hard } ? "FAIL" : "look")\(tail)"
  }

  func accepted(_ rows: [PlanCheck]) -> String {
    let low = rows.compactMap(\.low).min().map(compact)
    let high = rows.compactMap(\.high).max().map(compact)
    switch (low, high) {
    case (let low?, let high?): return "\(low)-\(high)"
    case (let low?, nil): return "from \(low)"
    case (nil, let high?): return "to \(high)"
    case (nil, nil): return "-"
    }
  }

  var decides: String {
    guard !plan.swings.isEmpty else { return "" }
    var table = ReportTable(
      "What decides (one input at a time, headline offer)",
      [
        .init("input"), .init("of"), .init("from"), .init("to"), .init("low"), .init("high"),
        .init("swing %"),
      ])
    for metric in ["accelerators", "users"] {
      for swing in plan.swings.filter({ $0.metric == metric }).prefix(5) {
        let isUsers = metric == "users"
        func cell(_ value: Double) -> Cell {
          .number(isUsers ? Unit.million.fromBase(value) : value, decimals: 0)
        }
        table.append([
          .text(swing.input), .text(isUsers ? "users M" : "chips"), .text(swing.low), .text(swing.high),
          cell(swing.valueAtLow), cell(swing.valueAtHigh), .number(swing.relativeSwing * 100, decimals: 0),
        ])
      }
    }
    return table.render(.table, width: width)
  }

  var gaps: String {
    guard !plan.gaps.isEmpty else { return "" }
    // Gaps of one kind share a line.
    var kinds: [(name: String, subjects: [String])] = []
    var others: [Gap] = []
    for gap in plan.gaps {
      let name = ["list price of ", "contracted price of ", "own price of ", "power of "].first {
        gap.subject.hasPrefix($0) && !gap.subject.contains(" hosts ")
      }
      guard let name else {
        others.append(gap)
        continue
      }
      let subject = String(gap.subject.dropFirst(name.count))
      if let index = kinds.firstIndex(where: { $0.name == name }) {
        kinds[index].subjects.append(subject)
      } else {
        kinds.append((name, [subject]))
      }
    }
    return "Gaps\n"
      + lines(
        kinds.map { "- Nothing published: \($0.name)\($0.subjects.joined(separator: ", "))." }
          + others.map { "- \($0.subject): \($0.missing)." })
  }

  // MARK: Numbers as words

  func billions(_ value: Double) -> String { grouped(Unit.billionUSD.fromBase(value), decimals: 2) }
  func millions(_ value: Double) -> String { grouped(Unit.million.fromBase(value), decimals: 0) }
  func listed(_ names: [String]) -> String {
    var seen: [String] = []
    for name in names where !seen.contains(name) { seen.append(name) }
    return seen.joined(separator: ", ")
  }
  func spread(_ values: [Double]) -> String {
    guard let low = values.min(), let high = values.max() else { return "-" }
    return compact(low) == compact(high) ? compact(low) : "\(compact(low))-\(compact(high))"
  }
  func compact(_ value: Double) -> String {
    if abs(value) < 1e-8 { return "0" }
    if abs(value) < 1e-3 { return scientific(value) }
    return grouped(value, decimals: abs(value) >= 1000 ? 0 : abs(value) >= 10 ? 1 : 3)
  }
  func scientific(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "0" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 9.95 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.995 {
      mantissa *= 10
      exponent -= 1
    }
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, decimals: 1))e\(exponent)"
  }
}
