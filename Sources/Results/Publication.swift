// A run's files on their way to a shared folder. Each arrives whole, under a hidden name until it is complete, and
// the result file last: who finds that one finds all that belongs to it.

import Foundation
public import Tables

/// The files of one run.
public struct Publication {
  private let stem: String

  /// The run whose files have this path without their endings.
  public init(_ stem: String) { self.stem = stem }

  /// Copies the files; those of the same names, from an earlier and shorter state of the run, are replaced.
  ///
  /// - Throws: `FileError` for the first file that cannot be read or written; the result file is then as before.
  public func copy(to folder: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(path: folder, reason: "the folder cannot be made")
    }
    for name in try names() {
      let path = Publication.parts(stem).folder + name
      guard let data = FileManager.default.contents(atPath: path) else {
        throw FileError(path: folder + "/" + name, reason: "\(path) cannot be read")
      }
      do {
        try WholeFile.write(Array(data), to: folder + "/" + name)
      } catch {
        throw error as? FileError ?? FileError(path: folder + "/" + name, reason: "\(error)")
      }
    }
  }

  /// The names of the run's files, the result file last; locks stay at home.
  private func names() throws(FileError) -> [String] {
    let (folder, start) = Publication.parts(stem)
    guard let all = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder) else {
      throw FileError(path: stem + ".csv", reason: "its folder cannot be read")
    }
    let summary = start + ".csv"
    let others = all.filter { $0.hasPrefix(start + ".") && $0 != summary && !$0.hasSuffix(".lock") }
    return others.sorted() + [summary]
  }

  private static func parts(_ stem: String) -> (folder: String, name: String) {
    guard let slash = stem.lastIndex(of: "/") else { return ("", stem) }
    return (String(stem[...slash]), String(stem[stem.index(after: slash)...]))
  }
}
