// The kernel modules as values: one list of functions per instruction set, chosen at run time. The functions
// are called through pointers, so that no code of a module is compiled into its callers.

import CProbe
import KernelsBaseline
import Machines

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
#endif

typealias Floats = UnsafePointer<Float>
typealias MutableFloats = UnsafeMutablePointer<Float>

/// The entry points of one kernel module; argument order as in Kernels/Source.
struct KernelModule: Sendable {
  let gemm: @Sendable (Int, Int, Int, Floats, Int, Floats, Int, MutableFloats, Int, MutableFloats) -> Void
  let gemmWorkspace: Int, gemmColumnStep: Int, gemmRowStep: Int
  let attention: AttentionModule
  let fmaPeak: @Sendable (Int, Float, Float, MutableFloats) -> Void
  let fmaPeakRound: Int, probeResult: Int
  let memoryRead: @Sendable (Int, Floats, MutableFloats) -> Void
  let memoryCopy: @Sendable (Int, Floats, MutableFloats) -> Void
  let memoryTriad: @Sendable (Int, Float, Floats, Floats, MutableFloats) -> Void

  /// The module of an instruction set that this CPU and operating system can run.
  static func of(_ isa: InstructionSet) throws(KernelError) -> KernelModule {
    switch isa {
    case .baseline: return baseline
    #if arch(arm64)
    case .neon: return neon
    case .avx2, .avx512, .avx512BF16, .avx512FP16:
      throw KernelError("\(isa.rawValue) kernels need an x86-64 CPU")
    #else
    case .avx2:
      guard probe_has_avx2() == 1 else { throw KernelError("this CPU has no AVX2 with FMA") }
      return avx2
    case .avx512:
      guard probe_has_avx512() == 1 else { throw KernelError("this CPU has no AVX-512 (F, BW, CD, DQ, VL)") }
      return avx512
    case .avx512BF16, .avx512FP16:
      // What these add is matrix products: ProductModule. All else is the AVX-512 module's.
      _ = try ProductModule.of(isa)
      return avx512
    case .neon: throw KernelError("neon kernels need an arm64 CPU")
    #endif
    }
  }

  /// The strongest module that runs here.
  static var best: KernelModule {
    for isa in [InstructionSet.avx512, .avx2, .neon] {
      if let module = try? of(isa) { return module }
    }
    return baseline
  }
}

extension KernelModule {
  private static let baseline = KernelModule(
    gemm: KernelsBaseline.gemm, gemmWorkspace: KernelsBaseline.gemmWorkspace(),
    gemmColumnStep: KernelsBaseline.gemmColumnStep(), gemmRowStep: KernelsBaseline.gemmRowStep(),
    attention: .baseline,
    fmaPeak: KernelsBaseline.fmaPeak,
    fmaPeakRound: KernelsBaseline.fmaPeakRound(), probeResult: KernelsBaseline.probeResult(),
    memoryRead: KernelsBaseline.memoryRead,
    memoryCopy: KernelsBaseline.memoryCopy, memoryTriad: KernelsBaseline.memoryTriad)

  #if arch(arm64)
  private static let neon = KernelModule(
    gemm: KernelsNEON.gemm, gemmWorkspace: KernelsNEON.gemmWorkspace(),
    gemmColumnStep: KernelsNEON.gemmColumnStep(), gemmRowStep: KernelsNEON.gemmRowStep(),
    attention: .neon,
    fmaPeak: KernelsNEON.fmaPeak,
    fmaPeakRound: KernelsNEON.fmaPeakRound(), probeResult: KernelsNEON.probeResult(),
    memoryRead: KernelsNEON.memoryRead,
    memoryCopy: KernelsNEON.memoryCopy, memoryTriad: KernelsNEON.memoryTriad)
  #else
  private static let avx2 = KernelModule(
    gemm: KernelsAVX2.gemm, gemmWorkspace: KernelsAVX2.gemmWorkspace(),
    gemmColumnStep: KernelsAVX2.gemmColumnStep(), gemmRowStep: KernelsAVX2.gemmRowStep(),
    attention: .avx2,
    fmaPeak: KernelsAVX2.fmaPeak,
    fmaPeakRound: KernelsAVX2.fmaPeakRound(), probeResult: KernelsAVX2.probeResult(),
    memoryRead: KernelsAVX2.memoryRead,
    memoryCopy: KernelsAVX2.memoryCopy, memoryTriad: KernelsAVX2.memoryTriad)

  private static let avx512 = KernelModule(
    gemm: KernelsAVX512.gemm, gemmWorkspace: KernelsAVX512.gemmWorkspace(),
    gemmColumnStep: KernelsAVX512.gemmColumnStep(), gemmRowStep: KernelsAVX512.gemmRowStep(),
    attention: .avx512,
    fmaPeak: KernelsAVX512.fmaPeak,
    fmaPeakRound: KernelsAVX512.fmaPeakRound(), probeResult: KernelsAVX512.probeResult(),
    memoryRead: KernelsAVX512.memoryRead,
    memoryCopy: KernelsAVX512.memoryCopy, memoryTriad: KernelsAVX512.memoryTriad)
  #endif
}
