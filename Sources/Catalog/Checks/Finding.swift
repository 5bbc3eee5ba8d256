// What a check found: one fault with its place, its weight and the next step.

public import Tables

/// How much a finding matters.
public enum Severity: String, Sendable, Hashable, CaseIterable {
  /// The row is wrong; it must not enter a plan.
  case error
  /// The row is odd; a person should look.
  case warning
}

/// One fault of a catalogue.
public struct Finding: Hashable, Sendable, CustomStringConvertible {
  /// Error or warning.
  public let severity: Severity
  /// What, where, next step.
  public let fault: InputError

  /// `error: file:line:column: fault; advice`.
  public var description: String { "\(severity.rawValue): \(fault.description)" }
}

/// Findings in the order in which the rules met them.
struct Findings {
  private(set) var list: [Finding] = []

  mutating func error(_ fault: InputError) { list.append(Finding(severity: .error, fault: fault)) }
  mutating func warning(_ fault: InputError) { list.append(Finding(severity: .warning, fault: fault)) }

  /// Throws the first error, with a word on how many others there are.
  func throwFirstError() throws(InputError) {
    let errors = list.filter { $0.severity == .error }
    guard let first = errors.first?.fault else { return }
    guard errors.count > 1 else { throw first }
    let more = "\(errors.count - 1) more: `plimsoll catalog check` lists them"
    throw InputError(
      file: first.file, line: first.line, column: first.column, first.fault,
      advice: first.advice.isEmpty ? more : "\(first.advice); \(more)")
  }
}
