// How a verb that measures talks: progress, colour, quiet.

import ArgumentParser
import Foundation

/// When something is shown.
enum Occasion: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// True where it is wanted; `auto` follows the terminal.
  func holds(isTerminal: Bool) -> Bool { self == .always || (self == .auto && isTerminal) }
}

/// The options of progress and colour.
struct SessionOptions: ParsableArguments {
  @Flag(help: "No progress and no table: only warnings, and the path of the result file.")
  var quiet = false

  @Option(help: "Progress on standard error: auto (on a terminal), always or never.")
  var progress: Occasion = .auto

  @Option(help: "Colour on standard error: auto (on a terminal, unless NO_COLOR is set), always or never.")
  var color: Occasion = .auto

  /// True where progress is shown.
  var showsProgress: Bool { !quiet && progress.holds(isTerminal: isatty(STDERR_FILENO) == 1) }

  /// True where warnings are coloured.
  var usesColor: Bool {
    let isPlain = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    return color.holds(isTerminal: isatty(STDERR_FILENO) == 1 && !isPlain)
  }

  /// A warning on standard error.
  func warn(_ text: String) {
    StandardError.write(usesColor ? "\u{1B}[1;33mWARNING:\u{1B}[0m \(text)" : "WARNING: \(text)")
  }
}
