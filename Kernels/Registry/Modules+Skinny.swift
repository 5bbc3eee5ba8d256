// Products with few rows, m = 0 ... 16 or so, of the kernel modules as values; as in Modules.swift, functions are
// called through pointers. SkinnyShare says what each thread of a team computes.

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

/// Products with weights of one storage type packed ahead into panels; A and C are fp32. What the first columns, or a
/// panel's first rows, take up is `packedBytes` of them, so that a share begins there.
package struct SkinnyPanelEntries<Element>: Sendable {
  /// m, n, k, a, aStride, panels, panelRows, c, cStride, workspace.
  package let multiply:
    @Sendable (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafeRawPointer, Int, UnsafeMutablePointer<Float>, Int,
      UnsafeMutablePointer<Float>
    ) -> Void
  /// n, k, b, bStride, bTransposed, panels.
  package let pack: @Sendable (Int, Int, UnsafePointer<Element>, Int, Bool, UnsafeMutableRawPointer) -> Void
  /// Bytes of B (n, k) packed.
  package let packedBytes: @Sendable (Int, Int) -> Int
  /// What a thread's range of k must begin at a multiple of.
  package let depthStep: Int
}

/// Products with weights of 8 or 4 bits, one fp16 scale a group of rows and column.
package struct SkinnyQuantizedEntries: Sendable {
  /// m, n, k, group, a, aStride, panels, panelRows, c, cStride, workspace.
  package let multiply:
    @Sendable (
      Int, Int, Int, Int, UnsafePointer<Float>, Int, UnsafeRawPointer, Int, UnsafeMutablePointer<Float>, Int,
      UnsafeMutablePointer<Float>
    ) -> Void
  /// m, n, k, group, levels, scales, level sums, panels, panelRows, c, cStride, workspace: A quantised to 8 bits.
  package let multiplyLevels:
    @Sendable (
      Int, Int, Int, Int, UnsafeRawPointer, UnsafePointer<Float>, UnsafePointer<Int32>, UnsafeRawPointer, Int,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void
  /// n, k, group, q (k, n), bits of the scales (k / group rounded up, n), panels.
  package let pack:
    @Sendable (
      Int, Int, Int, UnsafePointer<Int8>, UnsafePointer<UInt16>, UnsafeMutableRawPointer
    ) -> Void
  /// Bytes of W (n, k, group) packed.
  package let packedBytes: @Sendable (Int, Int, Int) -> Int
}

/// The skinny products of one kernel module. Workspaces are of one thread, in floats.
package struct SkinnyModule: Sendable {
  /// Columns of a packed panel.
  package let panelColumns: Int
  /// Row-major weights as they are: m, n, k, a, aStride, b, bStride, c, cStride, workspace.
  package let multiply:
    @Sendable (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int,
      UnsafeMutablePointer<Float>
    ) -> Void
  /// The same of weights that lie (n, k): m, n, k, a, aStride, b, bStride, c, cStride.
  package let multiplyTransposed:
    @Sendable (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void
  /// Workspace of `multiply`, by m.
  package let workspace: @Sendable (Int) -> Int

  package let float: SkinnyPanelEntries<Float>
  /// bfloat16 and fp16 weights, widened while they are multiplied.
  package let brain: SkinnyPanelEntries<UInt16>, half: SkinnyPanelEntries<UInt16>
  /// Workspace of products on panels, by m.
  package let panelWorkspace: @Sendable (Int) -> Int

  package let q8: SkinnyQuantizedEntries, q4: SkinnyQuantizedEntries
  /// A to levels of 8 bits: m, k, group, a, aStride, levels, scales, level sums.
  package let quantize:
    @Sendable (
      Int, Int, Int, UnsafePointer<Float>, Int, UnsafeMutableRawPointer, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Int32>
    ) -> Void
  /// Bytes of levels, and number of scales and of level sums, by m, k and group.
  package let levelBytes: @Sendable (Int, Int, Int) -> Int, levelGroups: @Sendable (Int, Int, Int) -> Int
  /// Workspace of products with quantised weights, by m and group.
  package let quantizedWorkspace: @Sendable (Int, Int) -> Int

  /// m, n, threads, partial results (threads, m, n), c, cStride: their sum, where threads shared k.
  package let reduce:
    @Sendable (Int, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  /// The module of an instruction set that this CPU and operating system can run.
  package static func of(_ isa: InstructionSet) throws(KernelError) -> SkinnyModule {
    _ = try ProductModule.of(isa)
    return switch isa {
    #if arch(arm64)
    case .neon: neon
    #else
    case .avx2: avx2
    case .avx512: avx512
    case .avx512BF16: avx512BF16
    case .avx512FP16: avx512FP16
    #endif
    default: baseline
    }
  }
}

extension SkinnyModule {
  private static let baseline = SkinnyModule(
    panelColumns: KernelsBaseline.skinnyPanelColumns(),
    multiply: KernelsBaseline.skinny, multiplyTransposed: KernelsBaseline.skinnyTransposed,
    workspace: KernelsBaseline.skinnyWorkspace,
    float: .init(
      multiply: KernelsBaseline.skinnyPanels, pack: KernelsBaseline.packWeights,
      packedBytes: KernelsBaseline.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsBaseline.skinnyPanelsBF16, pack: KernelsBaseline.skinnyPackBF16,
      packedBytes: KernelsBaseline.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsBaseline.skinnyPanelsF16, pack: KernelsBaseline.skinnyPackF16,
      packedBytes: KernelsBaseline.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsBaseline.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsBaseline.skinnyQ8, multiplyLevels: KernelsBaseline.skinnyQ8Int8,
      pack: KernelsBaseline.packQ8,
      packedBytes: KernelsBaseline.packedQ8),
    q4: .init(
      multiply: KernelsBaseline.skinnyQ4, multiplyLevels: KernelsBaseline.skinnyQ4Int8,
      pack: KernelsBaseline.packQ4,
      packedBytes: KernelsBaseline.packedQ4),
    quantize: KernelsBaseline.quantizeActivations, levelBytes: KernelsBaseline.quantizedLevels,
    levelGroups: KernelsBaseline.quantizedGroups, quantizedWorkspace: KernelsBaseline.quantizedWorkspace,
    reduce: KernelsBaseline.skinnyReduce)

  #if arch(arm64)
  private static let neon = SkinnyModule(
    panelColumns: KernelsNEON.skinnyPanelColumns(),
    multiply: KernelsNEON.skinny, multiplyTransposed: KernelsNEON.skinnyTransposed,
    workspace: KernelsNEON.skinnyWorkspace,
    float: .init(
      multiply: KernelsNEON.skinnyPanels, pack: KernelsNEON.packWeights,
      packedBytes: KernelsNEON.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsNEON.skinnyPanelsBF16, pack: KernelsNEON.skinnyPackBF16,
      packedBytes: KernelsNEON.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsNEON.skinnyPanelsF16, pack: KernelsNEON.skinnyPackF16,
      packedBytes: KernelsNEON.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsNEON.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsNEON.skinnyQ8, multiplyLevels: KernelsNEON.skinnyQ8Int8, pack: KernelsNEON.packQ8,
      packedBytes: KernelsNEON.packedQ8),
    q4: .init(
      multiply: KernelsNEON.skinnyQ4, multiplyLevels: KernelsNEON.skinnyQ4Int8, pack: KernelsNEON.packQ4,
      packedBytes: KernelsNEON.packedQ4),
    quantize: KernelsNEON.quantizeActivations, levelBytes: KernelsNEON.quantizedLevels,
    levelGroups: KernelsNEON.quantizedGroups, quantizedWorkspace: KernelsNEON.quantizedWorkspace,
    reduce: KernelsNEON.skinnyReduce)
  #else
  private static let avx2 = SkinnyModule(
    panelColumns: KernelsAVX2.skinnyPanelColumns(),
    multiply: KernelsAVX2.skinny, multiplyTransposed: KernelsAVX2.skinnyTransposed,
    workspace: KernelsAVX2.skinnyWorkspace,
    float: .init(
      multiply: KernelsAVX2.skinnyPanels, pack: KernelsAVX2.packWeights,
      packedBytes: KernelsAVX2.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsAVX2.skinnyPanelsBF16, pack: KernelsAVX2.skinnyPackBF16,
      packedBytes: KernelsAVX2.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsAVX2.skinnyPanelsF16, pack: KernelsAVX2.skinnyPackF16,
      packedBytes: KernelsAVX2.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsAVX2.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsAVX2.skinnyQ8, multiplyLevels: KernelsAVX2.skinnyQ8Int8, pack: KernelsAVX2.packQ8,
      packedBytes: KernelsAVX2.packedQ8),
    q4: .init(
      multiply: KernelsAVX2.skinnyQ4, multiplyLevels: KernelsAVX2.skinnyQ4Int8, pack: KernelsAVX2.packQ4,
      packedBytes: KernelsAVX2.packedQ4),
    quantize: KernelsAVX2.quantizeActivations, levelBytes: KernelsAVX2.quantizedLevels,
    levelGroups: KernelsAVX2.quantizedGroups, quantizedWorkspace: KernelsAVX2.quantizedWorkspace,
    reduce: KernelsAVX2.skinnyReduce)

  private static let avx512 = SkinnyModule(
    panelColumns: KernelsAVX512.skinnyPanelColumns(),
    multiply: KernelsAVX512.skinny, multiplyTransposed: KernelsAVX512.skinnyTransposed,
    workspace: KernelsAVX512.skinnyWorkspace,
    float: .init(
      multiply: KernelsAVX512.skinnyPanels, pack: KernelsAVX512.packWeights,
      packedBytes: KernelsAVX512.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsAVX512.skinnyPanelsBF16, pack: KernelsAVX512.skinnyPackBF16,
      packedBytes: KernelsAVX512.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsAVX512.skinnyPanelsF16, pack: KernelsAVX512.skinnyPackF16,
      packedBytes: KernelsAVX512.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsAVX512.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsAVX512.skinnyQ8, multiplyLevels: KernelsAVX512.skinnyQ8Int8,
      pack: KernelsAVX512.packQ8,
      packedBytes: KernelsAVX512.packedQ8),
    q4: .init(
      multiply: KernelsAVX512.skinnyQ4, multiplyLevels: KernelsAVX512.skinnyQ4Int8,
      pack: KernelsAVX512.packQ4,
      packedBytes: KernelsAVX512.packedQ4),
    quantize: KernelsAVX512.quantizeActivations, levelBytes: KernelsAVX512.quantizedLevels,
    levelGroups: KernelsAVX512.quantizedGroups, quantizedWorkspace: KernelsAVX512.quantizedWorkspace,
    reduce: KernelsAVX512.skinnyReduce)

  private static let avx512BF16 = SkinnyModule(
    panelColumns: KernelsAVX512BF16.skinnyPanelColumns(),
    multiply: KernelsAVX512BF16.skinny, multiplyTransposed: KernelsAVX512BF16.skinnyTransposed,
    workspace: KernelsAVX512BF16.skinnyWorkspace,
    float: .init(
      multiply: KernelsAVX512BF16.skinnyPanels, pack: KernelsAVX512BF16.packWeights,
      packedBytes: KernelsAVX512BF16.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsAVX512BF16.skinnyPanelsBF16, pack: KernelsAVX512BF16.skinnyPackBF16,
      packedBytes: KernelsAVX512BF16.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsAVX512BF16.skinnyPanelsF16, pack: KernelsAVX512BF16.skinnyPackF16,
      packedBytes: KernelsAVX512BF16.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsAVX512BF16.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsAVX512BF16.skinnyQ8, multiplyLevels: KernelsAVX512BF16.skinnyQ8Int8,
      pack: KernelsAVX512BF16.packQ8,
      packedBytes: KernelsAVX512BF16.packedQ8),
    q4: .init(
      multiply: KernelsAVX512BF16.skinnyQ4, multiplyLevels: KernelsAVX512BF16.skinnyQ4Int8,
      pack: KernelsAVX512BF16.packQ4,
      packedBytes: KernelsAVX512BF16.packedQ4),
    quantize: KernelsAVX512BF16.quantizeActivations, levelBytes: KernelsAVX512BF16.quantizedLevels,
    levelGroups: KernelsAVX512BF16.quantizedGroups, quantizedWorkspace: KernelsAVX512BF16.quantizedWorkspace,
    reduce: KernelsAVX512BF16.skinnyReduce)

  private static let avx512FP16 = SkinnyModule(
    panelColumns: KernelsAVX512FP16.skinnyPanelColumns(),
    multiply: KernelsAVX512FP16.skinny, multiplyTransposed: KernelsAVX512FP16.skinnyTransposed,
    workspace: KernelsAVX512FP16.skinnyWorkspace,
    float: .init(
      multiply: KernelsAVX512FP16.skinnyPanels, pack: KernelsAVX512FP16.packWeights,
      packedBytes: KernelsAVX512FP16.packedWeights,
      depthStep: 1),
    brain: .init(
      multiply: KernelsAVX512FP16.skinnyPanelsBF16, pack: KernelsAVX512FP16.skinnyPackBF16,
      packedBytes: KernelsAVX512FP16.skinnyPackedBF16, depthStep: 2),
    half: .init(
      multiply: KernelsAVX512FP16.skinnyPanelsF16, pack: KernelsAVX512FP16.skinnyPackF16,
      packedBytes: KernelsAVX512FP16.skinnyPackedF16, depthStep: 1),
    panelWorkspace: KernelsAVX512FP16.skinnyPanelWorkspace,
    q8: .init(
      multiply: KernelsAVX512FP16.skinnyQ8, multiplyLevels: KernelsAVX512FP16.skinnyQ8Int8,
      pack: KernelsAVX512FP16.packQ8,
      packedBytes: KernelsAVX512FP16.packedQ8),
    q4: .init(
      multiply: KernelsAVX512FP16.skinnyQ4, multiplyLevels: KernelsAVX512FP16.skinnyQ4Int8,
      pack: KernelsAVX512FP16.packQ4,
      packedBytes: KernelsAVX512FP16.packedQ4),
    quantize: KernelsAVX512FP16.quantizeActivations, levelBytes: KernelsAVX512FP16.quantizedLevels,
    levelGroups: KernelsAVX512FP16.quantizedGroups, quantizedWorkspace: KernelsAVX512FP16.quantizedWorkspace,
    reduce: KernelsAVX512FP16.skinnyReduce)
  #endif
}
