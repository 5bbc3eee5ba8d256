// Do the numbers of a result row fit each other? A file that was edited by hand, or cut and pasted, still has
// the right columns; its times, rates and errors then contradict each other.

import Measurement
import Quantities
import Tables

extension ResultFile {
  /// Rules between the numbers of one row.
  static func checkNumbers(_ row: ResultRow, _ record: CSVRecord, file: String) throws(InputError) {
    let check = RowCheck(record: record, file: file)
    for (name, cell) in zip(ResultRow.schema.header, record.fields)
    where name != "drift_rel_per_minute" && (Double(cell) ?? 0) < 0 {
      throw check.fault(name, "\(cell) is negative")
    }
    for (index, column) in ResultRow.schema.columns.enumerated() where column.isNumeric {
      guard index < record.fields.count, let value = Double(record.fields[index]) else { continue }
      let range = ranges[column.name] ?? -largest...largest
      guard range.contains(value) else {
        throw check.fault(column.name, "\(record.fields[index]) is not believable")
      }
    }
    let times: [(name: String, value: Double?)] = [
      ("time_min_seconds", row.timeMinSeconds), ("time_q1_seconds", row.timeQ1Seconds),
      ("time_median_seconds", row.timeMedianSeconds), ("time_q3_seconds", row.timeQ3Seconds),
      ("time_max_seconds", row.timeMaxSeconds),
    ]
    let known = times.filter { $0.value != nil }
    for (low, high) in zip(known, known.dropFirst()) where (low.value ?? 0) > (high.value ?? 0) * (1 + 1e-12)
    {
      throw check.fault(high.name, "below \(low.name)")
    }
    if row.status.hasTimes, let median = row.timeMedianSeconds,
      let column = outside(
        low: row.timeMedianCiLowSeconds, high: row.timeMedianCiHighSeconds, least: row.timeMinSeconds,
        median: median, most: row.timeMaxSeconds)
    {
      throw check.fault(column, "the interval does not lie around time_median_seconds, among the samples")
    }
    if let processes = row.nProcesses {
      guard row.status.hasTimes ? (1...1_000).contains(processes) : processes <= 1_000 else {
        throw check.fault("n_processes", "\(processes) processes cannot have measured a row")
      }
      if let samples = row.nSamples, samples < processes {
        throw check.fault("n_samples", "\(samples) samples of \(processes) processes")
      }
    }
    if row.status == .ok, let tolerance = row.verifyTolerance {
      guard let error = row.verifyMaxRelError, error <= tolerance else {
        throw check.fault("verify_max_rel_error", "above verify_tolerance, yet the status is ok")
      }
    }
    if let rate = row.gflopsMedian, let flop = row.flop, let median = row.timeMedianSeconds, median > 0 {
      let expected = Unit.gigaflops.fromBase(flop / median)
      guard abs(rate - expected) <= 1e-6 * expected else {
        throw check.fault("gflops_median", "\(rate) where flop / time_median_seconds gives \(expected)")
      }
    }
  }

  /// Beyond this no number of a result file is believable.
  static let largest = 1e30

  /// Columns of which closer bounds are known. A group of 1e6 threads or cores is no host.
  static let ranges: [String: ClosedRange<Double>] = [
    "threads": 1...1e6, "replicas": 1...1e6, "cores": 1...1e6, "pus": 1...1e6, "smt_width": 1...1e3,
    "packages": 0...1e4, "numa_nodes": 0...1e4, "n_samples": 0...1e9, "calls_per_pass": 0...1e9,
    "aa_floor": 0...100, "between_process_rel_stddev": 0...1e3, "pct_of_roofline": 0...1e6,
    "time_median_seconds": 0...1e9,
  ]

  /// The end of a median's interval that lies on the wrong side of the median or outside the samples, by its
  /// column; nil for a sound or an unknown interval. Without extremes the ends lie within a factor of a million.
  static func outside(
    low: Double?, high: Double?, least: Double?, median: Double, most: Double?
  ) -> String? {
    let slack = 1e-9
    if let low, low > median * (1 + slack) || low < (least ?? median * 1e-6) * (1 - slack) {
      return "time_median_ci_low_seconds"
    }
    if let high, high < median * (1 - slack) || high > (most ?? median * 1e6) * (1 + slack) {
      return "time_median_ci_high_seconds"
    }
    return nil
  }

  /// True where the row's median is that of its samples, or the row has none.
  ///
  /// A run writes its journal first and the file once a round: between, and after a crash, the journal has
  /// further processes. Then the row is judged by those that it counts, the first ones.
  static func agrees(_ row: ResultRow, with processes: [[Double]]) -> Bool {
    guard row.status.hasTimes, let median = row.timeMedianSeconds else { return true }
    func isMedian(_ samples: some Sequence<[Double]>) -> Bool {
      guard let expected = Statistics.median(samples.flatMap { $0 }) else { return false }
      return abs(median - expected) <= 1e-9 * expected
    }
    if isMedian(processes) { return true }
    guard let counted = row.nProcesses, counted < processes.count else { return false }
    let first = processes.prefix(counted)
    return first.reduce(0) { $0 + $1.count } == row.nSamples ?? -1 && isMedian(first)
  }

  /// The fault of a row whose median is not that of its samples.
  static func differs(
    _ row: ResultRow, from processes: [[Double]], _ record: CSVRecord, file: String
  ) -> InputError {
    let check = RowCheck(record: record, file: file)
    let count = processes.reduce(0) { $0 + $1.count }
    if let known = row.nSamples, known != count {
      return check.fault(
        "n_samples", "\(known) where the journal beside the file has \(count)",
        advice: "a run that was stopped is mended by 'plimsoll run --resume \(file)'")
    }
    return check.fault(
      "time_median_seconds",
      "\(row.timeMedianSeconds ?? 0) where the samples beside the file give"
        + " \(Statistics.median(processes.flatMap { $0 }) ?? 0)")
  }
}

/// Where a row's faults are reported.
private struct RowCheck {
  let record: CSVRecord
  let file: String

  func fault(
    _ column: String, _ what: String, advice: String = "the file was edited or is not ours"
  ) -> InputError {
    let index = ResultRow.schema.header.firstIndex(of: column) ?? 0
    return InputError(
      file: file, line: record.line, column: record.columns[index], "\(column): \(what)", advice: advice)
  }
}
