// One type's product by one implementation: how operands are made, multiplied and checked.

import KernelsBLAS
import KernelsReference
import Measurement

/// One type's product by one implementation.
struct ProductCode {
  /// Makes A and B as stored, from a seed.
  let makeA: (UInt64) throws(KernelError) -> Buffer
  let makeB: (UInt64) throws(KernelError) -> Buffer
  /// B in the kernel's own panels, from B as stored; nil where the kernel reads it so.
  let pack: ((Buffer) throws(KernelError) -> Buffer)?
  /// Floats of C.
  let floatsOfC: Int
  /// A, B or its panels, C.
  let run: (Buffer, Buffer, Buffer) -> Void
  /// What C of each group should be, from A and B as stored.
  let expect: (Buffer, Buffer, UInt64) -> [GEMMExpectation]
  /// Holds C against it.
  let check: ([GEMMExpectation], Buffer) -> Verification
  /// Compares some elements of C with the dot products that they should be.
  let checkElements: ([Int], Buffer, Buffer, Buffer) -> Verification
  /// Makes an element of C one that no product comes to.
  let spoil: (Buffer, Int) -> Void
  /// How A, B and what is checked of C are stored.
  let storage: String

  init<Left, Right>(
    _ size: Problem.GEMM, _ stored: Stored<Left, Right>, pack: ((Buffer) throws(KernelError) -> Buffer)?,
    team: WorkerTeam, run: @escaping (Buffer, Buffer, Buffer) -> Void
  ) {
    let (m, n, k) = (size.m, size.n, size.k)
    makeA = { seed throws(KernelError) in try stored.a.operand(m * k, seed: seed, team: team) }
    makeB = { seed throws(KernelError) in
      try stored.b.operand(size.rows.count * k * n, seed: seed, team: team)
    }
    self.pack = pack
    floatsOfC = (m * n * stored.result.bytes + 3) / 4
    self.run = run
    expect = { stored.expectation(size, $0, $1, $2, team) }
    check = { stored.check($0, $1, size, team) }
    checkElements = { stored.checkElements($0, size, $1, $2, $3) }
    spoil = { stored.spoil($0, $1) }
    storage =
      "\(stored.a.name) \(stored.b.name) \(stored.group) \(stored.result) \(stored.tolerance(k))"
  }
}

extension ProductCode {
  /// Swift's product of one storage type, B as it lies or packed.
  static func swift<Element, Scalar>(
    _ size: Problem.GEMM, _ entries: ProductEntries<Element, Scalar>, _ stored: Stored<Element, Element>,
    packed: Bool,
    team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    let (n, k) = (size.n, size.k)
    let line = 64
    let stride = (entries.workspaceBytes + line - 1) / line * line
    let workspaces = try Buffer(EncodedTable<UInt8>.floats(stride * team.threadCount))
    let panelBytes = entries.packedBytes(n, k)
    let bStride = size.transposesB ? k : n
    let pack: (Buffer) throws(KernelError) -> Buffer = { b throws(KernelError) in
      let panels = try Buffer(EncodedTable<UInt8>.floats(panelBytes * size.rows.count))
      let source = UnsafeRawPointer(b.start).assumingMemoryBound(to: Element.self)
      for group in size.rows.indices {
        entries.pack(
          n, k, source + group * k * n, bStride, size.transposesB,
          UnsafeMutableRawPointer(panels.start) + group * panelBytes)
      }
      return panels
    }
    let shares = productShares(
      rows: size.rows, columns: n, threads: team.threadCount, rowStep: ProductCode.steps.rows,
      columnStep: ProductCode.steps.columns)
    let firstRows = size.firstRows
    return ProductCode(size, stored, pack: packed ? pack : nil, team: team) { a, b, c in
      let left = UnsafeRawPointer(a.start).assumingMemoryBound(to: Element.self)
      let right = UnsafeRawPointer(b.start)
      let out = UnsafeMutableRawPointer(c.start).assumingMemoryBound(to: Scalar.self)
      team.run { thread, _ in
        let workspace = UnsafeMutableRawPointer(workspaces.start) + thread * stride
        for part in shares[thread] {
          let (row, column) = (firstRows[part.group] + part.rows.lowerBound, part.columns.lowerBound)
          // A transposed group lies (k, rows), so its rows are neighbours.
          let rows =
            size.transposesA
            ? left + firstRows[part.group] * k + part.rows.lowerBound : left + row * k
          let aStride = size.transposesA ? size.rows[part.group] : k
          let target = out + row * n + column
          if packed {
            entries.multiplyPacked(
              part.rows.count, part.columns.count, k, rows, aStride, size.transposesA,
              right + part.group * panelBytes + entries.packedBytes(column, k), target, n, workspace)
          } else {
            let weights = right.assumingMemoryBound(to: Element.self) + part.group * k * n
            entries.multiply(
              part.rows.count, part.columns.count, k, rows, aStride, size.transposesA,
              weights + (size.transposesB ? column * k : column), bStride, size.transposesB, target, n,
              workspace)
          }
        }
      }
    }
  }

  /// A multiple of every tile's height, and of every tile's width.
  private static let steps = (rows: 12, columns: 64)

  /// The product of the BLAS of this process, one call a group.
  static func library<Element>(
    _ size: Problem.GEMM, _ type: BLASProductType, _ stored: Stored<Element, Element>, team: WorkerTeam
  ) -> ProductCode {
    BLAS.bindThreads(to: team.cpus)
    let (n, k) = (size.n, size.k)
    let element = MemoryLayout<Element>.stride
    let firstRows = size.firstRows
    return ProductCode(size, stored, pack: nil, team: team) { a, b, c in
      BLAS.limitThreads(team.threadCount)
      for (group, rows) in size.rows.enumerated() where rows > 0 {
        BLAS.multiply(
          type, m: rows, n: n, k: k, a: UnsafeRawPointer(a.start) + firstRows[group] * k * element,
          transposesA: size.transposesA, b: UnsafeRawPointer(b.start) + group * k * n * element,
          transposesB: size.transposesB,
          c: UnsafeMutableRawPointer(c.start) + firstRows[group] * n * type.resultBytes)
      }
    }
  }
}
