// Attention lines of a shape table: plain rows of floats, windows, values of another size, and caches in other
// element types and orders.

import Measurement
import Tables

extension ShapeLine {
  func attention(_ kernel: Operation) throws(InputError) -> Shape {
    let isDecode = kernel == .attentionDecode
    let batch = try count("batch", at: 1_000_000, orElse: 1)
    let (queries, keys) = (try count("heads_q", at: 100_000), try count("heads_kv", at: 100_000))
    guard queries.isMultiple(of: keys) else {
      throw fault(
        "heads_kv", "\(keys) does not divide \(queries) query heads", "each key head serves as many")
    }
    let dim = try headDim("head_dim")
    let seqKV = try count("seq_kv")
    let seqQ = try count("seq_q", orElse: isDecode ? 1 : seqKV)
    if isDecode, seqQ != 1 { throw fault("seq_q", "decode has one query a sequence", "write 1") }
    let causal = try flag("causal") ?? true
    if causal, seqQ > seqKV {
      throw fault(
        "seq_q", "\(seqQ) queries over \(seqKV) keys cannot be causal", "write causal 0, or more keys")
    }
    var shape = Shape.attention(
      batch: batch, headsQ: queries, headsKV: keys, headDim: dim, seqQ: seqQ, seqKV: seqKV, causal: causal)
    let valueDim = try text("head_dim_v").isEmpty ? dim : headDim("head_dim_v")
    if valueDim != dim { shape.headDimV = valueDim }
    shape.window = try window(causal: causal)
    try readCache(into: &shape, isDecode: isDecode, valueDim: valueDim)
    let heads = Double(batch) * Double(max(dim, valueDim))
    let stored = Double(seqKV) + Double(shape.blockKeys ?? 0)
    try checkMemory("batch", [heads * Double(queries) * Double(seqQ), heads * Double(keys) * stored])
    return shape
  }

  private func headDim(_ column: String) throws(InputError) -> Int {
    let dim = try count(column, at: 1_024)
    guard dim.isMultiple(of: 16) else {
      throw fault(
        column, "\(dim) is not a multiple of 16", "these kernels take multiples of 16 up to 1024")
    }
    return dim
  }

  private func window(causal: Bool) throws(InputError) -> Int? {
    guard try !text("window").isEmpty else { return nil }
    guard causal else { throw fault("window", "only causal attention has one", "write causal 1") }
    return try count("window")
  }

  /// How the keys and values lie that a decode step finds.
  private func readCache(into shape: inout Shape, isDecode: Bool, valueDim: Int) throws(InputError) {
    let type = try name("kv_dtype", of: [DataType.f32, .bf16, .f16, .i8, .f8], orElse: .f32)
    if type != .f32 { shape.cacheType = type }
    if try !text("block_keys").isEmpty {
      let keys = try count("block_keys", at: 1 << 20)
      guard keys.isMultiple(of: 16) else {
        throw fault("block_keys", "\(keys) is not a multiple of 16", "blocks hold 16, 32 … keys")
      }
      shape.blockKeys = keys
    }
    if try flag("keys_turned") == true { shape.keysTurned = true }
    if try flag("latent") == true { shape.latent = true }
    if !isDecode {
      for column in ["kv_dtype", "block_keys", "keys_turned", "latent"] where try hasForm(column) {
        throw fault(column, "prefill takes keys and values as rows of floats", "leave it empty")
      }
    }
    let isLatent = shape.latent == true
    if shape.keysTurned == true, shape.blockKeys == nil || isLatent {
      throw fault("keys_turned", "keys are turned inside blocks only", "name block_keys, or leave it empty")
    }
    guard isLatent else { return }
    if shape.headsKV != 1 {
      throw fault("heads_kv", "a latent cache has one head for all", "write 1")
    }
    if valueDim > shape.headDim ?? 0 {
      throw fault("head_dim_v", "latent values are a part of the keys", "at most head_dim")
    }
    if ![.f32, .bf16].contains(type) {
      throw fault("kv_dtype", "a latent cache of \(type.rawValue) has no kernel", "f32 or bf16")
    }
  }

  /// True where a column asks for another form of the cache than rows of floats.
  private func hasForm(_ column: String) throws(InputError) -> Bool {
    try !["", "0", "f32"].contains(text(column))
  }
}
