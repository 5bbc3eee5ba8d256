// A plan folder read back: is every file as the manifest says, and is nothing missing or added?

import Foundation
public import Tables

/// A folder of a plan's documents with its manifest.
public struct PlanFolder: Sendable {
  /// What is wrong with a file.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// Other bytes than those that were written.
    case changed(String)
    /// Written and gone.
    case missing(String)
    /// Not of this plan.
    case extra(String)

    /// `changed: ledger.csv`.
    public var description: String {
      switch self {
      case .changed(let name): "changed: \(name)"
      case .missing(let name): "missing: \(name)"
      case .extra(let name): "extra: \(name)"
      }
    }
  }

  /// A file that the manifest names.
  public struct Entry: Sendable, Hashable {
    /// Its name, or folder and name of an input.
    public let name: String
    /// Its layer, for an input.
    public let layer: String
    let bytes: Int
    let digest: String

    /// True where a file holds these bytes.
    public func matches(_ content: [UInt8]) -> Bool {
      content.count == bytes && SHA256.hexadecimal(SHA256.digest(content)) == digest
    }
  }

  /// The folder.
  public let path: String
  /// Id of the plan.
  public let planID: String
  /// SHA-256 of the manifest itself, to be kept elsewhere by who must be sure of it.
  public let digest: String
  /// Files that were written.
  public let files: [Entry]
  /// Files that were read.
  public let inputs: [Entry]
  /// What made it: version, commit, seed and so on, in the manifest's order.
  public let facts: [(name: String, value: String)]

  /// Largest file that is looked at: a manifest of somebody else's must not take the memory.
  private static let mostBytes = 1 << 30

  /// Reads a folder's manifest.
  ///
  /// - Throws: `InputError` for a folder without one, or one that is no manifest.
  public init(_ folder: String) throws(InputError) {
    let file = "\(folder)/\(PlanManifest.file)"
    guard let bytes = WholeFile.bytes(of: file) else {
      throw InputError(
        file: file, "does not exist", advice: "`plimsoll plan NAME -o \(folder)` writes a folder with one")
    }
    let document = try CSVDocument(bytes, file: file, requireFinalNewline: true)
    let places = PlanManifest.columns.map { document.index(of: $0) }
    guard let id = document.index(of: "plan_id"), !places.contains(nil) else {
      throw InputError(file: file, line: 1, "is no manifest of a plan", advice: "its header lacks columns")
    }
    var (files, inputs): ([Entry], [Entry]) = ([], [])
    var facts: [(name: String, value: String)] = []
    for record in document.records {
      let cells = places.map { record.fields[$0 ?? 0] }
      if cells[0] == "run" {
        facts.append((cells[1], cells[2]))
        continue
      }
      guard let size = Int(cells[3]), cells[4].utf8.count == 64, ["file", "input"].contains(cells[0]) else {
        throw InputError(
          file: file, line: record.line, "is no row of a manifest", advice: "ask for the folder again")
      }
      let entry = Entry(name: cells[1], layer: cells[2], bytes: size, digest: cells[4])
      if cells[0] == "input" {
        inputs.append(entry)
      } else {
        // A name that leads out of the folder is none that this program wrote.
        guard !entry.name.isEmpty, !entry.name.contains("/"), entry.name != "..", entry.name != "." else {
          throw InputError(
            file: file, line: record.line, "'\(entry.name.prefix(60))' is no file of the folder",
            advice: "ask for the folder again")
        }
        files.append(entry)
      }
    }
    path = folder
    planID = document.records.first.map { $0.fields[id] } ?? ""
    digest = SHA256.hexadecimal(SHA256.digest(bytes))
    (self.files, self.inputs, self.facts) = (files, inputs, facts)
  }

  /// Files that differ from the manifest, in its order, then those that it does not name.
  public func faults() -> [Fault] {
    var found: [Fault] = []
    for entry in files {
      let place = "\(path)/\(entry.name)"
      var status = stat()
      guard lstat(place, &status) == 0 else {
        found.append(.missing(entry.name))
        continue
      }
      // The length is asked first, so that a file that has grown without end is not read.
      guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == entry.bytes,
        entry.bytes <= PlanFolder.mostBytes, let content = WholeFile.bytes(of: place), entry.matches(content)
      else {
        found.append(.changed(entry.name))
        continue
      }
    }
    let known = Set(files.map(\.name)).union([PlanManifest.file])
    let present = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return found + present.filter { !known.contains($0) }.sorted().map { .extra($0) }
  }

  /// Files whose bytes are others in another folder of the same plan, and files that only one of them has.
  public func differences(from other: PlanFolder) -> [String] {
    let theirs = Dictionary(other.files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let ours = Set(files.map(\.name))
    return files.filter { theirs[$0.name] != $0 }.map(\.name)
      + other.files.map(\.name).filter { !ours.contains($0) }
  }

  /// A fact of the run; empty where the manifest has none of that name.
  public func fact(_ name: String) -> String { facts.first { $0.name == name }?.value ?? "" }

  /// The words of the command that made it, behind the program's name; nil where they are not told.
  public var command: [String]? { PlanRun.words(of: fact("command")).flatMap { $0.isEmpty ? nil : $0 } }
}
