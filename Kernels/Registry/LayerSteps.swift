// The operators of a decoder layer on its memory: each reads what the ones before it wrote.

import Machines
import Measurement
import Quantities

/// A layer with its memory, ready to run on a team.
final class LayerSteps {
  static let epsilon: Float = 1e-5

  let size: Problem.Layer
  let team: WorkerTeam
  let module: LayerModule
  let weights: LayerWeights
  let memory: LayerActivations
  let routing: LayerRouting
  let attention: any AttentionBody
  let operands: PreparedAttention.Operands
  let operators: [LayerOperator]
  private let products: LayerProducts
  private let selection: Buffer

  init(_ size: Problem.Layer, isa: InstructionSet, team: WorkerTeam, seed: UInt64) throws(KernelError) {
    self.size = size
    self.team = team
    try requireMemory(floats: LayerWeights.floats(size) + LayerActivations.floats(size), sets: 1)
    module = try LayerModule(isa)
    operators = size.operators
    weights = try LayerWeights(size, seed: seed, team: team)
    memory = try LayerActivations(size, seed: seed, team: team)
    routing = try LayerRouting(size)
    products = try LayerProducts(module, team: team)
    selection = try Buffer(team.threadCount * module.elementwise.selectionWorkspace(size.model.experts))
    let attentionSize = try size.attentionSize()
    attention = try Kernels.attentionBody(
      size.isDecode ? .attentionDecode : .attentionPrefill, attentionSize, module.kernels, team)
    operands = PreparedAttention.Operands(
      q: memory.queries, cache: AttentionCache(attentionSize, k: memory.keys, v: memory.values),
      out: memory.attended)
  }

  /// One operator.
  func run(_ part: LayerOperator) {
    let (w, x, model, m) = (weights, memory, size.model, size.tokens)
    let (hidden, inner) = (model.hidden, model.intermediate)
    switch part {
    case .rmsnorm: norm(hidden, x.input, hidden, w.inputNorm, x.normed)
    case .projection, .latentProjection:
      multiply(x.normed, hidden, w.projection, size.projected, x.projected)
    case .headNorm: normHeads()
    case .latentNorm: normLatents()
    case .queryProjection:
      multiply(
        x.queryLatent, model.latent?.queryRank ?? 0, w.queryProjection, model.headsQ * model.headDim,
        x.queriesUp)
    case .unfoldLatent:
      multiply(
        x.keyLatent, model.latent?.keyRank ?? 0, w.unfoldLatent,
        model.headsKV * (model.plainDim + model.valueDim), x.keysUp)
    case .rope: turn()
    case .foldKeys: foldKeys()
    case .attention: attend()
    case .unfoldValues: unfoldValues()
    case .outputProjection:
      multiply(x.attendedRows, size.attended, w.outputProjection, hidden, x.projectedOut)
    case .residualRMSNorm:
      shareRows { first, count in
        let place = first * hidden
        module.elementwise.residualRMSNorm(
          count, hidden, x.projectedOut.start + place, hidden, x.input.start + place, hidden, w.mlpNorm.start,
          LayerSteps.epsilon, x.sum.start + place, hidden, x.mlpNormed.start + place, hidden,
          isStreamed(m * hidden))
      }
    case .gateUp: multiply(x.mlpNormed, hidden, w.gateUp, 2 * inner, x.gateUp)
    case .router: multiply(x.mlpNormed, hidden, w.router, model.experts, x.logits)
    case .topK: choose()
    case .gather: gather()
    case .expertGateUp: multiplyExperts(x.gathered, hidden, w.gateUp, 2 * inner, x.gateUp)
    case .siluMul: activate()
    case .down: multiply(x.activated, inner, w.down, hidden, x.mlpOut)
    case .expertDown: multiplyExperts(x.activated, inner, w.down, hidden, x.expertOut)
    case .combine: combine()
    case .residualAdd:
      shareRectangles(m, columns: hidden) { row, column, rows, columns in
        let place = row * hidden + column
        module.elementwise.residualAdd(
          rows, columns, x.sum.start + place, hidden, x.mlpOut.start + place, hidden, x.output.start + place,
          hidden, isStreamed(m * hidden))
      }
    }
  }

  /// `body` on each thread's rows: the first and how many.
  func shareRows(_ body: (Int, Int) -> Void) {
    team.run { thread, threads in
      let part = share(of: size.tokens, thread, threads)
      if !part.isEmpty { body(part.lowerBound, part.count) }
    }
  }

  /// `body` on each thread's rectangle of (rows, columns): first row, first column, rows, columns.
  func shareRectangles(_ rows: Int, columns: Int, _ body: (Int, Int, Int, Int) -> Void) {
    team.run { thread, threads in
      let isSplit = sharesColumns(rows, threads)
      let part = isSplit ? 0..<rows : share(of: rows, thread, threads)
      let cut = isSplit ? share(of: columns, step: columnStep, thread, threads) : 0..<columns
      guard !part.isEmpty, !cut.isEmpty else { return }
      body(part.lowerBound, cut.lowerBound, part.count, cut.count)
    }
  }

  private func norm(_ columns: Int, _ x: Buffer, _ stride: Int, _ weight: Buffer, _ out: Buffer) {
    shareRows { first, count in
      module.elementwise.rmsnorm(
        count, columns, x.start + first * stride, stride, weight.start, LayerSteps.epsilon,
        out.start + first * columns, columns, isStreamed(size.tokens * columns))
    }
  }

  /// Each query and key head in place.
  private func normHeads() {
    let (model, width) = (size.model, size.projected)
    shareRows { first, count in
      for token in first..<first + count {
        let row = memory.projected.start + token * width
        for (heads, start, weight) in [
          (model.headsQ, row, weights.queryHeadNorm),
          (model.headsKV, row + model.headsQ * model.headDim, weights.keyHeadNorm),
        ] {
          module.elementwise.rmsnorm(
            heads, model.headDim, start, model.headDim, weight.start, LayerSteps.epsilon, start,
            model.headDim, false)
        }
      }
    }
  }

  private func normLatents() {
    guard let latent = size.model.latent else { return }
    let (x, width) = (memory, size.projected)
    shareRows { first, count in
      let row = x.projected.start + first * width
      module.elementwise.rmsnorm(
        count, latent.queryRank, row, width, weights.queryLatentNorm.start, LayerSteps.epsilon,
        x.queryLatent.start + first * latent.queryRank, latent.queryRank, false)
      module.elementwise.rmsnorm(
        count, latent.keyRank, row + latent.queryRank, width, weights.keyLatentNorm.start, LayerSteps.epsilon,
        x.keyLatent.start + first * latent.keyRank, latent.keyRank, false)
    }
  }

  private func multiply(_ a: Buffer, _ k: Int, _ b: Buffer, _ n: Int, _ c: Buffer) {
    let product = LayerProduct(n: n, k: k, a: a.start, aStride: k, b: b.start, c: c.start, cStride: n)
    products.multiply(product, rows: size.tokens)
  }

  private func multiplyExperts(_ a: Buffer, _ k: Int, _ b: Buffer, _ n: Int, _ c: Buffer) {
    let product = LayerProduct(n: n, k: k, a: a.start, aStride: k, b: b.start, c: c.start, cStride: n)
    products.multiply(product, groups: size.expertCount, firstRows: routing.firstRows.places)
  }

  /// Queries (tokens, heads, plainDim) to the latent space: scores over latent vectors are then those over keys,
  /// but for the scale, which attention takes from the number of elements.
  private func foldKeys() {
    guard let latent = size.model.latent else { return }
    let (model, width) = (size.model, size.attention.query)
    products.multiply(
      LayerProduct(
        n: latent.keyRank, k: model.plainDim, a: memory.queriesUp.start,
        aStride: model.headsQ * model.headDim, b: weights.foldKeys.start, c: memory.queries.start,
        cStride: model.headsQ * width),
      rows: size.tokens, groups: model.headsQ, aStep: model.headDim, cStep: width)
    let factor = Float((Double(width) / Double(model.headDim)).squareRoot())
    let elements = size.tokens * model.headsQ * width
    team.run { thread, threads in
      let part = share(of: elements, step: columnStep, thread, threads)
      module.elementwise.scaleRow(memory.queries.start + part.lowerBound, part.count, factor)
    }
  }

  private func unfoldValues() {
    guard let latent = size.model.latent else { return }
    let model = size.model
    products.multiply(
      LayerProduct(
        n: model.valueDim, k: latent.keyRank, a: memory.attended.start,
        aStride: model.headsQ * latent.keyRank,
        b: weights.unfoldValues.start, c: memory.attendedRows.start, cStride: size.attended),
      rows: size.tokens, groups: model.headsQ, aStep: latent.keyRank, cStep: model.valueDim)
  }

  private func choose() {
    let (experts, top) = (size.model.experts, size.model.top)
    let room = module.elementwise.selectionWorkspace(experts)
    team.run { thread, threads in
      let part = share(of: size.tokens, thread, threads)
      module.elementwise.routerTopK(
        part.count, experts, top, memory.logits.start + part.lowerBound * experts, experts,
        routing.chosenWeights.start + part.lowerBound * top, routing.chosen.places + part.lowerBound * top,
        selection.start + thread * room)
    }
    routing.sort()
  }

  private func gather() {
    let hidden = size.model.hidden
    team.run { thread, threads in
      let part = share(of: size.expertRows, thread, threads)
      module.elementwise.gatherRows(
        part.count, hidden, routing.tokens.places + part.lowerBound, memory.mlpNormed.start, hidden,
        memory.gathered.start + part.lowerBound * hidden, hidden, isStreamed(size.expertRows * hidden))
    }
  }

  private func activate() {
    let inner = size.model.intermediate
    let all = size.model.experts > 0 ? size.expertRows : size.tokens
    shareRectangles(all, columns: inner) { row, column, rows, columns in
      let gate = memory.gateUp.start + row * 2 * inner + column
      module.elementwise.siluMul(
        rows, columns, gate, 2 * inner, gate + inner, 2 * inner,
        memory.activated.start + row * inner + column,
        inner, isStreamed(all * inner))
    }
  }

  private func combine() {
    let (hidden, width) = (size.model.hidden, size.expertsPerToken)
    shareRectangles(size.tokens, columns: hidden) { row, column, rows, columns in
      module.combineRows(
        rows, columns, width, routing.weights.start + row * width, routing.places.places + row * width,
        memory.expertOut.start + column, hidden, memory.mlpOut.start + row * hidden + column, hidden)
    }
  }
}
