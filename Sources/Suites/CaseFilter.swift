// `key:value` filters over cases: values of one key add up, keys narrow each other.

public import Measurement
import Quantities

/// A selection of cases.
public struct CaseFilter: Sendable {
  /// What a filter asks for that no case has.
  public struct Unknown: Error, Hashable, Sendable {
    /// `filter key`, `kernel`, `shape` …
    public let what: String
    /// The name that was asked for.
    public let name: String
    /// Names like it.
    public let nearest: [String]
  }

  private var wanted: [String: Set<String>] = [:]

  /// Keys that a filter can name.
  public static let keys = ["kernel", "impl", "phase", "shape", "cache"]

  /// A filter that lets everything through.
  public init() {}

  /// Adds a value that `key` may have; `cases` tells which values there are.
  public mutating func add(_ key: String, _ value: String, cases: [Case]) throws(Unknown) {
    guard CaseFilter.keys.contains(key) else {
      throw Unknown(what: "filter key", name: key, nearest: nearestNames(to: key, among: CaseFilter.keys))
    }
    let known = Set(cases.map { CaseFilter.value(key, $0) })
    guard known.contains(value) else {
      throw Unknown(what: key, name: value, nearest: nearestNames(to: value, among: known.sorted()))
    }
    wanted[key, default: []].insert(value)
  }

  /// True where every named key has one of its values.
  public func matches(_ subject: Case) -> Bool {
    wanted.allSatisfy { key, values in values.contains(CaseFilter.value(key, subject)) }
  }

  private static func value(_ key: String, _ subject: Case) -> String {
    switch key {
    case "kernel": subject.operation.rawValue
    case "impl": subject.implementation.rawValue
    case "phase": subject.phase.rawValue
    case "shape": subject.shapeID
    default: subject.cacheMode.rawValue
    }
  }
}
