// The ceilings: multiply-adds in registers, and passes over arrays.

package import Measurement
import Quantities

/// Register-only multiply-adds on every thread of a team.
final class PreparedPeak: PreparedKernel {
  let work: Work
  let residentBytes = Bytes.zero
  private let probe: PeakProbe
  private let team: WorkerTeam
  private let rounds: Int
  private let results: Buffer

  init(_ probe: PeakProbe, team: WorkerTeam) throws(KernelError) {
    self.probe = probe
    self.team = team
    rounds = Int(Problem.peakFLOP) / probe.round
    results = try Buffer(team.threadCount * PreparedPeak.lineFloats)
    work = Work(flop: FLOP(Double(rounds) * Double(probe.round) * Double(team.threadCount)), bytes: .zero)
  }

  /// Results of threads lie this far apart, so that they share no cache line.
  static let lineFloats = 64

  func run() {
    team.run { thread, _ in
      probe.run(rounds, UnsafeMutableRawPointer(results.start + thread * PreparedPeak.lineFloats))
    }
  }

  func rotate() {}

  func verify(seed: UInt64) -> Verification {
    results.fill(.nan, team: team)
    run()
    let lanes = (0..<team.threadCount).flatMap { thread in
      probe.lane(
        UnsafeRawBufferPointer(
          start: results.start + thread * PreparedPeak.lineFloats, count: probe.bytes))
    }
    return checkPeak(lanes, expected: probe.expected(rounds))
  }

  func verifyBriefly(seed: UInt64) -> Verification { verify(seed: seed) }
}

/// Twelve sums of whole numbers, below 2^24 together, so equality is asked for.
package func checkPeak(_ lanes: [Double], expected: Double) -> Verification {
  var scan = ErrorScan(tolerance: 0)
  for lane in lanes { scan.add(lane, expected, scale: expected) }
  return scan.verification("closed form in the number of rounds, all lanes")
}

/// The sum that a pass over `count` positive numbers left in lanes against the sum in Double. Each lane adds
/// count / lanes of them and its error grows like their root; a part that was not read is missing outright.
package func checkRead(_ lanes: [Float], sum expected: Double, count: Int, partialSums: Int) -> Verification {
  let terms = Double(count) / Double(max(1, partialSums))
  var scan = ErrorScan(tolerance: (4 + terms.squareRoot()) * 0x1p-24)
  scan.add(lanes.reduce(0) { $0 + Double($1) }, expected, scale: expected)
  return scan.verification("double oracle, sum of all elements")
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
      func numbers(_ role: Int) throws(KernelError) -> Buffer {
        try OperandStore.random(spread, seed: mix(seed &+ UInt64(2 * set + role)), team: team)
      }
      func target() throws(KernelError) -> Buffer { try Buffer(zeros: spread, team: team) }
      switch operation {
      case .memoryRead:
        let rising = try Buffer(spread)
        rising.fillRising(team: team)
        sets.append(Operands(a: rising, b: nil, c: nil))
      case .memoryCopy:
        sets.append(Operands(a: try numbers(0), b: try target(), c: nil))
      default:
        sets.append(Operands(a: try numbers(0), b: try numbers(1), c: try target()))
      }
    }
    self.sets = sets
    results = try Buffer(team.threadCount * PreparedPeak.lineFloats)
    residentBytes = Bytes(Double(count * arrays * number * MemoryLayout<Float>.stride))
  }

  var operandMemory: [UnsafeRawBufferPointer] {
    sets.flatMap { [$0.a, $0.b, $0.c].compactMap { $0?.memory } }
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
    // Plain pointers: counting references to a shared buffer, pass by pass, would cost more than a pass in L1.
    let (a, b, c) = (set.a.start, set.b?.start, set.c?.start)
    team.run { thread, threads in
      let part = part(thread, of: threads)
      let (first, length) = (part.lowerBound, part.count)
      for _ in 0..<passes {
        if let b, let c {
          module.memoryTriad(length, factor, a + first, b + first, c + first)
        } else if let b {
          module.memoryCopy(length, a + first, b + first)
        } else {
          module.memoryRead(length, a + first, results.start + thread * PreparedPeak.lineFloats)
        }
      }
    }
    withExtendedLifetime(set) {}
  }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    results.fill(0, team: team)
    (set.c ?? set.b)?.fill(.nan, team: team)
    run()
    guard operation != .memoryRead else {
      let lanes = (0..<results.count).map { results.start[$0] }
      let sum = inParallel(team.threadCount, team) { thread in
        let part = self.part(thread, of: self.team.threadCount)
        return sumInDouble(set.a.start + part.lowerBound, part.count)
      }.reduce(0, +)
      // Each thread keeps at least 8 vectors of 4 sums.
      return checkRead(lanes, sum: sum, count: count, partialSums: 32 * team.threadCount)
    }
    let elements = (0..<team.threadCount).lazy.flatMap { self.part($0, of: self.team.threadCount) }
    return compare(elements, set).verification("double oracle, all elements")
  }

  func verifyBriefly(seed: UInt64) -> Verification {
    guard operation != .memoryRead, let target = sets[current].c ?? sets[current].b else {
      return verify(seed: seed)
    }
    let elements = (0..<team.threadCount).flatMap { thread -> [Int] in
      let part = part(thread, of: team.threadCount)
      guard let last = part.last else { return [] }
      return [part.lowerBound, last]
        + (0..<64).map { part.lowerBound + Int(mix(seed &+ UInt64($0)) % UInt64(part.count)) }
    }
    for element in elements { target.start[element] = .nan }
    run()
    return compare(elements, sets[current]).verification("double oracle, \(elements.count) elements")
  }

  private func compare(_ elements: some Sequence<Int>, _ set: Operands) -> ErrorScan {
    var scan = ErrorScan(tolerance: 0x1p-23)
    for i in elements {
      let a = Double(set.a.start[i])
      if let b = set.b, let c = set.c {
        let product = Double(factor) * Double(b.start[i])
        scan.add(Double(c.start[i]), a + product, scale: abs(a) + abs(product))
      } else if let b = set.b {
        scan.add(Double(b.start[i]), a, scale: abs(a))
      }
    }
    return scan
  }
}

/// The sum of an array in Double, in eight partial sums so that it takes no longer than reading.
private func sumInDouble(_ start: UnsafePointer<Float>, _ count: Int) -> Double {
  var sums = SIMD8<Double>()
  for i in 0..<count / 8 {
    sums += SIMD8<Double>(UnsafeRawPointer(start + 8 * i).loadUnaligned(as: SIMD8<Float>.self))
  }
  var total = (0..<8).reduce(0.0) { $0 + sums[$1] }
  for i in count / 8 * 8..<count { total += Double(start[i]) }
  return total
}

/// The numbers that a read probe passes over.
package func risingValues(_ count: Int, team: WorkerTeam) throws(KernelError) -> [Float] {
  let buffer = try Buffer(count)
  buffer.fillRising(team: team)
  return (0..<count).map { buffer.start[$0] }
}
