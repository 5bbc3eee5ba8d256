// Ctrl-C and termination: the first asks the run to end in good order, the second ends it at once.

import Foundation

/// The wish of the user or the system that the program ends.
enum Interrupt {
  // A signal handler may write one word and nothing else.
  nonisolated(unsafe) private static var received: Int32 = 0

  /// Catches SIGINT and SIGTERM from now on.
  static func watch() {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&wanted, number)
      signal(number) { number in
        if Interrupt.received != 0 { _exit(128 + number) }
        Interrupt.received = number
      }
    }
    // A parent that starts us from a thread with blocked signals passes its mask on.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  /// The exit status that the signal asks for, or nil when none came.
  static var status: ExitStatus? {
    switch received {
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    default: nil
    }
  }
}
