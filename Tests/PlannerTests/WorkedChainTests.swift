// One plan worked by hand from requests a day to USD a million tokens; every step is held to its value.

import Planner
import Quantities
import Testing

@Suite struct WorkedChainTests {
  private let request = RequestShape(inputTokens: 1500, outputTokens: 400, cachedShare: 0.5)

  @Test("2.5 billion requests a day on replicas of eight in four regions, one of which may fail")
  func chain() throws {
    let peak = Sizing.peakRequests(perDay: 2.5e9, peakOverMean: 1.6)
    #expect(abs(peak - 46_296.296_296) < 1e-5)
    let seconds = Formulas.secondsPerRequest(request: request, prefill: 40_000, decode: 12_000)
    #expect(abs(seconds - 0.052_083_333_3) < 1e-9)
    let replicas = Sizing.replicas(peakRequests: peak, replicaSecondsPerRequest: seconds, utilisation: 0.85)
    #expect(replicas.rounded(.up) == 2837)
    #expect(Sizing.domains(replicas: replicas, domain: 72, replica: 8) == 316)
    let region = try #require(Sizing.replicasPerRegion(replicas: replicas, regions: 4, lost: 1))
    #expect(region == 946)
    let domains = Sizing.domains(replicas: region, domain: 72, replica: 8)
    #expect(domains == 106)
    let q = repairShare(failuresPerDay: 1.894e-3, repairDays: 2)
    #expect(spareNodes(nodes: 106 * 18, repairShare: q, confidence: 0.999) == 17)
    let spares = try #require(
      Sizing.spareDomains(domains: domains, nodesPerDomain: 18, repairShare: q, confidence: 0.999))
    let racks = (domains + spares) * 4
    #expect(racks == 428)
    let accelerators = racks * 72
    #expect(accelerators == 30_816)
    #expect(abs(Formulas.megawatts(accelerators: accelerators, kilowattsEach: 2.1) - 64.7136) < 1e-9)
    #expect(Formulas.acceleratorCost(accelerators: accelerators, paidHours: 744, rate: 3) == 68_781_312)
    let mean = peak / 1.6
    #expect(abs(mean / (accelerators / 8 / seconds) - 0.3912) < 1e-4)
  }

  @Test("input and output share the cost by replica time, and together they are the whole")
  func unitCosts() {
    let seconds = Formulas.secondsPerRequest(request: request, prefill: 40_000, decode: 12_000)
    let perHour = Formulas.requestsPerHour(
      peakRequests: 46_296.296_296, peakOverMean: 1.6, accelerators: 30_816)
    let share = Formulas.prefillShare(request: request, prefill: 40_000, secondsPerRequest: seconds)
    func cost(_ share: Double, _ tokens: Double) -> Double {
      Formulas.perMillionTokens(
        allInRate: 3, share: share, requestsPerHour: perHour, tokensPerRequest: tokens)
    }
    #expect(abs(cost(1, request.totalTokens) - 0.4671) < 5e-5)
    #expect(abs(cost(1, request.freshInputTokens + request.outputTokens) - 0.7717) < 5e-5)
    #expect(abs(cost(share, request.freshInputTokens) - 0.4260) < 5e-5)
    #expect(abs(cost(1 - share, request.outputTokens) - 1.4200) < 5e-5)
    let whole = cost(share, request.freshInputTokens) * request.freshInputTokens + cost(1 - share, 400) * 400
    #expect(abs(whole / (cost(1, request.totalTokens) * request.totalTokens) - 1) < 1e-12)
  }

  @Test("regions that cannot be lost leave no plan")
  func regions() { #expect(Sizing.replicasPerRegion(replicas: 10, regions: 2, lost: 2) == nil) }
}
