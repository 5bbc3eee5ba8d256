// The keys and values that a decode step finds: rows of floats for each head, or blocks of keys that a table
// puts in order, in the element type of the cache.

import Measurement
import Quantities

/// K and V of one operand set, filled with numbers in ±1.
///
/// Rows: K (batch, headsKV, seqKV, headDim). Blocks: K (blocks, headsKV, blockKeys, headDim), or (blocks,
/// headsKV, headDim, blockKeys) where keys are turned; V likewise with valueDim, never turned; the table
/// (batch, blocks of a sequence) names blocks in a random order. A latent cache has no V of its own.
final class AttentionCache: Sendable {
  let size: Problem.Attention
  let k: Buffer
  let v: Buffer
  /// A factor for each key and head, laid out as the keys are; of a cache of bytes.
  let kScales: Buffer?
  let vScales: Buffer?
  /// Numbers of blocks, as 32-bit integers.
  private let blockTable: Buffer?

  init(_ size: Problem.Attention, seed: UInt64, team: WorkerTeam) throws(KernelError) {
    self.size = size
    let keys = size.storedKeys
    k = try AttentionCache.random(keys * size.headDim, size.cacheType, seed: mix(seed &+ 1), team: team)
    v =
      size.latent
      ? k : try AttentionCache.random(keys * size.valueDim, size.cacheType, seed: mix(seed &+ 2), team: team)
    guard size.cacheType == .i8 else {
      (kScales, vScales) = (nil, nil)
      blockTable = try AttentionCache.shuffledBlocks(size, seed: seed)
      return
    }
    kScales = try AttentionCache.factors(keys, seed: mix(seed &+ 3), team: team)
    vScales = try AttentionCache.factors(keys, seed: mix(seed &+ 4), team: team)
    blockTable = try AttentionCache.shuffledBlocks(size, seed: seed)
  }

  /// Rows of floats that are there already.
  init(_ size: Problem.Attention, k: Buffer, v: Buffer) {
    (self.size, self.k, self.v) = (size, k, v)
    (kScales, vScales, blockTable) = (nil, nil, nil)
  }

  var memory: [UnsafeRawBufferPointer] { size.latent ? [k.memory] : [k.memory, v.memory] }

  /// Blocks of a sequence in order; nil = one row after the other.
  func table(_ sequence: Int) -> UnsafePointer<Int32>? {
    guard let blockTable else { return nil }
    return UnsafeRawPointer(blockTable.start).assumingMemoryBound(to: Int32.self)
      + sequence * size.blocksPerSequence
  }

  /// Place of a key among all keys of the cache: rows of headDim or valueDim elements where keys are not
  /// turned.
  func row(_ sequence: Int, _ head: Int, _ key: Int) -> Int {
    guard let blockKeys = size.blockKeys else {
      return (sequence * size.headsKV + head) * size.seqKV + key
    }
    let block = table(sequence).map { Int($0[key / blockKeys]) } ?? 0
    return (block * size.headsKV + head) * blockKeys + key % blockKeys
  }

  /// The elements of a key, as the kernel should see them.
  func readKey(_ sequence: Int, _ head: Int, _ key: Int, into numbers: UnsafeMutablePointer<Double>) {
    let row = row(sequence, head, key)
    let factor = kScales.map { Double($0.start[row]) } ?? 1
    if size.keysTurned, let blockKeys = size.blockKeys {
      let first = row / blockKeys * blockKeys * size.headDim + row % blockKeys
      for i in 0..<size.headDim { numbers[i] = factor * element(k, first + i * blockKeys) }
    } else {
      for i in 0..<size.headDim { numbers[i] = factor * element(k, row * size.headDim + i) }
    }
  }

  /// The elements of a key's values.
  func readValue(_ sequence: Int, _ head: Int, _ key: Int, into numbers: UnsafeMutablePointer<Double>) {
    let row = row(sequence, head, key)
    let factor = vScales.map { Double($0.start[row]) } ?? 1
    let first = row * (size.latent ? size.headDim : size.valueDim)
    for i in 0..<size.valueDim { numbers[i] = factor * element(v, first + i) }
  }

  private func element(_ buffer: Buffer, _ i: Int) -> Double {
    let raw = UnsafeRawPointer(buffer.start)
    switch size.cacheType {
    case .bf16:
      return Double(Float(bitPattern: UInt32(raw.load(fromByteOffset: 2 * i, as: UInt16.self)) << 16))
    case .f16: return halfToDouble(raw.load(fromByteOffset: 2 * i, as: UInt16.self))
    case .i8: return Double(raw.load(fromByteOffset: i, as: Int8.self))
    default: return Double(buffer.start[i])
    }
  }

  /// `count` random elements of a type. Bytes are any but -128; the others lie in ±1.
  private static func random(
    _ count: Int, _ type: DataType, seed: UInt64, team: WorkerTeam
  ) throws(KernelError) -> Buffer {
    guard type != .f32 else { return try OperandStore.random(count, seed: seed, team: team) }
    let buffer = try Buffer((count * type.cachedBytes + 3) / 4)
    // Four bytes at a time; each thread its own part, over and over from one table, as `Buffer.fillRandom`.
    let words = min(buffer.count, period)
    let table = try Buffer(words)
    let drawn = UnsafeMutableRawPointer(table.start)
    for i in 0..<words {
      drawn.storeBytes(
        of: randomWord(mix(seed &+ UInt64(i)), type), toByteOffset: 4 * i, as: UInt32.self)
    }
    team.run { thread, threads in
      let part = share(of: buffer.count, thread, threads)
      var i = part.lowerBound
      while i < part.upperBound {
        let place = i % words
        let length = min(words - place, part.upperBound - i)
        (buffer.start + i).update(from: table.start + place, count: length)
        i += length
      }
    }
    return buffer
  }

  /// A prime: no two rows of a cache come out equal.
  private static let period = 65_521

  /// Four bytes of elements from 64 random bits.
  private static func randomWord(_ random: UInt64, _ type: DataType) -> UInt32 {
    let (low, high) = (UInt32(truncatingIfNeeded: random), UInt32(truncatingIfNeeded: random >> 32))
    if type == .i8 {
      // -128 becomes 0.
      return (0..<4).reduce(0) { word, byte in
        let bits = low >> (8 * byte) & 0xFF
        return word | (bits == 0x80 ? 0 : bits) << (8 * byte)
      }
    }
    return pair(low, type) | pair(high, type) << 16
  }

  private static func pair(_ random: UInt32, _ type: DataType) -> UInt32 {
    // 24 bits to ±1, cut to the type's precision.
    let number = Float(random >> 8) * 0x1p-23 - 1
    return type == .bf16 ? number.bitPattern >> 16 : UInt32(halfBits(number))
  }

  private static func factors(_ count: Int, seed: UInt64, team: WorkerTeam) throws(KernelError) -> Buffer {
    let buffer = try Buffer(count)
    buffer.fillRandom(seed: seed, magnitude: 0.5 / 127, team: team)
    for i in 0..<count { buffer.start[i] += 1 / 127 }
    return buffer
  }

  private static func shuffledBlocks(_ size: Problem.Attention, seed: UInt64) throws(KernelError) -> Buffer? {
    guard size.blockKeys != nil else { return nil }
    let count = size.batch * size.blocksPerSequence
    let buffer = try Buffer(count)
    let table = UnsafeMutableRawPointer(buffer.start).bindMemory(to: Int32.self, capacity: count)
    for i in 0..<count { table[i] = Int32(i) }
    for i in stride(from: count - 1, to: 0, by: -1) {
      let j = Int(mix(seed &+ UInt64(i)) % UInt64(i + 1))
      (table[i], table[j]) = (table[j], table[i])
    }
    return buffer
  }
}

extension Problem.Attention {
  /// Blocks of a paged sequence.
  var blocksPerSequence: Int { blockKeys.map { (seqKV + $0 - 1) / $0 } ?? 0 }
  /// Keys that the cache has room for.
  var storedKeys: Int { batch * headsKV * (blockKeys.map { blocksPerSequence * $0 } ?? seqKV) }
}

/// The 16 bits of a float in [-1, 1] cut to half precision; below 2^-14 to zero.
private func halfBits(_ number: Float) -> UInt16 {
  let bits = number.bitPattern
  let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
  let exponent = Int(bits >> 23 & 0xFF) - 127
  guard exponent >= -14 else { return sign }
  return sign | UInt16((exponent + 15) << 10) | UInt16(bits >> 13 & 0x3FF)
}

/// What 16 bits of half precision stand for.
private func halfToDouble(_ bits: UInt16) -> Double {
  let sign: Double = bits & 0x8000 == 0 ? 1 : -1
  let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF) / 1024)
  switch exponent {
  case 0: return sign * fraction * 0x1p-14
  case 31: return fraction == 0 ? sign * .infinity : .nan
  default: return sign * (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
  }
}
