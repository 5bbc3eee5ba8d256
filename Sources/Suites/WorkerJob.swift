// The words between the parent and a worker process: one JSON job in, one JSON line per event out. A stepped
// job goes on in turns: the worker says what comes next and waits for one line before it does it.

import FoundationEssentials
public import Machines
public import Measurement

/// The language of parent and worker.
public enum WorkerProtocol {
  /// Raised when a job or a message changes so that an older program would misread it; a new optional field
  /// does not raise it.
  public static let version = 4
  /// The parent's answer to `.ready`: do it.
  public static let goOn = "go"
}

/// What a worker is asked to do.
public struct WorkerJob: Hashable, Sendable, Codable {
  /// Language of the parent.
  public var protocolVersion = WorkerProtocol.version
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
  /// True where the worker waits for the parent before each turn.
  public var isStepped = false
  /// Pages that operands ask for.
  public var pageMode = PageMode.default
  /// True where the control kernel is the first and the last row.
  public var hasControl = true
  /// True where results are compared with the oracle in full; else in samples, as befits a process after the
  /// first, which runs the same code on the same numbers.
  public var verifiesInFull = true

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

  /// The job as one line with its newline.
  public func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")] }

  /// A job from its line; nil for anything else.
  public init?(line: some Sequence<UInt8>) {
    guard let job = try? JSONDecoder().decode(WorkerJob.self, from: Data(line)) else { return nil }
    self = job
  }
}

/// What a stepped worker does next. Turns of two workers with the same job are equal where they do the same
/// thing, whatever else failed in one of them.
public struct Turn: Hashable, Sendable, Codable, Comparable {
  /// Position of the group in the job; -1 = settling of the clocks and the first control row; the number of
  /// groups = the last control row.
  public let group: Int
  /// 0 = operands, verification and warm-up of the whole group; from 1: the timed rounds.
  public let round: Int
  /// Place inside the round.
  public let slot: Int
  /// Position of the case; nil where it is not one alone.
  public let index: Int?

  /// A turn from its parts.
  public init(group: Int, round: Int, slot: Int, index: Int? = nil) {
    self.group = group
    self.round = round
    self.slot = slot
    self.index = index
  }

  /// Earlier turns are less.
  public static func < (a: Turn, b: Turn) -> Bool {
    (a.group, a.round, a.slot) < (b.group, b.round, b.slot)
  }
}

/// What a worker says.
public enum WorkerMessage: Hashable, Sendable, Codable {
  /// First of all, in every version: the language that I speak.
  case hello(protocolVersion: Int)
  /// Who I am.
  case facts(WorkerFacts)
  /// I wait for the word to do this; in stepped jobs only.
  case ready(Turn)
  /// From now on the case at this position is to blame if I die.
  case began(Int)
  /// A case is done.
  case report(CaseReport)
  /// The control kernel has run at both ends.
  case control(ControlReport)
  /// The last words: where the seconds went.
  case spent(WorkerSpent)

  /// The message as one line with its newline.
  public func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")] }

  /// A line back to a message; nil for anything else, such as a library's chatter on standard output.
  public init?(line: some Sequence<UInt8>) {
    guard let message = try? JSONDecoder().decode(WorkerMessage.self, from: Data(line)) else { return nil }
    self = message
  }
}
