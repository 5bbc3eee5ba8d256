"""Result files with their journals, written from rows and samples: what the trials of this folder share."""
import csv
import statistics

JOURNAL_HEADER = ("schema_version,run_id,row_key,process_index,sample_index,started_offset_seconds,"
                  "iterations,seconds,cycles,instructions,cpu_last_pu")

# What would need the journal's reports or a bootstrap.
EMPTIED = ("time_mad_seconds", "time_median_ci_low_seconds", "time_median_ci_high_seconds", "ci_level", "ci_method",
           "between_process_rel_stddev", "within_process_rel_stddev", "outliers_mild", "outliers_severe",
           "drift_rel_per_minute", "gflops_median", "gflops_ci_low", "gflops_ci_high", "gflops_best",
           "tokens_per_second", "pct_of_roofline")


def read(path):
    """Header and rows of a CSV file."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def journal(path):
    """Seconds of the samples by row key and process."""
    seconds = {}
    for row in read(path)[1]:
        seconds.setdefault(row["row_key"], {}).setdefault(int(row["process_index"]), []).append(
            float(row["seconds"]))
    return seconds


def quantile(ordered, p):
    position = p * (len(ordered) - 1)
    below = int(position)
    above = min(len(ordered) - 1, below + 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def fill(row, seconds_by_process):
    """Sets the columns of a row that follow from its samples; those that need a bootstrap are left empty."""
    pooled = sorted(s for process in seconds_by_process for s in process)
    median = quantile(pooled, 0.5)
    row["time_min_seconds"] = pooled[0]
    row["time_q1_seconds"] = quantile(pooled, 0.25)
    row["time_median_seconds"] = median
    row["time_q3_seconds"] = quantile(pooled, 0.75)
    row["time_max_seconds"] = pooled[-1]
    row["time_mean_seconds"] = statistics.fmean(pooled)
    row["time_stddev_seconds"] = statistics.stdev(pooled)
    row["n_processes"] = len(seconds_by_process)
    row["n_samples"] = len(pooled)
    for name in EMPTIED:
        if name in row:
            row[name] = ""
    if row["flop"]:
        row["gflops_median"] = float(row["flop"]) / median / 1e9
    row["gbytes_per_second_median"] = float(row["min_bytes"]) / median / 1e9 if row["min_bytes"] else ""


class Writer:
    """A result file and its journal, row by row."""

    def __init__(self, stem, header, run):
        self.run = run
        self.results = open(stem + ".csv", "w", newline="")
        self.samples = open(stem + ".samples.csv", "w")
        self.table = csv.DictWriter(self.results, header, lineterminator="\n")
        self.table.writeheader()
        self.samples.write(JOURNAL_HEADER + "\n")

    def add(self, row, seconds_by_process):
        """A row from its samples, a list for each process."""
        row = dict(row, run_id=self.run)
        fill(row, seconds_by_process)
        self.table.writerow(row)
        head = f"{row['schema_version']},{self.run},{row['row_key']}"
        for process, seconds in enumerate(seconds_by_process):
            for place, value in enumerate(seconds):
                self.samples.write(f"{head},{process},{place},{place * 0.02!r},10,{value!r},,,\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.results.close()
        self.samples.close()
