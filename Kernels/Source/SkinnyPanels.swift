// C (m, n) = A (m, k) · B (k, n) for few rows of A, B packed ahead into panels. The weights are read once from
// memory, in order: all rows of A are served by each chunk of a panel while it is in the first-level cache, up to
// six rows at a time, and the chunk after it is asked for meanwhile.
// Work: 2·m·n·k FLOP, k·n weights of traffic.

import CInstructions

private enum Block {
  /// Bytes of a panel that several strips of rows share: a third of a 48 KiB first-level cache.
  @inline(__always) static var chunk: Int { 16384 }
  /// Bytes between a read and its prefetch where one strip reads the panel alone. Zen 5 reads 92 to 100 % of what
  /// a plain read does at 4 to 16 KiB ahead.
  @inline(__always) static var ahead: Int { 8192 }
}

/// Sums of R rows across a panel.
typealias PanelSums<let R: Int> = InlineArray<R, InlineArray<4, Vector>>

/// Floats of workspace of one thread's skinny product on panels.
public func skinnyPanelWorkspace(m: Int) -> Int { m * tileColumns }

/// R rows of A by one panel.
enum PanelTile<Format: PanelFormat, let R: Int> {
  /// sums (R, tile columns) of `depth` rows of the panel, added to what was there unless `fresh`. Each step asks
  /// for its own size in bytes at `next`, which moves on by `advance`.
  @inline(never) static func multiply(
    _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ panel: UnsafeRawPointer,
    _ sums: UnsafeMutablePointer<Float>, _ fresh: Bool, _ next: UnsafeRawPointer, _ advance: Int
  ) {
    var total = PanelSums<R>(repeating: .init(repeating: Vector()))
    if !fresh {
      for i in 0..<R {
        for j in 0..<tileVectors { total[i][j] = load(sums + i * tileColumns + j * lanes) }
      }
    }
    var column = a
    var step = panel
    var next = next
    for _ in 0..<depth / Format.rows {
      for line in 0..<ceilDivide(Format.bytes, 64) { instruction_prefetch(next + line * 64) }
      for row in 0..<Format.rows { add(column + row, aStride, step, row, &total) }
      column += Format.rows
      step += Format.bytes
      next += advance
    }
    if depth % Format.rows != 0 { add(column, aStride, step, 0, &total) }
    for i in 0..<R {
      for j in 0..<tileVectors { store(total[i][j], sums + i * tileColumns + j * lanes) }
    }
  }

  @inline(__always) private static func add(
    _ a: UnsafePointer<Float>, _ aStride: Int, _ step: UnsafeRawPointer, _ row: Int,
    _ total: inout PanelSums<R>
  ) {
    var right = InlineArray<4, Vector>(repeating: Vector())
    for j in 0..<tileVectors { right[j] = Format.vector(step, row, j) }
    for i in 0..<R {
      let left = Vector(repeating: a[i * aStride])
      for j in 0..<tileVectors { total[i][j] = multiplyAdd(left, right[j], total[i][j]) }
    }
  }
}

/// C (m, n) = A (m, k) · panels; `panelBytes` from one panel to the next.
private enum PanelProduct<Format: PanelFormat> {
  @inline(__always) static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ panels: UnsafeRawPointer,
    _ panelBytes: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ sums: UnsafeMutablePointer<Float>
  ) {
    guard m > 0 else { return }
    let strips = ceilDivide(m, Format.tileRows)
    let chunk = strips == 1 ? k : Block.chunk / Format.bytes * Format.rows
    let ahead = strips == 1 ? Block.ahead : Block.chunk
    var left = 0
    var panel = panels
    while left < n {
      if k == 0 { for i in 0..<m * tileColumns { sums[i] = 0 } }
      var start = 0
      while start < k {
        let depth = smaller(chunk, k - start)
        let source = panel + start / Format.rows * Format.bytes
        // Each strip asks for its share of the chunk ahead.
        let share = depth / Format.rows * Format.bytes / strips
        var row = 0
        for strip in 0..<strips {
          let end = (strip + 1) * m / strips
          multiplyStrip(
            Format.self, end - row, depth, a + row * aStride + start, aStride, source,
            sums + row * tileColumns, start == 0,
            source + ahead + strip * share, Format.bytes / strips)
          row = end
        }
        start += depth
      }
      let width = smaller(tileColumns, n - left)
      for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride + left) }
      left += tileColumns
      panel += panelBytes
    }
  }
}

/// One strip of up to six rows of A by a stretch of a panel.
@inline(__always) func multiplyStrip<Format: PanelFormat>(
  _ format: Format.Type, _ rows: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
  _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Float>, _ fresh: Bool, _ next: UnsafeRawPointer,
  _ advance: Int
) {
  switch rows {
  case 1: PanelTile<Format, 1>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  case 2: PanelTile<Format, 2>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  case 3: PanelTile<Format, 3>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  case 4 where Format.tileRows >= 4:
    PanelTile<Format, 4>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  case 5 where Format.tileRows >= 5:
    PanelTile<Format, 5>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  case 6 where Format.tileRows >= 6:
    PanelTile<Format, 6>.multiply(depth, a, aStride, panel, sums, fresh, next, advance)
  default: break
  }
}

/// A row's sums into C.
@inline(__always) func copySums(
  _ width: Int, _ sums: UnsafeMutablePointer<Float>, _ c: UnsafeMutablePointer<Float>
) {
  for j in 0..<width { c[j] = sums[j] }
}

/// C (m, n) = A (m, k) · B in panels of floats (`packWeights`), for m up to 16 or so: 4·k·n bytes of weights.
/// The panels hold `panelRows` rows, of which k are used; `workspace` holds `skinnyPanelWorkspace(m:)` floats.
@inline(never)
public func skinnyPanels(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafeRawPointer, panelRows: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  PanelProduct<FloatWeights>.multiply(
    m, n, k, a, aStride, panels, panelRows * FloatWeights.bytes, c, cStride, workspace)
}

/// The same with weights in bf16 (`skinnyPackBF16`), sums in fp32: 2·k·n bytes of weights.
@inline(never)
public func skinnyPanelsBF16(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafeRawPointer, panelRows: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  PanelProduct<BrainWeights>.multiply(
    m, n, k, a, aStride, panels, ceilDivide(panelRows, 2) * BrainWeights.bytes, c, cStride, workspace)
}

/// The same with weights in fp16 (`skinnyPackF16`), sums in fp32: 2·k·n bytes of weights.
@inline(never)
public func skinnyPanelsF16(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, panels: UnsafeRawPointer, panelRows: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  PanelProduct<HalfWeights>.multiply(
    m, n, k, a, aStride, panels, panelRows * HalfWeights.bytes, c, cStride, workspace)
}
