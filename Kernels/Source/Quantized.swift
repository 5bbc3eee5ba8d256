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
  /// Rows of A whose sums fit in registers beside four words and what decodes them.
  @inline(__always) static var rows: Int { 4 }
}

/// Floats of workspace of one thread's product with quantised weights.
public func quantizedWorkspace(m: Int) -> Int { m * tileColumns + Block.rows * 8 }

/// C (m, n) = A (m, k) · W, W of 8 bits in groups of `group` rows (`packQ8`).
@inline(never)
public func skinnyQ8(
  m: Int, n: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafePointer<UInt8>,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  QuantizedProduct<8>.multiply(m, n, k, group, a, aStride, panels, c, cStride, workspace)
}

/// C (m, n) = A (m, k) · W, W of 4 bits in groups of `group` rows (`packQ4`).
@inline(never)
public func skinnyQ4(
  m: Int, n: Int, k: Int, group: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafePointer<UInt8>,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  QuantizedProduct<4>.multiply(m, n, k, group, a, aStride, panels, c, cStride, workspace)
}

private enum QuantizedProduct<let Bits: Int> {
  @inline(__always) static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ panels: UnsafeRawPointer, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
    _ workspace: UnsafeMutablePointer<Float>
  ) {
    typealias Panel = QuantizedPanel<Bits>
    let sums = workspace + Block.rows * 8
    guard m > 0 else { return }
    let strips = ceilDivide(m, Block.rows)
    let groups = strips == 1 ? ceilDivide(k, group) : ceilDivide(Block.chunk, Panel.groupBytes(group))
    let ahead = strips == 1 ? Block.ahead : groups * Panel.groupBytes(group)
    var left = 0
    var panel = panels
    while left < n {
      var start = 0
      var source = panel
      while start < k {
        let depth = smaller(groups * group, k - start)
        var row = 0
        for strip in 0..<strips {
          let end = (strip + 1) * m / strips
          let next = source + ahead + strip * (groups * Panel.groupBytes(group) / strips)
          multiplyStrip(
            end - row, depth, group, a + row * aStride + start, aStride, source, sums + row * tileColumns,
            start == 0, workspace, next, Panel.stepBytes / strips)
          row = end
        }
        source += groups * Panel.groupBytes(group)
        start += depth
      }
      let width = smaller(tileColumns, n - left)
      for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride + left, k == 0) }
      left += tileColumns
      panel += Panel.panelBytes(k, group)
    }
  }

  @inline(__always) private static func multiplyStrip(
    _ rows: Int, _ depth: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
    _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>, _ fresh: Bool,
    _ rest: UnsafeMutablePointer<Float>, _ next: UnsafeRawPointer, _ advance: Int
  ) {
    switch rows {
    case 1: QuantizedTile<Bits, 1>.multiply(depth, group, a, aStride, panel, sums, fresh, rest, next, advance)
    case 2: QuantizedTile<Bits, 2>.multiply(depth, group, a, aStride, panel, sums, fresh, rest, next, advance)
    case 3: QuantizedTile<Bits, 3>.multiply(depth, group, a, aStride, panel, sums, fresh, rest, next, advance)
    default:
      QuantizedTile<Bits, 4>.multiply(depth, group, a, aStride, panel, sums, fresh, rest, next, advance)
    }
  }
}

/// R rows of A by a stretch of a panel.
private enum QuantizedTile<let Bits: Int, let R: Int> {
  /// The sums of a group; one row of A has two sets, because four chains of additions do not hide their latency.
  typealias Part = InlineArray<2, PanelSums<R>>

  /// sums (R, tile columns) of `depth` rows, added to what was there unless `fresh`. Each step asks for its own
  /// size at `next`, which moves on by `advance`. `rest` has room for 8 floats a row.
  @inline(never) static func multiply(
    _ depth: Int, _ group: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafeRawPointer,
    _ sums: UnsafeMutablePointer<Float>, _ fresh: Bool, _ rest: UnsafeMutablePointer<Float>,
    _ next: UnsafeRawPointer, _ advance: Int
  ) {
    typealias Panel = QuantizedPanel<Bits>
    if fresh {
      for i in 0..<R { for j in 0..<tileVectors { store(Vector(), sums + i * tileColumns + j * lanes) } }
    }
    var start = 0
    var scales = panel
    var next = next
    while start < depth {
      let rows = smaller(group, depth - start)
      var part = Part(repeating: .init(repeating: .init(repeating: Vector())))
      var step = scales + Panel.scaleBytes
      for line in 0..<ceilDivide(Panel.scaleBytes, 64) { instruction_prefetch(next + line * 64) }
      next += Panel.scaleBytes * advance / Panel.stepBytes
      for word in 0..<rows / Panel.rows {
        for line in 0..<ceilDivide(Panel.stepBytes, 64) { instruction_prefetch(next + line * 64) }
        add(a + start + word * Panel.rows, aStride, step, &part)
        step += Panel.stepBytes
        next += advance
      }
      let odd = rows % Panel.rows
      if odd != 0 {
        for i in 0..<R {
          for row in 0..<Panel.rows {
            rest[8 * i + row] = row < odd ? a[i * aStride + start + rows - odd + row] : 0
          }
        }
        add(rest, 8, step, &part)
      }
      for j in 0..<tileVectors {
        let scale = widenHalves(scales + j * lanes * 2)
        for i in 0..<R {
          let place = sums + i * tileColumns + j * lanes
          store(
            multiplyAdd(R == 1 ? part[0][i][j] + part[1][i][j] : part[0][i][j], scale, load(place)), place)
        }
      }
      scales += Panel.groupBytes(group)
      start += rows
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
    for j in 0..<tileVectors { right[j] = QuantizedPanel<Bits>.value(words[j], row) }
    for i in 0..<R {
      let left = Vector(repeating: a[i * aStride + row])
      for j in 0..<tileVectors { part[set][i][j] = multiplyAdd(left, right[j], part[set][i][j]) }
    }
  }
}
