// Where the value of an option comes from: command line, then environment, then --config, then default. The names
// are those that the parser itself declares: PLIMSOLL_RUN_TIME_BUDGET, for short PLIMSOLL_TIME_BUDGET, and
// `time_budget = ` exist because run has --time-budget, and a new option has all of them. Short variables are for the
// verbs that measure: PLIMSOLL_OUTPUT of a run must not send a plan elsewhere.

import ArgumentParser
import Foundation
import Quantities
import Tables

/// --config and --print-config.
struct ConfigurationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("File of options, one 'name = value' a line.", valueName: "file"))
  var config: String?

  @Flag(help: "Only print every option's value and where it comes from.")
  var printConfig = false
}

/// A command line with the options that environment and configuration add.
struct ResolvedArguments {
  /// What the parser gets.
  private(set) var arguments: [String]
  /// Where each option that has a value got it from, by name.
  private(set) var origins: [String: String] = [:]
  /// All options of the verb.
  let options: [DeclaredOption]

  /// The resolution of this process's command line, for --print-config and messages.
  nonisolated(unsafe) private(set) static var current: ResolvedArguments?

  /// Resolves a command line; one of another verb stays as it is.
  ///
  /// - Throws: `InputError` for a fault in the configuration file, `CommandFailure` (64) for a variable that is
  ///   neither 1 nor 0 where a flag needs one of them.
  init(_ given: [String], environment: [String: String]) throws {
    arguments = given
    guard let (verbs, command) = ResolvedArguments.command(of: given),
      !given.contains(where: { $0 == "--help" || $0 == "-h" })
    else {
      options = []
      return
    }
    let path = Array(given.prefix(verbs))
    options = try DeclaredOption.all(of: command)
    let plain = given.dropFirst(verbs).prefix { $0 != "--" }
    for option in options where plain.contains(where: option.isNamed(by:)) {
      origins[option.name] = "command line"
    }
    var added: [String] = []
    for option in options where origins[option.name] == nil {
      let names = option.variables(of: path, isShort: ResolvedArguments.measuring.contains(given[0]))
      guard let name = names.first(where: { environment[$0].map { !$0.isEmpty } ?? false }),
        let value = environment[name]
      else { continue }
      added += try option.words([value], from: name)
      origins[option.name] = name
    }
    if options.contains(where: { $0.name == "config" }), let file = configPath(plain, environment) {
      let known = try Set(options.map(\.name)).union(ResolvedArguments.namesOfMeasuring())
      for entry in try ConfigurationFile(file, names: known.sorted()).entries {
        guard origins[entry.name] == nil, let option = options.first(where: { $0.name == entry.name }) else {
          continue
        }
        added += try option.words(entry.values, from: "\(file):\(entry.line)")
        origins[entry.name] = "\(file):\(entry.line)"
      }
    }
    arguments = path + added + given.dropFirst(verbs)
    ResolvedArguments.current = self
  }

  /// The verbs that take short variables and share their configuration files.
  private static let measuring: Set<String> = [
    "run", "list", "verify", "placements", "roofline", "doctor", "topology",
  ]

  /// Variables that are no options, and who reads them.
  private static let internalVariables: Set<String> = [
    "PLIMSOLL_CUDA_WARP_GROUPS", "PLIMSOLL_CUDA_DRIVER", "PLIMSOLL_CUDA_NVRTC", "PLIMSOLL_CUDA_CUBLASLT",
    "PLIMSOLL_CUDA_NVML",
    "PLIMSOLL_COMMIT", "PLIMSOLL_PLANT", "PLIMSOLL_WITNESS_FD", "PLIMSOLL_CONFIG",
  ]

  /// The command that a command line names, and how many words that takes.
  private static func command(of given: [String]) -> (words: Int, type: any ParsableCommand.Type)? {
    var found: (words: Int, type: any ParsableCommand.Type) = (0, Plimsoll.self)
    for word in given {
      guard
        let next = found.type.configuration.subcommands.first(where: { $0.configuration.commandName == word })
      else { break }
      found = (found.words + 1, next)
    }
    return found.words > 0 && found.type != WorkerCommand.self ? found : nil
  }

  /// Options that some verb with a configuration file has: one file serves them all.
  private static func namesOfMeasuring() throws -> Set<String> {
    try Plimsoll.configuration.subcommands
      .filter { measuring.contains($0.configuration.commandName ?? "") }
      .reduce(into: []) { names, command in
        names.formUnion(try DeclaredOption.all(of: command).map(\.name))
      }
  }

  /// A sentence for each variable that looks like an option's and is none's.
  static func strangers(_ environment: [String: String]) -> [String] {
    let suspects = environment.keys.filter { $0.hasPrefix("PLIMSOLL_") && !internalVariables.contains($0) }
    guard !suspects.isEmpty else { return [] }
    var known: Set<String> = []
    func collect(_ command: any ParsableCommand.Type, _ path: [String]) {
      for next in command.configuration.subcommands {
        collect(next, path + [next.configuration.commandName ?? ""])
      }
      guard let first = path.first, let options = try? DeclaredOption.all(of: command) else { return }
      for option in options {
        known.formUnion(option.variables(of: path, isShort: measuring.contains(first)))
      }
    }
    collect(Plimsoll.self, [])
    return suspects.filter { !known.contains($0) }.sorted().map { name in
      let near = nearestNames(to: name, among: known.sorted())
      return "\(name) is no option" + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
    }
  }

  private func configPath(_ plain: some Sequence<String>, _ environment: [String: String]) -> String? {
    var path = environment["PLIMSOLL_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    var isNext = false
    for word in plain {
      if isNext { path = word }
      isNext = word == "--config"
      if word.hasPrefix("--config=") { path = String(word.dropFirst("--config=".count)) }
    }
    return path
  }

  /// Where the options that a parser's message names got their values, as a remark; empty for the command line.
  func remark(on message: String) -> String {
    let named = options.filter { option in
      guard let origin = origins[option.name], origin != "command line" else { return false }
      return message.contains("--\(option.name)")
    }
    return named.map { " (--\($0.name) comes from \(origins[$0.name] ?? ""))" }.joined()
  }

  /// Every option of the verb with its value and origin.
  static func table(_ settings: [String: String]) -> ReportTable {
    var table = ReportTable("Options", [.init("option"), .init("value"), .init("from")])
    guard let current else { return table }
    for option in current.options {
      let given = current.origins[option.name]
      let value = settings[option.name] ?? option.given(current.arguments) ?? option.defaultValue
      table.append([
        .text(option.name), .text(value.replacing("\n", with: "; ")), .text(given ?? "default"),
      ])
    }
    return table
  }
}

/// An option as its command declares it.
struct DeclaredOption {
  /// Long name without dashes.
  let name: String
  /// All names with their dashes.
  private let spellings: [String]
  /// True for a flag, which takes no value.
  let isFlag: Bool
  /// Default as help shows it, or empty.
  let defaultValue: String

  /// The environment variables of a verb's option, the one that wins first.
  func variables(of verb: [String], isShort: Bool) -> [String] {
    func variable(_ words: [String]) -> String {
      (["PLIMSOLL"] + words).joined(separator: "_").uppercased().replacing("-", with: "_")
    }
    return [variable(verb + [name])] + (isShort ? [variable([name])] : [])
  }

  /// True for a word of a command line that sets this option.
  func isNamed(by word: String) -> Bool {
    spellings.contains {
      word == $0 || (word.hasPrefix($0) && ($0.count == 2 || word.dropFirst($0.count).first == "="))
    }
  }

  /// The option's words for the parser.
  func words(_ values: [String], from origin: String) throws -> [String] {
    guard isFlag else { return values.map { "--\(name)=\($0)" } }
    guard let value = values.first?.lowercased(), values.count == 1 else { return [] }
    if ["1", "true", "yes", "on"].contains(value) { return ["--\(name)"] }
    if ["0", "false", "no", "off"].contains(value) { return [] }
    throw CommandFailure(.usage, "\(origin): \(name) takes 1 or 0, not '\(value.prefix(20))'")
  }

  /// The value that a command line gives it, or nil.
  func given(_ arguments: [String]) -> String? {
    var found: String?
    for (index, word) in arguments.enumerated() where isNamed(by: word) {
      if isFlag {
        found = "1"
      } else if let sign = word.firstIndex(of: "="), word.hasPrefix("--") {
        found = String(word[word.index(after: sign)...])
      } else if spellings.contains(word) {
        found = arguments.indices.contains(index + 1) ? arguments[index + 1] : nil
      } else {
        found = String(word.dropFirst(2))
      }
    }
    return found
  }

  /// The options of a command, read from the description that the parser keeps of it.
  static func all(of command: any ParsableCommand.Type) throws -> [DeclaredOption] {
    let tool = try JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8))
    return (tool.command.arguments ?? []).compactMap { argument in
      guard argument.kind != "positional", let names = argument.names,
        let name = names.first(where: { $0.kind == "long" })?.name, !["help", "version"].contains(name)
      else { return nil }
      return DeclaredOption(
        name: name, spellings: names.map { ($0.kind == "long" ? "--" : "-") + $0.name },
        isFlag: argument.kind == "flag", defaultValue: argument.defaultValue ?? "")
    }
  }

  private struct Tool: Decodable {
    struct Command: Decodable { var arguments: [Argument]? }
    struct Argument: Decodable {
      var kind: String
      var names: [Name]?
      var defaultValue: String?
    }
    struct Name: Decodable {
      var kind: String
      var name: String
    }
    var command: Command
  }
}
