// Which files a merge reads: files as named, folders with everything below them.

import Foundation
public import Tables

/// The result files behind the arguments of `merge`.
public struct MergeInputs: Sendable {
  /// Paths in order of name, each file once.
  public let files: [String]
  /// CSV files in folders that are no result files, and were left out.
  public let skipped: [String]
  /// The file among `files` that the merge will replace.
  public let earlier: String?

  /// Finds the result files; those in folders are taken when their header is one of ours.
  ///
  /// - Parameter output: the file that the merge will replace. Where it lies in one of the folders and is a result
  ///   file, it is read like the others, so that no row is lost; see `earlier`.
  /// - Throws: `InputError` for an argument that is neither file nor folder, when nothing is found, and for an
  ///   output that a merge must not replace.
  public init(_ arguments: [String], output: String? = nil) throws(InputError) {
    var files: [String] = []
    var skipped: [String] = []
    if let output { try MergeInputs.check(output: output) }
    for argument in arguments {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) else {
        throw InputError(file: argument, "there is no such file or folder", advice: "check the path")
      }
      guard isFolder.boolValue else {
        files.append(argument)
        continue
      }
      for path in MergeInputs.tables(below: argument) {
        if MergeInputs.isResultFile(path) { files.append(path) } else { skipped.append(path) }
      }
    }
    var seen: Set<String> = []
    let found = files.filter { seen.insert(MergeInputs.resolved($0)).inserted }.sorted()
    self.files = found
    self.skipped = skipped.sorted()
    earlier = output.flatMap { output in found.first { WholeFile.isSame($0, output) } }
    guard !found.isEmpty else {
      throw InputError(
        file: arguments.first, "no result file is here", advice: "result files are written by 'plimsoll run'")
    }
  }

  /// Every visible `.csv`, journals only where they are asked for; links are not followed, so that no folder is
  /// read twice.
  public static func tables(below folder: String, journals: Bool = false) -> [String] {
    let entries = FileManager.default.enumerator(atPath: folder)
    var paths: [String] = []
    while let entry = entries?.nextObject() as? String {
      let isHidden = entry.split(separator: "/").contains { $0.hasPrefix(".") }
      guard entry.hasSuffix(".csv"), journals || !entry.hasSuffix(".samples.csv"), !isHidden else { continue }
      paths.append((folder.hasSuffix("/") ? folder : folder + "/") + entry)
    }
    return paths
  }

  /// A merge replaces nothing but a result file, or an empty file.
  private static func check(output: String) throws(InputError) {
    guard !output.hasSuffix(".samples.csv") else {
      throw InputError(
        file: output, "this is the name of a journal",
        advice: "leave out .samples; --samples adds the journal")
    }
    guard let head = head(of: output), !head.isEmpty, !isResultHead(head) else { return }
    throw InputError(
      file: output, "this file is there, and it is no result file",
      advice: "choose another name, or remove it")
  }

  /// A file whose first bytes are the first columns of a result file; a torn header counts, and is reported later.
  private static func isResultFile(_ path: String) -> Bool {
    var status = stat()
    // What is there and cannot be opened is reported when it is read.
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else { return false }
    return head(of: path).map(isResultHead) ?? true
  }

  private static func isResultHead(_ head: Data) -> Bool {
    let text = String(decoding: head, as: UTF8.self).drop { $0 == "\u{FEFF}" }
    return text.hasPrefix(ResultRow.schema.header.prefix(3).joined(separator: ",") + ",")
  }

  /// The first bytes of a regular file; never waits for the writer of a pipe.
  private static func head(of path: String) -> Data? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (try? file.read(upToCount: 64)) ?? Data()
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
