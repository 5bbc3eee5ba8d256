import Measurement
import Testing

@Suite struct PlantedSlowdownTests {
  @Test("rows and factors are read, anything else is refused")
  func reading() throws {
    let planted = try #require(PlantedSlowdown("square_256=1.05,prefill_s512=2"))
    #expect(planted.share(of: "square_256").map { abs($0 - 0.05) < 1e-12 } == true)
    #expect(planted.share(of: "prefill_s512") == 1)
    #expect(planted.share(of: "square_512") == nil)
    #expect(PlantedSlowdown("") == PlantedSlowdown())
    for text in ["a", "a=", "a=0.9", "a=nan", "a=1=2", "a=inf"] { #expect(PlantedSlowdown(text) == nil) }
    #expect(PlantedSlowdown.warning(0.05) == "planted slow-down of 5.0 % (PLIMSOLL_PLANT)")
  }

  @Test("the extra time is the share of the work on average, even where a clock step is longer than it")
  func spin() {
    let time = ScriptedTime()
    time.perReading = 0.004
    var spin = PlantedSpin(time: time, share: 0.1)
    let start = time.seconds
    for _ in 0..<1_000 { spin.run { time.seconds += 0.006 } }
    // One execution: the work and the clock's reading behind it, slowed by a tenth; and the reading before.
    let expected = 1_000 * ((0.006 + 0.004) * 1.1 + 0.004)
    #expect(abs(time.seconds - start - expected) < 0.01)
  }
}
