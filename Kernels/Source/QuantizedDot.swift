// Products with quantised weights whose activations are quantised as well, to 8 bits in the same groups:
//   C = sum over groups of scale(w) · scale(a) · (sum of q(w) · q(a)),
// the inner sum exact in 32-bit integers. Weights are stored with an offset, so that an instruction that multiplies
// unsigned by signed bytes can read them; -offset · (sum of q(a)) is where a group's sum starts. Without such an
// instruction, bytes are spread to pairs of 16 bits.
// Work: 2·m·n·k integer operations. Error: up to half a step of the activations' 127 beside the weights' own.

import CInstructions

private enum Block {
  @inline(__always) static var chunk: Int { 16384 }
  @inline(__always) static var ahead: Int { 8192 }
  #if ISA_BF16
  /// Rows of A whose sums fit in registers beside the words and what spreads them.
  @inline(__always) static var rows: Int { 4 }
  #else
  /// Rows of A whose sums fit in registers beside the words and what spreads them.
  @inline(__always) static var rows: Int { 2 }
  #endif
}

/// Levels as a step multiplies them: groups of `rows` rows, chosen from a word by a shift and a mask.
private enum LevelStep<let Bits: Int> {
  #if ISA_BF16
  /// Four bytes in order: rows 0 to 3 of a word, then rows 4 to 7.
  typealias Stored = Int8
  @inline(__always) static var rows: Int { 4 }
  @inline(__always) static var mask: Int32 { Bits == 8 ? -1 : 0x0F0F_0F0F }
  @inline(__always) static func shift(_ step: Int) -> Int32 { Int32(truncatingIfNeeded: 4 * step) }
  /// Where row `row` of a word lies among the levels.
  @inline(__always) static func place(_ row: Int) -> Int { row }
  @inline(__always) static func add(_ a: VectorBits, _ w: VectorBits, _ sum: VectorBits) -> VectorBits {
    instruction_multiply_bytes(sum, w, a)
  }
  #else
  /// Two 16-bit numbers: rows 0 and 2, 1 and 3, then the same of rows 4 to 7.
  typealias Stored = Int16
  @inline(__always) static var rows: Int { 2 }
  @inline(__always) static var mask: Int32 { Bits == 8 ? 0x00FF_00FF : 0x000F_000F }
  @inline(__always) static func shift(_ step: Int) -> Int32 {
    Int32(truncatingIfNeeded: 8 * (step & 1) + 4 * (step >> 1))
  }
  @inline(__always) static func place(_ row: Int) -> Int { row & ~3 | (row & 1) << 1 | (row & 2) >> 1 }
  @inline(__always) static func add(_ a: VectorBits, _ w: VectorBits, _ sum: VectorBits) -> VectorBits {
    #if ISA_NEON
    let low = sum &+ ((a &<< 16) &>> 16) &* (w & 0xFFFF)
    return low &+ (a &>> 16) &* (w &>> 16)
    #else
    return ShortStep.step(a, w, sum)
    #endif
  }
  #endif
}

/// Bytes of levels of A (m, k), padded to whole groups.
public func quantizedLevels(m: Int, k: Int, group: Int) -> Int {
  m * ceilDivide(k, group) * group * MemoryLayout<LevelStep<8>.Stored>.size
}

/// Scales, and as many sums, of A (m, k).
public func quantizedGroups(m: Int, k: Int, group: Int) -> Int { m * ceilDivide(k, group) }

/// levels = round(a / scale), -127 ... 127, scale = max|a| / 127 in each group of a row; `sums` adds up the levels of
/// each group. A group with a NaN or an infinity gets NaN for a scale. Levels beyond k are 0.
@inline(never)
public func quantizeActivations(
  m: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, levels: UnsafeMutableRawPointer,
  scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>
) {
  let groups = ceilDivide(k, group)
  let stored = levels.assumingMemoryBound(to: LevelStep<8>.Stored.self)
  for i in 0..<m {
    for number in 0..<groups {
      let start = number * group
      quantizeGroup(
        smaller(group, k - start), group, a + i * aStride + start, stored + (i * groups + number) * group,
        scales + i * groups + number, sums + i * groups + number)
    }
  }
}

@inline(__always)
private func quantizeGroup(
  _ count: Int, _ group: Int, _ a: UnsafePointer<Float>, _ levels: UnsafeMutablePointer<LevelStep<8>.Stored>,
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
    let level = Int8(truncatingIfNeeded: Int32(bitPattern: place.bitPattern &- 0x4B40_0000))
    levels[LevelStep<8>.place(p)] = LevelStep<8>.Stored(level)
    total &+= Int32(level)
  }
  sum.pointee = total
}

/// C (m, n) = A (m, k) · W, W of 8 bits (`packQ8`), A as `quantizeActivations` leaves it. Panels and levels hold
/// `panelRows` rows and columns, of which k are used; `workspace` holds `quantizedWorkspace(m:group:)` floats.
@inline(never)
public func skinnyQ8Int8(
  m: Int, n: Int, k: Int, group: Int, levels: UnsafeRawPointer, scales: UnsafePointer<Float>,
  levelSums: UnsafePointer<Int32>, panels: UnsafeRawPointer, panelRows: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  let a = Levels(
    levels: levels, scales: scales, sums: levelSums, groups: ceilDivide(panelRows, group), group: group)
  QuantizedDot<8>.multiply(m, n, ceilDivide(k, group), a, panels, c, cStride, workspace)
}

/// C (m, n) = A (m, k) · W, W of 4 bits (`packQ4`), A as `quantizeActivations` leaves it.
@inline(never)
public func skinnyQ4Int8(
  m: Int, n: Int, k: Int, group: Int, levels: UnsafeRawPointer, scales: UnsafePointer<Float>,
  levelSums: UnsafePointer<Int32>, panels: UnsafeRawPointer, panelRows: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  let a = Levels(
    levels: levels, scales: scales, sums: levelSums, groups: ceilDivide(panelRows, group), group: group)
  QuantizedDot<4>.multiply(m, n, ceilDivide(k, group), a, panels, c, cStride, workspace)
}

/// Quantised activations: rows of `groups` groups.
private struct Levels {
  var levels: UnsafeRawPointer, scales: UnsafePointer<Float>, sums: UnsafePointer<Int32>
  let groups: Int, group: Int

  /// Bytes of a row's levels.
  @inline(__always) var stride: Int { groups * group * MemoryLayout<LevelStep<8>.Stored>.size }

  /// The rows from `row` on, and in them the groups from `number` on.
  @inline(__always) func from(_ row: Int, _ number: Int) -> Levels {
    var part = self
    part.levels += row * stride + number * group * MemoryLayout<LevelStep<8>.Stored>.size
    part.scales += row * groups + number
    part.sums += row * groups + number
    return part
  }
}

private enum QuantizedDot<let Bits: Int> {
  typealias Panel = QuantizedPanel<Bits>

  @inline(__always) static func multiply(
    _ m: Int, _ n: Int, _ groups: Int, _ a: Levels, _ panels: UnsafeRawPointer,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ sums: UnsafeMutablePointer<Float>
  ) {
    guard m > 0 else { return }
    let groupBytes = Panel.groupBytes(a.group)
    let strips = ceilDivide(m, Block.rows)
    let chunk = strips == 1 ? groups : ceilDivide(Block.chunk, groupBytes)
    let ahead = strips == 1 ? Block.ahead : chunk * groupBytes
    var left = 0
    var panel = panels
    while left < n {
      for i in 0..<m * tileColumns { sums[i] = 0 }
      var number = 0
      while number < groups {
        let count = smaller(chunk, groups - number)
        var row = 0
        for strip in 0..<strips {
          let end = (strip + 1) * m / strips
          let source = panel + number * groupBytes
          multiplyStrip(
            end - row, count, a.from(row, number), source, sums + row * tileColumns,
            source + ahead + strip * (chunk * groupBytes / strips), Panel.stepBytes / strips)
          row = end
        }
        number += count
      }
      let width = smaller(tileColumns, n - left)
      for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride + left) }
      left += tileColumns
      panel += a.groups * groupBytes
    }
  }

  @inline(__always) private static func multiplyStrip(
    _ rows: Int, _ groups: Int, _ a: Levels, _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>,
    _ next: UnsafeRawPointer, _ advance: Int
  ) {
    switch rows {
    case 1: QuantizedDotTile<Bits, 1>.multiply(groups, a, panel, sums, next, advance)
    case 2: QuantizedDotTile<Bits, 2>.multiply(groups, a, panel, sums, next, advance)
    case 3 where Block.rows >= 3:
      QuantizedDotTile<Bits, 3>.multiply(groups, a, panel, sums, next, advance)
    case 4 where Block.rows >= 4:
      QuantizedDotTile<Bits, 4>.multiply(groups, a, panel, sums, next, advance)
    default: break
    }
  }
}

/// R rows of A by some groups of a panel.
private enum QuantizedDotTile<let Bits: Int, let R: Int> {
  typealias Panel = QuantizedPanel<Bits>
  typealias Step = LevelStep<Bits>
  typealias Part = InlineArray<R, InlineArray<4, VectorBits>>

  @inline(never) static func multiply(
    _ groups: Int, _ a: Levels, _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>,
    _ next: UnsafeRawPointer, _ advance: Int
  ) {
    var scales = panel
    var levels = a.levels
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
        // Spelled out: a loop would shift by a variable.
        add(levels, a.stride, step, 0, &part)
        if Panel.rows > Step.rows { add(levels + 4, a.stride, step, 1, &part) }
        if Panel.rows > 2 * Step.rows {
          add(levels + 8, a.stride, step, 2, &part)
          add(levels + 12, a.stride, step, 3, &part)
        }
        levels += 4 * (Panel.rows / Step.rows)
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
      scales = UnsafeRawPointer(step)
      // The group's own sums need the registers.
      instruction_forget_memory()
    }
  }

  /// The rows of a word that one instruction multiplies.
  @inline(__always) private static func add(
    _ levels: UnsafeRawPointer, _ stride: Int, _ step: UnsafeRawPointer, _ number: Int, _ part: inout Part
  ) {
    var weights = InlineArray<4, VectorBits>(repeating: VectorBits())
    for j in 0..<tileVectors {
      let words = step.loadUnaligned(fromByteOffset: j * lanes * 4, as: VectorBits.self)
      weights[j] = (words &>> Step.shift(number)) & VectorBits(repeating: Step.mask)
    }
    for i in 0..<R {
      let left = VectorBits(repeating: (levels + i * stride).loadUnaligned(as: Int32.self))
      for j in 0..<tileVectors { part[i][j] = Step.add(left, weights[j], part[i][j]) }
    }
  }
}

@inline(__always) private func floats(_ integers: VectorBits) -> Vector {
  var result = Vector()
  for i in 0..<lanes { result[i] = Float(integers[i]) }
  return result
}
