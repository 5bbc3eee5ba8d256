// What a run knows of host, settings and BLAS before it measures, as its files say it.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Results
import Suites
import Topology

/// The facts that all rows of a run share.
struct RunFacts {
  let machine: Machine
  let settings: RunSettings
  let blas: BLASSetup
  /// The run that goes on; nil for a new one.
  var stopped: StoppedRun?

  /// The run's own columns.
  func info() -> RunInfo {
    let options = settings.options
    var info = RunInfo(
      suite: options.suite.suiteName(of: stopped?.meta), suiteVersion: Suite.version,
      machine: machine, host: HostState(environment: ProcessInfo.processInfo.environment),
      programVersion: Plimsoll.configuration.version,
      hwlocVersion: Topology.hwlocVersion, seed: options.sampling.seed,
      isCoreTypeForced: blas.isForced, id: stopped?.meta.runId, started: stopped?.meta.started,
      environment: ProcessInfo.processInfo.environment)
    info.blasWarning = blas.rowWarning
    info.hostLabel = options.labels.hostLabel
    info.tags = options.labels.tagText
    info.verifies = !options.sampling.noVerify
    return info
  }

  /// The meta file.
  ///
  /// - Parameters:
  ///   - launch: the job that launched the run.
  ///   - doctor: what was said of the host before it was measured.
  ///   - places: where is measured.
  func meta(_ info: RunInfo, launch: RunLaunch?, doctor: [String], places: [Placement]) -> RunMeta {
    var meta = RunMeta(info)
    let aliases = places.filter { !$0.aliases.isEmpty }.map { ($0.name, $0.aliases) }
    meta.placementAliases = Dictionary(aliases) { first, _ in first }
    meta.build = Build.id
    meta.settings = settings.dictionary
    meta.launch = launch
    let facts = settings.options.labels.facts
    meta.context = facts.isEmpty ? nil : facts
    meta.environment = RunMeta.relevant(ProcessInfo.processInfo.environment)
    meta.blasCandidates = blas.candidates
    meta.blasChoice = blas.choice
    meta.blasCoretype = blas.coretype
    meta.warnings = blas.warnings + doctor
    // Of a run that goes on; what is measured from here on replaces it.
    meta.measuredShare = stopped?.meta.measuredShare
    return meta
  }

  /// How the session writes its files.
  func manner(
    folder: String, topologyXML: String, showsProgress: Bool, lock: RunLock? = nil
  ) throws -> RunSession.Manner {
    RunSession.Manner(
      folder: folder, topologyXML: topologyXML,
      suiteFile: settings.options.suite.isFile ? try settings.options.suite.fileBytes() : nil,
      deadline: settings.deadline, showsProgress: showsProgress, lock: lock)
  }
}
