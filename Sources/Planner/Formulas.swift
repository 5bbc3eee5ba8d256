// Every figure of a plan as one short formula of named inputs and other figures. A sheet writes the same
// formulas cell by cell; nothing else in this room multiplies.

import Quantities

/// The plan's arithmetic. Names are those of the columns.
public enum Formulas {
  // MARK: Money and time

  /// Share of the budget that pays for accelerators: 1 - cpu - network - storage.
  public static func acceleratorShare(cpu: Double, network: Double, storage: Double) -> Double {
    1 - cpu - network - storage
  }

  /// accelerator_money_usd = budget_usd · accelerator_share.
  public static func acceleratorMoney(budget: Double, acceleratorShare: Double) -> Double {
    budget * acceleratorShare
  }

  /// Share of the final fleet that is there in the middle of month `month`, for a linear ramp:
  /// min(1, (month + 0.5) / ramp_months).
  public static func rampShare(month: Int, rampMonths: Double) -> Double {
    guard rampMonths > 0 else { return 1 }
    return min(1, (Double(month) + 0.5) / rampMonths)
  }

  /// The same ramp `shift` months earlier (positive) or later (negative); nothing is there before it begins.
  public static func rampShare(month: Int, rampMonths: Double, shift: Double) -> Double {
    let passed = Double(month) + 0.5 + shift
    guard passed > 0 else { return 0 }
    return rampMonths > 0 ? min(1, passed / rampMonths) : 1
  }

  /// paid_hours of one accelerator over the term: Σ ramp_share · hours.
  public static func paidHours(_ months: [PlanMonth]) -> Double {
    months.reduce(0) { $0 + $1.rampShare * $1.hours }
  }

  // MARK: Chips

  /// accelerators_raw = accelerator_money_usd / (paid_hours · usd_per_accelerator_hour).
  public static func rawAccelerators(money: Double, paidHours: Double, rate: Double) -> Double {
    money / (paidHours * rate)
  }

  /// accelerators = floor(accelerators_raw / unit) · unit: whole saleable units only.
  public static func wholeUnits(_ raw: Double, unit: Int) -> Double {
    (raw / Double(unit)).rounded(.down) * Double(unit)
  }

  /// accelerator_cost_usd = accelerators · paid_hours · usd_per_accelerator_hour.
  public static func acceleratorCost(accelerators: Double, paidHours: Double, rate: Double) -> Double {
    accelerators * paidHours * rate
  }

  /// racks = accelerators / accelerators_per_rack, rounded up.
  public static func racks(accelerators: Double, perRack: Int) -> Double {
    (accelerators / Double(perRack)).rounded(.up)
  }

  /// power_mw = accelerators · kw_per_accelerator / 1000; the basis (IT or facility) is the table's, and no
  /// PUE is multiplied on top of either.
  public static func megawatts(accelerators: Double, kilowattsEach: Double) -> Double {
    Unit.megawatt.fromBase(accelerators * Unit.kilowatt.toBase(kilowattsEach))
  }

  // MARK: Serving

  /// usable = accelerators · (1 - spare_share).
  public static func usable(accelerators: Double, spareShare: Double) -> Double {
    accelerators * (1 - spareShare)
  }

  /// Share of a scale-up domain that no whole replica fits: 1 - floor(d / n) · n / d; 0 for replicas that span
  /// domains.
  public static func strandedShare(domain: Int, replica: Int) -> Double {
    guard replica > 0, domain > 0, replica <= domain else { return 0 }
    return 1 - Double(domain / replica * replica) / Double(domain)
  }

  /// Accelerator-seconds that one request takes: fresh input / θ_prefill + output / θ_decode.
  public static func secondsPerRequest(request: RequestShape, prefill: Double, decode: Double) -> Double {
    request.freshInputTokens / prefill + request.outputTokens / decode
  }

  /// peak_requests_s = usable · (1 - stranded) · utilisation · derating / seconds_per_request.
  public static func peakRequests(
    usable: Double, strandedShare: Double, utilisation: Double, derating: Double, secondsPerRequest: Double
  ) -> Double {
    usable * (1 - strandedShare) * utilisation * derating / secondsPerRequest
  }

  /// users = peak_requests_s / peak_over_mean · seconds per day / requests per user and day.
  public static func users(peakRequests: Double, peakOverMean: Double, requestsPerUserDay: Double) -> Double {
    peakRequests / peakOverMean * Unit.day.toBase(1) / requestsPerUserDay
  }

  /// goodput = (1 - failures · restart - maintenance) · (1 - failures · request / 2): a replica is down while it
  /// restarts on spares, and half of each request in flight is lost with it. 0 where nothing is left.
  public static func goodput(
    failuresPerSecond: Double, restartSeconds: Double, maintenanceShare: Double, requestSeconds: Double
  ) -> Double {
    max(0, 1 - failuresPerSecond * restartSeconds - maintenanceShare)
      * max(0, 1 - failuresPerSecond * requestSeconds / 2)
  }

  // MARK: Training

  /// Compute of a training run, 6·N·D FLOP: two for the forward and four for the backward pass of each parameter.
  public static func trainingCompute(activeParameters: Double, tokens: Double) -> Double {
    6 * activeParameters * tokens
  }

  /// accelerators_per_run = 6ND / (days · peak · MFU).
  public static func acceleratorsPerRun(compute: Double, days: Double, peak: Double, utilisation: Double)
    -> Double
  {
    compute / (Unit.day.toBase(days) * peak * utilisation)
  }

  /// npv_usd: `upfrontShare` of all payments is due at the start, the rest in its months.
  public static func netPresentValue(
    _ payments: [Double], upfrontShare: Double, yearly: Double, timing: PaymentTiming
  ) -> Double {
    upfrontShare * payments.reduce(0, +) + (1 - upfrontShare)
      * Planner.netPresentValue(payments, yearly: yearly, timing: timing)
  }

  // MARK: Unit costs

  /// All-in cost of one paid accelerator-hour: rate / accelerator_share (CPUs, network and storage included).
  public static func allInRate(rate: Double, acceleratorShare: Double) -> Double { rate / acceleratorShare }

  /// Mean requests per paid accelerator-hour: mean requests/s · 3600 / accelerators.
  public static func requestsPerHour(peakRequests: Double, peakOverMean: Double, accelerators: Double)
    -> Double
  {
    peakRequests / peakOverMean * Unit.hour.toBase(1) / accelerators
  }

  /// USD per million tokens: `share` of the hour's cost over `tokens` per request.
  public static func perMillionTokens(
    allInRate: Double, share: Double, requestsPerHour: Double, tokensPerRequest: Double
  ) -> Double {
    allInRate * share / (requestsPerHour * Unit.millionTokens.fromBase(tokensPerRequest))
  }

  /// Share of a request's accelerator-seconds that its prefill takes.
  public static func prefillShare(request: RequestShape, prefill: Double, secondsPerRequest: Double) -> Double
  {
    request.freshInputTokens / prefill / secondsPerRequest
  }
}

/// The shape of a request.
public struct RequestShape: Sendable, Hashable, Codable {
  /// Prompt tokens, cached ones included.
  public let inputTokens: Double
  /// Generated tokens.
  public let outputTokens: Double
  /// Share of the prompt that a prefix cache already holds.
  public let cachedShare: Double
  /// A request from its parts.
  public init(inputTokens: Double, outputTokens: Double, cachedShare: Double) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.cachedShare = cachedShare
  }
  /// Prompt tokens that must be computed: input · (1 - cached).
  public var freshInputTokens: Double { inputTokens * (1 - cachedShare) }
  /// All tokens of a request.
  public var totalTokens: Double { inputTokens + outputTokens }
}

/// One month of the term.
public struct PlanMonth: Sendable, Hashable, Codable {
  /// 0 for the first month.
  public let index: Int
  /// `2025-11`.
  public let label: String
  /// Hours that count for payment.
  public let hours: Double
  /// Share of the final fleet that is billed in mid-month.
  public let rampShare: Double
  /// Share of the final fleet that is delivered in mid-month: runs ahead of the bill where that begins with
  /// the acceptance.
  public let deliveredShare: Double
  /// Share of the final fleet that is accepted in mid-month: lags the bill where that begins with the delivery.
  public let acceptedShare: Double
  /// A month from its parts; without them deliveries and acceptance go with the bill.
  public init(
    index: Int, label: String, hours: Double, rampShare: Double, deliveredShare: Double? = nil,
    acceptedShare: Double? = nil
  ) {
    self.index = index
    self.label = label
    self.hours = hours
    self.rampShare = rampShare
    self.deliveredShare = deliveredShare ?? rampShare
    self.acceptedShare = acceptedShare ?? rampShare
  }
}
