// A measured call on a known chip: where it lies in its operation's table, how long the machine needs at
// least, and how long it took. Engines that ran the same call are one point: their median, and how far they
// lie apart.

public import Catalog
import Quantities

/// Which table a call belongs to.
public struct OperatorKey: Sendable, Hashable {
  /// What is computed.
  public let operation: KernelOperation
  /// Format of the operands; of the arithmetic for attention.
  public let format: KernelFormat
  /// Bytes of an element of the cache for latent decode attention, 0 elsewhere: one kernel for each.
  public let cacheBytes: Int

  /// A key; `cacheBytes` matters for latent decode attention only.
  public init(_ operation: KernelOperation, _ format: KernelFormat = .bf16, cacheBytes: Int = 2) {
    self.operation = operation
    self.format = operation.isCollective ? .bf16 : format
    self.cacheBytes = operation == .latentDecode ? cacheBytes : 0
  }

  /// For messages, e.g. `gemm fp8` or `MLA decode, KV fp8`.
  public var name: String {
    switch operation {
    case .latentDecode: "\(operation.rawValue), KV \(cacheBytes == 1 ? "fp8" : "bf16")"
    case .product, .groupedProduct, .expertLayer: "\(operation.rawValue) \(format.rawValue)"
    default: operation.rawValue
    }
  }
}

/// Rates of a chip that one operation needs.
struct OperatorRates: Sendable, Hashable {
  /// FLOP/s of the format; infinite where the operation does no arithmetic.
  let peak: Double
  /// Bytes/s of the memory, or of the link for a collective.
  let bandwidth: Double

  init?(_ key: OperatorKey, _ chip: Accelerator) {
    if key.operation.isCollective {
      guard let link = chip.scaleUpOneWay else { return nil }
      (peak, bandwidth) = (.infinity, link.value)
    } else {
      guard let memory = chip.memoryBandwidth else { return nil }
      if key.operation == .memoryStream {
        (peak, bandwidth) = (.infinity, memory.value)
      } else {
        guard let rate = chip.peak(key.format.peak) else { return nil }
        (peak, bandwidth) = (rate.value, memory.value)
      }
    }
  }
}

/// One point of a table.
struct OperatorPoint: Sendable, Hashable {
  /// First coordinate, log2.
  let x: Double
  /// Second coordinate, log2.
  let y: Double
  /// Seconds of the arithmetic at the peak.
  let arithmetic: Double
  /// Seconds of the bytes at the bandwidth.
  let memory: Double
  /// Natural logarithm of the median time over engines, in seconds.
  let logTime: Double
  /// ln of the slowest over the fastest engine.
  let logSpread: Double
  /// Rows behind it.
  let ids: [String]
  /// True where all of them may fit constants.
  let isCalibration: Bool

  /// Points of readings: those in one eighth of an octave of both coordinates are one point.
  static func merged(_ readings: [KernelReading], _ rates: OperatorRates) -> [OperatorPoint] {
    struct Cell: Hashable {
      let x, y: Int
    }
    func eighths(_ value: Double) -> Int { Int((8 * logarithm2(value)).rounded()) }
    let cells = Dictionary(grouping: readings) { Cell(x: eighths($0.x), y: eighths($0.y)) }
    return cells.map { _, members in
      let times = members.map { logarithm($0.time.value) }.sorted()
      func mean(_ value: (KernelReading) -> Double) -> Double {
        members.reduce(0) { $0 + value($1) } / Double(members.count)
      }
      return OperatorPoint(
        x: mean { logarithm2($0.x) }, y: mean { logarithm2($0.y) },
        arithmetic: mean { $0.work.flop.value / rates.peak },
        memory: mean { $0.work.bytes.value / rates.bandwidth }, logTime: usual(times),
        logSpread: times[times.count - 1] - times[0], ids: members.map(\.id).sorted(),
        isCalibration: members.allSatisfy(\.isCalibration))
    }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  }
}

/// The median, but the faster one of two middle times that differ more than twofold: of two engines one then
/// took a path that no user would keep (vLLM's block-scaled FP8 takes 190 us where TensorRT-LLM takes 9).
private func usual(_ sorted: [Double]) -> Double {
  let half = sorted.count / 2
  guard sorted.count.isMultiple(of: 2), sorted[half] - sorted[half - 1] > logarithm(2) else {
    return middle(sorted)
  }
  return sorted[half - 1]
}

/// Median of sorted numbers, the mean of the middle two where their count is even; 0 of none.
func middle(_ sorted: [Double]) -> Double {
  guard !sorted.isEmpty else { return 0 }
  let half = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
}

/// Value below which the share `p` of sorted numbers lies, linear between neighbours; 0 of none.
func quantile(_ sorted: [Double], _ p: Double) -> Double {
  guard let last = sorted.last else { return 0 }
  let place = p * Double(sorted.count - 1)
  let lower = Int(place)
  guard lower + 1 < sorted.count else { return last }
  return sorted[lower] + (place - Double(lower)) * (sorted[lower + 1] - sorted[lower])
}

/// Logarithm to base 2.
func logarithm2(_ value: Double) -> Double { logarithm(value) / logarithm(2) }
