// The parent's side of a run: placement after placement and process after process, it starts workers,
// collects their reports, and starts a new worker behind a case that killed the last one.

import Kernels
import KernelsCUDA
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
  /// Seconds of arithmetic at the start of each worker; nil = as each placement needs.
  public var settleSeconds: Double?
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

  /// Seconds of arithmetic after which the clocks of a placement have settled: power limits of many cores take
  /// seconds to bite, one core reaches its clock at once. A worker takes up to four times as long.
  public static func settling(_ place: Placement) -> Double {
    if place.deviceOrdinal != nil { return 1 }
    if place.threads > 8, place.kind == "machine" || place.kind == "package" { return 3 }
    return place.threads > 1 ? 1 : 0.3
  }

  /// Seconds without a word after which a worker is given up that is at a case, or between cases: nothing is said
  /// while a kernel runs, so a large one on a slow core gets the time for warm-up and a round after it.
  public func patience(for subject: Case?, lastLevelCacheBytes: Int) -> Int {
    guard let subject else { return silence }
    if subject.implementation.isOfDevice {
      // Slower than any device of the last ten years, and the seconds of an oracle on the host.
      let work = DeviceWork.of(subject)
      return 2 * silence + Int(min(2 * work.flop.value / 1e12 + work.bytes.value / 1e10, 1e6))
    }
    var shape = subject.shape
    // An operator runs inside its layer.
    shape.layerPart = nil
    let work = Kernels.work(subject.operation, shape: shape, dataType: subject.dataType)
    // Sets of operands that rotate are made and filled before anything is said.
    let rotating = subject.cacheMode == .hot ? 0 : 8 * Double(lastLevelCacheBytes)
    let seconds =
      2 * work.flop.value / RunPlan.slowest.flops + (work.bytes.value + rotating) / RunPlan.slowest.bytes
    return silence + Int(min(seconds, 1e6))
  }

  /// Rates that no core of the last ten years stays below, FLOP/s and byte/s.
  private static let slowest = (flops: 1e9, bytes: 2.5e8)

  /// Positions of the cases that take turns: same operation, shape and cache mode; operators with their layer.
  package var groups: [[Int]] {
    var places: [String: Int] = [:]
    var groups: [[Int]] = []
    for (index, subject) in cases.enumerated() {
      let key = "\(subject.operation.rawValue)|\(subject.wholeShapeID)|\(subject.cacheMode.rawValue)"
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
  /// The control kernel has run at both ends of one process.
  func controlFinished(_ report: ControlReport, process: Int, at placement: Placement)
  /// A worker has ended in good order; `seconds` is how long it lived.
  func workerFinished(_ spent: WorkerSpent, seconds: Double, at placement: Placement)
  /// True when the run should end now.
  var shouldStop: Bool { get }
}

extension RunObserver {
  /// Nobody needs to know.
  public func controlFinished(_ report: ControlReport, process: Int, at placement: Placement) {}
  /// Nobody needs to know.
  public func workerFinished(_ spent: WorkerSpent, seconds: Double, at placement: Placement) {}
}

/// Runs a plan with the workers of one build, of one build and its peers, or of two builds that take turns on the
/// same rows.
public struct Runner {
  /// For each side the builds that share its rows; the first measures the control kernel.
  private let crews: [[WorkerBuild]]
  private let plan: RunPlan

  /// A runner of one build; see `WorkerBuild` for its parts.
  public init(_ plan: RunPlan, executable: String, arguments: [String], environment: [String: String]) {
    self.init(
      plan, builds: [WorkerBuild(executable: executable, arguments: arguments, environment: environment)])
  }

  /// A runner of two builds: worker beside worker at each placement, one at a time, turn by turn. The plan's
  /// placements must have one worker each. A row is settled on both sides at once, by the interval of the quotients
  /// of their samples: by its width, never by where it lies.
  public init(_ plan: RunPlan, builds: [WorkerBuild]) {
    self.plan = plan
    crews = builds.map { [$0] }
  }

  /// A runner of one build and peers, which fill one list of rows between them: the rows of a group are measured
  /// turn by turn as if one worker did it. The plan's placements must have one worker each.
  public init(_ plan: RunPlan, build: WorkerBuild, peers: [WorkerBuild]) {
    self.plan = plan
    crews = [[build] + peers]
  }

  /// Runs what `earlier` (of `RunPlan.outcomes`) lacks; the outcomes stand in order of placement, then case.
  public func run(_ observer: any RunObserver, from earlier: [Outcome]) -> [Outcome] {
    run([observer], from: [earlier])[0]
  }

  /// The same for every build, each with its own observer and outcomes.
  ///
  /// A row that fails with one build is not measured further with the others: it has lost its partner.
  public func run(_ observers: [any RunObserver], from earlier: [[Outcome]]) -> [[Outcome]] {
    var sides = zip(observers, earlier).map {
      Side(observer: $0, outcomes: $1)
    }
    let time = MonotonicTime()
    let start = time.now()
    for process in 0..<max(plan.stop.minimumProcesses, plan.stop.maximumProcesses) {
      if judge(&sides) == 0 { break }
      // What this process measured before the run was stopped is not measured again.
      if !sides[0].outcomes.indices.contains(where: { isOpen($0, to: process, sides) }) { continue }
      for site in plan.placements.indices {
        runProcess(process, at: site, &sides)
        if sides.contains(where: \.isOver) { return sides.map(\.outcomes) }
      }
      // A replicate is a process of every placement; the next one costs no more than a mean one until now.
      let elapsed = time.now() - start
      let isLast = elapsed + elapsed / Double(process + 1) > plan.timeBudget
      if isLast { end(&sides, after: process + 1) }
      _ = judge(&sides)
      for side in sides { side.observer.replicateFinished(process, outcomes: side.outcomes) }
      if isLast { break }
    }
    return sides.map(\.outcomes)
  }

  /// Starts a worker of each build without a case, at the first placement.
  ///
  /// - Returns: what is wrong with each build; nil where its worker came and went in good order.
  public func faults() -> [String?] {
    let builds = crews.map { $0[0] }
    guard let place = plan.placements.first?.workers.first else { return builds.map { _ in nil } }
    return builds.map { build in
      var job = job(0, at: 0, worker: place, [], inFull: false)
      (job.settleSeconds, job.hasControl) = (0, false)
      var hasFacts = false
      let ends = WorkerGroup([member(build, job)]).follow(
        silence: { _ in plan.silence }, shouldStop: { false }
      ) {
        if case .facts = $1 { hasFacts = true }
      }
      switch ends.first ?? .stopped {
      case .finished: return hasFacts ? nil : "it says nothing of a worker"
      case .died(let words): return words
      case .silent(let seconds): return "no answer for \(seconds) s"
      case .stopped: return nil
      }
    }
  }

  /// What changes for one build while a run goes on.
  private struct Side {
    let observer: any RunObserver
    var outcomes: [Outcome]
    var hasFailed = false
    init(observer: any RunObserver, outcomes: [Outcome]) {
      self.observer = observer
      self.outcomes = outcomes
    }

    /// True once nothing more may be started.
    var isOver: Bool { observer.shouldStop || hasFailed }

    /// Takes what a worker says of the control kernel into the rows of its placement.
    mutating func take(control report: ControlReport, rows: Range<Int>) {
      guard var control = outcomes[rows].first?.control else { return }
      control.add(report)
      for index in rows { outcomes[index].control = control }
    }
  }

  /// Asks the stop rule about every row and returns how many want another process.
  private func judge(_ sides: inout [Side]) -> Int {
    var open = 0
    if sides.count == 2 { judgePairs(&sides) }
    for side in sides.indices {
      for index in sides[side].outcomes.indices
      where sides.count == 1 && sides[side].outcomes[index].stopReason == nil {
        let reports = sides[side].outcomes[index].reports.filter { $0.status == .ok }
        sides[side].outcomes[index].stopReason = plan.stop.verdict(
          reports.map { $0.samples.map(\.seconds) }, elapsed: reports.reduce(0) { $0 + ($1.elapsed ?? 0) })
      }
      open += sides[side].outcomes.count {
        $0.stopReason == nil && $0.reports.allSatisfy { $0.status == .ok }
      }
    }
    return open
  }

  /// The stop rule on what the samples of two builds say together, turn by turn.
  private func judgePairs(_ sides: inout [Side]) {
    for index in sides[0].outcomes.indices where sides[0].outcomes[index].stopReason == nil {
      let reports = sides.map { $0.outcomes[index].reports.filter { $0.status == .ok } }
      let partners = Dictionary(reports[1].map { ($0.process, $0.samples) }) { first, _ in first }
      let ratios = reports[0].compactMap { report in
        partners[report.process].map { zip(report.samples, $0).map { $1.seconds / $0.seconds } }
      }
      let elapsed = reports.joined().reduce(0) { $0 + ($1.elapsed ?? 0) }
      let reason = plan.stop.verdict(ratios, elapsed: elapsed)
      for side in sides.indices { sides[side].outcomes[index].stopReason = reason }
    }
  }

  /// The time is over: rows that are still open need no more than they have been asked for.
  private func end(_ sides: inout [Side], after processes: Int) {
    for side in sides.indices {
      for index in sides[side].outcomes.indices {
        let outcome = sides[side].outcomes[index]
        sides[side].outcomes[index].processesWanted = min(outcome.processesWanted, processes)
        if outcome.stopReason == nil, !outcome.reports.isEmpty {
          sides[side].outcomes[index].stopReason = .timeCap
        }
      }
    }
  }

  /// True where a process has a row to measure with every build.
  private func isOpen(_ index: Int, to process: Int, _ sides: [Side]) -> Bool {
    sides.allSatisfy { isOpen($0.outcomes[index], to: process) }
  }

  /// True where a process has a row to measure: it is not settled, not measured by this process before the run
  /// was stopped and resumed, and it has not failed: the same input on the same machine fails the same way.
  private func isOpen(_ outcome: Outcome, to process: Int) -> Bool {
    outcome.stopReason == nil && outcome.reports.allSatisfy { $0.status == .ok && $0.process != process }
  }

  /// One process of each build at one placement; more than one where a case kills it.
  private func runProcess(_ process: Int, at site: Int, _ sides: inout [Side]) {
    let first = site * plan.cases.count
    let place = plan.placements[site]
    let cases = plan.cases(at: site)
    var generator = SeededGenerator(seed: plan.seed &+ UInt64(process) &* 1_000_003)
    let order = plan.groups.shuffled(using: &generator)
    /// Cases that each build has still to report.
    var open = sides.map { _ in Set(cases.indices.filter { isOpen(first + $0, to: process, sides) }) }
    var stillborn = 0
    while open.contains(where: { !$0.isEmpty }), !sides.contains(where: \.isOver) {
      let start = MonotonicTime().now()
      // Who sits first in a round changes with the process, as it does with the round.
      let all = sides.indices.flatMap { side in crews[side].indices.map { Player(side: side, place: $0) } }
      let players = (process.isMultiple(of: 2) ? all : all.reversed()).filter { player in
        open[player.side].contains { build(of: player).measures(cases[$0]) }
      }
      // Rows that no build measures stay as they are.
      guard !players.isEmpty else { return }
      let replicas = place.workers.count
      let groups = order.map { $0.filter { index in open.contains { $0.contains(index) } } }
        .filter { !$0.isEmpty }
      var current = [Int?](repeating: nil, count: players.count * replicas)
      var masks = [[CPUSet]](repeating: [], count: players.count)
      var threadCPUs = [[Int]](repeating: [], count: players.count)
      var told = [Int](repeating: 0, count: players.count)
      var reports = players.map { _ in ReplicaReports(replicas: replicas) }
      var done = 0
      func take(_ report: CaseReport, from side: Int) {
        var report = report
        report.process = process
        guard open[side].remove(report.index) != nil else { return }
        done += 1
        sides[side].outcomes[first + report.index].reports.append(report)
        if plan.failFast, report.status != .ok, report.status != .skipped { sides[side].hasFailed = true }
        sides[side].observer.finished(report, subject: cases[report.index], placement: place)
      }
      let isFirst = groups.joined().contains { sides[players[0].side].outcomes[first + $0].reports.isEmpty }
      let ends = followWorkers(
        process, site, groups, of: players, inFull: isFirst,
        silence: { patience(at: site, current[$0].map { cases[$0] }) },
        shouldStop: { sides.contains(where: \.isOver) }
      ) { member, message in
        let number = member / replicas
        let side = players[number].side
        switch message {
        case .facts(var facts):
          // Mask and threads of replicas are those of all together.
          if let mask = facts.mask { masks[number].append(mask) }
          facts.mask = masks[number].isEmpty ? nil : CPUSet(masks[number].flatMap(\.cpus))
          threadCPUs[number] += facts.threadCPUs ?? []
          facts.threadCPUs = facts.threadCPUs == nil ? nil : threadCPUs[number]
          let build = build(of: players[number])
          if let peer = build.peer { (facts.peer, facts.isCoreTypeForced) = (peer, build.isCoreTypeForced) }
          for index in cases.indices
          where build.measures(cases[index])
            && (sides[side].outcomes[first + index].worker == nil || replicas > 1)
          {
            sides[side].outcomes[first + index].worker = facts
          }
          told[number] += 1
          if told[number] == replicas { sides[side].observer.workerStarted(facts, at: place) }
        case .began(let index): current[member] = index
        case .report(let report): if let whole = reports[number].add(report) { take(whole, from: side) }
        case .control(let report):
          sides[side].take(control: report, rows: first..<first + cases.count)
          sides[side].observer.controlFinished(report, process: process, at: place)
        case .spent(var spent):
          // Replicas spend the same seconds side by side.
          spent.warmup /= Double(replicas)
          spent.sampled /= Double(replicas)
          sides[side].observer.workerFinished(spent, seconds: MonotonicTime().now() - start, at: place)
        case .hello, .ready: break
        }
      }
      if ends.contains(.stopped) { return }
      var words = [String](
        repeating: "the worker ended without measuring anything", count: players.count)
      for (member, end) in ends.enumerated() {
        guard let reason = reason(of: end, at: current[member]) else { continue }
        words[member / replicas] = reason.detail
        if current[member] != nil { take(reason, from: players[member / replicas].side) }
      }
      stillborn = done == 0 ? stillborn + 1 : 0
      if stillborn == 2 {
        for (number, player) in players.enumerated() {
          for index in open[player.side].sorted() where build(of: player).measures(cases[index]) {
            take(CaseReport(index: index, status: .failed, detail: words[number]), from: player.side)
          }
        }
      }
    }
  }

  /// One build of one side.
  private struct Player: Hashable {
    let side: Int
    let place: Int
  }

  private func build(of player: Player) -> WorkerBuild { crews[player.side][player.place] }

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

  /// One worker of each build, or one for each replica of the placement. Replicas are released together for each
  /// turn, builds one after the other.
  private func followWorkers(
    _ process: Int, _ site: Int, _ groups: [[Int]], of players: [Player], inFull: Bool,
    silence: (Int) -> Int, shouldStop: () -> Bool, receive: (Int, WorkerMessage) -> Void
  ) -> [WorkerEnd] {
    let workers = plan.placements[site].workers
    let group = WorkerGroup(
      players.flatMap { player in
        let build = build(of: player)
        // Groups keep their places, so that turns of all builds mean the same group.
        let own = groups.map { $0.filter { build.measures(plan.cases[$0]) } }
        return workers.map { worker in
          var job = job(process, at: site, worker: worker, own, inFull: inFull)
          job.isStepped = players.count * workers.count > 1
          // The clocks settle once, and one control kernel is enough.
          if player.place > 0 { (job.hasControl, job.settleSeconds) = (false, 0) }
          return member(build, job)
        }
      }, policy: workers.count > 1 ? .together : .alternating)
    return group.follow(silence: silence, shouldStop: shouldStop, receive: receive)
  }

  private func patience(at site: Int, _ subject: Case?) -> Int {
    plan.patience(for: subject, lastLevelCacheBytes: lastLevelCacheBytes(at: site))
  }

  private func lastLevelCacheBytes(at site: Int) -> Int {
    plan.sized.indices.contains(site) ? plan.sized[site].lastLevelCacheBytes : plan.lastLevelCacheBytes
  }

  private func job(
    _ process: Int, at site: Int, worker: Placement, _ groups: [[Int]], inFull: Bool
  ) -> WorkerJob {
    let replicas = plan.placements[site].workers.count
    var job = WorkerJob(
      process: process, placement: worker, cases: plan.cases(at: site), groups: groups,
      plan: plan.sampling, seed: plan.seed, isa: plan.isa, lastLevelCacheBytes: lastLevelCacheBytes(at: site),
      memoryLimit: plan.memoryLimit.map { $0 / (replicas * crews.joined().count) },
      settleSeconds: plan.settleSeconds ?? RunPlan.settling(plan.placements[site]))
    job.hasControl = plan.hasControl
    job.verifiesInFull = inFull
    job.pageMode = plan.pageMode
    return job
  }

  private func member(_ build: WorkerBuild, _ job: WorkerJob) -> WorkerGroup.Member {
    WorkerGroup.Member(
      executable: build.executable, arguments: build.arguments,
      environment: build.environment(at: job.placement), job: job)
  }
}
