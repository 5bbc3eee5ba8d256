// plimsoll train: how long a fleet trains a model, and how many such runs it carries at once.

import ArgumentParser
import Catalog
import Estimator
import Quantities
import Tables

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Estimates how long a fleet trains a model, and how many such runs at once.",
    discussion: """
      Work is 6 x active parameters x tokens and causal attention; the share of the peak comes from published \
      runs by scale, failures and checkpoints from published fleets. With --days a run gets as few accelerators \
      as make it in time, otherwise the whole fleet.
      Example: plimsoll train --model Llama-3.1-405B --accelerator H100 --accelerators 100000 --tokens 15.6e12 \
      --days 60
      """)

  @Option(help: "Model of the catalogue, or its identifier at the model hub.") var model: String
  @Option(help: "Accelerator of the catalogue.") var accelerator: String
  @Option(help: "Accelerators of the fleet.") var accelerators: Double
  @Option(help: "Tokens of a run, e.g. 15.6e12.") var tokens: Double
  @Option(help: "Days that a run may take; left out, the fleet trains one run.") var days: Double?
  @Option(help: "Tokens of a sequence.") var sequence = 8192.0
  @Option(help: "Format of the products: bf16 or fp8.") var precision: Precision = .bf16
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    let numbers = [
      ("--accelerators", accelerators, 1e9), ("--tokens", tokens, 1e18), ("--sequence", sequence, 1e8),
    ]
    for (name, value, most) in numbers {
      guard value >= 1, value <= most else { throw ValidationError("\(name) must be from 1 to \(most)") }
    }
    if let days, !(days > 0 && days < 1e5) {
      throw ValidationError("--days must be above 0 and below 100,000")
    }
    guard precision == .bf16 || precision == .fp8 else {
      throw ValidationError("--precision takes bf16 or fp8: no run in another format is published")
    }
  }

  func run() throws {
    let tables = try catalog.load()
    let chip = try plimsoll.accelerator(named: accelerator, in: tables)
    let network = try plimsoll.network(named: model, in: tables)
    let query = TrainingQuery(
      accelerators: accelerators, tokens: tokens, days: days, sequence: sequence,
      format: precision == .fp8 ? .fp8 : .bf16)
    switch try trainingCapacity(of: network, on: chip, query, catalog: tables) {
    case .success(let capacity): try output.show([table(network, chip, capacity)])
    case .failure(let gap):
      throw CommandFailure(.infeasible, "\(gap.subject): \(gap.missing); \(gap.remedy)")
    }
  }

  private func table(
    _ network: ModelArchitecture, _ chip: Accelerator, _ capacity: TrainingCapacity
  ) -> ReportTable {
    let title =
      "Training \(network.model) on \(grouped(accelerators, decimals: 0)) x \(chip.id), "
      + "\(grouped(Unit.billion.fromBase(tokens), decimals: 0)) x 10^9 tokens"
    let people = output.format.isForPeople
    var table = ReportTable(
      title,
      [
        .init("figure"), .init("value"), .init("low_80", "80 % low"), .init("high_80", "high"), .init("unit"),
        .init("trust"),
      ] + (people ? [] : [.init("sources")]))
    for (name, figure) in capacity.figures {
      let range = figure.interval.map { [number($0.low), number($0.high)] } ?? [.empty, .empty]
      table.append(
        [.text(name), number(figure.value)] + range + [.text(figure.unit), .text(figure.trust.rawValue)]
          + (people ? [] : [.text(figure.sources.joined(separator: "; "))]))
    }
    let attention = Unit.percent.fromBase(capacity.attentionShare)
    table.notes =
      [
        "\(fixed(attention, decimals: 1)) % of the work is attention over sequences of "
          + "\(grouped(sequence, decimals: 0)) tokens. The interval is the spread between published runs."
      ]
      + capacity.days.sources.map { "Source: \($0)" }
    return table
  }

  private func number(_ value: Double) -> Cell {
    let size = abs(value)
    if size >= 1e15 { return .text(scientific(value)) }
    return .number(value, decimals: size >= 100 || value == value.rounded() ? 0 : size >= 10 ? 1 : 3)
  }

  /// Four digits and a power of ten, e.g. `3.797e25`.
  private func scientific(_ value: Double) -> String {
    var (digits, power) = (value, 0)
    while digits >= 10 { (digits, power) = (digits / 10, power + 1) }
    return "\(fixed(digits, decimals: 3))e\(power)"
  }
}
