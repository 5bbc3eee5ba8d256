// The caches that a decode step reads: where a key lies, and one entry point for each element type.

/// Where the keys and values of one head lie.
struct DecodeCache<E: CacheElement> {
  let k: UnsafePointer<E.Stored>
  let v: UnsafePointer<E.Stored>
  let kScales: UnsafePointer<Float>?
  let vScales: UnsafePointer<Float>?
  let headDim: Int
  let valueDim: Int
  let table: UnsafePointer<Int32>?
  let blockKeys: Int
  /// Blocks of one head are this many blocks apart: the heads of a block lie together.
  let blockStep: Int
  let isTurned: Bool

  /// The place of a key: keys of whole blocks before it, and its number inside its block.
  @inline(__always) func place(_ key: Int) -> (before: Int, slot: Int) {
    let number = key / blockKeys
    let block = table.map { Int($0[number]) } ?? number
    return (block * blockStep * blockKeys, key - number * blockKeys)
  }

  /// How far ahead memory is asked for. With steps of 512 keys in f32, 4 KiB reached 0.84 of a plain read, 8 to 10
  /// KiB 0.87 and 16 KiB 0.80; in bf16 10 KiB reached 0.86 and 8 KiB 0.82 (Zen 5).
  @inline(__always) static var leadBytes: Int { 10_240 }

  /// Rows that lie ahead of the row in use by what the memory should be asked for early.
  @inline(__always) func lead(_ elements: Int) -> Int {
    let rows = DecodeCache.leadBytes / (elements * MemoryLayout<E.Stored>.stride)
    return smaller(blockKeys, rows < dotKeys ? dotKeys : rows / dotKeys * dotKeys)
  }

  /// The place of a key among rows.
  @inline(__always) func row(_ key: Int) -> Int {
    let (before, slot) = place(key)
    return before + slot
  }
}

/// Decode over a cache of floats: keys `first..<last` of one key head against `q` (group, headDim), into a
/// partial result. `headDim` and `valueDim` are multiples of 16, `blockKeys` one of 16 where keys are turned.
@inline(never)
public func decode(
  group: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  k: UnsafePointer<Float>, v: UnsafePointer<Float>, table: UnsafePointer<Int32>?, blockKeys: Int,
  blockStep: Int, isTurned: Bool, partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let cache = DecodeCache<SingleElement>(
    k: k, v: v, kScales: nil, vScales: nil, headDim: headDim, valueDim: valueDim, table: table,
    blockKeys: blockKeys, blockStep: blockStep, isTurned: isTurned)
  decode(cache, group, first, last, scale, q, partial, workspace)
}

/// Decode over a cache of bf16.
@inline(never)
public func decodeBF16(
  group: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  k: UnsafePointer<UInt16>, v: UnsafePointer<UInt16>, table: UnsafePointer<Int32>?, blockKeys: Int,
  blockStep: Int, isTurned: Bool, partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let cache = DecodeCache<BrainElement>(
    k: k, v: v, kScales: nil, vScales: nil, headDim: headDim, valueDim: valueDim, table: table,
    blockKeys: blockKeys, blockStep: blockStep, isTurned: isTurned)
  decode(cache, group, first, last, scale, q, partial, workspace)
}

/// Decode over a cache of f16.
@inline(never)
public func decodeF16(
  group: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  k: UnsafePointer<UInt16>, v: UnsafePointer<UInt16>, table: UnsafePointer<Int32>?, blockKeys: Int,
  blockStep: Int, isTurned: Bool, partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let cache = DecodeCache<HalfElement>(
    k: k, v: v, kScales: nil, vScales: nil, headDim: headDim, valueDim: valueDim, table: table,
    blockKeys: blockKeys, blockStep: blockStep, isTurned: isTurned)
  decode(cache, group, first, last, scale, q, partial, workspace)
}

/// Decode over a cache of bytes; key i's elements count times `kScales[i]`, its values times `vScales[i]`,
/// both laid out as the keys are.
@inline(never)
public func decodeI8(
  group: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  k: UnsafePointer<Int8>, v: UnsafePointer<Int8>, kScales: UnsafePointer<Float>,
  vScales: UnsafePointer<Float>,
  table: UnsafePointer<Int32>?, blockKeys: Int, blockStep: Int, isTurned: Bool,
  partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let cache = DecodeCache<ByteElement>(
    k: k, v: v, kScales: kScales, vScales: vScales, headDim: headDim, valueDim: valueDim, table: table,
    blockKeys: blockKeys, blockStep: blockStep, isTurned: isTurned)
  decode(cache, group, first, last, scale, q, partial, workspace)
}
