import Quantities
import Testing

@Suite struct QuantitiesTests {
  @Test("a unit symbol is exact: GB is not GiB, Gbit/s is an eighth of GB/s")
  func symbols() throws {
    #expect(try #require(Unit("GB")).toBase(1) == 1e9)
    #expect(try #require(Unit("GiB")).toBase(1) == 1_073_741_824)
    #expect(try #require(Unit("Gbit/s")).toBase(8) == 1e9)
    #expect(Unit("Gb") == nil)
  }

  @Test("work over time is a rate, work over rate is a time")
  func relations() {
    #expect(FLOP(10) / Seconds(2) == FLOPPerSecond(5))
    #expect(FLOP(10) / FLOPPerSecond(5) == Seconds(2))
    #expect(Bytes(10) / Seconds(4) == BytesPerSecond(2.5))
  }

  @Test("a mistyped name finds its neighbour, nonsense finds nothing")
  func nearest() {
    #expect(nearestNames(to: "gb20", among: ["GB200", "H100", "B200"]).contains("GB200"))
    #expect(nearestNames(to: "zzzzzz", among: ["GB200", "H100"]).isEmpty)
  }

  @Test("trust is ordered best first")
  func trust() { #expect(Trust.measured < .calibrated && Trust.transferred < .assumed) }
}
