"""Attention of ONNX Runtime and PyTorch as peers of `plimsoll run --peer NAME=PROGRAM`.

  attention.py onnxruntime | pytorch

Operands are (batch, heads, positions, head dim) in float, drawn from ±1. Both libraries get what a careful user would
give them: ONNX Runtime keeps the cache in the place where it grows; PyTorch is timed with grouped heads, with keys and
values repeated ahead of time, and (decode) with the group as rows, and the fastest of them counts.
"""

import sys
import time

import numpy as np

from plimsoll_worker import Kernel, Skip, Worker

TOLERANCE = 2e-5  # float sums of a softmax whose weights add up to 1, values in ±1


def sizes(case):
    shape = case["shape"]
    names = ("batch", "headsQ", "headsKV", "headDim", "seqQ", "seqKV")
    return tuple(shape[name] for name in names) + (bool(shape.get("causal")),)


def work(case):
    """FLOP and compulsory bytes, as Kernels/Registry/Problem.swift counts them."""
    batch, heads, shared, dim, queries, keys, causal = sizes(case)
    offset = keys - queries
    pairs = queries * offset + queries * (queries + 1) / 2 if causal else queries * keys
    elements = 2 * batch * heads * queries * dim + 2 * batch * shared * keys * dim
    return 4.0 * batch * heads * dim * pairs, 4.0 * elements


def require_plain(case):
    """Refuses what neither library is measured on here: windows, values of another size, other caches."""
    for name in ("headDimV", "window", "cacheType", "blockKeys", "keysTurned", "latent"):
        if case["shape"].get(name):
            raise Skip(f"measured here over all keys in rows of f32 only, not with {name}")
    if case.get("dataType", "f32") != "f32":
        raise Skip(f"measured here in f32 only, not in {case['dataType']}")


def operand_sets(case, job):
    """Copies of keys and values that the caches forget between two uses, or one for a hot row."""
    batch, _, shared, dim, _, keys, _ = sizes(case)
    one = 2 * batch * shared * keys * dim * 4
    if case["cacheMode"] == "hot":
        return 1, one
    caches = job["lastLevelCacheBytes"] or 128 << 20
    wanted = (4 * caches + one - 1) // one + 1
    limit = job.get("memoryLimit")
    return (wanted if not limit else max(2, min(wanted, int(limit / (one * 1.25))))), one


def oracle_row(q, k, v, row, causal):
    """One query row of one head in double: q (queries, dim), k and v (keys, dim)."""
    visible = row + k.shape[0] - q.shape[0] + 1 if causal else k.shape[0]
    scores = k[:visible].astype(np.float64) @ q[row].astype(np.float64) / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max())
    return (weights / weights.sum()) @ v[:visible].astype(np.float64)


def check(q, k, v, out, causal, seed):
    """Sixteen rows, the first and the last among them; arrays (batch, heads, positions, dim)."""
    batch, heads, queries, dim = q.shape
    group = heads // k.shape[1]
    rng = np.random.default_rng(seed)
    worst, finite = 0.0, True
    for number in range(16):
        b, h = rng.integers(batch), rng.integers(heads)
        row = {0: 0, 1: queries - 1}.get(number, int(rng.integers(queries)))
        wanted = oracle_row(q[b, h], k[b, h // group], v[b, h // group], row, causal)
        error = np.abs(out[b, h, row] - wanted).max()
        finite = finite and bool(np.isfinite(error))
        worst = max(worst, float(error)) if np.isfinite(error) else worst
    return {"reference": "double oracle, 16 rows", "maxAbsError": worst, "maxRelError": worst,
            "tolerance": TOLERANCE, "passed": finite and worst <= TOLERANCE}


class ONNXRuntime:
    """com.microsoft.GroupQueryAttention; keys and values of a decode step lie in the cache that it appends to."""

    def __init__(self, job):
        import onnxruntime
        self.ort = onnxruntime
        self.threads = job["placement"]["threads"]
        onnxruntime.set_default_logger_severity(4)
        self.facts = {"name": "ONNX Runtime", "version": onnxruntime.__version__, "corename": "MLAS",
                      "config": "GroupQueryAttention, CPU"}
        self.sessions = {}

    def session(self, heads, shared, has_past):
        key = (heads, shared, has_past)
        if key in self.sessions:
            return self.sessions[key]
        from onnx import TensorProto, helper
        past = ["past_key", "past_value"] if has_past else ["", ""]
        node = helper.make_node(
            "GroupQueryAttention", ["query", "key", "value", *past, "seqlens_k", "total"],
            ["out", "present_key", "present_value"], domain="com.microsoft", num_heads=heads,
            kv_num_heads=shared)
        floats = lambda name, rank: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
        inputs = [floats(name, 3) for name in ("query", "key", "value")]
        inputs += [floats(name, 4) for name in past if name]
        inputs += [helper.make_tensor_value_info("seqlens_k", TensorProto.INT32, [None]),
                   helper.make_tensor_value_info("total", TensorProto.INT32, [1])]
        outputs = [floats("out", 3), floats("present_key", 4), floats("present_value", 4)]
        model = helper.make_model(
            helper.make_graph([node], "attention", inputs, outputs),
            opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
        model.ir_version = 8
        options = self.ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        self.sessions[key] = self.ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return self.sessions[key]

    def prepare(self, case, job):
        require_plain(case)
        batch, heads, shared, dim, queries, keys, causal = sizes(case)
        if not causal:
            raise Skip("GroupQueryAttention is causal")
        if queries not in (1, keys):
            raise Skip("a prefix before the queries is not measured here")
        count, _ = operand_sets(case, job)
        rng = np.random.default_rng(job["seed"])
        draw = lambda *shape: rng.random(shape, dtype=np.float32) * 2 - 1
        decodes = queries == 1 and keys > 1
        session = self.session(heads, shared, decodes)
        value = self.ort.OrtValue.ortvalue_from_numpy
        query = draw(batch, queries, heads * dim)
        out = value(np.full((batch, queries, heads * dim), np.nan, np.float32))
        bindings, kept = [], []
        for _ in range(count):
            binding = session.io_binding()
            cache = [draw(batch, shared, keys, dim) for _ in range(2)]
            # New keys and values are (batch, positions, heads·dim).
            new = [np.ascontiguousarray(x[:, :, -queries:].transpose(0, 2, 1, 3)).reshape(
                batch, queries, shared * dim) for x in cache]
            present = [value(x if decodes else np.empty_like(x)) for x in cache]
            inputs = {"query": value(query), "key": value(new[0]), "value": value(new[1]),
                      "seqlens_k": value(np.full(batch, keys - 1, np.int32)),
                      "total": value(np.array([keys], np.int32))}
            if decodes:
                inputs.update(past_key=present[0], past_value=present[1])
            for name, array in inputs.items():
                binding.bind_ortvalue_input(name, array)
            for name, array in zip(("out", "present_key", "present_value"), [out] + present):
                binding.bind_ortvalue_output(name, array)
            bindings.append(binding)
            kept.append(cache if not kept else None)
        calls = [lambda b=b: session.run_with_iobinding(b) for b in bindings]

        def verify():
            calls[0]()
            found = out.numpy().reshape(batch, queries, heads, dim).transpose(0, 2, 1, 3)
            q = query.reshape(batch, queries, heads, dim).transpose(0, 2, 1, 3)
            return check(q, *kept[0], found, causal, job["seed"])

        return Kernel(calls, work(case), verify, float(count * 8 * batch * shared * keys * dim))


class PyTorch:
    """torch.nn.functional.scaled_dot_product_attention."""

    def __init__(self, job):
        import torch
        self.torch = torch
        torch.set_num_threads(job["placement"]["threads"])
        torch.set_grad_enabled(False)
        self.facts = {"name": "PyTorch", "version": torch.__version__,
                      "corename": torch.backends.cpu.get_cpu_capability(),
                      "config": "scaled_dot_product_attention"}

    def prepare(self, case, job):
        torch, sdpa = self.torch, self.torch.nn.functional.scaled_dot_product_attention
        require_plain(case)
        batch, heads, shared, dim, queries, keys, causal = sizes(case)
        if causal and queries not in (1, keys):
            raise Skip("a prefix before the queries is not measured here")
        count, _ = operand_sets(case, job)
        group = heads // shared
        generator = torch.Generator().manual_seed(job["seed"])
        draw = lambda *shape: torch.rand(shape, generator=generator) * 2 - 1
        q = draw(batch, heads, queries, dim)
        sets = [(draw(batch, shared, keys, dim), draw(batch, shared, keys, dim)) for _ in range(count)]
        masks = causal and queries > 1
        ways = {"grouped heads": lambda k, v: sdpa(q, k, v, is_causal=masks, enable_gqa=group > 1)}
        if queries == 1:
            rows = q.reshape(batch, shared, group, dim)
            ways["the group as rows"] = lambda k, v: sdpa(rows, k, v).reshape(q.shape)
        elif group > 1:
            ways["heads repeated ahead"] = lambda k, v: sdpa(q, k, v, is_causal=masks)
        k, v = sets[0]
        repeated = [(x.repeat_interleave(group, 1), y.repeat_interleave(group, 1)) for x, y in sets] \
            if "heads repeated ahead" in ways else sets
        operands = {name: repeated if name == "heads repeated ahead" else sets for name in ways}
        times = {}
        for name, way in ways.items():
            way(*operands[name][0])
            start = time.perf_counter()
            way(*operands[name][-1])
            times[name] = time.perf_counter() - start
        best = min(times, key=times.get)
        calls = [lambda a=a, b=b, way=ways[best]: way(a, b) for a, b in operands[best]]

        def verify():
            found = ways[best](*operands[best][0])
            return check(q.numpy(), k.numpy(), v.numpy(), found.numpy(), causal, job["seed"])

        return Kernel(calls, work(case), verify, float(count * 8 * batch * shared * keys * dim),
                      note="" if group == 1 else f"fastest with {best}")


if __name__ == "__main__":
    Worker({"onnxruntime": ONNXRuntime, "pytorch": PyTorch}[sys.argv[1]]).run()
