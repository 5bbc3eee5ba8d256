// One option serving nothing but one model: requests, tokens, users, and what a million tokens cost. Intervals
// come from the throughput's; both phases are taken at their low ends, or both at their high ends, together.

import Quantities
import Tables

/// Builds capacities for one set of numbers.
struct CapacityBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  private let service: ServiceLevel
  private let derating: Double
  private let peakOverMean: Double
  private let perUserDay: Double
  private let acceleratorShare: Double

  init(_ numbers: PlanNumbers, _ evidence: PlanEvidence) throws(InputError) {
    self.numbers = numbers
    self.evidence = evidence
    service = try numbers.service
    derating = try numbers.derating
    peakOverMean = try numbers.peakOverMean
    perUserDay = try numbers.number("requests_per_user_day")
    acceleratorShare = try numbers.acceleratorShare
  }

  /// The figures at one pair of phase speeds.
  struct Point {
    let secondsPerRequest: Double
    let peakRequests: Double
    let users: Double
    let total: Double
    let freshInput: Double
    let output: Double
  }

  /// Calibrated capacity of an option for a model, with the transferred estimate beside it.
  func capacity(_ option: PlanOption, _ standIn: StandIn) throws(InputError) -> Known<PlanCapacity> {
    let throughput: Throughput
    switch evidence.throughput.throughput(standIn, option.offer, service) {
    case .failure(let gap): return .failure(gap)
    case .success(let known): throughput = known
    }
    var transferred: Throughput?
    if case .success(let known)? = evidence.host?.transferred.throughput(standIn, option.offer, service) {
      transferred = known
    }
    return .success(try capacity(option, standIn, throughput, transferred: transferred))
  }

  func capacity(
    _ option: PlanOption, _ standIn: StandIn, _ throughput: Throughput, transferred: Throughput?
  ) throws(InputError) -> PlanCapacity {
    let stranded = Formulas.strandedShare(domain: option.offer.domain ?? 1, replica: throughput.replica)
    let replicas = option.usable * (1 - stranded) / Double(throughput.replica)
    let utilisation = try numbers.utilisation(replicas: replicas)
    let points = bounds(throughput).map { point(option, stranded, utilisation, prefill: $0.0, decode: $0.1) }
    let request = service.request
    func scaled(_ unit: String, _ value: (Point) -> Double) -> Figure? {
      transferred.map { throughput in
        let points = bounds(throughput).map {
          point(option, stranded, utilisation, prefill: $0.0, decode: $0.1)
        }
        return figure(points, unit, throughput, value)
      }
    }
    return PlanCapacity(
      option: option.id, standIn: standIn, throughput: throughput, strandedShare: stranded,
      utilisation: utilisation,
      derating: derating, secondsPerRequest: points[0].secondsPerRequest,
      peakRequests: figure(points, "requests/s", throughput) { $0.peakRequests },
      prefillTokensPerSecond: figure(points, "tokens/s", throughput) {
        $0.peakRequests * request.freshInputTokens
      },
      decodeTokensPerSecond: figure(points, "tokens/s", throughput) {
        $0.peakRequests * request.outputTokens
      },
      users: figure(points, "users", throughput) { $0.users },
      usdPerMtokTotal: figure(points, "USD/Mtok", throughput) { $0.total },
      usdPerMtokFreshInput: figure(points, "USD/Mtok", throughput) { $0.freshInput },
      usdPerMtokOutput: figure(points, "USD/Mtok", throughput) { $0.output },
      transferredUsers: scaled("users") { $0.users },
      transferredPrefillTokensPerSecond: scaled("tokens/s") { $0.peakRequests * request.freshInputTokens },
      transferredDecodeTokensPerSecond: scaled("tokens/s") { $0.peakRequests * request.outputTokens },
      transferred: transferred)
  }

  /// Central, low and high pair of phase speeds.
  private func bounds(_ throughput: Throughput) -> [(Double, Double)] {
    let prefill = throughput.prefill
    let decode = throughput.decode
    return [
      (prefill.value, decode.value),
      (prefill.interval?.low ?? prefill.value, decode.interval?.low ?? decode.value),
      (prefill.interval?.high ?? prefill.value, decode.interval?.high ?? decode.value),
    ]
  }

  /// All figures at one pair of phase speeds.
  func point(
    _ option: PlanOption, _ stranded: Double, _ utilisation: Double, prefill: Double, decode: Double
  ) -> Point {
    let request = service.request
    let seconds = Formulas.secondsPerRequest(request: request, prefill: prefill, decode: decode)
    let peak = Formulas.peakRequests(
      usable: option.usable, strandedShare: stranded, utilisation: utilisation, derating: derating,
      secondsPerRequest: seconds)
    let perHour = Formulas.requestsPerHour(
      peakRequests: peak, peakOverMean: peakOverMean, accelerators: option.accelerators)
    let rate = Formulas.allInRate(rate: option.rate.usdPerHour, acceleratorShare: acceleratorShare)
    let prefillShare = Formulas.prefillShare(request: request, prefill: prefill, secondsPerRequest: seconds)
    func cost(_ share: Double, _ tokens: Double) -> Double {
      Formulas.perMillionTokens(
        allInRate: rate, share: share, requestsPerHour: perHour, tokensPerRequest: tokens)
    }
    return Point(
      secondsPerRequest: seconds, peakRequests: peak,
      users: Formulas.users(peakRequests: peak, peakOverMean: peakOverMean, requestsPerUserDay: perUserDay),
      total: cost(1, request.totalTokens), freshInput: cost(prefillShare, request.freshInputTokens),
      output: cost(1 - prefillShare, request.outputTokens))
  }

  private func figure(
    _ points: [Point], _ unit: String, _ throughput: Throughput, _ value: (Point) -> Double
  ) -> Figure {
    let values = points.map(value)
    let hasInterval = throughput.prefill.interval != nil && throughput.decode.interval != nil
    return Figure(
      values[0], unit, interval: hasInterval && values.count == 3 ? Interval(values[1], values[2]) : nil,
      trust: max(throughput.prefill.trust, throughput.decode.trust),
      sources: throughput.decode.sources)
  }
}
