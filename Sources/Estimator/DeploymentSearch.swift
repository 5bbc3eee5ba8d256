// Which deployment serves a workload best: for each way of spreading the model, the largest batch inside the
// limits by bisection (time per token and time to first token both grow with the batch), then the best rate.

import Quantities

/// Search over the deployments of one model on one chip.
struct DeploymentSearch {
  /// One deployment at its best batch.
  struct Point {
    let model: StepModel
    let operating: OperatingPoint
    let batchLimit: Double
    let binding: Binding
    /// What measured rows shifted in `operating`.
    var anchors = AnchorShift.none
  }

  let model: ModelShape
  let chip: ChipRates
  let constants: EngineConstants
  let workload: Workload
  /// Most accelerators of one replica.
  let replicaLimit: Int
  /// Engines to choose from; of two that serve the same, the first is taken.
  var engines: [Engine] = [.vllm]
  /// Curves to time operators with; nil = the fitted constants.
  var curves: EfficiencyCurves?
  /// What measured rows of the model on the chip say, by engine; limits are kept by the shifted times.
  var anchors: [Engine: AnchorShift] = [:]
  /// Drafts that each step verifies; nil = none.
  var speculation: Speculation?

  /// The deployment with most output tokens/s per accelerator; ties go to fewer accelerators.
  func best(_ precision: Precision) -> Known<Point> {
    var found: Point?
    var closest: Gap?
    var shortfall = Double.infinity
    for deployment in candidates(precision) {
      let step = StepModel(
        model: model, chip: chip, deployment: deployment, constants: constants,
        speculation: speculation)
      if let lack = missingMemory(step) {
        if lack.value < shortfall {
          shortfall = lack.value
          closest = doesNotFit(step, lack)
        }
        continue
      }
      guard case .success(let point) = point(step) else { continue }
      if rate(point) > (found.map(rate) ?? 0) { found = point }
    }
    if let found { return .success(found) }
    if shortfall.isFinite, let closest, fitsNowhere(precision) {
      return .failure(lacksLink ? linkUnknown(oneAlone: "lacks \(closest.missing)") : closest)
    }
    return .failure(lacksLink ? linkUnknown(oneAlone: "breaks a limit on TTFT or TPOT") : limitsUnreachable())
  }

  /// The best batch of one deployment.
  func point(of deployment: Deployment) -> Known<Point> {
    if deployment.accelerators > 1, lacksLink { return .failure(linkUnknown()) }
    if deployment.accelerators > replicaLimit {
      return .failure(
        Gap(
          "\(model.name) on \(deployment.accelerators) x \(chip.name)",
          missing: "one replica may span \(replicaLimit) accelerators of its scale-up network",
          remedy: "use at most \(replicaLimit) ranks"))
    }
    let step = StepModel(
      model: model, chip: chip, deployment: deployment, constants: constants,
      speculation: speculation)
    if let lack = missingMemory(step) { return .failure(doesNotFit(step, lack)) }
    return point(step)
  }

  /// Powers of two inside the replica limit: TP alone, TP with experts spread, attention-DP with experts
  /// spread; pipelines of 2, 4 and 8 stages of each.
  func candidates(_ precision: Precision) -> [Deployment] {
    var list: [Deployment] = []
    func add(_ tp: Int, _ ep: Int, _ dp: Int, _ pp: Int) {
      for engine in engines {
        list.append(
          Deployment(
            tensorParallel: tp, expertParallel: ep, dataParallel: dp, pipelineParallel: pp, engine: engine,
            precision: precision))
      }
    }
    let most = min(replicaLimit, 64)
    var stage = 1
    while stage <= most {
      var stages = 1
      while stages <= 8, stage * stages <= most {
        if Double(stage) <= model.queryHeads { add(stage, 1, 1, stages) }
        if model.isMoE, stage > 1, Double(stage) <= model.experts {
          if Double(stage) <= model.queryHeads { add(stage, stage, 1, stages) }
          add(1, stage, stage, stages)
        }
        stages *= 2
      }
      stage *= 2
    }
    return list
  }

  private func rate(_ point: Point) -> Double {
    point.operating.outputTokensPerSecond.value / Double(point.model.deployment.accelerators)
  }

  private func point(_ step: StepModel) -> Known<Point> {
    let limit = step.batchLimit(context: workload.meanContext)
    let prefill = step.prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
    let anchors = self.anchors[step.deployment.engine] ?? .none
    func operate(_ concurrency: Double) -> OperatingPoint {
      if let curves {
        return RooflineModel(step: step, curves: curves)
          .operate(concurrency: concurrency, batchLimit: limit, workload: workload)
      }
      return step.operate(
        concurrency: concurrency, batchLimit: limit, workload: workload, prefill: prefill
      ).anchored(anchors, outputTokens: workload.outputTokens)
    }
    func result(_ operating: OperatingPoint, _ binding: Binding) -> Known<Point> {
      .success(
        Point(model: step, operating: operating, batchLimit: limit, binding: binding, anchors: anchors))
    }
    if let asked = workload.concurrency {
      let point = operate(Double(max(1, asked)))
      if let broken = brokenLimit(point) { return .failure(unreachable(step, broken, at: asked)) }
      return result(point, Double(asked) > limit ? .memory : .concurrency)
    }
    let engineLimit = 2048 * step.deployment.dataParallel * step.deployment.pipelineParallel
    let most = max(1, Int(min(Double(engineLimit), limit)))
    let whole = operate(Double(most))
    guard brokenLimit(whole) != nil else {
      return result(whole, most == engineLimit ? .engine : .memory)
    }
    var good = operate(1)
    if let broken = brokenLimit(good) { return .failure(unreachable(step, broken, at: 1)) }
    var low = 1
    var high = most
    var binding = Binding.tpot
    while high - low > 1 {
      let middle = low + (high - low) / 2
      let point = operate(Double(middle))
      if let broken = brokenLimit(point) {
        high = middle
        binding = broken
      } else {
        low = middle
        good = point
      }
    }
    if let broken = brokenLimit(operate(Double(high))) { binding = broken }
    return result(good, binding)
  }

  private func brokenLimit(_ point: OperatingPoint) -> Binding? {
    if let limit = workload.tpotLimit, point.tpot > limit { return .tpot }
    if let limit = workload.ttftLimit, point.ttft > limit { return .ttft }
    return nil
  }
}

/// A number with one decimal.
func tenths(_ value: Double) -> String {
  let scaled = (value * 10).rounded()
  guard scaled.isFinite, abs(scaled) < 1e15 else { return "\(value)" }
  let whole = Int64(scaled)
  return "\(whole / 10).\(abs(whole % 10))"
}
