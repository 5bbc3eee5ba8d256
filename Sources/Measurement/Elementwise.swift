// The element-wise operations of a model, and the shapes that they take.

extension Operation {
  /// What maps, reduces or selects within rows: bound by memory, computed by the Swift kernels only.
  public static let elementwise: [Operation] = [
    .rmsnorm, .layernorm, .residualRMSNorm, .residualAdd, .siluMul, .geluTanh, .geluErf, .ropeHalf,
    .ropeInterleaved, .softmax, .quantiseRows, .dequantiseRows, .embeddingGather, .routerTopK, .argmax,
    .sample,
  ]

  /// True for one of those.
  public var isElementwise: Bool { Operation.elementwise.contains(self) }

  /// True for rotary positions, whose shape is tokens x heads x head dim.
  public var isRope: Bool { self == .ropeHalf || self == .ropeInterleaved }

  /// Who computes it: OpenBLAS has no element-wise operations and no ceilings.
  public var implementations: [Implementation] {
    switch self {
    case .gemm, .groupedGEMM, .attentionPrefill, .attentionDecode: Implementation.builtIn
    default: [.swift]
    }
  }
}

extension Shape {
  /// `rows` x `columns` for an element-wise operation.
  ///
  /// - Parameters:
  ///   - top: experts of a router, candidates of a sample, rows of an embedding's table; nil for the others.
  ///   - causal: softmax only: row i of m sees columns 0 ... n - m + i.
  public static func rows(_ rows: Int, columns: Int, top: Int? = nil, causal: Bool? = nil) -> Shape {
    var shape = Shape()
    shape.m = rows
    shape.n = columns
    shape.k = top
    shape.causal = causal
    return shape
  }

  /// Rotary positions of `tokens` x `heads` heads.
  public static func rope(tokens: Int, heads: Int, headDim: Int) -> Shape {
    var shape = Shape()
    shape.m = tokens
    shape.headsQ = heads
    shape.headDim = headDim
    return shape
  }
}
