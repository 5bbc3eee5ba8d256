import Measurement
import Testing

@Suite struct SpeedProbeTests {
  let exact = ClockQuality(of: ScriptedTime())

  /// Takes one round of two samples with probes that answer from the list, and says what became of it.
  private func round(_ probes: [Double], retries: Int = 3) -> Sampler<ScriptedTime> {
    let time = ScriptedTime()
    var plan = SamplingPlan()
    plan.retries = retries
    plan.rowCap = 100
    var sampler = Sampler(time: time, plan: plan, clock: exact, origin: 0)
    var answers = probes.makeIterator()
    var attempt = 0.0
    let probe = SpeedProbe {
      attempt += 1
      return answers.next() ?? 1
    }
    // Each attempt takes another time, so that one sees which was kept.
    sampler.round({ time.seconds += 0.02 + attempt }, probe: probe)
    return sampler
  }

  @Test("a round between equal probes is kept")
  func steady() {
    let sampler = round([1, 1.02])
    #expect(sampler.samples.map { $0.seconds.rounded() } == [1, 1])
    #expect(sampler.roundsDropped == 0 && sampler.roundsMoved == 0)
  }

  @Test("a round during which the speed moved is dropped and taken again")
  func moved() {
    let sampler = round([1, 1.2, 1.2])
    #expect(sampler.samples.map { $0.seconds.rounded() } == [2, 2])
    #expect(sampler.roundsDropped == 1 && sampler.roundsMoved == 0)
    // What was dropped was measuring time all the same.
    #expect(abs(sampler.sampled - 2 * (1.02 + 2.02)) < 1e-9)
  }

  @Test("where no round is steady the least bad one is kept, and counted")
  func leastBad() {
    let sampler = round([1, 1.3, 1.4, 1.8, 3], retries: 3)
    #expect(sampler.samples.map { $0.seconds.rounded() } == [2, 2])  // 1.3 to 1.4 was the least
    #expect(sampler.roundsDropped == 3 && sampler.roundsMoved == 1)
  }

  @Test("without retries nothing is dropped")
  func noRetries() {
    let sampler = round([1, 1.3], retries: 0)
    #expect(sampler.roundsDropped == 0 && sampler.roundsMoved == 1 && sampler.samples.count == 2)
  }

  @Test("the median of the probes before tells of a slow change that two neighbours do not show")
  func median() {
    var watch = SpeedWatch()
    for _ in 0..<4 { #expect(watch.shift(1, 1) == 0) }
    #expect(abs(watch.shift(1.1, 1.1) - 0.1) < 1e-12)
    // A change that lasts becomes the usual speed.
    for _ in 0..<6 { _ = watch.shift(1.1, 1.1) }
    #expect(watch.shift(1.1, 1.1) == 0)
  }

  @Test("the probe after a round is the one before the next, unless time has passed")
  func shared() {
    let time = ScriptedTime()
    var runs = 0.0
    let probe = SpeedProbe {
      runs += 1
      return runs
    }
    #expect(probe.before(time) == 1)
    #expect(probe.after(time) == 2)
    #expect(probe.before(time) == 2)
    time.seconds += 0.01
    #expect(probe.before(time) == 3)
  }

  @Test("a clock is steady once its medians agree, however restless single probes are")
  func settling() {
    var rising = Settling()
    var restless = Settling()
    for step in 0..<18 {
      #expect(!restless.isSteady(within: 0.015))
      rising.add(1 - 0.01 * Double(step))
      restless.add(step.isMultiple(of: 3) ? 1.2 : 1)
    }
    #expect(!rising.isSteady(within: 0.015))
    #expect(restless.isSteady(within: 0.015))
  }
}
