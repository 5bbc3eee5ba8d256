// What is wrong with an input, where, and the next step: every reader of the house throws this.

/// A fault in an input file or argument; printed as one sentence, exit status 65.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// File name as the user gave it, or nil for text that has no file.
  public let file: String?
  /// 1-based line, or nil where none applies.
  public let line: Int?
  /// 1-based column in characters, or nil.
  public let column: Int?
  /// What is wrong.
  public let fault: String
  /// The next step for the user.
  public let advice: String

  /// An error from its parts.
  public init(file: String? = nil, line: Int? = nil, column: Int? = nil, _ fault: String, advice: String = "")
  {
    self.file = file
    self.line = line
    self.column = column
    self.fault = fault
    self.advice = advice
  }

  /// `file:line:column: fault; advice`.
  public var description: String {
    let place = [file, line.map(String.init), column.map(String.init)].compactMap { $0 }
      .joined(separator: ":")
    let text = advice.isEmpty ? fault : "\(fault); \(advice)"
    // A fault may quote the file, and the file may hold anything.
    return printable(place.isEmpty ? text : "\(place): \(text)")
  }

  /// The same error with a file name.
  public func named(_ file: String) -> InputError {
    InputError(file: file, line: line, column: column, fault, advice: advice)
  }
}

/// Several faults of one input, at most 50 of them.
public struct InputErrors: Error, Sendable, CustomStringConvertible {
  /// The faults in file order.
  public let errors: [InputError]
  /// Collects faults; the list is cut at 50.
  public init(_ errors: [InputError]) { self.errors = Array(errors.prefix(50)) }
  /// One line a fault.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
