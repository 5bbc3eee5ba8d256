// Threads bound to CPUs that start together: the caller is thread 0, the others wait for it.
// Goals: (1) a start and a finish cost well under a microsecond while work follows work; (2) an idle team
// leaves the CPUs to others (OpenBLAS has threads of its own), so waiting threads spin briefly, then sleep.
// Dispatch's concurrentPerform was rejected: it promises neither parallelism nor a place.

public import Machines
import CProbe
import Glibc
import Synchronization

/// Why a team could not be made.
public struct WorkerTeamError: Error, Hashable, CustomStringConvertible {
  /// What the operating system refused.
  public let reason: String
  public var description: String { reason }
}

/// `threadCount` threads, each bound to one CPU for the life of the team.
///
/// Make, run and release a team on one thread: that thread is its thread 0, and gets its old CPU mask back at
/// the end. `run` is synchronous.
public final class WorkerTeam {
  /// CPUs in thread order.
  public let cpus: [Int]
  /// Threads, the caller among them.
  public var threadCount: Int { cpus.count }
  private let shared: Shared
  private var threads: [pthread_t] = []
  private var callersMask: [UInt8]

  /// Binds the caller to the first CPU and starts a bound thread on each of the others.
  public init(cpus: [Int]) throws {
    guard !cpus.isEmpty else { throw WorkerTeamError(reason: "a team needs at least one CPU") }
    self.cpus = cpus
    shared = Shared(cpus: cpus)
    callersMask = [UInt8](repeating: 0, count: Int(PROBE_MASK_BYTES))
    let masked = probe_get_mask(&callersMask)
    guard masked == 0 else { throw WorkerTeamError(reason: "cannot read the CPU mask: \(text(masked))") }
    let pinned = probe_pin_to_cpu(Int32(clamping: cpus[0]))
    guard pinned == 0 else {
      throw WorkerTeamError(reason: "cannot bind a thread to CPU \(cpus[0]): \(text(pinned))")
    }
    for index in cpus.indices.dropFirst() { try start(index) }
    run { _, _ in }  // every thread is up and bound before the first timing
    let refused = shared.refusals.load(ordering: .acquiring)
    if refused != 0 { throw WorkerTeamError(reason: "cannot bind a thread to CPU \(refused - 1)") }
  }

  /// A team on the first `threads` PUs of a placement.
  public convenience init(_ placement: Placement) throws {
    try self.init(cpus: Array(placement.cpus.cpus.prefix(max(placement.threads, 1))))
  }

  deinit {
    shared.stopping.store(true, ordering: .sequentiallyConsistent)
    shared.announce()
    for thread in threads { pthread_join(thread, nil) }
    _ = probe_set_mask(callersMask)
  }

  /// Calls `body(threadIndex, threadCount)` once on every thread; returns when all have returned.
  public func run(_ body: (Int, Int) -> Void) {
    guard threadCount > 1 else { return body(0, 1) }
    withoutActuallyEscaping(body) { body in
      shared.body = body
      shared.remaining.store(threadCount - 1, ordering: .relaxed)
      shared.announce()
      body(0, threadCount)
      shared.awaitOthers()
      shared.body = nil
    }
  }

  /// The CPU on which each thread runs now, in thread order: shows whether the binding held.
  public func currentCPUs() -> [Int] {
    var seen = [Int](repeating: -1, count: threadCount)
    seen.withUnsafeMutableBufferPointer { buffer in
      run { thread, _ in buffer[thread] = Int(probe_current_cpu()) }
    }
    return seen
  }

  private func start(_ index: Int) throws {
    let argument = Unmanaged.passRetained(Start(shared: shared, index: index))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        start.shared.work(as: start.index)
        return nil
      }, argument.toOpaque())
    guard status == 0 else {
      argument.release()
      throw WorkerTeamError(reason: "cannot start thread \(index): \(text(status))")
    }
    threads.append(thread)
  }
}

private func text(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)) }

private final class Start {
  let shared: Shared
  let index: Int
  init(shared: Shared, index: Int) {
    self.shared = shared
    self.index = index
  }
}

/// What the threads share. `body` is written before `generation` is published and read after it is seen.
private final class Shared: @unchecked Sendable {
  let cpus: [Int]
  var body: ((Int, Int) -> Void)?
  let generation = Atomic<Int>(0)
  let remaining = Atomic<Int>(0)
  let sleepers = Atomic<Int>(0)
  let stopping = Atomic<Bool>(false)
  let refusals = Atomic<Int>(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let awake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// About 50 µs of pauses: longer than the gap between two timed runs, shorter than a scheduler's slice.
  private let spins = 2_000

  init(cpus: [Int]) {
    self.cpus = cpus
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(awake, nil)
  }

  deinit {
    pthread_cond_destroy(awake)
    pthread_mutex_destroy(mutex)
    awake.deallocate()
    mutex.deallocate()
  }

  /// Publishes the next generation. A sleeper counts itself before it looks at the generation for the last
  /// time and the announcer looks at the count after it has published: one of the two sees the other.
  func announce() {
    generation.add(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(awake)
    pthread_mutex_unlock(mutex)
  }

  func awaitOthers() {
    var turns = 0
    while remaining.load(ordering: .acquiring) > 0 {
      turns += 1
      if turns < 100_000 { probe_pause() } else { sched_yield() }
    }
  }

  func work(as index: Int) {
    if probe_pin_to_cpu(Int32(clamping: cpus[index])) != 0 {
      refusals.store(cpus[index] + 1, ordering: .releasing)
    }
    var seen = 0
    while true {
      awaitGeneration(after: seen)
      seen += 1
      if stopping.load(ordering: .acquiring) { return }
      body?(index, cpus.count)
      remaining.subtract(1, ordering: .releasing)
    }
  }

  private func awaitGeneration(after seen: Int) {
    for _ in 0..<spins {
      if generation.load(ordering: .acquiring) > seen { return }
      probe_pause()
    }
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) <= seen { pthread_cond_wait(awake, mutex) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }
}
