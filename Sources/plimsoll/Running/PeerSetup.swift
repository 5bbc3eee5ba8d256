// How the workers of peers are started: each library with the kernels and threads that are its best. A peer at half
// its speed makes every ratio worthless.

import Foundation
import Machines
import Measurement
import Suites

/// The builds of a run's peers.
struct PeerSetup {
  /// One a peer, in the order in which they were named.
  let builds: [WorkerBuild]

  /// Times the kernel sets of libraries that have several.
  init(_ peers: [Peer], plan: RunPlan, machine: Machine) {
    guard let place = plan.placements.first else {
      builds = []
      return
    }
    builds = peers.map { peer in
      var build = PeerSetup.plain(peer)
      guard peer.kind == .library, let found = PeerSetup.kernels(build, plan, place, machine) else {
        return build
      }
      build.environment[found.variable] = found.value
      build.isCoreTypeForced = true
      return build
    }
  }

  /// Variables that choose kernels and threads, by their beginnings: what is exported for one library must not cripple
  /// another.
  private static let prefixes = ["OPENBLAS_", "BLIS_", "MKL_", "OMP_", "GOMP_", "KMP_", "DNNL_", "ONEDNN_"]

  /// A peer with the library's own choice of kernels.
  private static func plain(_ peer: Peer) -> WorkerBuild {
    var environment = ProcessInfo.processInfo.environment.filter { entry in
      !prefixes.contains { entry.key.hasPrefix($0) }
    }
    guard peer.kind == .library else {
      var build = WorkerBuild(executable: peer.path, arguments: [], environment: environment)
      build.peer = peer.implementation
      return build
    }
    environment["MKL_INTERFACE_LAYER"] = "LP64"
    environment["MKL_DYNAMIC"] = "FALSE"
    environment["MKL_THREADING_LAYER"] = "SEQUENTIAL"
    // Threads of Intel's OpenMP spin after a call, in the way of whoever runs next.
    environment["KMP_BLOCKTIME"] = "1"
    var build = WorkerBuild(
      executable: ownExecutable, arguments: ["worker", "--library", peer.path], environment: environment)
    build.peer = peer.implementation
    let intel = (peer.path as NSString).deletingLastPathComponent + "/libiomp5.so"
    let hasIntel = FileManager.default.fileExists(atPath: intel)
    build.teamEnvironment = ["MKL_THREADING_LAYER": hasIntel ? "INTEL" : "GNU"]
    return build
  }

  /// The variable that makes a library faster than its own choice, and its value; nil where nothing does.
  private static func kernels(
    _ build: WorkerBuild, _ plan: RunPlan, _ place: Placement, _ machine: Machine
  ) -> (variable: String, value: String)? {
    var core = place
    if let first = place.cpus.cpus.first {
      core = Placement(name: "probe", kind: "core", cpus: CPUSet([first]), threads: 1)
    }
    func probe(_ names: [String?], _ variable: String) -> CoreTypeChoice {
      CoreTypeChoice.probe(
        names, plan: plan, placement: core, executable: build.executable, arguments: build.arguments,
        environment: build.environment, variable: variable, peer: build.peer, observer: ProbeObserver())
    }
    // What it is decides which variable it heeds.
    let library = probe([nil], "OPENBLAS_CORETYPE").candidates.first?.library
    let (variable, names): (String, [String?]) =
      switch library {
      case "OpenBLAS": ("OPENBLAS_CORETYPE", CoreTypeChoice.names(for: machine))
      // skx, haswell and zen3 by their numbers, which every version takes.
      case "BLIS": ("BLIS_ARCH_TYPE", [nil, "0", "3", "6"])
      default: ("", [])
      }
    guard !names.isEmpty, let value = probe(names, variable).best?.requested else { return nil }
    return (variable, value)
  }
}
