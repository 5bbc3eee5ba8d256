// Operands that are kept for the rows that come after: the implementations of one shape then see the same pages,
// and a process touches and fills its memory once and not once a row.

package import Measurement
import Quantities
import Synchronization

/// Operands by what they hold and who touched them.
enum OperandStore {
  private struct Key: Hashable {
    /// Elements; nil = any number of them, from the front of one growing array.
    let count: Int?
    let contents: Contents
    let cpus: [Int]
  }

  private enum Contents: Hashable {
    case random(seed: UInt64, magnitude: Float)
    /// Stored otherwise than as floats; the name of the storage.
    case encoded(String, seed: UInt64)
    /// Whatever the team's last kernel left.
    case output(number: Int, team: ObjectIdentifier)
  }

  private struct Kept {
    let buffer: Buffer
    var lastUse: Int
  }

  private struct State: ~Copyable {
    var limit = 0
    var isOnOneNode = false
    var uses = 0
    var kept: [Key: Kept] = [:]
    var bytes: Int { kept.values.reduce(0) { $0 + $1.buffer.filled * MemoryLayout<Float>.stride } }
  }

  private static let state = Mutex(State())

  /// Bytes that may be kept from now on; 0 = every kernel gets operands of its own. On one node operands of all
  /// sizes lie over one another; on several the place of each page depends on the size, so only equals do.
  static func keep(atMost bytes: Int, onOneNode: Bool) {
    state.withLock { state in
      state.limit = bytes
      state.isOnOneNode = onOneNode
      trim(&state, for: 0)
    }
  }

  /// `count` numbers in ±magnitude drawn from the seed, first touched by the team; not to be written to.
  static func random(
    _ count: Int, seed: UInt64, magnitude: Float = 1, team: WorkerTeam
  ) throws(KernelError) -> Buffer {
    try kept(count, .random(seed: seed, magnitude: magnitude), team) {
      $0.fillRandom($1, seed: seed, magnitude: magnitude, team: team)
    }
  }

  /// Room for `count` results, first touched by the team, with anything in it: a team's kernels that ask for the
  /// same number write to the same place.
  static func output(_ count: Int, number: Int, team: WorkerTeam) throws(KernelError) -> Buffer {
    try kept(count, .output(number: number, team: ObjectIdentifier(team)), team) {
      $0.fill(0, $1, team: team)
    }
  }

  /// `floats` floats of memory that `fill` fills, given the places, with values of a seed; not to be written to.
  static func encoded(
    _ floats: Int, _ name: String, seed: UInt64, team: WorkerTeam, fill: (Buffer, Range<Int>) -> Void
  ) throws(KernelError) -> Buffer {
    // Whole pairs, so that elements of eight bytes begin at their own places when the array grows.
    try kept((floats + 1) / 2 * 2, .encoded(name, seed: seed), team, fill: fill)
  }

  private static func kept(
    _ count: Int, _ contents: Contents, _ team: WorkerTeam, fill: (Buffer, Range<Int>) -> Void
  ) throws(KernelError) -> Buffer {
    let bytes = count * MemoryLayout<Float>.stride
    let (limit, mayGrow) = state.withLock { ($0.limit, $0.isOnOneNode && Buffer.hasOwnMapping(bytes)) }
    if mayGrow, bytes <= limit, let whole = growing(count, contents, team) {
      if whole.filled < count {
        guard whole.grow(to: count) else {
          throw KernelError("there is no memory for an operand of \(bytes) bytes")
        }
        fill(whole, whole.filled..<count)
        whole.filled = count
        state.withLock { trim(&$0, for: 0) }
      }
      return Buffer(front: count, of: whole)
    }
    let key = Key(count: count, contents: contents, cpus: team.cpus)
    let known = state.withLock { state -> Buffer? in
      if state.kept[key] == nil { trim(&state, for: bytes) }
      return use(key, &state)
    }
    if let known { return known }
    let buffer = try Buffer(count)
    fill(buffer, 0..<count)
    if bytes <= limit { keep(buffer, key) }
    return buffer
  }

  /// The array of the contents that all sizes share; nil where address space is short.
  private static func growing(_ count: Int, _ contents: Contents, _ team: WorkerTeam) -> Buffer? {
    let key = Key(count: nil, contents: contents, cpus: team.cpus)
    if let known = state.withLock({ use(key, &$0) }) { return known }
    guard let buffer = Buffer(upTo: state.withLock { $0.limit }) else { return nil }
    keep(buffer, key)
    return buffer
  }

  private static func use(_ key: Key, _ state: inout State) -> Buffer? {
    state.uses += 1
    state.kept[key]?.lastUse = state.uses
    return state.kept[key]?.buffer
  }

  private static func keep(_ buffer: Buffer, _ key: Key) {
    state.withLock { $0.kept[key] = Kept(buffer: buffer, lastUse: $0.uses) }
  }

  /// Lets go of what was used longest ago until there is room for more.
  private static func trim(_ state: inout State, for more: Int) {
    var bytes = state.bytes
    while bytes + more > state.limit, let oldest = state.kept.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      state.kept[oldest.key] = nil
      bytes -= oldest.value.buffer.filled * MemoryLayout<Float>.stride
    }
  }
}

extension Kernels {
  /// Lets kernels that are prepared from now on share operands, in the whole process.
  ///
  /// - Parameters:
  ///   - bytes: memory that may be kept for later; 0 = none.
  ///   - onOneNode: true where all memory lies on one NUMA node, whoever touches it first.
  public static func shareOperands(atMost bytes: Int, onOneNode: Bool = false) {
    OperandStore.keep(atMost: bytes, onOneNode: onOneNode)
  }
}

/// The numbers that operands hold.
package func randomValues(_ count: Int, team: WorkerTeam) throws(KernelError) -> [Float] {
  let buffer = try OperandStore.random(count, seed: 1, team: team)
  return (0..<count).map { buffer.start[$0] }
}
