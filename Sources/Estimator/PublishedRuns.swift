// The cleaning of published runs. Medians hide wrong rows, fits and tails do not: each rule below drops or repairs
// runs that contradict themselves, and counts them by split, so that a score says what it stands on.

public import Catalog
import Quantities

/// Published runs that passed every rule.
public struct PublishedRuns: Sendable {
  /// What one rule did.
  public struct Dropped: Sendable, Hashable {
    /// The rule as a sentence.
    public let rule: String
    /// Runs of the calibration split.
    public let calibration: Int
    /// Runs of the public test.
    public let publicTest: Int
  }

  /// Runs that are left.
  public private(set) var runs: [PublishedRun]
  /// Runs that a rule dropped, with the rule.
  public private(set) var refused: [(run: PublishedRun, rule: String)] = []
  /// The rules in order of application.
  public private(set) var dropped: [Dropped] = []
  /// Runs whose rank counts were repaired.
  public let repaired: Dropped
  /// Runs that are not scored on time to first token.
  public private(set) var warmUp = Dropped(rule: "", calibration: 0, publicTest: 0)

  /// Cleans the aggregated runs of a table of published points.
  ///
  /// - Complexity: O(n²) within one chip, model, precision and engine; O(n log n) otherwise.
  public init(_ points: [ServingPoint], catalog: Catalog, estimator: Estimator) {
    var all = PublishedRun.parse(points, catalog: catalog)
    let chips = estimator.chipRates(catalog)
    for index in all.indices { all[index].repairRanks() }
    repaired = Dropped.count("repaired: rank count was a product of two degrees", all.filter(\.isRepaired))
    runs = all
    drop("no concurrency in the name: best of a sweep") { _ in { $0.key.contains("_c_") } }
    drop("above 16 ranks in one aggregated run, or most runs so") { runs in
      let impossible = groups(runs, by: { "\($0.accelerator)|\($0.architecture)" })
        .filter { $0.value.count { $0.ranks > mostRanks } * 2 > $0.value.count }
      return { $0.ranks > mostRanks || impossible["\($0.accelerator)|\($0.architecture)"] != nil }
    }
    drop("expert grid does not span the ranks") { _ in
      { $0.model.kind == "moe" && $0.expertTensor * $0.expert != $0.ranks }
    }
    drop("TPOT fourfold from one concurrency to its double") { runs in
      let jumping = groups(runs, by: \.family).filter { hasJump($0.value) }
      return { jumping[$0.family] != nil }
    }
    drop("weights above 0.95 of the stated ranks' memory") { _ in
      { run in
        guard let chip = chips[run.accelerator], let step = estimator.stepModel(of: run, on: chip) else {
          return true
        }
        return step.weightBytesPerRank.value > 0.95 * chip.memory.value
      }
    }
    drop("batch per rank x DP differs from the concurrency") { _ in
      { run in
        guard let batch = run.batchPerRank, !run.isRepaired else { return false }
        return abs(batch * Double(run.data) / run.concurrency - 1) > 0.02
      }
    }
    dropRepeats()
    drop("speculative decoding that is not recorded") { runs in
      let marked = speculativeDumps(runs)
      return { marked.contains($0.dump) }
    }
    drop("group implies more than 0.6 of the dense peak") { runs in
      let groups = groups(runs, by: \.release)
      let marked = groups.filter { group in
        group.value.contains { run in
          chips[run.accelerator].map { impliedUtilisation(run, chip: $0) > 0.6 } ?? true
        }
      }
      return { marked[$0.release] != nil }
    }
    drop("TPOT outside 0.5 to 500 ms") { _ in { $0.tpot < 0.5e-3 || $0.tpot > 0.5 } }
    markWarmUp()
  }

  private mutating func drop(
    _ rule: String, _ test: ([PublishedRun]) -> (PublishedRun) -> Bool
  ) {
    let isWrong = test(runs)
    let wrong = runs.filter(isWrong)
    dropped.append(.count(rule, wrong))
    refused += wrong.map { ($0, rule) }
    runs.removeAll(where: isWrong)
  }

  /// Repeats of the same run and values; named configurations are kept before dumps.
  private mutating func dropRepeats() {
    var seen: Set<String> = []
    var kept: [PublishedRun] = []
    var repeats: [PublishedRun] = []
    for run in runs.filter({ !$0.isDump }) + runs.filter(\.isDump) {
      if seen.insert("\(run.configuration)|\(run.tpot)|\(run.ttft)").inserted {
        kept.append(run)
      } else {
        repeats.append(run)
      }
    }
    dropped.append(.count("exact repeat of another run", repeats))
    refused += repeats.map { ($0, "exact repeat of another run") }
    runs = kept
  }

  private mutating func markWarmUp() {
    for (_, members) in Dictionary(grouping: runs.indices, by: { runs[$0].family }) {
      for index in members {
        let run = runs[index]
        runs[index].hasWarmUp = members.contains { other in
          let heavier = runs[other]
          return heavier.ranks <= run.ranks && heavier.concurrency >= run.concurrency
            && heavier.inputTokens >= run.inputTokens && heavier.ttft * 3 < run.ttft
        }
      }
    }
    warmUp = .count(
      "TTFT only: thrice that of a run under more load",
      runs.filter(\.hasWarmUp))
  }
}

extension PublishedRuns.Dropped {
  static func count(_ rule: String, _ runs: [PublishedRun]) -> Self {
    let calibration = runs.count { $0.split == "calibration" }
    let publicTest = runs.count { $0.split == "public_test" }
    return Self(rule: rule, calibration: calibration, publicTest: publicTest)
  }
}

private let mostRanks = 16

private func groups(
  _ runs: [PublishedRun], by key: (PublishedRun) -> String
) -> [String: [PublishedRun]] {
  Dictionary(grouping: runs, by: key)
}

extension PublishedRun {
  /// Chip, architecture, precision and engine.
  fileprivate var family: String { "\(accelerator)|\(architecture)|\(precision.rawValue)|\(engine.rawValue)" }
  /// The family and the version of the engine.
  fileprivate var release: String { "\(family)|\(version)" }
  /// Ranks, lengths and load in a family.
  fileprivate var configuration: String {
    "\(family)|\(tensor)|\(expert)|\(data)|\(inputTokens)|\(outputTokens)|\(concurrency)"
  }
  /// One architecture in one dump of one engine build.
  fileprivate var dump: String { "\(architecture)|\(engine.rawValue)|\(version)|\(date)|\(isDump)" }

  /// Some rows give TP x EP where they mean TP: `TP16 moeTP4 moeEP4` is 4 accelerators with 4 expert groups.
  mutating func repairRanks() {
    let isSquare =
      expertTensor == expert && expert > 1 && tensor * data == expertTensor * expert
      && tensor * data > expert
    // vLLM with attention-DP writes `TPn DPn` for n accelerators with n expert groups.
    let isDoubled = engine == .vllm && data > 1 && tensor == data
    let n = expert
    if isDoubled {
      data = tensor
      expert = tensor
      tensor = 1
      expertTensor = 1
    } else if isSquare {
      if data == 1 { tensor = n } else { data = n }
      expertTensor = 1
    }
    isRepaired = isSquare || isDoubled
    if model.kind != "moe" {
      expertTensor = 1
      expert = 1
    }
  }
}

/// True where two runs that differ only in concurrency, one twice the other, differ fourfold in TPOT.
private func hasJump(_ runs: [PublishedRun]) -> Bool {
  let series = Dictionary(
    grouping: runs, by: { "\($0.tensor)|\($0.expert)|\($0.data)|\($0.inputTokens)|\($0.outputTokens)" })
  return series.values.contains { members in
    members.contains { run in
      members.contains { $0.concurrency == 2 * run.concurrency && $0.tpot > 4 * run.tpot }
    }
  }
}

/// Dumps of a model with a multi-token-prediction module in which three quarters of at least three twins (same
/// configuration in several runs) take less than 0.92 of the slowest twin's time: they ran with it.
private func speculativeDumps(_ runs: [PublishedRun]) -> Set<String> {
  let twins = Dictionary(grouping: runs, by: { $0.configuration }).filter { $0.value.count > 1 }
  var fast: [String: (all: Int, fast: Int)] = [:]
  for (_, members) in twins {
    let slowest = members.map(\.tpot).max() ?? 0
    for run in members where run.isDump && (run.model.mtpLayers ?? 0) > 0 {
      let old = fast[run.dump] ?? (0, 0)
      fast[run.dump] = (old.all + 1, old.fast + (run.tpot < 0.92 * slowest ? 1 : 0))
    }
  }
  return Set(fast.filter { $0.value.all >= 3 && 4 * $0.value.fast >= 3 * $0.value.all }.keys)
}

/// Arithmetic of the published rate over the dense peak of all ranks.
private func impliedUtilisation(_ run: PublishedRun, chip: ChipRates) -> Double {
  guard case .success(let model) = ModelShape.from(run.model) else { return 0 }
  let workload = run.workload
  let perToken = linearWorkPerToken(of: model)
  let head = 2 * model.vocabulary * model.hidden
  let pairs = causalPairs(tokens: workload.inputTokens, prefix: 0, window: nil)
  let attention = 4 * model.queryHeads * model.headDim * pairs * model.fullContextLayers
  let work =
    workload.inputTokens * perToken + workload.outputTokens * (perToken + head) + attention
  let type: ElementType =
    switch run.precision {
    case .bf16, .mxfp4, .int4: .bf16
    case .fp8, .fp8Block, .int8: .fp8
    case .fp4: .fp4
    }
  return run.requestsPerSecond * work / (Double(run.ranks) * chip.peak(type).value)
}
