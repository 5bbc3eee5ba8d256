// What a plan's documents show beside the plan itself, where the caller has it: the same scenario at the ends of its
// ranges, and an earlier plan to compare with.

public import Planner

/// Values from other runs that belong into a plan's documents.
public struct PlanCompanions: Sendable {
  /// The scenario's headline at the base, low and high ends of its inputs.
  public var cases: [RangeEnd: HeadlineMetrics] = [:]
  /// The plan on samples of its uncertain inputs.
  public var uncertainty: PlanUncertainty?
  /// The plan's fleet simulated.
  public var simulation: PlanSimulation?
  /// What changed since an earlier plan, and which input did it.
  public var difference: PlanDifference?
  /// Name of the earlier plan.
  public var earlier = ""
  /// What made the plan.
  public var run = PlanRun()
  /// Nothing.
  public init() {}

  /// The scenario planned at all three ends.
  ///
  /// - Parameter plan: plans a scenario with the same evidence; an end that cannot be planned is left out.
  public init(_ scenario: Scenario, base: Plan, plan: (Scenario) throws -> Plan) {
    for end in RangeEnd.allCases {
      cases[end] =
        end == .base ? HeadlineMetrics(base) : (try? plan(scenario.at(end))).map { HeadlineMetrics($0) }
    }
  }
}
