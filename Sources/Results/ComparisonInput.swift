// A result file with the samples of its journal, sorted by row and process.

import Measurement

/// The samples that one process took of one row.
public struct ProcessSamples: Hashable, Sendable {
  /// Number of the process in its run.
  public let process: Int
  /// Seconds of each sample.
  public internal(set) var seconds: [Double]
  /// Core cycles of each sample; shorter than `seconds` where a count is unknown.
  public internal(set) var cycles: [Double]

  /// Samples from their parts.
  public init(process: Int, seconds: [Double], cycles: [Double] = []) {
    self.process = process
    self.seconds = seconds
    self.cycles = cycles
  }
}

/// The samples of a journal by row and process.
public struct RowSamples: Sendable {
  /// Processes of each row in the order of their numbers.
  public let byRow: [RowIdentity: [ProcessSamples]]

  /// Sorts the columns of a journal.
  ///
  /// - Complexity: O(samples).
  public init(_ samples: SampleColumns) {
    var collected: [[ProcessSamples]] = Array(repeating: [], count: samples.rows.count)
    for index in samples.seconds.indices {
      let cycles = samples.cycles[index]
      collected[Int(samples.row[index])].add(
        samples.seconds[index], cycles: cycles > 0 ? cycles : nil, process: Int(samples.process[index]))
    }
    self.init(zip(samples.rows, collected).map { ($0, $1.sorted { $0.process < $1.process }) })
  }

  /// Sorts sample rows; see above.
  public init(_ samples: [SampleRow]) {
    var places: [RowIdentity: Int] = [:]
    var collected: [(RowIdentity, [ProcessSamples])] = []
    for sample in samples {
      guard let process = sample.processIndex, let seconds = sample.seconds, seconds > 0 else { continue }
      let id = RowIdentity(runId: sample.runId, rowKey: sample.rowKey)
      let place = places[id] ?? collected.count
      if place == collected.count {
        places[id] = place
        collected.append((id, []))
      }
      collected[place].1.add(seconds, cycles: sample.cycles, process: process)
    }
    self.init(collected.map { ($0.0, $0.1.sorted { $0.process < $1.process }) })
  }

  /// Samples that are sorted already.
  init(_ pairs: [(RowIdentity, [ProcessSamples])]) { byRow = Dictionary(pairs) { first, _ in first } }

  /// Seconds alone, as the checks of a result file take them.
  public var seconds: [RowIdentity: [[Double]]] { byRow.mapValues { $0.map(\.seconds) } }
}

/// A result file with the samples of its journal.
public struct ComparisonInput: Sendable {
  /// Name for the header.
  public let name: String
  /// Rows of the result file.
  public let rows: [ResultRow]
  /// Run that was measured in turn with this one, as `RunMeta.pairedWith`.
  public var partner: String?
  private let samples: RowSamples
  private let floors: [String: Double]

  /// An input from a result file's rows and its journal.
  public init(name: String, rows: [ResultRow], samples: RowSamples) {
    self.name = name
    self.rows = rows
    self.samples = samples
    var floors: [String: Double] = [:]
    for row in rows {
      if let floor = row.aaFloor { floors[row.placement] = max(floor, floors[row.placement] ?? 0) }
    }
    self.floors = floors
  }

  /// An input from rows and sample rows; no journal, no samples.
  public init(name: String, rows: [ResultRow], samples: [SampleRow] = []) {
    self.init(name: name, rows: rows, samples: RowSamples(samples))
  }

  /// An input whose samples are at hand, one list of processes for each row of `rows`.
  public init(name: String, rows: [ResultRow], processes: [[ProcessSamples]]) {
    self.init(name: name, rows: rows, samples: RowSamples(zip(rows, processes).map { (RowIdentity($0), $1) }))
  }

  /// True where process took turns with process in the runs of two inputs.
  func tookTurns(with other: ComparisonInput) -> Bool {
    partner != nil && Set(other.rows.map(\.runId)) == [partner] && Set(rows.map(\.runId)) == [other.partner]
  }

  /// The samples of a row, one entry for each process that the row counts; empty without a journal.
  ///
  /// The journal of a run that goes on, or was stopped, has further processes: their row is not yet written.
  public func processes(of row: ResultRow) -> [ProcessSamples] {
    let all = samples.byRow[RowIdentity(row)] ?? []
    guard let counted = row.nProcesses, counted < all.count, counted > 0 else { return all }
    return Array(all.prefix(counted))
  }

  /// Relative difference that the control kernel showed against itself: the row's own, else the largest of its
  /// placement.
  func floor(of row: ResultRow) -> Double? { row.aaFloor ?? floors[row.placement] }
}

extension [ProcessSamples] {
  fileprivate mutating func add(_ seconds: Double, cycles: Double?, process: Int) {
    if last?.process != process, let place = firstIndex(where: { $0.process == process }) {
      // Rare: the processes of a row that was measured in turns.
      self[place].seconds.append(seconds)
      if let cycles { self[place].cycles.append(cycles) }
      return
    }
    if last?.process != process { append(ProcessSamples(process: process, seconds: [])) }
    self[count - 1].seconds.append(seconds)
    if let cycles { self[count - 1].cycles.append(cycles) }
  }
}
