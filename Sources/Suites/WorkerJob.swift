// The words between the parent and a worker process: one JSON job in, one JSON line per event out.

import FoundationEssentials
public import Machines
public import Measurement

/// What a worker is asked to do.
public struct WorkerJob: Hashable, Sendable, Codable {
  /// Number of the process, from 0.
  public var process: Int
  /// Where it runs.
  public var placement: Placement
  /// All cases; reports name them by position.
  public var cases: [Case]
  /// Positions to measure, in order; cases of one group take turns.
  public var groups: [[Int]]
  /// How each is sampled.
  public var plan: SamplingPlan
  /// Seed of the operands.
  public var seed: UInt64
  /// Instruction set of the Swift kernels.
  public var isa: InstructionSet
  /// Bytes of the placement's last-level caches together; 0 = unknown.
  public var lastLevelCacheBytes: Int
  /// Bytes that one case may take; nil = no limit.
  public var memoryLimit: Int?
  /// Seconds of arithmetic before the first case, so that clocks settle.
  public var settleSeconds: Double

  /// A job from its parts.
  public init(
    process: Int, placement: Placement, cases: [Case], groups: [[Int]], plan: SamplingPlan, seed: UInt64,
    isa: InstructionSet, lastLevelCacheBytes: Int, memoryLimit: Int?, settleSeconds: Double
  ) {
    self.process = process
    self.placement = placement
    self.cases = cases
    self.groups = groups
    self.plan = plan
    self.seed = seed
    self.isa = isa
    self.lastLevelCacheBytes = lastLevelCacheBytes
    self.memoryLimit = memoryLimit
    self.settleSeconds = settleSeconds
  }
}

/// What a worker says.
public enum WorkerMessage: Hashable, Sendable, Codable {
  /// First of all: who I am.
  case facts(WorkerFacts)
  /// From now on the case at this position is to blame if I die.
  case began(Int)
  /// A case is done.
  case report(CaseReport)

  /// The message as one line with its newline.
  public func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")] }

  /// A line back to a message; nil for anything else, such as a library's chatter on standard output.
  public init?(line: some Sequence<UInt8>) {
    guard let message = try? JSONDecoder().decode(WorkerMessage.self, from: Data(line)) else { return nil }
    self = message
  }
}
