// One published row as a question to the estimator: what ran on what, under which load, and which number was read.
// What the row does not say stays nil; what contradicts itself or is not catalogued is a gap with its reason.

public import Catalog
public import Quantities

/// A row of a table of serving points, parsed.
public struct ServingCase: Sendable {
  /// What was read, in base units.
  public enum Metric: String, Sendable, Hashable {
    case outputRate = "output_tok_s"
    case inputRate = "input_tok_s"
    case totalRate = "total_tok_s"
    case sampleRate = "samples_s"
    case ttft = "ttft_ms"
    case tpot = "tpot_ms"
    case endToEnd = "e2e_ms"

    /// True for times, false for rates.
    public var isTime: Bool { self == .ttft || self == .tpot || self == .endToEnd }
  }
  /// Which value of a distribution of times.
  public enum Statistic: Sendable, Hashable { case mean, median, p99 }
  /// What the number is divided by.
  public enum Basis: Sendable, Hashable {
    case system, perAccelerator, perNode, perDecodeAccelerator, perPrefillAccelerator, perRequest
  }
  /// The load.
  public enum Load: Sendable, Hashable {
    /// Clients that each wait for their answer.
    case closed(concurrency: Double)
    /// As many requests as the replica takes: throughput only.
    case offline
    /// The highest rate inside limits on the 99 % quantiles.
    case limits(ttft: Seconds, tpot: Seconds)
    /// Requests of one batch that start and end together.
    case fixedBatch(Double)
    /// Independent arrivals per second, and how many.
    case arrivals(rate: Double, requests: Double)
    /// Decode or prefill alone at a batch per rank; nil = what memory holds.
    case phase(batchPerRank: Double?)
  }

  /// The row.
  public let point: ServingPoint
  /// What was read.
  public let metric: Metric
  /// The value in base units (seconds, tokens/s, requests/s).
  public let measured: Double
  /// Which value of the distribution.
  public let statistic: Statistic
  /// What it is divided by.
  public let basis: Basis
  /// Model.
  public let model: ModelArchitecture
  /// Accelerator.
  public let accelerator: Accelerator
  /// Format of the weights.
  public let precision: Precision
  /// KV bytes of one element.
  public let kvBytesPerElement: Double
  /// Engine, as the notes name it, or the usual one of the vendor.
  public let engine: Engine
  /// Accelerators that the row counts; nil = not said.
  public let accelerators: Int?
  /// Load.
  public let load: Load
  /// Mean request.
  public let workload: Workload
  /// Sequences that the engine decodes for one request: the width of a beam search, else 1.
  public let beams: Double
  /// True where all requests have the same length.
  public let hasFixedLengths: Bool
  /// True where the notes say that further tokens were drafted.
  public let isSpeculative: Bool
  /// True for rows of a rule-bound benchmark, whose submitters tune kernels and batch for it.
  public let isSubmission: Bool
  /// Role: the row measures one phase only.
  public let isPrefillOnly: Bool
  /// True where the power of the chip was capped.
  public let isPowerCapped: Bool
  /// True in the first round in which a benchmark was run.
  public let isFirstRound: Bool
  let layout: PointLayout

  /// Day of the run, or of the software that made it.
  var date: String { point.date }

  /// True for engines that launch every kernel from the host, as all but TensorRT-LLM did until the middle of 2024.
  var isEager: Bool { engine != .tensorRTLLM && !point.date.isEmpty && point.date < "2024-06" }

  /// One run: rows of the same configuration.
  public var cell: String { "\(point.source)|\(accelerator.id)|\(model.model)|\(precision.rawValue)" }

  /// The layout's deployment, where the row names one.
  var deployment: Deployment? {
    guard case .aggregated(let text) = layout, !text.isEmpty || text.hasDataParallelAttention else {
      return nil
    }
    return text.deployment(model, engine: engine, precision: precision)
  }
}

extension ServingCase {
  /// A row as a case, or what it lacks.
  public static func parse(_ point: ServingPoint, names: PublishedNameTable) -> Known<ServingCase> {
    let subject = "row \(point.id)"
    func gap(_ missing: String, _ remedy: String) -> Gap { Gap(subject, missing: missing, remedy: remedy) }
    guard let metric = Metric(rawValue: point.metric) else {
      return .failure(
        gap("the metric '\(point.metric)' is not known", "use one of the metrics of the column"))
    }
    guard let value = point.value, value > 0, value.isFinite else {
      return .failure(gap("no positive value", "complete the row"))
    }
    guard let model = names.model(point.model) else {
      return .failure(gap("the model '\(point.model)' is not in models.csv", "add its row"))
    }
    guard let chip = names.accelerator(point.accelerator) else {
      return .failure(gap("the accelerator '\(point.accelerator)' is not in accelerators.csv", "add its row"))
    }
    let layout = PointLayout(point.parallelism)
    guard !layout.isImpossible else {
      return .failure(gap("the layout '\(point.parallelism)' names a degree that none has", "correct it"))
    }
    let isSubmission = point.source.hasPrefix("MLPerf") || point.notes.contains("MLPerf workload")
    guard let format = PointFormat(point, model: model, chip: chip, isSubmission: isSubmission) else {
      return .failure(
        gap("the precision '\(point.precision)' is not known", "use a format of 'plimsoll estimate'"))
    }
    let benchmark = names.benchmark(point)
    guard let lengths = PointLengths(point, benchmark: benchmark) else {
      return .failure(gap("no request lengths, and no benchmark that gives them", "complete isl and osl"))
    }
    guard let load = Load(point, benchmark: benchmark) else {
      return .failure(gap("no concurrency, batch or limits", "complete batch_or_concurrency"))
    }
    let words = point.notes.lowercased()
    let origin = words + " " + point.source.lowercased()
    let engine: Engine =
      origin.contains("vllm")
      ? .vllm
      : origin.contains("sglang")
        ? .sglang : chip.vendor == "NVIDIA" && !point.source.hasPrefix("Splitwise") ? .tensorRTLLM : .vllm
    guard let basis = Basis(published: point.valueBasis, isTime: metric.isTime) else {
      return .failure(
        gap(
          "the value basis '\(point.valueBasis)' is not known for this metric",
          "use one of the column's words"))
    }
    let unit: Unit? = metric.isTime ? .millisecond : nil
    return .success(
      ServingCase(
        point: point, metric: metric, measured: unit?.toBase(value) ?? value,
        statistic: words.hasPrefix("p99") ? .p99 : words.hasPrefix("median") ? .median : .mean, basis: basis,
        model: model, accelerator: chip, precision: format.precision,
        kvBytesPerElement: format.kvBytesPerElement, engine: engine,
        accelerators: (point.count ?? 0) > 0 ? point.count : nil, load: load, workload: lengths.workload,
        beams: benchmark?.beams ?? 1, hasFixedLengths: lengths.areFixed,
        isSpeculative: words.contains("mtp") && !words.contains("no mtp") || words.contains("eagle"),
        isSubmission: isSubmission, isPrefillOnly: point.scenario == "prefill",
        isPowerCapped: point.accelerator.contains("power capped"),
        isFirstRound: benchmark?.isFirstRound ?? false,
        layout: layout))
  }
}

extension ServingCase.Basis {
  /// What the words of the column mean; nil = not known, or a rate of one request.
  init?(published text: String, isTime: Bool) {
    switch text {
    case "per_request" where isTime: self = .perRequest
    case "", "system": self = .system
    case "per_8gpu_node": self = .perNode
    case "per_accelerator (all GPUs)", "per_accelerator": self = .perAccelerator
    case "per_decode_accelerator": self = .perDecodeAccelerator
    case "per_prefill_accelerator": self = .perPrefillAccelerator
    default: return nil
    }
  }
}

/// Names and named benchmarks of a catalogue.
public struct PublishedNameTable {
  private let names: PointNames
  private let catalog: Catalog

  /// The tables of a catalogue.
  public init(_ catalog: Catalog) {
    names = PointNames(catalog)
    self.catalog = catalog
  }

  func model(_ name: String) -> ModelArchitecture? { names.model(name) }
  func accelerator(_ name: String) -> Accelerator? { names.accelerator(name) }

  /// The workload of a row of MLPerf, or of its workload elsewhere.
  func benchmark(_ point: ServingPoint) -> Benchmark? {
    let isElsewhere = !point.source.hasPrefix(Benchmark.suite) && point.notes.contains("MLPerf")
    let source = isElsewhere ? "\(Benchmark.suite) v9.9" : point.source
    return catalog.workload(source: source, model: point.model, scenario: point.scenario).map { row in
      let first = catalog.workloads.filter { $0.benchmark == row.benchmark && $0.model == row.model }
        .map(\.validFrom).min()
      return Benchmark(row, isFirstRound: first.map { source.hasSuffix(" \($0)") } ?? false)
    }
  }
}

/// Mean request lengths and limits of a named benchmark.
struct Benchmark: Sendable {
  static let suite = "MLPerf Inference"

  let inputTokens: Double?
  /// Tokens of an answer.
  let outputTokens: Double?
  /// Sequences that the engine decodes for one answer.
  let beams: Double
  /// Limits on the 99 % quantiles; where only the whole answer has one, half of it may go to the first token.
  let limits: (ttft: Seconds, tpot: Seconds)?
  /// True in the first round in which it was run.
  let isFirstRound: Bool

  init(_ row: BenchmarkWorkload, isFirstRound: Bool) {
    inputTokens = row.inputMean
    outputTokens = row.outputMean
    beams = Double(row.beams ?? 1)
    self.isFirstRound = isFirstRound
    let milliseconds = { (value: Double) in Seconds(Unit.millisecond.toBase(value)) }
    if let ttft = row.ttftP99Ms, let tpot = row.tpotP99Ms {
      limits = (milliseconds(ttft), milliseconds(tpot))
    } else if let whole = row.e2eP99Ms, let output = row.outputMean, output > 0 {
      limits = (milliseconds(whole / 2), milliseconds(whole / 2 / output))
    } else {
      limits = nil
    }
  }
}

/// The number format of a row.
private struct PointFormat {
  let precision: Precision
  let kvBytesPerElement: Double

  init?(_ point: ServingPoint, model: ModelArchitecture, chip: Accelerator, isSubmission: Bool) {
    let text = point.precision.lowercased()
    let name = text.split(separator: " ").first.map(String.init) ?? ""
    let parsed: Precision?
    switch name {
    case "" where isSubmission:
      // Rounds without a precision column: the narrowest format that the chip computes in.
      parsed = chip.peak(.fp4) != nil ? .fp4 : chip.peak(.fp8) != nil ? .fp8 : .bf16
    case "fp8" where text.contains("nvfp4"): parsed = .fp4
    case "bf16" where text.contains("fp8"): parsed = .fp8
    case "uint4": parsed = .int4
    case "fp4" where model.nativeWeights.hasPrefix("mxfp4"): parsed = .mxfp4
    case "fp4" where model.nativeWeights.hasPrefix("int4"): parsed = .int4
    default: parsed = Precision(published: name)
    }
    guard let parsed else { return nil }
    let isBlock = parsed == .fp8 && point.notes.contains("block")
    precision = isBlock ? .fp8Block : parsed.resolved(for: model)
    kvBytesPerElement =
      text.contains("kv fp16") || text.contains("kv bf16")
      ? 2 : text.contains("kv fp8") || isSubmission && precision != .bf16 ? 1 : precision.kvBytesPerElement
  }
}

/// Longest prompt or answer that a row may have.
private let mostTokens = 1e7

private func tokens(_ text: some StringProtocol) -> Double? {
  Double(text).flatMap { $0 > 0 && $0 <= mostTokens ? $0 : nil }
}

/// Mean lengths of a row.
private struct PointLengths {
  let workload: Workload
  let areFixed: Bool

  init?(_ point: ServingPoint, benchmark: Benchmark?) {
    // `1920 cached + 64` and `4989 (average KV length)` begin with a number too.
    let words = point.isl.split(separator: " ")
    let first = words.first.flatMap { tokens($0) }
    // Only a phase may leave its answer open.
    let isPhase = point.scenario == "prefill" || point.scenario == "decode"
    let stated = point.osl.flatMap { $0 > 0 && $0 <= mostTokens ? $0 : nil }
    // Sources of client-driven sweeps name nominal lengths and draw from 0.8 to 1 of them.
    let isClientDriven =
      PublishedRun.isSample(point) && !PublishedRun.hasFixedLengths(PublishedRun.configuration(of: point))
    let isNominal =
      isClientDriven || point.source.hasPrefix("InferenceX") || point.notes.contains("random-range-ratio")
    let mean = isNominal ? 0.9 : 1
    if let benchmark {
      guard let input = first ?? benchmark.inputTokens, let output = point.osl ?? benchmark.outputTokens
      else {
        return nil
      }
      workload = Workload(inputTokens: input, outputTokens: max(1, output))
      areFixed = false
      return
    }
    if words.count == 4, words[1] == "cached", let cached = first, let fresh = tokens(words[3]),
      let output = stated ?? (isPhase ? 1 : nil)
    {
      workload = Workload(
        inputTokens: cached + fresh, outputTokens: max(1, output),
        cachedShare: cached / (cached + fresh))
      areFixed = true
      return
    }
    if let input = first {
      guard let output = stated ?? (isPhase ? 1 : nil) else { return nil }
      workload = Workload(inputTokens: input * mean, outputTokens: max(1, output * mean))
      areFixed = !isNominal && !point.batchOrConcurrency.hasPrefix("trace")
      return
    }
    guard isPhase, words.isEmpty else { return nil }
    // A phase without lengths: the requests of the source's own production are not known; a middling one is.
    workload = Workload(inputTokens: 2000, outputTokens: 1)
    areFixed = false
  }
}

extension ServingCase.Load {
  fileprivate init?(_ point: ServingPoint, benchmark: Benchmark?) {
    let words = point.batchOrConcurrency.split { $0 == " " || $0 == "," }
    func count(_ text: some StringProtocol) -> Double? {
      Double(text).flatMap { $0 > 0 && $0 <= 1e7 ? $0 : nil }
    }
    let first = words.first.flatMap { count($0) }
    // Sweeps note the clients of the whole system, or name them in the configuration (`…_c128_…`); their batch
    // column is per rank.
    let inName = point.sourceUrlOrRepoPath.split(separator: "#").last?.split(separator: "_").lazy
      .compactMap { $0.first == "c" ? count($0.dropFirst()) : nil }.first
    let noted =
      point.notes.split(separator: ";").lazy.compactMap { part -> Double? in
        let text = part.drop { $0 == " " }
        return text.hasPrefix("concurrency ") ? count(text.dropFirst("concurrency ".count)) : nil
      }.first ?? (PublishedRun.isSample(point) ? inName : nil)
    switch point.scenario {
    case "server", "interactive":
      guard let limits = benchmark?.limits else { return nil }
      self = .limits(ttft: limits.ttft, tpot: limits.tpot)
    case "offline":
      if let first { self = .fixedBatch(first) } else { self = .offline }
    case "prefill", "decode":
      let isPhase = point.metric.hasSuffix("_tok_s")
      self = isPhase ? .phase(batchPerRank: first) : .fixedBatch(first ?? 1)
    default:
      if words.first == "trace" {
        let numbers = words.compactMap { word in count(word) }
        guard numbers.count >= 2 else { return nil }
        self = .arrivals(rate: numbers[0], requests: numbers[1])
      } else {
        guard let clients = noted ?? first ?? (words.isEmpty || words[0] == "low" ? 1 : nil) else {
          return nil
        }
        self = .closed(concurrency: clients)
      }
    }
  }
}
