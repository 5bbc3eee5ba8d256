// One run as the report sees it: its rows in order, its samples by row, its machine, its settings.

public import Machines
import Measurement
public import Results

/// A result file with what lies beside it.
public struct ReportInput: Sendable {
  /// File name for the reader.
  public let name: String
  /// Rows of the file.
  public let rows: [ResultRow]
  /// Samples of its journal; empty where there is none.
  public let samples: [SampleRow]
  /// The machine of its topology file, nil where there is none.
  public let machine: Machine?
  /// Settings and environment of the run, nil where they are not known.
  public let meta: RunMeta?

  /// An input from its parts.
  public init(
    name: String, rows: [ResultRow], samples: [SampleRow] = [], machine: Machine? = nil,
    meta: RunMeta? = nil
  ) {
    self.name = name
    self.rows = rows
    self.samples = samples
    self.machine = machine
    self.meta = meta
  }

  /// Rows of the run with most rows that have times, the first of equals: what figures show of a file with
  /// several runs.
  public var shownRun: [ResultRow] {
    var order: [String] = []
    var timed: [String: Int] = [:]
    for row in rows {
      if timed[row.runId] == nil { order.append(row.runId) }
      timed[row.runId, default: 0] += row.status.hasTimes ? 1 : 0
    }
    let most = order.map { timed[$0] ?? 0 }.max() ?? 0
    let chosen = order.first { timed[$0] == most }
    return rows.filter { $0.runId == chosen }
  }
}

/// The run of an input that the figures show.
struct ReportRun {
  let input: ReportInput
  /// Rows of the run in order of the file.
  let rows: [ResultRow]
  let sites: [MeasuredSite]
  let rooflines: [PlacementRoofline]
  /// Implementations, ours first, the others in order of the file; their colours follow this order.
  let implementations: [String]
  private let samples: [RowIdentity: [[Double]]]
  /// Prefix of the anchors of this run's sections.
  let anchor: String
  /// What the page calls the file: `file 1` where there are several.
  let shortName: String

  /// The run that an input shows.
  init(_ input: ReportInput, position: Int = 1, isOneOfSeveral: Bool = false) {
    self.input = input
    anchor = isOneOfSeveral ? "file\(position)-" : ""
    shortName = isOneOfSeveral ? "file \(position)" : input.name
    let rows = input.shownRun
    let sites = MeasuredSite.sites(rows)
    self.rows = rows
    self.sites = sites
    rooflines = sites.map { PlacementRoofline(rows, site: $0) }
    var names: [String] = []
    for row in rows where !names.contains(row.impl) && !row.isCeiling { names.append(row.impl) }
    let ours = Implementation.swift.rawValue
    implementations = names.filter { $0 == ours } + names.filter { $0 != ours }
    samples = RowSamples(input.samples).seconds
  }

  /// CPUs of places that used a part of the machine only: where the narrow figures come from.
  var measuredCPUs: Set<Int> {
    let sets = sites.compactMap { CPUSet(list: $0.cpus).map { Set($0.cpus) } }
    let all = sets.reduce(into: Set<Int>()) { $0.formUnion($1) }
    let parts = sets.filter { $0 != all }
    return parts.isEmpty ? [] : parts.reduce(into: []) { $0.formUnion($1) }
  }

  /// Runs of the file that the figures leave out.
  var otherRuns: Int { Set(input.rows.map(\.runId)).count - 1 }

  /// Rows with times that are no ceilings.
  var kernels: [ResultRow] { rows.filter { $0.status.hasTimes && !$0.isCeiling } }

  /// The largest relative difference that the control kernel showed against itself, by placement in order of
  /// the file; only what was measured.
  var floors: [(placement: String, floor: Double)] {
    var order: [String] = []
    var largest: [String: Double] = [:]
    for row in rows {
      guard let floor = row.aaFloor else { continue }
      if largest[row.placement] == nil { order.append(row.placement) }
      largest[row.placement] = max(floor, largest[row.placement] ?? 0)
    }
    return order.map { ($0, largest[$0] ?? 0) }
  }

  /// Samples of a row, one array per process; empty without a journal.
  func processes(_ row: ResultRow) -> [[Double]] { samples[RowIdentity(row)] ?? [] }

  /// Colour of a row's implementation.
  func series(_ row: ResultRow) -> Int { implementations.firstIndex(of: row.impl) ?? -1 }

  /// Label of the machine.
  var machineName: String {
    let row = rows.first ?? input.rows.first
    return [row?.hostLabel, row?.machineLabel, input.name].compactMap { $0 }.first { !$0.isEmpty }
      ?? "no machine"
  }
}

/// A peer's time over ours on one problem in one place: above 1, ours is faster.
struct PeerRatio {
  let ours: ResultRow
  let peer: ResultRow
  let ratio: Double
  let low: Double?
  let high: Double?
  /// True where the interval comes from the rows' own intervals, for want of samples.
  let isApproximate: Bool

  /// True where the whole interval is on one side of 1.
  var isSettled: Bool {
    guard let low, let high else { return false }
    return low > 1 || high < 1
  }
}

extension ReportRun {
  /// Implementations of ours at a site: the first of a host; of a device the program's kernels and the library of
  /// products that they call.
  func ours(at site: MeasuredSite) -> [String] {
    guard site.isDevice else { return Array(implementations.prefix(1)) }
    let here = kernels.filter(site.holds)
    return implementations.filter { name in here.contains { $0.impl == name && $0.isDevicesOwn } }
  }

  /// Our rows against those of every other implementation at a site.
  func peers(at site: MeasuredSite) -> [PeerRatio] {
    let own = Set(ours(at: site))
    let here = kernels.filter(site.holds)
    let others = Dictionary(grouping: here.filter { !own.contains($0.impl) }, by: \.problemKey)
    return here.filter { own.contains($0.impl) }.flatMap { ours in
      (others[ours.problemKey] ?? []).compactMap { ratio(ours, $0) }
    }
  }

  private func ratio(_ ours: ResultRow, _ peer: ResultRow) -> PeerRatio? {
    guard let a = ours.timeMedianSeconds, let b = peer.timeMedianSeconds, a > 0, b > 0 else { return nil }
    if let exact = Statistics.ratioInterval(processes(ours), processes(peer)) {
      return PeerRatio(
        ours: ours, peer: peer, ratio: b / a, low: exact.low, high: exact.high, isApproximate: false)
    }
    var (low, high): (Double?, Double?) = (nil, nil)
    if let lowA = ours.timeMedianCiLowSeconds, let highA = ours.timeMedianCiHighSeconds, lowA > 0, highA > 0,
      let lowB = peer.timeMedianCiLowSeconds, let highB = peer.timeMedianCiHighSeconds
    {
      (low, high) = (lowB / highA, highB / lowA)
    }
    return PeerRatio(ours: ours, peer: peer, ratio: b / a, low: low, high: high, isApproximate: low != nil)
  }
}
