// The dimensions of an attention that have been checked, and its work.

import Measurement

extension Problem {
  /// Q (batch, headsQ, seqQ, headDim) over K (batch, headsKV, seqKV, headDim) and V (batch, headsKV, seqKV,
  /// valueDim), or over a cache of them.
  struct Attention {
    let batch: Int, headsQ: Int, headsKV: Int, headDim: Int, valueDim: Int, seqQ: Int, seqKV: Int
    let causal: Bool
    /// Keys that a causal query sees at most.
    let window: Int?
    /// Elements of the cache.
    let cacheType: DataType
    /// Keys of a block of a paged cache.
    let blockKeys: Int?
    /// True where keys lie (headDim, blockKeys) in their block.
    let keysTurned: Bool
    /// True where the values are the first elements of the keys.
    let latent: Bool

    /// Query heads that share a key head.
    var group: Int { headsQ / headsKV }
    /// Keys before the first query's own: query i sees keys 0 ... i + offset where causal.
    var offset: Int { seqKV - seqQ }
    var queryElements: Int { batch * headsQ * seqQ * headDim }
    var outputElements: Int { batch * headsQ * seqQ * valueDim }
    /// Keys that are looked at, over all sequences and heads.
    var cachedKeys: Int { batch * headsKV * seqKV }
    /// The window, or one that no sequence fills.
    var reach: Int { window ?? Int(Int32.max) }

    /// Query-key pairs of one head of one sequence that count.
    var pairs: Double {
      let queries = Double(seqQ)
      guard causal else { return queries * Double(seqKV) }
      // Query i sees min(i + offset + 1, window) keys; the first `rising` of them fewer than the window.
      let rising = Double(min(max(0, reach - offset - 1), seqQ))
      return rising * Double(offset) + rising * (rising + 1) / 2 + (queries - rising) * Double(reach)
    }

    /// Two products, over headDim and valueDim, per pair; the softmax is not counted, as usual.
    var flop: Double { 2 * Double(batch * headsQ) * Double(headDim + valueDim) * pairs }

    /// Every operand once: queries and outputs in float, of a cache what the queries see, with its factors.
    var bytes: Double {
      let seen = Double(batch * headsKV) * Double(causal ? min(seqKV, reach + seqQ - 1) : seqKV)
      let elements = latent ? headDim : headDim + valueDim
      let factors = cacheType == .i8 ? 2 * 4.0 : 0
      return 4 * Double(queryElements + outputElements) + seen
        * (Double(elements * cacheType.cachedBytes) + factors)
    }

    init(_ operation: Operation, _ shape: Shape) throws(KernelError) {
      batch = try positive(shape.batch, "batch")
      headsQ = try positive(shape.headsQ, "headsQ")
      headsKV = try positive(shape.headsKV, "headsKV")
      headDim = try positive(shape.headDim, "headDim")
      valueDim = try positive(shape.headDimV ?? shape.headDim, "headDimV")
      seqQ = try positive(shape.seqQ, "seqQ")
      seqKV = try positive(shape.seqKV, "seqKV")
      causal = shape.causal ?? false
      window = try shape.window.map { (keys) throws(KernelError) in try positive(keys, "window") }
      cacheType = shape.cacheType ?? .f32
      blockKeys = try shape.blockKeys.map { (keys) throws(KernelError) in try positive(keys, "blockKeys") }
      keysTurned = shape.keysTurned ?? false
      latent = shape.latent ?? false
      try check(isDecode: operation == .attentionDecode)
    }

    private func check(isDecode: Bool) throws(KernelError) {
      guard headsQ % headsKV == 0 else {
        throw KernelError("\(headsQ) query heads cannot share \(headsKV) key heads evenly")
      }
      for elements in [headDim, valueDim] where elements % 16 != 0 || elements > Problem.largestHeadDim {
        throw KernelError(
          "head dims must be multiples of 16 up to \(Problem.largestHeadDim), not \(elements)")
      }
      if isDecode, seqQ != 1 { throw KernelError("decode has one query per sequence, not \(seqQ)") }
      if causal, seqQ > seqKV { throw KernelError("causal attention needs at least as many keys as queries") }
      if window != nil, !causal { throw KernelError("only causal attention has a window") }
      if !isDecode, cacheType != .f32 || blockKeys != nil || latent {
        throw KernelError("prefill takes keys and values as rows of floats")
      }
      if let blockKeys, blockKeys % 16 != 0 {
        throw KernelError("blocks hold a multiple of 16 keys, not \(blockKeys)")
      }
      guard [.f32, .bf16, .f16, .i8].contains(cacheType) else {
        throw KernelError("a cache holds f32, bf16, f16 or i8, not \(cacheType.rawValue)")
      }
      if keysTurned, blockKeys == nil || latent { throw KernelError("keys are turned inside blocks only") }
      if latent, headsKV != 1 || valueDim > headDim || ![.f32, .bf16].contains(cacheType) {
        throw KernelError("a latent cache has one head of f32 or bf16, and its values are part of its keys")
      }
      try requireAddressable([batch, headsQ, seqQ, headDim], [batch, headsQ, seqQ, valueDim])
      try requireAddressable([batch, headsKV, seqKV + (blockKeys ?? 0), max(headDim, valueDim)])
    }
  }
}

extension DataType {
  /// Bytes of a cached element.
  var cachedBytes: Int { Int(bytesOfA) }
}
