// Lists and ranges of whole numbers as options take them: `1,8,64`, `1-64*2` (doubling), `16-64+16` (steps).

/// Whole numbers written as a list of single values and ranges.
public struct NumberList: Hashable, Sendable {
  /// What is wrong with a list, and where.
  public struct Fault: Error, Hashable, Sendable {
    /// The fault as a phrase.
    public let what: String
    /// 0-based character of the list.
    public let position: Int
    /// A fault from its parts.
    public init(what: String, position: Int) {
      self.what = what
      self.position = position
    }
  }

  /// The numbers in the order written, each once.
  public let values: [Int]

  /// Most numbers of one list.
  public static let limit = 1_000

  /// Reads a list.
  ///
  /// - Throws: `Fault` for anything that is not a number or range, a range that does not grow, or more than
  ///   `limit` numbers.
  public init(_ text: some StringProtocol) throws(Fault) {
    var values: [Int] = []
    var position = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      for value in try NumberList.expand(part, at: position) where !values.contains(value) {
        values.append(value)
        if values.count > NumberList.limit {
          throw Fault(what: "more than \(NumberList.limit) numbers", position: position)
        }
      }
      position += part.count + 1
    }
    self.values = values
  }

  /// `8` or `1-64`, `1-64*2`, `16-64+16`.
  private static func expand(_ part: some StringProtocol, at position: Int) throws(Fault) -> [Int] {
    func number(_ text: some StringProtocol) throws(Fault) -> Int {
      guard let value = Int(text), value >= 0 else {
        throw Fault(what: "'\(text.prefix(20))' is not a whole number", position: position)
      }
      return value
    }
    guard let dash = part.firstIndex(of: "-") else { return [try number(part)] }
    let first = try number(part[..<dash])
    let rest = part[part.index(after: dash)...]
    let mark = rest.firstIndex { $0 == "*" || $0 == "+" }
    let last = try number(rest[..<(mark ?? rest.endIndex)])
    let step = try mark.map { index throws(Fault) in try number(rest[rest.index(after: index)...]) } ?? 1
    let isFactor = mark.map { rest[$0] == "*" } ?? false
    guard first <= last else {
      throw Fault(what: "the range \(part.prefix(40)) does not grow", position: position)
    }
    guard isFactor ? step >= 2 && first >= 1 : step >= 1 else {
      throw Fault(what: "the range \(part.prefix(40)) never ends", position: position)
    }
    var values = [first]
    while let current = values.last, values.count <= limit {
      let (next, overflow) =
        isFactor ? current.multipliedReportingOverflow(by: step) : current.addingReportingOverflow(step)
      if overflow || next > last { break }
      values.append(next)
    }
    return values
  }
}
