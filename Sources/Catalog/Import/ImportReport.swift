// What an import did: every offer has exactly one outcome, every rule its count and its first examples.

public import Tables

/// One offer that a rule changed or kept out.
public struct ImportNote: Hashable, Sendable, CustomStringConvertible {
  /// The rule that applied.
  public let rule: ImportRule
  /// File as it was given.
  public let file: String
  /// 1-based line.
  public let line: Int
  /// 1-based byte column, where one cell is at fault.
  public let column: Int?
  /// Provider, instance, region and basis of the offer.
  public let subject: String
  /// What was found there.
  public let detail: String

  /// `file:line:column: subject: meaning (detail)`.
  public var description: String {
    let place = [file, String(line), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
    let found = detail.isEmpty ? "" : " (\(detail))"
    return printable("\(place): \(subject.isEmpty ? "" : "\(subject): ")\(rule.meaning)\(found)")
  }
}

/// Counts of an import and its first examples by rule.
public struct ImportReport: Sendable {
  /// Data rows read.
  public internal(set) var rows = 0
  /// Prices found in them; the outcomes add up to it.
  public internal(set) var offers = 0
  /// Offers by outcome.
  public private(set) var outcomes: [ImportOutcome: Int] = [:]
  /// Applications by rule; an offer can be repaired by several.
  public var applications: [(rule: ImportRule, count: Int)] {
    ImportRule.allCases.compactMap { rule in
      let count = counts[rule.place]
      return count > 0 ? (rule, count) : nil
    }
  }
  /// The first notes of each rule.
  public private(set) var examples: [ImportRule: [ImportNote]] = [:]
  /// Sentences about whole files: stale dates.
  public internal(set) var warnings: [InputError] = []

  private var counts = [Int](repeating: 0, count: ImportRule.allCases.count)
  private let sink: (@Sendable (ImportNote) -> Void)?
  /// Notes kept of a rule; the sink sees all.
  static let kept = 20

  init(sink: (@Sendable (ImportNote) -> Void)? = nil) { self.sink = sink }

  /// Offers with an outcome.
  public func count(_ outcome: ImportOutcome) -> Int { outcomes[outcome] ?? 0 }
  /// Applications of a rule.
  public func count(_ rule: ImportRule) -> Int { counts[rule.place] }

  mutating func decide(_ outcome: ImportOutcome) {
    outcomes[outcome, default: 0] += 1
    offers += 1
  }

  /// Counts a rule and notes where it applied.
  mutating func apply(_ rule: ImportRule, _ place: Place, _ subject: String, _ detail: String = "") {
    counts[rule.place] += 1
    let isFull = (examples[rule]?.count ?? 0) >= ImportReport.kept
    if isFull, sink == nil || rule.outcome == .outside { return }
    let note = ImportNote(
      rule: rule, file: place.file, line: place.line, column: place.column, subject: subject, detail: detail)
    if !isFull { examples[rule, default: []].append(note) }
    // What lies outside is most of a price list of gigabytes: counted, not listed.
    if rule.outcome != .outside { sink?(note) }
  }

  /// Counts an offer that no rule needs to look at, without its text.
  mutating func outside(
    _ rule: ImportRule, _ place: @autoclosure () -> Place, _ subject: @autoclosure () -> String
  ) {
    decide(.outside)
    counts[rule.place] += 1
    if (examples[rule]?.count ?? 0) < ImportReport.kept {
      let at = place()
      examples[rule, default: []].append(
        ImportNote(
          rule: rule, file: at.file, line: at.line, column: at.column, subject: subject(), detail: ""))
    }
  }
}

extension ImportRule {
  /// Index in `allCases`.
  fileprivate var place: Int { ImportRule.places[self] ?? 0 }
  private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}
