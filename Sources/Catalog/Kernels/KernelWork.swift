// The arithmetic and the bytes of one kernel call, by operation. A measured time divides them into a rate, a
// measured rate into a time, and the data sheet's peaks into the least time: the formulas stand in one place.
// Symbols: m rows, n x k weights; S context, B sequences; E experts of which k are visited.

public import Quantities

/// Number formats of operands that kernels were measured in.
public enum KernelFormat: String, Sendable, Hashable, CaseIterable {
  /// bf16, and fp16 at the same rate.
  case bf16
  /// FP8 with one scale a tensor.
  case fp8
  /// FP8 with a scale a block.
  case fp8Block = "fp8-block"
  /// Four bits with a scale every 16 elements.
  case fp4

  /// The peak that it runs at.
  public var peak: PeakFormat {
    switch self {
    case .bf16: .bf16
    case .fp8, .fp8Block: .fp8
    case .fp4: .fp4
    }
  }

  /// Bytes of an element with its scales.
  public var bytesPerElement: Double {
    switch self {
    case .bf16: 2
    case .fp8, .fp8Block: 1
    case .fp4: 0.5625
    }
  }
}

/// What a kernel computes.
public enum KernelOperation: String, Sendable, Hashable, CaseIterable {
  case product = "gemm"
  case groupedProduct = "grouped gemm"
  case expertLayer = "MoE layer"
  case prefillAttention = "prefill attention"
  case decodeAttention = "decode attention"
  case latentDecode = "MLA decode"
  case memoryStream = "memory stream"
  case allReduce = "all-reduce"
  case allGather = "all-gather"
  case reduceScatter = "reduce-scatter"
  case allToAll = "all-to-all"

  /// True where bytes cross a link between accelerators.
  public var isCollective: Bool {
    switch self {
    case .allReduce, .allGather, .reduceScatter, .allToAll: true
    default: false
    }
  }
}

/// Arithmetic and memory traffic of one call.
public struct KernelWork: Sendable, Hashable {
  /// Floating-point operations.
  public let flop: FLOP
  /// Bytes from and to memory, or over the link of one rank for a collective.
  public let bytes: Bytes

  /// Work from its parts.
  public init(flop: FLOP, bytes: Bytes) {
    self.flop = flop
    self.bytes = bytes
  }

  /// The least time: the larger of the arithmetic at the peak and the bytes at the bandwidth.
  public func speedOfLight(peak: FLOPPerSecond, bandwidth: BytesPerSecond) -> Seconds {
    max(flop / peak, bytes / bandwidth)
  }

  /// (m, k) x (k, n): 2mnk FLOP; the weights, bf16 inputs and outputs, and the inputs once more in the format
  /// where the call quantises them.
  public static func product(
    m: Double, n: Double, k: Double, format: KernelFormat, quantises: Bool
  ) -> KernelWork {
    let element = format.bytesPerElement
    let input = format == .bf16 ? 2 : quantises ? 2 + element : element
    return KernelWork(
      flop: FLOP(2 * m * n * k), bytes: Bytes(n * k * element + m * (2 * n + k * input)))
  }

  /// The routed experts of a layer on one rank: gate and up, then down, of `rows` token-expert pairs over
  /// `touched` experts of inner width `width`.
  public static func experts(
    rows: Double, touched: Double, hidden: Double, width: Double, format: KernelFormat
  ) -> KernelWork {
    let element = format.bytesPerElement
    let weights = touched * 3 * hidden * width * element
    let input = format == .bf16 ? 2 : 2 + element
    let activations = rows * (2 * 2 * width + hidden * input + 2 * hidden + width * input)
    return KernelWork(flop: FLOP(6 * rows * hidden * width), bytes: Bytes(weights + activations))
  }

  /// Causal attention of B prompts of S tokens: 4·B·h·d·S²/2 FLOP; queries, outputs, keys, values in bf16.
  public static func prefillAttention(
    batch: Double, tokens: Double, heads: Double, kvHeads: Double, headDim: Double
  ) -> KernelWork {
    KernelWork(
      flop: FLOP(4 * batch * heads * headDim * tokens * tokens / 2),
      bytes: Bytes(batch * tokens * headDim * 2 * (2 * heads + 2 * kvHeads)))
  }

  /// One token of B sequences at context S: 4·B·h·d·S FLOP and the keys and values.
  public static func decodeAttention(
    batch: Double, context: Double, heads: Double, kvHeads: Double, headDim: Double, perElement: Double
  ) -> KernelWork {
    KernelWork(
      flop: FLOP(4 * batch * heads * headDim * context),
      bytes: Bytes(2 * batch * context * kvHeads * headDim * perElement))
  }

  /// The same in a latent of `rank` with `rope` positional elements, absorbed: 2·B·S·h·(2·rank + rope) FLOP
  /// and one latent a token.
  public static func latentDecode(
    batch: Double, context: Double, heads: Double, rank: Double, rope: Double, perElement: Double
  ) -> KernelWork {
    KernelWork(
      flop: FLOP(2 * batch * context * heads * (2 * rank + rope)),
      bytes: Bytes(batch * context * (rank + rope) * perElement))
  }

  /// Bytes over one rank's link: 2(n - 1)/n of the payload for an all-reduce, or (n + 1)/n where a switch
  /// adds and that is less; (n - 1)/n for the others.
  public static func collective(
    _ operation: KernelOperation, ranks: Double, payload: Double, addsInSwitch: Bool
  ) -> KernelWork {
    let share = (ranks - 1) / ranks
    var factor = operation == .allReduce ? 2 * share : share
    if operation == .allReduce, addsInSwitch { factor = min(factor, (ranks + 1) / ranks) }
    return KernelWork(flop: .zero, bytes: Bytes(payload * factor))
  }
}
