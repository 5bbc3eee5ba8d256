// Threads of a team: each runs once per call, where it was put, and wakes again after it slept.

import CProbe
import Foundation
import Measurement
import Testing

/// CPUs that this process may use, repeated so that teams larger than the machine can be tested.
enum CPUs {
  static let allowed: [Int] = {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_MASK_BYTES))
    guard probe_get_mask(&mask) == 0 else { return [0, 0, 0] }
    var set: [Int] = []
    for (index, byte) in mask.enumerated() {
      for bit in 0..<UInt8.bitWidth where byte & (1 << UInt8(bit)) != 0 {
        set.append(index * UInt8.bitWidth + bit)
      }
    }
    return set + set + set
  }()

  static func mask() -> [UInt8] {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_MASK_BYTES))
    _ = probe_get_mask(&mask)
    return mask
  }
}

@Suite("Worker team") struct WorkerTeamTests {
  @Test("runs the body once on every thread, also after the threads went to sleep")
  func once() throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(3)))
    var counts = [Int](repeating: 0, count: 3)
    counts.withUnsafeMutableBufferPointer { counts in
      for round in 0..<200 {
        team.run { thread, threads in counts[thread] += threads }
        if round % 50 == 0 { usleep(3000) }
      }
    }
    #expect(counts == [600, 600, 600])
  }

  @Test("threads are where they were bound")
  func places() throws {
    let cpus = Array(CPUs.allowed.prefix(2))
    #expect(try WorkerTeam(cpus: cpus).currentCPUs() == cpus)
  }

  @Test("the caller gets its CPU mask back")
  func mask() throws {
    let before = CPUs.mask()
    do {
      let team = try WorkerTeam(cpus: [CPUs.allowed[0]])
      team.run { _, _ in }
      #expect(CPUs.mask().reduce(0) { $0 + $1.nonzeroBitCount } == 1)
    }
    #expect(CPUs.mask() == before)
  }

  @Test(
    "a CPU that is not there is an error, not a thread elsewhere", arguments: [[-1], [8191], [0, 8191], []])
  func absent(cpus: [Int]) {
    #expect(throws: WorkerTeamError.self) { _ = try WorkerTeam(cpus: cpus) }
  }
}
