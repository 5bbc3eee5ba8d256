// Many result files become one. Rows are copied byte for byte; what is decided here is only which rows, and in
// which order: runs by their start, rows as their run's most complete file has them. The order of the inputs
// changes nothing, and merging a merge changes nothing.

import Foundation
import Tables

/// A merge, decided but not yet written.
public struct Merge: Sendable {
  /// A run that several files hold, unlike each other.
  public struct Republished: Hashable, Sendable {
    /// The run.
    public let runId: String
    /// The file with the most complete rows.
    public let winner: String
    /// The other files.
    public let others: [String]
    /// Rows of the others that a more complete row replaced.
    public let replaced: Int
  }

  /// A file whose last line had no newline.
  public struct Torn: Hashable, Sendable {
    public let file: String
    public let bytes: Int
  }

  /// Files that were read.
  public let files: [String]
  /// Identical rows that were dropped.
  public private(set) var duplicates = 0
  /// Runs that several files hold, unlike each other.
  public private(set) var republished: [Republished] = []
  /// Files with torn last lines, which were left out.
  public let torn: [Torn]
  /// Rows of the output.
  public private(set) var rows = 0
  /// Runs of the output.
  public private(set) var runs = 0
  /// Output rows whose status is not `ok`, `unverified` or `mismatch`.
  public private(set) var unfinished = 0
  /// Names of the nodes in the output, sorted: the label of the host, or the run where a host has none.
  public private(set) var nodes: [String] = []
  /// Times of the output's rows by node.
  public private(set) var times: [NodeTime] = []

  let index: MergeIndex
  /// The output, in order.
  private(set) var chosen: [MergeRecord] = []

  /// Reads and checks every input and decides which rows the output has.
  ///
  /// - Throws: `InputErrors` naming both places of each pair of rows that contradict each other: the same run and
  ///   row, equally complete in equally complete files, with different content; `InputError` for a faulty input, `InputErrors`
  ///   with the first fault of each for several.
  public init(_ inputs: MergeInputs) throws {
    var index = MergeIndex()
    var faults: [InputError] = []
    for path in inputs.files {
      do throws(InputError) {
        try index.add(path)
      } catch {
        // The others may be faulty too, and whoever mends files wants to know all of them.
        faults.append(error)
      }
    }
    if faults.count == 1, let only = faults.first { throw only }
    guard faults.isEmpty else { throw InputErrors(faults) }
    self.index = index
    files = inputs.files
    torn = index.files.filter { $0.tornBytes > 0 }.map { Torn(file: $0.path, bytes: $0.tornBytes) }
    var conflicts: [InputError] = []
    for run in index.runs.sorted(by: { ($0.started, $0.id) < ($1.started, $1.id) }) {
      conflicts += select(run)
    }
    guard conflicts.isEmpty else { throw InputErrors(conflicts) }
    rows = chosen.count
    runs = index.runs.count
    unfinished = chosen.count { $0.rank.status < 4 }
    nodes = Set(chosen.map { index.nodes[Int($0.node)] }).sorted()
    times = chosen.compactMap { record in
      let node = Int(record.node)
      return record.seconds.isNaN
        ? nil
        : NodeTime(
          node: index.nodes[node], machine: index.machines[node], rowKey: index.keys[Int(record.key)],
          seconds: record.seconds)
    }
  }

  /// Chooses the rows of one run and returns its contradictions.
  private mutating func select(_ run: MergeIndex.Run) -> [InputError] {
    let copies = run.copies.values.map { Copy($0) }.sorted { $1 < $0 }
    var places: [Int32: (place: Int, copy: Int)] = [:]
    var conflicts: [InputError] = []
    var replaced = 0
    for (number, copy) in copies.enumerated() {
      for record in copy.records {
        guard let earlier = places[record.key] else {
          places[record.key] = (chosen.count, number)
          chosen.append(record)
          continue
        }
        let other = chosen[earlier.place]
        if record.digest == other.digest {
          duplicates += 1
        } else if other.rank < record.rank {
          chosen[earlier.place] = record
          places[record.key] = (earlier.place, number)
          replaced += 1
        } else if record.rank < other.rank || copy.weight < copies[earlier.copy].weight {
          replaced += 1
        } else {
          conflicts.append(conflict(other, record, run.id))
        }
      }
    }
    if replaced > 0, let winner = copies.first?.records.first {
      let paths = copies.compactMap { $0.records.first.map { index.files[Int($0.file)].path } }
      republished.append(
        Republished(
          runId: run.id, winner: index.files[Int(winner.file)].path, others: Array(paths.dropFirst()),
          replaced: replaced))
    }
    return conflicts
  }

  private func conflict(_ a: MergeRecord, _ b: MergeRecord, _ run: String) -> InputError {
    let places = [a, b].sorted {
      (index.files[Int($0.file)].path, $0.line) < (index.files[Int($1.file)].path, $1.line)
    }
    let second = places[1]
    return InputError(
      file: index.files[Int(places[0].file)].path, line: places[0].line,
      "row \(index.keys[Int(a.key)]) of run \(run) differs from the one at"
        + " \(index.files[Int(second.file)].path):\(second.line), and neither is more complete",
      advice: "one of them was edited: leave that file out")
  }

  /// What the rows are about, by key.
  public var subjects: [String: MergeSubject] {
    Dictionary(zip(index.keys, index.subjects), uniquingKeysWith: { first, _ in first })
  }

  /// Types of machines and their readable names, sorted by name.
  public var machineLabels: [(machine: String, label: String)] {
    let labels = Dictionary(zip(index.machines, index.labels), uniquingKeysWith: { first, _ in first })
    return labels.map { ($0.key, $0.value.isEmpty ? $0.key : $0.value) }
      .sorted { ($0.label, $0.machine) < ($1.label, $1.machine) }
  }
}

/// The rows of one run in one file.
private struct Copy: Comparable {
  /// Finished rows, samples, rows with times, rows.
  struct Weight: Hashable, Comparable {
    var finished = 0
    var samples = 0
    var timed = 0
    var rows = 0

    static func < (a: Weight, b: Weight) -> Bool {
      (a.finished, a.samples, a.timed, a.rows) < (b.finished, b.samples, b.timed, b.rows)
    }
  }

  let records: [MergeRecord]
  let weight: Weight

  init(_ records: [MergeRecord]) {
    self.records = records
    var weight = Weight()
    for record in records {
      if record.rank.status == 4 { weight.finished += 1 }
      if !record.seconds.isNaN { weight.timed += 1 }
      weight.samples += record.rank.samples
      weight.rows += 1
    }
    self.weight = weight
  }

  static func == (a: Copy, b: Copy) -> Bool {
    a.weight == b.weight && a.records.map(\.digest) == b.records.map(\.digest)
  }

  /// By weight; equal ones by content, so that names and order of the files decide nothing.
  static func < (a: Copy, b: Copy) -> Bool {
    if a.weight != b.weight { return a.weight < b.weight }
    for (left, right) in zip(a.records, b.records) where left.digest != right.digest {
      return left.digest < right.digest
    }
    return false
  }
}
