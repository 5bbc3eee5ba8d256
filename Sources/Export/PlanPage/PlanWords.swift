// Numbers and names of a plan as a director reads them: money in billions, people in millions, settings with
// separators, inputs without underscores.

import Foundation
import Planner
import Quantities
import Tables

enum PlanWords {
  /// `38.00 billion USD`, `4.2 million USD`, `950,000 USD`.
  static func money(_ usd: Double) -> String {
    if abs(usd) >= Unit.billionUSD.toBase(1) { return "\(billions(usd)) billion USD" }
    if abs(usd) >= Unit.millionUSD.toBase(1) {
      return "\(grouped(Unit.millionUSD.fromBase(usd), decimals: 2)) million USD"
    }
    return "\(count(usd)) USD"
  }

  /// `38.00`: billions of dollars.
  static func billions(_ usd: Double) -> String { grouped(Unit.billionUSD.fromBase(usd), decimals: 2) }

  /// `160,416`.
  static func count(_ value: Double) -> String { grouped(value, decimals: 0) }

  /// `17.4 billion`, `32 million`, `950,000`: people and their like.
  static func many(_ value: Double) -> String {
    if value >= Unit.billion.toBase(1) { return "\(significant(Unit.billion.fromBase(value))) billion" }
    if value >= Unit.million.toBase(1) { return "\(significant(Unit.million.fromBase(value))) million" }
    return count(value)
  }

  /// `291`: millions of tokens.
  static func megatokens(_ value: Double) -> String { significant(Unit.millionTokens.fromBase(value)) }

  /// `37.99 B USD`: money where room is short.
  static func shortMoney(_ usd: Double) -> String {
    abs(usd) >= Unit.billionUSD.toBase(1)
      ? "\(billions(usd)) B USD"
      : abs(usd) >= Unit.millionUSD.toBase(1)
        ? "\(grouped(Unit.millionUSD.fromBase(usd), decimals: 1)) M USD" : "\(count(usd)) USD"
  }

  /// Dollars an hour or per million tokens: three decimals where cents would hide the digits.
  static func price(_ usd: Double) -> String { grouped(usd, decimals: usd < 1 ? 3 : 2) }

  /// `80 % interval 169 to 519`, empty without one.
  static func interval(_ figure: Figure, _ text: (Double) -> String) -> String {
    figure.interval.map { "80 % interval \(text($0.low)) to \(text($0.high))" } ?? ""
  }

  /// Whose price, in words.
  static func basis(_ basis: PriceBasis) -> String {
    switch basis {
    case .list: "list price"
    case .contracted: "contracted price"
    case .own: "owner's cost"
    }
  }

  /// `term months` for `term_months`, `TPOT limit (s)` for `tpot_limit_s`.
  static func input(_ name: String) -> String {
    var words = name.split(separator: "_").map { word in
      ["cpu", "ttft", "tpot", "mfu", "usd", "mw"].contains(word) ? word.uppercased() : String(word)
    }
    if let last = words.last, words.count > 1, ["s", "USD", "MW", "kw"].contains(last) {
      words[words.count - 1] = "(\(last == "kw" ? "kW" : last))"
    }
    return words.joined(separator: " ")
  }

  /// A setting of an input: a number with separators, or in powers of ten where it is astronomic.
  static func setting(_ text: String) -> String {
    guard let value = Double(text), value.isFinite else { return text }
    guard abs(value) >= 1e12 else { return tickText(value) }
    let power = Int(floor(log10(abs(value))))
    return "\(tickText(value / pow(10, Double(power))))e\(power)"
  }

  /// `a, b, c and 48 more`: at most `most` names.
  static func some(_ names: [String], most: Int) -> String {
    guard names.count > most else { return listed(names) }
    return names.prefix(most).joined(separator: ", ") + " and \(count(Double(names.count - most))) more"
  }

  /// What a level of trust means.
  static func meaning(_ trust: Trust) -> String {
    switch trust {
    case .measured: "measured on the machine itself"
    case .calibrated: "a model fitted on published measurements, with its held-out error"
    case .published: "a published measurement or price as it stands"
    case .transferred: "this host's curves scaled to the chip, with the scored error of doing so"
    case .datasheet: "a vendor's data sheet only, no measurement behind it"
    case .assumed: "an assumption of the scenario, or one source that stands for others"
    }
  }
}

/// Each element once, in the order of first use.
func firstUses<Element: Hashable>(_ elements: [Element]) -> [Element] {
  var seen: Set<Element> = []
  return elements.filter { seen.insert($0).inserted }
}
