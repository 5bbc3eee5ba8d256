// The manifest of a plan folder: every file with its bytes and SHA-256, every input that it was made from, and the
// command that made it. Whoever gets the folder can tell whether it is whole, and whoever has the program can make
// it again.

import Planner
import Tables

/// What made a plan folder, beside the plan itself.
public struct PlanRun: Sendable, Hashable {
  /// A file that was read.
  public struct Input: Sendable, Hashable {
    /// Its layer: `defaults`, `bundled`, `folder`, `catalogue`, `host`.
    public let layer: String
    /// Folder and file; no folder of the author's machine.
    public let name: String
    /// Length.
    public let bytes: Int
    /// SHA-256 in hexadecimal digits.
    public let digest: String

    /// An input from its bytes.
    public init(layer: String, name: String, _ bytes: [UInt8]) {
      self.layer = layer
      self.name = name
      self.bytes = bytes.count
      digest = SHA256.hexadecimal(SHA256.digest(bytes))
    }
  }

  /// Version of the program.
  public var version = ""
  /// Commit that the program was built from, a `+` behind it where sources had been changed; empty = not told.
  public var commit = ""
  /// The command's words behind the program's name, without private parts and without the folder.
  public var command: [String] = []
  /// The files that were read.
  public var inputs: [Input] = []
  /// A run of which nothing is known.
  public init() {}

  /// The command as one line for a shell; words with other characters than a path's stand in single quotes.
  public var commandLine: String { (["plimsoll"] + command.map(PlanRun.quoted)).joined(separator: " ") }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x2B...0x3A).contains(byte) || byte == 0x3D || byte == 0x5F
        || byte == 0x40
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// The words of such a line behind the program's name; nil for a line that it did not write.
  static func words(of line: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var rest = line[...]
    while let next = rest.popFirst() {
      switch next {
      case " ":
        if let known = word { words.append(known) }
        word = nil
      case "'":
        guard let end = rest.firstIndex(of: "'") else { return nil }
        word = (word ?? "") + rest[..<end]
        rest = rest[rest.index(after: end)...]
      case "\\":
        guard let escaped = rest.popFirst() else { return nil }
        word = (word ?? "") + String(escaped)
      default: word = (word ?? "") + String(next)
      }
    }
    if let known = word { words.append(known) }
    return words.first == "plimsoll" ? Array(words.dropFirst()) : nil
  }
}

/// The manifest as a table.
enum PlanManifest {
  /// Its file name.
  static let file = "manifest.csv"
  /// Its columns behind the three keys of every table.
  static let columns = ["item", "name", "value", "bytes", "sha256", "role"]

  /// A file of the folder.
  struct Entry: Sendable {
    let name: String
    let role: String
    let content: [UInt8]
  }

  /// What made the folder, then what was read, then what was written.
  static func table(of tables: PlanTables, _ run: PlanRun, samples: Int?, files: [Entry]) -> ReportTable {
    var table = ReportTable("Manifest", columns.map { .init($0) })
    func fact(_ name: String, _ value: String, _ role: String) {
      guard !value.isEmpty else { return }
      table.append([.text("run"), .text(name), .text(value), .empty, .empty, .text(role)])
    }
    fact("version", run.version, "version of the program")
    fact("commit", run.commit, "source that the program was built from; + = changed since")
    fact("command", run.command.isEmpty ? "" : run.commandLine, "makes the folder again; -o is left out")
    fact("layers", layers(tables.plan.scenario), "layers that set an input in force, later ones win")
    fact("seed", tables.plan.scenario.text("seed"), "seed of random draws")
    fact("samples", samples.map(String.init) ?? "", "samples of the uncertain inputs")
    for input in run.inputs {
      table.append([
        .text("input"), .text(input.name), .text(input.layer), .integer(input.bytes), .text(input.digest),
        .text("read"),
      ])
    }
    for file in files {
      table.append([
        .text("file"), .text(file.name), .empty, .integer(file.content.count),
        .text(SHA256.hexadecimal(SHA256.digest(file.content))), .text(file.role),
      ])
    }
    return tables.keyed(table)
  }

  private static func layers(_ scenario: Scenario) -> String {
    let used = Set(scenario.inputs.compactMap { $0.active?.layer })
    return Layer.allCases.filter { used.contains($0) }.map(\.rawValue).joined(separator: ", ")
  }
}
