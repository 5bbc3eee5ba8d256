// The figures beside the terminal's roofline: ceilings and kernels, for people and for programs.

import Export
import Quantities
import Results
import Tables

enum RooflineTables {
  /// For people: the ceilings of a place, and its kernels with the letters of the drawing.
  static func tables(_ roofline: PlacementRoofline, _ drawing: TerminalRoofline) -> [ReportTable] {
    (roofline.site.isDevice ? [peaks(roofline), deviceLevels(roofline)] : [ceilings(roofline)])
      + (roofline.points.isEmpty ? [] : [kernels(roofline, drawing)])
  }

  /// The arithmetic of a device, an element type on a line.
  private static func peaks(_ roofline: PlacementRoofline) -> ReportTable {
    var table = ReportTable(
      "Measured peaks of \(roofline.site.title)",
      [.init("type"), .init("GFLOP/s"), .init("ridge FLOP/B"), .init("spread %")])
    for peak in roofline.peaks.reversed() {
      table.append([
        .text(peak.type), .number(peak.rate, decimals: 0), .optional(roofline.ridge(peak), decimals: 1),
        .optional(peak.spread.map(Unit.percent.fromBase), decimals: 1),
      ])
    }
    if roofline.peaks.isEmpty { table.notes.append("The peak of no element type was measured.") }
    return table
  }

  /// The memory of a device, whose stores read no line.
  private static func deviceLevels(_ roofline: PlacementRoofline) -> ReportTable {
    var table = ReportTable(
      "Measured bandwidth of \(roofline.site.title), GB/s",
      [.init("level"), .init("MiB"), .init("read"), .init("copy"), .init("triad")])
    for level in roofline.levels {
      table.append([
        .text(level.name), .number(Unit.mebibyte.fromBase(Double(level.bytes)), decimals: 2),
        .number(level.read, decimals: 1), .optional(level.copy, decimals: 1),
        .optional(level.triad, decimals: 1),
      ])
    }
    table.notes = unsure(roofline)
    return table
  }

  private static func ceilings(_ roofline: PlacementRoofline) -> ReportTable {
    var table = ReportTable(
      "Measured ceilings of \(roofline.site.title), GB/s",
      [
        .init("level"), .init("MiB"), .init("read"), .init("copy"), .init("with w.a."), .init("triad"),
        .init("with w.a. "), .init("ridge FLOP/B"),
      ])
    for level in roofline.levels {
      table.append([
        .text(level.name), .number(Unit.mebibyte.fromBase(Double(level.bytes)), decimals: 2),
        .number(level.read, decimals: 1), .optional(level.copy, decimals: 1),
        .optional(level.copyWithWriteAllocate, decimals: 1), .optional(level.triad, decimals: 1),
        .optional(level.triadWithWriteAllocate, decimals: 1),
        .optional(roofline.ridge(level), decimals: 2),
      ])
    }
    table.notes =
      [
        roofline.peak.map { "Multiply-add peak: \(grouped($0, decimals: 1)) GFLOP/s." }
          ?? "The multiply-add peak was not measured."
      ] + [
        "w.a.: write-allocate, the read of a line that a plain store needs: copy x 3/2, triad x 4/3."
      ] + unsure(roofline)
    return table
  }

  private static func unsure(_ roofline: PlacementRoofline) -> [String] {
    let (single, apart) = roofline.doubtfulCeilings
    return
      (apart.isEmpty
      ? [] : ["Processes differ by more than 10 % on \(apart.joined(separator: ", ")): not firm."])
      + (single.isEmpty
        ? []
        : ["One process, spread unknown, on \(single.joined(separator: ", ")): not firm."])
  }

  private static func kernels(_ roofline: PlacementRoofline, _ drawing: TerminalRoofline) -> ReportTable {
    var table = ReportTable(
      "Kernels of \(roofline.site.title)",
      [
        .init("key"), .init("shape"), .init("impl"), .init("FLOP/B"), .init("GFLOP/s"), .init("% of roof"),
        .init("bound by"),
      ])
    for point in roofline.points.sorted(by: { $0.intensity < $1.intensity }) {
      table.append([
        .text(drawing.key(point.row)), .text(point.row.shapeTitle), .text(point.row.impl),
        .number(point.intensity, decimals: 1), .number(point.gflops, decimals: 1),
        .optional(point.row.pctOfRoofline, decimals: 0), .text(point.row.boundBy),
      ])
    }
    table.notes = [
      roofline.site.isDevice
        ? "Capital letters are \(ResultRow.devicesOwn.joined(separator: " and ")), small ones their peers."
        : "Capital letters are swift, small ones its peers."
    ]
    return table
  }

  /// For programs: one row a ceiling or kernel, the same columns for both.
  static func list(_ rooflines: [PlacementRoofline]) -> ReportTable {
    var table = ReportTable(
      "",
      [
        "placement", "threads", "section", "name", "impl", "working_set_bytes", "read_gbytes_per_second",
        "copy_gbytes_per_second", "copy_with_write_allocate_gbytes_per_second", "triad_gbytes_per_second",
        "triad_with_write_allocate_gbytes_per_second", "arithmetic_intensity_flop_per_byte", "gflops",
        "pct_of_roofline", "bound_by", "process_rel_stddev",
      ].map { ReportTable.Column($0) })
    for roofline in rooflines {
      let place: [Cell] = [.text(roofline.site.name), roofline.site.threads.map { .integer($0) } ?? .empty]
      let blank = Array(repeating: Cell.empty, count: 5)
      for peak in roofline.peaks {
        let (name, impl) = roofline.site.isDevice ? (peak.type, "") : (peak.probe, "swift")
        table.append(
          place + [.text("peak"), .text(name), impl.isEmpty ? .empty : .text(impl), .empty] + blank
            + [
              .empty, .number(peak.rate, decimals: 1), .empty, .empty, .optional(peak.spread, decimals: 3),
            ])
      }
      for level in roofline.levels {
        table.append(
          place + [
            .text("bandwidth"), .text(level.name), roofline.site.isDevice ? .empty : .text("swift"),
            .integer(level.bytes),
            .number(level.read, decimals: 1), .optional(level.copy, decimals: 1),
            .optional(level.copyWithWriteAllocate, decimals: 1), .optional(level.triad, decimals: 1),
            .optional(level.triadWithWriteAllocate, decimals: 1),
            .optional(roofline.ridge(level), decimals: 2), .empty, .empty, .empty,
            .optional(level.spread, decimals: 3),
          ])
      }
      for point in roofline.points {
        let row = point.row
        table.append(
          place + [.text("kernel"), .text(row.shapeId), .text(row.impl), .empty] + blank
            + [
              .number(point.intensity, decimals: 1), .number(point.gflops, decimals: 1),
              .optional(row.pctOfRoofline, decimals: 1), row.boundBy.isEmpty ? .empty : .text(row.boundBy),
              .optional(row.betweenProcessRelStddev, decimals: 3),
            ])
      }
    }
    return table
  }
}
