// The ceilings: multiply-adds in registers, and passes over arrays.

import Measurement
import Quantities

/// Register-only multiply-adds on every thread of a team.
final class PreparedPeak: PreparedKernel {
  let work: Work
  let residentBytes = Bytes.zero
  private let module: KernelModule
  private let team: WorkerTeam
  private let rounds: Int
  private let results: Buffer

  init(module: KernelModule, team: WorkerTeam) throws(KernelError) {
    self.module = module
    self.team = team
    rounds = Int(Problem.peakFLOP) / module.fmaPeakRound
    results = try Buffer(team.threadCount * PreparedPeak.lineFloats)
    work = Work(
      flop: FLOP(Double(rounds) * Double(module.fmaPeakRound) * Double(team.threadCount)), bytes: .zero)
  }

  /// Results of threads lie this far apart, so that they share no cache line.
  static let lineFloats = 64

  func run() {
    team.run { thread, _ in
      module.fmaPeak(rounds, Float(thread + 1), results.start + thread * PreparedPeak.lineFloats)
    }
  }

  func rotate() {}

  /// x -> x/2 + s tends to 2·s from any start: twelve sums, so 24·s in each lane.
  func verify(seed: UInt64) -> Verification {
    results.fill(.nan, team: team)
    run()
    var scan = ErrorScan(tolerance: 0x1p-20)
    for thread in 0..<team.threadCount {
      let expected = 24 * Double(thread + 1)
      for lane in 0..<module.probeResult {
        scan.add(
          Double(results.start[thread * PreparedPeak.lineFloats + lane]), expected, scale: expected)
      }
    }
    return scan.verification("closed form, all lanes")
  }
}

/// Read, copy or triad over arrays of which each thread has a contiguous part.
///
/// Parts lie a page apart: otherwise the prefetcher of one core, at the end of its part, keeps pulling the lines
/// that its neighbour is writing, and an L1 probe on two cores measures the traffic between them.
final class PreparedMemory: PreparedKernel {
  private struct Operands {
    let a: Buffer, b: Buffer?, c: Buffer?
  }

  let work: Work
  let residentBytes: Bytes
  private let operation: Operation
  private let count: Int
  private let passes: Int
  private let module: KernelModule
  private let team: WorkerTeam
  private let results: Buffer
  private let sets: [Operands]
  private var current = 0
  private let factor: Float = 0.5
  private static let gap = 4_096 / MemoryLayout<Float>.stride

  init(
    _ operation: Operation, bytes: Int, passes: Int, work: Work, module: KernelModule, team: WorkerTeam,
    sets number: Int, seed: UInt64
  ) throws(KernelError) {
    self.operation = operation
    self.work = work
    self.passes = passes
    self.module = module
    self.team = team
    count = bytes / MemoryLayout<Float>.stride
    let arrays = operation == .memoryRead ? 1 : operation == .memoryCopy ? 2 : 3
    try requireMemory(floats: count * arrays, sets: number)
    var sets: [Operands] = []
    let spread = count + PreparedMemory.gap * (team.threadCount - 1)
    for set in 0..<number {
      let operands = Operands(
        a: try Buffer(spread), b: arrays > 1 ? try Buffer(spread) : nil,
        c: arrays > 2 ? try Buffer(spread) : nil)
      operands.a.fillRandom(seed: mix(seed &+ UInt64(2 * set)), team: team)
      operands.b?.fillRandom(seed: mix(seed &+ UInt64(2 * set + 1)), team: team)
      operands.c?.fill(0, team: team)
      sets.append(operands)
    }
    self.sets = sets
    results = try Buffer(team.threadCount * PreparedPeak.lineFloats)
    residentBytes = Bytes(Double(count * arrays * number * MemoryLayout<Float>.stride))
  }

  func rotate() { current = (current + 1) % sets.count }

  /// Where a thread's elements lie in the arrays.
  private func part(_ thread: Int, of threads: Int) -> Range<Int> {
    let range = share(of: count, step: PreparedPeak.lineFloats, thread, threads)
    let offset = thread * PreparedMemory.gap
    return range.lowerBound + offset..<range.upperBound + offset
  }

  func run() {
    let set = sets[current]
    team.run { thread, threads in
      let part = part(thread, of: threads)
      let (first, length) = (part.lowerBound, part.count)
      for _ in 0..<passes {
        if let b = set.b, let c = set.c {
          module.memoryTriad(length, factor, set.a.start + first, b.start + first, c.start + first)
        } else if let b = set.b {
          module.memoryCopy(length, set.a.start + first, b.start + first)
        } else {
          module.memoryRead(
            length, set.a.start + first, results.start + thread * PreparedPeak.lineFloats)
        }
      }
    }
  }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    results.fill(0, team: team)
    (set.c ?? set.b)?.fill(.nan, team: team)
    run()
    // A sum of n floats in lanes: each lane's error grows like √n at worst.
    var scan = ErrorScan(
      tolerance: operation == .memoryRead ? (4 + Double(count).squareRoot()) * 0x1p-24 : 0x1p-23)
    let elements = (0..<team.threadCount).flatMap { part($0, of: team.threadCount) }
    if operation == .memoryRead {
      var (expected, scale, found) = (0.0, 0.0, 0.0)
      for i in elements {
        expected += Double(set.a.start[i])
        scale += abs(Double(set.a.start[i]))
      }
      for i in 0..<results.count { found += Double(results.start[i]) }
      scan.add(found, expected, scale: scale)
    } else {
      for i in elements {
        let a = Double(set.a.start[i])
        if let b = set.b, let c = set.c {
          let product = Double(factor) * Double(b.start[i])
          scan.add(Double(c.start[i]), a + product, scale: abs(a) + abs(product))
        } else if let b = set.b {
          scan.add(Double(b.start[i]), a, scale: abs(a))
        }
      }
    }
    return scan.verification("double oracle, all elements")
  }
}
