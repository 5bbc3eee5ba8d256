// One or several workers followed at once: their messages in the order in which they come, a deadline for
// silence, and the word to go on for those that wait (see TurnTaking).

import Glibc
import Machines
import Measurement

/// Workers that run side by side or in turns.
public final class WorkerGroup {
  /// One worker to start.
  public struct Member {
    /// Program that reads a `WorkerJob` on standard input.
    public var executable: String
    /// Arguments that make it a worker.
    public var arguments: [String]
    /// Its variables, all of them.
    public var environment: [String: String]
    /// What it is to do.
    public var job: WorkerJob
    /// A member from its parts.
    public init(executable: String, arguments: [String], environment: [String: String], job: WorkerJob) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.job = job
    }
  }

  private var workers: [WorkerProcess?] = []
  private var ends: [WorkerEnd?] = []
  private var hasGreeted: [Bool]
  private var heard: [Double]
  private var turns: TurnTaking
  private let time = MonotonicTime()

  /// Starts all members; one that cannot be started has died.
  ///
  /// - Parameter policy: who is released when; of no effect on jobs that are not stepped.
  public init(_ members: [Member], policy: TurnPolicy = .alternating) {
    turns = TurnTaking(members: members.count, policy: policy)
    hasGreeted = members.map { _ in false }
    heard = members.map { _ in 0 }
    for (index, member) in members.enumerated() {
      do {
        let worker = try WorkerProcess(
          member.executable, member.arguments, environment: member.environment,
          cpus: member.job.placement.cpus)
        worker.send(try member.job.line())
        if !member.job.isStepped { worker.closeInput() }
        workers.append(worker)
        ends.append(nil)
      } catch {
        workers.append(nil)
        ends.append(
          .died("the worker could not be started: \((error as? StartError)?.reason ?? "\(error)")"))
        turns.ended(index)
      }
      heard[index] = time.now()
    }
  }

  /// Hands every message to `receive`, with the member that sent it, until all have ended.
  ///
  /// - Parameters:
  ///   - silence: seconds without a message after which a member is killed; one that waits for its turn may be
  ///     silent.
  ///   - shouldStop: asked several times a second.
  /// - Returns: how each member ended.
  public func follow(
    silence: (Int) -> Int, shouldStop: () -> Bool, receive: (Int, WorkerMessage) -> Void
  ) -> [WorkerEnd] {
    while ends.contains(where: { $0 == nil }) {
      if shouldStop() {
        for member in workers.indices where ends[member] == nil { finish(member, .stopped) }
        break
      }
      release()
      poll(receive)
      for member in workers.indices where ends[member] == nil && !turns.isWaiting(member) {
        let patience = silence(member)
        if time.now() - heard[member] > Double(patience) { finish(member, .silent(seconds: patience)) }
      }
    }
    return ends.map { $0 ?? .stopped }
  }

  /// Tells those whose turn it is to go on.
  private func release() {
    for member in turns.next() {
      heard[member] = time.now()
      workers[member]?.send(Array((WorkerProtocol.goOn + "\n").utf8))
    }
  }

  /// Reads what there is, waiting a tenth of a second at most.
  private func poll(_ receive: (Int, WorkerMessage) -> Void) {
    let open = workers.indices.filter { ends[$0] == nil }
    var ready = open.flatMap { member in
      [workers[member]?.output, workers[member]?.errors].map {
        pollfd(fd: $0 ?? -1, events: Int16(POLLIN), revents: 0)
      }
    }
    guard Glibc.poll(&ready, nfds_t(ready.count), 100) > 0 else { return }
    for (position, member) in open.enumerated() {
      guard let worker = workers[member] else { continue }
      if ready[2 * position].revents != 0 {
        var messages: [WorkerMessage] = []
        if worker.readOutput({ line in WorkerMessage(line: line).map { messages.append($0) } }) {
          heard[member] = time.now()
        }
        for message in messages where ends[member] == nil { take(message, from: member, receive) }
      }
      if ready[2 * position + 1].revents != 0 { worker.readErrors() }
      if worker.output < 0, worker.errors < 0, ends[member] == nil { finish(member, worker.verdict()) }
    }
  }

  private func take(_ message: WorkerMessage, from member: Int, _ receive: (Int, WorkerMessage) -> Void) {
    switch message {
    case .hello(let version):
      guard version == WorkerProtocol.version else { return refuse(member, version) }
      hasGreeted[member] = true
    case .ready(let turn): turns.waits(member, for: turn)
    default:
      // The first version had no greeting.
      guard hasGreeted[member] else { return refuse(member, 1) }
    }
    receive(member, message)
  }

  private func refuse(_ member: Int, _ version: Int) {
    finish(
      member,
      .died(
        "the worker speaks version \(version) of the worker protocol and this program version "
          + "\(WorkerProtocol.version): build both from sources of the same age"))
  }

  private func finish(_ member: Int, _ end: WorkerEnd) {
    workers[member]?.end(with: SIGKILL)
    workers[member] = nil
    ends[member] = end
    turns.ended(member)
  }
}
