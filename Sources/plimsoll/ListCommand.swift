// plimsoll list: the rows that a suite has after all filters, and what they would cost.

import ArgumentParser
import Machines
import Suites
import Topology

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows the rows of a suite after filters, with their memory and time.",
    discussion: """
      Takes the options of 'plimsoll run' and measures nothing.
      Example: plimsoll list --suite default --filter 'model:/Llama/ phase:decode'
      """)

  @OptionGroup var measure: MeasureOptions
  @OptionGroup(title: "Configuration") var configuration: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let topology = try Topology.live()
    let machine = topology.machine()
    let settings = RunSettings(measure)
    if configuration.printConfig {
      try output.show([ResolvedArguments.table(settings.resolved)])
      return
    }
    let (cases, places) = try settings.selection(topology.placements(for: machine), on: machine)
    let plan = try settings.plan(machine, cases, places)
    try output.show([RunListing(plan: plan, suiteName: measure.suite.suiteName).table])
  }
}
