// Arranges operands as the register tile reads them: B in panels as wide as the tile, group row after group row;
// A, where it cannot be read in place, in rows of groups. Both are one copy or one transposition of groups.

import CInstructions

/// B (k, n), or Bᵀ stored as (n, k), into one panel.
enum PanelPacking<O: ProductOperand> {
  /// Packs `k` rows of `columns` columns into rows of `width` groups, filled up with zeros; `k` may end within a
  /// group. `b` points at the first element; `stride` elements between the rows of the stored matrix.
  @inline(never) static func pack(
    _ k: Int, _ columns: Int, _ b: UnsafePointer<O.Element>, _ stride: Int, _ transposed: Bool,
    _ panel: UnsafeMutablePointer<O.Factor.Scalar>, _ width: Int
  ) {
    let groups = ceilDivide(k, O.depth)
    if transposed {
      Arrangement<O>.transpose(
        rows: groups, fullRows: k / O.depth, columns: columns, fullColumns: columns, panel, width
      ) { row, column in
        O.along(b + column * stride + row * O.depth)
      } one: { row, column in
        O.one(b + column * stride + row * O.depth, 1, smaller(O.depth, k - row * O.depth))
      }
    } else {
      Arrangement<O>.copy(
        rows: groups, fullRows: k / O.depth, columns: columns, fullColumns: columns, panel, width
      ) { row, column in
        let place = b + row * O.depth * stride + column
        for i in 0..<O.depth { instruction_prefetch(place + (8 + i) * stride) }
        return O.across(place, stride)
      } one: { row, column in
        O.one(b + row * O.depth * stride + column, stride, smaller(O.depth, k - row * O.depth))
      }
    }
    guard columns < width else { return }
    for row in 0..<groups {
      for column in columns..<width { zero(panel + row * width + column) }
    }
  }

  @inline(__always) private static func zero(_ group: UnsafeMutablePointer<O.Factor.Scalar>) {
    UnsafeMutableRawPointer(group).storeBytes(of: 0, as: Int32.self)
    if MemoryLayout<O.Factor.Scalar>.size == 8 {
      (UnsafeMutableRawPointer(group) + 4).storeBytes(of: 0, as: Int32.self)
    }
  }
}

#if ISA_FP16
/// B of 16-bit elements into one panel whose groups are two neighbouring columns of a row.
enum ColumnPairPacking {
  @inline(never) static func pack(
    _ k: Int, _ columns: Int, _ b: UnsafePointer<UInt16>, _ stride: Int, _ transposed: Bool,
    _ panel: UnsafeMutablePointer<Int32>, _ width: Int
  ) {
    let groups = ceilDivide(columns, 2)
    if transposed {
      Arrangement<Pairs>.transpose(
        rows: k, fullRows: k, columns: groups, fullColumns: columns / 2, panel, width
      ) { row, column in
        Pairs.across(b + 2 * column * stride + row, stride)
      } one: { row, column in
        Pairs.one(b + 2 * column * stride + row, stride, smaller(2, columns - 2 * column))
      }
    } else {
      Arrangement<Pairs>.copy(
        rows: k, fullRows: k, columns: groups, fullColumns: columns / 2, panel, width
      ) { row, column in
        Pairs.along(b + row * stride + 2 * column)
      } one: { row, column in
        Pairs.one(b + row * stride + 2 * column, 1, smaller(2, columns - 2 * column))
      }
    }
    for row in 0..<k {
      for column in groups..<width { panel[row * width + column] = 0 }
    }
  }
}
#endif

/// A (m, k), or Aᵀ stored as (k, m), into rows of groups.
enum RowPacking<O: ProductOperand> {
  /// Packs `rows` rows of `k` elements; `target` rows are `targetStride` groups apart.
  @inline(never) static func pack(
    _ rows: Int, _ k: Int, _ a: UnsafePointer<O.Element>, _ stride: Int, _ transposed: Bool,
    _ target: UnsafeMutablePointer<O.Factor.Scalar>, _ targetStride: Int
  ) {
    let groups = ceilDivide(k, O.depth)
    if transposed {
      Arrangement<O>.transpose(
        rows: rows, fullRows: rows, columns: groups, fullColumns: k / O.depth, target, targetStride
      ) { row, column in
        O.across(a + column * O.depth * stride + row, stride)
      } one: { row, column in
        O.one(a + column * O.depth * stride + row, stride, smaller(O.depth, k - column * O.depth))
      }
    } else {
      Arrangement<O>.copy(
        rows: rows, fullRows: rows, columns: groups, fullColumns: k / O.depth, target, targetStride
      ) { row, column in
        O.along(a + row * stride + column * O.depth)
      } one: { row, column in
        O.one(a + row * stride + column * O.depth, 1, smaller(O.depth, k - column * O.depth))
      }
    }
  }
}

/// Groups in rows, from registers that run along the rows or across them. Rows and columns from `fullRows` and
/// `fullColumns` on have no full group and go one by one.
private enum Arrangement<O: ProductOperand> {
  typealias Group = O.Factor.Scalar
  /// Up to 16 registers, in fours: an array of 16 is filled by a function of the standard library.
  typealias Square = InlineArray<4, InlineArray<4, O.Factor>>

  @inline(__always) static var side: Int { 4 * lanes / MemoryLayout<Group>.size }

  @inline(__always) static func copy(
    rows: Int, fullRows: Int, columns: Int, fullColumns: Int, _ target: UnsafeMutablePointer<Group>,
    _ stride: Int, load: (_ row: Int, _ column: Int) -> O.Factor, one: (_ row: Int, _ column: Int) -> Group
  ) {
    for row in 0..<rows {
      let place = target + row * stride
      var column = 0
      if row < fullRows {
        while column + side <= fullColumns {
          UnsafeMutableRawPointer(place + column).storeBytes(of: load(row, column), as: O.Factor.self)
          column += side
        }
      }
      while column < columns {
        place[column] = one(row, column)
        column += 1
      }
    }
  }

  /// `load(row, column)` runs down the rows from `row` on.
  @inline(__always) static func transpose(
    rows: Int, fullRows: Int, columns: Int, fullColumns: Int, _ target: UnsafeMutablePointer<Group>,
    _ stride: Int, load: (_ row: Int, _ column: Int) -> O.Factor, one: (_ row: Int, _ column: Int) -> Group
  ) {
    let evenRows = fullRows - fullRows % side
    let evenColumns = fullColumns - fullColumns % side
    var column = 0
    while column < evenColumns {
      var row = 0
      while row < evenRows {
        var square = Square(repeating: .init(repeating: O.Factor()))
        for i in 0..<side { square[i / 4][i % 4] = load(row, column + i) }
        transpose(&square)
        for i in 0..<side {
          UnsafeMutableRawPointer(target + (row + i) * stride + column).storeBytes(
            of: square[i / 4][i % 4], as: O.Factor.self)
        }
        row += side
      }
      column += side
    }
    for row in 0..<rows {
      for column in (row < evenRows ? evenColumns : 0)..<columns {
        target[row * stride + column] = one(row, column)
      }
    }
  }

  /// Rounds of taking even and odd lanes of neighbours move a bit of the column number to the row number each.
  @inline(__always) private static func transpose(_ square: inout Square) {
    var step = 1
    while step < side {
      var next = Square(repeating: .init(repeating: O.Factor()))
      for i in 0..<side / 2 {
        let (a, b) = (square[i / 2][2 * i % 4], square[i / 2][2 * i % 4 + 1])
        let odd = i + side / 2
        next[i / 4][i % 4] = O.evens(a, b)
        next[odd / 4][odd % 4] = O.odds(a, b)
      }
      square = next
      step *= 2
    }
  }
}
