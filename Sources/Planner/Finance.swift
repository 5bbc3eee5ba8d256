// Money over time: discounting by month, net present value, annuity, learning curve.
// Rates are effective per year; a month is one twelfth of a year, so i = (1 + r)^(1/12) - 1.

/// When in its month a payment is taken to fall.
public enum PaymentTiming: String, Sendable, Hashable, Codable {
  /// At the middle of the month.
  case midMonth = "mid-month"
  /// At the end of the month.
  case monthEnd = "month-end"

  /// Months between the start and the payment of month `month` (0, 1, …).
  func offset(_ month: Int) -> Double {
    switch self {
    case .midMonth: Double(month) + 0.5
    case .monthEnd: Double(month) + 1
    }
  }
}

/// The effective monthly rate of an effective yearly rate.
public func monthlyRate(yearly: Double) -> Double { power(1 + yearly, 1 / Double(monthsPerYear)) - 1 }

/// What one dollar paid in month `month` is worth at the start: (1 + r)^-(offset/12).
public func discountFactor(month: Int, yearly: Double, timing: PaymentTiming) -> Double {
  power(1 + yearly, -timing.offset(month) / Double(monthsPerYear))
}

/// Net present value of monthly payments, the first in month 0.
public func netPresentValue(_ payments: [Double], yearly: Double, timing: PaymentTiming) -> Double {
  payments.indices.reduce(0) {
    $0 + payments[$1] * discountFactor(month: $1, yearly: yearly, timing: timing)
  }
}

/// The level monthly payment (end of month) that pays back `capital` less the discounted `residual`:
/// (K - S / (1 + i)^n) · i / (1 - (1 + i)^-n).
///
/// - Parameter monthly: the rate per month; `monthlyRate(yearly:)` for an effective yearly one.
public func annuity(capital: Double, residual: Double = 0, monthly: Double, months: Int) -> Double {
  let n = Double(months)
  guard monthly != 0 else { return (capital - residual) / n }
  return (capital - residual * power(1 + monthly, -n)) * monthly / (1 - power(1 + monthly, -n))
}

/// Wright's law: cost relative to the first unit's after the volume grew `volumeRatio`-fold, when each doubling
/// lowers it by `learningRate`.
public func learningCurve(volumeRatio: Double, learningRate: Double) -> Double {
  power(volumeRatio, logarithm(1 - learningRate) / logarithm(2))
}

/// Months in a year.
let monthsPerYear = 12
