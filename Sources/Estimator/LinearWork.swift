// Work and weights of a model without a deployment: what 6ND, cost per token and sanity checks need.

/// Arithmetic of one token outside attention scores and head, in FLOP: two per weight that it visits.
public func linearWorkPerToken(of model: ModelShape) -> Double {
  2 * activeLinearWeights(of: model)
}

/// Weights that one token multiplies, head and embedding not counted.
public func activeLinearWeights(of model: ModelShape) -> Double {
  weights(of: model, expertsRead: model.topK)
}

/// Weights that a step of `tokens` tokens reads once: every dense one and the experts that routing touches.
public func linearWeightsRead(of model: ModelShape, tokens: Double) -> Double {
  let touched = expectedExpertsTouched(experts: model.experts, topK: model.topK, tokens: tokens)
  return weights(of: model, expertsRead: touched)
}

/// Weights of the attention of one layer.
public func attentionWeightsPerLayer(of model: ModelShape) -> Double {
  var bare = model
  bare.denseLayers = 0
  bare.moeLayers = 0
  return model.layers > 0 ? weights(of: bare, expertsRead: 0) / model.layers : 0
}

private func weights(of model: ModelShape, expertsRead: Double) -> Double {
  let whole = Deployment(precision: .bf16)
  let products = matrixProducts(
    of: model, sharding: Sharding(whole, model: model), types: PartTypes(.bf16, model: model))
  return products.reduce(0) { sum, product in
    switch product.rows {
    case .sampled: sum
    case .tokens: sum + product.count * product.n * product.k
    case .routed: sum + product.count * expertsRead * product.n * product.k
    }
  }
}
