// The measured roofs of a placement, and how close each row came to them.

public import Measurement
public import Quantities

/// What one placement can do at most, from the ceiling rows of the same run.
public struct Ceilings: Sendable {
  private typealias Peak = (rate: Double, spread: Double?)
  /// The arithmetic peak of each element type that has a probe of its own, by the type's name.
  private let peaks: [String: Peak]
  /// Read bandwidth by array size, ascending.
  private let ladder: [(bytes: Int, rate: Double, spread: Double?)]
  private let runID: String

  /// The ceilings among these rows at a placement.
  public init(_ rows: [ResultRow], placement: String) {
    let here = rows.filter { $0.placement == placement && $0.status.hasTimes }
    peaks = here.reduce(into: [:]) { peaks, row in
      guard let type = row.probedType, let rate = row.gflopsMedian, rate > peaks[type]?.rate ?? 0 else {
        return
      }
      peaks[type] = (rate, row.betweenProcessRelStddev)
    }
    ladder = here.filter { $0.kernel == Operation.memoryRead.rawValue }
      .compactMap { row in
        guard let bytes = row.arrayBytes, let rate = row.gbytesPerSecondMedian else { return nil }
        return (bytes, rate, row.betweenProcessRelStddev)
      }.sorted { $0.bytes < $1.bytes }
    runID = here.first { $0.phase == Phase.ceiling.rawValue }?.runId ?? ""
  }

  /// Fills the row's roofline columns; a row whose ceilings were not measured stays without.
  ///
  /// The working set picks the step of the bandwidth ladder, so that a kernel in L2 is held against L2.
  public func apply(to row: inout ResultRow, workingSet: Bytes?) {
    guard row.status.hasTimes, row.phase != Phase.ceiling.rawValue, let median = row.timeMedianSeconds,
      let flop = row.flop, let bytes = row.minBytes, let largest = ladder.last,
      let (peak, peakSpread) = peak(of: row)
    else { return }
    let step =
      row.isCold ? largest : ladder.first { Double($0.bytes) >= workingSet?.value ?? .infinity } ?? largest
    let compute = flop / Unit.gigaflops.toBase(peak)
    let memory = bytes / Unit.gigabytePerSecond.toBase(step.rate)
    row.computeCeilingGflops = peak
    row.bandwidthCeilingGbytesPerSecond = step.rate
    row.ceilingRunId = runID
    row.boundBy = compute >= memory ? "compute" : step.bytes == largest.bytes ? "memory" : "cache"
    let share = Unit.percent.fromBase(max(compute, memory) / median)
    // A share of a ceiling that is not firm would look exact: better none.
    let spread = (compute >= memory ? peakSpread : step.spread) ?? 0
    if spread > Ceilings.largestSpread {
      row.warn(
        "no share of the roofline: processes differ by \(Int(Unit.percent.fromBase(spread).rounded())) % on the"
          + " ceiling")
    } else if share > Ceilings.largestShare {
      row.warn("no share of the roofline: it would be \(Int(share.rounded())) %")
    } else {
      row.pctOfRoofline = share
    }
  }

  /// The peak that binds a row's type: its own; for bf16, which a host may widen, the higher of two; for what is
  /// widened to f32, that of f32. Nil where the type's own was not measured.
  private func peak(of row: ResultRow) -> Peak? {
    // Units of a device have a rate for each type; that of no other type stands in for it.
    if row.isOnDevice { return peaks[row.dtypeA] }
    func own(_ type: DataType) -> Peak? { peaks[type.rawValue] }
    let type = row.dataType
    switch type {
    case .f64, .u8i8: return type.flatMap(own)
    case .i8, .q8g32Bytes, .q8g128Bytes, .q4g32Bytes, .q4g128Bytes: return own(.u8i8)
    case .f16Sums: return nil
    case .bf16: return [own(.bf16), own(.f32)].compactMap { $0 }.max { $0.rate < $1.rate }
    default: return own(.f32)
    }
  }

  /// Relative standard deviation between processes above which a ceiling is not firm.
  private static let largestSpread = 0.10
  /// Percent above which a ceiling was measured too low to be one.
  private static let largestShare = 105.0
}

extension ResultRow {
  /// True for operands of f32 as every library takes them: what the multiply-add peak is the roof of.
  public var isPlainFloat: Bool {
    (dtypeA.isEmpty || dataType == .f32) && layout != WeightLayout.packed.rawValue
  }

  /// The shape, and what tells a product in other types or with packed weights from the plain one of the same shape.
  public var shapeTitle: String {
    guard Operation(rawValue: kernel)?.isProduct == true else { return shapeId }
    let type = dataType.map { $0 == .f32 ? "" : $0.rawValue } ?? dtypeA
    let isPacked = layout == WeightLayout.packed.rawValue && dataType?.isOwn == false
    return ([shapeId] + [type, isPacked ? layout : ""].filter { !$0.isEmpty && !shapeId.contains($0) })
      .joined(separator: " ")
  }

  /// The element types by their name; nil for a row of types that no product has.
  var dataType: DataType? {
    DataType.allCases.first {
      $0.names.a == dtypeA && (dtypeB.isEmpty || $0.names.b == dtypeB)
        && (dtypeAcc.isEmpty || $0.names.accumulator == dtypeAcc)
    }
  }
}

/// Rows of a run with their ceilings, in the order given.
public func rowsWithCeilings(_ outcomes: [Outcome], run: RunInfo) -> [ResultRow] {
  let rows = outcomes.map { ResultRow($0, run: run) }
  let places = Set(rows.map(\.placement))
  let ceilings = Dictionary(uniqueKeysWithValues: places.map { ($0, Ceilings(rows, placement: $0)) })
  return zip(rows, outcomes).map { row, outcome in
    var row = row
    // A report read back from a journal does not know its buffers; one set of operands is the compulsory traffic.
    let workingSet = outcome.reports.compactMap(\.residentBytes).first ?? row.minBytes.map { Bytes($0) }
    ceilings[row.placement]?.apply(to: &row, workingSet: workingSet)
    return row
  }
}
