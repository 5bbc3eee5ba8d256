// Products with few rows, where reading the weights is all the work: decode steps, and the experts that few tokens meet.

import KernelsReference
import Machines
import Measurement

extension ProductCode {
  /// Rows of a group up to which each row of weights is read once for all of them; more go to the tiles of GEMM.
  static let mostRows = 16

  /// The product of a type and layout for few rows; nil where products of many rows serve it.
  static func fewRows(
    _ type: DataType, _ layout: WeightLayout, _ size: Problem.GEMM, isa: InstructionSet, team: WorkerTeam
  ) throws(KernelError) -> ProductCode? {
    guard !size.transposesA else { return nil }
    let isFew = (size.rows.max() ?? 0) <= mostRows
    let isPacked = layout == .packed
    let module = try SkinnyModule.of(isa)
    switch type {
    case .f32 where isFew && isPacked:
      return try panels(size, module, module.float, StoredTypes.single, team)
    case .f32 where isFew:
      return try asTheyLie(size, module, team)
    case .brainWeights where isPacked:
      return try panels(size, module, module.brain, StoredTypes.brainWeights, team)
    case .halfWeights where isPacked:
      return try panels(size, module, module.half, StoredTypes.halfWeights, team)
    default:
      guard let format = type.quantised, isPacked, !size.transposesB else { return nil }
      return try quantised(size, module, format, roundsA: type.names.a == "i8", team)
    }
  }

  private typealias Target = UnsafeMutablePointer<Float>

  /// Floats as they are, (k, n) or (n, k).
  private static func asTheyLie(
    _ size: Problem.GEMM, _ module: SkinnyModule, _ team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    let (n, k) = (size.n, size.k)
    // Rows of B that lie one after the other are a linear read for each thread; half of each row is not.
    let plan = try FewRows(
      size, module, depthStep: 1, workspace: module.workspace(size.rows.max() ?? 0), team,
      sharesDepth: !size.transposesB && size.k >= 64 * team.threadCount)
    return ProductCode(size, StoredTypes.single, pack: nil, team: team) { a, b, c in
      plan.run(c.start) { group, rows, row, share, target, stride, workspace in
        if size.transposesB {
          return module.multiplyTransposed(
            rows, share.columns.count, share.depth.count, a.start + row * k + share.depth.lowerBound, k,
            b.start + group * k * n + share.columns.lowerBound * k + share.depth.lowerBound, k, target, stride
          )
        }
        module.multiply(
          rows, share.columns.count, share.depth.count, a.start + row * k + share.depth.lowerBound, k,
          b.start + group * k * n + share.depth.lowerBound * n + share.columns.lowerBound, n, target, stride,
          workspace)
      }
    }
  }

  /// Weights packed into panels of floats, bf16 or fp16.
  private static func panels<Element>(
    _ size: Problem.GEMM, _ module: SkinnyModule, _ entries: SkinnyPanelEntries<Element>,
    _ stored: Stored<Float, Element>, _ team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    let (n, k) = (size.n, size.k)
    let plan = try FewRows(
      size, module, depthStep: entries.depthStep, workspace: module.panelWorkspace(size.rows.max() ?? 0), team
    )
    let bytes = entries.packedBytes(n, k)
    let pack: (Buffer) throws(KernelError) -> Buffer = { b throws(KernelError) in
      try packed(size, bytes, team) { group, target in
        let source = UnsafeRawPointer(b.start).assumingMemoryBound(to: Element.self) + group * k * n
        entries.pack(n, k, source, size.transposesB ? k : n, size.transposesB, target)
      }
    }
    return ProductCode(size, stored, pack: pack, team: team) { a, b, c in
      plan.run(c.start) { group, rows, row, share, target, stride, workspace in
        let offset =
          entries.packedBytes(share.columns.lowerBound, k)
          + entries.packedBytes(min(module.panelColumns, n), share.depth.lowerBound)
        entries.multiply(
          rows, share.columns.count, share.depth.count, a.start + row * k + share.depth.lowerBound, k,
          UnsafeRawPointer(b.start) + group * bytes + offset, k, target, stride, workspace)
      }
    }
  }

  /// Weights of 8 or 4 bits with scales, by floats or by bytes to which A is rounded first, inside the timing.
  private static func quantised(
    _ size: Problem.GEMM, _ module: SkinnyModule, _ format: (bits: Int, group: Int), roundsA: Bool,
    _ team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    let (m, n, k, group) = (size.m, size.n, size.k, format.group)
    let entries = format.bits == 8 ? module.q8 : module.q4
    let lines = (k + group - 1) / group
    let scales = try EncodedTables.scales.operand(lines * n, seed: UInt64(format.bits), team: team)
    let stored = StoredTypes.quantised(bits: format.bits, group: group, roundsA: roundsA) { row, column in
      EncodedTables.scales.value(scales, row / group * n + column)
    }
    let plan = try FewRows(
      size, module, depthStep: group,
      workspace: module.quantizedWorkspace(size.rows.max() ?? 0, group), team)
    let bytes = entries.packedBytes(n, k, group)
    let pack: (Buffer) throws(KernelError) -> Buffer = { b throws(KernelError) in
      try packed(size, bytes, team) { part, target in
        entries.pack(
          n, k, group, UnsafeRawPointer(b.start).assumingMemoryBound(to: Int8.self) + part * k * n,
          UnsafeRawPointer(scales.start).assumingMemoryBound(to: UInt16.self), target)
      }
    }
    let panel = min(module.panelColumns, n)
    func offset(_ part: Int, _ share: SkinnyShare) -> Int {
      part * bytes + entries.packedBytes(share.columns.lowerBound, k, group)
        + entries.packedBytes(panel, share.depth.lowerBound, group)
    }
    guard roundsA else {
      return ProductCode(size, stored, pack: pack, team: team) { a, b, c in
        plan.run(c.start) { part, rows, row, share, target, stride, workspace in
          entries.multiply(
            rows, share.columns.count, share.depth.count, group, a.start + row * k + share.depth.lowerBound,
            k,
            UnsafeRawPointer(b.start) + offset(part, share), k, target, stride, workspace)
        }
      }
    }
    let levelBytes = module.levelBytes(1, k, group)
    let levels = try Buffer(EncodedTable<UInt8>.floats(m * levelBytes))
    let groups = module.levelGroups(1, k, group)
    // Scales of all rows, and as many sums of levels behind them.
    let factors = try Buffer(2 * m * groups)
    let sums = UnsafeMutableRawPointer(factors.start + m * groups).assumingMemoryBound(to: Int32.self)
    return ProductCode(size, stored, pack: pack, team: team) { a, b, c in
      team.run { thread, threads in
        let rows = share(of: m, thread, threads)
        module.quantize(
          rows.count, k, group, a.start + rows.lowerBound * k, k,
          UnsafeMutableRawPointer(levels.start) + rows.lowerBound * levelBytes,
          factors.start + rows.lowerBound * groups, sums + rows.lowerBound * groups)
      }
      plan.run(c.start) { part, rows, row, share, target, stride, workspace in
        let line = share.depth.lowerBound / group
        entries.multiplyLevels(
          rows, share.columns.count, share.depth.count, group,
          UnsafeRawPointer(levels.start) + row * levelBytes + line * (levelBytes / max(1, groups)),
          factors.start + row * groups + line, sums + row * groups + line,
          UnsafeRawPointer(b.start) + offset(part, share), k, target, stride, workspace)
      }
    }
  }

  /// The panels of all groups, each `bytes` long.
  private static func packed(
    _ size: Problem.GEMM, _ bytes: Int, _ team: WorkerTeam, _ pack: (Int, UnsafeMutableRawPointer) -> Void
  ) throws(KernelError) -> Buffer {
    let panels = try Buffer(EncodedTable<UInt8>.floats(bytes * size.rows.count))
    for group in size.rows.indices { pack(group, UnsafeMutableRawPointer(panels.start) + group * bytes) }
    return panels
  }
}

/// How a team shares products of few rows: by columns, or, where one product has too few of them, by ranges of k
/// whose results are added up.
private struct FewRows {
  /// Group, its rows, the first of them in A, the thread's share, where its result goes, that one's stride, workspace.
  typealias Body = (Int, Int, Int, SkinnyShare, UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>)
    -> Void

  let size: Problem.GEMM
  let module: SkinnyModule
  let shares: [SkinnyShare]
  let splitsDepth: Bool
  let firstRows: [Int]
  let team: WorkerTeam
  let workspaces: Buffer, stride: Int
  /// Results of each thread, where they share k.
  let partials: Buffer?

  init(
    _ size: Problem.GEMM, _ module: SkinnyModule, depthStep: Int, workspace: Int, _ team: WorkerTeam,
    sharesDepth: Bool = false
  ) throws(KernelError) {
    (self.size, self.module, self.team) = (size, module, team)
    let threads = team.threadCount
    firstRows = size.firstRows
    // Columns as wide as one panel are never shared.
    let panel = sharesDepth && threads > 1 ? max(size.n, 1) : module.panelColumns
    splitsDepth =
      size.rows.count == 1 && SkinnyShare.splitsDepth(n: size.n, panel: panel, threads: threads)
    shares = (0..<threads).map {
      SkinnyShare(
        n: size.n, k: size.k, panel: size.rows.count == 1 ? panel : module.panelColumns, depthStep: depthStep,
        thread: $0, threads: threads, mayShareDepth: size.rows.count == 1)
    }
    // Whole cache lines, and one between threads.
    stride = (workspace + 31) / 16 * 16
    workspaces = try Buffer(stride * threads)
    partials = splitsDepth ? try Buffer(size.m * size.n * threads) : nil
  }

  func run(_ c: UnsafeMutablePointer<Float>, _ body: Body) {
    let (n, count) = (size.n, size.m * size.n)
    team.run { thread, threads in
      let workspace = workspaces.start + thread * stride
      let own = shares[thread]
      if let partials {
        body(0, size.m, 0, own, partials.start + thread * count, n, workspace)
        return
      }
      guard !own.columns.isEmpty else { return }
      for (group, rows) in size.rows.enumerated() where rows > 0 {
        let row = firstRows[group]
        body(group, rows, row, own, c + row * n + own.columns.lowerBound, n, workspace)
      }
    }
    if let partials { module.reduce(size.m, n, team.threadCount, partials.start, c, n) }
  }
}
