// The options of a run that is one of many: what its host is called, and where its results are gathered.

import ArgumentParser
import Foundation
import Results

/// Options for running on many hosts at once.
struct FleetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Secret of --host-label pseudonym, made where the file is missing; keep it for merge.",
      valueName: "file"))
  var hostSalt: String?

  @Option(
    help: ArgumentHelp(
      "Shared folder to which the files are copied at the end, the result file last.", valueName: "dir"))
  var publish: String?

  @Option(
    help: ArgumentHelp(
      "Wait a random time up to this before the start: spares a shared folder.", valueName: "s"))
  var startJitter = 0.0

  func validate() throws {
    guard (0...3_600).contains(startJitter) else {
      throw ValidationError("--start-jitter takes 0 to 3600 seconds")
    }
  }
}

/// The place of this run in a fleet.
struct FleetPlace {
  let environment: FleetEnvironment
  private let options: FleetOptions

  /// Reads the launcher's variables.
  ///
  /// - Throws: `CommandFailure` (64) where two launchers disagree; `ExitCode` 0 for a second process on a host:
  ///   an error would make most launchers end the first one too.
  init(_ options: FleetOptions, _ variables: [String: String] = ProcessInfo.processInfo.environment) throws {
    self.options = options
    do throws(FleetEnvironment.Disagreement) {
      environment = try FleetEnvironment(variables)
    } catch {
      throw CommandFailure(.usage, error.description)
    }
    if let rank = environment.localRank, rank > 0 {
      StandardError.write(
        "This is task \(rank) of its host; the first one measures the whole host, so this one leaves.")
      throw ExitCode.success
    }
  }

  /// The label for the rows: as it was given, or this host's name or pseudonym where that was asked for.
  ///
  /// - Throws: `CommandFailure` (64) for a pseudonym without a secret; `FileError` or `InputError` for a bad one.
  func label(_ label: String) throws -> String {
    switch label {
    case FleetNames.automatic: return node
    case FleetNames.pseudonym:
      guard let file = options.hostSalt else {
        throw CommandFailure(
          .usage, "--host-label pseudonym needs --host-salt FILE, e.g. a file in the folder of --publish")
      }
      return try HostSalt.readOrMake(file).pseudonym(of: node)
    default:
      guard options.hostSalt == nil else {
        throw CommandFailure(.usage, "--host-salt is for --host-label pseudonym")
      }
      return label
    }
  }

  /// Waits a random part of `--start-jitter`; a signal ends the wait.
  func wait() {
    let end = Date() + Double.random(in: 0...max(0, options.startJitter))
    while Date() < end, Interrupt.status == nil, !Interrupt.wantsEarlyEnd {
      Thread.sleep(forTimeInterval: min(0.2, max(0, end.timeIntervalSinceNow)))
    }
  }

  /// The run to go on with: where the scheduler has started this job again and its run lies in the folder.
  func stoppedRun(in folder: String, asking settings: [String: String]) -> String? {
    guard environment.isRestarted, let launch = RunLaunch(environment) else { return nil }
    // How much memory was free is no wish of the user.
    func wishes(_ settings: [String: String]) -> [String: String] {
      settings.filter { $0.key != "available_memory" }
    }
    guard let found = launch.run(in: folder, where: { wishes($0.settings) == wishes(settings) }) else {
      return nil
    }
    StandardError.write("The job was started again; going on with \(found)")
    return found
  }

  /// Copies the files of a run to the shared folder, where one was given.
  ///
  /// - Parameters:
  ///   - stem: the files' path without their endings.
  ///   - info: the run, for the name of its folder.
  /// - Returns: the failure (74) when the share does not take them; the local files stay.
  func publish(_ stem: String, _ info: RunInfo) -> CommandFailure? {
    guard let share = options.publish else { return nil }
    let label = FleetNames.folderName(info.hostLabel)
    let folder =
      share + "/" + FleetNames.subfolder(label.isEmpty ? info.id : label, hosts: environment.nodeCount)
    do {
      try Publication(stem).copy(to: folder)
    } catch {
      return CommandFailure(.inputOutput, "\(error); the results stay in \(stem).csv")
    }
    StandardError.write("published in \(folder)")
    return nil
  }

  private var node: String { environment.nodeName ?? FleetEnvironment.hostName() }
}
