// Where the value of an option comes from: command line, then environment, then --config, then default. The names
// are those that the parser itself declares: PLIMSOLL_TIME_BUDGET and `time_budget = ` exist because --time-budget
// does, and a new option has all three.

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
    guard let verb = given.first, let command = ResolvedArguments.verbs[verb],
      !given.contains(where: { $0 == "--help" || $0 == "-h" })
    else {
      options = []
      return
    }
    options = try DeclaredOption.all(of: command)
    let plain = given.dropFirst().prefix { $0 != "--" }
    for option in options where plain.contains(where: option.isNamed(by:)) {
      origins[option.name] = "command line"
    }
    var added: [String] = []
    for option in options where origins[option.name] == nil {
      guard let value = environment[option.variable], !value.isEmpty else { continue }
      added += try option.words([value], from: option.variable)
      origins[option.name] = option.variable
    }
    if let path = configPath(plain, environment) {
      for entry in try ConfigurationFile(path, names: options.map(\.name)).entries {
        guard origins[entry.name] == nil, let option = options.first(where: { $0.name == entry.name }) else {
          continue
        }
        added += try option.words(entry.values, from: "\(path):\(entry.line)")
        origins[entry.name] = "\(path):\(entry.line)"
      }
    }
    arguments = [verb] + added + given.dropFirst()
    ResolvedArguments.current = self
  }

  private static let verbs: [String: any ParsableCommand.Type] = [
    "run": RunCommand.self, "list": ListCommand.self, "verify": VerifyCommand.self,
  ]

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

  /// The environment variable.
  var variable: String { "PLIMSOLL_" + name.uppercased().replacing("-", with: "_") }

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
