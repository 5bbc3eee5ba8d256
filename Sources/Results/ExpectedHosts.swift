// Which hosts a fleet's results must come from.

import Foundation
public import Tables

/// A list of hosts, and the labels under which each may appear.
public struct ExpectedHosts: Sendable {
  /// The hosts in the list's order, each once.
  public let names: [String]
  private let aliases: [String: String]

  /// Reads one host a line; `n[1-3]` stands for three, `#` starts a comment.
  ///
  /// - Parameter salt: file with the secret of the fleet's pseudonyms, where hosts are labelled so.
  /// - Throws: `InputError` for a file that is missing, empty or no list.
  public init(file path: String, salt: String? = nil) throws(InputError) {
    guard let text = String(validating: try ResultFile.bytes(path), as: UTF8.self) else {
      throw InputError(file: path, "this is not a text file", advice: "give one host name a line")
    }
    var names: [String] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let host = (line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first ?? "")
        .trimmingCharacters(in: .whitespaces)
      do throws(InputError) {
        names += try NodeList.expand(host)
      } catch {
        throw InputError(file: path, line: number + 1, error.fault, advice: error.advice)
      }
    }
    guard !names.isEmpty else {
      throw InputError(file: path, "no host is named", advice: "give one host name a line")
    }
    self.init(names, salt: try salt.map { path throws(InputError) in try HostSalt(file: path) })
  }

  /// A list from names.
  public init(_ names: [String], salt: HostSalt? = nil) {
    var seen: Set<String> = []
    self.names = names.filter { seen.insert($0).inserted }
    aliases = Dictionary(
      self.names.map { ($0, salt?.pseudonym(of: $0) ?? "") }, uniquingKeysWith: { first, _ in first })
  }

  /// The hosts that none of the labels stands for; names of hosts do not differ by case or a final dot.
  public func missing(among labels: [String]) -> [String] {
    let present = Set(labels.map(FleetNames.canonical))
    return names.filter { host in
      !present.contains(FleetNames.canonical(host)) && !present.contains(aliases[host] ?? host)
    }
  }
}
