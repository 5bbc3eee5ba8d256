// One published serving run: two rows of the table of points (TPOT and TTFT of the same configuration) joined and
// parsed. Where the source writes counts that cannot be, `PublishedRuns` repairs or drops the run.

public import Catalog
import Quantities

/// A published run of an aggregated (not disaggregated) deployment.
public struct PublishedRun: Sendable, Hashable {
  /// Name of the configuration in its source.
  public let key: String
  /// Ids of its rows: time per token, time to first token.
  public let ids: [String]
  /// Published model name.
  public let publishedModel: String
  /// The catalogue's row for it.
  public let model: ModelArchitecture
  /// First catalogued model with the same dimensions: R1 and V3 of DeepSeek are one architecture.
  public let architecture: String
  /// Accelerator id.
  public let accelerator: String
  /// Precision as published; blank means bf16.
  public let precision: Precision
  /// True for weights scaled by blocks.
  public let isBlockScaled: Bool
  /// Serving engine.
  public let engine: Engine
  /// Its version, or empty.
  public let version: String
  /// Day of the measurement.
  public let date: String
  /// `calibration` or `public_test`.
  public let split: String
  /// Nominal prompt length.
  public let inputTokens: Double
  /// Nominal answer length.
  public let outputTokens: Double
  /// Batch column: per attention-DP rank.
  public let batchPerRank: Double?
  /// Client concurrency.
  public var concurrency: Double
  /// Mean time per output token, seconds.
  public let tpot: Double
  /// Mean time to first token, seconds.
  public let ttft: Double
  /// Attention tensor-parallel degree.
  public var tensor: Int
  /// Attention-data-parallel degree.
  public var data: Int
  /// Tensor-parallel degree inside experts.
  public var expertTensor: Int
  /// Expert groups.
  public var expert: Int
  /// True where the rank counts were products and have been repaired.
  public var isRepaired = false
  /// True where the TTFT of a run under more load on no more ranks is below a third of this one's.
  public var hasWarmUp = false

  /// Accelerators of the run.
  public var ranks: Int { tensor * data }
  /// Runs of the source's own sweeps have exact lengths; client-driven ones draw them from 0.8 to 1.
  public var hasFixedLengths: Bool { PublishedRun.hasFixedLengths(key) }
  static func hasFixedLengths(_ key: String) -> Bool {
    ["qwen_qw", "meta_ll", "nvidia_"].contains { key.hasPrefix($0) }
  }
  /// The requests with their mean lengths.
  public var workload: Workload {
    let mean = hasFixedLengths ? 1 : 0.9
    return Workload(inputTokens: inputTokens * mean, outputTokens: outputTokens * mean)
  }
  /// True for runs of a nightly dump, false for named configurations.
  var isDump: Bool { key.prefix(4).allSatisfy(\.isNumber) && key.dropFirst(4).first == "_" }
  /// Ranks, engine and format.
  public var deployment: Deployment {
    let format = isBlockScaled && precision == .fp8 ? .fp8Block : precision.resolved(for: model)
    return Deployment(
      tensorParallel: tensor, expertParallel: expert, dataParallel: data, engine: engine, precision: format)
  }
  /// KV bytes of one element: 16 bits in the source's Llama sweep, else by precision.
  public var kvBytesPerElement: Double { key.hasPrefix("meta_ll") ? 2 : precision.kvBytesPerElement }
  /// Requests per second of the replica by Little's law.
  public var requestsPerSecond: Double { concurrency / (ttft + tpot * (workload.outputTokens - 1)) }
  /// Sweeps of one source on one chip, model and precision count together as one run.
  var cell: String { "\(accelerator)|\(publishedModel)|\(precision.rawValue)" }
}

extension PublishedRun {
  /// Joins the rows of the aggregated runs that name both times; rows of models or chips that the catalogue
  /// does not have are left out.
  static func parse(_ points: [ServingPoint], catalog: Catalog) -> [PublishedRun] {
    var ttft: [String: ServingPoint] = [:]
    for point in points where point.metric == "ttft_ms" && isSample(point) {
      if point.value != nil { ttft[configuration(of: point)] = point }
    }
    let names = PublishedNames(catalog)
    return points.compactMap { point in
      guard point.metric == "tpot_ms", isSample(point) else { return nil }
      return PublishedRun(point, ttft: ttft[configuration(of: point)], names: names)
    }
  }

  /// True for rows of the large sweep, whose two times stand in two rows of one configuration.
  static func isSample(_ point: ServingPoint) -> Bool { point.source == "aiconfigurator silicon_sample" }

  static func configuration(of point: ServingPoint) -> String {
    point.sourceUrlOrRepoPath.split(separator: "#", maxSplits: 1).last.map(String.init) ?? ""
  }

  private init?(_ point: ServingPoint, ttft first: ServingPoint?, names: PublishedNames) {
    // Parallelism reads `TP4 PP1 DP1 moeTP4 moeEP1`; disaggregated runs say so instead.
    let words = point.parallelism.split(separator: " ")
    func degree(_ name: String) -> Int? {
      words.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
    }
    // Notes read `mean over requests; vllm 0.19.0; fp8/fp8; … ; concurrency 128; …`.
    let notes = point.notes.split(separator: ";", omittingEmptySubsequences: false).map {
      String($0.drop { $0 == " " })
    }
    guard !point.parallelism.hasPrefix("disagg"), notes.count > 2, notes[0] == "mean over requests",
      let tensor = degree("TP"), let data = degree("DP"), let expertTensor = degree("moeTP"),
      let expert = degree("moeEP"), let input = Double(point.isl), let output = point.osl,
      let tpot = point.value, let first, let ttft = first.value,
      let (model, architecture) = names.model(point.model), let chip = names.accelerator(point.accelerator)
    else { return nil }
    let software = notes[1].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard let engine = software.first.flatMap({ Engine(rawValue: String($0)) }),
      let precision = point.precision.isEmpty ? .bf16 : Precision(rawValue: point.precision)
    else { return nil }
    let prefix = "concurrency "
    let clients = notes.first { $0.hasPrefix(prefix) }.flatMap { Double($0.dropFirst(prefix.count)) }
    let batch = Double(point.batchOrConcurrency)
    guard let concurrency = clients ?? batch.map({ $0 * Double(max(1, data)) }) else { return nil }

    key = PublishedRun.configuration(of: point)
    ids = [point.id, first.id]
    publishedModel = point.model
    self.model = model
    self.architecture = architecture
    accelerator = chip
    self.precision = precision
    isBlockScaled = notes[2].contains("block")
    self.engine = engine
    version = software.count > 1 ? software[1].split(separator: " ").joined(separator: " ") : ""
    date = String(point.date.prefix(10))
    split = point.split
    inputTokens = input
    outputTokens = output
    batchPerRank = batch
    self.concurrency = concurrency
    self.tpot = Unit.millisecond.toBase(tpot)
    self.ttft = Unit.millisecond.toBase(ttft)
    self.tensor = max(1, tensor)
    self.data = max(1, data)
    self.expertTensor = max(1, expertTensor)
    self.expert = max(1, expert)
  }
}

/// Published names of models and chips to catalogue rows.
struct PublishedNames {
  private let names: PointNames
  private var twins: [ModelShape: String] = [:]

  init(_ catalog: Catalog) {
    names = PointNames(catalog)
    for row in catalog.models {
      guard case .success(var shape) = ModelShape.from(row) else { continue }
      shape.name = ""
      if twins[shape] == nil { twins[shape] = row.model }
    }
  }

  func accelerator(_ name: String) -> String? { names.accelerator(name)?.id }

  /// The row and the name of the first model of the same dimensions.
  func model(_ name: String) -> (ModelArchitecture, String)? {
    guard let row = names.model(name),
      case .success(var shape) = ModelShape.from(row)
    else { return nil }
    shape.name = ""
    return (row, twins[shape] ?? row.model)
  }
}
