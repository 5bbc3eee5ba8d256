// A shape that has been checked: every dimension present, positive, and small enough that no byte count
// overflows. The work formulas stand here, beside the dimensions they are made of.

import Measurement
import Quantities

/// An operation with the dimensions that it needs.
struct Problem {
  enum Dimensions {
    case gemm(GEMM)
    case attention(Attention)
    case fmaPeak
    case memory(bytes: Int, passes: Int)
    case elementwise(Elementwise)
  }

  /// C (m, n) = A (m, k) · B (k, n).
  struct GEMM {
    let m: Int, n: Int, k: Int
  }

  /// Q (batch, headsQ, seqQ, headDim) over K and V (batch, headsKV, seqKV, headDim).
  struct Attention {
    let batch: Int, headsQ: Int, headsKV: Int, headDim: Int, seqQ: Int, seqKV: Int
    let causal: Bool
    /// Query heads that share a key head.
    var group: Int { headsQ / headsKV }
    /// Keys before the first query's own: query i sees keys 0 ... i + offset where causal.
    var offset: Int { seqKV - seqQ }
    var queryElements: Int { batch * headsQ * seqQ * headDim }
    var cacheElements: Int { batch * headsKV * seqKV * headDim }
    /// Query-key pairs of one head of one sequence that count.
    var pairs: Double {
      let queries = Double(seqQ)
      guard causal else { return queries * Double(seqKV) }
      return queries * Double(offset) + queries * (queries + 1) / 2
    }
  }

  let operation: Operation
  let dimensions: Dimensions
  let dataType: DataType

  init(_ operation: Operation, _ shape: Shape, _ dataType: DataType = .f32) throws(KernelError) {
    self.operation = operation
    self.dataType = dataType
    switch operation {
    case .gemm:
      let gemm = GEMM(
        m: try positive(shape.m, "m"), n: try positive(shape.n, "n"), k: try positive(shape.k, "k"))
      guard shape.batch == 1 else { throw KernelError("gemm takes a batch of 1, not \(shape.batch)") }
      try requireAddressable([gemm.m, gemm.k], [gemm.k, gemm.n], [gemm.m, gemm.n])
      dimensions = .gemm(gemm)
    case .attentionPrefill, .attentionDecode:
      dimensions = .attention(try Problem.attention(operation, shape))
    case .fmaPeak:
      dimensions = .fmaPeak
    case .memoryRead, .memoryCopy, .memoryTriad:
      let bytes = try positive(shape.bytes, "bytes")
      let element = MemoryLayout<Float>.stride
      guard bytes % element == 0 else { throw KernelError("bytes must be a multiple of \(element)") }
      try requireAddressable([bytes])
      // Short arrays are passed over several times a run, so that starting a team does not count.
      dimensions = .memory(bytes: bytes, passes: max(1, Problem.memoryBytesPerRun / bytes))
    case .rmsnorm, .layernorm, .residualRMSNorm, .residualAdd, .siluMul, .geluTanh, .geluErf, .ropeHalf,
      .ropeInterleaved, .softmax, .quantiseRows, .dequantiseRows, .embeddingGather, .routerTopK, .argmax,
      .sample:
      dimensions = .elementwise(try Elementwise(operation, shape))
    }
  }

  private static func attention(_ operation: Operation, _ shape: Shape) throws(KernelError) -> Attention {
    let attention = Attention(
      batch: try positive(shape.batch, "batch"), headsQ: try positive(shape.headsQ, "headsQ"),
      headsKV: try positive(shape.headsKV, "headsKV"), headDim: try positive(shape.headDim, "headDim"),
      seqQ: try positive(shape.seqQ, "seqQ"), seqKV: try positive(shape.seqKV, "seqKV"),
      causal: shape.causal ?? false)
    guard attention.headsQ % attention.headsKV == 0 else {
      throw KernelError(
        "\(attention.headsQ) query heads cannot share \(attention.headsKV) key heads evenly")
    }
    guard attention.headDim % 16 == 0, attention.headDim <= Problem.largestHeadDim else {
      throw KernelError(
        "head dim must be a multiple of 16 up to \(Problem.largestHeadDim), not \(attention.headDim)")
    }
    if operation == .attentionDecode, attention.seqQ != 1 {
      throw KernelError("decode has one query per sequence, not \(attention.seqQ)")
    }
    if attention.causal, attention.seqQ > attention.seqKV {
      throw KernelError("causal attention needs at least as many keys as queries")
    }
    let a = attention
    try requireAddressable([a.batch, a.headsQ, a.seqQ, a.headDim], [a.batch, a.headsKV, a.seqKV, a.headDim])
    return attention
  }

  /// FLOP and compulsory bytes of one run.
  var work: Work {
    let element = Double(MemoryLayout<Float>.stride)
    switch dimensions {
    case .gemm(let g):
      let (m, n, k) = (Double(g.m), Double(g.n), Double(g.k))
      let bytes = m * k * dataType.bytesOfA + k * n * dataType.bytesOfB + m * n * dataType.bytesOfOut
      return Work(flop: FLOP(2 * m * n * k), bytes: Bytes(bytes))
    case .attention(let a):
      // Two products of headDim multiply-adds per query-key pair; the softmax is not counted, as usual.
      let flop = 4 * Double(a.batch) * Double(a.headsQ) * Double(a.headDim) * a.pairs
      return Work(
        flop: FLOP(flop),
        bytes: Bytes(element * (2 * Double(a.queryElements) + 2 * Double(a.cacheElements))))
    case .fmaPeak:
      return Work(flop: FLOP(Problem.peakFLOP), bytes: .zero)
    case .memory(let bytes, let passes):
      let moved = Double(bytes) * Double(passes)
      let elements = moved / element
      switch operation {
      case .memoryRead: return Work(flop: FLOP(elements), bytes: Bytes(moved))
      case .memoryCopy: return Work(flop: .zero, bytes: Bytes(2 * moved))
      default: return Work(flop: FLOP(2 * elements), bytes: Bytes(3 * moved))
      }
    case .elementwise(let size): return size.work
    }
  }

  /// Bytes of each array that one run of a memory probe passes over at least.
  static let memoryBytesPerRun = Int(Unit.mebibyte.toBase(8))
  /// Multiply-adds of one run of the FMA peak on one thread, in FLOP: about a millisecond.
  static let peakFLOP = 1.2e8
  /// Query rows are kept on the stack of the work: a limit far above any model's.
  static let largestHeadDim = 512
}

func positive(_ value: Int?, _ name: String) throws(KernelError) -> Int {
  guard let value else { throw KernelError("the shape has no \(name)") }
  guard value > 0 else { throw KernelError("\(name) must be at least 1, not \(value)") }
  return value
}

/// Refuses products of dimensions whose bytes a pointer could not address.
func requireAddressable(_ arrays: [Int]...) throws(KernelError) {
  for dimensions in arrays {
    var product = MemoryLayout<Float>.stride
    for dimension in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard !overflow, next <= 1 << 46 else { throw KernelError("the operands are too large to address") }
      product = next
    }
  }
}
