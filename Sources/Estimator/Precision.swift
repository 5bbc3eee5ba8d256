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

  /// Bytes of one KV-cache element that engines choose by default: FP8 with quantised weights.
  public var kvBytesPerElement: Double { self == .bf16 ? 2 : 1 }
}

/// Element type of one matrix product.
public enum ElementType: Int, Sendable, Hashable, Codable {
  case bf16, fp8, fp4

  /// Bytes of one stored weight, scales included.
  public var bytes: Double {
    switch self {
    case .bf16: 2
    case .fp8: 1
    case .fp4: 0.5625  // 4 bits and an 8-bit scale for 16 elements
    }
  }
  /// True where activations are converted before the product.
  public var isQuantised: Bool { self != .bf16 }
}

/// A serving engine with its own scheduling constants.
public enum Engine: String, Sendable, Hashable, Codable, CaseIterable {
  case sglang
  case tensorRTLLM = "trtllm"
  case vllm
}
