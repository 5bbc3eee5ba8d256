// Which kernels should OpenBLAS use? It picks them by CPU model when it loads and does not know recent
// ones; there it falls back to code several times too slow. So the candidates are timed, and the best is named.
// Goals: (1) never miss a set that is much faster; (2) two runs on one host choose the same set, whatever the noise:
// rows of two sets cannot be compared. So candidates take turns, sample by sample, and a set is left only for one
// that was faster in every turn and by a tenth over all.

import KernelsBLAS
public import Machines
public import Measurement
import Quantities

/// The choice of OpenBLAS's kernel set.
public struct CoreTypeChoice: Hashable, Sendable {
  /// One candidate's measurement.
  public struct Candidate: Hashable, Sendable {
    /// Value of OPENBLAS_CORETYPE, nil = left to the library.
    public let requested: String?
    /// What the library then called its kernels.
    public let corename: String
    /// Kind of library.
    public let library: String
    /// FLOP/s of a product of 512 x 512 matrices on one core, turn by turn; sample k of all candidates was taken in
    /// the same moments.
    public let rates: [Double]
    /// Their median.
    public var rate: Double { Statistics.median(rates) ?? 0 }

    /// A candidate from its parts.
    public init(requested: String?, library: String = "OpenBLAS", corename: String, rates: [Double]) {
      self.requested = requested
      self.library = library
      self.corename = corename
      self.rates = rates
    }

    /// True where it was faster than another in every turn, and by `CoreTypeChoice.clear` in the middle.
    public func isClearlyFaster(than other: Candidate) -> Bool {
      let ratios = zip(rates, other.rates).map { $0 / $1 }
      guard let middle = Statistics.median(ratios) else { return false }
      return middle > CoreTypeChoice.clear && ratios.allSatisfy { $0 > 1 }
    }
  }

  /// How many times as fast a set must be to be preferred; samples of one set differ by several percent.
  public static let clear = 1.10

  /// Candidates that ran and were verified, in the order in which they were named.
  public let candidates: [Candidate]

  /// A choice among candidates.
  public init(candidates: [Candidate]) { self.candidates = candidates }

  /// The library's own choice, or the first candidate in order that is clearly faster than those before it.
  public var best: Candidate? {
    let own = candidates.first { $0.requested == nil } ?? candidates.first
    return own.map { own in
      candidates.reduce(own) { best, next in next.isClearlyFaster(than: best) ? next : best }
    }
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

  /// Times the candidates in worker processes that take turns; one that crashes is left out.
  ///
  /// - Parameters:
  ///   - variable: what a library is told its kernels by.
  ///   - peer: whose library it is; nil = the OpenBLAS that the program is linked to.
  public static func probe(
    _ names: [String?], plan: RunPlan, placement: Placement, executable: String, arguments: [String],
    environment: [String: String], variable: String = "OPENBLAS_CORETYPE", peer: Implementation? = nil,
    observer: any RunObserver
  ) -> CoreTypeChoice {
    var short = plan
    short.cases = [
      Case(.gemm, .gemm(m: 512, n: 512, k: 512), id: "core_type_probe", phase: .square, by: peer ?? .openblas)
    ]
    short.placements = [placement]
    short.processes = 1
    short.sampling.rowCap = 0.3
    (short.sampling.rounds, short.sampling.samplesPerRound) = (7, 1)
    short.settleSeconds = 0
    short.hasControl = false
    short.silence = 20
    let builds = names.map { name in
      var variables = environment.filter { !$0.key.hasPrefix("OPENBLAS_") }
      if let name { variables[variable] = name }
      var build = WorkerBuild(executable: executable, arguments: arguments, environment: variables)
      build.peer = peer
      return build
    }
    let outcomes = Runner(short, builds: builds).run(
      builds.map { _ in SilentObserver(observer) }, from: builds.map { _ in short.outcomes() })
    let found = zip(names, outcomes.map(\.first)).compactMap { name, outcome -> Candidate? in
      guard let report = outcome?.reports.first, report.status == .ok, let work = report.work,
        !report.samples.isEmpty, let blas = outcome?.worker?.blas
      else { return nil }
      return Candidate(
        requested: name, library: blas.name, corename: blas.corename,
        rates: report.samples.map { work.flop.value / $0.seconds })
    }
    return CoreTypeChoice(candidates: found)
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
