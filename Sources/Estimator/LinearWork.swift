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

/// Weights of one module that predicts a further token, all its experts included, head and embedding not
/// (modules share those of the model); 0 for a model without one.
public func draftWeights(of model: ModelShape) -> Double {
  let sharding = Sharding(Deployment(precision: .bf16), model: model)
  let types = PartTypes(.bf16, model: model)
  return sum(draftProducts(of: model, sharding: sharding, types: types), expertsRead: model.experts)
}

private func weights(of model: ModelShape, expertsRead: Double) -> Double {
  let sharding = Sharding(Deployment(precision: .bf16), model: model)
  let types = PartTypes(.bf16, model: model)
  return sum(matrixProducts(of: model, sharding: sharding, types: types), expertsRead: expertsRead)
}

private func sum(_ products: [MatrixProduct], expertsRead: Double) -> Double {
  products.reduce(0) { sum, product in
    switch product.rows {
    case .sampled: sum
    case .tokens: sum + product.count * product.n * product.k
    case .routed: sum + product.count * expertsRead * product.n * product.k
    }
  }
}
