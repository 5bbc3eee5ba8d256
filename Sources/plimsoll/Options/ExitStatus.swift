// Exit statuses: the same meaning for every verb.

/// What the program says with its exit status.
enum ExitStatus: Int32 {
  case done = 0
  case internalError = 1
  case slower = 3
  case nothingComparable = 4
  case verificationMismatch = 5
  case inconclusive = 6
  case infeasible = 7
  case planChecksFailed = 8
  case usage = 64
  case badData = 65
  case inputOutput = 74
  case interrupted = 130
  case terminated = 143

  /// `merge` found fewer hosts than it was told to expect: the plain failure that batch scripts test for.
  static let hostsMissing = ExitStatus.internalError
}

/// A command's failure: one sentence for standard error and the status to exit with.
struct CommandFailure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  /// An unknown name with its nearest neighbours.
  static func unknown(_ what: String, _ name: String, nearest: [String], list: String) -> CommandFailure {
    let hint = nearest.isEmpty ? "" : "; did you mean \(nearest.joined(separator: ", "))?"
    return CommandFailure(.usage, "unknown \(what) '\(name)'\(hint) (\(list) shows all)")
  }
}
