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
      Without degrees (--tp, --ep, --dp, --pp) the deployment with most output tokens/s per accelerator is \
      taken, and without --batch the largest batch inside the limits and the memory.
      Example: plimsoll estimate --model Llama-3.1-70B --accelerator H100 --tpot 50ms --ttft 2s
      """)

  @Option(help: "Model of the catalogue, or its identifier at the model hub.") var model: String
  @Option(help: "Accelerator of the catalogue.") var accelerator: String
  @Option(help: "Mean prompt length in tokens.") var inputTokens = 1024.0
  @Option(help: "Mean answer length in tokens.") var outputTokens = 1024.0
  @Option(help: "Share of the prompt that a prefix cache supplies, 0 to below 1.") var cachedShare = 0.0
  @Option(help: "Limit on the mean time to first token, e.g. 500ms or 2s.") var ttft: Duration?
  @Option(help: "Limit on the mean time per output token, e.g. 50ms.") var tpot: Duration?
  @Option(help: "Format of the weights; left out, the usual one.") var precision: Precision?
  @Option(help: "Serving engine.") var engine: Engine = .vllm
  @Option(help: "Tensor-parallel degree.") var tp: Int?
  @Option(help: "Expert groups.") var ep: Int?
  @Option(help: "Attention-data-parallel degree.") var dp: Int?
  @Option(help: "Pipeline stages.") var pp: Int?
  @Option(help: "Concurrent requests of one replica.") var batch: Int?
  @Option(help: "A result file of this host: adds the transferred estimate and the host itself.")
  var hostResults: String?
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    for (name, value) in [("--input-tokens", inputTokens), ("--output-tokens", outputTokens)] {
      guard value >= 1, value <= 1e8 else { throw ValidationError("\(name) must be from 1 to 1e8 tokens") }
    }
    guard cachedShare >= 0, cachedShare < 1 else {
      throw ValidationError("--cached-share must be from 0 to below 1")
    }
    for (name, value) in [("--tp", tp), ("--ep", ep), ("--dp", dp), ("--pp", pp), ("--batch", batch)] {
      if let value, !(1...1_000_000).contains(value) { throw ValidationError("\(name) must be at least 1") }
    }
  }

  func run() throws {
    let tables = try catalog.load()
    guard let chip = tables.accelerator(accelerator) else {
      throw CommandFailure.unknown(
        "accelerator", accelerator, nearest: tables.nearestAccelerators(to: accelerator),
        list: "plimsoll catalog list accelerators")
    }
    guard let network = tables.model(model) else {
      throw CommandFailure.unknown(
        "model", model, nearest: tables.nearestModels(to: model), list: "plimsoll catalog list models")
    }
    let estimator = try Estimator(catalog: tables)
    let rates = try estimator.rates(of: chip).get()
    let format = precision ?? .usual(for: network, on: rates)
    _ = try ModelShape.from(network).get()
    let workload = Workload(
      inputTokens: inputTokens, outputTokens: outputTokens, cachedShare: cachedShare, ttftLimit: ttft?.value,
      tpotLimit: tpot?.value, concurrency: batch)
    let estimate = try possible(
      estimator.serve(
        model: network, on: chip, workload: workload, precision: format, deployment: deployment(format)))
    try output.show([table(estimate, model: network, chip: chip)])
  }

  private func deployment(_ format: Precision) -> Deployment? {
    guard tp != nil || ep != nil || dp != nil || pp != nil else { return nil }
    return Deployment(
      tensorParallel: tp ?? 1, expertParallel: ep ?? 1, dataParallel: dp ?? 1, pipelineParallel: pp ?? 1,
      engine: engine, precision: format)
  }

  private func table(_ estimate: ServingEstimate, model: ModelArchitecture, chip: Accelerator) -> ReportTable
  {
    let deployment = estimate.deployment
    var table = ReportTable(
      "\(model.model) on \(deployment.accelerators) x \(chip.id) (\(deployment.summary))",
      [
        .init("figure"), .init("value"), .init("low_80", "80 % low"), .init("high_80", "high"), .init("unit"),
        .init("trust"), .init("sources"),
      ])
    if output.format == .table {
      table = ReportTable(table.title, Array(table.columns.dropLast()))
    }
    for (name, figure) in estimate.figures {
      var cells: [Cell] = [
        .text(name), number(figure.value), figure.interval.map { number($0.low) } ?? .empty,
        figure.interval.map { number($0.high) } ?? .empty, .text(figure.unit), .text(figure.trust.rawValue),
      ]
      if output.format != .table { cells.append(.text(figure.sources.joined(separator: "; "))) }
      table.append(cells)
    }
    let weights = fixed(Unit.gibibyte.fromBase(estimate.weightBytesPerRank.value), decimals: 1)
    table.notes =
      [
        "\(estimate.batch) requests in flight, limited by \(estimate.limitedBy); memory holds "
          + "\(grouped(estimate.batchLimit.rounded(.down), decimals: 0)). Weights \(weights) GiB a rank. "
          + "Prompt \(grouped(inputTokens, decimals: 0)), answer \(grouped(outputTokens, decimals: 0)) tokens."
      ] + sources(estimate).map { "Source: \($0)" }
    return table
  }

  private func sources(_ estimate: ServingEstimate) -> [String] { estimate.tpot.sources }

  private func number(_ value: Double) -> Cell {
    .number(value, decimals: abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 5)
  }
}

/// The value, or a failure with the status for what cannot be done at all.
private func possible<Value>(_ known: Known<Value>) throws -> Value {
  switch known {
  case .success(let value): return value
  case .failure(let gap):
    let remedy = gap.remedy.isEmpty ? "" : "; \(gap.remedy)"
    throw CommandFailure(.infeasible, "\(gap.subject): \(gap.missing)\(remedy)")
  }
}

extension Precision: ExpressibleByArgument {}
extension Engine: ExpressibleByArgument {}

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
