// Attention with its operands, row-major for both implementations: Q and O (batch, headsQ, seqQ, headDim),
// K and V (batch, headsKV, seqKV, headDim).

import KernelsBLAS
import KernelsReference
import Measurement
import Quantities

final class PreparedAttention: PreparedKernel {
  struct Operands {
    let q: Buffer, k: Buffer, v: Buffer, out: Buffer
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
    let (queries, cache) = (size.queryElements, size.cacheElements)
    try requireMemory(floats: 2 * (queries + cache), sets: count)
    var sets: [Operands] = []
    for set in 0..<count {
      func numbers(_ count: Int, _ role: Int, _ magnitude: Float = 1) throws(KernelError) -> Buffer {
        try OperandStore.random(
          count, seed: mix(seed &+ UInt64(3 * set + role)), magnitude: magnitude, team: team)
      }
      let (k, v) = (try numbers(cache, 1), try numbers(cache, 2))
      if rotating == .weights, let first = sets.first {
        sets.append(Operands(q: first.q, k: k, v: v, out: first.out))
        continue
      }
      sets.append(
        Operands(
          q: try numbers(queries, 0, queryMagnitude), k: k, v: v,
          out: try OperandStore.output(queries, number: set, team: team))
      )
    }
    self.sets = sets
    let floats = 2 * (rotating == .weights ? queries + cache * count : (queries + cache) * count)
    residentBytes = Bytes(Double(floats * MemoryLayout<Float>.stride))
  }

  var operandMemory: [UnsafeRawBufferPointer] {
    sets.flatMap { [$0.q.memory, $0.k.memory, $0.v.memory, $0.out.memory] }
  }

  func rotate() { current = (current + 1) % sets.count }
  func run() { body.run(sets[current], team: team) }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    set.out.fill(.nan, team: team)
    run()
    let rows = size.batch * size.headsQ * size.seqQ
    let checksAll = Double(rows) * Double(size.seqKV * size.headDim) <= ErrorScan.fullCheckLimit
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
      for i in 0..<size.headDim { set.out.start[row * size.headDim + i] = .nan }
    }
    run()
    return compare(chosen, set).verification("double oracle, \(chosen.count) rows")
  }

  /// Holds rows of the output against the oracle.
  private func compare(_ rows: [Int], _ set: Operands) -> ErrorScan {
    // Scores carry the rounding of headDim products, the output that of seqKV, each 2^x three parts in 10^7.
    let terms = Double(size.headDim).squareRoot() + Double(size.seqKV).squareRoot()
    var scan = ErrorScan(tolerance: (2 * terms + 16) * 0x1p-24)
    let expected = inParallel(rows.count, team) { index in
      let (sequenceHead, position) = rows[index].quotientAndRemainder(dividingBy: size.seqQ)
      let (sequence, head) = sequenceHead.quotientAndRemainder(dividingBy: size.headsQ)
      let cache = (sequence * size.headsKV + head / size.group) * size.seqKV * size.headDim
      return oracleAttentionRow(
        q: set.q.start + rows[index] * size.headDim, k: set.k.start + cache, v: set.v.start + cache,
        headDim: size.headDim, visible: size.causal ? position + size.offset + 1 : size.seqKV,
        scale: 1 / Double(size.headDim).squareRoot())
    }
    for (row, expected) in zip(rows, expected) {
      for i in 0..<size.headDim {
        let found = Double(set.out.start[row * size.headDim + i])
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

/// Offsets of one head of one sequence.
extension Problem.Attention {
  /// Rows of every head of every sequence: the first and the last position, and one drawn from the seed.
  func sampledRows(seed: UInt64) -> [Int] {
    (0..<batch * headsQ).flatMap { head in
      attentionPositions(seqQ, seed: seed &+ UInt64(head)).map { head * seqQ + $0 }
    }
  }
  func queryOffset(_ sequence: Int, head: Int) -> Int { (sequence * headsQ + head) * seqQ * headDim }
  func cacheOffset(_ sequence: Int, head: Int) -> Int { (sequence * headsKV + head) * seqKV * headDim }
  var scale: Float { Float(1 / Double(headDim).squareRoot()) }
}

/// Positions of one head that are checked: both ends, where masks and blocks go wrong, and one between.
package func attentionPositions(_ count: Int, seed: UInt64) -> [Int] {
  Set([0, count - 1, Int(mix(seed) % UInt64(count))]).sorted()
}
