// Ctrl-C and termination: the first asks the run to end in good order, the second ends it at once. SIGUSR1 is
// what a batch scheduler sends some time before its limit: the row under way is finished, then the run ends well.

import Foundation

/// The wish of the user or the system that the program ends.
enum Interrupt {
  // A signal handler may write one word and nothing else.
  nonisolated(unsafe) private static var received: Int32 = 0
  nonisolated(unsafe) private static var warned: Int32 = 0

  /// Catches SIGINT, SIGTERM and SIGUSR1 from now on.
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
    sigaddset(&wanted, SIGUSR1)
    signal(SIGUSR1) { _ in Interrupt.warned = 1 }
    // A parent that starts us from a thread with blocked signals passes its mask on.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  /// True once the run should end with the row under way, successfully.
  static var wantsEarlyEnd: Bool { warned != 0 }

  /// The exit status that the signal asks for, or nil when none came.
  static var status: ExitStatus? {
    switch received {
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    default: nil
    }
  }
}
