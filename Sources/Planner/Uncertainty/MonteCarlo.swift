// Candidate plans judged on all samples. A plan is one decision: it is not optimised again for each sample,
// it lives through each of them. Samples go to threads in fixed blocks and land in columns by their index;
// every sum runs over the columns afterwards, so one thread and many give the same bytes.

import Dispatch
public import Tables

/// What a candidate plan comes to in one sample.
public struct Outcome: Sendable, Hashable {
  /// Net present cost in USD.
  public var costUSD: Double
  /// Cost of a million tokens in USD.
  public var usdPerMtok: Double
  /// Tokens that were wanted and not served, in token-months or in any one unit.
  public var shortage: Double
  /// An outcome from its parts.
  public init(costUSD: Double, usdPerMtok: Double, shortage: Double) {
    self.costUSD = costUSD
    self.usdPerMtok = usdPerMtok
    self.shortage = shortage
  }
}

/// A plan to judge.
public struct Candidate: Sendable {
  /// Name, e.g. `all committed`.
  public let name: String
  /// The plan's outcome in a sample, whose values stand in the order of the variables. Called from several
  /// threads; must depend on the sample alone.
  public let evaluate: @Sendable (Sample) -> Outcome
  /// A candidate from its parts.
  public init(_ name: String, _ evaluate: @escaping @Sendable (Sample) -> Outcome) {
    self.name = name
    self.evaluate = evaluate
  }
}

/// A candidate on all samples.
public struct CandidateResult: Sendable, Hashable {
  /// Name.
  public let name: String
  /// Net present cost of each sample, USD.
  public let costs: [Double]
  /// Cost of a million tokens in each sample, USD.
  public let usdPerMtok: [Double]
  /// Shortage of each sample.
  public let shortages: [Double]
  /// Mean cost in USD.
  public let meanCost: Double
  /// Percentiles of the cost in USD.
  public let costPercentiles: [Percentile]
  /// Percentiles of the cost of a million tokens in USD.
  public let usdPerMtokPercentiles: [Percentile]
  /// Mean cost of the dearest 5 % of the samples.
  public let costCVaR95: Double
  /// How often and by how much it is short.
  public let shortage: ShortageRisk
  /// Regret against the best candidate of each sample.
  public let regret: Regret
}

/// All candidates on all samples.
public struct MonteCarloResult: Sendable, Hashable {
  /// The draws.
  public let table: SampleTable
  /// Candidates in the order given.
  public let candidates: [CandidateResult]
  /// The candidate of least regret, the first of equals.
  public var leastRegret: CandidateResult? {
    candidates.min { $0.regret.equivalentUSD < $1.regret.equivalentUSD }
  }
}

/// Runs candidate plans over samples of the uncertain inputs.
public enum MonteCarlo {
  /// Samples of one block: large enough that handing it out costs nothing, small enough to balance two
  /// threads.
  static let block = 128

  /// Draws, evaluates and summarises. The same bytes for any number of threads; O(samples · candidates)
  /// evaluations.
  ///
  /// - Parameters:
  ///   - regret: weights of the regret, with the value of a shortage.
  ///   - threads: 1 or more; more than there are cores gains nothing.
  /// - Throws: `InputError` for no candidates, names that repeat, a number of samples out of range, correlations that
  ///   cannot be, or an outcome that is not finite, with candidate and sample.
  public static func run(
    _ variables: [Variable], correlations: [RankCorrelation] = [], samples: Int, seed: UInt64, threads: Int,
    regret weights: RegretWeights, candidates: [Candidate]
  ) throws(InputError) -> MonteCarloResult {
    guard !candidates.isEmpty else {
      throw InputError("no candidate plan to judge", advice: "give at least one")
    }
    let table = try draw(
      variables, correlations: correlations, samples: samples, seed: seed, threads: threads)
    // (candidates, 3, samples): the three columns of a candidate lie together.
    var outcomes = [Double](repeating: 0, count: candidates.count * 3 * samples)
    fill(&outcomes, from: table, threads: threads) { table, range, out in
      for (k, candidate) in candidates.enumerated() {
        let cost = out + k * 3 * samples
        for i in range {
          let outcome = candidate.evaluate(Sample(table + i, stride: samples, count: variables.count))
          cost[i] = outcome.costUSD
          cost[samples + i] = outcome.usdPerMtok
          cost[2 * samples + i] = outcome.shortage
        }
      }
    }
    return try summary(table, outcomes, candidates.map(\.name), weights)
  }

  /// Draws of all variables; quantiles are computed on several threads, a variable's block at a time.
  ///
  /// - Throws: as `run`.
  public static func draw(
    _ variables: [Variable], correlations: [RankCorrelation] = [], samples: Int, seed: UInt64, threads: Int
  ) throws(InputError) -> SampleTable {
    try checkNames(variables)
    let uniforms = try LatinHypercube.uniforms(
      variables.map(\.name), correlations: correlations, samples: samples, seed: seed)
    var values = [Double](repeating: 0, count: variables.count * samples)
    let source = SampleTable(names: variables.map(\.name), samples: samples, values: uniforms.flatMap { $0 })
    fill(&values, from: source, threads: threads) { uniforms, range, out in
      for (k, variable) in variables.enumerated() {
        for i in range { out[k * samples + i] = variable.quantile(uniforms[k * samples + i]) }
      }
    }
    return SampleTable(names: source.names, samples: samples, values: values)
  }

  /// Calls `body` for each block of samples with the table's columns and the room for the answers. Blocks go
  /// to the threads in turn; each writes places of its own.
  static func fill(
    _ results: inout [Double], from table: SampleTable, threads: Int,
    _ body: @Sendable (UnsafePointer<Double>, Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) {
    let samples = table.samples
    let blocks = (samples + block - 1) / block
    let workers = max(1, min(threads, blocks))
    // A spare number keeps the pointer there when there are no variables.
    let columns = table.values + [0]
    columns.withUnsafeBufferPointer { columns in
      results.withUnsafeMutableBufferPointer { results in
        guard let read = columns.baseAddress, let write = results.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (read, write)
        @Sendable func work(_ worker: Int) {
          for part in stride(from: worker, to: blocks, by: workers) {
            body(from, part * block..<min(samples, (part + 1) * block), to)
          }
        }
        if workers == 1 {
          work(0)
        } else {
          DispatchQueue.concurrentPerform(iterations: workers, execute: work)
        }
      }
    }
  }

  private static func summary(
    _ table: SampleTable, _ outcomes: [Double], _ names: [String], _ weights: RegretWeights
  ) throws(InputError) -> MonteCarloResult {
    let n = table.samples
    func column(_ candidate: Int, _ metric: Int) -> [Double] {
      let start = (candidate * 3 + metric) * n
      return Array(outcomes[start..<start + n])
    }
    for (k, name) in names.enumerated() {
      for (metric, what) in ["cost", "cost of a million tokens", "shortage"].enumerated() {
        if let i = column(k, metric).firstIndex(where: { !$0.isFinite }) {
          throw InputError(
            "candidate '\(name.prefix(60))': its \(what) in sample \(i + 1) is not finite",
            advice: "an input reaches a value that the plan cannot take: narrow its distribution")
        }
      }
    }
    let costs = names.indices.map { column($0, 0) }
    let shortages = names.indices.map { column($0, 2) }
    let regret = regrets(costs: costs, shortages: shortages, weights)
    var results: [CandidateResult] = []
    for (k, name) in names.enumerated() {
      guard let risk = ShortageRisk(shortages[k]), let cvar = conditionalValueAtRisk(costs[k]) else {
        continue
      }
      let unit = column(k, 1)
      results.append(
        CandidateResult(
          name: name, costs: costs[k], usdPerMtok: unit, shortages: shortages[k],
          meanCost: costs[k].reduce(0, +) / Double(n), costPercentiles: percentiles(costs[k]),
          usdPerMtokPercentiles: percentiles(unit), costCVaR95: cvar, shortage: risk, regret: regret[k]))
    }
    return MonteCarloResult(table: table, candidates: results)
  }
}
