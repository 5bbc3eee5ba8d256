// Which of two ways multiplies bfloat16 faster here: pairs by a dot instruction or, widened to fp32, by the fused
// multiply-add. Zen 4 and later run the dot at twice the fp32 rate, Sapphire and Emerald Rapids at half of it, and
// nothing but a clock tells them apart.

import KernelsBaseline
package import Machines
import Measurement
import Synchronization

#if !arch(arm64)
import KernelsAVX512BF16
import KernelsAVX512FP16
#endif

/// How bfloat16 is multiplied, and the rates that decided it.
package struct BrainChoice: Sendable, Equatable {
  package enum Path: String, Sendable { case widened, dot }
  package let path: Path
  /// FLOP per second of the two register loops; nil where the instruction set has no dot instruction.
  package let widenedRate: Double?, dotRate: Double?

  package init(widenedRate: Double?, dotRate: Double?) {
    (self.widenedRate, self.dotRate) = (widenedRate, dotRate)
    path = (dotRate ?? 0) > (widenedRate ?? 0) ? .dot : .widened
  }

  /// The choice of this process, timed when it is first asked for.
  package static func here(_ isa: InstructionSet) -> BrainChoice {
    kept.withLock { kept in
      if let known = kept[isa] { return known }
      let choice =
        (try? measure(isa) { MonotonicTime().now() }) ?? BrainChoice(widenedRate: nil, dotRate: nil)
      kept[isa] = choice
      return choice
    }
  }

  private static let kept = Mutex<[InstructionSet: BrainChoice]>([:])

  /// Times both loops, alternating, the best of three; a fraction of a millisecond. `now` tells seconds.
  package static func measure(_ isa: InstructionSet, now: () -> Double) throws(KernelError) -> BrainChoice {
    guard try ProductModule.of(isa).brainDot != nil else {
      return BrainChoice(widenedRate: nil, dotRate: nil)
    }
    #if arch(arm64)
    return BrainChoice(widenedRate: nil, dotRate: nil)
    #else
    var sink = [Float](repeating: 0, count: KernelsAVX512BF16.probeResult())
    let rounds = 10_000
    return sink.withUnsafeMutableBufferPointer { buffer in
      guard let result = buffer.baseAddress else { return BrainChoice(widenedRate: nil, dotRate: nil) }
      func rate(_ flop: Int, _ body: () -> Void) -> Double {
        let start = now()
        body()
        return Double(flop) / max(now() - start, 1e-9)
      }
      var (widened, dot) = (0.0, 0.0)
      for _ in 0..<3 {
        widened = max(
          widened,
          rate(rounds * KernelsAVX512BF16.fmaPeakRound()) {
            KernelsAVX512BF16.fmaPeak(rounds: rounds, factor: 1, addend: 1, result: result)
          })
        dot = max(
          dot,
          rate(rounds * KernelsAVX512BF16.brainPeakRound()) {
            KernelsAVX512BF16.brainPeak(rounds: rounds, factor: 0x3f80, result: result)
          })
      }
      return BrainChoice(widenedRate: widened, dotRate: dot)
    }
    #endif
  }
}
