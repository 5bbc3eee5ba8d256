// plimsoll search: every feasible deployment of a model on accelerators, as the frontier of output per
// accelerator against speed for one user, and why the rest was rejected.

import ArgumentParser
import Catalog
import Estimator
import Export
import Foundation
import Quantities
import Tables

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Walks every deployment of a model on an accelerator and shows the Pareto frontier.",
    discussion: """
      Every tensor, expert, attention-data and pipeline degree inside the scale-up network, every number format \
      that checkpoint and chip allow, every engine, and batches of powers of two and the halves between. Pairs of \
      prefill and decode workers (xPyD) are an upper envelope: both sides as busy as they can be.
      Example: plimsoll search --model Llama-3.1-70B --accelerator H100 --isl 1024 --osl 1024 --tpot 50ms
      Example: plimsoll search --model DeepSeek-V3 --accelerator B200,H200 --isl 8192 --osl 1024 --plot f.svg
      """)

  @Option(help: "Model of the catalogue, or its identifier at the model hub.") var model: String?
  @Option(help: "Accelerators of the catalogue, separated by commas, or 'all'.") var accelerator: String?
  @Option(name: [.customLong("isl"), .customLong("input-tokens")], help: "Mean prompt length in tokens.")
  var inputTokens = 1024.0
  @Option(name: [.customLong("osl"), .customLong("output-tokens")], help: "Mean answer length in tokens.")
  var outputTokens = 1024.0
  @Option(help: "Share of the prompt that a prefix cache supplies, 0 to below 1.") var cachedShare = 0.0
  @Option(help: "Limit on the mean time to first token, e.g. 500ms or 2s.") var ttft: Duration?
  @Option(help: "Limit on the mean time per output token, e.g. 50ms.") var tpot: Duration?
  @Option(help: "Format of the weights; may be repeated; left out, all that checkpoint and chip allow.")
  var precision: [Precision] = []
  @Option(help: "Serving engine; may be repeated; left out, all that run on the chip.")
  var engine: [Engine] = []
  @Option(
    help: ArgumentHelp(
      "Drafted tokens that each step verifies, and tokens that it yields; without the second a typical yield.",
      valueName: "depth[:accepted]"))
  var speculate: Speculation?
  @Flag(help: "Try every whole batch, not only powers of two and the halves between.") var exhaustive = false
  @Option(help: "Threads to search with.") var threads = min(8, ProcessInfo.processInfo.activeProcessorCount)
  @Option(help: "Most rows of each frontier in a table for people.") var rows = 16
  @Option(help: ArgumentHelp("Draws the frontiers into a file.", valueName: "file.svg|file.html"))
  var plot: String?
  @Flag(help: "Draw with ASCII only.") var ascii = false
  @Flag(help: "Print how many operating points a second are computed.") var benchmark = false
  @OptionGroup var measured: MeasuredOptions
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard benchmark || model != nil && accelerator != nil else {
      throw ValidationError("--model and --accelerator are needed")
    }
    for (name, value) in [("--isl", inputTokens), ("--osl", outputTokens)] {
      guard value >= 1, value <= 1e8 else { throw ValidationError("\(name) must be from 1 to 1e8 tokens") }
    }
    guard cachedShare >= 0, cachedShare < 1 else {
      throw ValidationError("--cached-share must be from 0 to below 1")
    }
    guard (1...1024).contains(threads) else { throw ValidationError("--threads takes 1 to 1024") }
    guard rows >= 2 else { throw ValidationError("--rows must be at least 2") }
    if let plot, !plot.hasSuffix(".svg"), !plot.hasSuffix(".html") {
      throw ValidationError("--plot takes a file that ends in .svg or .html")
    }
  }

  func run() throws {
    let tables = try measured.load(catalog).catalog
    let estimator = try Estimator(catalog: tables)
    if benchmark { return try output.show([SearchTables.speed(estimator, tables, threads: threads)]) }
    let network = try plimsoll.network(named: model ?? "", in: tables)
    let chips = try chosen(tables)
    let query = SearchQuery(
      workload: Workload(
        inputTokens: inputTokens, outputTokens: outputTokens, cachedShare: cachedShare,
        ttftLimit: ttft?.value, tpotLimit: tpot?.value),
      precisions: precision.isEmpty ? nil : precision, engines: engine.isEmpty ? nil : engine,
      batches: exhaustive ? .every : .steps, speculation: speculate, threads: threads)
    var results: [SearchResult] = []
    var gaps: [Gap] = []
    for chip in chips {
      switch estimator.search(model: network, on: chip, query) {
      case .success(let result): results.append(result)
      case .failure(let gap): gaps.append(gap)
      }
    }
    guard let first = results.first else {
      let gap = gaps.first ?? Gap(network.model, missing: "no accelerator")
      throw CommandFailure(.infeasible, "\(gap.subject): \(gap.missing); \(gap.remedy)")
    }
    let report = SearchTables(
      model: network.model, workload: query.workload, results: results, gaps: gaps, rows: rows)
    try write(report)
    try show(report)
    guard results.contains(where: { !$0.frontier.isEmpty }) else {
      throw CommandFailure(.infeasible, SearchTables.nothing(network.model, first))
    }
  }

  private func chosen(_ tables: Catalog) throws -> [Accelerator] {
    let names = (accelerator ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    if names == ["all"] { return tables.accelerators.filter { $0.kind != "cpu" } }
    guard !names.isEmpty else {
      throw CommandFailure(.usage, "name an accelerator, e.g. --accelerator H100,B200, or all")
    }
    var chips: [Accelerator] = []
    for name in names {
      let chip = try plimsoll.accelerator(named: name, in: tables)
      if !chips.contains(where: { $0.id == chip.id }) { chips.append(chip) }
    }
    return chips
  }

  private func write(_ report: SearchTables) throws {
    guard let plot else { return }
    let picture = report.plot
    guard let text = plot.hasSuffix(".svg") ? picture.svg() : picture.html(report.forPeople) else { return }
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: plot))
    } catch {
      throw CommandFailure(.inputOutput, "\(plot) cannot be written: \(error.localizedDescription)")
    }
  }

  private func show(_ report: SearchTables) throws {
    guard output.format.isForPeople else { return try output.show([report.forPrograms]) }
    if output.format == .table,
      let drawing = report.plot.text(width: min(output.width, 100), isASCII: ascii || !Terminal.isUTF8)
    {
      try StandardOutput.write(drawing + "\n")
    }
    try output.show(report.forPeople)
  }
}
