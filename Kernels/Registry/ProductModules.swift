// The lists of ProductModule, one per kernel module.

import KernelsBaseline

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
import KernelsAVX512BF16
import KernelsAVX512FP16
#endif

extension ProductModule {
  static let baseline = ProductModule(
    float: .init(
      multiply: KernelsBaseline.gemmOperands, multiplyPacked: KernelsBaseline.gemmPacked,
      pack: KernelsBaseline.packWeights,
      packedBytes: KernelsBaseline.packedWeights, workspaceBytes: KernelsBaseline.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsBaseline.gemmF64, multiplyPacked: KernelsBaseline.gemmF64Packed,
      pack: KernelsBaseline.packWeightsF64,
      packedBytes: KernelsBaseline.packedWeightsF64, workspaceBytes: KernelsBaseline.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsBaseline.gemmBF16, multiplyPacked: KernelsBaseline.gemmBF16Packed,
      pack: KernelsBaseline.packWeightsBF16,
      packedBytes: KernelsBaseline.packedWeightsBF16, workspaceBytes: KernelsBaseline.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsBaseline.gemmF16, multiplyPacked: KernelsBaseline.gemmF16Packed,
      pack: KernelsBaseline.packWeightsF16,
      packedBytes: KernelsBaseline.packedWeightsF16, workspaceBytes: KernelsBaseline.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsBaseline.gemmU8, multiplyPacked: KernelsBaseline.gemmU8Packed,
      pack: KernelsBaseline.packWeightsU8,
      packedBytes: KernelsBaseline.packedWeightsU8, workspaceBytes: KernelsBaseline.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsBaseline.gemmS8, multiplyPacked: KernelsBaseline.gemmS8Packed,
      pack: KernelsBaseline.packWeightsS8,
      packedBytes: KernelsBaseline.packedWeightsS8, workspaceBytes: KernelsBaseline.gemmS8Workspace()),
    brainDot: nil,
    halfSums: nil)

  #if arch(arm64)
  static let neon = ProductModule(
    float: .init(
      multiply: KernelsNEON.gemmOperands, multiplyPacked: KernelsNEON.gemmPacked,
      pack: KernelsNEON.packWeights,
      packedBytes: KernelsNEON.packedWeights, workspaceBytes: KernelsNEON.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsNEON.gemmF64, multiplyPacked: KernelsNEON.gemmF64Packed,
      pack: KernelsNEON.packWeightsF64,
      packedBytes: KernelsNEON.packedWeightsF64, workspaceBytes: KernelsNEON.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsNEON.gemmBF16, multiplyPacked: KernelsNEON.gemmBF16Packed,
      pack: KernelsNEON.packWeightsBF16,
      packedBytes: KernelsNEON.packedWeightsBF16, workspaceBytes: KernelsNEON.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsNEON.gemmF16, multiplyPacked: KernelsNEON.gemmF16Packed,
      pack: KernelsNEON.packWeightsF16,
      packedBytes: KernelsNEON.packedWeightsF16, workspaceBytes: KernelsNEON.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsNEON.gemmU8, multiplyPacked: KernelsNEON.gemmU8Packed, pack: KernelsNEON.packWeightsU8,
      packedBytes: KernelsNEON.packedWeightsU8, workspaceBytes: KernelsNEON.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsNEON.gemmS8, multiplyPacked: KernelsNEON.gemmS8Packed, pack: KernelsNEON.packWeightsS8,
      packedBytes: KernelsNEON.packedWeightsS8, workspaceBytes: KernelsNEON.gemmS8Workspace()),
    brainDot: nil,
    halfSums: nil)
  #else
  static let avx2 = ProductModule(
    float: .init(
      multiply: KernelsAVX2.gemmOperands, multiplyPacked: KernelsAVX2.gemmPacked,
      pack: KernelsAVX2.packWeights,
      packedBytes: KernelsAVX2.packedWeights, workspaceBytes: KernelsAVX2.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsAVX2.gemmF64, multiplyPacked: KernelsAVX2.gemmF64Packed,
      pack: KernelsAVX2.packWeightsF64,
      packedBytes: KernelsAVX2.packedWeightsF64, workspaceBytes: KernelsAVX2.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsAVX2.gemmBF16, multiplyPacked: KernelsAVX2.gemmBF16Packed,
      pack: KernelsAVX2.packWeightsBF16,
      packedBytes: KernelsAVX2.packedWeightsBF16, workspaceBytes: KernelsAVX2.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsAVX2.gemmF16, multiplyPacked: KernelsAVX2.gemmF16Packed,
      pack: KernelsAVX2.packWeightsF16,
      packedBytes: KernelsAVX2.packedWeightsF16, workspaceBytes: KernelsAVX2.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsAVX2.gemmU8, multiplyPacked: KernelsAVX2.gemmU8Packed, pack: KernelsAVX2.packWeightsU8,
      packedBytes: KernelsAVX2.packedWeightsU8, workspaceBytes: KernelsAVX2.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsAVX2.gemmS8, multiplyPacked: KernelsAVX2.gemmS8Packed, pack: KernelsAVX2.packWeightsS8,
      packedBytes: KernelsAVX2.packedWeightsS8, workspaceBytes: KernelsAVX2.gemmS8Workspace()),
    brainDot: nil,
    halfSums: nil)

  static let avx512 = ProductModule(
    float: .init(
      multiply: KernelsAVX512.gemmOperands, multiplyPacked: KernelsAVX512.gemmPacked,
      pack: KernelsAVX512.packWeights,
      packedBytes: KernelsAVX512.packedWeights, workspaceBytes: KernelsAVX512.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsAVX512.gemmF64, multiplyPacked: KernelsAVX512.gemmF64Packed,
      pack: KernelsAVX512.packWeightsF64,
      packedBytes: KernelsAVX512.packedWeightsF64, workspaceBytes: KernelsAVX512.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsAVX512.gemmBF16, multiplyPacked: KernelsAVX512.gemmBF16Packed,
      pack: KernelsAVX512.packWeightsBF16,
      packedBytes: KernelsAVX512.packedWeightsBF16, workspaceBytes: KernelsAVX512.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsAVX512.gemmF16, multiplyPacked: KernelsAVX512.gemmF16Packed,
      pack: KernelsAVX512.packWeightsF16,
      packedBytes: KernelsAVX512.packedWeightsF16, workspaceBytes: KernelsAVX512.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsAVX512.gemmU8, multiplyPacked: KernelsAVX512.gemmU8Packed,
      pack: KernelsAVX512.packWeightsU8,
      packedBytes: KernelsAVX512.packedWeightsU8, workspaceBytes: KernelsAVX512.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsAVX512.gemmS8, multiplyPacked: KernelsAVX512.gemmS8Packed,
      pack: KernelsAVX512.packWeightsS8,
      packedBytes: KernelsAVX512.packedWeightsS8, workspaceBytes: KernelsAVX512.gemmS8Workspace()),
    brainDot: nil,
    halfSums: nil)

  static let avx512BF16 = ProductModule(
    float: .init(
      multiply: KernelsAVX512BF16.gemmOperands, multiplyPacked: KernelsAVX512BF16.gemmPacked,
      pack: KernelsAVX512BF16.packWeights,
      packedBytes: KernelsAVX512BF16.packedWeights, workspaceBytes: KernelsAVX512BF16.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsAVX512BF16.gemmF64, multiplyPacked: KernelsAVX512BF16.gemmF64Packed,
      pack: KernelsAVX512BF16.packWeightsF64,
      packedBytes: KernelsAVX512BF16.packedWeightsF64, workspaceBytes: KernelsAVX512BF16.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsAVX512BF16.gemmBF16, multiplyPacked: KernelsAVX512BF16.gemmBF16Packed,
      pack: KernelsAVX512BF16.packWeightsBF16,
      packedBytes: KernelsAVX512BF16.packedWeightsBF16, workspaceBytes: KernelsAVX512BF16.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsAVX512BF16.gemmF16, multiplyPacked: KernelsAVX512BF16.gemmF16Packed,
      pack: KernelsAVX512BF16.packWeightsF16,
      packedBytes: KernelsAVX512BF16.packedWeightsF16, workspaceBytes: KernelsAVX512BF16.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsAVX512BF16.gemmU8, multiplyPacked: KernelsAVX512BF16.gemmU8Packed,
      pack: KernelsAVX512BF16.packWeightsU8,
      packedBytes: KernelsAVX512BF16.packedWeightsU8, workspaceBytes: KernelsAVX512BF16.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsAVX512BF16.gemmS8, multiplyPacked: KernelsAVX512BF16.gemmS8Packed,
      pack: KernelsAVX512BF16.packWeightsS8,
      packedBytes: KernelsAVX512BF16.packedWeightsS8, workspaceBytes: KernelsAVX512BF16.gemmS8Workspace()),
    brainDot: .init(
      multiply: KernelsAVX512BF16.gemmBF16Dot, multiplyPacked: KernelsAVX512BF16.gemmBF16DotPacked,
      pack: KernelsAVX512BF16.packWeightsBF16Dot,
      packedBytes: KernelsAVX512BF16.packedWeightsBF16Dot,
      workspaceBytes: KernelsAVX512BF16.gemmBF16DotWorkspace()),
    halfSums: nil)

  static let avx512FP16 = ProductModule(
    float: .init(
      multiply: KernelsAVX512FP16.gemmOperands, multiplyPacked: KernelsAVX512FP16.gemmPacked,
      pack: KernelsAVX512FP16.packWeights,
      packedBytes: KernelsAVX512FP16.packedWeights, workspaceBytes: KernelsAVX512FP16.gemmWorkspace() * 4),
    double: .init(
      multiply: KernelsAVX512FP16.gemmF64, multiplyPacked: KernelsAVX512FP16.gemmF64Packed,
      pack: KernelsAVX512FP16.packWeightsF64,
      packedBytes: KernelsAVX512FP16.packedWeightsF64, workspaceBytes: KernelsAVX512FP16.gemmF64Workspace()),
    brain: .init(
      multiply: KernelsAVX512FP16.gemmBF16, multiplyPacked: KernelsAVX512FP16.gemmBF16Packed,
      pack: KernelsAVX512FP16.packWeightsBF16,
      packedBytes: KernelsAVX512FP16.packedWeightsBF16, workspaceBytes: KernelsAVX512FP16.gemmBF16Workspace()),
    half: .init(
      multiply: KernelsAVX512FP16.gemmF16, multiplyPacked: KernelsAVX512FP16.gemmF16Packed,
      pack: KernelsAVX512FP16.packWeightsF16,
      packedBytes: KernelsAVX512FP16.packedWeightsF16, workspaceBytes: KernelsAVX512FP16.gemmF16Workspace()),
    octets: .init(
      multiply: KernelsAVX512FP16.gemmU8, multiplyPacked: KernelsAVX512FP16.gemmU8Packed,
      pack: KernelsAVX512FP16.packWeightsU8,
      packedBytes: KernelsAVX512FP16.packedWeightsU8, workspaceBytes: KernelsAVX512FP16.gemmU8Workspace()),
    signed: .init(
      multiply: KernelsAVX512FP16.gemmS8, multiplyPacked: KernelsAVX512FP16.gemmS8Packed,
      pack: KernelsAVX512FP16.packWeightsS8,
      packedBytes: KernelsAVX512FP16.packedWeightsS8, workspaceBytes: KernelsAVX512FP16.gemmS8Workspace()),
    brainDot: .init(
      multiply: KernelsAVX512FP16.gemmBF16Dot, multiplyPacked: KernelsAVX512FP16.gemmBF16DotPacked,
      pack: KernelsAVX512FP16.packWeightsBF16Dot,
      packedBytes: KernelsAVX512FP16.packedWeightsBF16Dot,
      workspaceBytes: KernelsAVX512FP16.gemmBF16DotWorkspace()),
    halfSums: .init(
      multiply: KernelsAVX512FP16.gemmF16Sums, multiplyPacked: KernelsAVX512FP16.gemmF16SumsPacked,
      pack: KernelsAVX512FP16.packWeightsF16Sums,
      packedBytes: KernelsAVX512FP16.packedWeightsF16Sums,
      workspaceBytes: KernelsAVX512FP16.gemmF16SumsWorkspace()))
  #endif
}
