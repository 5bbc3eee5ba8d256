// The keys of one object of a model's configuration: architectures name the same dimension differently, so each
// look-up takes all the names, and a fault says which were looked for and where.

import Tables

/// Look-ups in one JSON object.
struct ConfigKeys {
  let file: String
  let line: Int
  let members: [String: JSONValue]

  init(_ value: JSONValue, file: String) throws(InputError) {
    guard let members = value.members else {
      throw InputError(
        file: file, line: value.line, "a JSON object is expected here",
        advice: "give the config.json of a model as it was published")
    }
    self.file = file
    line = value.line
    self.members = members
  }

  /// The value of the first name that is there and not null.
  func value(_ names: [String]) -> (name: String, value: JSONValue)? {
    for name in names {
      guard let value = members[name] else { continue }
      if case .null = value.kind { continue }
      return (name, value)
    }
    return nil
  }

  /// A whole number from 0 to 10^9; `orElse` where no name is there.
  ///
  /// - Throws: `InputError` where the value is another, or none is there and `orElse` is nil.
  func count(_ names: String..., orElse: Int? = nil) throws(InputError) -> Int {
    guard let (name, value) = value(names) else {
      if let orElse { return orElse }
      throw missing(names)
    }
    guard let number = value.number, number >= 0, number <= 1e9, number == number.rounded() else {
      throw wrong(name, value, "is not a whole number from 0 to 10^9")
    }
    return Int(number)
  }

  /// A truth value; `orElse` where no name is there.
  func flag(_ name: String, orElse: Bool) throws(InputError) -> Bool {
    guard let (name, value) = value([name]) else { return orElse }
    guard case .flag(let flag) = value.kind else { throw wrong(name, value, "is neither true nor false") }
    return flag
  }

  /// A text; nil where no name is there.
  func text(_ names: String...) throws(InputError) -> String? {
    guard let (name, value) = value(names) else { return nil }
    guard let text = value.text else { throw wrong(name, value, "is not a text") }
    return text
  }

  /// A list; nil where the name is not there.
  func list(_ name: String) throws(InputError) -> [JSONValue]? {
    guard let (name, value) = value([name]) else { return nil }
    guard let items = value.items else { throw wrong(name, value, "is not a list") }
    return items
  }

  /// How many items of a list are the text `word`; nil where the list is not there.
  func items(of name: String, equalTo word: String) throws(InputError) -> Int? {
    try list(name)?.count { $0.text == word }
  }

  /// How many items of a list of numbers are `number`; nil where the name is not there.
  func items(of name: String, equalTo number: Double) throws(InputError) -> Int? {
    try list(name)?.count { $0.number == number }
  }

  /// An object inside this one; nil where no name is there.
  func object(_ names: String...) throws(InputError) -> ConfigKeys? {
    guard let (_, value) = value(names) else { return nil }
    return try ConfigKeys(value, file: file)
  }

  /// None of the names is there.
  func missing(_ names: [String]) -> InputError {
    InputError(
      file: file, line: line, "the key '\(names.joined(separator: "' or '"))' is missing",
      advice: "give the config.json of a model as it was published")
  }

  private func wrong(_ name: String, _ value: JSONValue, _ what: String) -> InputError {
    InputError(
      file: file, line: value.line, "the value of '\(name)' \(what)",
      advice: "give the config.json of a model as it was published")
  }
}
