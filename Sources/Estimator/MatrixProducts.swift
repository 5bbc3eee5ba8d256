// The matrix products of one forward pass of one rank: how many, how wide, in which element type.
// A slot is a product (rows, k) x (k, n) that runs `count` times; rows come with the batch.

/// One kind of matrix product of a forward pass, per rank.
struct MatrixProduct: Sendable, Hashable {
  /// Which rows go through it.
  enum Rows: Sendable, Hashable {
    /// Every token of this attention rank.
    case tokens
    /// The token-expert pairs that this expert group receives.
    case routed
    /// Tokens whose logits are needed.
    case sampled
  }

  /// Runs in one pass (usually layers).
  let count: Double
  /// Rows that go through it.
  let rows: Rows
  /// Output columns per rank.
  let n: Double
  /// Inner dimension per rank.
  let k: Double
  /// Element type of the weights.
  let type: ElementType
}

/// Element types of the three parts of a model under a precision.
struct PartTypes: Sendable, Hashable {
  let attention: ElementType
  let ffn: ElementType
  let experts: ElementType

  // An FP4 checkpoint of a MoE model keeps its attention in bf16; of a dense model it does not.
  init(_ precision: Precision, model: ModelShape) {
    switch precision {
    case .bf16: (attention, ffn, experts) = (.bf16, .bf16, .bf16)
    case .fp8, .fp8Block: (attention, ffn, experts) = (.fp8, .fp8, .fp8)
    case .fp4:
      let keepsAttention = model.isMoE || model.attention == .latent
      (attention, ffn, experts) = (keepsAttention ? .bf16 : .fp4, .fp4, .fp4)
    }
  }
}

/// How a rank's share of the model is cut.
struct Sharding: Sendable, Hashable {
  /// Attention tensor-parallel degree.
  let tensor: Double
  /// Expert groups.
  let expert: Double
  /// Tensor-parallel degree inside an expert.
  let expertTensor: Double
  /// Attention-data-parallel degree.
  let data: Double
  /// Pipeline stages.
  let pipeline: Double

  // The expert grid spans the ranks of a stage; a model without experts has none.
  init(_ deployment: Deployment, model: ModelShape) {
    tensor = Double(deployment.tensorParallel)
    data = Double(deployment.dataParallel)
    pipeline = Double(deployment.pipelineParallel)
    expert = model.isMoE ? Double(deployment.expertParallel) : 1
    expertTensor =
      model.isMoE ? max(1, (tensor * data / Double(deployment.expertParallel)).rounded(.down)) : tensor
  }

  /// Ranks of one stage.
  var ranks: Double { tensor * data }
}

/// Every product of a pass over the model, head included.
///
/// - Complexity: O(1), at most 14 entries.
func matrixProducts(of model: ModelShape, sharding: Sharding, types: PartTypes) -> [MatrixProduct] {
  var products: [MatrixProduct] = []
  func add(_ count: Double, _ rows: MatrixProduct.Rows = .tokens, n: Double, k: Double, _ type: ElementType) {
    if count > 0 { products.append(MatrixProduct(count: count, rows: rows, n: n, k: k, type: type)) }
  }
  let tp = sharding.tensor
  let d = model.hidden
  switch model.attention {
  case .latent:
    let queryHeads = model.queryHeads / tp
    let perHead = model.nopeDim + model.ropeDim
    // The down-projection makes the latent, which every rank keeps whole: it is not sharded.
    add(model.layers, n: model.queryRank + model.kvRank + model.ropeDim, k: d, types.attention)
    add(model.layers, n: queryHeads * perHead, k: model.queryRank > 0 ? model.queryRank : d, types.attention)
    add(model.layers, n: queryHeads * (model.nopeDim + model.valueHeadDim), k: model.kvRank, .bf16)
    add(model.layers, n: d, k: queryHeads * model.valueHeadDim, types.attention)
  case .grouped:
    let attending = model.layers - model.linearLayers
    let queryWidth = model.queryHeads * model.headDim
    // Models with linear layers gate the attention output; fewer KV heads than ranks are replicated.
    let gate = model.linearLayers > 0 ? queryWidth : 0
    let kvWidth = 2 * max(1, model.kvHeads / tp) * model.headDim
    add(attending, n: (queryWidth + gate) / tp + kvWidth, k: d, types.attention)
    add(attending, n: d, k: queryWidth / tp, types.attention)
    let keyWidth = model.linearKeyHeads * model.linearHeadDim
    let valueWidth = model.linearValueHeads * model.linearHeadDim
    let perHeadGates = 2 * model.linearValueHeads
    add(model.linearLayers, n: (2 * keyWidth + 2 * valueWidth + perHeadGates) / tp, k: d, types.attention)
    add(model.linearLayers, n: d, k: valueWidth / tp, types.attention)
  }
  add(model.denseLayers, n: 2 * model.ffn / tp, k: d, types.ffn)
  add(model.denseLayers, n: d, k: model.ffn / tp, types.ffn)
  if model.sharedExperts > 0 {
    let width = model.sharedFFN * model.sharedExperts
    add(model.moeLayers, n: 2 * width / tp, k: d, types.ffn)
    add(model.moeLayers, n: d, k: width / tp, types.ffn)
  }
  add(model.moeLayers, n: model.experts, k: d, .bf16)
  add(model.moeLayers, .routed, n: 2 * model.expertFFN / sharding.expertTensor, k: d, types.experts)
  add(model.moeLayers, .routed, n: d, k: model.expertFFN / sharding.expertTensor, types.experts)
  add(1, .sampled, n: model.vocabulary / tp, k: d, .bf16)
  return products
}

/// Experts of a layer that at least one of `tokens` tokens visits when routing is uniform.
///
/// E·(1 − (1 − k/E)^T): the expected number of distinct experts.
public func expectedExpertsTouched(experts: Double, topK: Double, tokens: Double) -> Double {
  guard experts > 0 else { return 0 }
  return experts * (1 - power(1 - topK / experts, tokens))
}
