// The model as a file that other solvers read: free-format MPS. Numbers are written with as many digits as give the
// same double back. A row with two limits is one row with a range only where its width gives the other limit back
// exactly; otherwise it is two rows.

extension LinearModel {
  /// Free-format MPS, minimising; the same bytes for the same model. Names that the format cannot hold are changed:
  /// other characters than letters, digits and `_.-:[]()/,#` become `_`, and what then is not unique gets `#2`, `#3`.
  public func mps() throws(LinearModelError) -> String {
    try validate()
    var rowNames = NameMap(reserved: ["COST"])
    var columnNames = NameMap(reserved: [])
    let names = variables.map { columnNames.name($0.name) }
    var lines: [String] = []
    var entries = [[(row: String, value: Double)]](repeating: [], count: variables.count)
    for (index, variable) in variables.enumerated() where variable.cost != 0 {
      entries[index].append(("COST", variable.cost))
    }
    var rightSides: [String] = []
    var ranges: [String] = []
    lines.append("NAME \(NameMap.safe(name))")
    lines.append("ROWS")
    lines.append(" N COST")
    for row in rows {
      for form in Self.forms(row) {
        let name = rowNames.name(row.name)
        lines.append(" \(form.kind) \(name)")
        for term in row.terms { entries[term.variable.index].append((name, term.coefficient)) }
        if form.rightSide != 0 { rightSides.append(" RHS \(name) \(form.rightSide)") }
        if let range = form.range { ranges.append(" RANGES \(name) \(range)") }
      }
    }
    lines.append("COLUMNS")
    var isInside = false
    var markers = 0
    func mark(_ isInteger: Bool) {
      guard isInteger != isInside else { return }
      lines.append(" MARKER\(markers) 'MARKER' '\(isInteger ? "INTORG" : "INTEND")'")
      (isInside, markers) = (isInteger, markers + 1)
    }
    for (index, variable) in variables.enumerated() {
      mark(variable.isInteger)
      // A column exists by its entries alone.
      let written = entries[index].isEmpty ? [("COST", 0.0)] : entries[index]
      for (row, value) in written { lines.append(" \(names[index]) \(row) \(value)") }
    }
    mark(false)
    lines.append("RHS")
    lines += rightSides
    if !ranges.isEmpty { lines += ["RANGES"] + ranges }
    lines.append("BOUNDS")
    for (variable, name) in zip(variables, names) {
      lines += Self.limits(variable).map { " \($0.kind) BOUND \(name)" + ($0.value.map { " \($0)" } ?? "") }
    }
    lines.append("ENDATA")
    return lines.joined(separator: "\n") + "\n"
  }

  private struct Form {
    var kind: String
    var rightSide: Double
    var range: Double?
  }

  private static func forms(_ row: Row) -> [Form] {
    let width = row.upper - row.lower
    switch (row.lower.isFinite, row.upper.isFinite) {
    case (false, false): return [Form(kind: "N", rightSide: 0)]
    case (true, false): return [Form(kind: "G", rightSide: row.lower)]
    case (false, true): return [Form(kind: "L", rightSide: row.upper)]
    case (true, true) where width == 0: return [Form(kind: "E", rightSide: row.lower)]
    case (true, true) where width > 0 && row.upper - width == row.lower:
      return [Form(kind: "L", rightSide: row.upper, range: width)]
    case (true, true) where width > 0 && row.lower + width == row.upper:
      return [Form(kind: "G", rightSide: row.lower, range: width)]
    case (true, true): return [Form(kind: "G", rightSide: row.lower), Form(kind: "L", rightSide: row.upper)]
    }
  }

  /// Lines of a variable; an integer's are always written, since readers differ in what they take for granted.
  private static func limits(_ variable: Variable) -> [(kind: String, value: Double?)] {
    let (lower, upper) = (variable.lower, variable.upper)
    if lower == upper { return [("FX", lower)] }
    if lower.isInfinite && upper.isInfinite { return [("FR", nil)] }
    var lines: [(String, Double?)] = []
    if upper.isFinite { lines.append(("UP", upper)) } else if variable.isInteger { lines.append(("PL", nil)) }
    // After UP: some readers take a negative upper limit for a sign that there is no lower one.
    if lower.isInfinite {
      lines.append(("MI", nil))
    } else if lower != 0 || upper < 0 {
      lines.append(("LO", lower))
    }
    return lines
  }
}

/// Unique names that the format can hold.
struct NameMap {
  private var used: Set<String>
  private static let sections: Set<String> = [
    "NAME", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA", "OBJSENSE", "OBJSENS", "MIN", "MAX",
    "SOS",
    "QUADOBJ", "QMATRIX", "QSECTION", "QCMATRIX", "CSECTION", "MARKER", "INDICATORS", "OBJNAME", "GENCONS",
  ]

  init(reserved: [String]) { used = Set(reserved) }

  mutating func name(_ text: String) -> String {
    let safe = Self.safe(text)
    var candidate = safe
    var number = 1
    while !used.insert(candidate).inserted {
      number += 1
      candidate = "\(safe)#\(number)"
    }
    return candidate
  }

  static func safe(_ text: String) -> String {
    var result = ""
    for byte in text.utf8.prefix(200) {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result.append("_.-:[]()/,#".utf8.contains(byte) ? Character(Unicode.Scalar(byte)) : "_")
      }
    }
    // Comments begin with such characters, sections with such words, and a number could be taken for a value.
    let first = result.utf8.first
    let startsBadly = first.map { !(UInt8(ascii: "A")...UInt8(ascii: "z")).contains($0) } ?? true
    return startsBadly || sections.contains(result.uppercased()) ? "_\(result)" : result
  }
}
