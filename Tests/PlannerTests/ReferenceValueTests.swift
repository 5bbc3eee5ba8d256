// Reference values of the planner's small formulas, each computed by hand or by another program.

import Estimator
import Planner
import Quantities
import Testing

private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-6) -> Bool {
  abs(a - b) <= tolerance * max(abs(a), abs(b))
}

@Suite struct FinanceTests {
  @Test("an annuity of 35,000 over 60 months, at an effective and at a nominal 10 % a year")
  func annuities() {
    #expect(close(annuity(capital: 35_000, monthly: monthlyRate(yearly: 0.10), months: 60), 736.2453548))
    #expect(close(annuity(capital: 35_000, monthly: 0.10 / 12, months: 60), 743.6465649))
    #expect(annuity(capital: 1200, monthly: 0, months: 12) == 100)
  }

  @Test("84 months that ramp over 14 to a million a month: sum, NPV at month end, NPV in mid-month")
  func presentValues() {
    let payments = (0..<84).map { min(1, Double($0 + 1) / 14) * 1e6 }
    #expect(close(payments.reduce(0, +), 77.5e6))
    #expect(close(netPresentValue(payments, yearly: 0.10, timing: .monthEnd), 54_803_696.56))
    #expect(close(netPresentValue(payments, yearly: 0.10, timing: .midMonth), 55_021_768.88))
  }

  @Test("without interest the net present value is the sum")
  func noInterest() {
    let payments = [3.0, 5, 7, 11]
    #expect(netPresentValue(payments, yearly: 0, timing: .midMonth) == 26)
  }

  @Test("Wright's law: 15 % a doubling leaves 61 % after three doublings")
  func wright() { #expect(close(learningCurve(volumeRatio: 8, learningRate: 0.15), 0.614125)) }
}

@Suite struct QueueingTests {
  @Test(
    "the share of time that servers may be busy when 5 % of the requests may wait",
    arguments: [(4, 0.330), (16, 0.614), (64, 0.795), (256, 0.894), (1024, 0.946)])
  func headroom(servers: Int, busy: Double) {
    #expect(abs(maximumUtilisation(servers: servers, waiting: 0.05) - busy) < 0.0006)
  }

  @Test("one server: the waiting probability is its utilisation; an overloaded one always waits")
  func oneServer() {
    #expect(close(erlangC(servers: 1, load: 0.3), 0.3))
    #expect(erlangC(servers: 2, load: 2) == 1)
    #expect(erlangC(servers: 100_000, load: 1) == 0)
  }
}

@Suite struct SparesTests {
  @Test(
    "spares for 99.9 % at 6.5e-3 failures a node-day and two days of repair",
    arguments: [(128, 7), (1024, 26), (4096, 77)])
  func published(nodes: Int, spares: Int) {
    let q = repairShare(failuresPerDay: 6.5e-3, repairDays: 2)
    #expect(spareNodes(nodes: nodes, repairShare: q, confidence: 0.999) == spares)
  }

  @Test("nothing fails, nothing is spared; what always fails cannot be spared")
  func edges() {
    #expect(spareNodes(nodes: 10, repairShare: 0, confidence: 0.9) == 0)
    #expect(spareNodes(nodes: 10, repairShare: 1, confidence: 0.9) == nil)
  }
}

@Suite struct DistributionTests {
  @Test("PERT(0.8, 1.0, 1.5)")
  func pert() throws {
    let pert = try #require(PERT(low: 0.8, mode: 1.0, high: 1.5))
    #expect(close(pert.mean, 1.05))
    #expect(close(pert.alpha, 2.142857, 1e-6))
    #expect(close(pert.beta, 3.857143, 1e-6))
    #expect(close(pert.standardDeviation, 0.126773, 1e-5))
    #expect(PERT(low: 2, mode: 1, high: 3) == nil)
  }

  @Test("a lognormal from P10 0.7 and P90 1.6")
  func lognormal() throws {
    let lognormal = try #require(Lognormal(p10: 0.7, p90: 1.6))
    #expect(close(lognormal.mu, 0.0566643, 1e-6))
    #expect(close(lognormal.sigma, 0.3225304, 1e-6))
    #expect(close(lognormal.mean, 1.114802, 1e-6))
    #expect(Lognormal(p10: 0, p90: 1) == nil)
  }
}

@Suite struct PaidHoursTests {
  @Test("14 months of linear ramp in 84 months of 730.5 h leave 56,248.5 paid hours")
  func dealHours() {
    let months = (0..<84).map {
      PlanMonth(index: $0, label: "", hours: 730.5, rampShare: Formulas.rampShare(month: $0, rampMonths: 14))
    }
    #expect(close(Formulas.paidHours(months), 56_248.5, 1e-12))
  }

  @Test("38 billion USD at 2.25 USD an hour are 300,000 accelerators")
  func dealCheck() {
    let raw = Formulas.rawAccelerators(money: 38e9, paidHours: 56_248.5, rate: 2.25)
    #expect(abs(raw - 300_255) < 1)
    #expect(Formulas.wholeUnits(raw, unit: 72) == 300_240)
  }

  @Test(
    "replicas of 4 and 8 fill a domain of 72, those of 16 strand 11 %",
    arguments: [(4, 0.0), (8, 0), (16, 1.0 / 9), (72, 0), (144, 0)])
  func stranded(replica: Int, share: Double) {
    #expect(close(Formulas.strandedShare(domain: 72, replica: replica) + 1, share + 1, 1e-12))
  }
}
