// The matrix products of the kernel modules as values: for each element type how to multiply, to pack weights ahead
// and to multiply by them. As in Modules.swift, functions are called through pointers.

import CProbe
import KernelsBaseline
package import Machines

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
import KernelsAVX512BF16
import KernelsAVX512FP16
#endif

/// The products of one storage type of A and B into C; argument order as in Kernels/Source/GEMM.swift.
package struct ProductEntries<Element, Scalar>: Sendable {
  package typealias Source = UnsafePointer<Element>
  package typealias Target = UnsafeMutablePointer<Scalar>

  /// m, n, k, a, aStride, aTransposed, b, bStride, bTransposed, c, cStride, workspace.
  package let multiply:
    @Sendable (
      Int, Int, Int, Source, Int, Bool, Source, Int, Bool, Target, Int, UnsafeMutableRawPointer
    ) -> Void
  /// m, n, k, a, aStride, aTransposed, panels, c, cStride, workspace.
  package let multiplyPacked:
    @Sendable (
      Int, Int, Int, Source, Int, Bool, UnsafeRawPointer, Target, Int, UnsafeMutableRawPointer
    ) -> Void
  /// n, k, b, bStride, bTransposed, panels.
  package let pack: @Sendable (Int, Int, Source, Int, Bool, UnsafeMutableRawPointer) -> Void
  /// Bytes of B (n, k) packed ahead.
  package let packedBytes: @Sendable (Int, Int) -> Int
  /// Bytes of workspace of one thread.
  package let workspaceBytes: Int
}

/// The products of one kernel module.
package struct ProductModule: Sendable {
  package let float: ProductEntries<Float, Float>
  package let double: ProductEntries<Double, Double>
  /// bfloat16 widened to fp32; fp16 widened to fp32.
  package let brain: ProductEntries<UInt16, Float>, half: ProductEntries<UInt16, Float>
  /// Unsigned by signed and signed by signed bytes.
  package let octets: ProductEntries<UInt8, Int32>, signed: ProductEntries<UInt8, Int32>
  /// bfloat16 in pairs by a dot instruction; nil without one.
  package let brainDot: ProductEntries<UInt16, Float>?
  /// fp16 with fp16 sums over 256 elements, added into fp32; nil without fp16 arithmetic.
  package let halfSums: ProductEntries<UInt16, Float>?

  /// The module of an instruction set that this CPU and operating system can run.
  package static func of(_ isa: InstructionSet) throws(KernelError) -> ProductModule {
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
    case .avx512BF16:
      guard probe_has_avx512_bf16() == 1 else { throw KernelError("this CPU has no AVX-512 VNNI and BF16") }
      return avx512BF16
    case .avx512FP16:
      guard probe_has_avx512_fp16() == 1 else { throw KernelError("this CPU has no AVX-512 FP16") }
      return avx512FP16
    case .neon: throw KernelError("neon kernels need an arm64 CPU")
    #endif
    }
  }
}
