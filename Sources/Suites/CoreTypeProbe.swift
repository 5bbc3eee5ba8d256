// Which kernels should OpenBLAS use? It picks them by CPU model when it loads and does not know recent
// ones; there it falls back to code several times too slow. So the candidates are timed, and the best is named.

import KernelsBLAS
public import Machines
import Measurement
import Quantities

/// The choice of OpenBLAS's kernel set.
public struct CoreTypeChoice: Hashable, Sendable {
  /// One candidate's measurement.
  public struct Candidate: Hashable, Sendable {
    /// Value of OPENBLAS_CORETYPE, nil = left to the library.
    public let requested: String?
    /// What the library then called itself.
    public let corename: String
    /// FLOP/s of a product of 512 x 512 matrices on one core.
    public let rate: Double
  }

  /// Candidates that ran and were verified, fastest first.
  public let candidates: [Candidate]

  /// The fastest; on equal terms (2 %) the library's own choice.
  public var best: Candidate? {
    guard let fastest = candidates.first else { return nil }
    return candidates.first { $0.requested == nil && $0.rate > 0.98 * fastest.rate } ?? fastest
  }

  /// What the library that is loaded into this process calls its kernels.
  public static var loadedCorename: String { BLAS.corename }

  /// Every name that OPENBLAS_CORETYPE takes on an architecture, as OpenBLAS's dynamic-arch sources list them;
  /// the library ignores any other.
  public static func known(on machine: Machine) -> [String] {
    guard machine.architecture != "arm64" else {
      return [
        "ARMV8", "CORTEXA53", "CORTEXA57", "CORTEXA72", "CORTEXA73", "CORTEXX1", "CORTEXX2", "CORTEXA510",
        "CORTEXA710", "FALKOR", "THUNDERX", "THUNDERX2T99", "THUNDERX3T110", "TSV110", "EMAG8180",
        "NEOVERSEN1", "NEOVERSEN2", "NEOVERSEV1", "ARMV8SVE", "A64FX", "FT2000", "VORTEX",
      ]
    }
    return [
      "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Atom", "Core2", "Penryn", "Dunnington",
      "Nehalem", "Athlon", "Opteron", "Opteron_SSE3", "Barcelona", "Nano", "Sandybridge", "Bobcat",
      "Bulldozer", "Piledriver", "Haswell", "Steamroller", "Excavator", "Zen", "SkylakeX", "Cooperlake",
      "SapphireRapids",
    ]
  }

  /// Core types that OpenBLAS has for a CPU with these features; nil = its own choice.
  public static func names(for machine: Machine) -> [String?] {
    let features = Set(machine.features)
    if machine.instructionSets.contains(.avx512) {
      return [nil, "SkylakeX", features.contains("avx512_bf16") ? "Cooperlake" : nil, "Haswell", "Zen"]
        .reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }
    if machine.instructionSets.contains(.avx2) { return [nil, "Haswell", "Zen"] }
    if machine.instructionSets.contains(.neon) { return [nil, "NEOVERSEN1", "ARMV8"] }
    return [nil]
  }

  /// True for the fallback kernels of a CPU that the library does not know.
  public static func isGeneric(_ corename: String, on machine: Machine) -> Bool {
    let fallbacks: Set<String> = [
      "prescott", "generic", "core2", "katmai", "coppermine", "northwood", "banias", "nano", "atom",
      "unknown",
    ]
    let hasMore = machine.instructionSets.contains { $0 == .avx2 || $0 == .avx512 }
    return hasMore && fallbacks.contains(corename.lowercased())
  }

  /// Times each candidate in a short worker process of its own; one that crashes is left out.
  public static func probe(
    _ names: [String?], plan: RunPlan, placement: Placement, executable: String, arguments: [String],
    environment: [String: String], observer: any RunObserver
  ) -> CoreTypeChoice {
    var short = plan
    short.cases = [
      Case(.gemm, .gemm(m: 512, n: 512, k: 512), id: "core_type_probe", phase: .square, by: .openblas)
    ]
    short.placements = [placement]
    short.processes = 1
    short.sampling.rowCap = 0.15
    short.sampling.rounds = 2
    short.settleSeconds = 0
    short.hasControl = false
    short.silence = 20
    var found: [Candidate] = []
    for name in names where !observer.shouldStop {
      var variables = environment.filter { !$0.key.hasPrefix("OPENBLAS_") }
      if let name { variables["OPENBLAS_CORETYPE"] = name }
      let silent = SilentObserver(observer)
      let outcome = Runner(short, executable: executable, arguments: arguments, environment: variables)
        .run(silent, from: short.outcomes()).first
      // The fastest sample: what the kernels can do, not what the neighbours left of it.
      guard let report = outcome?.reports.first, report.status == .ok, let work = report.work,
        let best = report.samples.map(\.seconds).min(), best > 0, let blas = outcome?.worker?.blas
      else { continue }
      found.append(Candidate(requested: name, corename: blas.corename, rate: work.flop.value / best))
    }
    return CoreTypeChoice(candidates: found.sorted { $0.rate > $1.rate })
  }
}

/// Passes on the wish to stop and nothing else.
private final class SilentObserver: RunObserver {
  private let outer: any RunObserver
  init(_ outer: any RunObserver) { self.outer = outer }
  var shouldStop: Bool { outer.shouldStop }
  func workerStarted(_ facts: WorkerFacts, at placement: Placement) {}
  func finished(_ report: CaseReport, subject: Case, placement: Placement) {}
  func replicateFinished(_ process: Int, outcomes: [Outcome]) {}
}
