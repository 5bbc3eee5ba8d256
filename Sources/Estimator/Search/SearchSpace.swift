// Which deployments a search walks: every way of spreading a model over the accelerators of one scale-up
// network, in every number format that checkpoint and chip allow, under every engine that runs on the chip.

public import Catalog
import Quantities

/// The deployments of one model on one chip, each once and in a fixed order.
struct SearchSpace {
  let model: ModelShape
  /// Most accelerators of one replica.
  let replicaLimit: Int
  let engines: [Engine]
  let precisions: [Precision]
  /// Most ranks that share a sequence: 1 for prompts that one rank serves as well.
  var contextLimit = 1

  /// Every deployment, small replicas first.
  ///
  /// Degrees are powers of two. Attention is cut over TP ranks that divide the query heads; a mixture's experts
  /// over every grid (groups x slices) of the TP ranks. With attention-DP the experts are spread over all TP x DP
  /// ranks: a dense model would only be several replicas, and engines know no other grid. Pipelines have 1, 2, 4
  /// or 8 stages. Ranks that share a sequence are tried where prompts are long, beside TP alone.
  /// - Complexity: O(log² ranks · log stages · engines · formats).
  var deployments: [Deployment] {
    var list: [Deployment] = []
    for tensor in powersOfTwo(to: replicaLimit) where divides(tensor, model.queryHeads) {
      for data in powersOfTwo(to: model.isMoE ? replicaLimit / tensor : 1) {
        for stages in powersOfTwo(to: min(8, replicaLimit / (tensor * data)))
        where Double(stages) <= model.layers {
          for context in powersOfTwo(to: min(contextLimit, replicaLimit / (tensor * data * stages)))
          where context == 1 || data == 1 && stages == 1 {
            for expert in expertGroups(tensor: tensor * context, data: data) {
              list += each(tensor, expert, data, stages, context)
            }
          }
        }
      }
    }
    return list.sorted { order($0).lexicographicallyPrecedes(order($1)) }
  }

  /// Formats and engines in the order in which ties between them are settled.
  private func order(_ deployment: Deployment) -> [Int] {
    deployment.degrees + [
      precisions.firstIndex(of: deployment.precision) ?? 0, engines.firstIndex(of: deployment.engine) ?? 0,
    ]
  }

  private func expertGroups(tensor: Int, data: Int) -> [Int] {
    guard model.isMoE else { return [1] }
    let groups = data > 1 ? [tensor * data] : powersOfTwo(to: tensor)
    return groups.filter { Double($0) <= model.experts }
  }

  private func each(_ tensor: Int, _ expert: Int, _ data: Int, _ stages: Int, _ context: Int)
    -> [Deployment]
  {
    precisions.flatMap { precision in
      engines.map {
        Deployment(
          tensorParallel: tensor, expertParallel: expert, dataParallel: data, pipelineParallel: stages,
          contextParallel: context, engine: $0, precision: precision)
      }
    }
  }
}

extension Deployment {
  /// Degrees in the order in which a search walks them.
  fileprivate var degrees: [Int] {
    [accelerators, tensorParallel, expertParallel, dataParallel, pipelineParallel, contextParallel]
  }
}

extension Precision {
  /// The formats that one may serve a model in on a chip: the published one, and narrower ones in which the chip
  /// computes. Weights are never widened, and a narrower copy changes the answers, if little.
  public static func searched(for model: ModelArchitecture, on chip: ChipRates) -> [Precision] {
    let native = model.nativeWeights
    let usual = Precision.usual(for: model, on: chip)
    let narrowest: [Precision] = chip.fp4Peak != nil ? [.fp4] : []
    if native.contains("4") { return [usual] }
    let fp8 = Precision.fp8.resolved(for: model)
    if native.hasPrefix("fp8") { return [fp8] + narrowest }
    return [.bf16] + (chip.fp8Peak != nil ? [fp8] : []) + narrowest
  }
}

/// Which batches of a deployment a search tries.
public enum SearchedBatches: Sendable, Hashable {
  /// Powers of two, the halves between them, and the largest that fits: 1, 2, 3, 4, 6, 8, 12, ...
  case steps
  /// Every whole number.
  case every

  /// The batches from 1 to `limit`; none where the limit is below 1.
  func upTo(_ limit: Int) -> [Int] {
    guard limit >= 1 else { return [] }
    if self == .every { return Array(1...limit) }
    let steps = powersOfTwo(to: limit).flatMap { $0 > 1 ? [$0, $0 / 2 * 3] : [$0] }.filter { $0 <= limit }
    return steps.last == limit ? steps : steps + [limit]
  }
}

/// 1, 2, 4 ... up to `limit`.
func powersOfTwo(to limit: Int) -> [Int] {
  guard limit >= 1 else { return [] }
  return (0..<Int.bitWidth - limit.leadingZeroBitCount).map { 1 << $0 }
}

private func divides(_ part: Int, _ whole: Double) -> Bool {
  whole.truncatingRemainder(dividingBy: Double(part)) == 0
}
