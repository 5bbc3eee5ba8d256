// The money of FleetMonths: what the lines of Allocation pay, live; what the program books beside them, as values.

import Planner
import Quantities

extension FleetMonthsSheet {
  mutating func addMoney() {
    let places = places
    let commitment = places.terms.column(FleetTerm.isCommitment.rawValue)
    add(.committed, "Paid under commitments", "USD", .whole) {
      .sumProduct(places.signature.column($0), commitment) + .sumProduct(places.rent.column($0), commitment)
    }
    // Not the whole less the committed part: a difference of equal sums is a rounding error, not zero.
    let free = Formula.number(1) - .range(commitment)
    add(.flexible, "Paid and free to end within a month", "USD", .whole) { column in
      .call(.sumProduct, [.range(places.signature.column(column)), free])
        + .call(.sumProduct, [.range(places.rent.column(column)), free])
    }
    addOther()
    add(.rebates, "Rebates for a year's spend", "USD", .whole) { [self] column in rebate(column) }
    add(.paid, "Paid", "USD", .whole) { [self] column in
      figure(.committed, column) + figure(.flexible, column) + figure(.other, column)
        + figure(.rebates, column)
    }
    add(.idle, "of it for what is not accepted yet", "USD", .whole) { [self] column in
      let waiting = Formula.range(places.billed.column(column)) - .range(places.accepted.column(column))
      let due = Formula.range(places.terms.column(FleetTerm.monthly.rawValue))
      return .call(.sumProduct, [waiting, due]) * figure(.hours, column)
    }
    add(.discounted, "Discounted", "USD", .whole) { [self] column in
      .sum(places.signature.column(column)) * figure(.signatureDiscount, column)
        + (.sum(places.rent.column(column)) + figure(.rebates, column)) * figure(.discount, column)
        + figure(.otherDiscounted, column)
    }
  }

  /// Streams that no line of Allocation makes, as the program booked them, and what they are worth at the start.
  private mutating func addOther() {
    let modelled: Set<CostStream> = [.rent, .upfront, .paidNotUsable, .cpu, .network, .storage]
    let ledger = layout.fleet.ledger
    let rows = ledger.rows.filter { row in
      let isRented = row.holding.map { layout.lines[$0].isRented } ?? false
      return row.stream.isCash && row.stream != .spendDiscount && !(isRented && modelled.contains(row.stream))
    }
    let yearly = layout.plan.plan.scenario.number("discount_rate") ?? 0
    let timing = PaymentTiming(rawValue: layout.plan.plan.scenario.text("payment_timing")) ?? .midMonth
    for (figure, label) in [
      (FleetFigure.other, "Other streams (values of the program, not live)"),
      (.otherDiscounted, "the same, discounted (not live)"),
    ] {
      sheet.put([label, "USD"], row: figure.rawValue, style: .label)
      for month in 0..<layout.count {
        let sum = rows.filter { $0.month == month }.reduce(0) { sum, row in
          sum + row.billed.usd
            * (figure == .other ? 1 : ledger.factor(row, yearly: yearly, timing: timing))
        }
        sheet.put(.number(sum), row: figure.rawValue, column: layout.column(month), format: .whole)
      }
    }
  }

  /// What providers pay back in a year's last month: the discount of the highest bracket that the year's spend reaches.
  private func rebate(_ column: Int) -> Formula? {
    let month = column - FleetSheetLayout.firstMonth
    guard month == layout.count - 1 || (month + 1) % 12 == 0 else { return nil }
    let year = layout.column(month / 12 * 12)...column
    var sum: Formula?
    for (provider, lines) in layout.providers {
      let brackets = layout.portfolio.brackets.enumerated().filter { $0.element.provider == provider }
        .sorted { $0.element.fromUSD < $1.element.fromUSD }
      guard !brackets.isEmpty else { continue }
      let spent = Formula.call(
        .sum,
        [places.signature, places.rent].flatMap { block in
          lines.map { .range(block.row($0, year)) }
        })
      let share = brackets.reduce(Formula.number(0)) { below, bracket in
        let row = bracketRow + 1 + bracket.offset
        return .when(
          .binary(.greaterOrEqual, spent, .cell(sheet.address(row: row, column: 1))),
          .cell(sheet.address(row: row, column: 4)), below)
      }
      let part = spent * share
      sum = sum.map { $0 + part } ?? part
    }
    return sum.map { .number(0) - $0 }
  }

  /// Row of the brackets' heading, below the classes.
  var bracketRow: Int {
    FleetLayoutRows.afterClasses(needs.count)
  }

  /// What own hardware costs a month above what is paid for it in the month; 0 where all is rented.
  mutating func addOwnCost() {
    let row = FleetFigure.ownCost.rawValue
    sheet.put(["Cost of own hardware above its payments (not live)", "USD"], row: row, style: .label)
    let isRented = layout.lines.allSatisfy(\.isRented)
    for month in layout.fleet.rows {
      let at = month.month.index
      var tokens = 0.0
      var (serving, all) = (0.0, 0.0)
      for (index, need) in needs.enumerated() {
        let given = layout.fleet.plan?.given[index].reduce(0) { $0 + $1[at] } ?? 0
        all += given
        guard let total = need.totalTokens, let served = layout.fleet.plan?.served[index][at] else {
          continue
        }
        serving += given
        if need.need[at] > 0 { tokens += min(1, served / need.need[at]) * need.mean[at] * total }
      }
      tokens = Unit.millionTokens.fromBase(tokens * Unit.hour.toBase(month.month.hours))
      var above = 0.0
      if !isRented, serving > 0, let unit = month.usdPerMtok {
        above = unit * tokens * all / serving - month.paid
      }
      sheet.put(.number(above), row: row, column: layout.column(at), format: .whole)
    }
  }
}
