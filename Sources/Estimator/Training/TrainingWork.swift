// Arithmetic of training: six FLOP per active weight and token, and causal attention on top.

/// Model FLOP of one token of a training run.
public struct TrainingWork: Sendable, Hashable {
  /// 6·N: two for the forward and four for the backward pass of each active parameter.
  public let linear: Double
  /// Scores and sums of causal attention, forward and backward.
  public let attention: Double
  /// Both.
  public var total: Double { linear + attention }

  /// Work of a token in sequences of `sequence` tokens.
  ///
  /// Attention of grouped heads is 12·L·Hq·dh·S, halved because it is causal; latent attention is trained
  /// uncompressed, so keys count `headDim` and values `valueHeadDim` elements. Layers with a window, an index or
  /// coarse keys see no more than those, layers with a state none; index scores are left out.
  /// - Parameter activeParameters: parameters that a token visits.
  public init(activeParameters: Double, model: ModelShape, sequence: Double) {
    linear = 6 * activeParameters
    let pairs = causalPairs(tokens: sequence, prefix: 0, window: nil)
    let near =
      model.windowIsChunk
      ? chunkedPairs(tokens: sequence, prefix: 0, chunk: model.window)
      : causalPairs(tokens: sequence, prefix: 0, window: model.window)
    let reach = model.sparseTopK * model.sparseRatio
    let selected =
      model.sparseLayers > 0
      ? causalPairs(tokens: sequence, prefix: 0, window: reach) / model.sparseRatio : 0
    let full: Double
    switch model.attention {
    case .latent: full = pairs * (model.attentionLayers - model.sparseLayers) + selected * model.sparseLayers
    case .grouped:
      full = pairs * (model.fullContextLayers - model.sparseLayers) + selected * model.sparseLayers
    case .compressed: full = selected * model.sparseLayers + pairs / model.coarseRatio * model.coarseLayers
    }
    let forward =
      2 * model.queryHeads
      * ((model.headDim + model.valueHeadDim) * full
        + (model.windowHeadDim + model.windowValueHeadDim) * near * model.windowLayers)
    // Backward costs twice the forward pass.
    attention = sequence > 0 ? 3 * forward / sequence : 0
  }
}
