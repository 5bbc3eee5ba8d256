// Lists of host names in the compressed form that Slurm reads and prints: `m01,n[1-3,7]`.

public import Tables

/// Compressed lists of host names.
public enum NodeList {
  /// Most names that a list may stand for.
  public static let limit = 1_000_000

  /// The shortest list of bracketed ranges over the digits at the ends of the names; each name once, in order of
  /// prefix and number. Leading zeros are kept: `n09,n10` is `n[09-10]`, while `n9,n10` is `n[9-10]`.
  public static func compress(_ names: [String]) -> String {
    var numbered: [String: [(number: Int, digits: String)]] = [:]
    var plain: Set<String> = []
    for name in Set(names) {
      let digits = String(name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
      if digits.isEmpty || digits.count > 18 {
        plain.insert(name)
      } else {
        numbered[String(name.dropLast(digits.count)), default: []].append((Int(digits) ?? 0, digits))
      }
    }
    let parts = plain.map { ($0, $0) } + numbered.map { ($0.key, $0.key + ranges($0.value)) }
    return parts.sorted { $0 < $1 }.map(\.1).joined(separator: ",")
  }

  private static func ranges(_ entries: [(number: Int, digits: String)]) -> String {
    let sorted = entries.sorted { ($0.number, $0.digits.count) < ($1.number, $1.digits.count) }
    var runs: [(first: String, last: String, end: Int)] = []
    for entry in sorted {
      if let run = runs.last, entry.number == run.end + 1,
        entry.digits == padded(entry.number, to: run.first.count)
      {
        runs[runs.count - 1] = (run.first, entry.digits, entry.number)
      } else {
        runs.append((entry.digits, entry.digits, entry.number))
      }
    }
    if sorted.count == 1 { return sorted[0].digits }
    return "[" + runs.map { $0.first == $0.last ? $0.first : "\($0.first)-\($0.last)" }.joined(separator: ",")
      + "]"
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The names of a list, in its order; several brackets in one name multiply.
  ///
  /// - Throws: `InputError` for unbalanced brackets, ranges that are none, or more than `limit` names.
  public static func expand(_ text: String) throws(InputError) -> [String] {
    var names: [String] = []
    for part in try parts(text) {
      names += try expandPart(part)
      guard names.count <= limit else { throw fault(text, "stands for more than \(limit) hosts") }
    }
    return names
  }

  /// Splits at the commas outside brackets.
  private static func parts(_ text: String) throws(InputError) -> [String] {
    var parts = [""]
    var isInside = false
    for character in text {
      switch character {
      case "[" where isInside, "]" where !isInside: throw fault(text, "has brackets that do not match")
      case "[": isInside = true
      case "]": isInside = false
      default: break
      }
      if character == ",", !isInside { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    guard !isInside else { throw fault(text, "has a bracket that is never closed") }
    return parts.filter { !$0.isEmpty }
  }

  private static func expandPart(_ part: String) throws(InputError) -> [String] {
    guard let open = part.firstIndex(of: "["), let close = part.firstIndex(of: "]") else { return [part] }
    let tails = try expandPart(String(part[part.index(after: close)...]))
    var names: [String] = []
    for range in part[part.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false)
    {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      guard let first = ends.first, let last = ends.last, ends.count <= 2,
        ends.allSatisfy({ !$0.isEmpty && $0.count <= 18 && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
        let low = Int(first), let high = Int(last), low <= high
      else { throw fault(part, "has '\(range)' where a number or a range like 1-3 belongs") }
      guard (high - low + 1).multipliedReportingOverflow(by: tails.count).partialValue + names.count <= limit,
        high - low < limit
      else { throw fault(part, "stands for more than \(limit) hosts") }
      for number in low...high {
        let head = part[..<open] + padded(number, to: first.count)
        names += tails.map { head + $0 }
      }
    }
    return names
  }

  private static func fault(_ text: String, _ what: String) -> InputError {
    InputError("the list of hosts '\(text.prefix(60))' \(what)", advice: "write it like n[01-16],m3")
  }
}
