// plimsoll completions: a script that makes a shell complete verbs and options.

import ArgumentParser

struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Prints a completion script for bash, zsh or fish.",
    discussion: "Example: plimsoll completions bash > ~/.local/share/bash-completion/completions/plimsoll")

  /// The shells that scripts are made for.
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() throws {
    guard let shell = CompletionShell(rawValue: shell.rawValue) else {
      throw CommandFailure(.usage, "no script for \(shell.rawValue)")
    }
    try StandardOutput.write(Plimsoll.completionScript(for: shell) + "\n")
  }
}
