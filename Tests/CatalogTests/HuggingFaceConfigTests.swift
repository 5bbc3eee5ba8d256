// A model's config.json becomes the row that the catalogue holds of it; faults name the key, the file and the line.

import Catalog
import Tables
import Testing

/// The keys of a published configuration that decide the work, and the row that they must give.
struct ConfigCase: Sendable, CustomTestStringConvertible {
  let row: String
  let text: String
  var testDescription: String { row }
}

private let cases: [ConfigCase] = [
  .init(
    row: "Llama-3.1-8B",
    text: """
      {"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
       "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
       "tie_word_embeddings": false, "max_position_embeddings": 131072, "sliding_window": null}
      """),
  .init(
    row: "Mixtral-8x7B",
    text: """
      {"model_type": "mixtral", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
       "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000, "num_local_experts": 8,
       "num_experts_per_tok": 2, "max_position_embeddings": 32768}
      """),
  .init(
    row: "Qwen3-235B-A22B",
    text: """
      {"model_type": "qwen3_moe", "num_hidden_layers": 94, "hidden_size": 4096, "num_attention_heads": 64,
       "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 12288, "moe_intermediate_size": 1536,
       "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936, "max_position_embeddings": 40960,
       "mlp_only_layers": [], "sliding_window": 4096, "use_sliding_window": false}
      """),
  .init(
    row: "DeepSeek-V3.2",
    text: """
      {"model_type": "deepseek_v32", "num_hidden_layers": 61, "first_k_dense_replace": 3, "hidden_size": 7168,
       "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
       "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
       "num_experts_per_tok": 8, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
       "qk_rope_head_dim": 64, "v_head_dim": 128, "index_topk": 2048, "index_n_heads": 64,
       "index_head_dim": 128, "num_nextn_predict_layers": 1, "vocab_size": 129280,
       "max_position_embeddings": 163840,
       "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
      """),
  .init(
    row: "DeepSeek-V4-Flash",
    text: """
      {"model_type": "deepseek_v4", "num_hidden_layers": 43, "hidden_size": 4096, "num_attention_heads": 64,
       "num_key_value_heads": 1, "head_dim": 512, "moe_intermediate_size": 2048, "n_routed_experts": 256,
       "n_shared_experts": 1, "num_experts_per_tok": 6, "q_lora_rank": 1024, "qk_rope_head_dim": 64,
       "o_lora_rank": 1024, "o_groups": 8, "sliding_window": 128, "index_topk": 512, "index_n_heads": 64,
       "index_head_dim": 128, "expert_dtype": "fp4", "num_nextn_predict_layers": 1, "vocab_size": 129280,
       "max_position_embeddings": 1048576, "compress_ratios": [0, 0, \(ratios), 4, 0],
       "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
      """),
  .init(
    row: "Kimi-K2.5",
    text: """
      {"model_type": "kimi_k25", "text_config": {"model_type": "kimi_k2", "num_hidden_layers": 61,
       "first_k_dense_replace": 1, "hidden_size": 7168, "num_attention_heads": 64,
       "num_key_value_heads": 64, "intermediate_size": 18432, "moe_intermediate_size": 2048,
       "n_routed_experts": 384, "n_shared_experts": 1, "num_experts_per_tok": 8, "q_lora_rank": 1536,
       "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
       "vocab_size": 163840, "max_position_embeddings": 262144, "num_nextn_predict_layers": 0,
       "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized"}}}
      """),
  .init(
    row: "Qwen3.5-397B-A17B",
    text: """
      {"model_type": "qwen3_5_moe", "tie_word_embeddings": false, "text_config":
       {"model_type": "qwen3_5_moe_text", "num_hidden_layers": 60, "full_attention_interval": 4,
       "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 256,
       "attn_output_gate": true, "linear_num_key_heads": 16, "linear_num_value_heads": 64,
       "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4,
       "moe_intermediate_size": 1024, "shared_expert_intermediate_size": 1024, "num_experts": 512,
       "num_experts_per_tok": 10, "mtp_num_hidden_layers": 1, "vocab_size": 248320,
       "max_position_embeddings": 262144}}
      """),
  .init(
    row: "Nemotron-3-Nano-30B-A3B",
    text: """
      {"model_type": "nemotron_h", "hybrid_override_pattern":
       "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "hidden_size": 2688,
       "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128, "mamba_num_heads": 64,
       "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4,
       "intermediate_size": 1856, "moe_intermediate_size": 1856, "n_routed_experts": 128,
       "num_experts_per_tok": 6, "n_shared_experts": 1, "moe_shared_expert_intermediate_size": 3712,
       "vocab_size": 131072, "max_position_embeddings": 262144, "time_step_limit": [0.0, Infinity]}
      """),
  .init(
    row: "gpt-oss-120b",
    text: """
      {"model_type": "gpt_oss", "num_hidden_layers": 36, "hidden_size": 2880, "num_attention_heads": 64,
       "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 2880, "num_local_experts": 128,
       "num_experts_per_tok": 4, "sliding_window": 128, "vocab_size": 201088,
       "max_position_embeddings": 131072, "quantization_config": {"quant_method": "mxfp4"}}
      """),
  .init(
    row: "Gemma-4-26B-A4B",
    text: """
      {"model_type": "gemma4", "text_config": {"model_type": "gemma4_text", "num_hidden_layers": 30,
       "hidden_size": 2816, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256,
       "global_head_dim": 512, "num_global_key_value_heads": 2, "attention_k_eq_v": true,
       "intermediate_size": 2112, "moe_intermediate_size": 704, "num_experts": 128, "top_k_experts": 8,
       "sliding_window": 1024, "vocab_size": 262144, "max_position_embeddings": 262144,
       "layer_types": [\(gemma)]}}
      """),
  .init(
    row: "Llama-4-Maverick-17B-128E",
    text: """
      {"model_type": "llama4", "text_config": {"model_type": "llama4_text", "num_hidden_layers": 48,
       "hidden_size": 5120, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
       "attention_chunk_size": 8192, "interleave_moe_layer_step": 2, "intermediate_size": 8192,
       "intermediate_size_mlp": 16384, "num_local_experts": 128, "num_experts_per_tok": 1,
       "vocab_size": 202048, "max_position_embeddings": 1048576}}
      """),
  .init(
    row: "MiniMax-M3",
    text: """
      {"model_type": "minimax_m3", "num_hidden_layers": 60, "hidden_size": 6144, "num_attention_heads": 64,
       "num_key_value_heads": 4, "head_dim": 128, "first_k_dense_replace": 3, "intermediate_size": 3072,
       "dense_intermediate_size": 12288, "moe_intermediate_size": 3072, "n_shared_experts": 1,
       "shared_intermediate_size": 3072, "num_local_experts": 128, "num_experts_per_tok": 4,
       "num_mtp_modules": 7, "vocab_size": 200064, "max_position_embeddings": 1048576,
       "sparse_attention_config": {"sparse_topk_blocks": 16, "sparse_block_size": 128,
       "sparse_num_index_heads": 4, "sparse_index_dim": 128, "sparse_attention_freq": [0, 0, 0, \(ones)]}}
      """),
  .init(
    row: "GPT-J-6B",
    text: """
      {"model_type": "gptj", "n_layer": 28, "n_embd": 4096, "n_head": 16, "n_inner": null,
       "n_positions": 2048, "vocab_size": 50400, "tie_word_embeddings": false}
      """),
  .init(
    row: "Falcon-7B",
    text: """
      {"model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544, "num_attention_heads": 71,
       "multi_query": true, "vocab_size": 65024, "max_position_embeddings": 2048}
      """),
  .init(
    row: "BLOOM-176B",
    text: """
      {"model_type": "bloom", "n_layer": 70, "hidden_size": 14336, "n_head": 112, "vocab_size": 250880}
      """),
]

/// 40 of the 43 ratios of DeepSeek-V4-Flash: fine and coarse in turn.
private let ratios = Array(repeating: "4, 128", count: 20).joined(separator: ", ")
private let ones = Array(repeating: "1", count: 57).joined(separator: ", ")
private let gemma = Array(
  repeating: (Array(repeating: "\"sliding_attention\"", count: 5) + ["\"full_attention\""])
    .joined(separator: ", "), count: 5
).joined(separator: ", ")

@Suite("A config.json")
struct HuggingFaceConfigTests {
  @Test("gives the row that the catalogue holds of the model", arguments: cases)
  func rows(expected: ConfigCase) throws {
    let row = try #require(try Catalog.embedded().model(expected.row))
    var read = try ModelArchitecture(huggingFaceConfig: expected.text, file: "\(expected.row)/config.json")
    #expect(read.model == expected.row && read.source == "\(expected.row)/config.json")
    // Parameters are printed with two or three decimals in the table, names and publications are not in the file.
    for (ours, theirs) in [
      (read.paramsTotalB, row.paramsTotalB), (read.paramsActiveB, row.paramsActiveB),
      (read.paramsInputEmbeddingB, row.paramsInputEmbeddingB),
    ] {
      let (ours, theirs) = (try #require(ours), try #require(theirs))
      #expect(abs(ours - theirs) < 0.006 + 0.001 * theirs)
    }
    read.paramsTotalB = row.paramsTotalB
    read.paramsActiveB = row.paramsActiveB
    read.paramsInputEmbeddingB = row.paramsInputEmbeddingB
    read.publishedTotalB = row.publishedTotalB
    read.publishedActiveB = row.publishedActiveB
    (read.hfId, read.note, read.source) = (row.hfId, row.note, row.source)
    let cells = zip(
      ModelArchitecture.schema.header,
      zip(ModelArchitecture.schema.cells(read), ModelArchitecture.schema.cells(row)))
    for (column, (ours, theirs)) in cells { #expect(ours == theirs, "\(column)") }
    #expect(read == row)
  }

  @Test("that is wrong is refused with the key, the file and the line")
  func faults() {
    func fault(_ text: String) -> String {
      do {
        _ = try ModelArchitecture(huggingFaceConfig: text, file: "m/config.json")
        return "none"
      } catch { return "\(error)" }
    }
    let good = cases[0].text
    #expect(fault(good) == "none")
    #expect(
      fault(good.replacing("\"num_hidden_layers\": 32", with: "\"layers\": 32"))
        .hasPrefix("m/config.json:1: the key 'num_hidden_layers' or 'n_layer' or 'n_layers' is missing"))
    #expect(
      fault(good.replacing("128256", with: "\"many\""))
        .hasPrefix("m/config.json:2: the value of 'vocab_size' is not a whole number"))
    #expect(
      fault(good.replacing(": 8,", with: ": 8.5,")).contains("m/config.json:2: the value of 'num_key_value"))
    #expect(
      fault(good.replacing("\"hidden_size\": 4096", with: "\"hidden_size\": -1")).contains("hidden_size"))
    #expect(fault(good.replacing("\"hidden_size\": 4096", with: "\"hidden_size\": 0")).contains("above 0"))
    #expect(
      fault(good.replacing("\"llama\"", with: "\"lama\""))
        .hasPrefix("m/config.json:1: the architecture 'lama' is not known"))
    #expect(fault("{\"hidden_size\": 1}").contains("'model_type' is missing"))
    #expect(fault("{\n\"a\": [1, 2\n}").hasPrefix("m/config.json:3: ',' or ']' is expected"))
    for text in ["", "[]", "{", "{\"a\"}", "{\"a\": 1} 2", "{\"a\": 1e}", "nul", "{\"a\": \"\n\"}"] {
      #expect(fault(text).hasPrefix("m/config.json:"), "\(text)")
    }
    #expect(fault(String(repeating: "[", count: 100_000)).contains("64 values"))
    let hybrid = cases[7].text.replacing("\"mamba_num_heads\": 64,", with: "")
    #expect(fault(hybrid).contains("'mamba_num_heads' is missing"))
  }
}
