// The rules that one file's columns obey on their own, as data: what must be there, which words and
// signs a cell may have, what order the rows stand in.

/// Column rules of one file.
struct TableRules {
  /// Columns whose cells must not be empty.
  var required: [String] = []
  /// Columns of numbers above zero.
  var positive: [String] = []
  /// Columns of numbers that may be zero but not below.
  var notNegative: [String] = []
  /// Columns with a fixed vocabulary; an empty word in the list allows an empty cell.
  var words: [String: [String]] = [:]
  /// Columns with a date YYYY, YYYY-MM or YYYY-MM-DD.
  var dates: [String] = []
  /// Columns with a date, half, quarter or span of years.
  var periods: [String] = []
  /// The column that dates the evidence, for the rule on old rows.
  var evidence: String?
  /// Columns by which the rows are sorted; nil: the key.
  var order: [String]?
}

/// Words that tables share.
enum Vocabulary {
  static let confidence = ["vendor-spec", "measured", "published-third-party", "inferred", "unverified"]
  static let priceBasis = [
    "list_on_demand", "spot", "reserved_1y", "reserved_3y", "savings_plan", "capacity_block",
    "contract_estimate", "estimate", "rental_index",
  ]
  static let rateBasis = [
    "hyperscaler_own_cost", "neocloud_own_cost", "external_own_cost", "rental_3y_commit",
  ]
  static let gigawattKind = [
    "", "unstated", "critical_it", "facility", "contracted_capacity", "site", "target", "up_to",
    "lower_bound",
  ]
  static let dealKind = [
    "compute_contract", "chip_purchase", "equity_investment", "programme", "aggregate", "capex",
    "deployment", "backstop",
  ]
  static let factUnit = [
    "TFLOPS", "GFLOPS", "TOPS", "TB/s", "GB/s", "Gbit/s", "GB", "MB", "MiB", "GHz", "W", "kW", "chips",
    "cores", "FLOP/cycle", "OP/cycle",
  ]
  static let siteUnit = ["ratio", "kW", "gCO2e/kWh", "US cents/kWh", "EUR/kWh"]
  static let demandUnit = [
    "users", "messages/day", "messages/user/day", "tokens/min", "tokens/day", "tokens/week",
    "tokens/month", "tokens/quarter", "tokens/year", "tokens/request", "tokens/turn", "turns",
    "requests", "customers", "developers", "FLOP", "H100", "A100", "h", "ratio",
  ]
  static let split = ["calibration", "public_test"]
}

extension TableRules {
  /// The rules of a file by its name; a name without rules has none.
  static func of(_ fileName: String) -> TableRules { all[fileName] ?? TableRules() }

  private static let all: [String: TableRules] = [
    Accelerator.fileName: TableRules(
      required: ["id", "chip", "vendor", "kind", "status", "density", "lowest_confidence"],
      positive: [
        "fp64_vector_tflops", "fp64_matrix_tflops", "fp32_tflops", "tf32_tflops", "bf16_tflops",
        "fp16_tflops", "fp8_tflops", "int8_tops", "fp4_tflops", "mem_capacity_marketing_gb",
        "mem_capacity_visible_mib", "mem_bw_tbps", "l2_or_sram_mb", "scaleup_domain",
        "scaleup_unidirectional_GBps", "scaleup_bidirectional_GBps", "scaleout_gbit_per_chip", "tdp_w",
        "allin_it_kw_per_chip", "allin_facility_kw_per_chip",
      ],
      words: [
        "kind": ["gpu", "tpu", "asic", "cpu"],
        "status": ["available", "ramping", "announced", "internal", "export variant"],
        "density": ["dense", "unstated"], "lowest_confidence": Vocabulary.confidence,
      ],
      dates: ["release_date"]),
    AcceleratorFact.fileName: TableRules(
      required: ["accelerator", "quantity", "value", "unit", "source", "as_of", "confidence"],
      positive: ["value"],
      words: ["unit": Vocabulary.factUnit, "confidence": Vocabulary.confidence],
      dates: ["as_of"], evidence: "as_of"),
    AcceleratorRate.fileName: TableRules(
      required: ["accelerator", "basis", "usd_per_accelerator_hour", "as_of", "confidence", "source"],
      positive: ["usd_per_accelerator_hour"],
      words: ["basis": Vocabulary.rateBasis, "confidence": Vocabulary.confidence],
      dates: ["as_of"], evidence: "as_of"),
    CloudInstance.fileName: TableRules(
      required: ["provider", "instance_type", "kind", "accelerator", "accelerator_count", "source"],
      positive: ["vcpu", "host_mem", "nic_gbps", "scale_up_domain"], notNegative: ["accelerator_count"],
      words: [
        "kind": ["instance", "ultraserver", "cpu", "price_unit"], "host_mem_unit": ["GiB", "GB", ""],
      ]),
    CloudPrice.fileName: TableRules(
      required: [
        "provider", "instance_type", "accelerator", "accelerator_count", "region", "price_basis",
        "usd_per_hour", "as_of_date", "date_basis", "source",
      ],
      positive: ["usd_per_hour", "usd_per_accelerator_hour"], notNegative: ["accelerator_count"],
      words: ["price_basis": Vocabulary.priceBasis], dates: ["as_of_date"], evidence: "as_of_date"),
    PriceMove.fileName: TableRules(
      required: [
        "accelerator", "provider", "instance_type", "region", "price_basis", "date", "usd_per_hour",
        "source", "confidence",
      ],
      positive: ["usd_per_hour", "usd_per_accelerator_hour"],
      words: ["price_basis": Vocabulary.priceBasis, "confidence": Vocabulary.confidence],
      dates: ["date"]),
    Deal.fileName: TableRules(
      required: ["id", "date", "buyer", "seller_or_partner", "kind", "confidence", "source"],
      positive: ["usd_billion", "years", "accelerators", "gw", "implied_musd_per_mw_year"],
      words: [
        "kind": Vocabulary.dealKind, "gw_kind": Vocabulary.gigawattKind,
        "confidence": Vocabulary.confidence,
      ],
      dates: ["date"], order: ["date", "id"]),
    ModelArchitecture.fileName: modelRules,
    PowerFact.fileName: TableRules(
      required: ["kind", "subject", "quantity", "value", "unit", "source", "as_of", "confidence"],
      positive: ["value"],
      words: [
        "kind": ["allin_power", "rack_power", "pue", "grid_carbon", "electricity_price"],
        "unit": Vocabulary.siteUnit, "confidence": Vocabulary.confidence,
      ],
      dates: ["as_of"], periods: ["period"], evidence: "as_of"),
    DemandFact.fileName: TableRules(
      required: ["metric", "entity", "value", "unit", "kind", "source", "as_of", "confidence"],
      positive: ["value"],
      words: [
        "kind": ["stated", "measured", "derived", "estimated"], "unit": Vocabulary.demandUnit,
        "confidence": Vocabulary.confidence,
      ],
      dates: ["as_of"], periods: ["period"], evidence: "as_of", order: ["metric", "entity", "period"]),
    FleetFact.fileName: TableRules(
      required: ["metric", "value", "unit", "source"], positive: ["value"], order: []),
    MeasuredPower.fileName: TableRules(
      required: ["source", "source_url_or_repo_path", "accelerator", "model", "scenario"],
      positive: ["count", "tok_s", "wall_w", "w_per_accelerator", "j_per_token_derived"], order: []),
    TrainingRun.fileName: TableRules(
      required: [
        "run", "kind", "model", "accelerator", "accelerators", "format", "mfu", "how", "source", "as_of",
        "confidence",
      ],
      positive: ["accelerators", "sequence", "tflops_per_accelerator", "mfu"],
      words: [
        "kind": ["production", "benchmark"], "format": ["bf16", "fp8"], "how": ["stated", "derived"],
        "confidence": Vocabulary.confidence,
      ],
      dates: ["as_of"], order: ["run"]),
    EngineConstant.fileName: TableRules(
      required: ["constant", "engine_or_chip", "value", "unit", "how"], positive: ["prior_sd_ln"],
      words: [
        "how": [
          "fitted", "fixed", "class prior", "kernel table", "library ratio", "held out", "anchor",
          EngineConstant.measured,
        ]
      ],
      order: []),
    BenchmarkWorkload.fileName: TableRules(
      required: ["benchmark", "model", "scenario", "dataset", "beams", "source", "as_of", "confidence"],
      positive: [
        "samples", "input_mean", "input_max", "output_mean", "output_max", "beams", "ttft_p99_ms",
        "tpot_p99_ms", "e2e_p99_ms",
      ],
      words: [
        "scenario": ["offline", "server", "interactive", "mixed"], "confidence": Vocabulary.confidence,
      ],
      dates: ["as_of"], evidence: "as_of"),
    MeasuredKernel.fileName: TableRules(
      required: [
        "id", "source", "source_url_or_repo_path", "date", "accelerator", "kernel", "metric",
        "value", "unit", "split",
      ],
      positive: [
        "m", "n", "k", "batch", "seqlen", "heads", "kv_heads", "num_gpus", "bytes", "value",
      ],
      words: [
        "metric": ["tflops", "latency", "bandwidth", "busbw"], "unit": ["TFLOPS", "us", "GB/s", "TB/s"],
        "split": Vocabulary.split + [MeasuredKernel.measuredSplit],
      ], order: []),
    ServingPoint.fileName: TableRules(
      required: [
        "id", "source", "source_url_or_repo_path", "model", "accelerator", "scenario", "metric",
        "value", "value_basis", "grade", "split",
      ],
      positive: ["osl", "value"], notNegative: ["count"],
      words: [
        "scenario": ["prefill", "decode", "mixed", "offline", "server", "interactive"],
        "metric": [
          "output_tok_s", "input_tok_s", "total_tok_s", "samples_s", "tpot_ms", "ttft_ms", "e2e_ms",
        ],
        "grade": ["A", "B", "C"], "split": Vocabulary.split,
      ], order: []),
  ]

  private static let modelRules = TableRules(
    required: [
      "model", "hf_id", "family", "kind", "attention", "layers", "attention_layers", "hidden", "q_heads",
      "kv_heads", "head_dim", "v_head_dim", "ffn_matrices", "vocab", "tied_embeddings", "native_weights",
      "kv_elems_per_token",
      "params_total_b", "params_active_b", "params_input_embedding_b", "source",
    ],
    positive: [
      "layers", "hidden", "q_heads", "kv_heads", "head_dim", "v_head_dim", "vocab", "max_context",
      "params_total_b", "params_active_b", "params_input_embedding_b", "published_total_b",
      "published_active_b",
    ],
    notNegative: [
      "dense_layers", "moe_layers", "ffn", "moe_ffn", "experts", "top_k", "shared_experts",
      "shared_ffn", "q_lora_rank", "kv_lora_rank", "qk_nope_dim", "qk_rope_dim", "window",
      "window_layers", "linear_layers", "sparse_topk", "mtp_layers", "kv_elems_per_token",
      "kv_elems_per_token_windowed", "kv_bytes_per_token_16bit", "state_bytes_per_seq", "attention_layers",
      "expert_hidden", "o_lora_rank", "o_groups", "window_kv_heads", "window_head_dim", "linear_key_heads",
      "linear_value_heads", "linear_key_dim", "linear_value_dim", "linear_conv", "sparse_layers",
      "sparse_ratio", "index_layers", "index_heads", "index_dim", "coarse_layers", "coarse_ratio",
    ],
    words: [
      "kind": ["dense", "moe"], "attention": ["gqa", "mla", "csa"], "ffn_matrices": ["2", "3"],
      "linear_kind": ["", "gated-delta", "kda", "mamba2"],
    ])
}
