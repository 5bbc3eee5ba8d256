// What architectures do that their configuration does not say, and how each says the rest.

import Tables

/// Architectures whose configuration is understood, by `model_type`.
enum ConfigFamily {
  case plain, mixture, deepseek, deepseekV4, kimiLinear, glm4, gptOss, gemma2, gemma3, gemma4, llama4, miniMax
  case miniMaxM3, falcon, gptj, bloom, nemotron, qwenHybrid, mimo

  private static let types: [String: ConfigFamily] = [
    "llama": .plain, "mistral": .plain, "qwen2": .plain, "qwen3": .plain, "qwen3_vl_text": .plain,
    "phi3": .plain, "gemma": .plain, "mistral3": .plain, "mixtral": .mixture, "qwen2_moe": .mixture,
    "qwen3_moe": .mixture, "qwen3_vl_moe_text": .mixture, "deepseek_v2": .deepseek, "deepseek_v3": .deepseek,
    "deepseek_v32": .deepseek, "kimi_k2": .deepseek, "glm_moe_dsa": .deepseek, "deepseek_v4": .deepseekV4,
    "kimi_linear": .kimiLinear, "glm4_moe": .glm4, "gpt_oss": .gptOss, "gemma2": .gemma2, "gemma3": .gemma3,
    "gemma3_text": .gemma3, "gemma4": .gemma4, "gemma4_text": .gemma4, "llama4": .llama4,
    "llama4_text": .llama4, "minimax_m2": .miniMax, "minimax_m3": .miniMaxM3, "minimax_m3_vl": .miniMaxM3,
    "falcon": .falcon, "gptj": .gptj, "bloom": .bloom, "nemotron_h": .nemotron, "qwen3_next": .qwenHybrid,
    "qwen3_5_text": .qwenHybrid, "qwen3_5_moe_text": .qwenHybrid, "mimo_v2_flash": .mimo,
  ]

  init?(_ type: String) {
    guard let family = Self.types[type] else { return nil }
    self = family
  }

  static var known: [String] { types.keys.sorted() }

  /// The head reuses the embedding where the configuration does not say.
  var tiesByDefault: Bool { [.gemma2, .gemma3, .gemma4, .falcon, .bloom].contains(self) }
  /// Feed-forward parts have a gate.
  var hasGate: Bool { ![.falcon, .gptj, .bloom, .nemotron].contains(self) }
}

extension ModelArchitecture {
  /// Dense and routed feed-forward parts.
  mutating func readExperts(_ keys: ConfigKeys, _ family: ConfigFamily) throws(InputError) {
    let all = layers ?? 0
    let routed = try keys.count("num_local_experts", "n_routed_experts", "num_experts", orElse: 0)
    experts = routed
    kind = routed > 0 ? "moe" : "dense"
    (topK, moeFfn, sharedExperts, sharedFfn, expertHidden) = (0, 0, 0, 0, 0)
    (denseLayers, moeLayers, ffn) = (all, 0, 0)
    if let blocks = try hybridBlocks(keys) {
      denseLayers = blocks.count { $0 == "-" }
      moeLayers = blocks.count { $0 == "E" }
    } else if routed > 0 {
      denseLayers = try denseLayers(keys, family, of: all)
      moeLayers = all - (denseLayers ?? 0)
    }
    if routed > 0 {
      topK = try keys.count(
        "num_experts_per_tok", "num_experts_per_token", "top_k_experts", "experts_per_token")
      moeFfn = try keys.count("moe_intermediate_size", "intermediate_size")
      if family == .llama4 { moeFfn = try keys.count("intermediate_size") }
      expertHidden = try keys.count("moe_latent_size", "routed_expert_hidden_size", orElse: 0)
      try readShared(keys, family)
    }
    if (denseLayers ?? 0) > 0 {
      let usual = [.gptj, .falcon, .bloom].contains(family) ? 4 * (hidden ?? 0) : nil
      ffn =
        family == .llama4
        ? try keys.count("intermediate_size_mlp", "intermediate_size")
        : try keys.count(
          "dense_intermediate_size", "intermediate_size", "n_inner", "ffn_hidden_size", orElse: usual)
    }
  }

  private func denseLayers(
    _ keys: ConfigKeys, _ family: ConfigFamily, of all: Int
  ) throws(InputError) -> Int {
    if let dense = try keys.items(of: "mlp_layer_types", equalTo: "dense") { return dense }
    if keys.value(["moe_layer_freq"])?.value.items != nil {
      return try keys.items(of: "moe_layer_freq", equalTo: 0) ?? 0
    }
    if family == .llama4 {
      let step = max(1, try keys.count("interleave_moe_layer_step", orElse: 1))
      return all - all / step
    }
    if let only = try keys.list("mlp_only_layers"), !only.isEmpty { return min(all, only.count) }
    return min(all, try keys.count("first_k_dense_replace", orElse: 0))
  }

  private mutating func readShared(_ keys: ConfigKeys, _ family: ConfigFamily) throws(InputError) {
    switch family {
    case .llama4: (sharedExperts, sharedFfn) = (1, moeFfn)
    case .gemma4:
      (sharedExperts, sharedFfn, denseLayers, moeLayers) = (
        1, try keys.count("intermediate_size"), 0, layers
      )
    case .miniMax, .miniMaxM3:
      sharedFfn = try keys.count("shared_intermediate_size", orElse: 0)
      sharedExperts = (sharedFfn ?? 0) > 0 ? try keys.count("n_shared_experts", orElse: 1) : 0
    default:
      let width = try keys.count(
        "moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", orElse: 0)
      sharedExperts = try keys.count("n_shared_experts", "num_shared_experts", orElse: width > 0 ? 1 : 0)
      sharedFfn = (sharedExperts ?? 0) == 0 ? 0 : width > 0 ? width : moeFfn
    }
  }

  /// Latent, compressed and sparse attention.
  mutating func readAttention(_ keys: ConfigKeys, _ family: ConfigFamily) throws(InputError) {
    attention = "gqa"
    (qLoraRank, kvLoraRank, qkNopeDim, qkRopeDim, oLoraRank, oGroups) = (0, 0, 0, 0, 0, 0)
    (sparseTopk, sparseLayers, sparseRatio, indexLayers, indexHeads, indexDim) = (0, 0, 0, 0, 0, 0)
    (coarseLayers, coarseRatio) = (0, 0)
    (valuesAreKeys, attentionGate) = (false, false)
    attentionLayers = try hybridBlocks(keys).map { $0.count { $0 == "*" } } ?? layers
    switch family {
    case .deepseek, .kimiLinear:
      attention = "mla"
      qLoraRank = try keys.count("q_lora_rank", orElse: 0)
      kvLoraRank = try keys.count("kv_lora_rank")
      let (plain, rotary) = (try keys.count("qk_nope_head_dim"), try keys.count("qk_rope_head_dim"))
      (qkNopeDim, qkRopeDim, headDim) = (plain, rotary, plain + rotary)
      vHeadDim = try keys.count("v_head_dim")
      attentionGate = try keys.flag("mla_use_output_gate", orElse: false)
      sparseTopk = try keys.count("index_topk", orElse: 0)
      if (sparseTopk ?? 0) > 0 {
        (sparseLayers, sparseRatio) = (layers, 1)
        indexLayers = try keys.items(of: "indexer_types", equalTo: "full") ?? layers
        indexHeads = try keys.count("index_n_heads")
        indexDim = try keys.count("index_head_dim")
      }
    case .deepseekV4: try readCompressed(keys)
    case .miniMaxM3:
      guard let sparse = try keys.object("sparse_attention_config") else { break }
      sparseTopk = try sparse.count("sparse_topk_blocks") * sparse.count("sparse_block_size")
      let some = try sparse.items(of: "sparse_attention_freq", equalTo: 1) ?? layers
      (sparseLayers, sparseRatio, indexLayers) = (some, 1, some)
      indexHeads = try sparse.count("sparse_num_index_heads")
      indexDim = try sparse.count("sparse_index_dim")
    case .qwenHybrid: attentionGate = try keys.flag("attn_output_gate", orElse: true)
    default: break
    }
  }

  private mutating func readCompressed(_ keys: ConfigKeys) throws(InputError) {
    attention = "csa"
    let all = layers ?? 0
    guard let listed = try keys.list("compress_ratios"), listed.count >= all else {
      throw keys.missing(["compress_ratios"])
    }
    // One entry more than layers belongs to the module that predicts a further token.
    let ratios = listed.prefix(all).compactMap(\.number).filter { $0 >= 1 && $0 <= 1e6 }.map { Int($0) }
    let fine = ratios.min() ?? 0
    let coarse = ratios.max() ?? 0
    sparseRatio = fine
    sparseLayers = ratios.count { $0 == fine }
    coarseRatio = coarse > fine ? coarse : 0
    coarseLayers = coarse > fine ? ratios.count { $0 == coarse } : 0
    indexLayers = sparseLayers
    sparseTopk = try keys.count("index_topk")
    indexHeads = try keys.count("index_n_heads")
    indexDim = try keys.count("index_head_dim")
    qLoraRank = try keys.count("q_lora_rank")
    oLoraRank = try keys.count("o_lora_rank")
    oGroups = try keys.count("o_groups")
    let rotary = try keys.count("qk_rope_head_dim")
    (qkRopeDim, qkNopeDim) = (rotary, max(0, (headDim ?? 0) - rotary))
  }

  /// Windows, by the list of layer types or by the habit of the family.
  mutating func readWindows(_ keys: ConfigKeys, _ family: ConfigFamily) throws(InputError) {
    (window, windowLayers, windowChunked, windowKvHeads, windowHeadDim) = (0, 0, false, 0, 0)
    let all = layers ?? 0
    let size = try keys.count("sliding_window", "attention_chunk_size", orElse: 0)
    guard size > 0, size < maxContext ?? .max, try keys.flag("use_sliding_window", orElse: true) else {
      return
    }
    var some = try keys.items(of: "layer_types", equalTo: "sliding_attention")
    switch family {
    case .llama4:
      windowChunked = true
      // Every fourth layer has no rotary position and sees the whole context.
      let chunked = try keys.items(of: "layer_types", equalTo: "chunked_attention")
      let rotary = try keys.items(of: "no_rope_layers", equalTo: 1)
      some = chunked ?? rotary ?? all - all / 4
    case .gptOss, .gemma2: some = some ?? all - all / 2
    case .gemma3:
      let pattern = max(2, try keys.count("sliding_window_pattern", "_sliding_window_pattern", orElse: 6))
      some = some ?? all - all / pattern
    case .gemma4:
      let (heads, dim) = (kvHeads, headDim)
      (windowKvHeads, windowHeadDim) = (heads, dim)
      kvHeads = try keys.count("num_global_key_value_heads", orElse: heads)
      headDim = try keys.count("global_head_dim", orElse: dim)
      vHeadDim = headDim
      valuesAreKeys = try keys.flag("attention_k_eq_v", orElse: false)
    case .mimo:
      some = try keys.items(of: "hybrid_layer_pattern", equalTo: 1)
      let heads = try keys.count("swa_num_key_value_heads", orElse: kvHeads)
      windowKvHeads = heads == kvHeads ? 0 : heads
    case .deepseekV4, .plain, .mixture: some = some ?? all
    default: break
    }
    guard let some, some > 0 else { return }
    (window, windowLayers) = (size, min(some, attentionLayers ?? all))
  }

  /// Layers with a recurrent state.
  mutating func readStates(_ keys: ConfigKeys, _ family: ConfigFamily) throws(InputError) {
    (linearLayers, linearKeyHeads, linearValueHeads, linearKeyDim, linearValueDim, linearConv) = (
      0, 0, 0, 0, 0, 0
    )
    let all = layers ?? 0
    switch family {
    case .qwenHybrid:
      linearKind = "gated-delta"
      let interval = max(1, try keys.count("full_attention_interval", orElse: 4))
      linearLayers = try keys.items(of: "layer_types", equalTo: "linear_attention") ?? all - all / interval
      linearKeyHeads = try keys.count("linear_num_key_heads")
      linearValueHeads = try keys.count("linear_num_value_heads")
      linearKeyDim = try keys.count("linear_key_head_dim")
      linearValueDim = try keys.count("linear_value_head_dim")
      linearConv = try keys.count("linear_conv_kernel_dim")
    case .kimiLinear:
      guard let linear = try keys.object("linear_attn_config") else {
        throw keys.missing(["linear_attn_config"])
      }
      linearKind = "kda"
      linearLayers = min(all, try linear.list("kda_layers")?.count ?? 0)
      (linearKeyHeads, linearKeyDim) = (try linear.count("num_heads"), try linear.count("head_dim"))
      (linearValueHeads, linearValueDim) = (linearKeyHeads, linearKeyDim)
      linearConv = try linear.count("short_conv_kernel_size")
    case .nemotron:
      linearKind = "mamba2"
      linearLayers = try hybridBlocks(keys)?.count { $0 == "M" } ?? 0
      linearKeyHeads = try keys.count("n_groups", "mamba_n_groups")
      linearValueHeads = try keys.count("mamba_num_heads")
      linearKeyDim = try keys.count("ssm_state_size")
      linearValueDim = try keys.count("mamba_head_dim")
      linearConv = try keys.count("conv_kernel")
      return
    default: return
    }
    attentionLayers = all - (linearLayers ?? 0)
  }
}
