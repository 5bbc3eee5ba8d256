// plimsoll topology: what this machine is, as far as it says, and where a run would measure on it.

import ArgumentParser
import Machines
import Quantities
import Tables
import Topology

struct TopologyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Shows packages, caches, memory, cores and devices, and the placements of a run.",
    discussion: """
      Examples: plimsoll topology
                plimsoll topology --input "pack:2 core:4 pu:2"
                plimsoll topology --input node7.xml --format csv
                plimsoll topology --xml this-host.xml
      """)

  @Option(help: "A hwloc XML file, or a description such as \"pack:2 core:4 pu:2\"; this host if not given.")
  var input: String?

  @Option(help: "Also writes the topology as XML without host name, serial numbers and addresses.")
  var xml: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let topology = try input.map { try Topology(input: $0) } ?? Topology.live()
    let machine = topology.machine()
    let plan = topology.placements(for: machine)
    if let xml { try WholeFile.write(try topology.scrubbedXML(), to: xml) }
    switch output.format {
    case .table, .md, .html: try output.show(TopologyReport(machine, plan).tables)
    case .csv, .json, .jsonl: try output.show([TopologyList(machine, plan).table])
    }
  }
}
