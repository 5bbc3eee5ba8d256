// The inside of a worker process: bound to its placement, it verifies and times case after case. In a stepped
// job it asks before each turn, so that several workers can share the machine.

import FoundationEssentials
import Glibc
import Kernels
import KernelsBLAS
import Machines
public import Measurement
import Quantities

/// Runs one job.
public struct Worker<Time: TimeSource> {
  private let job: WorkerJob
  private let time: Time
  private let clock: ClockQuality
  private let team: WorkerTeam
  private let say: (WorkerMessage) -> Void
  private let origin: Double
  private let mayGoOn: () -> Bool
  private let planted: PlantedSlowdown
  private let counters: Counters?
  private let ledger = Ledger()
  /// True once the device is lost: nothing more can run in this process.
  private var isLost: Bool {
    get { ledger.isLost }
    nonmutating set { ledger.isLost = newValue }
  }
  private let source: any KernelSource
  private let probe: SpeedProbe?

  /// Where the seconds go.
  private final class Ledger {
    var spent = WorkerSpent()
    var isLost = false
  }

  /// Binds the process to the job's CPUs and makes its threads.
  ///
  /// - Parameters:
  ///   - planted: rows that are slowed on purpose.
  ///   - mayGoOn: waits for the parent's word after `.ready`; false = end here. Asked in stepped jobs only.
  ///   - say: takes each message; `.hello` is the caller's to say.
  /// - Throws: `WorkerTeamError` when the threads cannot be bound.
  public init(
    _ job: WorkerJob, time: Time, planted: PlantedSlowdown = PlantedSlowdown(),
    mayGoOn: @escaping () -> Bool = { true }, say: @escaping (WorkerMessage) -> Void
  ) throws {
    _ = ProcessBinding.bind(to: job.placement.cpus)
    let mask = ProcessBinding.current()
    let memory = MemoryBinding.apply(job.placement)
    Kernels.pageMode = job.pageMode
    self.job = job
    self.time = time
    self.say = say
    self.planted = planted
    self.mayGoOn = mayGoOn
    let device = try job.placement.deviceOrdinal.map { try DeviceSource(ordinal: $0) }
    clock = device?.clock ?? ClockQuality(of: time)
    // Before the team: its threads are to be counted too.
    counters = Counters()
    team = try WorkerTeam(job.placement)
    source = device ?? HostKernels(job, team: team)
    origin = time.now()
    probe = Worker.speedProbe(source, time)
    Kernels.shareOperands(
      atMost: job.memoryLimit ?? Worker.sharedOperands, onOneNode: job.placement.hasOneMemoryNode)
    let blas = Kernels.blas
    let facts = BLASFacts(
      name: blas.name, version: blas.version, corename: blas.corename, config: blas.config,
      threads: blas.threads)
    var words = WorkerFacts(process: job.process, blas: facts, mask: mask, clock: clock)
    words.threadCPUs = team.currentCPUs()
    if case .refused(let reason) = memory { words.memoryRefusal = reason }
    words.device = device?.facts
    say(.facts(words))
  }

  /// Measures every group of the job; the parent may end a stepped job between two turns.
  public func run() {
    guard turn(Turn(group: -1, round: 0, slot: 0)) else { return }
    settle()
    let control =
      job.hasControl ? ControlKernel(job, source, time: time, clock: clock, origin: origin) : nil
    control?.measureFirst(probe)
    for (position, group) in job.groups.enumerated() {
      guard measure(group, at: position) else { return }
    }
    guard turn(Turn(group: job.groups.count, round: 0, slot: 0)) else { return }
    quieten()
    control?.measureLast(probe)
    if let control {
      ledger.spent.warmup += control.warmup
      ledger.spent.sampled += control.sampled
      say(.control(control.report))
    }
    say(.spent(ledger.spent))
  }

  /// Announces a turn of a stepped job and waits for the word; false = end here.
  private func turn(_ turn: Turn) -> Bool {
    guard job.isStepped else { return true }
    say(.ready(turn))
    return mayGoOn()
  }

  /// Keeps all threads at work until clocks and power limits have settled: the last probes show no trend, or it has
  /// taken four times as long as it should.
  private func settle() {
    guard job.settleSeconds > 0, let probe else { return }
    let start = time.now()
    var settling = Settling()
    while true {
      settling.add(probe.seconds())
      let elapsed = time.now() - start
      if elapsed >= 4 * job.settleSeconds { break }
      if elapsed >= job.settleSeconds, settling.isSteady(within: job.plan.probeTolerance / 2) { break }
    }
    ledger.spent.warmup += time.now() - start
  }

  /// About a millisecond of register-only arithmetic on all threads, the best of three: an interrupt hits one, a
  /// slower clock all.
  private static func speedProbe(_ source: any KernelSource, _ time: Time) -> SpeedProbe? {
    guard let kernel = source.speedKernel() else { return nil }
    return SpeedProbe {
      (0..<3).map { _ in
        let (start, before) = (time.now(), kernel.timedSeconds)
        kernel.run()
        return before.flatMap { before in kernel.timedSeconds.map { $0 - before } } ?? time.now() - start
      }.min() ?? 0
    }
  }

  /// Measures the cases of a group in turns; false where the parent ended the job.
  private func measure(_ group: [Int], at position: Int) -> Bool {
    guard turn(Turn(group: position, round: 0, slot: 0)) else { return false }
    var entries: [CaseUnderWay<Time>] = []
    for (place, index) in group.enumerated() {
      say(.began(index))
      let begin = time.now()
      if let entry = prepare(index, place: place) {
        entry.report.elapsed = time.now() - begin
        entries.append(entry)
      }
      if isLost { return false }
    }
    for entry in entries {
      say(.began(entry.report.index))
      entry.sampler.warmUp(entry.execute)
    }
    // From here on only turns: preparing, checking and warming up are no interference.
    let before = entries.isEmpty ? nil : InterferenceReading(cpus: job.placement.usedCPUs)
    for round in 0..<max(1, job.plan.rounds) {
      // Who goes first changes, so that a trend inside a round favours nobody.
      let isForward = round.isMultiple(of: 2)
      for entry in isForward ? entries : entries.reversed() {
        let slot = isForward ? entry.place : group.count - 1 - entry.place
        guard turn(Turn(group: position, round: round + 1, slot: slot, index: entry.report.index)) else {
          return false
        }
        say(.began(entry.report.index))
        let watch = source.watch()
        entry.round(probe: probe, counters: isCounted(entry) ? counters : nil)
        watch?.end(into: &entry.interference)
        if entry.kernel.failure?.isFatal == true { return give(up: entry) }
        if entry.implementation != .swift { quieten() }
      }
    }
    if let before {
      let after = InterferenceReading(cpus: job.placement.usedCPUs)
      for entry in entries { finish(entry, between: before, and: after) }
    }
    return true
  }

  /// The device is lost, and with it all that this process holds there: another process goes on behind the case.
  private func give(up entry: CaseUnderWay<Time>) -> Bool {
    entry.report.status = .failed
    entry.report.detail = entry.kernel.failure?.reason ?? ""
    entry.report.finished = Date().formatted(.iso8601)
    say(.report(entry.report))
    return false
  }

  /// False where counters would see a part of the threads: a library starts its own before anyone can count them.
  private func isCounted(_ entry: CaseUnderWay<Time>) -> Bool {
    entry.implementation == .swift || team.threadCount == 1
  }

  /// Waits until the threads of a library have gone to sleep: OpenBLAS's spin for a while after a call, which on
  /// many threads is time stolen from whoever comes next.
  private func quieten() {
    guard team.threadCount > 1 else { return }
    for _ in 0..<200 {
      let before = processSeconds()
      usleep(200)
      if processSeconds() - before < 0.000_05 { return }
    }
  }

  private func prepare(_ index: Int, place: Int) -> CaseUnderWay<Time>? {
    let subject = job.cases[index]
    var report = CaseReport(index: index, status: .ok)
    report.process = job.process
    report.isaPath = source.isaPath(subject)
    let work = source.work(subject)
    report.work = work
    func end(_ status: CaseStatus, _ detail: String) -> CaseUnderWay<Time>? {
      report.status = status
      report.detail = detail
      report.finished = Date().formatted(.iso8601)
      say(.report(report))
      return nil
    }
    if let reason = source.refusal(subject) { return end(.skipped, reason) }
    let sets = operandSets(subject, work)
    let needed = subject.heldBytes(work) * Double(sets) * Worker.room
    if let limit = job.memoryLimit, needed > Double(limit) {
      return end(
        .skipped,
        "needs about \(gigabytes(needed)) GB where \(gigabytes(Double(limit))) GB may be used")
    }
    do {
      let kernel = try source.prepare(subject, sets: sets, seed: job.seed)
      report.work = kernel.work
      // What a device ran is known once it is chosen.
      report.isaPath = source.isaPath(subject)
      report.residentBytes = kernel.residentBytes
      // Each process checks other rows.
      if job.plan.verifies {
        let seed = job.seed &+ UInt64(job.process) &* 1_000_003
        let check = job.verifiesInFull ? kernel.verify(seed: seed) : kernel.verifyBriefly(seed: seed)
        report.verification = check
        if let failure = kernel.failure {
          if failure.isFatal { isLost = true }
          return end(.failed, failure.reason)
        }
        guard check.passed else {
          return end(
            .mismatch,
            "largest relative error \(check.maxRelError), allowed \(check.tolerance), against \(check.reference)"
          )
        }
      }
      guard job.plan.times else { return end(.ok, "") }
      func add(_ doubt: String) {
        if !doubt.isEmpty { report.detail += (report.detail.isEmpty ? "" : "; ") + doubt }
      }
      add(doubt(subject, sets: sets))
      if job.verifiesInFull {
        let location = MemoryLocation(of: kernel.operandMemory)
        report.hugePageShare = location.hugePageFraction
        report.isMemoryWhereAsked = location.isWhereAsked(job.placement)
        add(job.pageMode.doubt(share: location.hugePageFraction))
      }
      let share = planted.share(of: subject.shapeID)
      if let share { add(PlantedSlowdown.warning(share)) }
      // A device at its power limit probes slower behind a dear row than before it, each time.
      var plan = job.plan
      if job.placement.deviceOrdinal != nil { plan.retries = 0 }
      let sampler = Sampler(time: time, plan: plan, clock: clock, origin: origin)
      let entry = CaseUnderWay(report, kernel, sampler, subject, place: place)
      entry.spin = share.map { PlantedSpin(time: time, share: $0) }
      return entry
    } catch {
      let fault = source.fault(error)
      if fault.isFatal { isLost = true }
      return end(fault.isAbsence ? .skipped : .failed, fault.reason)
    }
  }

  /// Enough copies that the last-level caches forget a set before its turn comes again: four times their bytes
  /// beside the set in use, or as many as memory allows. A set of eight times the caches, which is what the read
  /// probe of memory passes over, pushes itself out.
  private func operandSets(_ subject: Case, _ work: Work) -> Int {
    guard subject.cacheMode != .hot else { return 1 }
    let (caches, rotated) = (source.cacheBytes, max(1, rotatedBytes(subject, work)))
    let wanted = rotated >= 8 * caches ? 1 : (4 * caches + rotated - 1) / rotated + 1
    guard wanted > 1 else { return 1 }
    guard let limit = job.memoryLimit, work.bytes.value > 0 else { return wanted }
    return max(2, min(wanted, Int(Double(limit) / (subject.heldBytes(work) * Worker.room))))
  }

  /// Bytes of one set of what rotates.
  private func rotatedBytes(_ subject: Case, _ work: Work) -> Int {
    subject.cacheMode == .weightsCold ? subject.weightBytes : Int(work.bytes.value)
  }

  /// Bytes that operands may take together where the job sets no limit.
  private static var sharedOperands: Int { Int(Unit.gibibyte.toBase(2)) }

  /// Memory of a case over its operands: attention through BLAS keeps scores beside them.
  private static var room: Double { 1.25 }

  /// What a reader of the times should know: a rotation that the caches might remember.
  private func doubt(_ subject: Case, sets: Int) -> String {
    let (caches, rotated) = (source.cacheBytes, sets * rotatedBytes(subject, source.work(subject)))
    guard subject.cacheMode != .hot, rotated < 2 * caches else { return "" }
    let (have, need) = (Unit.mebibyte.fromBase(Double(rotated)), Unit.mebibyte.fromBase(Double(caches)))
    return "memory allows \(Int(have)) MiB of rotating operands beside \(Int(need)) MiB of caches"
  }

  private func finish(
    _ entry: CaseUnderWay<Time>, between before: InterferenceReading, and after: InterferenceReading
  ) {
    let sampler = entry.sampler
    if let failure = entry.kernel.failure {
      (entry.report.status, entry.report.detail) = (.failed, failure.reason)
      entry.report.finished = Date().formatted(.iso8601)
      return say(.report(entry.report))
    }
    entry.report.samples = sampler.samples
    entry.report.iterations = sampler.iterations
    entry.report.warmup = sampler.warmup
    entry.report.sampled = sampler.sampled
    entry.report.roundsDropped = sampler.roundsDropped
    entry.report.roundsMoved = sampler.roundsMoved
    entry.report.stopReason = sampler.stopReason
    entry.report.elapsed = (entry.report.elapsed ?? 0) + sampler.elapsed
    ledger.spent.warmup += sampler.warmup
    ledger.spent.sampled += sampler.sampled
    var interference = entry.interference
    let own = interference
    before.note(until: after, in: &interference)
    if job.placement.deviceOrdinal != nil {
      // Clock, heat and throttling are the device's, not those of the CPU that drives it.
      (interference.clock, interference.temperature) = (own.clock, own.temperature)
      interference.throttleEvents = own.throttleEvents
    }
    if let counted = sampler.counted {
      interference.cycles = counted.cycles
      interference.instructions = counted.instructions
      interference.countersSource = Counters.source
      interference.clock = interference.clock ?? counted.clock
    }
    entry.report.interference = interference
    entry.report.finished = Date().formatted(.iso8601)
    say(.report(entry.report))
  }
}

/// CPU time of this process, all threads together.
private func processSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Unit.nanosecond.toBase(Double(time.tv_nsec))
}

/// Gigabytes with one decimal, for sentences.
private func gigabytes(_ bytes: Double) -> Double { (Unit.gigabyte.fromBase(bytes) * 10).rounded() / 10 }

extension PageMode {
  /// What a reader of the times should know where pages are not those that were asked for; empty = nothing.
  ///
  /// - Parameter share: share of the operands on huge pages; nil = unknown.
  package func doubt(share: Double?) -> String {
    guard self == .huge, let share, share < 0.9 else { return "" }
    return "huge pages back \(Int(Unit.percent.fromBase(share).rounded(.down))) % of the operands;"
      + " those below 256 KiB get none"
  }
}
