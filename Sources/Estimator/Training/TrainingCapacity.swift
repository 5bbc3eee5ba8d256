// How long a fleet trains a model, and how many such runs it carries at once: work over peak, MFU and goodput.

public import Catalog
public import Quantities
public import Tables

/// What is to be trained, on how much.
public struct TrainingQuery: Sendable, Hashable {
  /// Accelerators of the fleet.
  public var accelerators: Double
  /// Tokens of the run.
  public var tokens: Double
  /// Days that a run may take; nil = the whole fleet trains one run.
  public var days: Double?
  /// Tokens of a sequence.
  public var sequence: Double
  /// bf16 or FP8 products.
  public var format: ElementType

  /// A query from its parts.
  public init(
    accelerators: Double, tokens: Double, days: Double? = nil, sequence: Double = 8192,
    format: ElementType = .bf16
  ) {
    self.accelerators = accelerators
    self.tokens = tokens
    self.days = days
    self.sequence = sequence
    self.format = format
  }
}

/// A fleet's capacity to train.
public struct TrainingCapacity: Sendable, Hashable {
  /// Work of a run in FLOP.
  public let work: Figure
  /// Its share in attention.
  public let attentionShare: Double
  /// Accelerators of one run: the fleet, or as few as make it within the days.
  public let acceleratorsPerRun: Figure
  /// Days of one run.
  public let days: Figure
  /// Runs that the fleet carries at once.
  public let runsAtOnce: Figure
  /// Model FLOP utilisation of a run between failures.
  public let mfu: Figure
  /// Share of the time that advances a run.
  public let usefulShare: Figure
  /// Hours between interruptions of a run.
  public let hoursBetweenFailures: Figure
  /// Minutes between checkpoints.
  public let checkpointMinutes: Figure
  /// Share of the peak over the whole time: MFU times useful share.
  public let effectiveShare: Figure

  /// Every figure with its name, in the order in which people ask.
  public var figures: [(name: String, figure: Figure)] {
    [
      ("runs at once", runsAtOnce), ("accelerators of a run", acceleratorsPerRun), ("days of a run", days),
      ("work of a run", work), ("share of peak while training", mfu),
      ("share of time that advances the run", usefulShare), ("share of peak over all time", effectiveShare),
      ("between interruptions", hoursBetweenFailures), ("between checkpoints", checkpointMinutes),
    ]
  }
}

/// A fleet's capacity to train a catalogued model.
///
/// MFU comes from published runs by scale, failures and checkpoints from published fleets; both are looked up at
/// the accelerators of one run. The intervals are those of MFU: work is exact, and goodput has one source.
/// - Throws: `InputError` where a table lacks a row that everything rests on.
public func trainingCapacity(
  of model: ModelArchitecture, on accelerator: Accelerator, _ query: TrainingQuery, catalog: Catalog,
  goodput: Goodput? = nil
) throws(InputError) -> Known<TrainingCapacity> {
  let losses: Goodput
  if let goodput { losses = goodput } else { losses = try Goodput(catalog.fleet) }
  let format = query.format.trainingName
  guard let line = UtilisationByScale(catalog.trainingRuns, format: format) else {
    throw InputError(
      file: TrainingRun.fileName, "fewer than three runs in \(format)",
      advice: "restore the rows of the bundled table")
  }
  let run = TrainingRunEstimate(
    model: model, accelerator: accelerator, query: query, line: line, goodput: losses,
    hasOwnRuns: catalog.trainingRuns.contains { $0.accelerator == accelerator.id && $0.format == format })
  return run.capacity()
}

/// The arithmetic behind `trainingCapacity`.
private struct TrainingRunEstimate {
  let model: ModelArchitecture
  let accelerator: Accelerator
  let query: TrainingQuery
  let line: UtilisationByScale
  let goodput: Goodput
  let hasOwnRuns: Bool

  func capacity() -> Known<TrainingCapacity> {
    guard let active = model.paramsActiveB, active > 0 else {
      return .failure(gap("no active parameters of \(model.model)", "complete its row in models.csv"))
    }
    let peak = query.format == .fp8 ? accelerator.peak(.fp8) : accelerator.peak(.bf16)
    guard let peak else {
      return .failure(
        gap(
          "no dense \(query.format.trainingName) peak of \(accelerator.id)",
          "add a sourced value to accelerators.csv"))
    }
    return ModelShape.from(model).flatMap { shape in
      let perToken = TrainingWork(
        activeParameters: Unit.billion.toBase(active), model: shape, sequence: query.sequence)
      let work = perToken.total * query.tokens
      return ranks(work, peak.value).flatMap { ranks in
        memoryGap(ranks).map { .failure($0) }
          ?? .success(figures(work, perToken.attention / perToken.total, peak.value, ranks))
      }
    }
  }

  /// Advance of a run in FLOP per second.
  private func speed(_ ranks: Double, _ peak: Double) -> Double {
    ranks * peak * line.mfu(accelerators: ranks).value * goodput.usefulShare(accelerators: ranks)
  }

  /// Accelerators of one run: the fleet, or the fewest that make it in time.
  private func ranks(_ work: Double, _ peak: Double) -> Known<Double> {
    let fleet = query.accelerators
    guard speed(fleet, peak) > 0 || query.days != nil else {
      return .failure(
        gap(
          "a run over \(grouped(fleet, decimals: 0)) accelerators fails faster than it comes back",
          "give --days, so that several runs share the fleet, or a shorter restart"))
    }
    guard let days = query.days else { return .success(fleet) }
    let needed = work / Unit.day.toBase(days)
    // Speed rises with the ranks up to where failures eat it; the first whole number that is fast enough.
    var high = 1.0
    while high < fleet, speed(high, peak) < needed { high *= 2 }
    high = min(high, fleet)
    guard speed(high, peak) >= needed else {
      return .failure(
        gap(
          "\(grouped(fleet, decimals: 0)) accelerators make no run within \(fixed(days, decimals: 1)) days",
          "allow more days or give more accelerators"))
    }
    var low = 0.0
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded()
      if speed(middle, peak) >= needed { high = middle } else { low = middle }
    }
    return .success(high.rounded(.up))
  }

  /// Weights and gradients in 16 bits, weights and two moments in 32: sixteen bytes a parameter over the ranks.
  private func memoryGap(_ ranks: Double) -> Gap? {
    guard let total = model.paramsTotalB,
      let memory = accelerator.visibleMemory ?? accelerator.marketingMemory
    else { return nil }
    let state = Unit.billion.toBase(total) * bytesOfState
    guard state > ranks * memory.value else { return nil }
    let fewest = (state / memory.value).rounded(.up)
    return gap(
      "the training state of \(grouped(Unit.gigabyte.fromBase(state), decimals: 0)) GB needs at least "
        + "\(grouped(fewest, decimals: 0)) \(accelerator.id)",
      "use more accelerators, or fewer days so that a run gets more")
  }

  private func figures(
    _ work: Double, _ attentionShare: Double, _ peak: Double, _ ranks: Double
  ) -> TrainingCapacity {
    let (mfu, range) = line.mfu(accelerators: ranks)
    let useful = goodput.usefulShare(accelerators: ranks)
    let days = Unit.day.fromBase(work / speed(ranks, peak))
    let between = goodput.timeBetweenFailures(accelerators: ranks).value
    let interval = goodput.checkpointInterval(accelerators: ranks).value
    let trust: Trust = hasOwnRuns ? .published : .datasheet
    let format = query.format.trainingName
    let shares =
      [
        "training_runs.csv: \(line.names.count) runs in \(format) on \(grouped(line.range.lowerBound, decimals: 0)) "
          + "to \(grouped(line.range.upperBound, decimals: 0)) accelerators"
      ]
      + (hasOwnRuns ? [] : ["no published run in \(format) on \(accelerator.id): other chips' share of peak"])
      + (line.range.contains(ranks) ? [] : ["outside the scale of published runs"])
    let failures = [
      "fleet_facts.csv: llama3_405b_gpu_hours_per_interruption, checkpoint_save_stall, checkpoint_save_time, "
        + "failure_detection_time, checkpoint_load_time"
    ]
    let chips = ["accelerators.csv: \(accelerator.id)", "models.csv: \(model.model)"]
    func figure(
      _ value: Double, _ unit: String, _ trust: Trust, _ interval: Interval?, _ sources: [String]
    ) -> Figure { Figure(value, unit, interval: interval, trust: trust, sources: sources) }
    // A faster run is a shorter one.
    let times = Interval(days * mfu / range.high, days * mfu / range.low)
    // The first order: a run of another speed needs ranks in inverse proportion.
    let sizes =
      query.days == nil
      ? nil : Interval((ranks * mfu / range.high).rounded(.up), (ranks * mfu / range.low).rounded(.up))
    return TrainingCapacity(
      work: figure(work, FLOP.symbol, .published, nil, chips + ["6ND and causal attention"]),
      attentionShare: attentionShare,
      acceleratorsPerRun: figure(
        ranks, "count", query.days == nil ? .assumed : trust, sizes, chips + shares + failures),
      days: figure(days, "day", trust, times, chips + shares + failures),
      runsAtOnce: figure(
        (query.accelerators / ranks).rounded(.down), "count", trust, sizes.map(runs),
        chips + shares + failures),
      mfu: figure(mfu, "1", trust, range, shares),
      usefulShare: figure(useful, "1", .published, nil, failures),
      hoursBetweenFailures: figure(Unit.hour.fromBase(between), "h", .published, nil, failures),
      checkpointMinutes: figure(Unit.minute.fromBase(interval), "min", .published, nil, failures),
      effectiveShare: figure(
        mfu * useful, "1", trust, Interval(range.low * useful, range.high * useful), shares + failures))
  }

  /// Runs that the fleet carries where one takes so many accelerators.
  private func runs(_ sizes: Interval) -> Interval {
    Interval(
      (query.accelerators / sizes.high).rounded(.down), (query.accelerators / sizes.low).rounded(.down))
  }

  private func gap(_ missing: String, _ remedy: String) -> Gap {
    Gap("training \(model.model) on \(accelerator.id)", missing: missing, remedy: remedy)
  }
}

/// bf16 weights and gradients, fp32 weights and the two moments of Adam, in bytes a parameter.
private let bytesOfState = 16.0

extension ElementType {
  /// Name of the format in training_runs.csv.
  var trainingName: String { self == .bf16 ? "bf16" : self == .fp8 ? "fp8" : "fp4" }
}
