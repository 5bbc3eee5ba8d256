// Durations as people write them: `90`, `90s`, `10m`, `2h`, `20ms`.

import ArgumentParser
import Quantities
import Tables

/// A positive time in seconds.
struct TimeSpan: ExpressibleByArgument, Hashable {
  let seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    let units: [(String, Unit?)] = [
      ("ms", .millisecond), ("us", .microsecond), ("s", nil), ("m", .minute), ("h", .hour), ("d", .day),
    ]
    let unit = units.first { argument.hasSuffix($0.0) }
    guard let number = Double(argument.dropLast(unit?.0.count ?? 0)), number > 0, number.isFinite else {
      return nil
    }
    seconds = unit?.1.map { $0.toBase(number) } ?? number
  }

  var defaultValueDescription: String { text }

  /// The seconds, as an option takes them.
  var text: String { decimalText(seconds) }
}
