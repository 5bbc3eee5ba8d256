// Decoder layers by their operators: where the time goes, and whether the operators add up to the layer.

import Measurement
import Quantities
public import Tables

/// The decoder layers of result files.
public struct LayerTable {
  /// One layer at one placement.
  public struct Layer {
    /// Shape of the whole layer.
    public let shape: String
    /// Model that it is from.
    public let model: String
    /// Where it was measured.
    public let placement: String
    /// Threads that computed.
    public let threads: Int?
    /// The row of the whole layer; nil where it has no time.
    public fileprivate(set) var whole: ResultRow?
    /// Operators in the order in which they run, those without a time among them.
    public fileprivate(set) var operators: [ResultRow] = []

    /// Seconds of all operators together, each measured apart from the layer; nil where one has no time.
    public var sum: Double? {
      let times = operators.compactMap(\.layerSeconds)
      return times.isEmpty || times.count < operators.count ? nil : times.reduce(0, +)
    }
    /// The layer's own seconds.
    public var seconds: Double? { whole?.layerSeconds }
    /// How far the sum is from the layer's own time, relative to that.
    public var difference: Double? {
      guard let sum, let seconds, seconds > 0 else { return nil }
      return sum / seconds - 1
    }
  }

  /// Layers in the order of the files.
  public let layers: [Layer]

  /// The layers among the rows of result files.
  public init(_ rows: [ResultRow]) {
    var layers: [Layer] = []
    var places: [[String]: Int] = [:]
    for row in rows where row.kernel == Operation.decoderLayer.rawValue {
      let end = row.shapeId.lastIndex(of: ".")
      let shape = end.map { String(row.shapeId[..<$0]) } ?? row.shapeId
      let key = [
        row.runId, row.hostLabel, shape, row.impl, row.dtypeA, row.placement, row.cacheMode, row.pageMode,
      ]
      let place = places[key] ?? layers.count
      if place == layers.count {
        places[key] = place
        layers.append(
          Layer(shape: shape, model: row.model, placement: row.placement, threads: row.threads))
      }
      if end == nil { layers[place].whole = row } else { layers[place].operators.append(row) }
    }
    self.layers = layers
  }

  /// One line an operator, for programs; `difference_percent` is that of `sum_seconds` from `layer_seconds`.
  public func records() -> ReportTable {
    var table = ReportTable(
      "",
      [
        "layer", "model", "placement", "threads", "operator", "calls_per_pass", "time_median_seconds",
        "share", "gflops_median", "gbytes_per_second_median", "sum_seconds", "layer_seconds",
        "difference_percent",
      ].map { ReportTable.Column($0) })
    for layer in layers {
      for row in layer.operators {
        table.append([
          .text(layer.shape), .text(layer.model), .text(layer.placement),
          layer.threads.map { .integer($0) } ?? .empty, .text(row.layer),
          .optional(row.callsPerPass, decimals: 0), .optional(row.layerSeconds, decimals: 6),
          .optional(share(row, layer), decimals: 4), .optional(row.gflopsMedian, decimals: 1),
          .optional(row.gbytesPerSecondMedian, decimals: 1), .optional(layer.sum, decimals: 6),
          .optional(layer.seconds, decimals: 6),
          .optional(layer.difference.map(Unit.percent.fromBase), decimals: 2),
        ])
      }
    }
    return table
  }

  /// For people: a table for each layer, then all layers on a line each.
  public func tables() -> [ReportTable] { layers.map(table) + (layers.isEmpty ? [] : [summary()]) }

  /// The layers on a line each: sum of operators, own time, difference.
  public func summary() -> ReportTable {
    var table = ReportTable(
      "Layers: sum of operators against the layer's own time",
      [
        .init("layer"), .init("placement", "place"), .init("threads"), .init("calls_per_pass", "calls"),
        .init("sum_ms", "sum ms"), .init("layer_ms", "layer ms"), .init("difference_percent", "differ %"),
      ])
    for layer in layers {
      table.append([
        .text(layer.shape), .text(layer.placement), layer.threads.map { .integer($0) } ?? .empty,
        .optional(layer.whole?.callsPerPass, decimals: 0), .optional(milliseconds(layer.sum), decimals: 3),
        .optional(milliseconds(layer.seconds), decimals: 3),
        .optional(layer.difference.map(Unit.percent.fromBase), decimals: 2),
      ])
    }
    table.notes = LayerTable.notes
    return table
  }

  /// What the figures mean.
  public static let notes = [
    "Operators are timed one by one inside passes of the layer, the layer in passes of its own: medians."
      + " calls: times that a pass of the model runs such a layer."
  ]

  private func table(_ layer: Layer) -> ReportTable {
    let threads = layer.threads.map { $0 == 1 ? ", 1 thread" : ", \($0) threads" } ?? ""
    var table = ReportTable(
      "\(layer.shape), \(layer.model), \(layer.placement)\(threads)",
      [
        .init("operator"), .init("calls_per_pass", "calls"), .init("time_ms", "ms"),
        .init("share", "share %"),
        .init("gflops_median", "GFLOP/s"), .init("gbytes_per_second_median", "GB/s"),
      ])
    func append(_ name: String, _ row: ResultRow?, _ seconds: Double?, _ share: Double?) {
      table.append([
        .text(name), .optional((row ?? layer.whole)?.callsPerPass, decimals: 0),
        .optional(milliseconds(seconds), decimals: 3),
        .optional(share.map(Unit.percent.fromBase), decimals: 1),
        .optional(row?.layerSeconds == nil ? nil : row?.gflopsMedian, decimals: 1),
        .optional(row?.layerSeconds == nil ? nil : row?.gbytesPerSecondMedian, decimals: 1),
      ])
    }
    for row in layer.operators { append(row.layer, row, row.layerSeconds, share(row, layer)) }
    append("sum", nil, layer.sum, layer.sum.map { _ in 1 })
    append("layer", layer.whole, layer.seconds, layer.difference.map { 1 / (1 + $0) })
    if let difference = layer.difference {
      let percent = fixed(Unit.percent.fromBase(abs(difference)), decimals: 2)
      table.notes.append(
        "The sum is \(percent) % \(difference < 0 ? "below" : "above") the layer's own time.")
    }
    let untimed = layer.operators.filter { $0.layerSeconds == nil }.map {
      "\($0.layer) (\($0.status.rawValue))"
    }
    if !untimed.isEmpty {
      table.notes.append("No sum: without a time are \(untimed.joined(separator: ", ")).")
    }
    return table
  }

  private func share(_ row: ResultRow, _ layer: Layer) -> Double? {
    guard let sum = layer.sum, sum > 0 else { return nil }
    return row.layerSeconds.map { $0 / sum }
  }

  private func milliseconds(_ seconds: Double?) -> Double? { seconds.map(Unit.millisecond.fromBase) }
}

/// What an operator of a decoder layer is made of.
public enum LayerWork: Sendable, Hashable {
  /// A product with weights.
  case product
  /// Attention over the cache.
  case attention
  /// Element-wise work, or an operator of another version.
  case other
}

extension ResultRow {
  /// What the row of an operator of a decoder layer computes.
  public var layerWork: LayerWork {
    guard let part = LayerOperator(rawValue: layer) else { return .other }
    return part == .attention ? .attention : part.isProduct ? .product : .other
  }

  /// Median seconds of a row that has times.
  fileprivate var layerSeconds: Double? { status.hasTimes ? timeMedianSeconds : nil }
}
