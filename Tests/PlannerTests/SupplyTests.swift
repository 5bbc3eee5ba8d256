// Ramps, slips, acceptance and the date of the order.

import Planner
import Testing

@Suite struct SupplyTests {
  @Test("shapes begin at nothing, end at everything and never fall")
  func shapes() {
    let shapes: [DeliveryShape] = [
      .linear(months: 14), .logistic(middle: 7, spread: 1.5),
      .steps([DeliveryStep(month: 3, share: 0.25), DeliveryStep(month: 9, share: 0.75)]),
    ]
    for shape in shapes {
      let shares = (0...60).map { shape.share(after: Double($0)) }
      #expect(shares[0] == 0 && abs(shares[60] - 1) < 1e-9)
      #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
    }
    #expect(shapes[0].share(after: 7) == 0.5)
    #expect(shapes[2].share(after: 8.9) == 0.25)
    #expect(abs(shapes[1].share(after: 7) - 0.5) < 0.01)
  }

  @Test("slips are lognormal through median and 90 %, and the order goes out before all of it")
  func slips() {
    var acceptance = Acceptance()
    acceptance.months = 1
    acceptance.leadMonths = 6
    #expect(acceptance.slip(standard: 1) == 0 && acceptance.orderBy(neededAt: 10) == 3)
    acceptance.slipMedian = 1
    acceptance.slipHigh = 4
    #expect(abs(acceptance.slip(standard: 0) - 1) < 1e-12)
    #expect(abs(acceptance.slip(standard: 1.2815515655446004) - 4) < 1e-9)
    // 4^(0.8416/1.2816) = 2.4854
    #expect(abs(acceptance.orderBy(neededAt: 10) - (10 - 6 - 1 - 2.4854)) < 1e-3)
    acceptance.deadOnArrival = 0.02
    let ramp = DeliveryShape.linear(months: 10)
    #expect(abs(acceptance.usableShare(ramp, after: 6, slip: 2) - 0.98 * 0.3) < 1e-12)
    #expect(acceptance.usableShare(ramp, after: 2.5, slip: 2) == 0)
  }
}
