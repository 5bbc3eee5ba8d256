// One option of a budget plan in one sample, as plain arithmetic over the months: what the money buys at the sampled
// price, what it serves, what it costs. The same formulas as the plan's, with throughput at the plan's lengths.

import Quantities

/// Where the inputs of a sample stand; nil for an input that is fixed.
struct SampleInputs: Sendable {
  private let places: [String: Int]
  private let values: [String: Double]

  /// - Parameter fixed: values of the inputs that do not vary.
  init(_ variables: [Variable], fixed: [String: Double]) {
    places = Dictionary(
      variables.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    values = fixed
  }

  /// A reader of one input: its place in the sample, or its fixed value.
  func reader(_ name: String, otherwise: Double = 1) -> SampleInput {
    places[name].map { .varies($0) } ?? .fixed(values[name] ?? otherwise)
  }
}

/// One input as an evaluator reads it.
enum SampleInput: Sendable {
  case varies(Int)
  case fixed(Double)

  @inline(__always) func callAsFunction(_ sample: Sample) -> Double {
    switch self {
    case .varies(let place): sample[place]
    case .fixed(let value): value
    }
  }
}

/// Name of the variable of a chip's throughput error; errors of one chip and model are common to a fleet.
func throughputVariable(_ accelerator: String) -> String { "throughput_factor:\(accelerator)" }

/// Evaluates one option.
struct OptionEvaluator: Sendable {
  private let hours: [Double]
  private let timing: PaymentTiming
  private let rate: Double
  private let usableShare: Double
  private let strandedShare: Double
  private let utilisation: Double
  private let prefill: Double
  private let decode: Double
  private let slipMedian: Double
  private let wanted: [Double]
  private let isOwn: Bool
  private let upfrontApplies: Bool
  private let fixedAccelerators: Double?

  private let budget, cpu, network, storage, ramp, acceptance, slip, discount, upfront: SampleInput
  private let input, output, cached, perDay, daily, minute, policy: SampleInput
  private let steady, mix, software, chip, common, demand, price, available: SampleInput

  /// - Parameters:
  ///   - wanted: tokens that are wanted in each month, in millions.
  init(
    _ plan: Plan, _ option: PlanOption, _ capacity: PlanCapacity, _ inputs: SampleInputs, wanted: [Double]
  ) {
    let scenario = plan.scenario
    hours = plan.months.map(\.hours)
    timing = plan.timing
    rate = option.rate.usdPerHour / (option.basis == .own ? 1 : scenario.number("price_factor") ?? 1)
    usableShare = 1 - option.spareShare
    strandedShare = capacity.strandedShare
    utilisation = capacity.utilisation / (scenario.number("utilisation_policy") ?? 1)
    prefill = capacity.throughput.prefill.value
    decode = capacity.throughput.decode.value
    slipMedian = scenario.number("slip_months") ?? 0
    self.wanted = wanted
    isOwn = option.basis == .own
    upfrontApplies = option.basis == .contracted
    fixedAccelerators = plan.acceleratorMoney == nil ? option.accelerators : nil
    budget = inputs.reader("budget_usd", otherwise: 0)
    cpu = inputs.reader("cpu_share", otherwise: 0)
    network = inputs.reader("network_share", otherwise: 0)
    storage = inputs.reader("storage_share", otherwise: 0)
    ramp = inputs.reader("ramp_months", otherwise: 0)
    acceptance = .fixed(
      scenario.text("billing_start") == BillingStart.delivery.rawValue
        ? scenario.number("acceptance_months") ?? 0 : 0)
    slip = inputs.reader(StressVariable.deliverySlip, otherwise: slipMedian)
    discount = inputs.reader("discount_rate", otherwise: 0)
    upfront = inputs.reader("upfront_share", otherwise: 0)
    input = inputs.reader("input_tokens")
    output = inputs.reader("output_tokens")
    cached = inputs.reader("cached_share", otherwise: 0)
    perDay = inputs.reader("requests_per_user_day")
    daily = inputs.reader("daily_peak_over_mean")
    minute = inputs.reader("minute_peak_over_mean")
    policy = inputs.reader("utilisation_policy")
    steady = inputs.reader("steady_factor")
    mix = inputs.reader("mix_factor")
    software = inputs.reader("software_factor")
    chip = inputs.reader(throughputVariable(option.offer.accelerator))
    common = inputs.reader(StressVariable.throughput)
    demand = inputs.reader("demand_factor")
    price = inputs.reader("price_factor")
    available = inputs.reader(StressVariable.provider(option.offer.provider))
  }

  /// The option in a sample.
  ///
  /// - Complexity: O(months).
  func evaluate(_ sample: Sample) -> Outcome {
    let share = 1 - cpu(sample) - network(sample) - storage(sample)
    let hourly = rate * (isOwn ? 1 : price(sample))
    let rampMonths = ramp(sample)
    let accelerators: Double
    if let fixedAccelerators {
      accelerators = fixedAccelerators
    } else {
      var paid = 0.0
      for month in hours.indices { paid += hours[month] * rampShare(month, rampMonths, shift: 0) }
      accelerators = budget(sample) * max(0, share) / (paid * hourly)
    }
    let fresh = input(sample) * (1 - cached(sample))
    let seconds = fresh / prefill + output(sample) / decode
    let speed = steady(sample) * mix(sample) * software(sample) * chip(sample) * common(sample)
    // Mean tokens/s of one accepted accelerator, in millions.
    let tokens =
      usableShare * (1 - strandedShare) * min(1, utilisation * policy(sample)) * speed / seconds
      / (daily(sample) * minute(sample)) * Unit.millionTokens.fromBase(input(sample) + output(sample))
    let lag = -(acceptance(sample) + slip(sample) - slipMedian)
    let step = power(1 + discount(sample), -1 / Double(monthsPerYear))
    var factor = timing == .midMonth ? squareRoot(step) : step
    let wants = demand(sample)
    let isThere = available(sample)
    let ahead = upfrontApplies ? upfront(sample) : 0
    var (present, paid, served, short) = (0.0, 0.0, 0.0, 0.0)
    for month in hours.indices {
      let billed = accelerators * rampShare(month, rampMonths, shift: 0) * isThere
      let spend = billed * hours[month] * hourly / share
      present += spend * (ahead + (1 - ahead) * factor)
      paid += spend
      let capacity =
        accelerators * rampShare(month, rampMonths, shift: lag) * isThere * tokens
        * Unit.hour.toBase(hours[month])
      served += capacity
      short += max(0, wanted[month] * wants - capacity)
      factor *= step
    }
    return Outcome(costUSD: present, usdPerMtok: served > 0 ? paid / served : 0, shortage: short)
  }

  @inline(__always) private func rampShare(_ month: Int, _ ramp: Double, shift: Double) -> Double {
    let passed = Double(month) + 0.5 + shift
    guard passed > 0 else { return 0 }
    return ramp > 0 ? min(1, passed / ramp) : 1
  }
}
