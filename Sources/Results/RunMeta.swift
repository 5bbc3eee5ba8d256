// What belongs to a run but to no row: settings, environment, what the machine's identity rests on, warnings.

import Foundation
import Machines
public import Measurement
public import Tables

/// The `.meta.json` beside a result file; no host name, no user, no path.
public struct RunMeta: Codable, Sendable {
  /// One candidate of the BLAS probe.
  public struct CoreType: Codable, Sendable {
    /// Value of OPENBLAS_CORETYPE, nil = the library's own choice.
    public let requested: String?
    /// What the library called itself.
    public let corename: String
    /// 1e9 FLOP/s of a product of 512 x 512 matrices on one core.
    public let gflops: Double
    /// A candidate from its parts.
    public init(requested: String?, corename: String, gflops: Double) {
      self.requested = requested
      self.corename = corename
      self.gflops = gflops
    }
  }

  public var schemaVersion = ResultRow.schemaVersion
  public var runId: String
  public var started: String
  public var finished = ""
  public var suite: String
  public var suiteVersion: Int
  public var programVersion: String
  /// Hash of the program's file: rows of two builds must not stand in one run; nil in runs before it was kept.
  public var build: String?
  /// What the user says of the run, `--context key=value`.
  public var context: [String: String]?
  /// Options of the command line that choose what is measured, resolved.
  public var settings: [String: String] = [:]
  /// Environment variables of the caller that change BLAS or threads.
  public var environment: [String: String] = [:]
  /// The job that launched the run, for a job that is started again; nil outside of jobs.
  public var launch: RunLaunch?
  public var machineId: String
  /// What `machineId` is the hash of.
  public var machineIdentity: [String]
  public var blas: BLASFacts?
  public var blasCandidates: [CoreType] = []
  public var blasChoice = ""
  /// OPENBLAS_CORETYPE of the workers; nil = left to the library.
  public var blasCoretype: String?
  /// Rows by status.
  public var rows: [String: Int] = [:]
  public var warnings: [String] = []
  /// Share of the run's time inside warm-up and samples; nil for a run that was stopped at once.
  public var measuredShare: Double?
  /// The largest A/A floor of the placements.
  public var aaFloor: Double?
  /// Other names of the places that were measured: on another host they may be places of their own.
  public var placementAliases: [String: [String]]?
  /// Run of the other build that was measured in turn with this one; nil for a run of its own.
  public var pairedWith: String?

  /// The meta data of a run that starts.
  public init(_ run: RunInfo) {
    runId = run.id
    started = run.started
    suite = run.suite
    suiteVersion = run.suiteVersion
    programVersion = run.programVersion
    machineId = run.machine.machineID
    machineIdentity = run.machine.identityInputs
  }

  /// The meta file that belongs to a result file: `x.csv` -> `x.meta.json`.
  public static func path(besides resultFile: String) -> String {
    (resultFile.hasSuffix(".csv") ? String(resultFile.dropLast(4)) : resultFile) + ".meta.json"
  }

  /// Replaces the file.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try WholeFile.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
  }

  /// Reads the file back, for a run that is to go on.
  ///
  /// - Throws: `InputError` when the file is missing or not ours.
  public static func read(_ path: String) throws(InputError) -> RunMeta {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let bytes = try ResultFile.bytes(path)
    guard let meta = try? decoder.decode(RunMeta.self, from: Data(bytes)) else {
      throw InputError(file: path, "this is not the meta file of a run", advice: "start a new run")
    }
    return meta
  }

  /// The variables among the caller's that are worth keeping.
  public static func relevant(_ environment: [String: String]) -> [String: String] {
    let names: Set<String> = [
      "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OPENBLAS_L2_SIZE", "OPENBLAS_MAIN_FREE",
      "OPENBLAS_THREAD_TIMEOUT", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES", "GOTO_NUM_THREADS",
    ]
    return environment.filter { names.contains($0.key) }
  }
}
