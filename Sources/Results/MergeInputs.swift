// Which files a merge reads: files as named, folders with everything below them.

import Foundation
public import Tables

/// The result files behind the arguments of `merge`.
public struct MergeInputs: Sendable {
  /// Paths in order of name, each file once.
  public let files: [String]
  /// CSV files in folders that are no result files, and were left out.
  public let skipped: [String]

  /// Finds the result files; those in folders are taken when their header is one of ours.
  ///
  /// - Parameter output: the file that the merge writes; a folder that holds it does not feed it to itself.
  /// - Throws: `InputError` for an argument that is neither file nor folder, or when nothing is found.
  public init(_ arguments: [String], output: String? = nil) throws(InputError) {
    var files: [String] = []
    var skipped: [String] = []
    let own = output.map { MergeInputs.resolved($0) }
    for argument in arguments {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) else {
        throw InputError(file: argument, "there is no such file or folder", advice: "check the path")
      }
      guard isFolder.boolValue else {
        files.append(argument)
        continue
      }
      for path in MergeInputs.tables(below: argument) where MergeInputs.resolved(path) != own {
        if MergeInputs.isResultFile(path) { files.append(path) } else { skipped.append(path) }
      }
    }
    var seen: Set<String> = []
    self.files = files.filter { seen.insert(MergeInputs.resolved($0)).inserted }.sorted()
    self.skipped = skipped.sorted()
    guard !self.files.isEmpty else {
      throw InputError(
        file: arguments.first, "no result file is here", advice: "result files are written by 'plimsoll run'")
    }
  }

  /// Every visible `.csv` that is no journal; links are not followed, so that no folder is read twice.
  private static func tables(below folder: String) -> [String] {
    let entries = FileManager.default.enumerator(atPath: folder)
    var paths: [String] = []
    while let entry = entries?.nextObject() as? String {
      let isHidden = entry.split(separator: "/").contains { $0.hasPrefix(".") }
      guard entry.hasSuffix(".csv"), !entry.hasSuffix(".samples.csv"), !isHidden else { continue }
      paths.append((folder.hasSuffix("/") ? folder : folder + "/") + entry)
    }
    return paths
  }

  /// A file whose first bytes are the first columns of a result file; a torn header counts, and is reported later.
  private static func isResultFile(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return true }
    defer { try? file.close() }
    let head = (try? file.read(upToCount: 64)) ?? nil
    let text = String(decoding: head ?? Data(), as: UTF8.self).drop { $0 == "\u{FEFF}" }
    return text.hasPrefix(ResultRow.schema.header.prefix(3).joined(separator: ",") + ",")
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
