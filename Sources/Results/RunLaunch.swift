// Which launch of which job made a run, so that a job that is started again finds and continues its own run, and
// only on the same host.

import Foundation
import Tables

/// The launch of a run, as its meta file keeps it.
public struct RunLaunch: Codable, Hashable, Sendable {
  /// The scheduler.
  public let scheduler: String
  /// The job and its step.
  public let job: String
  /// The host, unreadable: a hash of its name keyed with its machine-id, which is random and stays on the host.
  public let host: String

  /// The launch of this process; nil where no scheduler knows it or the host has no identity of its own.
  ///
  /// - Parameter machineID: the text of /etc/machine-id.
  public init?(_ fleet: FleetEnvironment, machineID: String? = RunLaunch.machineID()) {
    guard !fleet.jobID.isEmpty, let machineID, machineID.count >= HostSalt.fewestCharacters else {
      return nil
    }
    scheduler = fleet.scheduler
    job = fleet.stepID.isEmpty ? fleet.jobID : fleet.jobID + "." + fleet.stepID
    let name = FleetNames.canonical(fleet.nodeName ?? FleetEnvironment.hostName())
    host = SHA256.hexadecimal(
      SHA256.keyedDigest(Array("plimsoll \(name)".utf8), key: Array(machineID.utf8)), digits: 16)
  }

  /// The newest run of this launch in a folder, as the path of its result file; nil where there is none.
  ///
  /// - Parameter isSame: looks at the meta file: was the same asked for?
  public func run(in folder: String, where isSame: (RunMeta) -> Bool) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // Names begin with the time of the start.
    for name in names.sorted(by: >) where name.hasSuffix(RunLaunch.metaEnding) && !name.hasPrefix(".") {
      guard let meta = try? RunMeta.read(folder + "/" + name), meta.launch == self, isSame(meta) else {
        continue
      }
      return folder + "/" + name.dropLast(RunLaunch.metaEnding.count) + ".csv"
    }
    return nil
  }

  /// The random number that systemd gives a host at its installation; nil where it has none.
  public static func machineID() -> String? {
    FileManager.default.contents(atPath: "/etc/machine-id").map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  private static let metaEnding = ".meta.json"
}
