// Which cases of a suite run: the language of RowFilter over what a case is known by before it is measured.
// A value that no case has is a mistake, not an empty selection.

public import Machines
public import Measurement
import Quantities
public import Tables

/// A selection of cases and placements.
public struct CaseFilter: Sendable {
  /// A name that no case has.
  public struct Unknown: Error, Hashable, Sendable {
    /// `kernel`, `shape` …
    public let what: String
    /// The name that was asked for.
    public let name: String
    /// Names like it.
    public let nearest: [String]
  }

  /// Keys that take names.
  public static let nameKeys = [
    "kernel", "impl", "phase", "shape", "cache", "model", "layer", "suite", "dtype", "layout", "placement",
  ]
  /// Keys that take numbers: 64, 1,8, 1-64 (all between), 1-64*2 (these only), >=32.
  public static let numberKeys = ["m", "n", "k"]
  /// All keys.
  public static let keys = nameKeys + numberKeys

  private let root: RowFilter

  /// Reads a filter.
  ///
  /// - Throws: `InputError` with the column of the mistake in the text.
  public init(_ text: String) throws(InputError) {
    guard text.utf8.count <= CaseFilter.longest else {
      throw InputError("filter: longer than \(CaseFilter.longest) bytes", advice: "use a /pattern/")
    }
    root = try RowFilter(text)
    for key in root.keys where !CaseFilter.keys.contains(key.name) {
      let near = nearestNames(to: key.name, among: CaseFilter.keys)
      throw InputError(
        column: key.column, "filter: unknown filter key '\(key.name.prefix(40))'",
        advice: near.isEmpty
          ? "keys are \(CaseFilter.keys.joined(separator: ", "))"
          : "did you mean \(near.joined(separator: ", "))?")
    }
    for (key, text) in root.texts where CaseFilter.numberKeys.contains(key.name) {
      do throws(NumberList.Fault) {
        _ = try NumberTest(text)
      } catch {
        throw InputError(
          column: key.column + key.name.count + 1 + error.position, "filter: \(key.name): \(error.what)",
          advice: "write 64, 1,8, 1-64, 1-64*2 or >=32")
      }
    }
  }

  /// A filter for one of these names under a key; nil without names.
  public init?(_ key: String, anyOf names: [String]) {
    guard !names.isEmpty else { return nil }
    root = .any(names.map { .test(key: RowFilter.Key(name: key, column: 1), .text($0)) })
  }

  private static let longest = 4_000

  /// True for a case that is wanted at a placement.
  public func matches(_ subject: Case, at placement: Placement) -> Bool {
    CaseFilter.holds(root, subject, placement)
  }

  /// The first name that none of the cases or placements has; nil where all are known.
  public func unknown(_ cases: [Case], _ placements: [Placement]) -> Unknown? {
    for (key, text) in root.texts where CaseFilter.nameKeys.contains(key.name) {
      var known: Set<String> = []
      if key.name == "placement" {
        known = Set(placements.flatMap { [$0.name] + $0.aliases })
      } else {
        for subject in cases { known.insert(CaseFilter.value(key.name, subject)) }
      }
      if known.contains(where: { CaseFilter.isSame($0, text, key.name) }) { continue }
      return Unknown(
        what: key.name, name: text,
        nearest: nearestNames(to: text, among: known.filter { !$0.isEmpty }.sorted()))
    }
    return nil
  }

  private static func holds(_ filter: RowFilter, _ subject: Case, _ placement: Placement) -> Bool {
    switch filter {
    case .everything: true
    case .not(let inner): !holds(inner, subject, placement)
    case .all(let filters): filters.allSatisfy { holds($0, subject, placement) }
    case .any(let filters): filters.contains { holds($0, subject, placement) }
    case .test(let key, let wanted):
      key.name == "placement"
        ? ([placement.name] + placement.aliases).contains { fits($0, wanted, key.name) }
        : fits(value(key.name, subject), wanted, key.name)
    }
  }

  private static func fits(_ have: String, _ wanted: RowFilter.Value, _ key: String) -> Bool {
    guard case .text(let text) = wanted else { return wanted.fits(have) }
    if numberKeys.contains(key) {
      guard let number = Int(have), let test = try? NumberTest(text) else { return false }
      return test.holds(number)
    }
    return isSame(have, text, key)
  }

  /// Names are compared without regard to case; `weights-cold` is how options spell `weights_cold`.
  private static func isSame(_ have: String, _ wanted: String, _ key: String) -> Bool {
    let value = key == "cache" ? String(wanted.map { $0 == "-" ? "_" : $0 }) : wanted
    return have == value || have.lowercased() == value.lowercased()
  }

  private static func value(_ key: String, _ subject: Case) -> String {
    func number(_ value: Int?) -> String { value.map { String($0) } ?? "" }
    return switch key {
    case "kernel": subject.operation.rawValue
    case "impl": subject.implementation.rawValue
    case "phase": subject.phase.rawValue
    case "shape": subject.shapeID
    case "cache": subject.cacheMode.rawValue
    case "model": subject.use?.model ?? ""
    case "layer": subject.use?.layer ?? ""
    case "suite": subject.collection
    case "dtype": subject.shape.cacheType.map { "kv_\($0.rawValue)" } ?? subject.dataType.rawValue
    case "layout": subject.layout.rawValue
    case "m": number(subject.shape.m)
    case "n": number(subject.shape.n)
    case "k": number(subject.shape.k)
    default: ""
    }
  }
}

/// What a number must be.
enum NumberTest: Hashable, Sendable {
  case oneOf([Int])
  case within(ClosedRange<Int>)

  func holds(_ value: Int) -> Bool {
    switch self {
    case .oneOf(let values): values.contains(value)
    case .within(let range): range.contains(value)
    }
  }

  /// `64`, `1,8`, `1-64` (all between), `1-64*2` (these only).
  init(_ text: String) throws(NumberList.Fault) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    if ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]), low <= high {
      self = .within(low...high)
      return
    }
    self = .oneOf(try NumberList(text).values)
  }
}
