// Attention with its operands, the same for every implementation: Q (batch, headsQ, seqQ, headDim) and O
// (batch, headsQ, seqQ, valueDim) in rows, K and V in the cache.

import KernelsBLAS
import KernelsReference
import Measurement
import Quantities

final class PreparedAttention: PreparedKernel {
  struct Operands {
    let q: Buffer, cache: AttentionCache, out: Buffer
  }

  let work: Work
  let residentBytes: Bytes
  private let size: Problem.Attention
  private let team: WorkerTeam
  private let body: any AttentionBody
  private let sets: [Operands]
  private var current = 0

  init(
    _ size: Problem.Attention, work: Work, body: any AttentionBody, team: WorkerTeam, sets count: Int,
    rotating: Rotation, seed: UInt64, queryMagnitude: Float
  ) throws(KernelError) {
    self.size = size
    self.work = work
    self.team = team
    self.body = body
    let queries = size.queryElements + size.outputElements
    try requireMemory(floats: queries + (size.cacheBytes + 3) / 4, sets: count)
    var sets: [Operands] = []
    for set in 0..<count {
      let cache = try AttentionCache(size, seed: seed &+ UInt64(3 * set), team: team)
      if rotating == .weights, let first = sets.first {
        sets.append(Operands(q: first.q, cache: cache, out: first.out))
        continue
      }
      let q = try OperandStore.random(
        size.queryElements, seed: mix(seed &+ UInt64(3 * set)), magnitude: queryMagnitude, team: team)
      sets.append(
        Operands(
          q: q, cache: cache, out: try OperandStore.output(size.outputElements, number: set, team: team)))
    }
    self.sets = sets
    let queryBytes = 4 * queries * (rotating == .weights ? 1 : count)
    residentBytes = Bytes(Double(queryBytes + size.cacheBytes * count))
  }

  var operandMemory: [UnsafeRawBufferPointer] {
    sets.flatMap { [$0.q.memory] + $0.cache.memory + [$0.out.memory] }
  }

  func rotate() { current = (current + 1) % sets.count }
  func run() { body.run(sets[current], team: team) }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    set.out.fill(.nan, team: team)
    run()
    let rows = size.batch * size.headsQ * size.seqQ
    let pairs = Double(rows) * Double(size.seqKV * size.headDim)
    let checksAll = pairs <= ErrorScan.fullCheckLimit
    let chosen = checksAll ? Array(0..<rows) : size.sampledRows(seed: seed)
    var scan = compare(chosen, set)
    if !set.out.isFinite { scan.add(.nan, 0, scale: 1) }
    return scan.verification(
      checksAll
        ? "double oracle, all elements" : "double oracle, \(chosen.count) rows, some of each head; all finite"
    )
  }

  func verifyBriefly(seed: UInt64) -> Verification {
    let set = sets[current]
    let rows = size.batch * size.headsQ * size.seqQ
    let chosen = Set([0, rows - 1, Int(mix(seed) % UInt64(rows)), Int(mix(~seed) % UInt64(rows))]).sorted()
    for row in chosen {
      for i in 0..<size.valueDim { set.out.start[row * size.valueDim + i] = .nan }
    }
    run()
    return compare(chosen, set).verification("double oracle, \(chosen.count) rows")
  }

  /// Holds rows of the output against the oracle, which reads the cache's elements as they are stored: what
  /// it cost to store them so is not an error of the kernel.
  private func compare(_ rows: [Int], _ set: Operands) -> ErrorScan {
    // Scores carry the rounding of headDim products, the output that of seqKV, each 2^x two parts in 10^7.
    let terms = Double(size.headDim).squareRoot() + Double(size.seqKV).squareRoot()
    var scan = ErrorScan(tolerance: (2 * terms + 16) * 0x1p-24)
    let expected = inParallel(rows.count, team) { index in
      let (sequenceHead, position) = rows[index].quotientAndRemainder(dividingBy: size.seqQ)
      let (sequence, head) = sequenceHead.quotientAndRemainder(dividingBy: size.headsQ)
      let cache = set.cache
      return oracleAttentionRow(
        q: set.q.start + rows[index] * size.headDim, headDim: size.headDim, valueDim: size.valueDim,
        visible: oracleVisibleKeys(
          position: position, keys: size.seqKV, offset: size.offset, causal: size.causal,
          window: size.window),
        scale: 1 / Double(size.headDim).squareRoot(),
        key: { cache.readKey(sequence, head / size.group, $0, into: $1) },
        value: { cache.readValue(sequence, head / size.group, $0, into: $1) })
    }
    for (row, expected) in zip(rows, expected) {
      for i in 0..<size.valueDim {
        let found = Double(set.out.start[row * size.valueDim + i])
        scan.add(found, expected.values[i], scale: expected.scales[i])
      }
    }
    return scan
  }
}

/// How one implementation goes through the heads of a problem.
protocol AttentionBody: AnyObject {
  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam)
}

extension Problem.Attention {
  /// Bytes of K and V of one operand set.
  var cacheBytes: Int {
    let elements = latent ? headDim : headDim + valueDim
    return storedKeys * (elements * cacheType.cachedBytes + (cacheType == .i8 ? 8 : 0))
  }
  /// Rows of every head of every sequence, at most 64 heads: the first and the last position, and one drawn
  /// from the seed.
  func sampledRows(seed: UInt64) -> [Int] {
    ErrorScan.sample(64, of: batch * headsQ, seed: seed).flatMap { head in
      attentionPositions(seqQ, seed: seed &+ UInt64(head)).map { head * seqQ + $0 }
    }
  }
  var scale: Float { Float(1 / Double(headDim).squareRoot()) }
}

/// Positions of one head that are checked: both ends, where masks and blocks go wrong, and one between.
package func attentionPositions(_ count: Int, seed: UInt64) -> [Int] {
  Set([0, count - 1, Int(mix(seed) % UInt64(count))]).sorted()
}
