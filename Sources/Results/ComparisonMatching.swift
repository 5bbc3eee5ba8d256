// Which row of B belongs to which row of A. Rows are matched, never assumed: what finds no partner, what
// stands twice, and what may not be compared is handed back with the reason.

import Measurement
import Tables

/// A row of A with its partner in B.
typealias RowPair = (a: ResultRow, b: ResultRow)

/// Partners that must not be compared as they stand.
public struct BlockedPair: Sendable {
  /// The row of A and of B.
  public let a: ResultRow
  public let b: ResultRow
  /// Columns that differ and would have to be allowed, or that the normalisation needs and are empty.
  public let columns: [String]
}

/// The outcome of matching.
struct Matching {
  var pairs: [RowPair] = []
  var onlyA: [ResultRow] = []
  var onlyB: [ResultRow] = []
  var blocked: [BlockedPair] = []
  /// Rows that share their key with an earlier row of their file.
  var repeated: [ResultRow] = []
  /// Columns in which rows of one file and key differ, most frequent first.
  var varying: [String] = []

  /// Matches by key; on two types of machine, rows that only differ in a blocking column are told apart.
  init(_ a: [ResultRow], _ b: [ResultRow], isSameMachine: Bool, options: ComparisonOptions) {
    let columns = options.match.isEmpty ? (isSameMachine ? ["row_key"] : Matching.portable) : options.match
    let isPlain = isSameMachine || !options.match.isEmpty
    let blocking = isPlain ? [] : Comparison.blocking
    let cells = RowCells(columns + blocking)
    let groupsA = Groups(a, cells)
    let groupsB = Groups(b, cells)
    repeated = groupsA.repeated + groupsB.repeated
    varying = Matching.varying(groupsA.crowds + groupsB.crowds, matched: Set(columns + blocking))
    var isTaken: Set<String> = []
    var left: [(row: ResultRow, place: Int)] = []
    var found: [(place: Int, pair: RowPair)] = []
    for (place, entry) in groupsA.first.enumerated() {
      if let partner = groupsB.index[entry.key].map({ groupsB.first[$0] }) {
        isTaken.insert(partner.key)
        found.append((place, (entry.row, partner.row)))
      } else {
        left.append((entry.row, place))
      }
    }
    var rest = groupsB.first.filter { !isTaken.contains($0.key) }.map(\.row)
    if !blocking.isEmpty {
      let loose = RowCells(columns)
      var open = Dictionary(rest.enumerated().map { (loose.key($0.element), $0.offset) }) { first, _ in first
      }
      var used: Set<Int> = []
      for (row, place) in left {
        guard let offset = open.removeValue(forKey: loose.key(row)) else {
          onlyA.append(row)
          continue
        }
        used.insert(offset)
        let partner = rest[offset]
        let differing = blocking.filter { RowCells.text($0, row) != RowCells.text($0, partner) }
        if differing.allSatisfy({ options.allow.contains($0) }) {
          found.append((place, (row, partner)))
        } else {
          blocked.append(
            BlockedPair(a: row, b: partner, columns: differing.filter { !options.allow.contains($0) }))
        }
      }
      rest = rest.enumerated().filter { !used.contains($0.offset) }.map(\.element)
    } else {
      onlyA = left.map(\.row)
    }
    onlyB = rest
    pairs = found.sorted { $0.place < $1.place }.map(\.pair)
  }

  /// What makes rows of two types of machine the same question.
  private static let portable = [
    "kernel", "shape_id", "impl", "placement_kind", "core_kind", "smt_mode", "memory_policy", "dtype_a",
    "replicas", sweepThreads, devicePlace,
  ]

  /// Not a column: the threads of a step of a sweep, which nothing else tells from the other steps; empty
  /// elsewhere, since a whole package is a whole package however many cores it has.
  static let sweepThreads = "threads of a sweep"

  /// Not a column: which of its machine's devices computed, e.g. `cuda:1`; empty on a host.
  static let devicePlace = "place of a device"

  /// Columns that say what a row measured, on what and by whom.
  private static let telling = [
    "run_id", "suite_version", "tags", "host_label", "machine_id", "kernel", "phase", "shape_id", "batch",
    "m",
    "n", "k", "heads_q", "heads_kv", "head_dim_qk", "head_dim_v", "seq_q", "seq_kv", "causal", "window",
    "block_keys", "array_bytes", "dtype_a", "dtype_b", "dtype_acc", "dtype_out", "layout", "impl",
    "impl_version", "impl_isa_path", "blas_corename",
    "placement", "placement_kind", "core_kind", "smt_mode", "threads", "memory_policy", "replicas",
    "device_kind", "device_name", "cache_mode", "page_mode", "model", "pass",
  ]

  private static func varying(_ crowds: [[ResultRow]], matched: Set<String>) -> [String] {
    var counts: [String: Int] = [:]
    for crowd in crowds {
      guard let first = crowd.first else { continue }
      for name in telling where !matched.contains(name) {
        let value = RowCells.text(name, first)
        if crowd.contains(where: { RowCells.text(name, $0) != value }) { counts[name, default: 0] += 1 }
      }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }
}

/// Rows of one file by key.
private struct Groups {
  /// The first row of each key, in file order.
  private(set) var first: [(key: String, row: ResultRow)] = []
  private(set) var index: [String: Int] = [:]
  private(set) var repeated: [ResultRow] = []
  private var members: [String: [ResultRow]] = [:]

  init(_ rows: [ResultRow], _ cells: RowCells) {
    index.reserveCapacity(rows.count)
    for row in rows {
      let key = cells.key(row)
      if let place = index[key] {
        members[key, default: [first[place].row]].append(row)
        repeated.append(row)
      } else {
        index[key] = first.count
        first.append((key, row))
      }
    }
  }

  /// Keys with more than one row.
  var crowds: [[ResultRow]] { members.sorted { $0.key < $1.key }.map(\.value) }
}

/// The text of chosen columns of a row.
public struct RowCells: Sendable {
  private let encoders: [@Sendable (ResultRow) -> String]

  /// Cells of these columns; unknown names count as empty.
  public init(_ names: [String]) {
    encoders = names.map { name in
      if name == Matching.sweepThreads {
        return { $0.placementKind == "sweep" ? $0.threads.map(String.init) ?? "" : "" }
      }
      if name == Matching.devicePlace { return { $0.isOnDevice ? $0.placement : "" } }
      return RowCells.all[name] ?? { _ in "" }
    }
  }

  /// The cells in one text.
  public func key(_ row: ResultRow) -> String {
    encoders.count == 1 ? encoders[0](row) : encoders.map { $0(row) }.joined(separator: "|")
  }

  /// The cell of one column; empty for an unknown name.
  public static func text(_ name: String, _ row: ResultRow) -> String { all[name]?(row) ?? "" }

  private static let all: [String: @Sendable (ResultRow) -> String] = Dictionary(
    uniqueKeysWithValues: ResultRow.schema.columns.map { ($0.name, $0.encode) })
}
