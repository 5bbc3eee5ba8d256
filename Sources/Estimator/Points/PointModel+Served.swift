// Closed loops: a stated number of clients on one kind of replica, or on separate prefill and decode workers.

import Catalog
import Quantities

extension PointModel {
  /// Clients on replicas that prefill and decode.
  func closed(_ concurrency: Double) -> Known<PointPrediction> {
    var best: (step: StepModel, point: OperatingPoint, rate: Double)?
    for deployment in deployments() {
      let step = self.step(deployment)
      let isStated = point.deployment != nil
      guard isStated || holdsWeights(step) else { continue }
      let share = max(1, concurrency / replicas(deployment))
      let limit = max(step.sharding.data, step.batchLimit(context: workload.meanContext))
      let operating = step.operate(
        concurrency: share, batchLimit: limit, workload: workload)
      let rate = operating.requestsPerSecond * replicas(deployment)
      if rate > (best?.rate ?? 0) { best = (step, operating, rate) }
    }
    guard let best else {
      return .failure(gap("no deployment of \(model.name) fits \(point.accelerators ?? 0) x \(chip.name)"))
    }
    let deployment = best.step.deployment
    let used = Double(deployment.accelerators) * replicas(deployment)
    let value: Double =
      switch point.metric {
      case .tpot: best.point.tpot.value
      case .ttft: best.point.ttft.value
      case .endToEnd: best.point.ttft.value + best.point.tpot.value * (workload.outputTokens - 1)
      default: rate(best.rate, used)
      }
    let kind: ErrorClass =
      point.isSpeculative
      ? .speculative
      : point.metric == .tpot || point.metric == .endToEnd
        ? .servedTPOT : point.metric == .ttft ? .servedTTFT : .servedThroughput
    return .success(
      PointPrediction(
        value: value, errorClass: kind, deployment: deployment,
        remarks: point.deployment == nil ? ["deployment not stated: the fastest of those that fit"] : []))
  }

  /// Separate prefill and decode workers: the decode batch follows from Little's law.
  func disaggregated(
    _ prefill: WorkerText, _ decode: WorkerText, concurrency: Double
  ) -> Known<PointPrediction> {
    guard let front = prefill.deployment(point.model, engine: point.engine, precision: point.precision),
      let back = decodeWorker(decode, front: front)
    else { return .failure(gap("the ranks of its prefill and decode workers are not stated")) }
    func workers(_ text: WorkerText, _ one: Deployment) -> Double? {
      if let count = text.workers { return Double(count) }
      return text.accelerators.map { max(1, (Double($0) / Double(one.accelerators)).rounded()) }
    }
    guard let fronts = workers(prefill, front), let backs = workers(decode, back) else {
      return .failure(gap("the number of its prefill and decode workers is not stated"))
    }
    let frontStep = step(front)
    let backStep = step(back)
    let prompt = frontStep.prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
    let server = constants.server(point.engine)
    let limit = max(backStep.sharding.data, backStep.batchLimit(context: workload.meanContext))
    let answer = workload.outputTokens
    // A prefill worker serves a prompt per data rank in turn; its queue and the decode batch depend on each other.
    let service = frontStep.marginal(prompt).value
    let launch = server.prefillLaunch.value * frontStep.kernelCount
    var ttft = prompt.total.value
    var tpot = backStep.decode(batch: 1, context: workload.meanContext).total.value
    for _ in 0..<40 {
      let clients = concurrency / backs
      let inDecode = clients * answer * tpot / (answer * tpot + ttft)
      let batch = min(limit, max(min(1, clients), inDecode))
      let decode = backStep.decodeTime(batch: batch, context: workload.meanContext)
      let rate = concurrency / (ttft + answer * tpot)
      let load = min(0.98, rate * service / fronts)
      let queue = load / (1 - load) / 2 * service
      let waiting = decode.value * max(0, inDecode - batch) / max(batch, 1) * answer
      // All clients start together: a share of the requests sees the queue of that start.
      let burst = server.burst * max(0, concurrency - fronts) / 2 * service / fronts
      let next = server.admission.value + prompt.total.value + launch + queue + burst + waiting
      // Prompts cannot leave faster than the prefill workers make them.
      let floor = max(0, concurrency * service / fronts - answer * decode.value)
      ttft = 0.5 * ttft + 0.5 * max(next, floor)
      tpot = 0.5 * tpot + 0.5 * decode.value
    }
    let used = Double(front.accelerators) * fronts + Double(back.accelerators) * backs
    let total = point.accelerators.map(Double.init) ?? used
    let rate = concurrency / (ttft + tpot * (answer - 1))
    let value: Double =
      switch point.metric {
      case .tpot: tpot
      case .ttft: ttft
      case .endToEnd: ttft + tpot * (answer - 1)
      default:
        switch point.basis {
        case .perAccelerator: self.rate(rate, total)
        case .perDecodeAccelerator: self.rate(rate, Double(back.accelerators) * backs)
        case .perPrefillAccelerator: self.rate(rate, Double(front.accelerators) * fronts)
        default: self.rate(rate, used)
        }
      }
    let kind: ErrorClass =
      point.isSpeculative
      ? .speculative
      : point.metric == .tpot ? .splitTPOT : point.metric == .ttft ? .splitTTFT : .splitThroughput
    return .success(PointPrediction(value: value, errorClass: kind, deployment: back, remarks: []))
  }

  /// A decode part that names only its expert groups runs as workers of that many ranks.
  private func decodeWorker(_ text: WorkerText, front: Deployment) -> Deployment? {
    if text.tensor == nil, text.data == nil, let groups = text.expert, groups < 16 {
      var filled = text
      filled.tensor = groups
      return filled.deployment(point.model, engine: point.engine, precision: point.precision)
    }
    return text.deployment(point.model, engine: point.engine, precision: point.precision)
  }
}
