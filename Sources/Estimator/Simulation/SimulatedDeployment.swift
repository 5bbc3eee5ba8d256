// From the catalogue to a simulation: the step times of a deployment, and its simulated times beside the formulas.

public import Catalog
public import Quantities

extension Estimator {
  /// A simulation of one replica.
  ///
  /// - Parameter batches: the largest batch that it may run.
  /// - Returns: a gap where a row lacks what the step times need; whether the weights fit, `serve` says.
  public func simulation(
    model: ModelArchitecture, on accelerator: Accelerator, deployment: Deployment, workload: Workload,
    batches: Int
  ) -> Known<Simulation> {
    rates(of: accelerator).flatMap { chip in
      ModelShape.from(model).map { shape in
        let step = StepModel(model: shape, chip: chip, deployment: deployment, constants: constants)
        return Simulation(
          StepTimes(step, workload: workload, batches: max(1, batches)),
          scheduler: Scheduler(deployment, cachedShare: workload.cachedShare))
      }
    }
  }

  /// The closed loop that the formulas describe: as many clients as the concurrency, ten prompts each, lengths
  /// uniform over a fifth around their mean.
  public func simulated(
    model: ModelArchitecture, on accelerator: Accelerator, deployment: Deployment, workload: Workload,
    clients: Int, seed: UInt64 = 1
  ) -> Known<SimulationResult> {
    let clients = max(1, clients)
    let spread = LengthSpread.uniform(from: benchmarkShare)
    let nominal = { (mean: Double) in 2 * mean / (1 + benchmarkShare) }
    return simulation(
      model: model, on: accelerator, deployment: deployment, workload: workload, batches: clients
    ).flatMap { simulation in
      RequestList.drawn(
        max(40, 10 * clients), inputTokens: nominal(workload.inputTokens),
        outputTokens: nominal(workload.outputTokens), spread: spread,
        arrivals: .closedLoop(clients: clients), seed: seed
      ).flatMap(simulation.run)
    }
  }
}

/// Benchmarks draw lengths from this share of the nominal length up to the whole.
private let benchmarkShare = 0.8
