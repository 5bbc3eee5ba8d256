// The kernels that a decoder layer adds to those of its operators, chosen as in Modules.swift; and its products.

import KernelsBaseline
import Machines
import Measurement

#if arch(arm64)
import KernelsNEON
#else
import KernelsAVX2
import KernelsAVX512
#endif

/// What the operators of a layer call.
struct LayerModule: Sendable {
  /// rows, columns, top, weights, places, x, x stride, out, out stride.
  typealias Combine =
    @Sendable (Int, Int, Int, Floats, UnsafePointer<Int32>, Floats, Int, MutableFloats, Int) -> Void

  let kernels: KernelModule
  let few: SkinnyModule
  let elementwise: ElementwiseModule
  let combineRows: Combine

  init(_ isa: InstructionSet) throws(KernelError) {
    kernels = try KernelModule.of(isa)
    few = try SkinnyModule.of(isa)
    elementwise = .of(isa)
    #if arch(arm64)
    combineRows = isa == .neon ? KernelsNEON.combineRows : KernelsBaseline.combineRows
    #else
    switch isa {
    case .avx512, .avx512BF16, .avx512FP16: combineRows = KernelsAVX512.combineRows
    case .avx2: combineRows = KernelsAVX2.combineRows
    default: combineRows = KernelsBaseline.combineRows
    }
    #endif
  }
}

/// C = A·B of a layer, once or for each of several groups; all row-major.
struct LayerProduct {
  let n: Int, k: Int
  let a: Floats, aStride: Int
  /// (groups, k, n)
  let b: Floats
  let c: MutableFloats, cStride: Int
}

/// The products of a layer on a team's threads: the one place where it multiplies.
final class LayerProducts {
  private let module: KernelModule
  private let few: SkinnyModule
  private let team: WorkerTeam
  private let workspace: Buffer, workspaceFloats: Int

  init(_ module: LayerModule, team: WorkerTeam) throws(KernelError) {
    (self.module, few) = (module.kernels, module.few)
    self.team = team
    workspaceFloats = max(module.kernels.gemmWorkspace, few.workspace(ProductCode.mostRows))
    workspace = try Buffer(workspaceFloats * team.threadCount)
  }

  /// C (rows, n) = A (rows, k) · B (k, n).
  func multiply(_ product: LayerProduct, rows m: Int) {
    team.run { thread, threads in
      // Each thread packs its own columns of B and reads all of A, or the other way round where C is tall.
      let byColumns = product.n >= m
      let rows = byColumns ? 0..<m : share(of: m, step: module.gemmRowStep, thread, threads)
      let columns =
        byColumns ? share(of: product.n, step: module.gemmColumnStep, thread, threads) : 0..<product.n
      multiply(product, group: 0, rows: rows, columns: columns, thread)
    }
  }

  /// Group g's rows firstRows[g] ..< firstRows[g + 1] of C by its own B: the experts of a mixture, some without rows.
  /// A thread takes the same columns of every group, so that uneven groups are as balanced as even ones.
  func multiply(_ product: LayerProduct, groups: Int, firstRows: UnsafePointer<Int32>) {
    team.run { thread, threads in
      let columns = share(of: product.n, step: module.gemmColumnStep, thread, threads)
      for group in 0..<groups {
        let rows = Int(firstRows[group])..<Int(firstRows[group + 1])
        multiply(product, group: group, rows: rows, columns: columns, thread)
      }
    }
  }

  /// `groups` products of the same rows: group g reads A from column g·aStep on and writes C from column g·cStep on.
  func multiply(_ product: LayerProduct, rows m: Int, groups: Int, aStep: Int, cStep: Int) {
    team.run { thread, threads in
      for group in share(of: groups, thread, threads) {
        let own = LayerProduct(
          n: product.n, k: product.k, a: product.a + group * aStep, aStride: product.aStride, b: product.b,
          c: product.c + group * cStep, cStride: product.cStride)
        multiply(own, group: group, rows: 0..<m, columns: 0..<product.n, thread)
      }
    }
  }

  /// A rectangle of C on the calling thread.
  private func multiply(
    _ product: LayerProduct, group: Int, rows: Range<Int>, columns: Range<Int>, _ thread: Int
  ) {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let multiply = rows.count <= ProductCode.mostRows ? few.multiply : module.gemm
    multiply(
      rows.count, columns.count, product.k, product.a + rows.lowerBound * product.aStride, product.aStride,
      product.b + group * product.k * product.n + columns.lowerBound, product.n,
      product.c + rows.lowerBound * product.cStride + columns.lowerBound, product.cStride,
      workspace.start + thread * workspaceFloats)
  }
}
