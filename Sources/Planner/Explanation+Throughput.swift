// A plan's rates and times walked back past the estimator: operators, constants of the engine and facts of the chip.

public import Catalog
public import Estimator
public import Quantities
public import Tables

extension Plan {
  /// Figures that the estimator makes and that `walk` takes apart.
  public static let walkedFigures = [
    "prefill_tokens_s_per_accelerator", "decode_tokens_s_per_accelerator", "ttft_s", "tpot_s",
  ]

  /// The operators behind the rates and times of an option (the headline's by default) and a stand-in (the first by default), then
  /// constants and facts that they rest on, then what the estimate assumes.
  ///
  /// - Parameters:
  ///   - estimator: the one that the plan was made with; another would answer for another deployment.
  ///   - kernels: measured_kernels.csv, whose rows of the chip are counted.
  /// - Returns: a gap where the option has no rate, or the estimator none of its own.
  public func walk(
    option id: String? = nil, model name: String? = nil, estimator: Estimator, catalog: Catalog,
    kernels: [MeasuredKernel] = []
  ) -> Known<[ReportTable]> {
    guard let option = explained(id), let standIn = row(option, name)?.standIn else {
      return .failure(
        Gap(
          "operators of \(id ?? leading ?? "the plan")", missing: "no model has a rate on this option",
          remedy: "the gaps of `plimsoll plan` say why"))
    }
    guard let model = catalog.model(standIn.model),
      let chip = catalog.accelerator(option.offer.accelerator),
      let service = try? PlanNumbers(scenario).service
    else {
      return .failure(
        Gap(
          "operators of \(option.id)", missing: "no row of \(standIn.model) or \(option.offer.accelerator)",
          remedy: "give the catalogue that the plan was made with"))
    }
    let workload = Workload(service)
    return estimator.serve(model, on: chip, option.offer, service).flatMap { estimate in
      estimator.walk(model: model, on: chip, workload: workload, estimate: estimate).map { walk in
        var tables = walk.tables()
        tables[0].notes.insert(
          "Of \(model.model) on \(chip.id), \(estimate.deployment.summary).", at: 0)
        tables += walk.evidence(
          of: estimate.deployment, workload: workload, model: model, on: chip, in: catalog, kernels: kernels)
        tables[tables.count - 1].notes += Plan.assumptions(estimate, model)
        return tables
      }
    }
  }

  /// What holds for every such estimate.
  private static func assumptions(_ estimate: ServingEstimate, _ model: ModelArchitecture) -> [String] {
    let experts = model.kind == "moe" ? "; tokens visit the experts evenly" : ""
    return [
      "Assumed: every request has the mean lengths, arrivals are independent, and \(estimate.batch) requests are in "
        + "flight in a replica, limited by \(estimate.limitedBy)\(experts)."
    ]
  }
}
