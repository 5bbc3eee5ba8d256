// The roofline of one place: the measured bandwidth of each level, the measured arithmetic peaks, and the kernels
// beneath them. A host has one peak, that of its multiply-adds; a device has one for each element type. Nothing here
// is a datasheet's figure.

import Measurement
import Quantities
public import Results

/// What one place can do at most, and what its kernels did.
public struct PlacementRoofline: Sendable {
  /// One level of the memory system by the working set that lives in it.
  public struct Level: Hashable, Sendable {
    /// `L1`, `L2`, `L3`, `DRAM`, or the size of the working set.
    public let name: String
    /// Bytes of all arrays of the read probe together.
    public let bytes: Int
    /// 10^9 B/s of reading; the roof.
    public let read: Double
    /// 10^9 B/s of copying and of a triad, counted as what the program asks for.
    public let copy: Double?
    public let triad: Double?
    /// Relative standard deviation between the processes of the read probe.
    public let spread: Double?
    /// True where the processes agree, so that a share of the level means something.
    public var isFirm: Bool { PlacementRoofline.isFirm(spread) }

    /// True on a host; the stores of a device fill whole lines and read none.
    public let allocatesOnWrite: Bool

    /// Traffic with the line that a plain store first reads: copy reads one array and writes one, which is
    /// then read too, so 3 arrays move where 2 are counted; a triad moves 4 where 3 are counted.
    public var copyWithWriteAllocate: Double? { allocatesOnWrite ? copy.map { $0 * 3 / 2 } : nil }
    public var triadWithWriteAllocate: Double? { allocatesOnWrite ? triad.map { $0 * 4 / 3 } : nil }
  }

  /// One flat roof.
  public struct Peak: Hashable, Sendable {
    /// Element type of the operands; f32 for a host's multiply-adds.
    public let type: String
    /// 10^9 FLOP/s.
    public let rate: Double
    /// Relative standard deviation between the processes of the probe.
    public let spread: Double?
    /// True where several processes agree.
    public var isFirm: Bool { PlacementRoofline.isFirm(spread) }
    /// The probe in a row of a table.
    public let probe: String
  }

  /// One kernel row with a rate.
  public struct Point: Hashable, Sendable {
    public let row: ResultRow
    /// FLOP per byte of compulsory traffic.
    public let intensity: Double
    /// 10^9 FLOP/s at the median.
    public let gflops: Double
  }

  public let site: MeasuredSite
  /// Measured arithmetic peaks, slowest first: one of a host, one for each element type of a device.
  public let peaks: [Peak]
  /// The highest of them, 10^9 FLOP/s.
  public var peak: Double? { peaks.last?.rate }
  /// Levels, smallest first.
  public let levels: [Level]
  /// Kernels in order of the file.
  public let points: [Point]

  /// The roofline of a site from the rows of one run.
  ///
  /// A site whose own conditions have no ceilings (other pages, other memory) takes those of its placement.
  public init(_ rows: [ResultRow], site: MeasuredSite) {
    self.site = site
    let here = rows.filter { site.holds($0) && $0.status.hasTimes }
    let namesakes = rows.filter {
      $0.status.hasTimes && $0.isCeiling && $0.placement == here.first?.placement
    }
    let own = here.filter(\.isCeiling)
    let probes = own.isEmpty ? namesakes : own
    peaks = PlacementRoofline.peaks(probes, isDevice: site.isDevice)
    levels = PlacementRoofline.levels(probes)
    points = here.compactMap { row in
      guard !row.isCeiling, site.isDevice || row.isPlainFloat,
        let intensity = row.arithmeticIntensityFlopPerByte,
        intensity > 0,
        let gflops = row.gflopsMedian, gflops > 0
      else { return nil }
      return Point(row: row, intensity: intensity, gflops: gflops)
    }
  }

  /// Numbers of the problems from 1, in order of arithmetic intensity; one for all implementations.
  public var numbers: [String: Int] {
    var numbers: [String: Int] = [:]
    for point in points.sorted(by: { ($0.intensity, $0.row.shapeId) < ($1.intensity, $1.row.shapeId) })
    where numbers[point.row.problemKey] == nil { numbers[point.row.problemKey] = numbers.count + 1 }
    return numbers
  }

  /// The bandwidth of the largest working set.
  public var memory: Level? { levels.last }

  /// FLOP per byte at which a level feeds the highest peak.
  public func ridge(_ level: Level) -> Double? { peak.map { $0 / level.read } }

  /// The unit in which its rates are drawn, and a rate of 10^9 FLOP/s in it.
  var drawnUnit: (name: String, of: (Double) -> Double) {
    site.isDevice
      ? ("TFLOP/s", { Unit.teraflops.fromBase(Unit.gigaflops.toBase($0)) }) : ("GFLOP/s", { $0 })
  }

  /// FLOP per byte at which the memory feeds a peak.
  public func ridge(_ peak: Peak) -> Double? { memory.map { peak.rate / $0.read } }

  /// Name of a peak in a drawing or a sentence.
  public func name(_ peak: Peak) -> String { site.isDevice ? "\(peak.type) peak" : "multiply-add peak" }

  /// True where several processes agree on a ceiling, so that a share of it means something; what one process
  /// measured, or an unknown number of them, is not known to hold for the next.
  static func isFirm(_ spread: Double?) -> Bool { spread.map { $0 <= 0.10 } ?? false }

  /// True where the highest peak was measured by several processes that agree.
  public var isPeakFirm: Bool { peaks.last?.isFirm ?? false }

  /// Names of ceilings that only one process measured, and of those on which processes disagree.
  public var doubtfulCeilings: (single: [String], apart: [String]) {
    let all =
      levels.map { ($0.name, $0.spread) } + peaks.map { (name($0), $0.spread) }
    return (
      all.filter { $0.1 == nil }.map(\.0),
      all.filter { $0.1 != nil && !PlacementRoofline.isFirm($0.1) }.map(\.0)
    )
  }

  private static func peaks(_ probes: [ResultRow], isDevice: Bool) -> [Peak] {
    var best: [String: Peak] = [:]
    let names = [Operation.fmaPeak.rawValue] + (isDevice ? [Operation.typePeak.rawValue] : [])
    for row in probes where names.contains(row.kernel) {
      let type = isDevice && !row.dtypeA.isEmpty ? row.dtypeA : DataType.f32.rawValue
      guard let rate = row.gflopsMedian, rate > best[type]?.rate ?? 0 else { continue }
      best[type] = Peak(type: type, rate: rate, spread: row.betweenProcessRelStddev, probe: row.kernel)
    }
    return best.values.sorted { ($0.rate, $0.type) < ($1.rate, $1.type) }
  }

  private static func levels(_ probes: [ResultRow]) -> [Level] {
    func rates(_ operation: Operation) -> [String: ResultRow] {
      let rows = probes.filter {
        $0.kernel == operation.rawValue && ($0.arrayBytes ?? 0) > 0 && ($0.gbytesPerSecondMedian ?? 0) > 0
      }
      return Dictionary(rows.map { (step($0), $0) }) { first, _ in first }
    }
    let (copies, triads) = (rates(.memoryCopy), rates(.memoryTriad))
    return rates(.memoryRead).compactMap { step, row -> Level? in
      guard let read = row.gbytesPerSecondMedian, let bytes = row.arrayBytes else { return nil }
      return Level(
        name: levelName(step, bytes), bytes: bytes, read: read, copy: copies[step]?.gbytesPerSecondMedian,
        triad: triads[step]?.gbytesPerSecondMedian, spread: row.betweenProcessRelStddev,
        allocatesOnWrite: !row.isOnDevice)
    }.sorted { ($0.bytes, $0.name) < ($1.bytes, $1.name) }
  }

  /// `read_l2` -> `l2`.
  private static func step(_ row: ResultRow) -> String {
    row.shapeId.split(separator: "_").dropFirst().joined(separator: "_")
  }

  private static func levelName(_ step: String, _ bytes: Int) -> String {
    ["l1", "l2", "l3", "l4", "dram", "hbm"].contains(step) ? step.uppercased() : sizeText(bytes)
  }
}
