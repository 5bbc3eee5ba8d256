// Which benchmark workload a published serving row means: by benchmark and round, model and scenario.

extension Catalog {
  /// The workload of a published row, e.g. of `MLPerf Inference v5.1`, `llama2-70b-99.9`, `server`.
  ///
  /// The longest model name that begins the row's wins, so that an edge variant is not taken for its parent;
  /// among rounds the latest that is not after the row's. Rows for any model are left out: one benchmark has
  /// several nominal lengths and the row names its own.
  /// - Returns: nil where the table has no such workload or the round is before its first.
  /// - Complexity: O(rows), about 30.
  public func workload(source: String, model: String, scenario: String) -> BenchmarkWorkload? {
    let fitting = workloads.filter { row in
      row.scenario == scenario && row.model != BenchmarkWorkload.anyModel
        && (model == row.model || model.hasPrefix(row.model + "-"))
        && round(of: source, in: row.benchmark).map { Round(row.validFrom) <= $0 } ?? false
    }
    return fitting.max { ($0.model.count, Round($0.validFrom)) < ($1.model.count, Round($1.validFrom)) }
  }

  /// Mean length over nominal length of a benchmark with random requests: 0.9 of it for `InferenceX`.
  ///
  /// - Returns: nil for a benchmark whose requests have the stated lengths or are not in the table.
  public func meanShareOfNominalLength(source: String) -> Double? {
    let random = workloads.first { row in
      row.model == BenchmarkWorkload.anyModel && round(of: source, in: row.benchmark) != nil
    }
    guard let random, let mean = random.inputMean, let most = random.inputMax, most > 0 else { return nil }
    return mean / Double(most)
  }

  /// The round that a source names, or nil where it is of another benchmark.
  private func round(of source: String, in benchmark: String) -> Round? {
    guard source == benchmark || source.hasPrefix(benchmark + " ") else { return nil }
    return Round(String(source.dropFirst(benchmark.count + 1)))
  }
}

/// A round as its numbers: v5.1 is 5, 1; text without numbers is before every round.
struct Round: Comparable {
  private let numbers: [Int]

  init(_ text: String) {
    numbers = text.prefix { $0 != " " }.drop { $0 == "v" }.split(separator: ".").compactMap { Int($0) }
  }

  /// True for `v` and two whole numbers, e.g. v5.1.
  static func isWritten(in text: String) -> Bool {
    guard text.hasPrefix("v") else { return false }
    let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) && Int($0) != nil }
  }

  static func < (a: Round, b: Round) -> Bool { a.numbers.lexicographicallyPrecedes(b.numbers) }
}
