// The same through OpenBLAS: single-threaded calls on the team's threads.

import KernelsBLAS
import Measurement
import Synchronization

extension Kernels {
  /// The way through the heads for an operation; `module` nil = OpenBLAS.
  static func attentionBody(
    _ operation: Operation, _ size: Problem.Attention, _ module: KernelModule?, _ team: WorkerTeam
  ) throws(KernelError) -> any AttentionBody {
    let isDecode = operation == .attentionDecode
    if let module {
      return isDecode
        ? try SwiftDecode(size, module: module.attention, team: team)
        : try SwiftPrefill(size, module: module.attention, team: team)
    }
    guard size.cacheType == .f32 else {
      throw KernelError("OpenBLAS multiplies floats, not \(size.cacheType.rawValue)")
    }
    let strongest = KernelModule.best.attention
    let rows = RowFunctions(softmax: strongest.softmaxRow, scale: strongest.scaleRow)
    guard isDecode else { return try BLASPrefill(size, rows: rows, team: team) }
    return size.latent
      ? try BLASLatent(size, rows: rows, team: team) : try BLASDecode(size, rows: rows, team: team)
  }
}

/// OpenBLAS prefill: blocks of query rows of one head.
final class BLASPrefill: AttentionBody {
  private let size: Problem.Attention
  private let rows: RowFunctions
  private let blockRows: Int
  private let scores: Buffer
  private let next = Atomic<Int>(0)

  init(_ size: Problem.Attention, rows: RowFunctions, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.rows = rows
    blockRows = blasPrefillRows(causal: size.causal, keys: min(size.seqKV, size.reach))
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
        let queries = head * size.seqQ
        let row = operands.cache.firstRow(head / size.headsQ, head % size.headsQ / size.group)
        blasPrefill(
          first: first, last: min(first + blockRows, size.seqQ), headDim: size.headDim,
          valueDim: size.valueDim, keys: size.seqKV, causal: size.causal, offset: size.offset,
          window: size.reach, scale: size.scale, q: operands.q.start + queries * size.headDim,
          k: operands.cache.k.start + row * size.headDim, v: operands.cache.v.start + row * size.valueDim,
          out: operands.out.start + queries * size.valueDim,
          scores: scores.start + thread * blockRows * size.seqKV, rows: rows)
      }
    }
  }
}

/// OpenBLAS decode: key heads shared out over the team's threads.
final class BLASDecode: AttentionBody {
  private let size: Problem.Attention
  private let rows: RowFunctions
  private let scores: Buffer

  init(_ size: Problem.Attention, rows: RowFunctions, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.rows = rows
    scores = try Buffer(team.threadCount * size.group * size.seenKeys.count)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    BLAS.limitThreads(1)
    let cache = operands.cache
    team.run { thread, threads in
      for item in share(of: size.batch * size.headsKV, thread, threads) {
        let (sequence, head) = item.quotientAndRemainder(dividingBy: size.headsKV)
        blasDecode(
          group: size.group, headDim: size.headDim, valueDim: size.valueDim, keys: size.seenKeys,
          blockKeys: size.blockKeys ?? size.seqKV, isTurned: size.keysTurned, scale: size.scale,
          q: operands.q.start + item * size.group * size.headDim, k: cache.k.start, v: cache.v.start,
          row: { cache.row(sequence, head, $0) }, out: operands.out.start + item * size.group * size.valueDim,
          scores: scores.start + thread * size.group * size.seenKeys.count, rows: rows)
      }
    }
  }
}

/// OpenBLAS latent decode: the heads of a sequence are rows of sgemm; each thread takes some of them.
final class BLASLatent: AttentionBody {
  private let size: Problem.Attention
  private let rows: RowFunctions
  private let scores: Buffer
  private let gathered: Buffer?

  init(_ size: Problem.Attention, rows: RowFunctions, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.rows = rows
    scores = try Buffer(size.batch * size.headsQ * size.seqKV)
    // sgemm has no table of blocks: a paged cache is copied together first.
    gathered = size.blockKeys == nil ? nil : try Buffer(size.batch * size.seqKV * size.headDim)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    BLAS.limitThreads(1)
    let cache = operands.cache
    if let gathered {
      team.run { thread, threads in
        for key in share(of: size.batch * size.seqKV, thread, threads) {
          let row = cache.row(key / size.seqKV, 0, key % size.seqKV)
          (gathered.start + key * size.headDim)
            .update(from: cache.k.start + row * size.headDim, count: size.headDim)
        }
      }
    }
    let rowsOf = gathered?.start ?? cache.k.start
    let seen = size.seenKeys
    team.run { thread, threads in
      for sequence in 0..<size.batch {
        let heads = share(of: size.headsQ, thread, threads)
        let first = sequence * size.headsQ + heads.lowerBound
        guard !heads.isEmpty else { continue }
        blasLatent(
          heads: heads.count, headDim: size.headDim, valueDim: size.valueDim, keys: seen.count,
          scale: size.scale, q: operands.q.start + first * size.headDim,
          cache: rowsOf + (sequence * size.seqKV + seen.lowerBound) * size.headDim,
          out: operands.out.start + first * size.valueDim, scores: scores.start + first * size.seqKV,
          rows: rows)
      }
    }
  }
}
