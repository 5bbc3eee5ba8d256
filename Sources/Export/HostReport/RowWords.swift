// How result rows are named and grouped for a reader: one place, so that figures and tables say the same.

import Measurement
import Quantities
public import Results
import Tables

/// Where and under which conditions rows were measured: rows of one site can stand side by side.
public struct MeasuredSite: Hashable, Sendable {
  /// Name of the placement, with what sets the site apart from its namesakes.
  public let name: String
  /// Threads that computed, nil = unknown.
  public let threads: Int?
  /// Processing units, list form.
  public let cpus: String
  /// True where each core ran one thread.
  let isOnePerCore: Bool
  /// Name of the device that computed; empty for the host.
  public let device: String
  /// True where a device computed.
  public var isDevice: Bool { !device.isEmpty }
  /// What rows of the site share.
  let key: String

  /// `machine, 2 threads on CPUs 0-1`.
  public var title: String {
    if isDevice { return name == device ? name : "\(name), \(device)" }
    let count = threads.map { "\($0) thread\($0 == 1 ? "" : "s")" } ?? ""
    // The name of one of several namesakes may end in its threads already.
    let isSaid = count.isEmpty || name.hasSuffix(count)
    return name + (isSaid ? "" : " · " + count)
      + (cpus.isEmpty ? "" : " on CPU\(cpus.contains { $0 == "," || $0 == "-" } ? "s" : "") \(cpus)")
  }

  /// The sites of rows, fewest threads first, then in order of the file; devices after the host.
  public static func sites(_ rows: [ResultRow]) -> [MeasuredSite] {
    var sites: [MeasuredSite] = []
    var seen: Set<String> = []
    for row in rows where seen.insert(key(row)).inserted { sites.append(MeasuredSite(row, among: rows)) }
    func order(_ entry: (offset: Int, element: MeasuredSite)) -> (Int, Int, Int) {
      let site = entry.element
      return (site.isDevice ? 1 : 0, site.isDevice ? 0 : site.threads ?? 0, entry.offset)
    }
    return sites.enumerated().sorted { order($0) < order($1) }.map(\.element)
  }

  /// True for a row of this site.
  public func holds(_ row: ResultRow) -> Bool { MeasuredSite.key(row) == key }

  private static func key(_ row: ResultRow) -> String {
    [
      row.placement, row.smtMode, String(row.threads ?? 0), row.memoryPolicy, row.memoryNodesList,
      row.pageMode, String(row.replicas ?? 1), row.isOnDevice ? row.deviceName : "",
    ].joined(separator: "|")
  }

  private init(_ row: ResultRow, among rows: [ResultRow]) {
    key = MeasuredSite.key(row)
    threads = row.threads
    cpus = row.cpusetList
    isOnePerCore = row.smtMode != "on" && !row.isOnDevice
    device = row.isOnDevice ? (row.deviceName.isEmpty ? row.placement : row.deviceName) : ""
    let twins = rows.filter { $0.placement == row.placement }
    var marks: [String] = []
    func tell(_ mark: String, _ field: (ResultRow) -> String) {
      if !field(row).isEmpty, Set(twins.map(field)).count > 1 { marks.append(mark) }
    }
    tell(row.smtMode == "on" ? "SMT" : "one thread per core", \.smtMode)
    tell("memory \(row.memoryPolicy) \(row.memoryNodesList)".trimmed) { $0.memoryPolicy + $0.memoryNodesList }
    tell("\(row.pageMode) pages", \.pageMode)
    tell("\(row.replicas ?? 1) copies") { String($0.replicas ?? 1) }
    tell("\(row.threads ?? 0) threads") { $0.threads.map(String.init) ?? "" }
    name = ([row.placement] + marks).joined(separator: ", ")
  }
}

extension String {
  fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}

extension ResultRow {
  /// True for a probe of what the machine can do at most.
  var isCeiling: Bool { phase == Phase.ceiling.rawValue }

  /// The shape without what its heading says: `m512 n4096 k4096`, `qkv proj m1 n6144 k4096`.
  var shortShape: String { ShapeWords(self).name }

  /// On a device the type, where the shape does not say it: all types of a shape stand in one drawing.
  var typeWords: String { isOnDevice && !dtypeA.isEmpty && !shapeId.contains(dtypeA) ? " \(dtypeA)" : "" }

  /// A ceiling in words: `multiply-add peak`, `read L2`.
  var ceilingName: String {
    if kernel == Operation.fmaPeak.rawValue { return "multiply-add peak" }
    if kernel == Operation.typePeak.rawValue, isOnDevice, !dtypeA.isEmpty { return "\(dtypeA) peak" }
    let parts = shapeId.split(separator: "_").map(String.init)
    return parts.enumerated().map { $0 == 0 ? $1 : $1.uppercased() }.joined(separator: " ")
  }

  /// What rows of several implementations share where they solve one problem in one place.
  var problemKey: String {
    [kernel, shapeId, cacheMode, dtypeA, dtypeB, layout, model, layer].joined(separator: "|")
  }

  /// Kernel, and where its operands were.
  var familyTitle: String {
    let name = kernel.split(separator: "_").joined(separator: " ")
    return cacheMode.isEmpty || cacheMode == CacheMode.hot.rawValue || isCeiling
      ? name : "\(name), \(cacheMode.split(separator: "_").joined(separator: " "))"
  }

  /// The heading over shapes: the family, and the model or the table of shapes that they are from.
  var groupTitle: String {
    if isCeiling { return "ceilings" }
    let origin = ShapeWords(self).origin
    return origin.isEmpty ? familyTitle : "\(familyTitle) · \(origin)"
  }

  /// One sentence for the title of a mark.
  var spoken: String {
    let rate =
      gflopsMedian.map { "\(significant($0)) GFLOP/s" } ?? gbytesPerSecondMedian.map {
        "\(significant($0)) GB/s"
      } ?? status.rawValue
    let share = pctOfRoofline.map { ", \(grouped($0, decimals: 0)) % of the roof" } ?? ""
    return "\(kernel) \(shapeId)\(typeWords), \(impl), \(placement): \(rate)\(share)"
  }
}

/// A time in the unit that keeps it readable: `16.8 µs`.
func timeText(_ seconds: Double) -> String {
  let (value, symbol) = timeInUnit(seconds, of: seconds)
  return "\(significant(value)) \(symbol)"
}

/// A range of times in one unit, that of its low end: `16.8–17.1 µs`.
func timeText(_ low: Double, _ high: Double) -> String {
  let (first, symbol) = timeInUnit(low, of: low)
  return "\(significant(first))–\(significant(timeInUnit(high, of: low).value)) \(symbol)"
}

/// A time in the unit that suits another.
private func timeInUnit(_ seconds: Double, of scale: Double) -> (value: Double, symbol: String) {
  let steps: [(Unit, String)] = [(.millisecond, "ms"), (.microsecond, "µs"), (.nanosecond, "ns")]
  if scale >= 1 { return (seconds, "s") }
  let step = steps.first { $0.0.fromBase(scale) >= 1 } ?? (.nanosecond, "ns")
  return (step.0.fromBase(seconds), step.1)
}

/// A size in the largest binary unit that keeps it at 1 or more: `32 MiB`.
func sizeText(_ bytes: Int) -> String {
  let value = Double(bytes)
  for unit in [Unit.gibibyte, .mebibyte, .kibibyte] where unit.fromBase(value) >= 1 {
    let number = unit.fromBase(value)
    return "\(fixed(number, decimals: number == number.rounded() ? 0 : 1)) \(unit.symbol)"
  }
  return "\(bytes) B"
}

/// `1 row`, `2 rows`, `3 processes`.
func counted(_ count: Int, _ noun: String) -> String {
  let ending = count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s"
  return "\(grouped(Double(count), decimals: 0)) \(noun)\(ending)"
}

/// `a, b and c`.
func listed(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " and " + last
}

/// A share in percent: `95 %`.
func percentText(_ share: Double, decimals: Int = 0) -> String {
  "\(fixed(Unit.percent.fromBase(share), decimals: decimals)) %"
}
