// The parallelism column in the words of its sources: `TP4 PP1 DP1 moeTP4 moeEP1`, `DEP8`, `TP8 EP8 attention-DP`,
// `disagg P40 (TP8 EP8 DPA x5) D32 (TP32 EP32 DPA x1)`, `disagg P 1x(TP1 DP4 EP4) D 4x(TP8 DP1 EP8)`,
// `disagg prefill 4 GPU TP=4 / decode 32 GPU EP=8`. What it does not say stays nil.

import Catalog

/// Degrees of one kind of worker, as a source writes them.
struct WorkerText: Sendable, Hashable {
  /// Tensor-parallel degree.
  var tensor: Int?
  /// Expert groups.
  var expert: Int?
  /// Attention-data-parallel degree.
  var data: Int?
  /// Pipeline stages.
  var pipeline: Int?
  /// True where attention is data-parallel over the whole worker.
  var hasDataParallelAttention = false
  /// Accelerators of all workers together.
  var accelerators: Int?
  /// Workers.
  var workers: Int?
  /// True where a degree is named that no layout has.
  var isImpossible = false

  /// True where no degree is given.
  var isEmpty: Bool { tensor == nil && expert == nil && data == nil && pipeline == nil }

  /// The degrees that the words of a text name.
  init(_ text: Substring) {
    let words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    hasDataParallelAttention = text.contains("attention-DP")
    for (index, word) in words.enumerated() {
      let name = String(word.prefix { $0.isLetter })
      let digits = String(word.dropFirst(name.count))
      let next = index + 1 < words.count ? Int(words[index + 1]) : nil
      let number = (digits.isEmpty ? next : Int(digits)).flatMap { mostDegree.contains($0) ? $0 : nil }
      if number == nil, !digits.isEmpty, Int(digits) != 0, degreeNames.contains(name) { isImpossible = true }
      switch name {
      case "TP": tensor = number
      case "EP", "moeEP": expert = number ?? expert
      case "DP": data = number ?? data
      case "PP": pipeline = number
      case "DEP":
        data = number
        expert = number
        tensor = 1
      case "DPA": hasDataParallelAttention = true
      case "x" where !digits.isEmpty: workers = number
      case "P", "D": accelerators = number ?? accelerators
      case "GPU" where index > 0: accelerators = degree(words[index - 1])
      case "ranks" where index > 0: accelerators = degree(words[index - 1])
      case "size": tensor = number
      case "" where word.hasSuffix("x"): workers = degree(word.dropLast())
      default: break
      }
    }
  }

  /// Ranks of one worker, where its degrees say so.
  var ranks: Int? {
    if hasDataParallelAttention { return tensor ?? expert }
    func times(_ a: Int, _ b: Int) -> Int? { degree("\(a.multipliedReportingOverflow(by: b).partialValue)") }
    if let tensor { return times(tensor, data ?? 1).flatMap { times($0, pipeline ?? 1) } }
    if let data { return times(data, pipeline ?? 1) }
    if let expert { return expert }
    return nil
  }

  /// The deployment of one worker of a model; nil where no rank count follows.
  ///
  /// Wide groups (16 ranks and more) that spread experts share attention by requests, as every engine with such
  /// groups does.
  func deployment(_ model: ModelArchitecture, engine: Engine, precision: Precision) -> Deployment? {
    guard let ranks, ranks > 0 else { return nil }
    let stages = max(1, pipeline ?? 1)
    let isMoE = model.kind == "moe"
    let isWide = isMoE && ranks >= wideRanks && (data ?? 1) == 1
    if hasDataParallelAttention || isWide || (tensor == nil && data == nil && expert != nil && isMoE) {
      let group = max(1, ranks / stages)
      return Deployment(
        tensorParallel: isMoE ? 1 : group, expertParallel: isMoE ? group : 1,
        dataParallel: isMoE ? group : 1, pipelineParallel: stages, engine: engine, precision: precision)
    }
    let tp = tensor ?? 1
    let dp = isMoE ? max(1, data ?? 1) : 1
    let grid = tp * dp
    let groups = isMoE ? min(expert ?? (dp > 1 ? grid : 1), grid) : 1
    return Deployment(
      tensorParallel: tp, expertParallel: groups, dataParallel: dp, pipelineParallel: stages, engine: engine,
      precision: precision)
  }
}

/// Degrees, workers and counts that a layout may have; what lies outside is no layout.
private let mostDegree = 1...65_536

private let degreeNames: Set<String> = ["TP", "EP", "moeEP", "DP", "PP", "DEP"]

private func degree(_ text: some StringProtocol) -> Int? {
  Int(text).flatMap { mostDegree.contains($0) ? $0 : nil }
}

/// Ranks from which a group that spreads experts is taken to share attention by requests.
private let wideRanks = 16

/// How a published row lays its model out.
enum PointLayout: Sendable, Hashable {
  /// Prefill and decode on the same ranks; the text may be empty.
  case aggregated(WorkerText)
  /// Separate workers.
  case disaggregated(prefill: WorkerText, decode: WorkerText)

  init(_ text: String) {
    guard text.hasPrefix("disagg") else {
      self = .aggregated(WorkerText(text[...]))
      return
    }
    let body = text.dropFirst("disagg".count)
    let cuts = [" / decode", "/ decode", " D "]
    for cut in cuts {
      if let range = body.firstRange(of: cut) {
        self = .disaggregated(
          prefill: WorkerText(body[..<range.lowerBound]), decode: WorkerText(body[range.upperBound...]))
        return
      }
    }
    // `P40 (...) D32 (...)`: the decode part begins at the word D and a number.
    if let start = body.indices.first(where: { index in
      body[index] == "D" && index > body.startIndex && body[body.index(before: index)] == " "
        && body.index(after: index) < body.endIndex && body[body.index(after: index)].isNumber
    }) {
      self = .disaggregated(prefill: WorkerText(body[..<start]), decode: WorkerText(body[start...]))
      return
    }
    self = .disaggregated(prefill: WorkerText(body), decode: WorkerText(""))
  }

  /// True where a degree is named that no layout has.
  var isImpossible: Bool {
    switch self {
    case .aggregated(let text): text.isImpossible
    case .disaggregated(let prefill, let decode): prefill.isImpossible || decode.isImpossible
    }
  }
}
