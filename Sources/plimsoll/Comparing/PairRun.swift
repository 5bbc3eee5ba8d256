// Two builds of the program measured in turn on this host: worker beside worker, one at a time, round by round. Each
// side gets result files of its own, which know each other.

import Foundation
import Machines
import Measurement
import Results
import Suites
import Tables
import Topology

/// The measuring half of `compare --pair`.
struct PairRun {
  private let builds: [CompareFile]
  private let measure: MeasureOptions
  private let folder: String
  private let session: SessionOptions

  /// - Parameters:
  ///   - named: one build or two, the reference first; the second of one is this program.
  ///   - folder: where the files of both sides go.
  init(_ named: [CompareFile], _ measure: MeasureOptions, folder: String, session: SessionOptions) {
    var pair = named.count == 1 ? named + [CompareFile(label: "this build", path: ownExecutable)] : named
    if pair[0].label == pair[1].label {
      pair = zip(pair, ["A", "B"]).map { CompareFile(label: "\($0.label) (\($1))", path: $0.path) }
    }
    builds = pair
    var measure = measure
    // A verdict is what is asked for.
    if measure.sampling.rigor == nil, measure.sampling.processes == nil { measure.sampling.rigor = .compare }
    self.measure = measure
    self.folder = folder
    self.session = session
  }

  /// Measures both builds and returns their result files.
  ///
  /// - Throws: `CommandFailure`: 64 for options that make no sense here, 65 for a build that is none, 74 for a
  ///   folder that cannot be written, 130 or 143 after a signal.
  func run() throws -> [CompareFile] {
    Interrupt.watch()
    let topology = try Topology.live()
    let machine = topology.machine()
    let settings = RunSettings(measure)
    try BLASSetup.check(measure.blas.blasCoretype, on: machine)
    let (cases, places) = try settings.selection(topology.placements(for: machine), on: machine)
    if let replicas = places.first(where: { $0.workers.count > 1 }) {
      throw CommandFailure(
        .usage,
        "\(replicas.name) has several workers, which leave no turns to others; choose with --placement")
    }
    var plan = try settings.plan(machine, cases, places)
    // What may be small is judged by quotients: a restless row gets more processes, whatever its noise looks like.
    plan.stop.acceptsStableNoise = false
    if measure.sampling.processes == nil, measure.sampling.maxNoise == nil {
      plan.stop.maximumProcesses = 4 * plan.stop.minimumProcesses
    }
    try checkWritable(folder)
    let doctor = HostExamination.tell(machine, folder: folder, isQuiet: session.quiet)
    if session.showsProgress { StandardError.write("Timing the kernel sets of OpenBLAS …") }
    let blas = BLASSetup(plan: plan, machine: machine, requested: measure.blas.blasCoretype)
    if let refusal = blas.genericRefusal, !measure.blas.allowGenericBlas {
      throw CommandFailure(.usage, refusal)
    }
    let runner = Runner(
      plan,
      builds: builds.map {
        WorkerBuild(executable: $0.path, arguments: ["worker"], environment: blas.environment)
      })
    for (build, fault) in zip(builds, runner.faults()) {
      if let fault {
        throw CommandFailure(
          .badData,
          "\(build.path) is no build of plimsoll that could measure here: \(fault); give the path of its program"
        )
      }
    }
    let facts = RunFacts(machine: machine, settings: settings, blas: blas)
    let sides = try sides(facts, plan, topologyXML: try topology.scrubbedXML(), doctor)
    let outcomes = runner.run(sides, from: sides.map { _ in plan.outcomes() })
    for (side, outcome) in zip(sides, outcomes) { _ = try side.close(outcome) }
    for warning in sides[0].meta.warnings where !warning.hasPrefix(HostExamination.mark) {
      session.warn(warning)
    }
    let files = zip(builds, sides).map { CompareFile(label: $0.label, path: $1.stem + ".csv") }
    if let status = Interrupt.status {
      let names = files.map(\.path).joined(separator: " ")
      throw CommandFailure(
        status, "stopped; what both sides have measured is kept: plimsoll compare \(names)")
    }
    for file in files { StandardError.write("\(file.label): \(file.path)") }
    return files
  }

  /// The files of both sides, opened; the first shows the progress of both.
  private func sides(
    _ facts: RunFacts, _ plan: RunPlan, topologyXML: String, _ doctor: [String]
  ) throws -> [RunSession] {
    var infos = builds.map { _ in facts.info() }
    for (index, mark) in ["pair=A", "pair=B"].enumerated() {
      infos[index].started = infos[0].started
      infos[index].tags += (infos[index].tags.isEmpty ? "" : "; ") + mark
    }
    return try infos.enumerated().map { index, info in
      var meta = facts.meta(info, launch: nil, doctor: doctor, places: plan.placements)
      meta.build = nil  // the worker's, which the session is told
      meta.pairedWith = infos[1 - index].id
      return try RunSession(
        info, meta: meta,
        manner: try facts.manner(
          folder: folder, topologyXML: topologyXML, showsProgress: index == 0 && session.showsProgress),
        outcomes: plan.outcomes())
    }
  }
}
