// Number formats of a served model: what the weights are stored in and what the arithmetic runs in.
// A format is more than a byte count: block-scaled FP8 launches extra kernels that per-tensor FP8 does not.

/// Format of the weights of a served checkpoint.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// 16-bit weights and activations.
  case bf16
  /// FP8 with one scale a tensor.
  case fp8
  /// FP8 with one scale a 128 x 128 block, as DeepSeek publishes it.
  case fp8Block = "fp8-block"
  /// NVFP4: 4-bit elements and one FP8 scale for 16 of them; attention of MoE models stays in bf16.
  case fp4
  /// MXFP4: 4-bit elements and one 8-bit scale for 32 of them; of MoE models the experts only.
  case mxfp4
  /// 4-bit integer weights that are widened to bf16 before the product (W4A16); of MoE models the experts only.
  case int4
  /// 8-bit integer weights and activations.
  case int8

  /// Bytes of one KV-cache element that engines choose by default: FP8 with quantised arithmetic.
  public var kvBytesPerElement: Double {
    switch self {
    case .bf16, .mxfp4, .int4: 2
    case .fp8, .fp8Block, .fp4, .int8: 1
    }
  }

  /// The same for a model: compressed attention keeps its cache in FP8 whatever the experts are stored in.
  public func kvBytesPerElement(of model: ModelShape) -> Double {
    model.attention == .compressed && self != .bf16 ? 1 : kvBytesPerElement
  }

  /// The format that a publication names, e.g. `NVFP4`, `fp16` or `w4a16`; nil for an unknown word.
  ///
  /// FP16 counts as bf16 (same bytes, same rate); of `fp8/fp16` the first word, the weights, decides; an empty
  /// text means bf16.
  public init?(published text: String) {
    let word = text.lowercased().split { $0 == "/" || $0 == " " || $0 == "+" }.first.map(String.init) ?? ""
    switch word.filter({ $0 != "-" && $0 != "_" }) {
    case "", "bf16", "bfloat16", "fp16", "float16", "half", "w16a16": self = .bf16
    case "fp8", "w8a8fp8", "fp8e4m3", "float8", "e4m3": self = .fp8
    case "fp8block", "fp8blockwise": self = .fp8Block
    case "fp4", "nvfp4", "w4a4", "fp4moe": self = .fp4
    case "mxfp4", "mxfp4moe", "w4a16mxfp4", "w4a8mxfp4mxfp8": self = .mxfp4
    case "int4", "int4moe", "int4wo", "w4a16", "awq", "gptq": self = .int4
    case "int8", "w8a8", "int8sq", "smoothquant": self = .int8
    default: return nil
    }
  }
}

/// Element type of one matrix product: how its weights are stored and what the arithmetic runs in.
public enum ElementType: Int, Sendable, Hashable, Codable {
  case bf16, fp8, fp4
  /// MXFP4 weights widened to bf16, on chips without 4-bit arithmetic.
  case mxfp4
  /// MXFP4 weights times FP8 activations, on chips with 4-bit arithmetic.
  case mxfp4TimesFP8
  /// 4-bit integers with one 16-bit scale for 128, widened to bf16.
  case int4
  /// 4-bit integers with one 16-bit scale for 32, widened to bf16.
  case int4Group32
  /// 8-bit integers on both sides; counted at the FP8 rate.
  case int8

  /// Formats that chips publish a rate for.
  public enum Rate: Int, Sendable, Hashable, Codable {
    case bf16, fp8, fp4
  }

  /// Bytes of one stored weight, scales included.
  public var bytes: Double {
    switch self {
    case .bf16: 2
    case .fp8, .int8: 1
    case .fp4: 0.5625  // 4 bits and an 8-bit scale for 16 elements
    case .mxfp4, .mxfp4TimesFP8: 0.53125  // 4 bits and an 8-bit scale for 32
    case .int4: 0.515625  // 4 bits and a 16-bit scale for 128
    case .int4Group32: 0.5625
    }
  }
  /// What the arithmetic runs in.
  public var rate: Rate {
    switch self {
    case .bf16, .mxfp4, .int4, .int4Group32: .bf16
    case .fp8, .int8, .mxfp4TimesFP8: .fp8
    case .fp4: .fp4
    }
  }
  /// True where activations are converted before the product.
  public var isQuantised: Bool { rate != .bf16 }
  /// Bytes of one converted activation; 0 where none is converted.
  public var activationBytes: Double {
    switch rate {
    case .bf16: 0
    case .fp8: ElementType.fp8.bytes
    case .fp4: ElementType.fp4.bytes
    }
  }
}

/// A serving engine with its own scheduling constants.
public enum Engine: String, Sendable, Hashable, Codable, CaseIterable {
  case sglang
  case tensorRTLLM = "trtllm"
  case vllm
}
