// The sizes of a decoder layer that have been checked, and the work of its operators.

import Measurement
import Quantities

extension Problem {
  /// A layer on `tokens` tokens: a prompt, or a token of each of as many sequences.
  struct Layer: Hashable {
    let model: DecoderLayer
    let tokens: Int
    /// Keys per sequence, new ones among them.
    let keys: Int
    let isDecode: Bool
    /// The operator that counts; nil = all.
    let part: LayerOperator?

    var operators: [LayerOperator] { model.operators(isDecode: isDecode) }
    /// Sequences, and new tokens of each.
    var sequences: Int { isDecode ? tokens : 1 }
    var newKeys: Int { isDecode ? 1 : tokens }
    /// Rows that the experts get together, shared ones among them.
    var expertRows: Int { tokens * expertsPerToken }
    var expertsPerToken: Int { model.top + model.sharedExperts }
    var expertCount: Int { model.experts + model.sharedExperts }
    /// Columns of the first product: queries, keys and values, or the latent vectors and the turned part of the key.
    var projected: Int {
      guard let latent = model.latent else {
        return model.headsQ * model.headDim + model.headsKV * (model.headDim + model.valueDim)
      }
      return latent.queryRank + latent.keyRank + latent.ropeDim
    }
    /// Elements of a query, of a key and of a value as attention sees them.
    var attention: (query: Int, value: Int, headsKV: Int) {
      guard isDecode, let latent = model.latent else { return (model.headDim, model.valueDim, model.headsKV) }
      return (latent.keyRank + latent.ropeDim, latent.keyRank, 1)
    }
    /// Columns that the output projection reads.
    var attended: Int { model.headsQ * model.valueDim }

    init(_ shape: Shape) throws(KernelError) {
      guard let model = shape.layer else { throw KernelError("the shape has no layer") }
      self.model = model
      tokens = try positive(shape.m, "m")
      keys = try positive(shape.seqKV, "seqKV")
      isDecode = shape.seqQ != shape.seqKV
      let operators = model.operators(isDecode: isDecode)
      if let number = shape.layerPart {
        guard operators.indices.contains(number - 1) else {
          throw KernelError("a layer of \(operators.count) operators has no operator \(number)")
        }
        part = operators[number - 1]
      } else {
        part = nil
      }
      try check(shape)
    }

    private func check(_ shape: Shape) throws(KernelError) {
      for (name, size) in [
        ("hidden", model.hidden), ("headsQ", model.headsQ), ("headsKV", model.headsKV),
        ("headDim", model.headDim), ("valueDim", model.valueDim), ("intermediate", model.intermediate),
      ] {
        _ = try positive(size, name)
      }
      guard isDecode ? shape.batch == tokens && shape.seqQ == 1 : shape.batch == 1 && keys == tokens else {
        throw KernelError("a layer takes one prompt, or one token of each sequence")
      }
      guard (0...model.experts).contains(model.top), (model.top > 0) == (model.experts > 0) else {
        throw KernelError("a router cannot choose \(model.top) of \(model.experts) experts")
      }
      guard model.sharedExperts == 0 || (model.sharedExperts == 1 && model.experts > 0) else {
        throw KernelError("one expert at most is shared, beside others")
      }
      if let latent = model.latent {
        guard latent.ropeDim < model.headDim, latent.ropeDim.isMultiple(of: 2) else {
          throw KernelError("a head of \(model.headDim) cannot turn \(latent.ropeDim) of its elements")
        }
        guard model.headsKV == model.headsQ, !model.normsHeads else {
          throw KernelError("latent attention has a key head for each query head, and no norm of heads")
        }
      } else if !model.headDim.isMultiple(of: 2) {
        throw KernelError("head dim must be even, not \(model.headDim)")
      }
      try requireAddressable(
        [tokens + expertRows, max(projected, 2 * model.intermediate, attended, model.hidden)],
        [expertCount + 1, model.hidden, 2 * model.intermediate],
        [model.hidden + attended, projected])
      _ = try attentionSize()
    }

    /// The attention of the layer.
    func attentionSize() throws(KernelError) -> Attention {
      let (query, value, heads) = attention
      var shape = Shape.attention(
        batch: sequences, headsQ: model.headsQ, headsKV: heads, headDim: query, seqQ: newKeys, seqKV: keys,
        causal: true)
      shape.headDimV = value
      if heads == 1, isDecode, model.latent != nil { shape.latent = true }
      return try Attention(isDecode ? .attentionDecode : .attentionPrefill, shape)
    }

    /// Work of what counts. Of experts as many are read as tokens can reach, until a run has told how many.
    func work(expertsRead: Int? = nil) -> Work {
      let read = expertsRead ?? (min(model.experts, tokens * model.top) + model.sharedExperts)
      let all = (part.map { [$0] } ?? operators).map { work($0, read) }
      return Work(
        flop: all.reduce(.zero) { $0 + $1.flop }, bytes: all.reduce(.zero) { $0 + $1.bytes })
    }

    private func work(_ part: LayerOperator, _ experts: Int) -> Work {
      let (m, hidden) = (tokens, model.hidden)
      let (queries, keyHeads) = (model.headsQ * model.headDim, model.headsKV)
      switch part {
      case .rmsnorm: return elementwise(.rmsnorm, .rows(m, columns: hidden))
      case .residualRMSNorm: return elementwise(.residualRMSNorm, .rows(m, columns: hidden))
      case .residualAdd: return elementwise(.residualAdd, .rows(m, columns: hidden))
      case .projection, .latentProjection: return product(m, projected, hidden)
      case .outputProjection: return product(m, hidden, attended)
      case .gateUp: return product(m, 2 * model.intermediate, hidden)
      case .down: return product(m, hidden, model.intermediate)
      case .router: return product(m, model.experts, hidden)
      case .queryProjection: return product(m, queries, model.latent?.queryRank ?? 0)
      case .unfoldLatent:
        return product(m, keyHeads * (model.plainDim + model.valueDim), model.latent?.keyRank ?? 0)
      case .foldKeys: return product(m, model.latent?.keyRank ?? 0, model.plainDim, times: model.headsQ)
      case .unfoldValues: return product(m, model.valueDim, model.latent?.keyRank ?? 0, times: model.headsQ)
      case .expertGateUp: return product(expertRows, 2 * model.intermediate, hidden, weights: experts)
      case .expertDown: return product(expertRows, hidden, model.intermediate, weights: experts)
      case .siluMul:
        return elementwise(
          .siluMul, .rows(model.experts > 0 ? expertRows : m, columns: model.intermediate))
      case .headNorm:
        return elementwise(.rmsnorm, .rows(m * (model.headsQ + keyHeads), columns: model.headDim))
      case .latentNorm:
        return elementwise(
          .rmsnorm, .rows(m, columns: (model.latent?.queryRank ?? 0) + (model.latent?.keyRank ?? 0)))
      case .rope: return rope
      case .attention:
        guard let size = try? attentionSize() else { return Work(flop: .zero, bytes: .zero) }
        return Work(flop: FLOP(size.flop), bytes: Bytes(size.bytes))
      case .topK: return elementwise(.routerTopK, .rows(m, columns: model.experts, top: model.top))
      case .gather: return moved(Double(2 * expertRows * hidden + expertRows))
      case .combine:
        let elements = Double(expertRows) * Double(hidden)
        return Work(
          flop: FLOP(2 * elements), bytes: moved(elements + Double(m * hidden + 2 * expertRows)).bytes)
      }
    }

    /// Each element of queries, keys and values is read and written once; three FLOP for each that is turned.
    private var rope: Work {
      let turned = model.latent?.ropeDim ?? model.headDim
      let keyHeads = model.latent == nil ? model.headsKV : 1
      let (query, value, heads) = attention
      let stored = model.headsQ * query + heads * (model.latent != nil && isDecode ? query : query + value)
      let tables = newKeys * turned
      return Work(
        flop: FLOP(3 * Double(tokens) * Double((model.headsQ + keyHeads) * turned)),
        bytes: moved(2 * Double(tokens) * Double(stored) + Double(tables)).bytes)
    }

    private func elementwise(_ operation: Operation, _ shape: Shape) -> Work {
      (try? Elementwise(operation, shape).work) ?? Work(flop: .zero, bytes: .zero)
    }

    /// `times` products of (rows, k) by (k, n), or one that is cut into groups with weights of their own.
    private func product(_ rows: Int, _ n: Int, _ k: Int, times: Int = 1, weights: Int = 1) -> Work {
      let (m, n, k, times) = (Double(rows), Double(n), Double(k), Double(times))
      return Work(
        flop: FLOP(2 * m * n * k * times),
        bytes: moved(times * (m * k + Double(weights) * k * n + m * n)).bytes)
    }

    private func moved(_ floats: Double) -> Work {
      Work(flop: .zero, bytes: Bytes(Double(MemoryLayout<Float>.stride) * floats))
    }
  }
}
