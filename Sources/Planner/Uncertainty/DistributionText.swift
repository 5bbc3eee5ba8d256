// Distributions as text for the cells of a table, one grammar:
//
//   kind(name=number;name=number;…)
//
//   fixed(value=1)                            uniform(low=0.8;high=1.2)
//   triangular(low=0.8;mode=1;high=1.5)       pert(low=0.8;mode=1;high=1.5)
//   lognormal(p10=0.7;p90=1.6)                normal(mean=1;sd=0.1)
//   discrete(3=0.2;5=0.5;6=0.3)               quantiles(0=0.6;0.5=1;1=1.7)
//
// Every argument has its name, so that no order must be remembered; arguments may come in any order and are
// written back in the order shown. In `discrete` the name is the value and the number its weight, in
// `quantiles` the name is the level. The semicolon keeps a cell of a comma-separated table free of quotes. No
// spaces.

public import Tables

extension Distribution {
  /// Reads the text form.
  ///
  /// - Throws: `CellFault` that names the character at which the text goes wrong, or what is wrong with the whole.
  public init(_ text: String) throws(CellFault) {
    try self.init(try DistributionText(text).shape())
  }

  /// The text form; reading it gives the same distribution.
  public var text: String {
    func written(_ kind: String, _ pairs: [(String, Double)]) -> String {
      kind + "(" + pairs.map { "\($0.0)=\(decimalText($0.1))" }.joined(separator: ";") + ")"
    }
    switch shape {
    case .fixed(let value): return written("fixed", [("value", value)])
    case .uniform(let low, let high): return written("uniform", [("low", low), ("high", high)])
    case .triangular(let low, let mode, let high):
      return written("triangular", [("low", low), ("mode", mode), ("high", high)])
    case .pert(let low, let mode, let high):
      return written("pert", [("low", low), ("mode", mode), ("high", high)])
    case .lognormal(let p10, let p90): return written("lognormal", [("p10", p10), ("p90", p90)])
    case .normal(let mean, let deviation): return written("normal", [("mean", mean), ("sd", deviation)])
    case .discrete(let values):
      return written("discrete", values.map { (decimalText($0.value), $0.weight) })
    case .quantiles(let table): return written("quantiles", table.map { (decimalText($0.level), $0.value) })
    }
  }
}

/// The kinds and the names of their arguments; none where the names are numbers.
private let kinds: [(kind: String, names: [String])] = [
  ("fixed", ["value"]), ("uniform", ["low", "high"]), ("triangular", ["low", "mode", "high"]),
  ("pert", ["low", "mode", "high"]), ("lognormal", ["p10", "p90"]), ("normal", ["mean", "sd"]),
  ("discrete", []), ("quantiles", []),
]

/// The text taken apart, each argument with the character at which it starts.
private struct DistributionText {
  let kind: String
  let names: [String]
  let arguments: [(name: String, number: Double, place: Int)]

  init(_ text: String) throws(CellFault) {
    func fault(_ place: Int, _ what: String, _ advice: String) -> CellFault {
      CellFault("character \(place): \(what)", advice: advice)
    }
    guard text.utf8.count <= 4000 else {
      throw CellFault("a distribution of more than 4,000 characters", advice: "state fewer quantiles")
    }
    guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else {
      throw fault(
        text.contains("(") ? text.count : 1, "'\(text.prefix(40))' is not kind(name=number;…)",
        "write for example pert(low=0.8;mode=1;high=1.5)")
    }
    let kind = String(text[..<open])
    guard let known = kinds.first(where: { $0.kind == kind }) else {
      throw fault(
        1, "unknown distribution '\(kind.prefix(40))'",
        "write one of \(kinds.map(\.kind).joined(separator: ", "))")
    }
    self.kind = kind
    names = known.names
    var place = kind.count + 2
    var found: [(name: String, number: Double, place: Int)] = []
    let inside = text[text.index(after: open)...].dropLast()
    for part in inside.split(separator: ";", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2 else {
        throw fault(place, "'\(part.prefix(40))' is not name=number", "write the name of every argument")
      }
      let at = place + sides[0].count + 1
      let number: Double?
      do { number = try parseNumber(sides[1]) } catch { throw fault(at, error.fault, error.advice) }
      guard let number else { throw fault(at, "\(sides[0].prefix(40)) has no number", "write one after '='") }
      guard !found.contains(where: { $0.name == sides[0] }) else {
        throw fault(place, "'\(sides[0].prefix(40))' appears twice", "remove one of them")
      }
      if !known.names.isEmpty, !known.names.contains(sides[0]) {
        throw fault(
          place, "\(kind) has no '\(sides[0].prefix(40))'",
          "its arguments are \(known.names.joined(separator: ", "))")
      }
      found.append((sides[0], number, place))
      place += part.count + 1
    }
    arguments = found
    if let missing = known.names.first(where: { name in !found.contains { $0.name == name } }) {
      throw fault(text.count, "\(kind) lacks '\(missing)'", "add \(missing)=number")
    }
  }

  func shape() throws(CellFault) -> Distribution.Shape {
    let n = names.compactMap { name in arguments.first { $0.name == name }?.number }
    switch kind {
    case "fixed": return .fixed(n[0])
    case "uniform": return .uniform(low: n[0], high: n[1])
    case "triangular": return .triangular(low: n[0], mode: n[1], high: n[2])
    case "pert": return .pert(low: n[0], mode: n[1], high: n[2])
    case "lognormal": return .lognormal(p10: n[0], p90: n[1])
    case "normal": return .normal(mean: n[0], standardDeviation: n[1])
    case "discrete":
      return .discrete(try numbered().map { WeightedValue(value: $0.name, weight: $0.number) })
    default: return .quantiles(try numbered().map { QuantileLevel(level: $0.name, value: $0.number) })
    }
  }

  /// Arguments whose names are numbers.
  private func numbered() throws(CellFault) -> [(name: Double, number: Double)] {
    var pairs: [(name: Double, number: Double)] = []
    for argument in arguments {
      guard let name = (try? parseNumber(argument.name)) ?? nil else {
        throw CellFault(
          "character \(argument.place): '\(argument.name.prefix(40))' is not a number",
          advice: kind == "discrete" ? "write value=weight" : "write level=value")
      }
      pairs.append((name, argument.number))
    }
    return pairs
  }
}
