// Which cases of a suite run: `kernel:gemm (phase:decode OR m:1-16) -impl:openblas`.
// Terms are key:value, key:/pattern/ or key:(a OR b); side by side or with AND they narrow, OR widens, a minus
// takes away. A value that no case has is a mistake, not an empty selection.

public import Machines
public import Measurement
import Quantities

/// A selection of cases and placements.
public struct CaseFilter {
  /// A text that is no filter.
  public struct Fault: Error, Hashable, Sendable {
    /// What is wrong, as a phrase.
    public let what: String
    /// 1-based character of the text.
    public let position: Int
    /// The next step.
    public let advice: String
  }

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
    "kernel", "impl", "phase", "shape", "cache", "model", "layer", "suite", "dtype", "placement",
  ]
  /// Keys that take numbers.
  public static let numberKeys = ["m", "n", "k"]
  /// All keys.
  public static let keys = nameKeys + numberKeys

  indirect enum Node {
    case both(Node, Node)
    case either(Node, Node)
    case not(Node)
    case name(key: String, value: String)
    case pattern(key: String, Regex<AnyRegexOutput>)
    case number(key: String, NumberTest)
  }

  private let root: Node

  /// Reads a filter.
  ///
  /// - Throws: `Fault` with the place of the mistake.
  public init(_ text: String) throws(Fault) {
    var parser = FilterParser(text)
    root = try parser.filter()
  }

  /// A filter for one of these names under a key.
  public init?(_ key: String, anyOf names: [String]) {
    guard let first = names.first else { return nil }
    root = names.dropFirst().reduce(.name(key: key, value: first)) {
      .either($0, .name(key: key, value: $1))
    }
  }

  /// True where the filter says something of placements.
  public var namesPlacements: Bool { CaseFilter.leaves(root).contains { $0.key == "placement" } }

  /// True for a case that is wanted at a placement.
  public func matches(_ subject: Case, at placement: Placement) -> Bool {
    CaseFilter.holds(root, subject, placement)
  }

  /// The first name that none of the cases or placements has; nil where all are known.
  public func unknown(_ cases: [Case], _ placements: [Placement]) -> Unknown? {
    for case let (key, value?) in CaseFilter.leaves(root) {
      var known: Set<String> = []
      if key == "placement" {
        known = Set(placements.flatMap { [$0.name] + $0.aliases })
      } else {
        for subject in cases { known.insert(CaseFilter.name(key, subject)) }
      }
      if known.contains(where: { CaseFilter.isSame($0, value, key) }) { continue }
      return Unknown(
        what: key, name: value, nearest: nearestNames(to: value, among: known.filter { !$0.isEmpty }.sorted())
      )
    }
    return nil
  }

  private static func leaves(_ node: Node) -> [(key: String, value: String?)] {
    switch node {
    case .both(let a, let b), .either(let a, let b): leaves(a) + leaves(b)
    case .not(let inner): leaves(inner)
    case .name(let key, let value): [(key, value)]
    case .pattern(let key, _), .number(let key, _): [(key, nil)]
    }
  }

  private static func holds(_ node: Node, _ subject: Case, _ placement: Placement) -> Bool {
    switch node {
    case .both(let a, let b): holds(a, subject, placement) && holds(b, subject, placement)
    case .either(let a, let b): holds(a, subject, placement) || holds(b, subject, placement)
    case .not(let inner): !holds(inner, subject, placement)
    case .name("placement", let value): ([placement.name] + placement.aliases).contains(value)
    case .name(let key, let value): isSame(name(key, subject), value, key)
    case .pattern("placement", let pattern):
      ([placement.name] + placement.aliases).contains { $0.contains(pattern) }
    case .pattern(let key, let pattern): name(key, subject).contains(pattern)
    case .number(let key, let test): number(key, subject).map(test.holds) ?? false
    }
  }

  /// Names are compared without regard to case; `weights-cold` is how options spell `weights_cold`.
  private static func isSame(_ have: String, _ wanted: String, _ key: String) -> Bool {
    let value = key == "cache" ? String(wanted.map { $0 == "-" ? "_" : $0 }) : wanted
    return have == value || have.lowercased() == value.lowercased()
  }

  private static func name(_ key: String, _ subject: Case) -> String {
    switch key {
    case "kernel": subject.operation.rawValue
    case "impl": subject.implementation.rawValue
    case "phase": subject.phase.rawValue
    case "shape": subject.shapeID
    case "cache": subject.cacheMode.rawValue
    case "model": subject.use?.model ?? ""
    case "layer": subject.use?.layer ?? ""
    case "suite": subject.collection
    case "dtype": DataType.f32.rawValue
    default: ""
    }
  }

  private static func number(_ key: String, _ subject: Case) -> Int? {
    switch key {
    case "m": subject.shape.m
    case "n": subject.shape.n
    default: subject.shape.k
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

  /// `64`, `1,8`, `1-64` (all between), `1-64*2` (these only), `>=32`, `<1024`.
  init(_ text: String) throws(NumberList.Fault) {
    for (mark, offset) in [(">=", 0), ("<=", 0), (">", 1), ("<", -1)] where text.hasPrefix(mark) {
      guard let bound = Int(text.dropFirst(mark.count)), bound >= 0, bound < Int.max else {
        throw NumberList.Fault(what: "'\(text.prefix(20))' holds no whole number", position: mark.count)
      }
      self = .within(
        mark.hasPrefix(">") ? (bound + offset)...Int.max : min(0, bound + offset)...(bound + offset))
      return
    }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    if ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]), low <= high {
      self = .within(low...high)
      return
    }
    self = .oneOf(try NumberList(text).values)
  }
}
