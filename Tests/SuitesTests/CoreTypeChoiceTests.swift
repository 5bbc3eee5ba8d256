// The choice of OpenBLAS's kernels: by what is clear, not by noise.

import Suites
import Testing

@Suite struct CoreTypeChoiceTests {
  private func candidate(_ requested: String?, _ rates: [Double], corename: String? = nil)
    -> CoreTypeChoice.Candidate
  {
    CoreTypeChoice.Candidate(requested: requested, corename: corename ?? requested ?? "own", rates: rates)
  }

  @Test("the library's own choice stays where another is a little faster, or much faster by chance")
  func own() {
    let little = CoreTypeChoice(candidates: [
      candidate(nil, [94, 95, 93]), candidate("SkylakeX", [100, 101, 99]), candidate("Zen", [96, 97, 95]),
    ])
    #expect(little.best?.requested == nil)
    // The host slowed down for one of them, and not in all turns.
    let chance = CoreTypeChoice(candidates: [
      candidate(nil, [60, 98, 61, 62, 99]), candidate("Zen", [98, 97, 95, 96, 97]),
    ])
    #expect(chance.best?.requested == nil)
  }

  @Test(
    "generic kernels are left for the first of those that are clearly faster, whatever the order of equals")
  func generic() {
    for (skylake, cooperlake) in [
      ([155.0, 150, 152], [153.0, 156, 154]), ([150, 152, 151], [158, 159, 157]),
    ] {
      let choice = CoreTypeChoice(candidates: [
        candidate(nil, [33, 34, 32], corename: "Prescott"), candidate("SkylakeX", skylake),
        candidate("Cooperlake", cooperlake), candidate("Haswell", [90, 91, 92]),
      ])
      #expect(choice.best?.requested == "SkylakeX")
    }
  }

  @Test("a faster one behind a clearly faster one is still found, and turns are compared pair by pair")
  func chain() {
    let choice = CoreTypeChoice(candidates: [
      candidate(nil, [30, 15, 30]), candidate("Haswell", [60, 30, 60]),
      candidate("SkylakeX", [120, 60, 120]),
    ])
    #expect(choice.best?.requested == "SkylakeX")
    #expect(CoreTypeChoice(candidates: []).best == nil)
  }
}
