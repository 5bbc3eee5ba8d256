// The element-wise entry points of each kernel module, beside Modules.swift and chosen the same way.

import KernelsBaseline
package import Machines

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
#endif

/// The element-wise functions of one kernel module; argument order as in Kernels/Source.
package struct ElementwiseModule: Sendable {
  package typealias In = UnsafePointer<Float>
  package typealias Out = UnsafeMutablePointer<Float>
  package typealias Places = UnsafeMutablePointer<Int32>
  /// rows, columns, x, x stride, out, out stride, streamed.
  package typealias Unary = @Sendable (Int, Int, In, Int, Out, Int, Bool) -> Void
  /// rows, columns, a, a stride, b, b stride, out, out stride, streamed.
  package typealias Binary = @Sendable (Int, Int, In, Int, In, Int, Out, Int, Bool) -> Void
  /// tokens, heads, head dim, x, x stride, cos, sin, out, out stride, streamed.
  package typealias Rope = @Sendable (Int, Int, Int, In, Int, In, In, Out, Int, Bool) -> Void

  package let rmsnorm: @Sendable (Int, Int, In, Int, In, Float, Out, Int, Bool) -> Void
  package let layernorm: @Sendable (Int, Int, In, Int, In, In, Float, Out, Int, Bool) -> Void
  package let residualRMSNorm:
    @Sendable (Int, Int, In, Int, In, Int, In, Float, Out, Int, Out, Int, Bool) -> Void
  package let siluMul: Binary
  package let geluTanh: Unary
  package let geluErf: Unary
  package let residualAdd: Binary
  package let ropeHalf: Rope
  package let ropeInterleaved: Rope
  package let softmaxRows: @Sendable (Int, Int, Int, Int, Float, In, Int, Out, Int) -> Void
  package let rowLargest: @Sendable (Int, In) -> Float
  package let rowExponentials: @Sendable (Int, In, Float, Float, Out) -> Float
  package let quantiseRows: @Sendable (Int, Int, In, Int, UnsafeMutablePointer<Int8>, Int, Out) -> Void
  package let dequantiseRows: @Sendable (Int, Int, UnsafePointer<Int8>, Int, In, Out, Int, Bool) -> Void
  package let gatherRows: @Sendable (Int, Int, UnsafePointer<Int32>, In, Int, Out, Int, Bool) -> Void
  package let argmax: @Sendable (Int, In, Out) -> Int
  package let routerTopK: @Sendable (Int, Int, Int, In, Int, Out, Places, Out) -> Void
  package let sampleRow: @Sendable (Int, In, Float, Int, Float, Float, Out, Places) -> Int
  package let exponentials: @Sendable (Int, In, Out) -> Void
  package let scaleRow: @Sendable (Out, Int, Float) -> Void
  package let selectionWorkspace: @Sendable (Int) -> Int

  /// The functions of an instruction set that `KernelModule.of` has not refused.
  static func of(_ isa: InstructionSet) -> ElementwiseModule {
    #if arch(arm64)
    isa == .neon ? neon : baseline
    #else
    switch isa {
    case .avx512, .avx512BF16, .avx512FP16: avx512
    case .avx2: avx2
    default: baseline
    }
    #endif
  }
}

extension ElementwiseModule {
  /// The functions of an instruction set, for tests of single calls.
  package init(_ isa: InstructionSet) throws(KernelError) {
    _ = try KernelModule.of(isa)
    self = .of(isa)
  }

  private static let baseline = ElementwiseModule(
    rmsnorm: KernelsBaseline.rmsnorm, layernorm: KernelsBaseline.layernorm,
    residualRMSNorm: KernelsBaseline.residualRMSNorm, siluMul: KernelsBaseline.siluMul,
    geluTanh: KernelsBaseline.geluTanhRows, geluErf: KernelsBaseline.geluErfRows,
    residualAdd: KernelsBaseline.residualAdd, ropeHalf: KernelsBaseline.ropeHalf,
    ropeInterleaved: KernelsBaseline.ropeInterleaved, softmaxRows: KernelsBaseline.softmaxRows,
    rowLargest: KernelsBaseline.rowLargest, rowExponentials: KernelsBaseline.rowExponentials,
    quantiseRows: KernelsBaseline.quantiseRows, dequantiseRows: KernelsBaseline.dequantiseRows,
    gatherRows: KernelsBaseline.gatherRows, argmax: KernelsBaseline.argmax,
    routerTopK: KernelsBaseline.routerTopK, sampleRow: KernelsBaseline.sampleRow,
    exponentials: KernelsBaseline.exponentials, scaleRow: KernelsBaseline.scaleRow,
    selectionWorkspace: KernelsBaseline.selectionWorkspace)

  #if arch(arm64)
  private static let neon = ElementwiseModule(
    rmsnorm: KernelsNEON.rmsnorm, layernorm: KernelsNEON.layernorm,
    residualRMSNorm: KernelsNEON.residualRMSNorm, siluMul: KernelsNEON.siluMul,
    geluTanh: KernelsNEON.geluTanhRows, geluErf: KernelsNEON.geluErfRows,
    residualAdd: KernelsNEON.residualAdd, ropeHalf: KernelsNEON.ropeHalf,
    ropeInterleaved: KernelsNEON.ropeInterleaved, softmaxRows: KernelsNEON.softmaxRows,
    rowLargest: KernelsNEON.rowLargest, rowExponentials: KernelsNEON.rowExponentials,
    quantiseRows: KernelsNEON.quantiseRows, dequantiseRows: KernelsNEON.dequantiseRows,
    gatherRows: KernelsNEON.gatherRows, argmax: KernelsNEON.argmax, routerTopK: KernelsNEON.routerTopK,
    sampleRow: KernelsNEON.sampleRow, exponentials: KernelsNEON.exponentials,
    scaleRow: KernelsNEON.scaleRow, selectionWorkspace: KernelsNEON.selectionWorkspace)
  #else
  private static let avx2 = ElementwiseModule(
    rmsnorm: KernelsAVX2.rmsnorm, layernorm: KernelsAVX2.layernorm,
    residualRMSNorm: KernelsAVX2.residualRMSNorm, siluMul: KernelsAVX2.siluMul,
    geluTanh: KernelsAVX2.geluTanhRows, geluErf: KernelsAVX2.geluErfRows,
    residualAdd: KernelsAVX2.residualAdd, ropeHalf: KernelsAVX2.ropeHalf,
    ropeInterleaved: KernelsAVX2.ropeInterleaved, softmaxRows: KernelsAVX2.softmaxRows,
    rowLargest: KernelsAVX2.rowLargest, rowExponentials: KernelsAVX2.rowExponentials,
    quantiseRows: KernelsAVX2.quantiseRows, dequantiseRows: KernelsAVX2.dequantiseRows,
    gatherRows: KernelsAVX2.gatherRows, argmax: KernelsAVX2.argmax, routerTopK: KernelsAVX2.routerTopK,
    sampleRow: KernelsAVX2.sampleRow, exponentials: KernelsAVX2.exponentials,
    scaleRow: KernelsAVX2.scaleRow, selectionWorkspace: KernelsAVX2.selectionWorkspace)

  private static let avx512 = ElementwiseModule(
    rmsnorm: KernelsAVX512.rmsnorm, layernorm: KernelsAVX512.layernorm,
    residualRMSNorm: KernelsAVX512.residualRMSNorm, siluMul: KernelsAVX512.siluMul,
    geluTanh: KernelsAVX512.geluTanhRows, geluErf: KernelsAVX512.geluErfRows,
    residualAdd: KernelsAVX512.residualAdd, ropeHalf: KernelsAVX512.ropeHalf,
    ropeInterleaved: KernelsAVX512.ropeInterleaved, softmaxRows: KernelsAVX512.softmaxRows,
    rowLargest: KernelsAVX512.rowLargest, rowExponentials: KernelsAVX512.rowExponentials,
    quantiseRows: KernelsAVX512.quantiseRows, dequantiseRows: KernelsAVX512.dequantiseRows,
    gatherRows: KernelsAVX512.gatherRows, argmax: KernelsAVX512.argmax,
    routerTopK: KernelsAVX512.routerTopK, sampleRow: KernelsAVX512.sampleRow,
    exponentials: KernelsAVX512.exponentials, scaleRow: KernelsAVX512.scaleRow,
    selectionWorkspace: KernelsAVX512.selectionWorkspace)
  #endif
}
