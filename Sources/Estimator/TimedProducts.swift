// The products of a pass with everything but their rows folded into coefficients, once for a deployment: a
// search times millions of passes, and each product then costs a few multiplications.
//
//   arithmetic = a·(rows + h)              h: rows at half rate, or padding rows of the touched experts
//   memory     = w·copies + r·rows         w: weights, r: inputs and outputs
//   product    = max(arithmetic, memory)

import Quantities

/// Matrix products of one rank as coefficients in seconds.
struct TimedProducts: Sendable {
  /// Seconds of one kind of product.
  struct Coefficients: Sendable {
    /// Arithmetic of a row.
    let row: Double
    /// Rows of arithmetic that filling the chip costs; for experts, those of one touched expert.
    let filling: Double
    /// Reading one copy of the weights.
    let weights: Double
    /// Inputs and outputs of a row.
    let activations: Double

    init(
      _ product: MatrixProduct, chip: ChipRates, constants: EngineConstants, sharding: Sharding,
      expertFFN: Double
    ) {
      let isRouted = product.rows == .routed
      // Efficiency of the experts' products relative to plain ones: narrow experts fill fewer tiles.
      let width = expertFFN / sharding.expertTensor
      let grouped = constants.groupedGEMMShare * (width > 0 ? width / (width + constants.expertHalfWidth) : 1)
      let share =
        constants.gemmShareFactor[product.type] * chip.gemmShare[product.type]
        * (isRouted ? grouped : 1)
      let bandwidth =
        chip.memoryBandwidth.value
        * (isRouted ? constants.expertBandwidthShare : constants.weightBandwidthShare)
      // The head sits on the last stage alone, and the slowest stage sets the pace of all.
      let count = product.rows == .sampled ? sharding.pipeline * product.count : product.count
      row = count * 2 * product.n * product.k / (chip.peak(product.type).value * share)
      // Small products do not fill the chip; a touched expert is padded to a tile of rows.
      filling = isRouted ? constants.expertPadding : constants.halfRateRows(product.type)
      weights = count * product.n * product.k * product.type.bytes / bandwidth
      activations = count * product.activationBytesPerRow / bandwidth
    }
  }

  private let tokens: [Coefficients]
  private let routed: [Coefficients]
  private let sampled: [Coefficients]
  private let experts: Double
  /// ln(1 - k/E): routing misses an expert with this probability per token.
  private let missLogarithm: Double
  private let rowsPerToken: Double
  private let expertGroups: Double

  init(
    _ products: [MatrixProduct], chip: ChipRates, constants: EngineConstants, model: ModelShape,
    sharding: Sharding
  ) {
    func timed(_ rows: MatrixProduct.Rows) -> [Coefficients] {
      products.filter { $0.rows == rows }.map {
        Coefficients(
          $0, chip: chip, constants: constants, sharding: sharding, expertFFN: model.expertFFN)
      }
    }
    tokens = timed(.tokens)
    routed = timed(.routed)
    sampled = timed(.sampled)
    experts = model.isMoE ? model.experts : 0
    missLogarithm = experts > 0 ? logarithm(1 - model.topK / experts) : 0
    rowsPerToken = model.topK / sharding.expert
    expertGroups = sharding.expert
  }

  /// Seconds of all products and of their arithmetic alone.
  ///
  /// - Complexity: O(products), at most 24, and one exponential for a mixture.
  func time(
    rankTokens: Double, groupTokens: Double, sampled rows: Double
  ) -> (total: Double, arithmetic: Double) {
    var sum = (total: 0.0, arithmetic: 0.0)
    if rankTokens > 0 { TimedProducts.add(tokens, rows: rankTokens, copies: 1, to: &sum) }
    if groupTokens > 0, experts > 0 {
      let touched = experts * (1 - exponential(groupTokens * missLogarithm)) / expertGroups
      TimedProducts.add(
        routed, rows: groupTokens * rowsPerToken, copies: touched, to: &sum)
    }
    if rows > 0 { TimedProducts.add(sampled, rows: rows, copies: 1, to: &sum) }
    return sum
  }

  @inline(__always)
  private static func add(
    _ products: [Coefficients], rows: Double, copies: Double,
    to sum: inout (total: Double, arithmetic: Double)
  ) {
    for product in products {
      let arithmetic = product.row * (rows + copies * product.filling)
      let memory = product.weights * copies + product.activations * rows
      sum.total += arithmetic > memory ? arithmetic : memory
      sum.arithmetic += arithmetic
    }
  }
}
