// The four ways through the heads: prefill and decode, in Swift and through OpenBLAS. Work items are handed
// out from a shared counter where their costs differ (causal blocks), else in equal shares.

import KernelsBLAS
import Measurement
import Synchronization

/// Swift prefill: keys are transposed once per run (the time counts), then blocks of query rows are
/// independent.
final class SwiftPrefill: AttentionBody {
  private let size: Problem.Attention
  private let module: KernelModule
  private let keysT: Buffer
  private let workspace: Buffer
  private let stride: Int
  private let next = Atomic<Int>(0)

  init(_ size: Problem.Attention, module: KernelModule, team: WorkerTeam) throws(KernelError) {
    guard size.group <= module.prefillRows else {
      throw KernelError("\(size.group) query heads per key head are more than \(module.prefillRows)")
    }
    self.size = size
    self.module = module
    stride = module.transposedKeys(size.seqKV, size.headDim)
    keysT = try Buffer(size.batch * size.headsKV * stride)
    workspace = try Buffer(module.prefillWorkspace(size.headDim) * team.threadCount)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    let heads = size.batch * size.headsKV
    team.run { thread, threads in
      for head in share(of: heads, thread, threads) {
        module.transposeKeys(
          size.seqKV, size.headDim, operands.k.start + head * size.seqKV * size.headDim,
          keysT.start + head * stride)
      }
    }
    let positions = module.prefillRows / size.group
    let blocks = (size.seqQ + positions - 1) / positions
    next.store(0, ordering: .relaxed)
    team.run { thread, _ in
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        guard item < heads * blocks else { return }
        let (head, reversed) = item.quotientAndRemainder(dividingBy: blocks)
        // Late blocks see the most keys: first, so that the short ones fill the end.
        let first = (blocks - 1 - reversed) * positions
        let queries = head * size.group * size.seqQ * size.headDim
        module.prefill(
          first, min(first + positions, size.seqQ), size.group, size.seqQ, size.headDim, size.seqKV,
          size.causal, size.offset, size.scale, operands.q.start + queries, keysT.start + head * stride,
          operands.v.start + head * size.seqKV * size.headDim, operands.out.start + queries,
          workspace.start + thread * module.prefillWorkspace(size.headDim))
      }
    }
  }
}

/// Swift decode: (sequence, key head, split of the keys), then a merge of the splits.
final class SwiftDecode: AttentionBody {
  /// Keys below which a split costs more than it gains.
  private static let smallestSplit = 256

  private let size: Problem.Attention
  private let module: KernelModule
  private let splits: Int
  private let partials: Buffer
  private let workspace: Buffer

  init(_ size: Problem.Attention, module: KernelModule, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.module = module
    let items = size.batch * size.headsKV
    let threads = team.threadCount
    // Whole heads where they share out evenly, or nearly so; else splits, a few per thread.
    let wanted = items % threads == 0 || items >= 8 * threads ? 1 : (4 * threads + items - 1) / items
    splits = max(1, min(wanted, size.seqKV / SwiftDecode.smallestSplit))
    partials = try Buffer(items * splits * module.decodePartial(size.group, size.headDim))
    workspace = try Buffer(threads * module.decodeWorkspace(size.group, size.headDim))
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    let heads = size.batch * size.headsKV
    let partial = module.decodePartial(size.group, size.headDim)
    let scratch = module.decodeWorkspace(size.group, size.headDim)
    team.run { thread, threads in
      for item in share(of: heads * splits, thread, threads) {
        let (head, split) = item.quotientAndRemainder(dividingBy: splits)
        let keys = share(of: size.seqKV, split, splits)
        let cache = (head * size.seqKV + keys.lowerBound) * size.headDim
        module.decode(
          size.group, size.headDim, keys.count, size.scale,
          operands.q.start + head * size.group * size.headDim, operands.k.start + cache,
          operands.v.start + cache, partials.start + item * partial, workspace.start + thread * scratch)
      }
    }
    for head in 0..<heads {
      module.decodeMerge(
        size.group, size.headDim, splits, partials.start + head * splits * partial,
        operands.out.start + head * size.group * size.headDim)
    }
  }
}

/// OpenBLAS prefill: blocks of query rows of one head, single-threaded calls on the team's threads.
final class BLASPrefill: AttentionBody {
  private let size: Problem.Attention
  private let rows: RowFunctions
  private let blockRows: Int
  private let scores: Buffer
  private let next = Atomic<Int>(0)

  init(_ size: Problem.Attention, rows: RowFunctions, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.rows = rows
    blockRows = blasPrefillRows(causal: size.causal, keys: size.seqKV)
    scores = try Buffer(team.threadCount * blockRows * size.seqKV)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    BLAS.limitThreads(1)
    let heads = size.batch * size.headsQ
    let blocks = (size.seqQ + blockRows - 1) / blockRows
    next.store(0, ordering: .relaxed)
    team.run { thread, _ in
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        guard item < heads * blocks else { return }
        let (head, reversed) = item.quotientAndRemainder(dividingBy: blocks)
        let first = (blocks - 1 - reversed) * blockRows
        let queries = head * size.seqQ * size.headDim
        let cache = size.cacheOffset(head / size.headsQ, head: head % size.headsQ / size.group)
        blasPrefill(
          first: first, last: min(first + blockRows, size.seqQ), headDim: size.headDim,
          keys: size.seqKV, causal: size.causal, offset: size.offset, scale: size.scale,
          q: operands.q.start + queries, k: operands.k.start + cache, v: operands.v.start + cache,
          out: operands.out.start + queries,
          scores: scores.start + thread * blockRows * size.seqKV, rows: rows)
      }
    }
  }
}

/// OpenBLAS decode: key heads shared out over the team's threads, single-threaded calls.
final class BLASDecode: AttentionBody {
  private let size: Problem.Attention
  private let rows: RowFunctions
  private let scores: Buffer

  init(_ size: Problem.Attention, rows: RowFunctions, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.rows = rows
    scores = try Buffer(team.threadCount * size.group * size.seqKV)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    BLAS.limitThreads(1)
    team.run { thread, threads in
      for head in share(of: size.batch * size.headsKV, thread, threads) {
        let queries = head * size.group * size.headDim
        let cache = head * size.seqKV * size.headDim
        blasDecode(
          group: size.group, headDim: size.headDim, keys: size.seqKV, scale: size.scale,
          q: operands.q.start + queries, k: operands.k.start + cache, v: operands.v.start + cache,
          out: operands.out.start + queries, scores: scores.start + thread * size.group * size.seqKV,
          rows: rows)
      }
    }
  }
}
