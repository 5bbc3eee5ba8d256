// Between the projections and attention: heads are turned by position, and go to where attention reads them.

import Measurement

extension LayerSteps {
  /// Rotary positions. Keys and values of the new tokens go behind those in the cache.
  func turn() {
    guard let latent = size.model.latent else { return turnGrouped() }
    turnKey(latent)
    if size.isDecode { storeLatents(latent) } else { spreadHeads(latent) }
  }

  /// Attention, its result in rows of tokens.
  func attend() {
    attention.run(operands, team: team)
    guard !size.isDecode else { return }
    let (model, m) = (size.model, size.tokens)
    let dim = model.valueDim
    team.run { thread, threads in
      for head in share(of: model.headsQ, thread, threads) {
        copyRows(
          m, dim, memory.attended.start + head * m * dim, dim, memory.attendedRows.start + head * dim,
          size.attended)
      }
    }
  }

  private var cosines: MutableFloats { memory.angles.start }
  private var sines: MutableFloats { memory.angles.start + memory.angles.count / 2 }

  /// Queries, keys and values of each sequence, head by head; pairs are half a head apart.
  private func turnGrouped() {
    let (model, new, width, dim) = (size.model, size.newKeys, size.projected, size.model.headDim)
    let (heads, keyHeads) = (model.headsQ, model.headsKV)
    team.run { thread, threads in
      for item in share(of: size.sequences * (heads + 2 * keyHeads), thread, threads) {
        let (sequence, head) = item.quotientAndRemainder(dividingBy: heads + 2 * keyHeads)
        let source = memory.projected.start + sequence * new * width + head * dim
        if head < heads {
          module.elementwise.ropeHalf(
            new, 1, dim, source, width, cosines, sines,
            memory.queries.start + (sequence * heads + head) * new * dim, dim, false)
        } else if head < heads + keyHeads {
          module.elementwise.ropeHalf(
            new, 1, dim, source, width, cosines, sines,
            memory.keys.start + newRow(sequence, head - heads) * dim,
            dim, false)
        } else {
          copyRows(
            new, dim, source, width, memory.values.start + newRow(sequence, head - heads - keyHeads) * dim,
            dim)
        }
      }
    }
  }

  /// The first row of a head's new keys.
  private func newRow(_ sequence: Int, _ head: Int) -> Int {
    (sequence * size.attention.headsKV + head + 1) * size.keys - size.newKeys
  }

  /// The part of the key that all heads share; pairs are neighbours.
  private func turnKey(_ latent: DecoderLayer.Latent) {
    let (width, dim) = (size.projected, latent.ropeDim)
    let first = latent.queryRank + latent.keyRank
    shareRows { row, count in
      // A prompt's tokens have a position each, those of a step all the same.
      for token in row..<row + count {
        let angle = size.isDecode ? 0 : token * dim / 2
        module.elementwise.ropeInterleaved(
          1, 1, dim, memory.projected.start + token * width + first, width, cosines + angle, sines + angle,
          memory.turnedKey.start + token * dim, dim, false)
      }
    }
  }

  /// A step: the turned part of each query behind the room of its folded part; latent vector and turned key behind
  /// the cache.
  private func storeLatents(_ latent: DecoderLayer.Latent) {
    let (model, width, dim) = (size.model, size.attention.query, latent.ropeDim)
    team.run { thread, threads in
      for item in share(of: size.tokens * model.headsQ, thread, threads) {
        module.elementwise.ropeInterleaved(
          1, 1, dim, memory.queriesUp.start + item * model.headDim + model.plainDim, dim, cosines, sines,
          memory.queries.start + item * width + latent.keyRank, dim, false)
      }
      for token in share(of: size.tokens, thread, threads) {
        let row = memory.keys.start + newRow(token, 0) * width
        copyRows(1, latent.keyRank, memory.keyLatent.start + token * latent.keyRank, 0, row, 0)
        copyRows(1, dim, memory.turnedKey.start + token * dim, 0, row + latent.keyRank, 0)
      }
    }
  }

  /// A prompt: queries and keys from their plain and their turned parts, and values, head by head.
  private func spreadHeads(_ latent: DecoderLayer.Latent) {
    let (model, m, dim) = (size.model, size.tokens, size.model.headDim)
    let (plain, turned, value) = (model.plainDim, latent.ropeDim, model.valueDim)
    let (queryWidth, keyWidth) = (model.headsQ * dim, model.headsKV * (plain + value))
    team.run { thread, threads in
      for head in share(of: model.headsQ, thread, threads) {
        let query = memory.queriesUp.start + head * dim
        let key = memory.keysUp.start + head * (plain + value)
        let (q, k) = (memory.queries.start + head * m * dim, memory.keys.start + head * m * dim)
        copyRows(m, plain, query, queryWidth, q, dim)
        module.elementwise.ropeInterleaved(
          m, 1, turned, query + plain, queryWidth, cosines, sines, q + plain, dim, false)
        copyRows(m, plain, key, keyWidth, k, dim)
        copyRows(m, turned, memory.turnedKey.start, turned, k + plain, dim)
        copyRows(m, value, key + plain, keyWidth, memory.values.start + head * m * value, value)
      }
    }
  }

  private func copyRows(
    _ rows: Int, _ columns: Int, _ x: Floats, _ stride: Int, _ out: MutableFloats, _ outStride: Int
  ) {
    for row in 0..<rows { (out + row * outStride).update(from: x + row * stride, count: columns) }
  }
}
