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

  /// Bytes of inputs and outputs of a row; quantised inputs are written once more in their type.
  var activationBytesPerRow: Double { 2 * n + k * (2 + type.activationBytes) }
}

/// Element types of the three parts of a model under a precision.
struct PartTypes: Sendable, Hashable {
  let attention: ElementType
  let ffn: ElementType
  let experts: ElementType

  /// The types on a chip; without one, formats that only some chips compute in are widened to bf16.
  ///
  /// A 4-bit checkpoint of a model with experts keeps its attention wider, a dense one does not.
  init(_ precision: Precision, model: ModelShape, chip: ChipRates? = nil) {
    let keepsAttention = model.isMoE || model.attention == .latent
    func fourBit(_ type: ElementType) -> (ElementType, ElementType, ElementType) {
      keepsAttention ? (model.typeBesideFourBit, model.typeBesideFourBit, type) : (type, type, type)
    }
    switch precision {
    case .bf16: (attention, ffn, experts) = (.bf16, .bf16, .bf16)
    case .fp8, .fp8Block: (attention, ffn, experts) = (.fp8, .fp8, .fp8)
    case .fp4:
      // Converted to NVFP4 the products beside the experts become 4-bit too, unless they are published in FP8.
      let ffn = model.typeBesideFourBit == .bf16 ? ElementType.fp4 : model.typeBesideFourBit
      (attention, self.ffn, experts) = (keepsAttention ? model.typeBesideFourBit : .fp4, ffn, .fp4)
    case .mxfp4: (attention, ffn, experts) = fourBit(chip?.fp4Peak != nil ? .mxfp4TimesFP8 : .mxfp4)
    case .int4: (attention, ffn, experts) = fourBit(model.integerType)
    case .int8: (attention, ffn, experts) = (.int8, .int8, .int8)
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
  /// Ranks that share a sequence.
  let context: Double

  // The expert grid spans the ranks of a stage; a model without experts has none.
  init(_ deployment: Deployment, model: ModelShape) {
    tensor = Double(deployment.tensorParallel)
    data = Double(deployment.dataParallel)
    pipeline = Double(deployment.pipelineParallel)
    context = Double(deployment.contextParallel)
    expert = model.isMoE ? Double(deployment.expertParallel) : 1
    expertTensor =
      model.isMoE
      ? max(1, (tensor * data * context / Double(deployment.expertParallel)).rounded(.down)) : tensor
  }

  /// Ranks of one stage.
  var ranks: Double { tensor * data * context }
}

/// Every product of a pass over the model, head included.
///
/// - Complexity: O(1), at most 24 entries.
func matrixProducts(of model: ModelShape, sharding: Sharding, types: PartTypes) -> [MatrixProduct] {
  var list = ProductList()
  list.addAttention(model, ranks: sharding.tensor, type: types.attention)
  list.addIndex(model, ranks: sharding.tensor, type: types.attention)
  list.addRecurrence(model, ranks: sharding.tensor, type: types.attention)
  list.addFeedForward(model, sharding: sharding, types: types)
  list.add(1, .sampled, n: model.vocabulary / sharding.tensor, k: model.hidden, .bf16)
  return list.products
}

/// The products of one module that predicts a further token: two vectors of D joined to one, a layer of the
/// model's last kind, and the head. Empty for a model without such a module.
///
/// - Complexity: O(1).
func draftProducts(of model: ModelShape, sharding: Sharding, types: PartTypes) -> [MatrixProduct] {
  guard let layer = model.draftLayer else { return [] }
  let joined = MatrixProduct(
    count: 1, rows: .tokens, n: model.hidden, k: 2 * model.hidden, type: types.attention)
  return [joined] + matrixProducts(of: layer, sharding: sharding, types: types)
}

extension ModelShape {
  /// One layer as draft modules have it: attention over the whole context and the last kind of feed-forward
  /// part; nil for a model without such modules.
  public var draftLayer: ModelShape? {
    guard draftLayers > 0, layers > 0 else { return nil }
    var layer = self
    layer.layers = 1
    layer.attentionLayers = 1
    layer.denseLayers = isMoE ? 0 : 1
    layer.moeLayers = isMoE ? 1 : 0
    layer.linearLayers = 0
    layer.stateBytes = 0
    layer.coarseLayers = 0
    // Compressed attention drafts over its window alone, as its published ratios say.
    layer.windowLayers = attention == .compressed ? 1 : 0
    layer.sparseLayers = attention == .compressed ? 0 : min(1, sparseLayers)
    layer.indexLayers = min(layer.sparseLayers, indexLayers)
    layer.kvElementsPerToken = attention == .compressed ? 0 : elementsPerLayer
    layer.windowedKVElementsPerToken = attention == .compressed ? elementsPerLayer : 0
    layer.draftLayers = 0
    return layer
  }
}

/// Products in the order in which a pass runs them.
private struct ProductList {
  private(set) var products: [MatrixProduct] = []

  mutating func add(
    _ count: Double, _ rows: MatrixProduct.Rows = .tokens, n: Double, k: Double, _ type: ElementType
  ) {
    if count > 0, n > 0 { products.append(MatrixProduct(count: count, rows: rows, n: n, k: k, type: type)) }
  }

  mutating func addAttention(_ model: ModelShape, ranks: Double, type: ElementType) {
    let d = model.hidden
    let heads = model.queryHeads / ranks
    let layers = model.attentionLayers
    let gate = model.gatesAttention ? model.queryHeads * model.valueHeadDim : 0
    switch model.attention {
    case .latent:
      let perHead = model.nopeDim + model.ropeDim
      // The down-projection makes the latent, which every rank keeps whole: it is not sharded.
      add(layers, n: model.queryRank + model.kvRank + model.ropeDim, k: d, type)
      add(layers, n: heads * perHead, k: model.queryRank > 0 ? model.queryRank : d, type)
      add(layers, n: heads * (model.nopeDim + model.valueHeadDim), k: model.kvRank, .bf16)
      add(layers, n: gate / ranks, k: d, type)
      add(layers, n: d, k: heads * model.valueHeadDim, type)
    case .compressed:
      // The one key-value head and its compressors are whole on every rank. A compressor makes a value and a
      // weight for each token; at the fine ratio neighbouring groups overlap and both are twice as wide.
      add(layers, n: model.queryRank + model.headDim, k: d, type)
      add(model.sparseLayers, n: 4 * model.headDim, k: d, type)
      add(model.coarseLayers, n: 2 * model.headDim, k: d, type)
      add(layers, n: heads * model.headDim, k: model.queryRank, type)
      // Each group of heads is projected to its own rank, then all of them to D.
      let groups = max(1, model.outputGroups / ranks)
      add(layers, n: groups * model.outputRank, k: heads * model.headDim / groups, .bf16)
      add(layers, n: d, k: groups * model.outputRank, type)
    case .grouped:
      let differs =
        model.windowKVHeads != model.kvHeads || model.windowHeadDim != model.headDim || model.valuesAreKeys
      let windowed = differs ? model.windowLayers : 0
      // Fewer KV heads than ranks are replicated.
      func layer(_ count: Double, kvHeads: Double, size: Double, value: Double, stored: Double) {
        let kv = max(1, kvHeads / ranks) * (size + stored)
        let gate = model.gatesAttention ? model.queryHeads * value : 0
        add(count, n: (model.queryHeads * size + gate) / ranks + kv, k: d, type)
        add(count, n: d, k: model.queryHeads * value / ranks, type)
      }
      layer(
        layers - windowed, kvHeads: model.kvHeads, size: model.headDim, value: model.valueHeadDim,
        stored: model.valuesAreKeys ? 0 : model.valueHeadDim)
      layer(
        windowed, kvHeads: model.windowKVHeads, size: model.windowHeadDim, value: model.windowValueHeadDim,
        stored: model.windowValueHeadDim)
    }
  }

  /// The index of sparse attention: one key a token, queries from the compressed query where there is one, and
  /// a weight a head. Engines keep it whole on every rank, except where its heads follow the KV heads.
  mutating func addIndex(_ model: ModelShape, ranks: Double, type: ElementType) {
    let isGrouped = model.attention == .grouped
    let heads = isGrouped ? max(1, model.indexHeads / ranks) : model.indexHeads
    let keys = model.indexDim * (model.attention == .compressed ? 4 : 1)
    let source = model.queryRank > 0 ? model.queryRank : model.hidden
    add(model.indexLayers, n: keys + (isGrouped ? 0 : heads), k: model.hidden, type)
    add(model.indexLayers, n: heads * model.indexDim, k: source, type)
  }

  /// Layers with a state: queries, keys, values and gate from one product, then the output.
  mutating func addRecurrence(_ model: ModelShape, ranks: Double, type: ElementType) {
    let keys = model.linearKeyHeads * model.linearKeyDim
    let values = model.linearValueHeads * model.linearValueDim
    var steps = model.linearValueHeads
    if model.recurrence == .gatedDelta { steps *= 2 }
    // The decay of each channel goes through a rank of one head, which every rank computes.
    let rank = model.recurrence == .channelDelta ? model.linearKeyDim : 0
    add(model.linearLayers, n: (2 * keys + 2 * values + steps) / ranks + rank, k: model.hidden, type)
    add(model.linearLayers, n: rank > 0 ? keys / ranks : 0, k: rank, type)
    add(model.linearLayers, n: model.hidden, k: values / ranks, type)
  }

  mutating func addFeedForward(_ model: ModelShape, sharding: Sharding, types: PartTypes) {
    let d = model.hidden
    let tp = sharding.tensor
    let inner = model.ffnMatrices - 1
    add(model.denseLayers, n: inner * model.ffn / tp, k: d, types.ffn)
    add(model.denseLayers, n: d, k: model.ffn / tp, types.ffn)
    if model.sharedExperts > 0 {
      let width = model.sharedFFN * model.sharedExperts
      add(model.moeLayers, n: inner * width / tp, k: d, types.ffn)
      add(model.moeLayers, n: d, k: width / tp, types.ffn)
    }
    add(model.moeLayers, n: model.experts, k: d, .bf16)
    let width = model.expertHidden > 0 ? model.expertHidden : d
    if model.expertHidden > 0 {
      // Into and out of the width of the experts; both are whole on every rank.
      add(model.moeLayers, n: width, k: d, types.ffn)
      add(model.moeLayers, n: d, k: width, types.ffn)
    }
    let expert = model.expertFFN / sharding.expertTensor
    add(model.moeLayers, .routed, n: inner * expert, k: width, types.experts)
    add(model.moeLayers, .routed, n: width, k: expert, types.experts)
  }
}

/// Experts of a layer that at least one of `tokens` tokens visits when routing is uniform.
///
/// E·(1 − (1 − k/E)^T): the expected number of distinct experts.
public func expectedExpertsTouched(experts: Double, topK: Double, tokens: Double) -> Double {
  guard experts > 0 else { return 0 }
  return experts * (1 - power(1 - topK / experts, tokens))
}
