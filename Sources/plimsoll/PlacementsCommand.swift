// plimsoll placements: where a run would measure on a machine, and why not elsewhere.

import ArgumentParser
import Machines
import Tables
import Topology

struct PlacementsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "placements",
    abstract: "Shows the placements of a machine, or those that options choose.",
    discussion: """
      Without options: all, those of a default run marked. Names: core0, l3_0, numa0, machine; numa0x4 = its first four \
      CPUs; +smt, +interleave, +remote1; groups: all, replicas, sweep:compact, sweep:scatter.
      Examples: plimsoll placements
                plimsoll placements --input "pack:2 [numa] l3:4 core:4 pu:2" --placement sweep:compact
                plimsoll placements --threads 1-64*2 --numa interleave
      """)

  @Option(help: "A hwloc XML file, or a description such as \"pack:2 core:4 pu:2\"; this host if not given.")
  var input: String?

  @OptionGroup var places: PlaceOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let topology = try input.map { try Topology(input: $0) } ?? Topology.live()
    let plan = topology.placements(for: topology.machine())
    let isChosen = places.isGiven
    let choice = try places.choose(plan)
    let taken = Set(choice.places.map(\.name))
    let shown = isChosen ? choice.places : plan.used
    let title = isChosen ? "Placements of these options" : "Placements"
    var table =
      output.format.isForPeople
      ? ReportTable(title, PlacementsCommand.few) : ReportTable(title, PlacementsCommand.all)
    for place in shown {
      let isTaken = taken.contains(place.name) || !taken.isDisjoint(with: place.aliases)
      let run: Cell = .text(isTaken ? "yes" : "no")
      let workers = place.replicaSets.map(\.description).joined(separator: " | ")
      let nodes = place.expectedNodes?.description ?? ""
      table.append(
        output.format.isForPeople
          ? [
            .text(place.name), .integer(place.threads),
            .text(workers.isEmpty ? place.cpus.description : workers),
            .text(place.smt), .text("\(place.memoryPolicyName) \(nodes)"), run,
            .text(place.aliases.joined(separator: " ")),
          ]
          : [
            .text(place.name), .text(place.kind), .integer(place.threads), .text(place.cpus.description),
            .text(place.smt), .text(place.memoryPolicyName), .text(nodes), .text(workers),
            .text(place.aliases.joined(separator: " ")), run,
          ])
    }
    if !isChosen {
      table.notes.append("A default run takes \(choice.places.map(\.name).joined(separator: ", ")).")
    }
    table.notes += plan.remarks
    table.notes += (isChosen ? choice.leftOut : plan.dropped).map { "Left out: \($0.name): \($0.reason)." }
    try output.show([table])
  }

  /// What fits a line.
  private static let few: [ReportTable.Column] = [
    .init("placement"), .init("threads"), .init("cpus", "CPUs"), .init("smt", "SMT"), .init("memory"),
    .init("taken", "run"), .init("aliases", "also called"),
  ]

  private static let all: [ReportTable.Column] = [
    .init("placement"), .init("kind"), .init("threads"), .init("cpus"), .init("smt"), .init("memory_policy"),
    .init("memory_nodes"), .init("replicas"), .init("aliases"), .init("taken"),
  ]
}
