// A worker seen from the parent: started with its CPU mask and environment in place, because OpenBLAS reads
// both while it loads, and read line by line with a deadline.

import FoundationEssentials
import Glibc
import Machines
import Measurement

/// How a worker process ended.
enum WorkerEnd: Hashable {
  /// It did all it was asked.
  case finished
  /// It died: exit status or signal, and its last words.
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
struct WorkerProcess {
  private let pid: pid_t
  private let output: Int32
  private let errors: Int32

  /// Starts `executable arguments…` bound to `cpus`, and hands it the job.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], cpus: CPUSet, input: [UInt8]
  ) throws(StartError) {
    guard let stdin = Pipe(), let stdout = Pipe(), let stderr = Pipe() else {
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
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)

    // The child inherits the mask of the thread that starts it.
    let mask = ProcessBinding.current()
    let isBound = ProcessBinding.bind(to: cpus)
    defer { if isBound, let mask { _ = ProcessBinding.bind(to: mask) } }
    let words = ([executable] + arguments).map { strdup($0) }
    let variables = environment.map { strdup("\($0.key)=\($0.value)") }
    defer { for pointer in words + variables { free(pointer) } }
    var child: pid_t = 0
    let status = posix_spawn(&child, executable, &actions, &attributes, words + [nil], variables + [nil])
    close(stdin.reading)
    close(stdout.writing)
    close(stderr.writing)
    guard status == 0 else {
      for end in [stdin.writing, stdout.reading, stderr.reading] { close(end) }
      throw StartError(reason: String(cString: strerror(status)))
    }
    pid = child
    output = stdout.reading
    errors = stderr.reading
    // A worker that dies at once closes the pipe; its end says why, so a short write is no error here.
    var sent = 0
    while sent < input.count {
      let count = input[sent...].withUnsafeBytes { write(stdin.writing, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      sent += count
    }
    close(stdin.writing)
  }

  /// Hands every line of standard output to `receive` until the worker ends.
  ///
  /// - Parameters:
  ///   - silence: seconds without a line after which the worker is killed.
  ///   - shouldStop: asked several times a second.
  func follow(silence: Int, shouldStop: () -> Bool, receive: (ArraySlice<UInt8>) -> Void) -> WorkerEnd {
    defer {
      close(output)
      close(errors)
    }
    let time = MonotonicTime()
    var pending: [UInt8] = []
    var lastWords: [UInt8] = []
    var heard = time.now()
    var isOpen = (output: true, errors: true)
    while isOpen.output || isOpen.errors {
      if shouldStop() {
        _ = end(with: SIGKILL)
        return .stopped
      }
      if time.now() - heard > Double(silence) {
        _ = end(with: SIGKILL)
        return .silent(seconds: silence)
      }
      var ready = [
        pollfd(fd: isOpen.output ? output : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isOpen.errors ? errors : -1, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&ready, nfds_t(ready.count), 100) > 0 else { continue }
      if ready[0].revents != 0 {
        let bytes = read(output)
        isOpen.output = !bytes.isEmpty
        if !bytes.isEmpty { heard = time.now() }
        pending += bytes
        while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
          receive(pending[..<newline])
          pending.removeSubrange(...newline)
        }
      }
      if ready[1].revents != 0 {
        let bytes = read(errors)
        isOpen.errors = !bytes.isEmpty
        lastWords = Array((lastWords + bytes).suffix(2_000))
      }
    }
    return verdict(end(with: nil), lastWords)
  }

  private func read(_ descriptor: Int32) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    return count > 0 ? Array(buffer[..<count]) : []
  }

  /// Waits for the end, after a signal if one is given.
  private func end(with signal: Int32?) -> Int32 {
    if let signal { kill(pid, signal) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status
  }

  private func verdict(_ status: Int32, _ lastWords: [UInt8]) -> WorkerEnd {
    let signal = status & 0x7f
    let code = (status >> 8) & 0xff
    if signal == 0, code == 0 { return .finished }
    let words = String(decoding: lastWords, as: UTF8.self).split(separator: "\n").last.map { ": \($0)" } ?? ""
    if signal != 0 {
      return .died("the worker was ended by signal \(signal) (\(String(cString: strsignal(signal))))" + words)
    }
    return .died("the worker ended with status \(code)" + words)
  }
}

/// Two ends of a pipe that children do not inherit by accident.
private struct Pipe {
  let reading: Int32
  let writing: Int32

  init?() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reading = ends[0]
    writing = ends[1]
  }
}
