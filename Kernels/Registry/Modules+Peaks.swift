// The arithmetic ceilings of the element types, per kernel module.

import KernelsBaseline
import Machines
import Measurement

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
import KernelsAVX512BF16
import KernelsAVX512FP16
#endif

/// A loop of one instruction on twelve sums in registers, which begin at whole numbers and grow by the same a round.
struct PeakProbe: Sendable {
  /// Runs so many rounds and writes the lanes of the sum of all sums.
  let run: @Sendable (Int, UnsafeMutableRawPointer) -> Void
  /// Operations of a round, and bytes that are written.
  let round: Int, bytes: Int
  /// What a lane has become, and what it must be.
  let lane: @Sendable (UnsafeRawBufferPointer) -> [Double]
  let expected: @Sendable (Int) -> Double
}

extension PeakProbe {
  /// The ceiling of a product's type with an instruction set; nil where no instruction of its own multiplies it, or
  /// none that is timed: then the type has that of f32, or none.
  static func of(_ type: DataType, _ isa: InstructionSet) throws(KernelError) -> PeakProbe? {
    let module = try KernelModule.of(isa)
    switch type {
    case .f32: return .single(module.fmaPeak, module.fmaPeakRound, module.probeResult)
    case .f64: return double(isa)
    case .bf16: return brain(isa)
    case .u8i8: return octet(isa)
    default: return nil
    }
  }

  private static func single(
    _ run: @escaping @Sendable (Int, Float, Float, MutableFloats) -> Void, _ round: Int, _ lanes: Int
  ) -> PeakProbe {
    PeakProbe(
      run: { run($0, 1, 1, $1.assumingMemoryBound(to: Float.self)) }, round: round, bytes: 4 * lanes,
      lane: { $0.bindMemory(to: Float.self).map { Double($0) } }, expected: { Double(12 * $0 + 78) })
  }

  private static func double(
    _ run: @escaping @Sendable (Int, Double, Double, UnsafeMutablePointer<Double>) -> Void, _ round: Int
  ) -> PeakProbe {
    // Twelve multiply-adds a lane and round, 24 FLOP.
    PeakProbe(
      run: { run($0, 1, 1, $1.assumingMemoryBound(to: Double.self)) }, round: round, bytes: round / 24 * 8,
      lane: { $0.bindMemory(to: Double.self).map { $0 } }, expected: { Double(12 * $0 + 66) })
  }

  private static func double(_ isa: InstructionSet) -> PeakProbe? {
    switch isa {
    case .baseline: double(KernelsBaseline.doublePeak, KernelsBaseline.doublePeakRound())
    #if arch(arm64)
    case .neon: double(KernelsNEON.doublePeak, KernelsNEON.doublePeakRound())
    default: nil
    #else
    case .avx2: double(KernelsAVX2.doublePeak, KernelsAVX2.doublePeakRound())
    case .avx512, .avx512BF16, .avx512FP16:
      double(KernelsAVX512.doublePeak, KernelsAVX512.doublePeakRound())
    case .neon: nil
    #endif
    }
  }

  /// Both wider sets have the same two instructions.
  private static func brain(_ isa: InstructionSet) -> PeakProbe? {
    #if !arch(arm64)
    guard isa == .avx512BF16 || isa == .avx512FP16 else { return nil }
    return PeakProbe(
      run: {
        KernelsAVX512BF16.brainPeak(
          rounds: $0, factor: 0x3f80, result: $1.assumingMemoryBound(to: Float.self))
      }, round: KernelsAVX512BF16.brainPeakRound(), bytes: 4 * KernelsAVX512BF16.probeResult(),
      lane: { $0.bindMemory(to: Float.self).map { Double($0) } }, expected: { Double(24 * $0 + 66) })
    #else
    return nil
    #endif
  }

  private static func octet(_ isa: InstructionSet) -> PeakProbe? {
    #if !arch(arm64)
    guard isa == .avx512BF16 || isa == .avx512FP16 else { return nil }
    return PeakProbe(
      run: {
        KernelsAVX512BF16.octetPeak(rounds: $0, factor: 1, result: $1.assumingMemoryBound(to: Int32.self))
      }, round: KernelsAVX512BF16.octetPeakRound(), bytes: 4 * KernelsAVX512BF16.probeResult(),
      lane: { $0.bindMemory(to: Int32.self).map { Double($0) } }, expected: { Double(48 * $0 + 66) })
    #else
    return nil
    #endif
  }
}
