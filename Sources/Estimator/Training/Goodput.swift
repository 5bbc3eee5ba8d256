// What failures leave of a training run: checkpoints in the interval of Young and Daly, work lost since the last
// one, and the time to come back.
//
//   MTBF = hours per interruption / accelerators
//   tau  = sqrt(2·stall·MTBF), at least the time a checkpoint takes to be usable      [Young 1974, Daly 2006]
//   lost = tau/2 + save + restart                                                     per interruption
//   useful share = (1 − lost/MTBF) / (1 + stall/tau)

public import Catalog
public import Quantities
public import Tables

/// Failures and checkpoints of a fleet that trains.
public struct Goodput: Sendable, Hashable {
  /// Time of one accelerator between interruptions of its run.
  public var acceleratorTimeBetweenFailures: Seconds
  /// Time that training stands still for a checkpoint.
  public var stall: Seconds
  /// Time until a checkpoint can be used.
  public var save: Seconds
  /// From the interruption to the first new step: detection, diagnosis, loading.
  public var restart: Seconds

  /// Times from their parts.
  public init(
    acceleratorTimeBetweenFailures: Seconds, stall: Seconds, save: Seconds, restart: Seconds
  ) {
    self.acceleratorTimeBetweenFailures = acceleratorTimeBetweenFailures
    self.stall = stall
    self.save = save
    self.restart = restart
  }

  /// The published times of fleet_facts.csv.
  ///
  /// - Throws: `InputError` that names the row that is missing.
  public init(_ facts: [FleetFact]) throws(InputError) {
    func time(_ metric: String) throws(InputError) -> Seconds {
      guard let row = facts.first(where: { $0.metric == metric }), let value = row.value else {
        throw InputError(
          file: FleetFact.fileName, "the row '\(metric)' is missing",
          advice: "restore it from the bundled table")
      }
      let symbol = row.unit == "GPU-hours" ? "h" : row.unit
      guard let unit = Unit(symbol), unit.dimension == .time, value > 0 else {
        throw InputError(
          file: FleetFact.fileName, "'\(metric)' is no time: \(value) \(row.unit)",
          advice: "write a value above zero in s, min, h or GPU-hours")
      }
      return Seconds(unit.toBase(value))
    }
    self.init(
      acceleratorTimeBetweenFailures: try time("llama3_405b_gpu_hours_per_interruption"),
      stall: try time("checkpoint_save_stall"), save: try time("checkpoint_save_time"),
      restart: try time("failure_detection_time") + time("checkpoint_load_time"))
  }

  /// Mean time between interruptions of a run over `accelerators` accelerators.
  public func timeBetweenFailures(accelerators: Double) -> Seconds {
    acceleratorTimeBetweenFailures / max(1, accelerators)
  }

  /// Checkpoint interval with the least loss, to the first order.
  public func checkpointInterval(accelerators: Double) -> Seconds {
    let between = timeBetweenFailures(accelerators: accelerators).value
    return Seconds(max((2 * stall.value * between).squareRoot(), save.value))
  }

  /// Share of the time that advances the run; 0 where it fails faster than it comes back.
  public func usefulShare(accelerators: Double) -> Double {
    let between = timeBetweenFailures(accelerators: accelerators).value
    let interval = checkpointInterval(accelerators: accelerators).value
    let lost = interval / 2 + save.value + restart.value
    return max(0, 1 - lost / between) / (1 + (interval > 0 ? stall.value / interval : 0))
  }
}
