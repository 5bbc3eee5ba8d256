// Operands that kernels only read, kept for the rows that come after: the implementations of one shape then see
// the same pages, and a process touches and fills its memory once and not once a row.

package import Measurement
import Quantities
import Synchronization

/// Random operands by what they hold and who touched them.
enum OperandStore {
  private struct Key: Hashable {
    let count: Int
    let seed: UInt64
    let magnitude: Float
    let cpus: [Int]
  }

  private struct Kept {
    let buffer: Buffer
    var lastUse: Int
  }

  private struct State: ~Copyable {
    var limit = 0
    var uses = 0
    var kept: [Key: Kept] = [:]
    var bytes: Int { kept.keys.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride } }
  }

  private static let state = Mutex(State())

  /// Bytes that may be kept from now on; 0 = every kernel gets operands of its own.
  static func keep(atMost bytes: Int) {
    state.withLock { state in
      state.limit = bytes
      trim(&state, for: 0)
    }
  }

  /// `count` numbers in ±magnitude drawn from the seed, first touched by the team; not to be written to.
  static func random(
    _ count: Int, seed: UInt64, magnitude: Float = 1, team: WorkerTeam
  ) throws(KernelError) -> Buffer {
    let key = Key(count: count, seed: seed, magnitude: magnitude, cpus: team.cpus)
    let known = state.withLock { state -> Buffer? in
      state.uses += 1
      state.kept[key]?.lastUse = state.uses
      if state.kept[key] == nil { trim(&state, for: count * MemoryLayout<Float>.stride) }
      return state.kept[key]?.buffer
    }
    if let known { return known }
    let buffer = try Buffer(count)
    buffer.fillRandom(seed: seed, magnitude: magnitude, team: team)
    state.withLock { state in
      guard count * MemoryLayout<Float>.stride <= state.limit else { return }
      state.kept[key] = Kept(buffer: buffer, lastUse: state.uses)
    }
    return buffer
  }

  /// Lets go of what was used longest ago until there is room for more.
  private static func trim(_ state: inout State, for more: Int) {
    var bytes = state.bytes
    while bytes + more > state.limit, let oldest = state.kept.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      state.kept[oldest.key] = nil
      bytes -= oldest.key.count * MemoryLayout<Float>.stride
    }
  }
}

extension Kernels {
  /// Lets kernels that are prepared from now on share random operands, in the whole process.
  ///
  /// - Parameter bytes: memory that may be kept for later; 0 = none.
  public static func shareOperands(atMost bytes: Int) { OperandStore.keep(atMost: bytes) }
}

/// The numbers that operands hold.
package func randomValues(_ count: Int, team: WorkerTeam) throws(KernelError) -> [Float] {
  let buffer = try OperandStore.random(count, seed: 1, team: team)
  return (0..<count).map { buffer.start[$0] }
}
