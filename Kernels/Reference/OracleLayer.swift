// What a decoder layer should have computed: the oracles of its operators, one after the other, for chosen tokens.
// Between operators numbers are floats, as the layer keeps them.

/// One decoder layer with its weights, all row-major.
public struct OracleLayer {
  /// Sizes of latent attention.
  public struct Latent {
    let queryRank: Int, keyRank: Int, ropeDim: Int
    /// True for a decode step, whose keys are the latent vectors themselves.
    let isFolded: Bool
    /// Sizes from their parts.
    public init(queryRank: Int, keyRank: Int, ropeDim: Int, isFolded: Bool) {
      (self.queryRank, self.keyRank, self.ropeDim, self.isFolded) = (queryRank, keyRank, ropeDim, isFolded)
    }
  }

  /// Sizes; `experts` 0 = one MLP. Attention is latent where `latent` is.
  public struct Sizes {
    var hidden: Int, headsQ: Int, headsKV: Int, headDim: Int, valueDim: Int
    var intermediate: Int, experts: Int, top: Int, sharedExperts: Int
    var normsHeads: Bool
    var latent: Latent?
    var epsilon: Double
    /// Sizes from their parts.
    public init(
      hidden: Int, headsQ: Int, headsKV: Int, headDim: Int, valueDim: Int, intermediate: Int, experts: Int,
      top: Int, sharedExperts: Int, normsHeads: Bool, latent: Latent?, epsilon: Double
    ) {
      (self.hidden, self.headsQ, self.headsKV) = (hidden, headsQ, headsKV)
      (self.headDim, self.valueDim, self.intermediate) = (headDim, valueDim, intermediate)
      (self.experts, self.top, self.sharedExperts) = (experts, top, sharedExperts)
      (self.normsHeads, self.latent, self.epsilon) = (normsHeads, latent, epsilon)
    }
    /// Elements that are not turned.
    var plainDim: Int { headDim - (latent?.ropeDim ?? headDim) }
  }

  /// Weights by name; those that a layer does not use are never read.
  public enum Weight: Hashable {
    case inputNorm, queryHeadNorm, keyHeadNorm, queryLatentNorm, keyLatentNorm, mlpNorm
    case projection, queryProjection, unfoldLatent, foldKeys, unfoldValues, outputProjection, router, gateUp,
      down
  }

  /// What the oracle must be told of a token, and of the keys before it.
  public struct Token {
    let x: UnsafePointer<Float>
    let cos: UnsafePointer<Float>, sin: UnsafePointer<Float>
    /// Keys that it sees, and the place of its own among them.
    let visible: Range<Int>, own: Int
    /// Keys and values of (head, position) that the oracle does not compute itself.
    let key: (Int, Int) -> UnsafePointer<Float>, value: (Int, Int) -> UnsafePointer<Float>
    /// Sequence that it belongs to.
    let sequence: Int
    /// Experts that the layer chose: of two with the same logit either may be right.
    let chosen: [Int]
    /// A token from its parts.
    public init(
      x: UnsafePointer<Float>, cos: UnsafePointer<Float>, sin: UnsafePointer<Float>, visible: Range<Int>,
      own: Int, sequence: Int, chosen: [Int], key: @escaping (Int, Int) -> UnsafePointer<Float>,
      value: @escaping (Int, Int) -> UnsafePointer<Float>
    ) {
      (self.x, self.cos, self.sin, self.visible, self.own) = (x, cos, sin, visible, own)
      (self.sequence, self.chosen, self.key, self.value) = (sequence, chosen, key, value)
    }
  }

  /// What became of a token.
  public struct Outcome {
    /// The layer's output. The scale of each element is the size of what is added up there: root mean squares of the
    /// residual and of the MLP's result.
    public let output: OracleRow
    /// Key and value of each key head, behind one another.
    public let keys: [Float], values: [Float]
  }

  let sizes: Sizes
  private let weight: (Weight) -> UnsafePointer<Float>

  /// A layer from its parts.
  public init(_ sizes: Sizes, weight: @escaping (Weight) -> UnsafePointer<Float>) {
    (self.sizes, self.weight) = (sizes, weight)
  }

  /// The outcome of each token; keys of tokens among them are the oracle's own.
  public func outcomes(_ tokens: [Token]) -> [Outcome] {
    let normed = tokens.map { norm($0.x, sizes.hidden, .inputNorm) }
    var heads = sizes.latent.map { latentHeads(tokens, normed, $0) } ?? groupedHeads(tokens, normed)
    attend(tokens, &heads)
    let attended = unfolded(heads.map(\.attended))
    let projected = product(
      attended, sizes.headsQ * sizes.valueDim, sizes.hidden, weight(.outputProjection))
    let sums = zip(tokens, projected).map { token, row in
      floats(oracleSum(columns: sizes.hidden, a: row, b: token.x))
    }
    let mlp = feed(tokens, sums.map { norm($0, sizes.hidden, .mlpNorm) })
    return tokens.indices.map { i in
      var output = oracleSum(columns: sizes.hidden, a: sums[i], b: mlp[i])
      let scale = rootMeanSquare(sums[i]) + rootMeanSquare(mlp[i])
      output.scales = output.scales.map { _ in scale }
      return Outcome(output: output, keys: heads[i].keys, values: heads[i].values)
    }
  }

  // MARK: attention

  /// Heads of one token, behind one another.
  private struct Heads {
    var queries: [Float] = [], keys: [Float] = [], values: [Float] = [], attended: [Float] = []
  }

  private func groupedHeads(_ tokens: [Token], _ normed: [[Float]]) -> [Heads] {
    let (dim, queries, keys) = (sizes.headDim, sizes.headsQ, sizes.headsKV)
    let rows = product(normed, sizes.hidden, (queries + 2 * keys) * dim, weight(.projection))
    return zip(tokens, rows).map { token, row in
      func head(_ number: Int, _ norms: Weight) -> [Float] {
        var x = Array(row[(number * dim)..<(number + 1) * dim])
        if sizes.normsHeads { x = norm(x, dim, norms) }
        return floats(oracleRope(headDim: dim, x: x, cos: token.cos, sin: token.sin, interleaved: false))
      }
      return Heads(
        queries: (0..<queries).flatMap { head($0, .queryHeadNorm) },
        keys: (0..<keys).flatMap { head(queries + $0, .keyHeadNorm) },
        values: Array(row[((queries + keys) * dim)...]))
    }
  }

  private func latentHeads(_ tokens: [Token], _ normed: [[Float]], _ latent: Latent) -> [Heads] {
    let (plain, turned, dim) = (sizes.plainDim, latent.ropeDim, sizes.headDim)
    let (queryRank, keyRank) = (latent.queryRank, latent.keyRank)
    let down = product(normed, sizes.hidden, queryRank + keyRank + turned, weight(.projection))
    let queryLatents = down.map { norm(Array($0[..<queryRank]), queryRank, .queryLatentNorm) }
    let keyLatents = down.map { norm(Array($0[queryRank..<queryRank + keyRank]), keyRank, .keyLatentNorm) }
    let up = product(queryLatents, queryRank, sizes.headsQ * dim, weight(.queryProjection))
    let unfolded =
      latent.isFolded
      ? [] : product(keyLatents, keyRank, sizes.headsKV * (plain + sizes.valueDim), weight(.unfoldLatent))
    return tokens.indices.map { i in
      func turn(_ x: ArraySlice<Float>) -> [Float] {
        floats(
          oracleRope(
            headDim: turned, x: Array(x), cos: tokens[i].cos, sin: tokens[i].sin, interleaved: true))
      }
      var heads = Heads()
      let sharedKey = turn(down[i][(queryRank + keyRank)...])
      for head in 0..<sizes.headsQ {
        let query = up[i][(head * dim)..<(head + 1) * dim]
        let first = Array(query.prefix(plain))
        heads.queries +=
          latent.isFolded
          ? product([first], plain, keyRank, weight(.foldKeys) + head * plain * keyRank)[0] : first
        heads.queries += turn(query.suffix(turned))
      }
      guard !latent.isFolded else {
        (heads.keys, heads.values) = (keyLatents[i] + sharedKey, keyLatents[i])
        return heads
      }
      for head in 0..<sizes.headsKV {
        let both = unfolded[i][(head * (plain + sizes.valueDim))...]
        heads.keys += both.prefix(plain) + sharedKey
        heads.values += both.dropFirst(plain).prefix(sizes.valueDim)
      }
      return heads
    }
  }

  private func attend(_ tokens: [Token], _ heads: inout [Heads]) {
    let isFolded = sizes.latent?.isFolded ?? false
    let keyHeads = isFolded ? 1 : sizes.headsKV
    let keyDim = heads.first.map { $0.keys.count / keyHeads } ?? 0
    let valueDim = heads.first.map { $0.values.count / keyHeads } ?? 0
    var places: [[Int]: Int] = [:]
    for (i, token) in tokens.enumerated() { places[[token.sequence, token.own]] = i }
    let known = heads
    for (i, token) in tokens.enumerated() {
      for head in 0..<sizes.headsQ {
        let keyHead = head / (sizes.headsQ / keyHeads)
        let query = Array(known[i].queries[(head * keyDim)..<(head + 1) * keyDim])
        let row = oracleAttentionRow(
          q: query, headDim: keyDim, valueDim: valueDim, visible: token.visible,
          scale: 1 / Double(sizes.headDim).squareRoot(),
          key: { position, numbers in
            if let own = places[[token.sequence, position]] {
              for e in 0..<keyDim { numbers[e] = Double(known[own].keys[keyHead * keyDim + e]) }
            } else {
              let stored = token.key(keyHead, position)
              for e in 0..<keyDim { numbers[e] = Double(stored[e]) }
            }
          },
          value: { position, numbers in
            if let own = places[[token.sequence, position]] {
              for e in 0..<valueDim { numbers[e] = Double(known[own].values[keyHead * valueDim + e]) }
            } else {
              let stored = token.value(keyHead, position)
              for e in 0..<valueDim { numbers[e] = Double(stored[e]) }
            }
          })
        heads[i].attended += floats(row)
      }
    }
  }

  /// Values of the attended latent vectors of a step; else what attention gave.
  private func unfolded(_ attended: [[Float]]) -> [[Float]] {
    guard let latent = sizes.latent, latent.isFolded else { return attended }
    let (rank, dim) = (latent.keyRank, sizes.valueDim)
    return attended.map { row in
      (0..<sizes.headsQ).flatMap { head in
        product(
          [Array(row[(head * rank)..<(head + 1) * rank])], rank, dim,
          weight(.unfoldValues) + head * rank * dim)[0]
      }
    }
  }

  // MARK: MLP

  private func feed(_ tokens: [Token], _ normed: [[Float]]) -> [[Float]] {
    guard sizes.experts > 0 else { return perceptron(normed, 0) }
    let logits = product(normed, sizes.hidden, sizes.experts, weight(.router))
    var results = normed.map { _ in [Double](repeating: 0, count: sizes.hidden) }
    let chosen = zip(tokens, logits).map { token, logits in experts(token.chosen, logits) }
    for expert in 0..<sizes.experts + sizes.sharedExperts {
      let rows = tokens.indices.compactMap { i -> (Int, Double)? in
        expert >= sizes.experts ? (i, 1) : chosen[i].first { $0.expert == expert }.map { (i, $0.weight) }
      }
      guard !rows.isEmpty else { continue }
      for ((i, weight), row) in zip(rows, perceptron(rows.map { normed[$0.0] }, expert)) {
        for e in 0..<sizes.hidden { results[i][e] += weight * Double(row[e]) }
      }
    }
    return results.map { $0.map { Float($0) } }
  }

  /// The experts that were chosen, with weights that add up to 1, or NaN where another has a logit that is larger by
  /// more than rounding explains.
  private func experts(_ chosen: [Int], _ logits: [Float]) -> [(expert: Int, weight: Double)] {
    let others = Set(logits.indices).subtracting(chosen)
    let least = chosen.map { logits[$0] }.min() ?? .nan
    let isRight =
      Set(chosen).count == sizes.top && chosen.count == sizes.top
      && others.allSatisfy { logits[$0] <= least + 1e-4 * (1 + abs(least)) }
    let picked = oracleRouter(experts: chosen.count, top: chosen.count, logits: chosen.map { logits[$0] })
    return zip(picked.places, picked.weights).map { (chosen[$0], isRight ? $1 : .nan) }
  }

  /// silu(x·gate)·(x·up)·down of one expert, or of the one MLP.
  private func perceptron(_ rows: [[Float]], _ expert: Int) -> [[Float]] {
    let inner = sizes.intermediate
    let gateUp = product(
      rows, sizes.hidden, 2 * inner, weight(.gateUp) + expert * sizes.hidden * 2 * inner)
    let activated = gateUp.map { row in
      row.withUnsafeBufferPointer { row in
        row.baseAddress.map { floats(oracleSiLUMul(columns: inner, gate: $0, up: $0 + inner)) } ?? []
      }
    }
    return product(activated, inner, sizes.hidden, weight(.down) + expert * inner * sizes.hidden)
  }

  // MARK: shared

  private func norm(_ x: UnsafePointer<Float>, _ columns: Int, _ name: Weight) -> [Float] {
    floats(oracleRMSNorm(columns: columns, x: x, weight: weight(name), epsilon: sizes.epsilon))
  }

  /// Rows (k) by B (k, n).
  private func product(_ rows: [[Float]], _ k: Int, _ n: Int, _ b: UnsafePointer<Float>) -> [[Float]] {
    let a = rows.flatMap { $0 }
    return oracleGEMMRows(Array(rows.indices), n: n, k: k, a: a, b: b).map(floats)
  }
}

private func floats(_ row: OracleRow) -> [Float] { row.values.map { Float($0) } }

private func rootMeanSquare(_ row: [Float]) -> Double {
  (row.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(1, row.count))).squareRoot()
}
