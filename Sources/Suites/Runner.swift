// The parent's side of a run: placement after placement and process after process, it starts workers,
// collects their reports, and starts a new worker behind a case that killed the last one.

public import Machines
public import Measurement
import Quantities

/// What to run and how.
public struct RunPlan: Sendable {
  /// Cases in suite order.
  public var cases: [Case] { didSet { sized = [] } }
  /// Where each case runs.
  public var placements: [Placement]
  /// Worker processes for each placement.
  public var processes: Int
  /// How each case is sampled.
  public var sampling: SamplingPlan
  /// Seed of operands and order.
  public var seed: UInt64
  /// Instruction set of the Swift kernels.
  public var isa: InstructionSet
  /// Bytes of the last-level caches of a placement without an entry of its own; 0 = unknown.
  public var lastLevelCacheBytes: Int
  /// The same cases in the same order for each placement, sized by its caches; empty = all alike.
  public private(set) var sized: [(cases: [Case], lastLevelCacheBytes: Int)] = []
  /// Bytes that one case may take; nil = no limit.
  public var memoryLimit: Int?
  /// Seconds without a word after which a worker is given up.
  public var silence = 60
  /// Seconds of arithmetic at the start of each worker.
  public var settleSeconds = 0.3
  /// Seconds after which no further replicate is started.
  public var timeBudget = Double.infinity

  /// A plan from its parts.
  public init(
    cases: [Case], placements: [Placement], processes: Int, sampling: SamplingPlan, seed: UInt64,
    isa: InstructionSet, lastLevelCacheBytes: Int, memoryLimit: Int?
  ) {
    self.cases = cases
    self.placements = placements
    self.processes = processes
    self.sampling = sampling
    self.seed = seed
    self.isa = isa
    self.lastLevelCacheBytes = lastLevelCacheBytes
    self.memoryLimit = memoryLimit
  }

  /// Sizes the memory probes for each placement by the caches that its threads reach.
  public mutating func size(on machine: Machine, availableMemory: Int?) {
    sized = placements.map { place in
      let cpus = place.usedCPUs
      let suite = Suite.quick(on: machine, cpus: cpus, availableMemory: availableMemory).cases
      let cases = cases.map { wanted in
        wanted.phase != .ceiling ? wanted : suite.first { $0.shapeID == wanted.shapeID } ?? wanted
      }
      return (cases, machine.lastLevelCacheBytes(reachedBy: cpus))
    }
  }

  /// The cases of a placement, by its position.
  public func cases(at place: Int) -> [Case] {
    sized.indices.contains(place) ? sized[place].cases : cases
  }

  /// One outcome without reports for each placement and case, in that order.
  public func outcomes() -> [Outcome] {
    placements.enumerated().flatMap { index, place in
      cases(at: index).map { Outcome($0, at: place, processesWanted: processes) }
    }
  }

  /// Positions of the cases that take turns: same operation, shape and cache mode.
  var groups: [[Int]] {
    var places: [String: Int] = [:]
    var groups: [[Int]] = []
    for (index, subject) in cases.enumerated() {
      let key = "\(subject.operation.rawValue)|\(subject.shapeID)|\(subject.cacheMode.rawValue)"
      if let place = places[key] {
        groups[place].append(index)
      } else {
        places[key] = groups.count
        groups.append([index])
      }
    }
    return groups
  }
}

/// Who is told of a run's progress.
public protocol RunObserver: AnyObject {
  /// A worker at a placement starts its cases.
  func workerStarted(_ facts: WorkerFacts, at placement: Placement)
  /// One case of one process is done.
  func finished(_ report: CaseReport, subject: Case, placement: Placement)
  /// One process of every placement is done; `outcomes` in order of placement, then case.
  func replicateFinished(_ process: Int, outcomes: [Outcome])
  /// True when the run should end now.
  var shouldStop: Bool { get }
}

/// Runs a plan with workers made from one executable.
public struct Runner {
  private let executable: String
  private let arguments: [String]
  private let environment: [String: String]
  private let plan: RunPlan

  /// - Parameters:
  ///   - executable: program that reads a `WorkerJob` on standard input, with the arguments that make it a worker.
  ///   - environment: variables of the workers; thread counts are added for each placement.
  public init(_ plan: RunPlan, executable: String, arguments: [String], environment: [String: String]) {
    self.plan = plan
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
  }

  /// Runs what `earlier` (of `RunPlan.outcomes`) lacks; the outcomes stand in order of placement, then case.
  public func run(_ observer: any RunObserver, from earlier: [Outcome]) -> [Outcome] {
    var outcomes = earlier
    let time = MonotonicTime()
    let start = time.now()
    for process in 0..<plan.processes {
      for index in plan.placements.indices {
        let first = index * plan.cases.count
        runProcess(process, at: index, into: &outcomes, from: first, observer)
        if observer.shouldStop { return outcomes }
      }
      let elapsed = time.now() - start
      let isLast = elapsed + elapsed / Double(process + 1) > plan.timeBudget
      if isLast { for index in outcomes.indices { outcomes[index].processesWanted = process + 1 } }
      observer.replicateFinished(process, outcomes: outcomes)
      if isLast { break }
    }
    return outcomes
  }

  /// One process at one placement; more than one where a case kills it.
  private func runProcess(
    _ process: Int, at site: Int, into outcomes: inout [Outcome], from first: Int,
    _ observer: any RunObserver
  ) {
    let place = plan.placements[site]
    let cases = plan.cases(at: site)
    var generator = SeededGenerator(seed: plan.seed &+ UInt64(process) &* 1_000_003)
    // A case that failed once is not asked again: the same input on the same machine fails the same way.
    // Nor is one that this process measured before the run was stopped and resumed.
    var remaining = plan.groups.map { group in
      group.filter { index in
        outcomes[first + index].reports.allSatisfy { $0.status == .ok && $0.process != process }
      }
    }.filter { !$0.isEmpty }.shuffled(using: &generator)
    var stillborn = 0
    while !remaining.isEmpty, !observer.shouldStop {
      var current: Int?
      var done: Set<Int> = []
      func take(_ report: CaseReport) {
        var report = report
        report.process = process
        guard cases.indices.contains(report.index), done.insert(report.index).inserted else { return }
        outcomes[first + report.index].reports.append(report)
        observer.finished(report, subject: cases[report.index], placement: place)
      }
      let end = followWorker(process, site, remaining, observer) { message in
        switch message {
        case .facts(let facts):
          for index in cases.indices where outcomes[first + index].worker == nil {
            outcomes[first + index].worker = facts
          }
          observer.workerStarted(facts, at: place)
        case .began(let index): current = index
        case .report(let report): take(report)
        case .hello, .ready: break
        }
      }
      let reason: CaseReport?
      switch end {
      case .stopped: return
      case .finished: reason = nil
      case .died(let words): reason = CaseReport(index: current ?? -1, status: .failed, detail: words)
      case .silent(let seconds):
        reason = CaseReport(
          index: current ?? -1, status: .timeout, detail: "no answer from the worker for \(seconds) s")
      }
      if let reason, current != nil { take(reason) }
      remaining = remaining.map { $0.filter { !done.contains($0) } }.filter { !$0.isEmpty }
      stillborn = done.isEmpty ? stillborn + 1 : 0
      if stillborn == 2 {
        let words = reason?.detail ?? "the worker ended without measuring anything"
        for index in remaining.flatMap({ $0 }) {
          take(CaseReport(index: index, status: .failed, detail: words))
        }
        remaining = []
      }
    }
  }

  private func followWorker(
    _ process: Int, _ site: Int, _ groups: [[Int]], _ observer: any RunObserver,
    receive: (WorkerMessage) -> Void
  ) -> WorkerEnd {
    let place = plan.placements[site]
    let caches =
      plan.sized.indices.contains(site) ? plan.sized[site].lastLevelCacheBytes : plan.lastLevelCacheBytes
    let job = WorkerJob(
      process: process, placement: place, cases: plan.cases(at: site), groups: groups, plan: plan.sampling,
      seed: plan.seed, isa: plan.isa, lastLevelCacheBytes: caches, memoryLimit: plan.memoryLimit,
      settleSeconds: plan.settleSeconds)
    let worker = WorkerGroup([
      .init(executable: executable, arguments: arguments, environment: workerEnvironment(place), job: job)
    ])
    let ends = worker.follow(silence: plan.silence, shouldStop: { observer.shouldStop }) { receive($1) }
    return ends.first ?? .stopped
  }

  /// The parent's variables with the thread counts of the placement; a crash should be quick and quiet.
  private func workerEnvironment(_ place: Placement) -> [String: String] {
    var variables = environment
    for name in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"] { variables[name] = String(place.threads) }
    variables["SWIFT_BACKTRACE"] = "enable=no"
    return variables
  }
}
