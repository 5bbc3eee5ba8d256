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
  /// How many worker processes measure a row.
  public var stop: StopRule
  /// The number of worker processes for each placement, where it is fixed.
  public var processes: Int {
    get { stop.minimumProcesses }
    set { (stop.minimumProcesses, stop.maximumProcesses) = (newValue, newValue) }
  }
  /// True where the first row that is neither measured nor skipped ends the run.
  public var failFast = false
  /// True where the control kernel is the first and the last row of each process.
  public var hasControl = true
  /// Pages that operands ask for, in the whole run.
  public var pageMode = PageMode.default
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
    stop = StopRule(processes: processes)
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
    (sized.indices.contains(place) ? sized[place].cases : cases).map { subject in
      var subject = subject
      subject.pageMode = pageMode
      return subject
    }
  }

  /// One outcome without reports for each placement and case, in that order.
  public func outcomes() -> [Outcome] {
    placements.enumerated().flatMap { index, place in
      cases(at: index).map { Outcome($0, at: place, processesWanted: stop.minimumProcesses) }
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
  /// A worker has ended in good order; `seconds` is how long it lived.
  func workerFinished(_ spent: WorkerSpent, seconds: Double, at placement: Placement)
  /// True when the run should end now.
  var shouldStop: Bool { get }
}

extension RunObserver {
  /// Nobody needs to know.
  public func workerFinished(_ spent: WorkerSpent, seconds: Double, at placement: Placement) {}
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
    var run = RunState(outcomes: earlier, sites: plan.placements.count)
    let time = MonotonicTime()
    let start = time.now()
    for process in 0..<max(plan.stop.minimumProcesses, plan.stop.maximumProcesses) {
      if judge(&run) == 0 { break }
      // What this process measured before the run was stopped is not measured again.
      if !run.outcomes.contains(where: { isOpen($0, to: process) }) { continue }
      for site in plan.placements.indices {
        runProcess(process, at: site, &run, observer)
        if observer.shouldStop || run.hasFailed { return run.outcomes }
      }
      // A replicate is a process of every placement; the next one costs no more than a mean one until now.
      let elapsed = time.now() - start
      let isLast = elapsed + elapsed / Double(process + 1) > plan.timeBudget
      if isLast { end(&run, after: process + 1) }
      _ = judge(&run)
      observer.replicateFinished(process, outcomes: run.outcomes)
      if isLast { break }
    }
    return run.outcomes
  }

  /// What changes while a run goes on.
  private struct RunState {
    var outcomes: [Outcome]
    var controls: [ControlRow]
    var hasFailed = false
    init(outcomes: [Outcome], sites: Int) {
      self.outcomes = outcomes
      controls = Array(repeating: ControlRow(), count: sites)
    }
  }

  /// Asks the stop rule about every row and returns how many want another process.
  private func judge(_ run: inout RunState) -> Int {
    for index in run.outcomes.indices where run.outcomes[index].stopReason == nil {
      let reports = run.outcomes[index].reports.filter { $0.status == .ok }
      run.outcomes[index].stopReason = plan.stop.verdict(
        reports.map { $0.samples.map(\.seconds) }, elapsed: reports.reduce(0) { $0 + ($1.elapsed ?? 0) })
    }
    return run.outcomes.count { $0.stopReason == nil && $0.reports.allSatisfy { $0.status == .ok } }
  }

  /// The time is over: rows that are still open need no more than they have been asked for.
  private func end(_ run: inout RunState, after processes: Int) {
    for index in run.outcomes.indices {
      run.outcomes[index].processesWanted = min(run.outcomes[index].processesWanted, processes)
      if run.outcomes[index].stopReason == nil, !run.outcomes[index].reports.isEmpty {
        run.outcomes[index].stopReason = .timeCap
      }
    }
  }

  /// True where a process has a row to measure: it is not settled, not measured by this process before the run
  /// was stopped and resumed, and it has not failed: the same input on the same machine fails the same way.
  private func isOpen(_ outcome: Outcome, to process: Int) -> Bool {
    outcome.stopReason == nil && outcome.reports.allSatisfy { $0.status == .ok && $0.process != process }
  }

  /// One process at one placement; more than one where a case kills it.
  private func runProcess(
    _ process: Int, at site: Int, _ run: inout RunState, _ observer: any RunObserver
  ) {
    let first = site * plan.cases.count
    let place = plan.placements[site]
    let cases = plan.cases(at: site)
    var generator = SeededGenerator(seed: plan.seed &+ UInt64(process) &* 1_000_003)
    var remaining = plan.groups.map { group in
      group.filter { index in
        isOpen(run.outcomes[first + index], to: process)
      }
    }.filter { !$0.isEmpty }.shuffled(using: &generator)
    var stillborn = 0
    while !remaining.isEmpty, !observer.shouldStop, !run.hasFailed {
      let start = MonotonicTime().now()
      let members = place.workers.count
      var current = [Int?](repeating: nil, count: members)
      var masks: [CPUSet] = []
      var told = 0
      var replicas = ReplicaReports(replicas: members)
      var done: Set<Int> = []
      func take(_ report: CaseReport) {
        var report = report
        report.process = process
        guard cases.indices.contains(report.index), done.insert(report.index).inserted else { return }
        run.outcomes[first + report.index].reports.append(report)
        if plan.failFast, report.status != .ok, report.status != .skipped { run.hasFailed = true }
        observer.finished(report, subject: cases[report.index], placement: place)
      }
      let isFirst = remaining.joined().contains { run.outcomes[first + $0].reports.isEmpty }
      let ends = followWorkers(
        process, site, remaining, inFull: isFirst, shouldStop: { observer.shouldStop || run.hasFailed }
      ) { member, message in
        switch message {
        case .facts(var facts):
          // The mask of replicas is that of all together.
          if let mask = facts.mask { masks.append(mask) }
          facts.mask = masks.isEmpty ? nil : CPUSet(masks.flatMap(\.cpus))
          for index in cases.indices
          where run.outcomes[first + index].worker == nil || members > 1 {
            run.outcomes[first + index].worker = facts
          }
          told += 1
          if told == members { observer.workerStarted(facts, at: place) }
        case .began(let index): current[member] = index
        case .report(let report): if let whole = replicas.add(report) { take(whole) }
        case .control(let report):
          run.controls[site].add(report)
          for index in cases.indices { run.outcomes[first + index].aaFloor = run.controls[site].floor }
        case .spent(var spent):
          // Replicas spend the same seconds side by side.
          spent.warmup /= Double(members)
          spent.sampled /= Double(members)
          observer.workerFinished(spent, seconds: MonotonicTime().now() - start, at: place)
        case .hello, .ready: break
        }
      }
      if ends.contains(.stopped) { return }
      var words = "the worker ended without measuring anything"
      for (member, end) in ends.enumerated() {
        guard let reason = reason(of: end, at: current[member]) else { continue }
        words = reason.detail
        if current[member] != nil { take(reason) }
      }
      remaining = remaining.map { $0.filter { !done.contains($0) } }.filter { !$0.isEmpty }
      stillborn = done.isEmpty ? stillborn + 1 : 0
      if stillborn == 2 {
        for index in remaining.flatMap({ $0 }) {
          take(CaseReport(index: index, status: .failed, detail: words))
        }
        remaining = []
      }
    }
  }

  /// What the end of a worker means for the case that it was at; nil for a good end.
  private func reason(of end: WorkerEnd, at index: Int?) -> CaseReport? {
    switch end {
    case .stopped, .finished: nil
    case .died(let words): CaseReport(index: index ?? -1, status: .failed, detail: words)
    case .silent(let seconds):
      CaseReport(
        index: index ?? -1, status: .timeout, detail: "no answer from the worker for \(seconds) s")
    }
  }

  /// One worker, or one for each replica of the placement, all of them released together for each turn.
  private func followWorkers(
    _ process: Int, _ site: Int, _ groups: [[Int]], inFull: Bool, shouldStop: () -> Bool,
    receive: (Int, WorkerMessage) -> Void
  ) -> [WorkerEnd] {
    let place = plan.placements[site]
    let caches =
      plan.sized.indices.contains(site) ? plan.sized[site].lastLevelCacheBytes : plan.lastLevelCacheBytes
    let members = place.workers
    let group = WorkerGroup(
      members.map { worker in
        var job = WorkerJob(
          process: process, placement: worker, cases: plan.cases(at: site), groups: groups,
          plan: plan.sampling,
          seed: plan.seed, isa: plan.isa, lastLevelCacheBytes: caches,
          memoryLimit: plan.memoryLimit.map { $0 / members.count }, settleSeconds: plan.settleSeconds)
        job.hasControl = plan.hasControl
        job.verifiesInFull = inFull
        job.pageMode = plan.pageMode
        job.isStepped = members.count > 1
        return WorkerGroup.Member(
          executable: executable, arguments: arguments, environment: workerEnvironment(worker), job: job)
      }, policy: .together)
    return group.follow(silence: plan.silence, shouldStop: shouldStop, receive: receive)
  }

  /// The parent's variables with the thread counts of the placement; a crash should be quick and quiet.
  private func workerEnvironment(_ place: Placement) -> [String: String] {
    var variables = environment
    for name in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"] { variables[name] = String(place.threads) }
    // OpenBLAS's threads spin for 2^26 ticks after a call, in the way of whoever runs next: 2^20 is still a hundred
    // times the gap between two calls of one sample.
    if variables["OPENBLAS_THREAD_TIMEOUT"] == nil { variables["OPENBLAS_THREAD_TIMEOUT"] = "20" }
    variables["SWIFT_BACKTRACE"] = "enable=no"
    return variables
  }
}
