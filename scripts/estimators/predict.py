"""Asks one estimator for every point and writes what it said: tool, version, id, metric, measured, predicted, …

  predict.py PACKAGE --tables FOLDER --score FILE --out FILE [--rows N|all] [--seed N] [--reuse]
  predict.py PACKAGE --tables FOLDER --score FILE --once

`seconds` is CPU time of one estimate on one core, so that a busy machine does not count. With --reuse the points that
the output already holds from the same version are not asked again. --once asks for the first point of the sample that
the tool answers and prints nothing: the caller measures the process.
"""

import argparse
import csv
import os
import sys
import time

import points
import tools

COLUMNS = ("tool", "version", "id", "metric", "measured", "predicted", "seconds", "status", "reason")


def rows_of(tool, point, version):
    """The lines of one point."""
    seconds, answer, reason = 0.0, None, ""
    try:
        tool.prepare(point)
        begin = time.process_time()
        answer = tool.estimate(point)
        seconds = time.process_time() - begin
        reason = answer.note
    except tools.Refusal as refusal:
        reason = str(refusal)
    predicted = {} if answer is None else {
        "tpot_ms": answer.tpot, "ttft_ms": answer.ttft,
        "output_tok_s": point.throughput(answer.tpot, answer.ttft)}
    for metric, (identifier, measured) in point.measured().items():
        yield {
            "tool": tool.name, "version": version, "id": identifier, "metric": metric,
            "measured": f"{measured:.6g}", "predicted": f"{predicted[metric]:.6g}" if predicted else "",
            "seconds": f"{seconds:.6f}" if predicted else "", "status": "ok" if predicted else "refused",
            "reason": reason}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("package", choices=tools.TOOLS)
    parser.add_argument("--tables", required=True)
    parser.add_argument("--score", required=True)
    parser.add_argument("--out")
    parser.add_argument("--rows", default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reuse", action="store_true")
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    # One core: libraries that start a thread a core would measure another machine.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    chosen = points.chosen(options)
    begin = time.process_time()
    tool = tools.TOOLS[options.package](tools.Catalogue(options.tables))
    loading = time.process_time() - begin
    if options.once:
        for point in chosen:
            try:
                tool.prepare(point)
                tool.estimate(point)
                return
            except tools.Refusal:
                continue
        sys.exit(f"{tool.name} answers for no point")
    version = tools.version(options.package)
    kept = {}
    if options.reuse and os.path.exists(options.out):
        for row in points.read_csv(options.out):
            if row["version"] == version:
                kept.setdefault((row["id"], row["metric"]), row)
    missing = [point for point in chosen if (point.id, "tpot_ms") not in kept]
    print(f"{tool.name} {version}: {len(missing)} of {len(chosen)} points to ask for, "
          f"{loading:.1f} s to load", file=sys.stderr)
    for point in missing:
        for row in rows_of(tool, point, version):
            kept[row["id"], row["metric"]] = row
    unfinished = f"{options.out}.tmp"
    with open(unfinished, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(kept.values())
    os.replace(unfinished, options.out)


if __name__ == "__main__":
    main()
