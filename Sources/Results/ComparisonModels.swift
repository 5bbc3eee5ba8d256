// The time of a model's pass: its rows add up, each as often as the pass runs it. The unit is the process:
// what one process measured belongs together, so its rows are summed before processes are compared.

import Measurement

/// The passes of one model by one implementation at one placement, A against B.
public struct ComparedModel: Sendable {
  /// What the rows share.
  public let model: String
  public let pass: String
  public let impl: String
  public let placementA: String
  public let placementB: String
  /// Modes of the rows, `+` between them: a decode step reads weights cold and works on hot activations.
  public let cacheMode: String
  /// Matched rows, and those of the model and pass without a partner, a time or the same number of calls.
  public let count: Int
  public let missing: Int
  /// Sum of calls x median.
  public let secondsA: Double
  public let secondsB: Double
  /// B over A, with its 95 % interval; the interval is nil where no two processes measured all rows.
  public let ratio: Double
  public let low: Double?
  public let high: Double?
  /// p-value of the chosen test on the processes' sums, before and after correction among models.
  public let p: Double?
  public internal(set) var adjustedP: Double?
  public let processesA: Int
  public let processesB: Int
  /// Widest band among the rows.
  public let threshold: Double
  /// The judgement on the pass; inconclusive where rows are missing.
  public internal(set) var verdict = Verdict.inconclusive
}

extension Comparison {
  /// Model-level times, in order of appearance.
  ///
  /// - Parameters:
  ///   - missingA: rows of A that have no comparable partner.
  ///   - missingB: rows of B that have none in A.
  static func models(
    _ rows: [ComparedRow], missingA: [ResultRow], missingB: [ResultRow], _ a: ComparisonInput,
    _ b: ComparisonInput,
    _ options: ComparisonOptions
  ) -> [ComparedModel] {
    let split = passesInSeveralModes(rows.flatMap { [$0.a, $0.b] } + missingA + missingB)
    func key(_ row: ResultRow) -> String? { Comparison.key(row, split) }
    var order: [String] = []
    var members: [String: [ComparedRow]] = [:]
    // Hosts and placements have other names on the other side: where rows of B belong, their partners say.
    var homes: [String: Set<String>] = [:]
    for row in rows {
      guard let key = key(row.a), let other = Comparison.key(row.b, split) else { continue }
      homes[other, default: []].insert(key)
      guard row.a.callsPerPass == row.b.callsPerPass else { continue }
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(row)
    }
    var absent: [String: Int] = [:]
    func miss(a row: ResultRow) { if let key = key(row) { absent[key, default: 0] += 1 } }
    func miss(b row: ResultRow) {
      if let key = key(row) { for home in homes[key] ?? [] { absent[home, default: 0] += 1 } }
    }
    for row in missingA { miss(a: row) }
    for row in missingB { miss(b: row) }
    for row in rows where row.a.callsPerPass != row.b.callsPerPass {
      if key(row.a) == nil { miss(b: row.b) } else { miss(a: row.a) }
    }
    var models = order.compactMap { key in
      members[key].flatMap { model($0, missing: absent[key] ?? 0, a, b, options) }
    }
    let tested = models.indices.filter { models[$0].p != nil }
    for (index, p) in zip(tested, options.adjustment.apply(tested.compactMap { models[$0].p })) {
      models[index].adjustedP = p
    }
    for index in models.indices where models[index].missing == 0 {
      let one = models[index]
      models[index].verdict = VerdictRule.verdict(
        low: one.low, high: one.high, adjustedP: one.adjustedP, threshold: one.threshold,
        band: options.threshold)
    }
    return models
  }

  /// What rows of one pass have in common; nil for a row that belongs to no model.
  /// The pass that a row is a part of; with its cache mode where the pass was measured in several.
  private static func key(_ row: ResultRow, _ split: Set<String>) -> String? {
    guard let pass = passKey(row) else { return nil }
    return split.contains(pass) ? pass + "|" + row.cacheMode : pass
  }

  private static func passKey(_ row: ResultRow) -> String? {
    guard !row.model.isEmpty, let calls = row.callsPerPass, calls > 0 else { return nil }
    return [row.model, row.pass, row.impl, row.placement, row.pageMode, row.hostLabel].joined(separator: "|")
  }

  /// Passes of which a row was measured in more than one cache mode: each mode is then a pass of its own. In a suite
  /// every row has the one mode that its pass finds it in.
  private static func passesInSeveralModes(_ rows: [ResultRow]) -> Set<String> {
    var modes: [[String]: String] = [:]
    var split: Set<String> = []
    for row in rows {
      guard let pass = passKey(row) else { continue }
      let known = modes.updateValue(
        row.cacheMode, forKey: [pass, row.kernel, row.shapeId, row.layer, row.dtypeA])
      if let known, known != row.cacheMode { split.insert(pass) }
    }
    return split
  }

  private static func model(
    _ rows: [ComparedRow], missing: Int, _ a: ComparisonInput, _ b: ComparisonInput,
    _ options: ComparisonOptions
  ) -> ComparedModel? {
    guard let first = rows.first else { return nil }
    func seconds(_ side: (ComparedRow) -> ResultRow, _ factor: (ResultRow) -> Double?) -> Double {
      rows.map(side).reduce(0) {
        $0 + ($1.callsPerPass ?? 0) * ($1.timeMedianSeconds ?? 0) * (factor($1) ?? 1)
      }
    }
    let ratio = seconds(\.b, options.normalisation.factor) / seconds(\.a, options.normalisation.factor)
    let sumsA = sums(rows.map(\.a), a, options.normalisation)
    let sumsB = sums(rows.map(\.b), b, options.normalisation)
    let turns = rows.allSatisfy(\.isPaired) ? TurnRatios(sumsA, sumsB) : nil
    let (valuesA, valuesB) = (sumsA.values.sorted(), sumsB.values.sorted())
    let interval =
      turns.map(\.interval) ?? Statistics.ratioInterval(valuesA.map { [$0] }, valuesB.map { [$0] })
    let least = min(sumsA.count, sumsB.count)
    var p: Double?
    if least >= ComparedRow.minimumProcesses {
      let welch = turns.map(\.pStudent) ?? Statistics.welchOnLogs(valuesA, valuesB)
      let rank = turns.map(\.pRank) ?? Statistics.mannWhitney(valuesA, valuesB)?.p
      switch turns == nil ? options.test.resolved(processes: least) : options.test.resolvedForTurns {
      case .welch, .auto: p = welch
      case .mwu: p = rank
      case .both: p = welch.flatMap { welch in rank.map { max($0, welch) } }
      }
    }
    let isEnough = least >= ComparedRow.minimumProcesses
    return ComparedModel(
      model: first.a.model, pass: first.a.pass, impl: first.a.impl, placementA: first.a.placement,
      placementB: first.b.placement, cacheMode: Set(rows.map(\.a.cacheMode)).sorted().joined(separator: "+"),
      count: rows.count, missing: missing,
      secondsA: seconds(\.a) { _ in 1 }, secondsB: seconds(\.b) { _ in 1 }, ratio: ratio,
      low: isEnough ? interval?.low : nil, high: isEnough ? interval?.high : nil, p: p,
      processesA: sumsA.count,
      processesB: sumsB.count, threshold: rows.map(\.threshold).max() ?? options.threshold)
  }

  /// Calls x median of every process that measured all rows, by its number.
  private static func sums(
    _ rows: [ResultRow], _ input: ComparisonInput, _ normalisation: Normalisation
  ) -> [Int: Double] {
    var sums: [Int: (seconds: Double, rows: Int)] = [:]
    for row in rows {
      let weight = (row.callsPerPass ?? 0) * (normalisation.factor(row) ?? 1)
      for samples in input.processes(of: row) {
        guard let median = Statistics.median(samples.seconds) else { continue }
        let sum = sums[samples.process] ?? (0, 0)
        sums[samples.process] = (sum.seconds + weight * median, sum.rows + 1)
      }
    }
    return sums.filter { $0.value.rows == rows.count }.mapValues(\.seconds)
  }
}
