// The attention kernels of one instruction set as a value; argument order as in Kernels/Source.

import KernelsBaseline

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
#endif

/// The entry points of attention, its caches and its powers of two.
struct AttentionModule: Sendable {
  typealias Shorts = UnsafePointer<UInt16>
  typealias Octets = UnsafePointer<Int8>
  typealias Table = UnsafePointer<Int32>?

  let transposeKeys: @Sendable (Int, Int, Floats, Int, MutableFloats) -> Void
  let transposedKeys: @Sendable (Int, Int) -> Int
  let prefill:
    @Sendable (
      Int, Int, Int, Int, Int, Int, Int, Bool, Int, Int, Float, Floats, Floats, Floats, MutableFloats,
      MutableFloats
    ) -> Void
  let prefillRows: Int
  let prefillWorkspace: @Sendable (Int, Int) -> Int
  let decode:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Floats, Floats, Table, Int, Int, Bool, MutableFloats,
      MutableFloats
    ) -> Void
  let decodeBF16:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Shorts, Shorts, Table, Int, Int, Bool, MutableFloats,
      MutableFloats
    ) -> Void
  let decodeF16:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Shorts, Shorts, Table, Int, Int, Bool, MutableFloats,
      MutableFloats
    ) -> Void
  let decodeI8:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Octets, Octets, Floats, Floats, Table, Int, Int, Bool,
      MutableFloats, MutableFloats
    ) -> Void
  let decodeMerge: @Sendable (Int, Int, Int, Floats, MutableFloats) -> Void
  let decodePartial: @Sendable (Int, Int) -> Int
  let decodeWorkspace: @Sendable (Int, Int, Int) -> Int
  let latentDecode:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Floats, Table, Int, MutableFloats, MutableFloats
    ) -> Void
  let latentDecodeBF16:
    @Sendable (
      Int, Int, Int, Int, Int, Float, Floats, Shorts, Table, Int, MutableFloats, MutableFloats
    ) -> Void
  let latentWorkspace: @Sendable (Int, Int) -> Int
  let softmaxRow: @Sendable (MutableFloats, Int, Int, Float) -> Float
  let scaleRow: @Sendable (MutableFloats, Int, Float) -> Void
  let powersOfTwo: @Sendable (Int, Floats, MutableFloats) -> Void

  static let baseline = AttentionModule(
    transposeKeys: KernelsBaseline.transposeKeys, transposedKeys: KernelsBaseline.transposedKeys,
    prefill: KernelsBaseline.prefill,
    prefillRows: KernelsBaseline.prefillRows(), prefillWorkspace: KernelsBaseline.prefillWorkspace,
    decode: KernelsBaseline.decode, decodeBF16: KernelsBaseline.decodeBF16,
    decodeF16: KernelsBaseline.decodeF16,
    decodeI8: KernelsBaseline.decodeI8, decodeMerge: KernelsBaseline.decodeMerge,
    decodePartial: KernelsBaseline.decodePartial, decodeWorkspace: KernelsBaseline.decodeWorkspace,
    latentDecode: KernelsBaseline.latentDecode, latentDecodeBF16: KernelsBaseline.latentDecodeBF16,
    latentWorkspace: KernelsBaseline.latentWorkspace, softmaxRow: KernelsBaseline.softmaxRow,
    scaleRow: KernelsBaseline.scaleRow, powersOfTwo: KernelsBaseline.powersOfTwo)

  #if arch(arm64)
  static let neon = AttentionModule(
    transposeKeys: KernelsNEON.transposeKeys, transposedKeys: KernelsNEON.transposedKeys,
    prefill: KernelsNEON.prefill,
    prefillRows: KernelsNEON.prefillRows(), prefillWorkspace: KernelsNEON.prefillWorkspace,
    decode: KernelsNEON.decode, decodeBF16: KernelsNEON.decodeBF16, decodeF16: KernelsNEON.decodeF16,
    decodeI8: KernelsNEON.decodeI8, decodeMerge: KernelsNEON.decodeMerge,
    decodePartial: KernelsNEON.decodePartial, decodeWorkspace: KernelsNEON.decodeWorkspace,
    latentDecode: KernelsNEON.latentDecode, latentDecodeBF16: KernelsNEON.latentDecodeBF16,
    latentWorkspace: KernelsNEON.latentWorkspace, softmaxRow: KernelsNEON.softmaxRow,
    scaleRow: KernelsNEON.scaleRow, powersOfTwo: KernelsNEON.powersOfTwo)
  #else
  static let avx2 = AttentionModule(
    transposeKeys: KernelsAVX2.transposeKeys, transposedKeys: KernelsAVX2.transposedKeys,
    prefill: KernelsAVX2.prefill,
    prefillRows: KernelsAVX2.prefillRows(), prefillWorkspace: KernelsAVX2.prefillWorkspace,
    decode: KernelsAVX2.decode, decodeBF16: KernelsAVX2.decodeBF16, decodeF16: KernelsAVX2.decodeF16,
    decodeI8: KernelsAVX2.decodeI8, decodeMerge: KernelsAVX2.decodeMerge,
    decodePartial: KernelsAVX2.decodePartial, decodeWorkspace: KernelsAVX2.decodeWorkspace,
    latentDecode: KernelsAVX2.latentDecode, latentDecodeBF16: KernelsAVX2.latentDecodeBF16,
    latentWorkspace: KernelsAVX2.latentWorkspace, softmaxRow: KernelsAVX2.softmaxRow,
    scaleRow: KernelsAVX2.scaleRow, powersOfTwo: KernelsAVX2.powersOfTwo)

  static let avx512 = AttentionModule(
    transposeKeys: KernelsAVX512.transposeKeys, transposedKeys: KernelsAVX512.transposedKeys,
    prefill: KernelsAVX512.prefill,
    prefillRows: KernelsAVX512.prefillRows(), prefillWorkspace: KernelsAVX512.prefillWorkspace,
    decode: KernelsAVX512.decode, decodeBF16: KernelsAVX512.decodeBF16, decodeF16: KernelsAVX512.decodeF16,
    decodeI8: KernelsAVX512.decodeI8, decodeMerge: KernelsAVX512.decodeMerge,
    decodePartial: KernelsAVX512.decodePartial, decodeWorkspace: KernelsAVX512.decodeWorkspace,
    latentDecode: KernelsAVX512.latentDecode, latentDecodeBF16: KernelsAVX512.latentDecodeBF16,
    latentWorkspace: KernelsAVX512.latentWorkspace, softmaxRow: KernelsAVX512.softmaxRow,
    scaleRow: KernelsAVX512.scaleRow, powersOfTwo: KernelsAVX512.powersOfTwo)
  #endif
}
