// C (m, n) = A (m, k) · B (k, n) after Goto, once for all element types: B is packed into panels as wide as the
// register tile, a block of A and a panel stay in the second-level cache, and A is read in place where its
// elements are groups as they stand, because six rows do not fight for a cache set and packing A costs more than
// it gains. One thread; a team gives each thread its own columns (or rows) of C.

import CInstructions

/// What is multiplied: the step, and how A and B are stored.
protocol Product {
  associatedtype Step: ProductStep
  associatedtype Left: ProductOperand
  associatedtype Right: ProductOperand
  /// Groups of a block along k.
  static var depth: Int { get }
  /// Elements along k in a group.
  static var groupDepth: Int { get }
  /// A's elements are raised by 128, and 128 x the column sums of B must be taken off C.
  static var raised: Bool { get }
  /// `k` rows of `columns` columns of B, from `b` on, into a panel; see `PanelPacking`.
  static func packPanel(
    _ k: Int, _ columns: Int, _ b: UnsafePointer<Right.Element>, _ stride: Int, _ transposed: Bool,
    _ panel: UnsafeMutableRawPointer)
}

extension Product {
  typealias Scalar = Step.Scalar

  @inline(__always) static var groupBytes: Int { MemoryLayout<Step.Factor.Scalar>.size }
  @inline(__always) static var groupDepth: Int { Right.depth }
  /// Groups, and columns of C, across a panel.
  @inline(__always) static var panelGroups: Int { tileVectors * 4 * lanes / groupBytes }
  @inline(__always) static var panelColumns: Int { tileVectors * Step.columns }
  @inline(__always) static var raised: Bool { false }

  @inline(__always) static func packPanel(
    _ k: Int, _ columns: Int, _ b: UnsafePointer<Right.Element>, _ stride: Int, _ transposed: Bool,
    _ panel: UnsafeMutableRawPointer
  ) {
    PanelPacking<Right>.pack(
      k, columns, b, stride, transposed, panel.assumingMemoryBound(to: Right.Factor.Scalar.self),
      panelGroups)
  }
}

/// Rows of a block of A: few, so that the block stays cached at power-of-two strides.
@inline(__always) private var blockRows: Int { 48 }
/// Panels of a block of B.
@inline(__always) private var blockPanels: Int { 8 }
/// A B of at most so many bytes is read where it lies.
@inline(__always) private var inPlaceBytes: Int { 512 << 10 }
/// Groups between rows of a packed block of A beyond its depth: no power of two.
@inline(__always) private var rowGap: Int { 16 }

/// The matrices of a call. Strides count elements of the stored rows.
struct ProductCall<P: Product> {
  var m: Int, n: Int, k: Int
  var a: UnsafePointer<P.Left.Element>, aStride: Int, aTransposed: Bool
  /// nil if `panels` hold B.
  var b: UnsafePointer<P.Right.Element>?, bStride: Int, bTransposed: Bool
  var panels: UnsafeRawPointer?
  var c: UnsafeMutablePointer<P.Scalar>, cStride: Int
}

enum Products<P: Product> {
  typealias Scalar = P.Scalar

  // MARK: Sizes

  @inline(__always) static var panelBlockBytes: Int { P.depth * P.panelGroups * blockPanels * P.groupBytes }
  @inline(__always) static var edgeBytes: Int { tileRows * P.panelColumns * MemoryLayout<Scalar>.size }
  @inline(__always) static var rowBlockBytes: Int { blockRows * (P.depth + rowGap) * P.groupBytes }
  @inline(__always) static var correctionBytes: Int {
    P.raised ? P.panelColumns * blockPanels * 4 : 0
  }
  /// Bytes of workspace of one thread, whatever the shape.
  @inline(__always) static var workspaceBytes: Int {
    panelBlockBytes + edgeBytes + rowBlockBytes + correctionBytes
  }
  /// Bytes of a panel of so many rows of B.
  @inline(__always) static func panelBytes(_ k: Int) -> Int {
    ceilDivide(k, P.groupDepth) * P.panelGroups * P.groupBytes
  }
  /// Bytes from one panel packed ahead to the next: where A is raised, a correction a column follows each.
  @inline(__always) static func packedStride(_ k: Int) -> Int {
    panelBytes(k) + (P.raised ? P.panelColumns * MemoryLayout<Scalar>.size : 0)
  }
  /// Bytes of B (k, n) packed ahead.
  @inline(__always) static func packedBytes(_ n: Int, _ k: Int) -> Int {
    ceilDivide(n, P.panelColumns) * packedStride(k)
  }

  // MARK: Packing ahead

  /// B (k, n) whole into panels; panel p begins at p x `packedStride(k)`.
  @inline(__always) static func pack(
    _ n: Int, _ k: Int, _ b: UnsafePointer<P.Right.Element>, _ stride: Int, _ transposed: Bool,
    _ panels: UnsafeMutableRawPointer
  ) {
    var column = 0
    var panel = panels
    while column < n {
      P.packPanel(
        k, smaller(P.panelColumns, n - column), transposed ? b + column * stride : b + column, stride,
        transposed, panel)
      if P.raised {
        correct(
          ceilDivide(k, P.groupDepth), panel, (panel + panelBytes(k)).assumingMemoryBound(to: Scalar.self),
          accumulate: false)
      }
      column += P.panelColumns
      panel += packedStride(k)
    }
  }

  // MARK: Multiplying

  @inline(__always) static func multiply(_ call: ProductCall<P>, _ workspace: UnsafeMutableRawPointer) {
    let corrections = (workspace + panelBlockBytes + edgeBytes + rowBlockBytes).assumingMemoryBound(
      to: Scalar.self)
    guard call.k > 0 else { return clear(call) }
    var left = 0
    while left < call.n {
      let columns = smaller(P.panelColumns * blockPanels, call.n - left)
      var start = 0
      while start < call.k {
        let depth = smaller(P.depth * P.groupDepth, call.k - start)
        var top = 0
        while top < call.m {
          let rows = smaller(blockRows, call.m - top)
          let block = ProductBlock(
            top: top, rows: rows, left: left, columns: columns, start: start, depth: depth)
          multiplyBlock(call, block, workspace, corrections)
          top += rows
        }
        start += depth
      }
      if P.raised {
        var column = 0
        while column < columns {
          var taken = UnsafePointer(corrections) + column
          if let panels = call.panels {
            let panel = panels + (left + column) / P.panelColumns * packedStride(call.k)
            taken = (panel + panelBytes(call.k)).assumingMemoryBound(to: Scalar.self)
          }
          subtract(
            taken, call.m, smaller(P.panelColumns, columns - column), call.c + left + column, call.cStride)
          column += P.panelColumns
        }
      }
      left += columns
    }
  }

  /// Rows of A by all panels of a block of B: each panel is read for strip after strip of rows. The first block
  /// of rows packs the panels, each right before its use.
  @inline(never) private static func multiplyBlock(
    _ call: ProductCall<P>, _ block: ProductBlock, _ workspace: UnsafeMutableRawPointer,
    _ corrections: UnsafeMutablePointer<Scalar>
  ) {
    let groups = ceilDivide(block.depth, P.groupDepth)
    let (a, aStride) = rows(call, block, groups, workspace + panelBlockBytes + edgeBytes)
    let edge = (workspace + panelBlockBytes).assumingMemoryBound(to: Scalar.self)
    let packs = call.panels == nil && block.top == 0
    var column = 0
    while column < block.columns {
      let width = smaller(P.panelColumns, block.columns - column)
      let first = block.left + column
      var panel = UnsafeRawPointer(workspace + column / P.panelColumns * panelBytes(block.depth))
      var panelStride = P.panelGroups * P.groupBytes
      if let panels = call.panels {
        panel =
          panels + first / P.panelColumns * packedStride(call.k)
          + block.start / P.groupDepth * P.panelGroups * P.groupBytes
      } else if let b = call.b {
        let source =
          b + (call.bTransposed ? first * call.bStride + block.start : block.start * call.bStride + first)
        if readsInPlace(call, width) {
          panel = UnsafeRawPointer(source)
          panelStride = call.bStride * MemoryLayout<P.Right.Element>.size
        } else if packs {
          P.packPanel(
            block.depth, width, source, call.bStride, call.bTransposed,
            UnsafeMutableRawPointer(mutating: panel))
          if P.raised { correct(groups, panel, corrections + column, accumulate: block.start > 0) }
        }
      }
      multiplyStrips(
        block.rows, width, groups, a, aStride, panel, panelStride,
        call.c + block.top * call.cStride + first, call.cStride, block.start > 0, edge,
        ahead(call, block, column, packs))
      column += width
    }
  }

  /// A small B, or one for a strip or two of rows, is not worth packing.
  @inline(__always) private static func readsInPlace(_ call: ProductCall<P>, _ width: Int) -> Bool {
    P.Right.inPlace && P.groupDepth == 1 && !P.raised && !call.bTransposed && width % P.Step.columns == 0
      && (call.m <= 2 * tileRows || call.k * call.bStride * P.groupBytes <= inPlaceBytes)
  }

  /// What is packed after this panel: the next of the block, or the first of the next block.
  @inline(__always) private static func ahead(
    _ call: ProductCall<P>, _ block: ProductBlock, _ column: Int, _ packs: Bool
  ) -> Ahead {
    let none = Ahead(place: nil, stride: 0)
    guard let b = call.b, !call.bTransposed else { return none }
    let stride = call.bStride * MemoryLayout<P.Right.Element>.size
    let next = column + P.panelColumns
    var source = b
    if next < block.columns {
      guard packs else { return none }
      source += block.start * call.bStride + block.left + next
    } else if block.top + block.rows < call.m {
      return none
    } else if block.start + block.depth < call.k {
      source += (block.start + block.depth) * call.bStride + block.left
    } else if block.left + block.columns < call.n {
      source += block.left + block.columns
    } else {
      return none
    }
    return Ahead(place: UnsafeRawPointer(source), stride: stride)
  }

  /// The block's rows of A as groups: in place, or packed.
  @inline(__always) private static func rows(
    _ call: ProductCall<P>, _ block: ProductBlock, _ groups: Int, _ packed: UnsafeMutableRawPointer
  ) -> (UnsafeRawPointer, Int) {
    let stride = call.aStride
    let a = call.a + (call.aTransposed ? block.start * stride + block.top : block.top * stride + block.start)
    if P.Left.inPlace && !call.aTransposed && block.depth % P.groupDepth == 0 {
      return (UnsafeRawPointer(a), stride * MemoryLayout<P.Left.Element>.size)
    }
    RowPacking<P.Left>.pack(
      block.rows, block.depth, a, stride, call.aTransposed,
      packed.assumingMemoryBound(to: P.Left.Factor.Scalar.self), groups + rowGap)
    return (UnsafeRawPointer(packed), (groups + rowGap) * P.groupBytes)
  }

  /// The first strips ask, a line each step, for the rows of B that are packed next, so that they come out of
  /// memory while the tiles compute.
  @inline(__always) private static func multiplyStrips(
    _ rows: Int, _ width: Int, _ groups: Int, _ a: UnsafeRawPointer, _ aStride: Int,
    _ panel: UnsafeRawPointer,
    _ panelStride: Int, _ c: UnsafeMutablePointer<Scalar>, _ cStride: Int, _ accumulate: Bool,
    _ edge: UnsafeMutablePointer<Scalar>, _ ahead: Ahead
  ) {
    let vectors = ceilDivide(width, P.Step.columns)
    let lines = P.panelColumns * MemoryLayout<P.Right.Element>.size / 64
    var strip = 0
    var row = 0
    while row < rows {
      let height = stripRows(rows - row)
      let target = c + row * cStride
      let whole = width == vectors * P.Step.columns
      var next = panel
      var step = 0
      if let place = ahead.place, strip < lines * P.groupDepth {
        next = place + strip / lines * ahead.stride + strip % lines * 64
        step = P.groupDepth * ahead.stride
      }
      Tiles<P.Step>.multiply(
        height, vectors, groups, a + row * aStride, aStride, panel, panelStride, whole ? target : edge,
        whole ? cStride : P.panelColumns, whole && accumulate, next, step)
      if !whole { copyEdge(height, width, edge, target, cStride, accumulate) }
      row += height
      strip += 1
    }
  }

  /// Six rows; the last seven to nine are shared by two strips, because a strip of one or two waits for B.
  @inline(__always) private static func stripRows(_ left: Int) -> Int {
    left > tileRows && left < 10 ? (left + 1) / 2 : smaller(tileRows, left)
  }

  // MARK: Edges and corrections

  /// The columns of a padded tile that exist.
  @inline(never) private static func copyEdge(
    _ rows: Int, _ width: Int, _ edge: UnsafeMutablePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>,
    _ cStride: Int, _ accumulate: Bool
  ) {
    for i in 0..<rows {
      for j in 0..<width {
        let value = edge[i * P.panelColumns + j]
        c[i * cStride + j] = accumulate ? c[i * cStride + j] + value : value
      }
    }
  }

  /// 128 x the column sums of a panel: a row of A that is 128 throughout, multiplied.
  @inline(never) private static func correct(
    _ groups: Int, _ panel: UnsafeRawPointer, _ sums: UnsafeMutablePointer<Scalar>, accumulate: Bool
  ) {
    let ones = InlineArray<64, Int32>(repeating: RaisedQuads.raise)
    withUnsafePointer(to: ones) { row in
      var group = 0
      while group < groups {
        let count = smaller(64, groups - group)
        let place = panel + group * P.panelGroups * P.groupBytes
        Tiles<P.Step>.multiply(
          1, tileVectors, count, row, 0, place, P.panelGroups * P.groupBytes, sums, 0,
          accumulate || group > 0,
          place, 0)
        group += count
      }
    }
  }

  /// Takes a row off each row of C.
  @inline(never) private static func subtract(
    _ row: UnsafePointer<Scalar>, _ m: Int, _ columns: Int, _ c: UnsafeMutablePointer<Scalar>, _ cStride: Int
  ) {
    for i in 0..<m {
      for j in 0..<columns { c[i * cStride + j] -= row[j] }
    }
  }

  /// C = 0: a sum of nothing.
  @inline(never) private static func clear(_ call: ProductCall<P>) {
    for i in 0..<call.m {
      for j in 0..<call.n { call.c[i * call.cStride + j] = .zero }
    }
  }
}

/// Rows of B to ask for ahead of their packing; the stride is in bytes.
private struct Ahead {
  var place: UnsafeRawPointer?, stride: Int
}

/// The part of a product that one block of A and one of B make.
private struct ProductBlock {
  var top: Int, rows: Int
  var left: Int, columns: Int
  var start: Int, depth: Int
}
