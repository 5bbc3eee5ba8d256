// The memory of a decoder layer: weights that may be shared with other kernels, a cache that a pass writes to, and
// the results that operators hand on. Weights are uniform with a variance of 1/k, so that numbers keep their size
// from product to product.

import Glibc
import Measurement
import Quantities

/// Weights of a layer; none where the layer has no such operator.
struct LayerWeights {
  /// (hidden), (headDim), (queryRank), (keyRank), (hidden)
  let inputNorm: Buffer, queryHeadNorm: Buffer, keyHeadNorm: Buffer
  let queryLatentNorm: Buffer, keyLatentNorm: Buffer, mlpNorm: Buffer
  /// (hidden, projected)
  let projection: Buffer
  /// (queryRank, heads·headDim)
  let queryProjection: Buffer
  /// (keyRank, heads·(plainDim + valueDim)): of each head its key's columns, then its value's.
  let unfoldLatent: Buffer
  /// (heads, plainDim, keyRank), (heads, keyRank, valueDim): the same weights as decode uses them.
  let foldKeys: Buffer, unfoldValues: Buffer
  /// (heads·valueDim, hidden)
  let outputProjection: Buffer
  /// (hidden, experts): some experts' columns are larger, so that they are chosen more often.
  let router: Buffer
  /// (experts or 1, hidden, 2·intermediate): gate, then up.
  let gateUp: Buffer
  /// (experts or 1, intermediate, hidden)
  let down: Buffer

  init(_ size: Problem.Layer, seed: UInt64, team: WorkerTeam) throws(KernelError) {
    let model = size.model
    var counter = seed
    func norm(_ count: Int) throws(KernelError) -> Buffer {
      counter &+= 1
      return try OperandStore.random(count, seed: mix(counter), team: team)
    }
    func matrices(_ count: Int, _ k: Int, _ n: Int) throws(KernelError) -> Buffer {
      counter &+= 1
      return try OperandStore.random(
        count * k * n, seed: mix(counter), magnitude: LayerWeights.magnitude(k), team: team)
    }
    let latent = model.latent
    let unfolds = latent != nil && !size.isDecode
    let folds = latent != nil && size.isDecode
    let (queryRank, keyRank) = (latent?.queryRank ?? 0, latent?.keyRank ?? 0)
    inputNorm = try norm(model.hidden)
    queryHeadNorm = try norm(model.normsHeads ? model.headDim : 0)
    keyHeadNorm = try norm(model.normsHeads ? model.headDim : 0)
    queryLatentNorm = try norm(queryRank)
    keyLatentNorm = try norm(keyRank)
    mlpNorm = try norm(model.hidden)
    projection = try matrices(1, model.hidden, size.projected)
    queryProjection = try matrices(1, queryRank, latent == nil ? 0 : model.headsQ * model.headDim)
    unfoldLatent = try matrices(
      1, keyRank, unfolds ? model.headsKV * (model.plainDim + model.valueDim) : 0)
    foldKeys = try matrices(folds ? model.headsQ : 0, model.plainDim, keyRank)
    unfoldValues = try matrices(folds ? model.headsQ : 0, keyRank, model.valueDim)
    outputProjection = try matrices(1, size.attended, model.hidden)
    let groups = max(1, size.expertCount)
    gateUp = try matrices(groups, model.hidden, 2 * model.intermediate)
    down = try matrices(groups, model.intermediate, model.hidden)
    router = try Buffer(model.hidden * model.experts)
    router.fillRandom(seed: mix(counter &+ 1), magnitude: LayerWeights.magnitude(model.hidden), team: team)
    for i in 0..<router.count {
      let place = Float(i % model.experts) / Float(model.experts)
      router.start[i] *= 1 + 2 * place
    }
  }

  /// Half the width of a uniform distribution of variance 1/k.
  private static func magnitude(_ k: Int) -> Float { Float((3 / Double(max(1, k))).squareRoot()) }

  static func floats(_ size: Problem.Layer) -> Int {
    let model = size.model
    let latent = model.latent.map {
      model.headsQ
        * ($0.queryRank * model.headDim + $0.keyRank * (model.plainDim + model.valueDim))
    }
    return model.hidden * (size.projected + model.experts) + (latent ?? 0) + size.attended * model.hidden
      + max(1, size.expertCount) * 3 * model.hidden * model.intermediate
  }

  var all: [Buffer] {
    [
      inputNorm, queryHeadNorm, keyHeadNorm, queryLatentNorm, keyLatentNorm, mlpNorm, projection,
      queryProjection, unfoldLatent, foldKeys, unfoldValues, outputProjection, router, gateUp, down,
    ]
  }
}

/// What flows through a layer; arrays that the layer does not need are empty.
struct LayerActivations {
  /// (tokens, hidden)
  let input: Buffer, normed: Buffer, projectedOut: Buffer, sum: Buffer, mlpNormed: Buffer, mlpOut: Buffer
  let output: Buffer
  /// (tokens, projected)
  let projected: Buffer
  /// (tokens, queryRank), (tokens, keyRank), (tokens, ropeDim)
  let queryLatent: Buffer, keyLatent: Buffer, turnedKey: Buffer
  /// (tokens, heads·headDim), (tokens, heads·(plainDim + valueDim))
  let queriesUp: Buffer, keysUp: Buffer
  /// (sequences, heads, new tokens, query elements), and the same of values
  let queries: Buffer, attended: Buffer
  /// Keys and values of all positions: (sequences, key heads, keys, elements).
  let keys: Buffer, values: Buffer
  /// (tokens, heads·valueDim); of a step that unfolds nothing the same as `attended`.
  let attendedRows: Buffer
  /// cos, then sin: (new tokens, turned elements / 2)
  let angles: Buffer
  /// (tokens, experts)
  let logits: Buffer
  /// (expert rows, hidden), (rows, 2·intermediate), (rows, intermediate), (expert rows, hidden)
  let gathered: Buffer, gateUp: Buffer, activated: Buffer, expertOut: Buffer

  init(_ size: Problem.Layer, seed: UInt64, team: WorkerTeam) throws(KernelError) {
    let (model, m) = (size.model, size.tokens)
    func room(_ count: Int) throws(KernelError) -> Buffer { try Buffer(zeros: count, team: team) }
    let latent = model.latent
    let isMoE = model.experts > 0
    input = try OperandStore.random(m * model.hidden, seed: mix(seed &+ 1_000), team: team)
    normed = try room(m * model.hidden)
    projectedOut = try room(m * model.hidden)
    sum = try room(m * model.hidden)
    mlpNormed = try room(m * model.hidden)
    mlpOut = try room(m * model.hidden)
    output = try room(m * model.hidden)
    projected = try room(m * size.projected)
    queryLatent = try room(m * (latent?.queryRank ?? 0))
    keyLatent = try room(m * (latent?.keyRank ?? 0))
    turnedKey = try room(m * (latent?.ropeDim ?? 0))
    queriesUp = try room(latent == nil ? 0 : m * model.headsQ * model.headDim)
    keysUp = try room(
      latent == nil || size.isDecode ? 0 : m * model.headsKV * (model.plainDim + model.valueDim))
    let attention = size.attention
    queries = try room(m * model.headsQ * attention.query)
    attended = try room(m * model.headsQ * attention.value)
    let cached = size.sequences * attention.headsKV * size.keys
    keys = try room(cached * attention.query)
    values = latent != nil && size.isDecode ? keys : try room(cached * attention.value)
    if size.isDecode {
      keys.fillRandom(seed: mix(seed &+ 1_001), team: team)
      if values !== keys { values.fillRandom(seed: mix(seed &+ 1_002), team: team) }
    }
    attendedRows = size.isDecode && latent == nil ? attended : try room(m * size.attended)
    let pairs = (latent?.ropeDim ?? model.headDim) / 2
    angles = try Buffer(2 * size.newKeys * pairs)
    fillAngles(from: size.keys - size.newKeys, size.newKeys, pairs, angles.start)
    logits = try room(m * model.experts)
    gathered = try room(size.expertRows * model.hidden)
    let rows = isMoE ? size.expertRows : m
    gateUp = try room(rows * 2 * model.intermediate)
    activated = try room(rows * model.intermediate)
    expertOut = try room(size.expertRows * model.hidden)
  }

  /// Results of operators, which a check poisons; not what a decode step finds in its cache.
  var results: [Buffer] {
    [
      normed, projectedOut, sum, mlpNormed, mlpOut, output, projected, queryLatent, keyLatent, turnedKey,
      queriesUp, keysUp, queries, attended, attendedRows, logits, gathered, gateUp, activated, expertOut,
    ]
  }

  var all: [Buffer] { results + [input, keys, angles] + (values === keys ? [] : [values]) }

  static func floats(_ size: Problem.Layer) -> Int {
    let (model, m) = (size.model, size.tokens)
    let attention = size.attention
    let rows = model.experts > 0 ? size.expertRows : m
    let perToken =
      7 * model.hidden + 2 * size.projected + 2 * model.headsQ * (attention.query + attention.value)
    return m * perToken + size.sequences * attention.headsKV * size.keys * (attention.query + attention.value)
      + 2 * size.expertRows * model.hidden + 3 * rows * model.intermediate
  }
}

/// cos and sin of position · 10000^(-pair / pairs) for positions from `first` on.
private func fillAngles(from first: Int, _ positions: Int, _ pairs: Int, _ angles: MutableFloats) {
  for position in 0..<positions {
    for pair in 0..<pairs {
      let angle = Double(first + position) * pow(10_000, -Double(pair) / Double(pairs))
      angles[position * pairs + pair] = Float(cos(angle))
      angles[(positions + position) * pairs + pair] = Float(sin(angle))
    }
  }
}
