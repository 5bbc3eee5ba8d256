// What the rows of this host say, without dimensions: the share of the roofline that its kernels reach against
// arithmetic intensity over the ridge. The host itself is estimated with its own curves; any other chip only as
// `transferred`, a second opinion that is scored and that no calibrated figure reads.

public import Quantities
public import Results

/// Share of the roofline against intensity over ridge, from measured points.
struct EfficiencyCurve: Sendable, Hashable {
  /// ln(intensity / ridge) and ln(share), ascending.
  private let points: [SIMD2<Double>]

  /// Nil without a point; points of equal intensity (to 1 %) are averaged.
  init?(_ samples: [(intensityOverRidge: Double, share: Double)]) {
    // Data in a cache can beat the memory roofline; more than the roofline does not transfer.
    let sorted = samples.filter { $0.intensityOverRidge > 0 && $0.share > 0 }
      .map { SIMD2(logarithm($0.intensityOverRidge), logarithm(min(1, $0.share))) }
      .sorted { $0.x < $1.x }
    var merged: [SIMD2<Double>] = []
    var count = 0.0
    for point in sorted {
      if let last = merged.last, point.x - last.x < 0.01 {
        count += 1
        merged[merged.count - 1] = last + (point - last) / count
      } else {
        merged.append(point)
        count = 1
      }
    }
    guard !merged.isEmpty else { return nil }
    points = merged
  }

  /// The share at an intensity: linear between points in logarithms, the outermost share outside.
  func share(at intensityOverRidge: Double) -> Double {
    guard let first = points.first, let last = points.last, intensityOverRidge > 0 else { return 1 }
    let x = logarithm(intensityOverRidge)
    if x <= first.x { return exponential(first.y) }
    if x >= last.x { return exponential(last.y) }
    for (left, right) in zip(points, points.dropFirst()) where x <= right.x {
      return exponential(left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x))
    }
    return exponential(last.y)
  }
}

/// The three curves of a machine.
struct EfficiencyCurves: Sendable, Hashable {
  let products: EfficiencyCurve
  let prefillAttention: EfficiencyCurve
  let decodeAttention: EfficiencyCurve
}

/// Measured ceilings and efficiencies of one host, or of one device of it.
public struct HostCalibration: Sendable {
  /// Ceilings and points of the widest placement.
  public let summary: HostSummary
  /// Memory that the host shows; nil = its rows do not say.
  public let memory: Bytes?
  /// Whole decoder layers against what the curves say of them.
  public let composition: HostComposition

  let curves: EfficiencyCurves
  let roofs: Roofs

  /// Nil where the rows lack the FMA peak, the read bandwidth, or any of matrix product, prefill and decode
  /// attention on the widest placement of one machine, or on the device at `placement`.
  public init?(_ rows: [ResultRow], placement: String? = nil) {
    guard let summary = HostSummary(rows, placement: placement), let peak = summary.peakGflops,
      let read = summary.readGbytesPerSecond,
      let products = HostCalibration.curve(summary, "gemm"),
      let prefill = HostCalibration.curve(summary, "attention_prefill"),
      let decode = HostCalibration.curve(summary, "attention_decode")
    else { return nil }
    self.summary = summary
    let roofs = Roofs(
      peak: FLOPPerSecond(Unit.gigaflops.toBase(peak)),
      bandwidth: BytesPerSecond(Unit.gigabytePerSecond.toBase(read)))
    let curves = EfficiencyCurves(products: products, prefillAttention: prefill, decodeAttention: decode)
    self.roofs = roofs
    self.curves = curves
    composition = HostComposition(rows, summary: summary, curves: curves, roofs: roofs)
    // The machine's memory is not its device's.
    memory =
      summary.isDevice ? nil : rows.lazy.compactMap(\.memTotalBytes).first.map { Bytes(Double($0)) }
  }

  /// What the sources of a figure that rests on these rows begin with.
  public static let sourceMark = "result rows of run "

  /// The source line of every figure that rests on these rows.
  public var source: String {
    "\(HostCalibration.sourceMark)\(summary.runId), placement \(summary.placement) of \(summary.name)"
  }

  /// The better implementation of every shape: a machine is judged by what it can do.
  private static func curve(_ summary: HostSummary, _ kernel: String) -> EfficiencyCurve? {
    let points = summary.points.filter { $0.kernel == kernel && $0.type == summary.type }
    let shapes = Dictionary(
      grouping: points,
      by: {
        [$0.m ?? 0, $0.n ?? 0, $0.k ?? 0, $0.seqKv ?? 0].map(String.init) + ["\($0.intensityOverRidge)"]
      })
    return EfficiencyCurve(
      shapes.values.compactMap { same in
        same.max { $0.shareOfRoofline < $1.shareOfRoofline }.map {
          ($0.intensityOverRidge, $0.shareOfRoofline)
        }
      })
  }

  /// The host as a chip: fp32 arithmetic at the FMA peak, memory at the read bandwidth, no link.
  func rates(_ memory: Bytes) -> ChipRates {
    ChipRates(
      name: summary.machineLabel, bf16Peak: roofs.peak, fp8Peak: nil, fp4Peak: nil,
      memoryBandwidth: roofs.bandwidth,
      scaleUpBandwidth: nil, memory: memory, gemmShare: ChipRates.GEMMShare(bf16: 1, fp8: 1, fp4: 1))
  }
}

extension Figure {
  /// True where the figure changes when the host's result rows are removed.
  public var dependsOnHost: Bool { sources.contains { $0.hasPrefix(HostCalibration.sourceMark) } }
}

extension ServingEstimate {
  /// Names of the figures that change when the host's result rows are removed.
  public var hostDependentFigures: [String] { figures.filter { $0.figure.dependsOnHost }.map(\.name) }
}
