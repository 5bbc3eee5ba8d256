// Products with quantised weights whose activations are quantised as well, to 8 bits in the same groups:
//   C = sum over groups of scale(w) · scale(a) · (sum of q(w) · q(a)),
// the inner sum exact in 32-bit integers. Weights are stored with an offset, so that an instruction that multiplies
// unsigned by signed bytes can read them; offset · (sum of q(a)) is where a group's sum starts.
// Work: 2·m·n·k integer operations. Error: up to half a step of the activations' 127 beside the weights' own.

import CInstructions

private enum Block {
  @inline(__always) static var chunk: Int { 16384 }
  @inline(__always) static var ahead: Int { 8192 }
  /// Rows of A whose sums fit in registers beside the words.
  @inline(__always) static var rows: Int { 4 }
}

/// Bytes of levels of A (m, k), padded to whole groups.
public func quantizedLevels(m: Int, k: Int, group: Int) -> Int { m * ceilDivide(k, group) * group }

/// Scales, and as many sums, of A (m, k).
public func quantizedGroups(m: Int, k: Int, group: Int) -> Int { m * ceilDivide(k, group) }

/// levels = round(a / scale), -127 ... 127, scale = max|a| / 127 in each group of a row; `sums` adds up the levels of
/// each group. A group with a NaN or an infinity gets NaN for a scale. Levels beyond k are 0.
@inline(never)
public func quantizeActivations(
  m: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, levels: UnsafeMutablePointer<Int8>,
  scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>
) {
  let groups = ceilDivide(k, group)
  for i in 0..<m {
    for number in 0..<groups {
      let start = number * group
      quantizeGroup(
        smaller(group, k - start), group, a + i * aStride + start, levels + (i * groups + number) * group,
        scales + i * groups + number, sums + i * groups + number)
    }
  }
}

@inline(__always)
private func quantizeGroup(
  _ count: Int, _ group: Int, _ a: UnsafePointer<Float>, _ levels: UnsafeMutablePointer<Int8>,
  _ scale: UnsafeMutablePointer<Float>, _ sum: UnsafeMutablePointer<Int32>
) {
  var most: Float = 0
  var nothing: Float = 0
  for p in 0..<count {
    let size = a[p] < 0 ? -a[p] : a[p]
    most = size > most ? size : most
    nothing += a[p] * 0
  }
  scale.pointee = most / 127 + nothing
  // Subnormal maxima would make an infinite factor: they count as zeros.
  let factor = most > 1e-36 && most * 0 == 0 ? 127 / most : 0
  var total: Int32 = 0
  for p in 0..<group {
    // The last bits of 1.5 · 2^23 + x are x rounded to an even integer.
    let place = p < count ? a[p] * factor + 0x1.8p23 : 0x1.8p23
    let level = Int32(bitPattern: place.bitPattern &- 0x4B40_0000)
    levels[p] = Int8(truncatingIfNeeded: level)
    total &+= Int32(levels[p])
  }
  sum.pointee = total
}

/// C (m, n) = A (m, k) · W, W of 8 bits (`packQ8`), A as `quantizeActivations` leaves it. `workspace` holds
/// `quantizedWorkspace(m:)` floats.
@inline(never)
public func skinnyQ8Int8(
  m: Int, n: Int, k: Int, group: Int, levels: UnsafePointer<Int8>, scales: UnsafePointer<Float>,
  levelSums: UnsafePointer<Int32>, panels: UnsafePointer<UInt8>, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutablePointer<Float>
) {
  let a = Levels(levels: levels, scales: scales, sums: levelSums, groups: ceilDivide(k, group), group: group)
  QuantizedDot<8>.multiply(m, n, a, panels, c, cStride, workspace)
}

/// C (m, n) = A (m, k) · W, W of 4 bits (`packQ4`), A as `quantizeActivations` leaves it.
@inline(never)
public func skinnyQ4Int8(
  m: Int, n: Int, k: Int, group: Int, levels: UnsafePointer<Int8>, scales: UnsafePointer<Float>,
  levelSums: UnsafePointer<Int32>, panels: UnsafePointer<UInt8>, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutablePointer<Float>
) {
  let a = Levels(levels: levels, scales: scales, sums: levelSums, groups: ceilDivide(k, group), group: group)
  QuantizedDot<4>.multiply(m, n, a, panels, c, cStride, workspace)
}

/// Quantised activations: rows of `groups` groups.
private struct Levels {
  var levels: UnsafePointer<Int8>, scales: UnsafePointer<Float>, sums: UnsafePointer<Int32>
  let groups: Int, group: Int

  /// The rows from `row` on, and in them the groups from `number` on.
  @inline(__always) func from(_ row: Int, _ number: Int) -> Levels {
    var part = self
    part.levels += (row * groups + number) * group
    part.scales += row * groups + number
    part.sums += row * groups + number
    return part
  }
}

private enum QuantizedDot<let Bits: Int> {
  @inline(__always) static func multiply(
    _ m: Int, _ n: Int, _ a: Levels, _ panels: UnsafeRawPointer, _ c: UnsafeMutablePointer<Float>,
    _ cStride: Int, _ sums: UnsafeMutablePointer<Float>
  ) {
    typealias Panel = QuantizedPanel<Bits>
    let groupBytes = Panel.groupBytes(a.group)
    guard m > 0 else { return }
    let strips = ceilDivide(m, Block.rows)
    let chunk = strips == 1 ? a.groups : ceilDivide(Block.chunk, groupBytes)
    let ahead = strips == 1 ? Block.ahead : chunk * groupBytes
    var left = 0
    var panel = panels
    while left < n {
      var number = 0
      while number < a.groups {
        let count = smaller(chunk, a.groups - number)
        var row = 0
        for strip in 0..<strips {
          let end = (strip + 1) * m / strips
          let source = panel + number * groupBytes
          multiplyStrip(
            end - row, count, a.from(row, number), source, sums + row * tileColumns, number == 0,
            source + ahead + strip * (chunk * groupBytes / strips), Panel.stepBytes / strips)
          row = end
        }
        number += count
      }
      let width = smaller(tileColumns, n - left)
      for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride + left, a.groups == 0) }
      left += tileColumns
      panel += a.groups * groupBytes
    }
  }

  @inline(__always) private static func multiplyStrip(
    _ rows: Int, _ groups: Int, _ a: Levels, _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>,
    _ fresh: Bool, _ next: UnsafeRawPointer, _ advance: Int
  ) {
    switch rows {
    case 1: QuantizedDotTile<Bits, 1>.multiply(groups, a, panel, sums, fresh, next, advance)
    case 2: QuantizedDotTile<Bits, 2>.multiply(groups, a, panel, sums, fresh, next, advance)
    case 3: QuantizedDotTile<Bits, 3>.multiply(groups, a, panel, sums, fresh, next, advance)
    default: QuantizedDotTile<Bits, 4>.multiply(groups, a, panel, sums, fresh, next, advance)
    }
  }
}

/// R rows of A by some groups of a panel.
private enum QuantizedDotTile<let Bits: Int, let R: Int> {
  typealias Part = InlineArray<R, InlineArray<4, VectorBits>>

  @inline(never) static func multiply(
    _ groups: Int, _ a: Levels, _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>, _ fresh: Bool,
    _ next: UnsafeRawPointer, _ advance: Int
  ) {
    typealias Panel = QuantizedPanel<Bits>
    let stride = a.groups * a.group
    if fresh {
      for i in 0..<R { for j in 0..<tileVectors { store(Vector(), sums + i * tileColumns + j * lanes) } }
    }
    var scales = panel
    var levels = UnsafeRawPointer(a.levels)
    var next = next
    for number in 0..<groups {
      var part = Part(repeating: .init(repeating: VectorBits()))
      for i in 0..<R {
        let start = VectorBits(repeating: 0 &- Int32(Panel.offset) &* a.sums[i * a.groups + number])
        for j in 0..<tileVectors { part[i][j] = start }
      }
      var step = scales + Panel.scaleBytes
      for line in 0..<ceilDivide(Panel.scaleBytes, 64) { instruction_prefetch(next + line * 64) }
      next += Panel.scaleBytes * advance / Panel.stepBytes
      for _ in 0..<a.group / Panel.rows {
        for line in 0..<ceilDivide(Panel.stepBytes, 64) { instruction_prefetch(next + line * 64) }
        if Bits == 8 {
          add(levels, stride, step, 0, -1, &part)
        } else {
          add(levels, stride, step, 0, 0x0F0F_0F0F, &part)
          add(levels + 4, stride, step, 4, 0x0F0F_0F0F, &part)
        }
        levels += Panel.rows
        step += Panel.stepBytes
        next += advance
      }
      for j in 0..<tileVectors {
        let scale = widenHalves(scales + j * lanes * 2)
        for i in 0..<R {
          let place = sums + i * tileColumns + j * lanes
          let factor = scale * Vector(repeating: a.scales[i * a.groups + number])
          store(multiplyAdd(floats(part[i][j]), factor, load(place)), place)
        }
      }
      scales += Panel.groupBytes(a.group)
    }
  }

  /// Four rows of the panel: the bytes of each word after a shift and a mask.
  @inline(__always) private static func add(
    _ levels: UnsafeRawPointer, _ stride: Int, _ step: UnsafeRawPointer, _ shift: Int32, _ mask: Int32,
    _ part: inout Part
  ) {
    var bytes = InlineArray<4, VectorBits>(repeating: VectorBits())
    for j in 0..<tileVectors {
      let words = step.loadUnaligned(fromByteOffset: j * lanes * 4, as: VectorBits.self)
      bytes[j] = (words &>> shift) & VectorBits(repeating: mask)
    }
    for i in 0..<R {
      let quad = (levels + i * stride).loadUnaligned(as: Int32.self)
      for j in 0..<tileVectors { part[i][j] = dotQuads(part[i][j], bytes[j], quad) }
    }
  }
}

/// sum + the four unsigned bytes of each lane times the four signed bytes of `quad`.
@inline(__always)
private func dotQuads(_ sum: VectorBits, _ bytes: VectorBits, _ quad: Int32) -> VectorBits {
  #if ISA_BF16
  return instruction_multiply_bytes(sum, bytes, VectorBits(repeating: quad))
  #elseif ISA_NEON
  var total = sum
  for place in 0..<4 {
    let shift = Int32(truncatingIfNeeded: 8 * place)
    let byte = (bytes &>> shift) & VectorBits(repeating: 255)
    total = total &+ byte &* VectorBits(repeating: signedByte(quad, place))
  }
  return total
  #else
  // Bytes 0 and 2, then 1 and 3, as pairs of 16 bits.
  let low = ShortStep.step(
    bytes & 0x00FF_00FF, VectorBits(repeating: signedByte(quad, 0) & 0xFFFF | signedByte(quad, 2) &<< 16), sum)
  return ShortStep.step(
    bytes &>> 8 & 0x00FF_00FF,
    VectorBits(repeating: signedByte(quad, 1) & 0xFFFF | signedByte(quad, 3) &<< 16), low)
  #endif
}

@inline(__always) private func signedByte(_ quad: Int32, _ place: Int) -> Int32 {
  Int32(Int8(truncatingIfNeeded: quad &>> Int32(truncatingIfNeeded: 8 * place)))
}

@inline(__always) private func floats(_ integers: VectorBits) -> Vector {
  var result = Vector()
  for i in 0..<lanes { result[i] = Float(integers[i]) }
  return result
}
