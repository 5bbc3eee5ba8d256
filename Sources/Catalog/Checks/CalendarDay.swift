// Dates of evidence: ISO days, months or years, compared without a time zone.

import Foundation
import Quantities

/// A day of the Gregorian calendar.
public struct CalendarDay: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Year, 1 to 9999.
  public let year: Int
  /// Month, 1 to 12.
  public let month: Int
  /// Day of the month.
  public let day: Int

  /// The first day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; nil for anything else.
  public init?(firstOf text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), parts[0].utf8.count == 4,
      parts.dropFirst().allSatisfy({ $0.utf8.count == 2 }),
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return nil }
    let numbers = parts.compactMap { Int($0) } + [1, 1]
    guard numbers[0] >= 1, (1...12).contains(numbers[1]),
      (1...CalendarDay.daysIn(month: numbers[1], of: numbers[0])).contains(numbers[2])
    else { return nil }
    (year, month, day) = (numbers[0], numbers[1], numbers[2])
  }

  /// Today in UTC by this machine's clock.
  public static var today: CalendarDay? {
    let seconds = Date().timeIntervalSince1970
    return CalendarDay(daysSinceEpoch: Int(Unit.day.fromBase(seconds).rounded(.down)))
  }

  /// Days since 1970-01-01.
  public var daysSinceEpoch: Int {
    // Years that start in March put the leap day last, so that month lengths follow one line.
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The day a number of days after 1970-01-01; nil before the year 1 and after 9999.
  public init?(daysSinceEpoch days: Int) {
    guard (-719_162...2_932_896).contains(days) else { return nil }
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// `YYYY-MM-DD`.
  public var description: String {
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  /// The earlier day is the smaller.
  public static func < (left: CalendarDay, right: CalendarDay) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  private static func daysIn(month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// True for `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, `YYYY-H1`, `YYYY-Q3` and `YYYY-YYYY`.
func isPeriod(_ text: String) -> Bool {
  if CalendarDay(firstOf: text) != nil { return true }
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  guard parts.count == 2, CalendarDay(firstOf: String(parts[0])) != nil else { return false }
  let halves: Set<Substring> = ["H1", "H2", "Q1", "Q2", "Q3", "Q4"]
  return halves.contains(parts[1]) || (parts[1].count == 4 && CalendarDay(firstOf: String(parts[1])) != nil)
}
