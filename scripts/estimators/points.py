"""The published points that every estimator gets: which rows, what was deployed, at what lengths.

The rows are those that `plimsoll score` kept after its import checks, so that nobody chooses them here. A point joins
the two rows of one run (time per output token, time to first token) and the configuration in the row's notes.
"""

import csv
import hashlib
import re
from dataclasses import dataclass

SOURCE = "aiconfigurator silicon_sample"
# Runs whose prompts and answers all had the nominal length; the others draw it from 0.8 to 1.0 of it.
FIXED_LENGTHS = re.compile(r"qwen_qw|meta_ll|nvidia_")
MEAN_SHARE = 0.9
# What `plimsoll score` says of a row that passed the import checks, whether or not ours could predict it.
KEPT = ("scored", "abstained")
# Suffixes of names at the model hub that name a format or a tuning, not an architecture.
VARIANT = re.compile(r"(-FP8|-NVFP4|-Instruct|-Base|-hf)+$", re.IGNORECASE)


@dataclass(frozen=True)
class Point:
    """One run. Times in milliseconds; `ttft_id` is empty where the time to first token is not to be scored."""

    id: str
    ttft_id: str
    split: str
    published_model: str
    model: str
    chip: str
    precision: str
    quantisation: str
    engine: str
    version: str
    tensor: int
    data: int
    expert_tensor: int
    expert: int
    concurrency: int
    input_tokens: int
    output_tokens: int
    kv_bytes: int
    tpot: float
    ttft: float

    @property
    def ranks(self):
        return self.tensor * self.data

    @property
    def cell(self):
        """What counts once in a statistic."""
        return (self.chip, self.published_model, self.precision)

    @property
    def stratum(self):
        """What a sample takes equally from."""
        return (*self.cell, self.engine)

    def throughput(self, tpot, ttft):
        """Output tokens a second of a closed loop with these times (ms): every client waits for its answer."""
        return self.concurrency * self.output_tokens * 1e3 / (ttft + tpot * (self.output_tokens - 1))

    def measured(self):
        """Metric to (identifier, value) of what may be scored."""
        values = {"tpot_ms": (self.id, self.tpot)}
        if self.ttft_id:
            values["ttft_ms"] = (self.ttft_id, self.ttft)
            values["output_tok_s"] = (self.id, self.throughput(self.tpot, self.ttft))
        return values


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plain_name(name):
    """The catalogue's name of a published model: without its maker, format and tuning."""
    return VARIANT.sub("", name.split("/")[-1]).removeprefix("Meta-")


def ranks(text, engine, is_dense):
    """(tensor, data, expert tensor, experts) of `TPn PPn DPn moeTPn moeEPn`, or None.

    Some exports wrote products of two degrees instead of the degrees: n GPUs stand as TP n², grid n x n; and n vLLM
    ranks with data-parallel attention as TPn DPn.
    """
    found = re.match(r"TP(\d+) PP(\d+) DP(\d+) moeTP(\d+) moeEP(\d+)", text)
    if not found:
        return None
    tensor, _, data, expert_tensor, expert = (max(1, int(number)) for number in found.groups())
    product = tensor * data
    is_squared = expert_tensor == expert > 1 and product == expert * expert and product > expert
    if engine == "vllm" and data > 1 and tensor == data:
        tensor, data, expert_tensor, expert = 1, data, 1, data
    elif is_squared:
        tensor, data = (expert, data) if data == 1 else (tensor, expert)
        expert_tensor = 1
    return (tensor, data, 1, 1) if is_dense else (tensor, data, expert_tensor, expert)


def load(serving, models, score):
    """Points of the source that the score kept, in the order of the table."""
    dense = {row["model"] for row in read_csv(models) if row["kind"] == "dense"}
    kept = {row["id"] for row in read_csv(score) if row["status"] in KEPT}
    runs = {}
    for row in read_csv(serving):
        if row["source"] == SOURCE and row["split"] in ("calibration", "public_test"):
            key = row["source_url_or_repo_path"].split("#")[-1]
            runs.setdefault(key, {})[row["metric"]] = row
    points = []
    for key, rows in runs.items():
        tpot, ttft = rows.get("tpot_ms"), rows.get("ttft_ms")
        if not tpot or not ttft or tpot["id"] not in kept:
            continue
        notes = re.search(r"mean over requests; (\w+) ([^;]*); ([^;]*)", tpot["notes"])
        model = plain_name(tpot["model"])
        if not notes:
            continue
        degrees = ranks(tpot["parallelism"], notes[1], model in dense)
        if not degrees:
            continue
        concurrency = re.search(r"[; ]concurrency (\d+)", tpot["notes"])
        share = 1 if FIXED_LENGTHS.match(key) else MEAN_SHARE
        precision = tpot["precision"] or "bf16"
        points.append(Point(
            id=tpot["id"], ttft_id=ttft["id"] if ttft["id"] in kept else "", split=tpot["split"],
            published_model=tpot["model"], model=model, chip=tpot["accelerator"], precision=precision,
            quantisation=notes[3].strip(), engine=notes[1], version=notes[2].strip(),
            tensor=degrees[0], data=degrees[1], expert_tensor=degrees[2], expert=degrees[3],
            concurrency=int(concurrency[1]) if concurrency
            else int(tpot["batch_or_concurrency"]) * degrees[1],
            input_tokens=round(float(tpot["isl"]) * share), output_tokens=round(float(tpot["osl"]) * share),
            kv_bytes=2 if precision == "bf16" or key.startswith("meta_ll") else 1,
            tpot=float(tpot["value"]), ttft=float(ttft["value"])))
    return points


def sample(points, count, seed):
    """At most `count` points, the same number of every chip, model, precision and engine as far as they have them.

    The order in a stratum is that of a hash of seed and identifier: a row that is added or dropped moves no other.
    """
    if count is None or count >= len(points):
        return points
    strata = {}
    for point in points:
        strata.setdefault(point.stratum, []).append(point)
    ranked = []
    for stratum in strata.values():
        stratum.sort(key=lambda point: hashlib.sha256(f"{seed}|{point.id}".encode()).digest())
        ranked += [(turn, point) for turn, point in enumerate(stratum)]
    # Of the last turn, which not every stratum gets, the hash decides again.
    ranked.sort(key=lambda pair: (pair[0], hashlib.sha256(f"{seed}|{pair[1].id}".encode()).digest()))
    chosen = {point.id for _, point in ranked[:count]}
    return [point for point in points if point.id in chosen]


def chosen(options):
    """The points of the options that all programs here share: --tables, --score, --rows and --seed."""
    all_points = load(f"{options.tables}/measured_serving.csv", f"{options.tables}/models.csv", options.score)
    if not all_points:
        raise SystemExit(
            f"{options.score} keeps no point of {SOURCE}; it must be what plimsoll score --format csv prints")
    return sample(all_points, None if options.rows == "all" else int(options.rows), options.seed)
