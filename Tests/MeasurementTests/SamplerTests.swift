import Measurement
import Testing

/// A clock that moves only when the kernel under test says so, in steps of its resolution.
final class ScriptedTime: TimeSource {
  var seconds = 0.0
  var perReading = 0.0
  func now() -> Double {
    seconds += perReading
    return seconds
  }
}

@Suite struct SamplerTests {
  let exact = ClockQuality(of: ScriptedTime())

  @Test("a short kernel runs often enough to fill a sample, and the time is that of one execution")
  func shortKernel() {
    let time = ScriptedTime()
    var sampler = Sampler(time: time, plan: SamplingPlan(), clock: exact, origin: 0)
    var executions = 0
    let execute = {
      time.seconds += 0.0009
      executions += 1
    }
    sampler.warmUp(execute)
    #expect(sampler.iterations == 12)  // 12 x 0.9 ms is the first count above 10 ms
    executions = 0
    sampler.round(execute)
    #expect(executions == 1 + 2 * 12)
    #expect(sampler.samples.count == 2)
    #expect(sampler.samples.allSatisfy { abs($0.seconds - 0.0009) < 1e-12 })
    #expect(sampler.stopReason == .maxSamples)
  }

  @Test("a coarse clock makes samples longer")
  func coarseClock() {
    let coarse = ScriptedTime()
    coarse.perReading = 0.0001
    let time = ScriptedTime()
    var sampler = Sampler(time: time, plan: SamplingPlan(), clock: ClockQuality(of: coarse), origin: 0)
    sampler.warmUp { time.seconds += 0.001 }
    #expect((99...101).contains(sampler.iterations))  // 1000 steps of 0.1 ms
  }

  @Test("the time cap ends a long row after its first sample and says so")
  func cap() {
    let time = ScriptedTime()
    var sampler = Sampler(time: time, plan: SamplingPlan(), clock: exact, origin: 0)
    sampler.warmUp { time.seconds += 2 }
    sampler.round { time.seconds += 2 }
    sampler.round { time.seconds += 2 }
    #expect(sampler.samples.map(\.seconds) == [2])
    #expect(sampler.stopReason == .timeCap)
    #expect(sampler.iterations == 1)
  }

  @Test(
    "where a part of an execution counts, samples are what the kernel timed, and their number fits the whole")
  func part() {
    let time = ScriptedTime()
    var own = 0.0
    var sampler = Sampler(time: time, plan: SamplingPlan(), clock: exact, origin: 0)
    sampler.timedByKernel = { own }
    let execute = {
      time.seconds += 0.004
      own += 0.001
    }
    sampler.warmUp(execute)
    #expect(sampler.iterations == 3)
    sampler.round(execute)
    #expect(sampler.samples.count == 2)
    #expect(sampler.samples.allSatisfy { abs($0.seconds - 0.001) < 1e-12 })
    #expect(abs(sampler.sampled - 6 * 0.004) < 1e-12)
  }

  @Test("a slow first execution does not shorten the samples")
  func coldStart() {
    let time = ScriptedTime()
    var first = true
    var sampler = Sampler(time: time, plan: SamplingPlan(), clock: exact, origin: 0)
    sampler.warmUp {
      time.seconds += first ? 0.3 : 0.001
      first = false
    }
    #expect(sampler.iterations == 10)
  }
}
