// plimsoll roofline: what each place can do at most and how near its kernels come, on a terminal.

import ArgumentParser
import Export
import Foundation
import Machines
import Quantities
import Results
import Tables

struct RooflineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roofline",
    abstract: "Draws the measured roofline of each placement, with its kernels.",
    discussion: """
      Without a file the ceilings are measured now: the multiply-add peak and the bandwidth of reading, \
      copying and a triad at each level, as 'run --filter phase:ceiling' does. With a result file its rows are \
      drawn. A plain store first reads its line: the columns with write-allocate count that traffic too.
      Example: plimsoll roofline --placement core0
      Example: plimsoll roofline results/run.csv --ascii
      """)

  @Argument(help: "Result file; without one the ceilings are measured now.")
  var result: String?

  @Option(help: "Only this placement, e.g. core0 or machine; may be repeated.")
  var placement: [String] = []

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Folder that keeps the files of the measurement; without it they are thrown away.")
  var folder: String?

  @Option(help: "Worker processes for each placement.")
  var processes = 3

  @Flag(help: "Draw with ASCII only; this is so by itself where the locale is not UTF-8.")
  var ascii = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard result == nil || folder == nil else {
      throw ValidationError("-o keeps the files of a measurement; with a result file nothing is measured")
    }
    guard (1...100).contains(processes) else { throw ValidationError("--processes takes 1 to 100") }
  }

  func run() throws {
    let rooflines = try chosen(try rows())
    switch output.format {
    case .table: try show(rooflines)
    case .csv, .json, .jsonl, .md, .html: try output.show([RooflineTables.list(rooflines)])
    }
  }

  private func rows() throws -> [ResultRow] {
    if let result { return try ResultFile.read(result) }
    return try CeilingRun(placements: placement, processes: processes, folder: folder).rows()
  }

  /// The rooflines of the places that were asked for.
  ///
  /// - Throws: `CommandFailure`: 64 for a place that no row has, 4 where no row has a rate.
  private func chosen(_ rows: [ResultRow]) throws -> [PlacementRoofline] {
    let rows = ReportInput(name: result ?? "", rows: rows).shownRun
    for name in placement where !rows.contains(where: { $0.placement == name }) {
      let names = Set(rows.map(\.placement)).sorted()
      // A measurement may have given the place its other name.
      guard result != nil else { continue }
      throw CommandFailure.unknown(
        "placement", name, nearest: nearestNames(to: name, among: names), list: "plimsoll roofline FILE")
    }
    let wanted =
      result == nil || placement.isEmpty ? rows : rows.filter { placement.contains($0.placement) }
    let rooflines = MeasuredSite.sites(wanted).map { PlacementRoofline(wanted, site: $0) }
      .filter { $0.peak != nil || !$0.levels.isEmpty || !$0.points.isEmpty }
    guard !rooflines.isEmpty else {
      throw CommandFailure(
        .nothingComparable,
        "no row has a rate, so there is no roofline to draw; see the status_detail column of the rows")
    }
    return rooflines
  }

  private func show(_ rooflines: [PlacementRoofline]) throws {
    for (index, roofline) in rooflines.enumerated() {
      let drawing = TerminalRoofline(
        roofline, ours: "swift", width: min(output.width, 100), isASCII: ascii || !Terminal.isUTF8)
      let text = drawing.text() ?? "\(roofline.site.title): too little was measured for a drawing.\n"
      try StandardOutput.write((index > 0 ? "\n" : "") + text + "\n")
      try output.show(RooflineTables.tables(roofline, drawing))
    }
  }
}

/// The ceilings measured now, by the program's own `run`.
///
/// A child process, so that files, interruption and resuming are those of `run`, and its tables stay off
/// our output.
struct CeilingRun {
  let placements: [String]
  let processes: Int
  /// Where the files stay; nil = nowhere.
  let folder: String?

  /// Measures and reads the rows back.
  ///
  /// - Throws: `CommandFailure` with the status of `run`, which has said why on standard error.
  func rows() throws -> [ResultRow] {
    let place = folder ?? NSTemporaryDirectory() + "plimsoll-roofline-\(getpid())"
    defer { if folder == nil { try? FileManager.default.removeItem(atPath: place) } }
    let before = Set(resultFiles(in: place))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: ownExecutable)
    process.arguments =
      ["run", "--filter", "phase:ceiling", "--processes", String(processes), "-o", place, "--format", "csv"]
      + placements.flatMap { ["--placement", $0] }
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    // Ctrl-C reaches the child too; it keeps what was measured, and its status tells.
    signal(SIGINT, SIG_IGN)
    do {
      try process.run()
    } catch {
      throw CommandFailure(.internalError, "the measurement cannot be started: \(error.localizedDescription)")
    }
    process.waitUntilExit()
    signal(SIGINT, SIG_DFL)
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let status = ExitStatus(rawValue: process.terminationStatus) ?? .internalError
      throw CommandFailure(status, "the ceilings were not measured; the line above says why")
    }
    let new = resultFiles(in: place).filter { !before.contains($0) }
    guard let file = new.last else {
      throw CommandFailure(.internalError, "the measurement left no result file in \(place)")
    }
    if folder != nil { StandardError.write("files: \(place)/\(file)") }
    return try ResultFile.read(place + "/" + file)
  }

  /// Result files by name, which begins with the time.
  private func resultFiles(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") }.sorted()
  }
}
