// Columns that say what came out: status, sampling, times, rates, verification, interference.

import Tables

extension ResultColumns {
  static let status: [Column<ResultRow>] = [
    .status(
      "status",
      "`ok`, `partial`, `unverified`, `mismatch`, `failed`, `timeout`, `skipped` or `interrupted`; times are filled for ok, partial and unverified only"
    ),
    .text("status_detail", "Reason of any status but `ok`", \.statusDetail),
    .text("warnings", "What makes the row doubtful, `; ` between warnings", \.warnings),
  ]

  static let sampling: [Column<ResultRow>] = [
    .text("timer", "Clock that timed the samples", \.timer),
    .number("clock_resolution_seconds", "Smallest step seen of the clock", \.clockResolutionSeconds),
    .number("timer_overhead_seconds", "Median time of reading the clock", \.timerOverheadSeconds),
    .number("warmup_seconds", "Untimed work before the first sample, mean of the processes", \.warmupSeconds),
    .integer("n_processes", "Processes that gave samples", \.nProcesses),
    .integer("n_samples", "Samples of all processes together", \.nSamples),
    .integer("iterations_per_sample", "Executions in one sample, first process", \.iterationsPerSample),
    .text(
      "stop_reason",
      "Why no further process measured it: `ci` (interval narrow enough), `noise_stable`, `max_samples` or `time_cap`",
      \.stopReason),
    .number(
      "elapsed_seconds",
      "Time spent on the row, verification included, sum of the processes",
      \.elapsedSeconds),
    .integer("seed", "Seed of operands and of the order of rows", \.seed),
  ]

  static let times: [Column<ResultRow>] = [
    .number("time_min_seconds", "Fastest sample", \.timeMinSeconds),
    .number("time_q1_seconds", "First quartile", \.timeQ1Seconds),
    .number("time_median_seconds", "Median of all samples", \.timeMedianSeconds),
    .number("time_q3_seconds", "Third quartile", \.timeQ3Seconds),
    .number("time_max_seconds", "Slowest sample", \.timeMaxSeconds),
    .number("time_mean_seconds", "Mean", \.timeMeanSeconds),
    .number("time_stddev_seconds", "Standard deviation", \.timeStddevSeconds),
    .number("time_mad_seconds", "Median absolute deviation from the median", \.timeMadSeconds),
    .number("time_median_ci_low_seconds", "Lower end of the median's interval", \.timeMedianCiLowSeconds),
    .number("time_median_ci_high_seconds", "Upper end of the median's interval", \.timeMedianCiHighSeconds),
    .number("ci_level", "Nominal coverage of the interval", \.ciLevel),
    .text(
      "ci_method",
      "`hierarchical_bootstrap` (processes, then samples) or `order_statistic` (one process)",
      \.ciMethod),
    .number(
      "between_process_rel_stddev",
      "Standard deviation of the process medians, relative to the median",
      \.betweenProcessRelStddev),
    .number(
      "within_process_rel_stddev",
      "Pooled standard deviation inside processes, relative to the median",
      \.withinProcessRelStddev),
    .integer(
      "outliers_mild",
      "Samples more than 1.5 interquartile ranges outside the quartiles",
      \.outliersMild),
    .integer(
      "outliers_severe",
      "Samples more than 3 interquartile ranges outside the quartiles",
      \.outliersSevere),
    .number(
      "drift_rel_per_minute",
      "Trend over the run: slope of the processes' medians against the hour, as a share of the median per minute",
      \.driftRelPerMinute),
  ]

  static let rates: [Column<ResultRow>] = [
    .number("gflops_median", "1e9 FLOP/s at the median time", \.gflopsMedian),
    .number("gflops_ci_low", "1e9 FLOP/s at the upper end of the time's interval", \.gflopsCiLow),
    .number("gflops_ci_high", "1e9 FLOP/s at the lower end of the time's interval", \.gflopsCiHigh),
    .number("gflops_best", "1e9 FLOP/s at the fastest sample", \.gflopsBest),
    .number(
      "gbytes_per_second_median",
      "1e9 B/s of compulsory traffic at the median time",
      \.gbytesPerSecondMedian),
    .number(
      "compute_ceiling_gflops",
      "Measured multiply-add peak of the placement in the same run",
      \.computeCeilingGflops),
    .number(
      "bandwidth_ceiling_gbytes_per_second",
      "Measured read bandwidth of the placement in the same run, at the row's working-set size",
      \.bandwidthCeilingGbytesPerSecond),
    .number(
      "pct_of_roofline",
      "Time that the ceilings allow, in percent of the median time",
      \.pctOfRoofline),
    .text("bound_by", "Ceiling that limits the row: `compute`, `memory`, `cache`", \.boundBy),
    .text("ceiling_run_id", "Run that measured the ceilings", \.ceilingRunId),
    .number("tokens_per_second", "Tokens per second where the shape defines them", \.tokensPerSecond),
  ]

  static let verification: [Column<ResultRow>] = [
    .text("verify_reference", "What the result was compared with", \.verifyReference),
    .number("verify_max_abs_error", "Largest absolute difference", \.verifyMaxAbsError),
    .number(
      "verify_max_rel_error",
      "Largest difference relative to the element's scale",
      \.verifyMaxRelError),
    .number("verify_nmse", "Mean squared error relative to the mean square", \.verifyNmse),
    .number("verify_tolerance", "Bound on verify_max_rel_error", \.verifyTolerance),
  ]

  static let interference: [Column<ResultRow>] = [
    .number("load1_before", "One-minute load average before the row", \.load1Before),
    .integer(
      "involuntary_context_switches",
      "Times that the scheduler took the CPU away while timing, sum of the processes",
      \.involuntaryContextSwitches),
    .integer("major_faults", "Page faults that read from disk while timing", \.majorFaults),
    .integer("minor_faults", "Page faults served from memory while timing", \.minorFaults),
    .number(
      "steal_fraction",
      "Share of CPU time that the hypervisor gave to others; empty where it has reported none since boot",
      \.stealFraction),
    .number(
      "cpu_mhz_mean", "Mean clock while timing, MHz; of a device that of its multiprocessors", \.cpuMhzMean),
    .integer("throttle_events", "Thermal or power throttling events", \.throttleEvents),
    .number(
      "package_energy_joules", "Energy of the packages, or of the device, while timing", \.packageEnergyJoules
    ),
    .number(
      "temperature_max_celsius", "Highest temperature of a package, or of the device", \.temperatureMaxCelsius
    ),
    .number("cycles", "Core cycles of the timed work", \.cycles),
    .number("instructions", "Instructions of the timed work", \.instructions),
    .text("counters_source", "Where cycles and instructions came from", \.countersSource),
  ]
}
