"""AIConfigurator, GenZ and llm-analysis behind one call: estimate(point) -> Estimate, or Refusal with the reason.

Each is used as its documentation recommends, through its documented Python functions, with the mean lengths, the batch
and the degrees of the run. What a tool cannot be told is left to it, and its note says so.
"""

import atexit
import contextlib
import importlib.metadata
import io
import logging
import math
import os
import re
import warnings
from dataclasses import dataclass

from points import read_csv

MIB_PER_GIB = 1024
# GenZ and llm-analysis refuse what one static batch would not hold. The runs did happen, so memory is no question.
AMPLE_MEMORY = 64


class Refusal(Exception):
    """The tool does not answer for this point; the text says why in words."""


@dataclass
class Estimate:
    """Milliseconds; `note` tells what the tool was given that differs from the run."""

    tpot: float
    ttft: float
    note: str = ""


class Catalogue:
    """Facts of chips and models that the tools are told: the same tables as ours."""

    def __init__(self, folder):
        self.chips = {row["chip"]: row for row in read_csv(os.path.join(folder, "accelerators.csv"))}
        self.models = {row["model"]: row for row in read_csv(os.path.join(folder, "models.csv"))}

    def model(self, name):
        row = self.models[name]
        return {key: int(row[key] or 0) for key in (
            "layers", "dense_layers", "moe_layers", "hidden", "q_heads", "kv_heads", "head_dim", "ffn", "moe_ffn",
            "experts", "top_k", "shared_experts", "vocab", "linear_layers", "window_layers", "sparse_topk")
        } | {"attention": row["attention"], "kind": row["kind"]}

    def rate(self, chip, column):
        text = self.chips[chip][column]
        return float(text) if text else None


def first_sentence(error):
    text = " ".join(str(error).split())
    return re.split(r"(?<=[a-z)\]'\d])[.:!] ", text)[0][:160] or type(error).__name__


class AIConfigurator:
    """Measured kernel tables; database mode SILICON as its manual recommends, HYBRID where a table is missing."""

    name, package = "AIConfigurator", "aiconfigurator"
    systems = {"H100 SXM5 80GB": "h100_sxm", "H200 SXM 141GB": "h200_sxm", "B200 SXM (HGX)": "b200_sxm",
               "B300 SXM (HGX)": "b300_sxm", "GB200 (NVL72)": "gb200", "GB300 (NVL72)": "gb300"}
    # The checkpoint of its own list with these weights, and what else must be said where the list has none.
    checkpoints = {
        ("DeepSeek-R1", "fp8"): ("deepseek-ai/DeepSeek-R1", {}),
        ("DeepSeek-V3", "fp8"): ("deepseek-ai/DeepSeek-V3", {}),
        ("DeepSeek-R1", "fp4"): ("nvidia/DeepSeek-V3.1-NVFP4", {}),
        ("DeepSeek-V3", "fp4"): ("nvidia/DeepSeek-V3.1-NVFP4", {}),
        ("DeepSeek-V3.1", "fp4"): ("nvidia/DeepSeek-V3.1-NVFP4", {}),
        ("Llama-3.1-8B", "bf16"): ("meta-llama/Meta-Llama-3.1-8B", {}),
        ("Llama-3.1-8B", "fp8"): ("meta-llama/Meta-Llama-3.1-8B", {"gemm_quant_mode": "fp8"}),
        ("Llama-3.1-70B", "fp8"): ("nvidia/Llama-3.1-70B-Instruct-FP8", {}),
        ("Llama-3.1-70B", "fp4"): ("meta-llama/Meta-Llama-3.1-70B", {"gemm_quant_mode": "nvfp4"}),
        ("MiniMax-M2.5", "fp8"): ("MiniMaxAI/MiniMax-M2.5", {}),
        ("MiniMax-M2.5", "fp4"): ("nvidia/MiniMax-M2.5-NVFP4", {}),
        ("Qwen3-32B", "bf16"): ("Qwen/Qwen3-32B", {}),
        ("Qwen3-32B", "fp8"): ("Qwen/Qwen3-32B-FP8-Static-PerTensor", {}),
        ("Qwen3-32B", "fp4"): ("Qwen/Qwen3-32B", {"gemm_quant_mode": "nvfp4"}),
        ("Qwen3-235B-A22B", "fp8"): ("Qwen/Qwen3-235B-A22B-FP8", {}),
        ("Qwen3.5-397B-A17B", "bf16"): ("Qwen/Qwen3.5-397B-A17B", {}),
        ("Qwen3.5-397B-A17B", "fp8"): (
            "Qwen/Qwen3.5-397B-A17B", {"gemm_quant_mode": "fp8_block", "moe_quant_mode": "fp8_block"}),
        ("Qwen3.5-397B-A17B", "fp4"): ("nvidia/Qwen3.5-397B-A17B-NVFP4", {}),
    }

    def __init__(self, _):
        logging.disable(logging.ERROR)
        warnings.simplefilter("ignore")
        from aiconfigurator.cli.api import cli_estimate
        self.call = cli_estimate
        self.slots = {}

    def arguments(self, point):
        if point.chip not in self.systems:
            raise Refusal(f"knows no system for {point.chip}")
        if (point.model, point.precision) not in self.checkpoints:
            raise Refusal(f"has no checkpoint of {point.model} in {point.precision}")
        path, formats = self.checkpoints[point.model, point.precision]
        formats = dict(formats)
        if formats.get("gemm_quant_mode") == "fp8" and point.quantisation.startswith("fp8_block"):
            formats["gemm_quant_mode"] = "fp8_block"
        return dict(
            model_path=path, system_name=self.systems[point.chip], backend_name=point.engine,
            isl=point.input_tokens, osl=point.output_tokens,
            # Per data-parallel rank; a rank without a request waits for the others.
            batch_size=math.ceil(point.concurrency / point.data), tp_size=point.tensor,
            attention_dp_size=point.data, moe_tp_size=point.expert_tensor, moe_ep_size=point.expert, **formats)

    def prepare(self, point):
        """Finds the version of the run where the tool takes it, else its current one; not part of an estimate."""
        arguments = self.arguments(point)
        key = (point.chip, point.engine, point.version)
        if key not in self.slots:
            if not point.version:
                self.slots[key] = ("current", "version of the run not stated")
            else:
                try:
                    self.call(**arguments, backend_version=point.version)
                    self.slots[key] = (point.version, "version of the run")
                except Exception:
                    self.slots[key] = ("current", f"version {point.version} refused")

    def estimate(self, point):
        arguments = self.arguments(point)
        version, what = self.slots[point.chip, point.engine, point.version]
        stated = "bfloat16" if point.kv_bytes == 2 else "fp8"
        errors = []
        for cache, mode in ((stated, "SILICON"), (None, "SILICON"), (stated, "HYBRID"), (None, "HYBRID")):
            try:
                answer = self.call(
                    **arguments, backend_version=version, kvcache_quant_mode=cache, database_mode=mode)
            except Exception as error:
                errors.append(error)
                if "perf" in type(error).__name__.lower() or "perf database" in str(error):
                    continue
                break
            notes = [f"data of {point.engine} {answer.raw['version']}", what]
            if answer.raw["kvcache"] != stated:
                notes.append(f"KV cache in {answer.raw['kvcache']}")
            if mode != "SILICON":
                notes.append(mode)
            if answer.kv_cache_warning:
                notes.append("more requests than its KV cache holds")
            return Estimate(float(answer.tpot), float(answer.ttft), "; ".join(notes))
        error = errors[0]
        if str(error).startswith("OOM"):
            raise Refusal("weights and cache do not fit by its own count")
        if "weight_block_size" in str(error):
            raise Refusal("experts do not split into whole blocks at this degree")
        if "perf database" in str(error):
            raise Refusal("no measured kernels for these operators, and none to derive them from")
        raise Refusal(first_sentence(error))


def remove(folder, names):
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))


def ranks_note(point):
    return "attention taken as tensor parallel over all ranks" if point.data > 1 else ""


class GenZ:
    """Roofline with one efficiency for compute and memory; models and chips as its classes describe them."""

    name, package = "GenZ", "genz-llm"

    def __init__(self, catalogue, efficiency=1.0):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(io.StringIO()):
            from GenZ import decode_moddeling, prefill_moddeling
            from GenZ.Models import ModelConfig, get_configs
            from GenZ.Models import get_language_model as layers
        # It leaves a file an estimate in a fixed folder: those of this process are removed when it ends.
        save, written = layers.save_layers, []

        def saved(*arguments, **named):
            written.append(save(*arguments, **named))
            return written[-1]

        layers.save_layers = saved
        atexit.register(remove, os.path.join(layers.DATA_PATH, "model"), written)
        self.decode, self.prefill = decode_moddeling, prefill_moddeling
        self.described, self.listed = ModelConfig, get_configs
        self.catalogue, self.efficiency, self.models = catalogue, efficiency, {}

    def prepare(self, point):
        self.model(point)

    def model(self, point):
        """Its own entry where it has one that fits; else the published sizes in its own terms."""
        if point.model not in self.models:
            facts = self.catalogue.model(point.model)
            if facts["linear_layers"]:
                raise Refusal("has no linear attention beside full attention")
            if point.model.startswith("Llama-3.1-"):
                self.models[point.model] = (self.listed(f"meta-llama/{point.model}"), "")
            else:
                is_moe = facts["kind"] == "moe"
                is_latent = facts["attention"] == "mla"
                config = self.described(
                    model=point.model, hidden_size=facts["hidden"], num_ffi=2, num_decoder_layers=facts["layers"],
                    num_attention_heads=facts["q_heads"], vocab_size=facts["vocab"],
                    # Latent attention stands in its own list as two heads of 128, close to it in bytes.
                    num_key_value_heads=2 if is_latent else facts["kv_heads"],
                    head_dim=128 if is_latent else facts["head_dim"],
                    intermediate_size=facts["moe_ffn"] if is_moe else facts["ffn"],
                    **({"num_experts": facts["experts"], "moe_intermediate_size": facts["moe_ffn"],
                        "expert_top_k": facts["top_k"] + facts["shared_experts"]} if is_moe else {}))
                self.models[point.model] = (
                    config, "latent attention as two heads, as its own entry has it" if is_latent else "")
        return self.models[point.model]

    def system(self, point):
        rate = lambda column: self.catalogue.rate(point.chip, column)
        # Latency of a link as in its own entries: 0.25 us for Blackwell, 1 us before.
        is_blackwell = self.catalogue.rate(point.chip, "fp4_tflops") is not None
        return {"Flops": rate("bf16_tflops"), "Memory_BW": rate("mem_bw_tbps") * 1000, "real_values": True,
                "Memory_size": rate("mem_capacity_visible_mib") / MIB_PER_GIB * AMPLE_MEMORY,
                "ICN": rate("scaleup_unidirectional_GBps"), "ICN_LL": 0.25 if is_blackwell else 1}

    def estimate(self, point):
        model, note = self.model(point)
        dense = self.catalogue.model(point.model)["kind"] == "dense"
        degrees = {"tensor_parallel": point.ranks if dense else point.expert_tensor,
                   "expert_parallel": 1 if dense else point.expert}
        common = {"model": model, "system_name": self.system(point), "system_eff": self.efficiency,
                  "bits": point.precision, **degrees}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                step = self.decode(batch_size=point.concurrency, Bb=1, output_tokens=0,
                                   input_tokens=point.input_tokens + point.output_tokens // 2, **common)
                # Of the whole batch: it knows static batches only, and one prompt alone is further off.
                prompts = self.prefill(batch_size=point.concurrency, input_tokens=point.input_tokens, **common)
        except Exception as error:
            raise Refusal(first_sentence(error)) from error
        notes = [text for text in (note, ranks_note(point)) if text]
        return Estimate(float(step["Latency"]), float(prompts["Latency"]), "; ".join(notes))


class LLMAnalysis:
    """Roofline a module with the efficiencies that its manual names for inference."""

    name, package = "llm-analysis", "llm-analysis"
    compute_efficiency, memory_efficiency = 0.7, 0.9
    message_latency = 8e-6  # of its own entry for H100

    def __init__(self, catalogue):
        logging.disable(logging.ERROR)
        from llm_analysis import analysis, config
        self.analysis, self.config, self.catalogue = analysis, config, catalogue

    def prepare(self, point):
        self.model(point)

    def model(self, point):
        """The published sizes in its terms: heads of hidden / count, and two matrices a feed-forward layer.

        The count of heads is chosen so that a cached token has the published size, the width so that a layer has the
        published weights.
        """
        facts = self.catalogue.model(point.model)
        if facts["attention"] == "mla":
            raise Refusal("has no latent attention")
        if facts["linear_layers"]:
            raise Refusal("has no linear attention")
        hidden, head = facts["hidden"], facts["head_dim"]
        attention = 2 * hidden * head * (facts["q_heads"] + facts["kv_heads"])
        if facts["kind"] == "moe":
            if facts["dense_layers"] or facts["shared_experts"]:
                raise Refusal("has no shared experts or dense layers among experts")
            width = 3 * facts["moe_ffn"] // 2
        else:
            counted = 2 * hidden * hidden + 2 * hidden * head * facts["kv_heads"]
            width = (attention + 3 * hidden * facts["ffn"] - counted) // (2 * hidden)
        return self.config.ModelConfig(
            name=point.model, num_layers=facts["layers"], n_head=hidden // head, hidden_dim=hidden,
            vocab_size=facts["vocab"], num_key_value_heads=facts["kv_heads"], ffn_embed_dim=width,
            expansion_ratio=width / hidden, moe_num_experts=facts["experts"] or 1, moe_top_k=facts["top_k"] or 1)

    def chip(self, point):
        rate = lambda column: self.catalogue.rate(point.chip, column)
        half = rate("bf16_tflops")
        return self.config.GPUConfig(
            name=point.chip, mem_per_GPU_in_GB=rate("mem_capacity_visible_mib") / MIB_PER_GIB * AMPLE_MEMORY,
            hbm_bandwidth_in_GB_per_sec=rate("mem_bw_tbps") * 1000,
            intra_node_bandwidth_in_GB_per_sec=rate("scaleup_unidirectional_GBps"),
            intra_node_min_message_latency=self.message_latency, peak_fp16_TFLOPS=half,
            # Its integer rates stand for the 8- and 4-bit floats here.
            peak_i8_TFLOPS=rate("fp8_tflops") or half,
            peak_i4_TFLOPS=rate("fp4_tflops") or rate("fp8_tflops") or half)

    def estimate(self, point):
        bits = {"bf16": 16, "fp8": 8, "fp4": 4}[point.precision]
        model = self.model(point)
        try:
            tool = self.analysis.LLMAnalysis(
                model, self.chip(point),
                self.config.DtypeConfig(name=f"w{bits}a{bits}e16", weight_bits=bits, activation_bits=bits),
                self.config.ParallelismConfig(tp_size=point.ranks),
                flops_efficiency=self.compute_efficiency, hbm_memory_efficiency=self.memory_efficiency)
            # Of the whole batch: it knows static batches only, and one prompt alone is further off.
            answer = tool.inference(
                batch_size_per_gpu=point.concurrency, seq_len=point.input_tokens,
                num_tokens_to_generate=point.output_tokens, kv_cache_dtype_bytes=point.kv_bytes)
        except Exception as error:
            raise Refusal(first_sentence(error)) from error
        return Estimate(answer["decode_latency"] * 1e3, answer["prefill_latency"] * 1e3, ranks_note(point))


TOOLS = {tool.package: tool for tool in (AIConfigurator, GenZ, LLMAnalysis)}


def version(package):
    return importlib.metadata.version(package)
