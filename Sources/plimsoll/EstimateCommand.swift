// plimsoll estimate: what one kind of accelerator does for one model, every figure with interval, trust and sources.

import ArgumentParser
import Catalog
import Estimator
import Quantities
import Tables

struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimates what an accelerator does for a model.",
    discussion: """
      Without degrees (--tp, --ep, --dp, --pp, --cp) the deployment with most output tokens/s per accelerator is \
      taken, and without --batch the largest batch inside the limits and the memory. With --results the rows of a \
      run on the accelerator come before what was published of it, and stand beside it.
      Example: plimsoll estimate --model Llama-3.1-70B --accelerator H100 --tpot 50ms --ttft 2s
      """)

  @Option(help: "Model of the catalogue, its identifier at the model hub, or the path of a config.json.")
  var model: String
  @Option(help: "Accelerator of the catalogue.") var accelerator: String
  @Option(help: "Mean prompt length in tokens.") var inputTokens = 1024.0
  @Option(help: "Mean answer length in tokens.") var outputTokens = 1024.0
  @Option(help: "Share of the prompt that a prefix cache supplies, 0 to below 1.") var cachedShare = 0.0
  @Option(help: "Limit on the mean time to first token, e.g. 500ms or 2s.") var ttft: Duration?
  @Option(help: "Limit on the mean time per output token, e.g. 50ms.") var tpot: Duration?
  @Option(help: "Format of the weights; left out, the usual one.") var precision: Precision?
  @Option(help: "Serving engine; left out, the best of those that run on the chip.") var engine: Engine?
  @Option(help: "Tensor-parallel degree.") var tp: Int?
  @Option(help: "Expert groups.") var ep: Int?
  @Option(help: "Attention-data-parallel degree.") var dp: Int?
  @Option(help: "Pipeline stages.") var pp: Int?
  @Option(help: "Ranks that share a sequence: its prompt and its cache.") var cp: Int?
  @Option(help: "Concurrent requests of one replica.") var batch: Int?
  @Option(
    help: ArgumentHelp(
      "Drafted tokens that each step verifies, and tokens that it yields; without the second a typical yield.",
      valueName: "depth[:accepted]"))
  var speculate: Speculation?
  @Option(help: "A result file of this host: adds the transferred estimate and the host itself.")
  var hostResults: String?
  @Flag(help: "Add simulated times with quantiles beside the formulas.") var simulate = false
  @Flag(help: "Walks the figures back to operators, constants and rows of the catalogue.")
  var explain = false
  @OptionGroup var measured: MeasuredOptions
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if speculate != nil, simulate {
      throw ValidationError("--speculate and --simulate exclude each other: the simulation has no drafts")
    }
    for (name, value) in [("--input-tokens", inputTokens), ("--output-tokens", outputTokens)] {
      guard value >= 1, value <= 1e8 else { throw ValidationError("\(name) must be from 1 to 1e8 tokens") }
    }
    guard cachedShare >= 0, cachedShare < 1 else {
      throw ValidationError("--cached-share must be from 0 to below 1")
    }
    for (name, value) in [
      ("--tp", tp), ("--ep", ep), ("--dp", dp), ("--pp", pp), ("--cp", cp), ("--batch", batch),
    ] {
      if let value, !(1...1_000_000).contains(value) { throw ValidationError("\(name) must be at least 1") }
    }
  }

  func run() throws {
    let evidence = try measured.load(catalog)
    let tables = evidence.catalog
    let chip = try plimsoll.accelerator(named: accelerator, in: tables)
    let network = try plimsoll.network(named: model, in: tables)
    let estimator = try estimator(tables)
    let rates = try estimator.rates(of: chip).get()
    let format = precision ?? .usual(for: network, on: rates)
    _ = try ModelShape.from(network).get()
    let workload = Workload(
      inputTokens: inputTokens, outputTokens: outputTokens, cachedShare: cachedShare, ttftLimit: ttft?.value,
      tpotLimit: tpot?.value, concurrency: batch)
    let estimate = try possible(
      served(
        engine.map { [$0] } ?? estimator.engines(on: chip),
        by: { engine in
          estimator.serve(
            model: network, on: chip, workload: workload, precision: format,
            deployment: deployment(format, engine), engine: engine, speculation: speculate)
        }))
    var second: Second?
    if estimator.host != nil {
      second = Second(
        transferred: estimator.transferred(
          model: network, on: chip, workload: workload, precision: format,
          deployment: estimate.deployment),
        host: onHost(estimator, network, workload), score: estimator.transferSummary,
        composition: estimator.host?.composition.sentence(file: hostResults ?? "FILE"))
    }
    let simulated =
      try simulate
      ? estimator.simulated(
        model: network, on: chip, deployment: estimate.deployment, workload: workload,
        clients: batch ?? estimate.batch
      ).get() : nil
    let title =
      "\(network.model) on \(estimate.deployment.accelerators) x \(chip.id) (\(estimate.deployment.summary))"
    var walk: [ReportTable] = []
    if explain {
      let operators = try estimator.walk(
        model: network, on: chip, workload: workload, estimate: estimate, speculation: speculate
      ).get()
      walk =
        operators.tables()
        + operators.evidence(
          of: estimate.deployment, workload: workload, model: network, on: chip, in: tables,
          kernels: try evidence.kernels())
    }
    try output.show(
      output.format == .table
        ? [table(title, estimate)] + (try evidence.tables(of: chip)) + walk
          + (simulated.map { [simulatedTable(estimate, $0)] } ?? [])
          + (second.map { [hostTable($0)] } ?? [])
        : [fullTable(title, estimate, second, simulated)])
  }

  /// Simulated times of the closed loop that the formulas describe.
  private func simulatedTable(_ estimate: ServingEstimate, _ result: SimulationResult) -> ReportTable {
    var table = ReportTable(
      "Simulated beside the formulas",
      [
        .init("figure"), .init("formula"), .init("mean"), .init("p50"), .init("p90"), .init("p99"),
        .init("unit"),
      ])
    for (name, figure, values) in [
      ("time to first token", estimate.ttft, result.ttft),
      ("time per output token", estimate.tpot, result.tpot),
    ] {
      table.append([.text(name), number(figure.value)] + statistics(values) + [.text(figure.unit)])
    }
    table.notes = [
      "\(result.requests.count) requests of \(batch ?? estimate.batch) clients that all start together; "
        + "lengths uniform from 8/9 to 10/9 of their mean. Quantiles are over requests."
    ]
    if estimate.tpot.sources.contains(where: { $0.contains("anchored by") }) {
      table.notes.append("The formulas' figures are anchored by measured runs; the simulated ones are not.")
    }
    return table
  }

  private func statistics(_ values: Distribution?) -> [Cell] {
    values.map { [$0.mean, $0.p50, $0.p90, $0.p99].map(number) } ?? Array(repeating: .empty, count: 4)
  }

  /// What rests on the host's result rows.
  private struct Second {
    let transferred: Known<ServingEstimate>
    let host: Known<ServingEstimate>
    let score: String?
    /// What its whole decoder layers say of the curves.
    let composition: String?
  }

  /// With a result file: the estimator that knows the host and how far its transferred estimate is off.
  private func estimator(_ tables: Catalog) throws -> Estimator {
    guard let hostResults else { return try Estimator(catalog: tables) }
    let estimator = try Estimator(catalog: tables, host: try hostCalibration(ofFile: hostResults))
    let published = PublishedRuns(try Catalog.servingPoints(), catalog: tables, estimator: estimator)
    return estimator.scoringTransfer(on: published, catalog: tables)
  }

  /// The host with the widest weights that its memory holds, or with those asked for.
  private func onHost(
    _ estimator: Estimator, _ network: ModelArchitecture, _ workload: Workload
  ) -> Known<ServingEstimate> {
    let formats = precision.map { [$0] } ?? [.bf16, .fp8, .fp4]
    let answers = formats.map {
      estimator.serveOnHost(
        model: network, workload: workload, precision: $0.resolved(for: network))
    }
    return answers.first { (try? $0.get()) != nil } ?? answers.last
      ?? .failure(Gap("\(model) on this host", missing: "no number format"))
  }

  /// The best answer of several engines; the first one's gap where none has an answer.
  private func served(
    _ engines: [Engine], by serve: (Engine) -> Known<ServingEstimate>
  ) -> Known<ServingEstimate> {
    let answers = engines.map(serve)
    var best: ServingEstimate?
    for case .success(let answer) in answers {
      let rate = answer.outputTokensPerSecondPerAccelerator.value
      if rate > (best?.outputTokensPerSecondPerAccelerator.value ?? 0) { best = answer }
    }
    return best.map { .success($0) } ?? answers.first
      ?? .failure(Gap("\(model) on \(accelerator)", missing: "no engine for this chip"))
  }

  private func deployment(_ format: Precision, _ engine: Engine) -> Deployment? {
    guard tp != nil || ep != nil || dp != nil || pp != nil || cp != nil else { return nil }
    return Deployment(
      tensorParallel: tp ?? 1, expertParallel: ep ?? 1, dataParallel: dp ?? 1, pipelineParallel: pp ?? 1,
      contextParallel: cp ?? 1, engine: engine, precision: format)
  }

  private func table(_ title: String, _ estimate: ServingEstimate) -> ReportTable {
    var table = ReportTable(
      title,
      [.init("figure"), .init("value"), .init("80 % low"), .init("high"), .init("unit"), .init("trust")])
    for (name, figure) in estimate.figures {
      table.append(
        [.text(name), number(figure.value)] + range(figure) + [
          .text(figure.unit), .text(figure.trust.rawValue),
        ])
    }
    let weights = fixed(Unit.gibibyte.fromBase(estimate.weightBytesPerRank.value), decimals: 1)
    table.notes =
      [
        "\(estimate.batch) requests in flight, limited by \(estimate.limitedBy); memory holds "
          + "\(grouped(estimate.batchLimit.rounded(.down), decimals: 0)). Weights \(weights) GiB a rank. "
          + "Prompt \(grouped(inputTokens, decimals: 0)), answer \(grouped(outputTokens, decimals: 0)) tokens."
      ] + estimate.tpot.sources.map { "Source: \($0)" }
    return table
  }

  private func hostTable(_ second: Second) -> ReportTable {
    var table = ReportTable(
      "With this host's result rows",
      [
        .init("figure"), .init("transferred"), .init("80 % low"), .init("high"), .init("this host"),
        .init("unit"),
      ])
    let transferred = try? second.transferred.get()
    let host = try? second.host.get()
    for (index, entry) in (transferred ?? host)?.figures.enumerated() ?? [].enumerated() {
      let figure = transferred?.figures[index].figure
      table.append(
        [.text(entry.name), figure.map { number($0.value) } ?? .empty] + range(figure) + [
          host.map { number($0.figures[index].figure.value) } ?? .empty, .text(entry.figure.unit),
        ])
    }
    if let score = second.score { table.notes.append("Transferred, \(score).") }
    for case .failure(let gap) in [second.transferred, second.host] {
      table.notes.append("\(gap.subject): \(gap.missing).")
    }
    if let composition = second.composition { table.notes.append("Composition test: \(composition).") }
    if let host { table.notes.append("This host: \(host.tpot.sources.joined(separator: "; ")).") }
    return table
  }

  /// Every column, for programs.
  private func fullTable(
    _ title: String, _ estimate: ServingEstimate, _ second: Second?, _ simulated: SimulationResult?
  ) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("figure"), .init("value"), .init("low_80"), .init("high_80"), .init("unit"), .init("trust"),
        .init("sources"), .init("transferred"), .init("transferred_low_80"), .init("transferred_high_80"),
        .init("this_host"), .init("deployment"),
      ]
        + (simulated == nil
          ? []
          : ["mean", "p50", "p90", "p99"].map { .init("simulated_\($0)") }))
    let transferred = try? second?.transferred.get()
    let host = try? second?.host.get()
    for (index, entry) in estimate.figures.enumerated() {
      let scaled = transferred?.figures[index].figure
      table.append(
        [.text(entry.name), number(entry.figure.value)] + range(entry.figure) + [
          .text(entry.figure.unit), .text(entry.figure.trust.rawValue),
          .text(entry.figure.sources.joined(separator: "; ")), scaled.map { number($0.value) } ?? .empty,
        ] + range(scaled) + [
          host.map { number($0.figures[index].figure.value) } ?? .empty, .text(estimate.deployment.summary),
        ]
          + (simulated.map { result in
            switch entry.name {
            case "time to first token": statistics(result.ttft)
            case "time per output token": statistics(result.tpot)
            default: statistics(nil)
            }
          } ?? []))
    }
    return table
  }

  private func range(_ figure: Figure?) -> [Cell] {
    guard let interval = figure?.interval else { return [.empty, .empty] }
    return [number(interval.low), number(interval.high)]
  }

  private func number(_ value: Double) -> Cell {
    .number(value, decimals: abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 5)
  }
}

/// The value, or a failure with the status for what cannot be done at all.
func possible<Value>(_ known: Known<Value>) throws -> Value {
  switch known {
  case .success(let value): return value
  case .failure(let gap):
    let remedy = gap.remedy.isEmpty ? "" : "; \(gap.remedy)"
    throw CommandFailure(.infeasible, "\(gap.subject): \(gap.missing)\(remedy)")
  }
}

extension Precision: ExpressibleByArgument {}
extension Engine: ExpressibleByArgument {}

/// Drafts of a step, e.g. `3` or `3:2.4`: up to 16, and from 1 to one more token than are drafted.
extension Speculation: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard let depth = Int(parts[0]), (1...16).contains(depth), parts.count <= 2 else { return nil }
    guard parts.count == 2 else {
      self.init(depth: Double(depth))
      return
    }
    guard let accepted = Double(parts[1]), accepted >= 1, accepted <= Double(depth + 1) else { return nil }
    self.init(depth: Double(depth), accepted: accepted)
  }
}

/// A time with its unit, e.g. `50ms`; a bare number is refused because it could be either.
struct Duration: ExpressibleByArgument {
  let value: Seconds
  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number > 0, number.isFinite,
      let unit = Unit(String(argument.dropFirst(digits.count))), unit.dimension == .time
    else { return nil }
    value = Seconds(unit.toBase(number))
  }
}
