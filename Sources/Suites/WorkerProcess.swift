// A worker process seen from the parent: started with its CPU mask and environment in place, because OpenBLAS
// reads both while it loads. Here stand start, reading, writing and end; WorkerGroup follows several of them.

import Glibc
import Machines
import Measurement

/// How a worker process ended.
public enum WorkerEnd: Hashable, Sendable {
  /// It did all it was asked.
  case finished
  /// It died or could not be started: exit status or signal, and its last words.
  case died(String)
  /// It said nothing for too long and was killed.
  case silent(seconds: Int)
  /// The caller asked to stop.
  case stopped
}

/// A process could not be started.
struct StartError: Error {
  let reason: String
}

/// A running worker.
final class WorkerProcess {
  /// Descriptors to read from; -1 once closed.
  private(set) var output: Int32
  private(set) var errors: Int32
  private let pid: pid_t
  private var input: Int32
  private var pending: [UInt8] = []
  private var lastWords: [UInt8] = []
  private var status: Int32?

  /// Starts `executable arguments…` bound to `cpus`; nothing is sent yet.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], cpus: CPUSet
  ) throws(StartError) {
    // A socket: writing to a worker that has died is then an error and no signal.
    guard let stdin = Ends(socket: true), let stdout = Ends(), let stderr = Ends() else {
      throw StartError(reason: "no pipe: \(String(cString: strerror(errno)))")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin.reading, 0)
    posix_spawn_file_actions_adddup2(&actions, stdout.writing, 1)
    posix_spawn_file_actions_adddup2(&actions, stderr.writing, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C reaches the parent only, which then ends the worker in good order.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    posix_spawnattr_setpgroup(&attributes, 0)
    // A batch scheduler signals every process of a job; here too only the parent answers.
    var deaf = sigset_t()
    sigemptyset(&deaf)
    for number in [SIGINT, SIGTERM, SIGUSR1] { sigaddset(&deaf, number) }
    posix_spawnattr_setsigmask(&attributes, &deaf)

    // The child inherits the mask of the thread that starts it.
    let mask = ProcessBinding.current()
    let isBound = ProcessBinding.bind(to: cpus)
    defer { if isBound, let mask { _ = ProcessBinding.bind(to: mask) } }
    let words = ([executable] + arguments).map { strdup($0) }
    let variables = environment.map { strdup("\($0.key)=\($0.value)") }
    defer { for pointer in words + variables { free(pointer) } }
    var child: pid_t = 0
    let refusal = posix_spawn(&child, executable, &actions, &attributes, words + [nil], variables + [nil])
    for end in [stdin.reading, stdout.writing, stderr.writing] { close(end) }
    guard refusal == 0 else {
      for end in [stdin.writing, stdout.reading, stderr.reading] { close(end) }
      throw StartError(reason: String(cString: strerror(refusal)))
    }
    pid = child
    input = stdin.writing
    output = stdout.reading
    errors = stderr.reading
  }

  deinit {
    closeInput()
    for end in [output, errors] where end >= 0 { close(end) }
    if status == nil { _ = end(with: SIGKILL) }
  }

  /// Writes bytes to standard input; a worker that has died is told nothing, and its end says why.
  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count, input >= 0 {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      sent += count
    }
  }

  /// The worker reads the end of its standard input.
  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Reads what standard output has and hands over its whole lines; false for nothing but the end.
  func readOutput(_ receive: (ArraySlice<UInt8>) -> Void) -> Bool {
    let bytes = read(&output)
    pending += bytes
    while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
      receive(pending[..<newline])
      pending.removeSubrange(...newline)
    }
    return !bytes.isEmpty
  }

  /// Reads what standard error has; the last of it explains a death.
  func readErrors() { lastWords = Array((lastWords + read(&errors)).suffix(2_000)) }

  /// Waits for the end, after a signal if one is given.
  @discardableResult func end(with signal: Int32?) -> Int32 {
    if let status { return status }
    if let signal { kill(pid, signal) }
    var found: Int32 = 0
    while waitpid(pid, &found, 0) < 0, errno == EINTR {}
    status = found
    return found
  }

  /// How the process ended, once both outputs are closed.
  func verdict() -> WorkerEnd {
    let status = end(with: nil)
    let signal = status & 0x7f
    let code = (status >> 8) & 0xff
    if signal == 0, code == 0 { return .finished }
    let words = String(decoding: lastWords, as: UTF8.self).split(separator: "\n").last.map { ": \($0)" } ?? ""
    if signal != 0 {
      return .died("the worker was ended by signal \(signal) (\(String(cString: strsignal(signal))))" + words)
    }
    return .died("the worker ended with status \(code)" + words)
  }

  private func read(_ descriptor: inout Int32) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return [] }
    if count <= 0 {
      close(descriptor)
      descriptor = -1
    }
    return count > 0 ? Array(buffer[..<count]) : []
  }
}

/// Two ends of a pipe that children do not inherit by accident.
private struct Ends {
  let reading: Int32
  let writing: Int32

  init?(socket: Bool = false) {
    var ends: [Int32] = [0, 0]
    let made = socket ? socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) : pipe(&ends)
    guard made == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reading = ends[0]
    writing = ends[1]
  }
}
