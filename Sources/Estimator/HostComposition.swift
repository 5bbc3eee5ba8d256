// The composition test: whole decoder layers of a host's rows, which no curve reads, against what the host's curves
// predict for them operator by operator, as every estimate that rests on those curves does.

public import Quantities
import Results
import Tables

/// Decoder layers of one host, predicted and measured.
public struct HostComposition: Sendable, Hashable {
  /// One layer at the placement of the curves.
  public struct Layer: Sendable, Hashable {
    /// Shape of the whole layer, e.g. `llama_3_1_8b_prefill_s512`.
    public let shape: String
    /// Sum over products and attention of roofline over the curve's share.
    public let predicted: Seconds
    /// Median of the layer's own passes.
    public let measured: Seconds
    /// The operators measured one by one, added up; nil where one has no time.
    public let operators: Seconds?
    /// What norms, activations and other operators that the estimate leaves out measured; nil where one has no time.
    public let leftOut: Seconds?

    /// A layer from its parts.
    public init(
      shape: String, predicted: Seconds, measured: Seconds, operators: Seconds? = nil, leftOut: Seconds? = nil
    ) {
      (self.shape, self.predicted, self.measured) = (shape, predicted, measured)
      (self.operators, self.leftOut) = (operators, leftOut)
    }

    /// Predicted over measured time.
    public var ratio: Double { predicted / measured }
  }

  /// Layers that have both times, in the order of the file.
  public let layers: [Layer]
  /// Placement of the curves and of the layers.
  public let placement: String
  /// Name of the machine, or of its device.
  public let machine: String
  /// True for a device.
  public let isDevice: Bool
  /// Why there is no layer; nil where there is one.
  public let missing: String?

  /// A test from its parts.
  public init(
    layers: [Layer], placement: String, machine: String, isDevice: Bool = false, missing: String? = nil
  ) {
    (self.layers, self.placement, self.machine, self.missing) = (layers, placement, machine, missing)
    self.isDevice = isDevice
  }

  /// Largest median error at which sums of operators are believed.
  public static let bound = 0.15

  /// Median over the layers of predicted over measured time; nil without a layer.
  public var medianRatio: Double? { middle(layers.map(\.ratio)) }
  /// Median over the layers of the distance of that ratio from 1; nil without a layer.
  public var medianError: Double? { middle(layers.map { abs($0.ratio - 1) }) }

  /// Why there is no layer, and the commands that measure one; nil where there is one.
  ///
  /// - Parameter file: the result file as it was named, for those commands.
  public func gap(file: String) -> Gap? {
    missing.map {
      Gap(
        "decoder layers of \(machine)", missing: $0,
        remedy:
          "measure them with 'plimsoll run --suite layers --no-ceilings "
          + "\(isDevice ? "--device" : "--placement") \(placement)', join both "
          + "files with 'plimsoll merge \(file) THE_NEW_FILE -o both.csv' and give that")
    }
  }

  /// What was found, or why nothing was and the commands that change that; a sentence without its full stop.
  public func sentence(file: String) -> String {
    gap(file: file).map { "\($0.missing); \($0.remedy)" } ?? summary
  }

  /// What was found, as a sentence without its full stop.
  public var summary: String {
    guard let medianRatio, let low = layers.map(\.ratio).min(), let high = layers.map(\.ratio).max() else {
      return missing ?? ""
    }
    let isOne = layers.count == 1
    let spread = isOne ? "" : "median of \(layers.count) layers, \(hundredths(low)) to \(hundredths(high)), "
    var text =
      "predicted over measured time of a decoder layer \(hundredths(medianRatio)) "
      + "(\(spread)\(isOne ? "1 layer, " : "")at \(placement))"
    if let sum = middle(layers.compactMap { layer in layer.operators.map { $0 / layer.measured } }) {
      text += "; its operators measured one by one add up to \(hundredths(sum)) of it"
      if let others = middle(layers.compactMap { layer in layer.leftOut.map { $0 / layer.measured } }) {
        text += ", \(hundredths(others)) of it norms and activations that the estimate leaves out"
      }
    }
    return text
  }
}

extension HostComposition {
  /// The layers among the rows of a host, held against its curves.
  ///
  /// - Complexity: O(rows).
  init(_ rows: [ResultRow], summary: HostSummary, curves: EfficiencyCurves, roofs: Roofs) {
    // A device's curves are of one type; layers in another have other curves.
    let ofType = rows.filter { row in
      row.isOnDevice == summary.isDevice && (summary.isDevice ? row.dtypeA == summary.type : row.isPlainFloat)
    }
    let all = LayerTable(ofType).layers
    let here = all.filter { $0.placement == summary.placement }
    let layers = here.compactMap { Layer($0, curves: curves, roofs: roofs) }
    let missing: String? =
      if !layers.isEmpty {
        nil
      } else if all.isEmpty {
        "the file has no decoder layer"
      } else if here.isEmpty {
        "its decoder layers are not at \(summary.placement), where its curves are"
      } else { "no decoder layer at \(summary.placement) has both a time and the rows of its operators" }
    self.init(
      layers: layers, placement: summary.placement, machine: summary.name, isDevice: summary.isDevice,
      missing: missing)
  }
}

extension HostComposition.Layer {
  /// Nil where the layer or the work of an operator that the estimate counts is not in the rows.
  fileprivate init?(_ layer: LayerTable.Layer, curves: EfficiencyCurves, roofs: Roofs) {
    guard layer.whole?.status == .ok, let seconds = layer.seconds, seconds > 0, !layer.operators.isEmpty
    else { return nil }
    var sum = Seconds.zero
    var others: Double? = 0
    for row in layer.operators {
      let curve: EfficiencyCurve
      switch row.layerWork {
      case .product: curve = curves.products
      case .attention: curve = row.phase == "decode" ? curves.decodeAttention : curves.prefillAttention
      case .other:
        others =
          row.status.hasTimes ? row.timeMedianSeconds.flatMap { time in others.map { $0 + time } } : nil
        continue
      }
      guard let work = row.flop, let bytes = row.minBytes, work > 0, bytes > 0 else { return nil }
      sum = sum + roofs.time(work: work, bytes: bytes, curve)
    }
    guard sum > .zero else { return nil }
    self.init(
      shape: layer.shape, predicted: sum, measured: Seconds(seconds),
      operators: layer.sum.map { Seconds($0) }, leftOut: others.map { Seconds($0) })
  }
}

/// Both ceilings of a machine for one element type.
struct Roofs: Sendable, Hashable {
  let peak: FLOPPerSecond
  let bandwidth: BytesPerSecond

  /// The roofline's time over the share that a curve reaches at this intensity; zero without work or bytes.
  func time(work: Double, bytes: Double, _ curve: EfficiencyCurve) -> Seconds {
    guard work > 0, bytes > 0 else { return .zero }
    let ridge = peak.value / bandwidth.value
    let roof = max(work / peak.value, bytes / bandwidth.value)
    return Seconds(roof / curve.share(at: work / bytes / ridge))
  }
}

/// The median; nil of nothing.
private func middle(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : quantile(values.sorted(), 0.5)
}

private func hundredths(_ value: Double) -> String { fixed(value, decimals: 2) }
