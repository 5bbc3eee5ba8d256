// Products with weights of 4 or 8 bits, symmetric, one fp16 scale a group of rows and column:
//   w = scale · q,  q in -8 ... 7 or -128 ... 127,  stored with an offset of 8 or 128, unsigned.
// C (m, n) = A (m, k) · W with A in floats. Panels are `tileColumns` wide over the whole depth; a group is a line of
// scales and then words, each with 8 or 4 rows of one column: bits / 8 bytes a weight and 2 bytes a group and column.
// Work: 2·m·n·k FLOP.

import CInstructions

/// Weights of `Bits` bits: 4 or 8.
enum QuantizedPanel<let Bits: Int> {
  /// Rows in a word.
  @inline(__always) static var rows: Int { 32 / Bits }
  /// What is added to a weight to make it unsigned.
  @inline(__always) static var offset: Int { 1 << (Bits - 1) }
  /// Bytes of `rows` rows of a panel.
  @inline(__always) static var stepBytes: Int { 4 * tileColumns }
  /// Bytes of a group's scales.
  @inline(__always) static var scaleBytes: Int { 2 * tileColumns }
  @inline(__always) static func groupBytes(_ group: Int) -> Int { scaleBytes + group / rows * stepBytes }
  @inline(__always) static func panelBytes(_ k: Int, _ group: Int) -> Int {
    ceilDivide(k, group) * groupBytes(group)
  }

  /// Where a row stands in its word. Rows 0 to 3 of 4 bits are the low halves of the bytes and rows 4 to 7 the high
  /// ones, so that masking gives four rows in order, as a dot product of bytes takes them.
  @inline(__always) static func shift(_ row: Int) -> Int { row < 4 ? 8 * row : 8 * (row - 4) + 4 }

  /// The weights of one row of the words, without their scale.
  @inline(__always) static func value(_ words: VectorBits, _ row: Int) -> Vector {
    let moved = words &>> Int32(truncatingIfNeeded: shift(row))
    #if ISA_AVX512
    if Bits == 4 { return instruction_look_up(moved, nibbles) }
    #endif
    // In the last bits of 2^23 an integer is already a float.
    let bits = moved & VectorBits(repeating: Int32(2 * offset - 1)) | VectorBits(repeating: 0x4B00_0000)
    return unsafeBitCast(bits, to: Vector.self) - Vector(repeating: Float(0x80_0000 + offset))
  }

  #if ISA_AVX512
  /// The sixteen weights of 4 bits, as a register that their bits index.
  @inline(__always) private static var nibbles: Vector {
    Vector(-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7)
  }
  #endif
}

private enum Block {
  /// Bytes of a panel that several strips of rows share: a third of a 48 KiB first-level cache.
  @inline(__always) static var chunk: Int { 16384 }
  /// Bytes between a read and its prefetch where one strip reads the panel alone.
  @inline(__always) static var ahead: Int { 8192 }
  #if ISA_AVX512
  /// Rows of A whose sums fit in registers beside the words and what decodes them.
  @inline(__always) static var rows: Int { 4 }
  #else
  /// Rows of A whose sums fit in registers beside the words and what decodes them.
  @inline(__always) static var rows: Int { 2 }
  #endif
}

/// Floats of workspace of one thread's product with quantised weights.
public func quantizedWorkspace(m: Int, group: Int) -> Int { m * (tileColumns + group) }

/// C (m, n) = A (m, k) · W, W of 8 bits in groups of `group` rows (`packQ8`), for m up to 16 or so. The panels hold
/// `panelRows` rows, of which k are used; `workspace` holds `quantizedWorkspace(m:group:)` floats.
@inline(never)
public func skinnyQ8(
  m: Int, n: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafeRawPointer,
  panelRows: Int, c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  QuantizedProduct<8>.multiply(m, n, k, group, a, aStride, panels, panelRows, c, cStride, workspace)
}

/// C (m, n) = A (m, k) · W, W of 4 bits in groups of `group` rows (`packQ4`).
@inline(never)
public func skinnyQ4(
  m: Int, n: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafeRawPointer,
  panelRows: Int, c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  QuantizedProduct<4>.multiply(m, n, k, group, a, aStride, panels, panelRows, c, cStride, workspace)
}

private enum QuantizedProduct<let Bits: Int> {
  typealias Panel = QuantizedPanel<Bits>

  @inline(__always) static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ panels: UnsafeRawPointer, _ panelRows: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
    _ workspace: UnsafeMutablePointer<Float>
  ) {
    guard m > 0 else { return }
    let sums = workspace + m * group
    let groupBytes = Panel.groupBytes(group)
    let whole = k / group
    let strips = ceilDivide(m, Block.rows)
    let chunk = strips == 1 ? whole : ceilDivide(Block.chunk, groupBytes)
    let ahead = strips == 1 ? Block.ahead : chunk * groupBytes
    copyRest(m, k - whole * group, group, a + whole * group, aStride, workspace)
    var left = 0
    var panel = panels
    while left < n {
      for i in 0..<m * tileColumns { sums[i] = 0 }
      var number = 0
      while number < whole {
        let count = smaller(chunk, whole - number)
        multiplyRows(
          m, count, group, a + number * group, aStride, panel + number * groupBytes, sums, ahead)
        number += count
      }
      if whole * group < k {
        multiplyRows(
          m, 1, group, workspace, group, panel + whole * groupBytes, sums, ahead)
      }
      let width = smaller(tileColumns, n - left)
      for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride + left) }
      left += tileColumns
      panel += Panel.panelBytes(panelRows, group)
    }
  }

  /// The columns of A that do not fill a group, beside zeros.
  @inline(__always) private static func copyRest(
    _ m: Int, _ count: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ rest: UnsafeMutablePointer<Float>
  ) {
    guard count > 0 else { return }
    for i in 0..<m {
      for p in 0..<group { rest[i * group + p] = p < count ? a[i * aStride + p] : 0 }
    }
  }

  /// All rows of A by `groups` groups of a panel, in strips that each ask for their share of what lies ahead.
  @inline(__always) private static func multiplyRows(
    _ m: Int, _ groups: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>, _ ahead: Int
  ) {
    let strips = ceilDivide(m, Block.rows)
    let share = groups * Panel.groupBytes(group) / strips
    var row = 0
    for strip in 0..<strips {
      let end = (strip + 1) * m / strips
      multiplyStrip(
        end - row, groups, group, a + row * aStride, aStride, panel, sums + row * tileColumns,
        panel + ahead + strip * share, Panel.stepBytes / strips)
      row = end
    }
  }

  @inline(__always) private static func multiplyStrip(
    _ rows: Int, _ groups: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>, _ next: UnsafeRawPointer,
    _ advance: Int
  ) {
    switch rows {
    case 1: QuantizedTile<Bits, 1>.multiply(groups, group, a, aStride, panel, sums, next, advance)
    case 2: QuantizedTile<Bits, 2>.multiply(groups, group, a, aStride, panel, sums, next, advance)
    case 3 where Block.rows >= 3:
      QuantizedTile<Bits, 3>.multiply(groups, group, a, aStride, panel, sums, next, advance)
    case 4 where Block.rows >= 4:
      QuantizedTile<Bits, 4>.multiply(groups, group, a, aStride, panel, sums, next, advance)
    default: break
    }
  }
}

/// R rows of A by some groups of a panel.
private enum QuantizedTile<let Bits: Int, let R: Int> {
  typealias Panel = QuantizedPanel<Bits>
  /// The sums of a group; one row of A has two sets, because four chains of additions do not hide their latency.
  typealias Part = InlineArray<2, PanelSums<R>>

  /// sums (R, tile columns) += A · `groups` groups. Each step asks for its own
  /// size at `next`, which moves on by `advance`.
  @inline(never) static func multiply(
    _ groups: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafeRawPointer,
    _ sums: UnsafeMutablePointer<Float>, _ next: UnsafeRawPointer, _ advance: Int
  ) {
    var column = a
    var scales = panel
    var next = next
    for _ in 0..<groups {
      var part = Part(repeating: .init(repeating: .init(repeating: Vector())))
      var step = scales + Panel.scaleBytes
      for line in 0..<ceilDivide(Panel.scaleBytes, 64) { instruction_prefetch(next + line * 64) }
      next += Panel.scaleBytes * advance / Panel.stepBytes
      for _ in 0..<group / Panel.rows {
        for line in 0..<ceilDivide(Panel.stepBytes, 64) { instruction_prefetch(next + line * 64) }
        add(column, aStride, step, &part)
        column += Panel.rows
        step += Panel.stepBytes
        next += advance
      }
      for j in 0..<tileVectors {
        let scale = widenHalves(scales + j * lanes * 2)
        for i in 0..<R {
          let place = sums + i * tileColumns + j * lanes
          store(
            multiplyAdd(R == 1 ? part[0][i][j] + part[1][i][j] : part[0][i][j], scale, load(place)), place)
        }
      }
      scales = UnsafeRawPointer(step)
      // The group's own sums need the registers.
      instruction_forget_memory()
    }
  }

  /// The rows of one step, spelled out: a loop over them would keep its sums in memory.
  @inline(__always) private static func add(
    _ a: UnsafePointer<Float>, _ aStride: Int, _ step: UnsafeRawPointer, _ part: inout Part
  ) {
    var words = InlineArray<4, VectorBits>(repeating: VectorBits())
    for j in 0..<tileVectors {
      words[j] = step.loadUnaligned(fromByteOffset: j * lanes * 4, as: VectorBits.self)
    }
    addRow(a, aStride, words, 0, &part)
    addRow(a, aStride, words, 1, &part)
    addRow(a, aStride, words, 2, &part)
    addRow(a, aStride, words, 3, &part)
    guard Bits == 4 else { return }
    addRow(a, aStride, words, 4, &part)
    addRow(a, aStride, words, 5, &part)
    addRow(a, aStride, words, 6, &part)
    addRow(a, aStride, words, 7, &part)
  }

  @inline(__always) private static func addRow(
    _ a: UnsafePointer<Float>, _ aStride: Int, _ words: InlineArray<4, VectorBits>, _ row: Int,
    _ part: inout Part
  ) {
    let set = R == 1 ? row & 1 : 0
    var right = InlineArray<4, Vector>(repeating: Vector())
    for j in 0..<tileVectors { right[j] = Panel.value(words[j], row) }
    for i in 0..<R {
      let left = Vector(repeating: a[i * aStride + row])
      for j in 0..<tileVectors { part[set][i][j] = multiplyAdd(left, right[j], part[set][i][j]) }
    }
  }
}
