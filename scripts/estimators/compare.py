"""Prints accuracy and speed of the estimators side by side, and writes them as CSV.

  compare.py --tables FOLDER --score FILE --predictions FILE… --version TEXT [--rows N|all] [--seed N]
             [--held-out NAME=FILE]… [--processes FILE] [--rate N] [--csv FILE]

Ours are the predictions in the score; --held-out adds those of fits without a row's model or chip
(id,metric,predicted). --processes holds the CPU seconds of whole processes (tool,seconds), --rate what our search
evaluates a second. With --csv the summary goes into a second file whose name ends in _summary.csv.
"""

import argparse
import collections
import csv
import os
import re
import statistics

import points
import predict

OURS = "Plimsoll"
METRICS = {"tpot_ms": "TPOT", "output_tok_s": "throughput", "ttft_ms": "TTFT"}
SPLITS = {"calibration": "calibration", "public_test": "public test"}


def weighted_quantile(pairs, share):
    """The smallest value with at least `share` of the weight at or below it; `pairs` of (value, weight)."""
    pairs = sorted(pairs)
    limit, total = share * sum(weight for _, weight in pairs), 0.0
    for value, weight in pairs:
        total += weight
        if total >= limit * (1 - 1e-12):
            return value
    return pairs[-1][0]


def errors(chosen, predicted, metric):
    """(points, cells, median and p90 absolute error, median signed error) in percent, or None.

    Every cell of chip, model and precision counts once, however many of the points are its.
    """
    signed = []
    for point in chosen:
        entry = point.measured().get(metric)
        value = predicted.get((entry[0], metric)) if entry else None
        if value is not None:
            signed.append((100 * (value / entry[1] - 1), point.cell))
    if not signed:
        return None
    count = collections.Counter(cell for _, cell in signed)
    absolute = [(abs(error), 1 / count[cell]) for error, cell in signed]
    return (len(signed), len(count), weighted_quantile(absolute, 0.5), weighted_quantile(absolute, 0.9),
            weighted_quantile([(error, 1 / count[cell]) for error, cell in signed], 0.5))


def ours(chosen, rows, version, name):
    """Our predictions as lines of the table: throughput follows from the two times as for everybody."""
    told = {(row["id"], row["metric"]): row for row in rows}
    for point in chosen:
        get = lambda key: told.get(key, {}).get("predicted") or ""
        tpot, ttft = get((point.id, "tpot_ms")), get((point.ttft_id, "ttft_ms"))
        values = {"tpot_ms": tpot, "ttft_ms": ttft,
                  "output_tok_s": point.throughput(float(tpot), float(ttft)) if tpot and ttft else ""}
        for metric, (identifier, measured) in point.measured().items():
            line = told.get((identifier, metric), {})
            value = values[metric]
            yield {"tool": name, "version": version, "id": identifier, "metric": metric,
                   "measured": f"{measured:.6g}", "predicted": f"{float(value):.6g}" if value != "" else "",
                   "seconds": "", "status": "ok" if value != "" else "abstained",
                   "reason": "" if value != "" else line.get("reason", "")}


class Comparison:
    """All lines of all tools, over the chosen points."""

    def __init__(self, chosen, lines):
        self.chosen, self.lines = chosen, lines
        wanted = {identifier for point in chosen for identifier, _ in point.measured().values()}
        self.tools = {}
        for line in lines:
            if line["id"] in wanted:
                self.tools.setdefault(line["tool"], []).append(line)
        self.predicted = {
            tool: {(line["id"], line["metric"]): float(line["predicted"]) for line in own if line["predicted"]}
            for tool, own in self.tools.items()}
        self.summary = []

    def answers(self, tool, point):
        return (point.id, "tpot_ms") in self.predicted[tool]

    def record(self, tool, group, split, metric, statistic, value, count="", cells=""):
        version = self.tools[tool][0]["version"] if tool in self.tools else ""
        self.summary.append((tool, version, group, split, metric, statistic, f"{value:.5g}", count, cells))

    def accuracy(self, title, group, chosen, names):
        """Prints one table a split, each with what all the columns of a tool stand on."""
        for split, said in SPLITS.items():
            mine = [point for point in chosen if point.split == split]
            lines = []
            for name in names:
                text = ""
                for metric in METRICS:
                    found = errors(mine, self.predicted[name], metric)
                    if found:
                        text += f"{found[2]:7.1f}{round(found[3]):5}{round(found[4]):6}"
                        for statistic, value in zip(("median_error", "p90_error", "bias"), found[2:]):
                            self.record(name, group, split, metric, f"{statistic}_percent", value, *found[:2])
                    else:
                        text += f"{'–':>7}{'':11}"
                count = sum(self.answers(name, point) for point in mine)
                if count:
                    lines.append(f"{self.label(name, split):<20}{count:5}{text}")
            if lines:
                print(f"\n{title}, {said}: errors in percent, {len({point.cell for point in mine})} cells")
                print(" " * 27 + "".join(f"{label:<18}" for label in METRICS.values()).rstrip())
                print(f"{'':<19}points" + " median  p90  bias" * len(METRICS))
                print("\n".join(lines))

    @staticmethod
    def label(name, split):
        if name.startswith(f"{OURS}, "):
            return "  " + name.removeprefix(f"{OURS}, ")
        return f"{name}, in-sample" if name == OURS and split == "calibration" else name

    def coverage(self):
        print("\nWho answers")
        for tool, own in self.tools.items():
            asked = [line for line in own if line["metric"] == "tpot_ms"]
            answered = [line for line in asked if line["predicted"]]
            print(f"{tool:<32}{own[0]['version'][:18]:<19}{len(answered):5} of {len(asked)} points")
            if asked:
                self.record(tool, "all", "", "", "answered_share", len(answered) / len(asked), len(asked))
            refused = collections.Counter(line["reason"] for line in asked if not line["predicted"])
            for reason, count in refused.most_common():
                print(f"  {count:5} refused: {(reason or 'without a reason')[:62]}")
            notes = collections.Counter(
                re.sub(r"^version .* refused$", "the version of the run refused", note)
                for line in answered for note in line["reason"].split("; ") if note)
            for note, count in notes.most_common():
                print(f"  {count:5} with {note[:68]}")

    def speed(self, processes, rate):
        print("\nSpeed: CPU time on one core; an estimate is TPOT and TTFT of one point")
        print(f"{'':<20}{'in a process that runs':>26}{'process of its own':>24}")
        print(f"{'':<20}{'ms each':>13}{'a second':>13}{'seconds each':>24}")
        for tool, own in self.tools.items():
            if tool.startswith(f"{OURS},"):
                continue
            times = [float(line["seconds"]) for line in own if line["metric"] == "tpot_ms" and line["seconds"]]
            each = statistics.median(times) if times else (1 / rate if tool == OURS and rate else None)
            whole = processes.get(tool)
            show = lambda value, text: format(value, text) if value else "–"
            print(f"{tool:<20}{show(each and 1e3 * each, '13.4g'):>13}{show(each and 1 / each, '13,.0f'):>13}"
                  f"{show(whole, '24.2f'):>24}")
            if each:
                self.record(tool, "all", "", "", "cpu_seconds_per_estimate", each, len(times) or "")
                self.record(tool, "all", "", "", "estimates_per_second", 1 / each, len(times) or "")
            if whole:
                self.record(tool, "all", "", "", "process_cpu_seconds", whole)
        print("Medians: what a tool loads for its first point is in the last column.")


NOTES = """
What is comparable, and what is not
* All get the same points, degrees, batch, mean lengths and width of the cache;
  throughput follows from TPOT and TTFT alike, for clients that wait for their
  answer.
* AIConfigurator refuses the engine versions of these runs and answers for newer
  ones: part of its error is progress of the engines, not the tool's.
* GenZ (at its default efficiency of 1) and llm-analysis (0.7 and 0.9, as its
  manual names them) describe one static batch, without scheduler, queue and
  prefill between decode steps; their TTFT is that of the whole batch at once.
* Ours was fitted on the calibration split, so its own line there is in-sample;
  lines with a model or a chip held out, and the public test, are not.
* The peers' speed is measured on the points above; ours in a process that runs
  is what its search evaluates, each with memory check and interval."""


def write_csv(path, header, rows):
    unfinished = f"{path}.tmp"
    with open(unfinished, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
    os.replace(unfinished, path)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", required=True)
    parser.add_argument("--score", required=True)
    parser.add_argument("--predictions", nargs="*", default=[])
    parser.add_argument("--version", default="")
    parser.add_argument("--rows", default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--processes")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--csv")
    return parser.parse_args()


def main():
    options = arguments()
    chosen = points.chosen(options)
    lines = [line for path in options.predictions for line in points.read_csv(path)]
    peers = list(dict.fromkeys(line["tool"] for line in lines))
    lines += ours(chosen, points.read_csv(options.score), options.version, OURS)
    held_out = []
    for entry in options.held_out:
        name, _, path = entry.partition("=")
        held_out.append(f"{OURS}, {name}")
        fitted = [point for point in chosen if point.split == "calibration"]
        lines += ours(fitted, points.read_csv(path), options.version, held_out[-1])
    comparison = Comparison(chosen, lines)
    names = [*peers, *(name for name in (OURS, *held_out) if comparison.predicted.get(name))]
    print(f"{len(chosen)} points in {len({point.cell for point in chosen})} cells of chip, model and precision, "
          f"seed {options.seed}")
    comparison.coverage()
    whole = [name for name in names if name not in held_out]
    common = [point for point in chosen if all(comparison.answers(name, point) for name in whole)]
    comparison.accuracy("Points that all of them answer", "common", common, names)
    for peer in peers:
        own = [point for point in chosen if comparison.answers(peer, point)]
        rest = [name for name in names if name not in peers]
        comparison.accuracy(f"Points that {peer} answers", f"answered by {peer}", own, [peer, *rest])
    processes = {}
    for row in points.read_csv(options.processes) if options.processes else []:
        processes.setdefault(row["tool"], []).append(float(row["seconds"]))
    comparison.speed({tool: statistics.median(times) for tool, times in processes.items()}, options.rate)
    print(NOTES)
    if options.csv:
        write_csv(options.csv, predict.COLUMNS, (
            [line[column] for column in predict.COLUMNS] for own in comparison.tools.values() for line in own))
        write_csv(options.csv.removesuffix(".csv") + "_summary.csv", (
            "tool", "version", "points_of", "split", "metric", "statistic", "value", "points", "cells"),
            comparison.summary)


if __name__ == "__main__":
    main()
