// An element-wise operation with its operands. What differs between operations is a body: which arrays it
// reads and writes, how threads share it, and what a row of the result should be.

import Glibc
import KernelsReference
import Measurement
import Quantities

final class PreparedElementwise: PreparedKernel {
  let work: Work
  let residentBytes: Bytes
  private let body: any ElementwiseBody
  private let team: WorkerTeam
  private let sets: [ElementwiseOperands]
  private var current = 0

  init(
    _ body: any ElementwiseBody, work: Work, team: WorkerTeam, sets count: Int, seed: UInt64
  ) throws(KernelError) {
    self.body = body
    self.work = work
    self.team = team
    let kept = body.shared.reduce(0) { $0 + body.reads[$1].floats }
    let own = body.reads.reduce(0) { $0 + $1.floats } - kept + body.writes.reduce(0, +)
    try requireMemory(floats: own, sets: count)
    try requireMemory(floats: own * count + kept, sets: 1)
    var sets: [ElementwiseOperands] = []
    for set in 0..<count {
      var (reads, writes): ([Buffer], [Buffer]) = ([], [])
      for (role, array) in body.reads.enumerated() {
        if let first = sets.first, body.shared.contains(role) {
          reads.append(first.reads[role])
          continue
        }
        reads.append(try array.buffer(seed: mix(seed &+ UInt64(8 * set + role)), team: team))
      }
      for floats in body.writes { writes.append(try Buffer(zeros: floats, team: team)) }
      sets.append(ElementwiseOperands(reads: reads, writes: writes))
    }
    self.sets = sets
    residentBytes = Bytes(Double((own * count + kept) * MemoryLayout<Float>.stride))
  }

  var operandMemory: [UnsafeRawBufferPointer] {
    sets.enumerated().flatMap { index, set in
      let reads = set.reads.enumerated().filter { index == 0 || !body.shared.contains($0.offset) }
      return reads.map(\.element.memory) + set.writes.map(\.memory)
    }
  }

  func rotate() { current = (current + 1) % sets.count }
  func run() { body.run(sets[current], team: team) }

  func verify(seed: UInt64) -> Verification {
    let checksAll = Double(body.rows) * Double(body.columns) <= PreparedElementwise.fullCheckLimit
    let rows =
      checksAll
      ? Array(0..<body.rows) : ErrorScan.sample(PreparedElementwise.sampledRows, of: body.rows, seed: seed)
    var scan = compare(rows)
    if body.writesFloats, !checksAll, !sets[current].writes.allSatisfy(\.isFinite) {
      scan.add(.nan, 0, scale: 1)
    }
    return scan.verification(
      checksAll ? "double oracle, all elements" : "double oracle, \(rows.count) random rows; all finite")
  }

  func verifyBriefly(seed: UInt64) -> Verification {
    let rows = ErrorScan.sample(3, of: body.rows, seed: seed)
    return compare(rows).verification("double oracle, \(rows.count) rows")
  }

  /// Poisons the results, runs, and holds rows against the oracle.
  private func compare(_ rows: [Int]) -> ErrorScan {
    let set = sets[current]
    for target in set.writes { target.fill(.nan, team: team) }
    run()
    var scan = ErrorScan(tolerance: body.tolerance)
    for row in rows { body.compare(row, set, &scan) }
    return scan
  }

  /// Elements up to which every row is checked.
  private static let fullCheckLimit = 1e6
  /// Rows checked of a larger problem.
  private static let sampledRows = 16
}

/// Arrays of one operand set, in the order in which the body names them.
struct ElementwiseOperands {
  let reads: [Buffer], writes: [Buffer]
}

/// One operation's way through its operands.
protocol ElementwiseBody {
  var rows: Int { get }
  var columns: Int { get }
  var reads: [ElementwiseArray] { get }
  /// Which of the arrays read all sets have in common.
  var shared: [Int] { get }
  /// Floats of each array written; bytes and places are kept in floats' room.
  var writes: [Int] { get }
  /// False where the arrays written hold bytes or places, whose bits may look like a NaN.
  var writesFloats: Bool { get }
  var tolerance: Double { get }
  func run(_ operands: ElementwiseOperands, team: WorkerTeam)
  /// Adds a row's elements to the scan.
  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan)
}

extension ElementwiseBody {
  var shared: [Int] { [] }
  var writesFloats: Bool { true }
}

/// What an array that is read holds.
enum ElementwiseArray {
  /// Uniform numbers in ±magnitude.
  case numbers(Int, magnitude: Float = 1)
  /// Bytes of every value.
  case bytes(Int)
  /// Numbers below a limit, in 32 bits.
  case ids(Int, below: Int)
  /// cos and sin of angles, one after the other.
  case angles(tokens: Int, pairs: Int)

  /// Room that it takes.
  var floats: Int {
    switch self {
    case .numbers(let count, _): count
    case .bytes(let count): (count + 3) / 4
    case .ids(let count, _): count
    case .angles(let tokens, let pairs): 2 * tokens * pairs
    }
  }

  func buffer(seed: UInt64, team: WorkerTeam) throws(KernelError) -> Buffer {
    switch self {
    case .numbers(let count, let magnitude):
      return try OperandStore.random(count, seed: seed, magnitude: magnitude, team: team)
    case .bytes: return try OperandStore.random(floats, seed: seed, team: team)
    case .ids(let count, let limit):
      let buffer = try Buffer(count)
      for i in 0..<count { buffer.places[i] = Int32(mix(seed &+ UInt64(i)) % UInt64(limit)) }
      return buffer
    case .angles(let tokens, let pairs):
      let buffer = try Buffer(floats)
      fillAngles(tokens, pairs, buffer.start, buffer.start + tokens * pairs)
      return buffer
    }
  }
}

/// cos and sin of position · 10000^(-pair / pairs), the usual angles. Each pair turns by its step again and again,
/// in Double.
private func fillAngles(_ tokens: Int, _ pairs: Int, _ cosines: MutableFloats, _ sines: MutableFloats) {
  for pair in 0..<pairs {
    let step = pow(10_000, -Double(pair) / Double(pairs))
    let (stepCosine, stepSine) = (cos(step), sin(step))
    var (c, s) = (1.0, 0.0)
    for token in 0..<tokens {
      cosines[token * pairs + pair] = Float(c)
      sines[token * pairs + pair] = Float(s)
      (c, s) = (c * stepCosine - s * stepSine, s * stepCosine + c * stepSine)
    }
  }
}

extension Buffer {
  /// The array's room as bytes.
  var bytes: UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(start).assumingMemoryBound(to: Int8.self)
  }
  /// The array's room as places.
  var places: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(start).assumingMemoryBound(to: Int32.self)
  }
}

/// Result bytes from which on stores go past the caches: what the last-level cache of a core complex cannot keep.
/// The reader of a smaller result finds it there. Decided by the result alone, not by what the host reports: a
/// guest is told of hundreds of MiB that it does not have.
private let streamedBytes = 32 * 1_048_576

/// True where a result of this many floats is streamed.
func isStreamed(_ floats: Int) -> Bool { floats * MemoryLayout<Float>.stride >= streamedBytes }

/// True where threads share the columns of each row and not the rows: few rows, which do not come out even.
func sharesColumns(_ rows: Int, _ threads: Int) -> Bool {
  !rows.isMultiple(of: threads) && rows < 8 * threads
}

/// Columns of which a thread's share is a multiple: two registers at least, so that no cache line is shared.
let columnStep = 64
