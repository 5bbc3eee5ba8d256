// Rules of benchmark workloads: a mean lies below its maximum, a bounded scenario has its bounds, a bound
// has its source.

import Tables

extension Findings {
  /// Rules of benchmark_workloads.csv.
  mutating func workloads(_ sheet: Sheet<BenchmarkWorkload>) {
    for (row, workload) in sheet.numbered {
      lengths(sheet, row, workload)
      limits(sheet, row, workload)
      if !workload.validFrom.isEmpty, !Round.isWritten(in: workload.validFrom) {
        error(
          sheet.fault(
            row, "valid_from", "'\(workload.validFrom.prefix(20))' is not a round",
            advice: "write v and two numbers, e.g. v5.1, or leave it empty"))
      }
    }
  }

  private mutating func lengths(
    _ sheet: Sheet<BenchmarkWorkload>, _ row: Int, _ workload: BenchmarkWorkload
  ) {
    let pairs = [
      ("input_mean", workload.inputMean, workload.inputMax),
      ("output_mean", workload.outputMean, workload.outputMax),
    ]
    for case (let column, let mean?, let most?) in pairs where mean > Double(most) {
      error(
        sheet.fault(
          row, column, "a mean of \(decimalText(mean)) is above the maximum of \(most)",
          advice: "check that mean and maximum are of the same data set"))
    }
    if workload.model == BenchmarkWorkload.anyModel, workload.inputMean == nil || workload.inputMax == nil {
      error(
        sheet.fault(
          row, "input_mean", "a rule for any model without its lengths",
          advice: "write the mean and the nominal length"))
    }
  }

  private mutating func limits(
    _ sheet: Sheet<BenchmarkWorkload>, _ row: Int, _ workload: BenchmarkWorkload
  ) {
    if (workload.ttftP99Ms == nil) != (workload.tpotP99Ms == nil) {
      error(
        sheet.fault(
          row, "tpot_p99_ms", "one limit of two: first token and later tokens are bounded together",
          advice: "write both limits, or e2e_p99_ms where the whole request is bounded"))
    }
    if ["server", "interactive"].contains(workload.scenario) != workload.hasLimits {
      error(
        sheet.fault(
          row, "ttft_p99_ms",
          workload.hasLimits ? "a limit on a scenario without one" : "a bounded scenario without a limit",
          advice: "server and interactive have limits, offline and mixed have none"))
    }
    if workload.hasLimits == workload.limitsSource.isEmpty {
      error(
        sheet.fault(
          row, "limits_source", "limits and their source must stand together",
          advice: "name the benchmark's own file"))
    }
  }
}
