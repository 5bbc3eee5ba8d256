// Some columns of many rows: what people look at, without a value for all 170 columns of every row.

public import Tables

/// Chosen columns of the rows that a filter lets through, as text.
public struct ResultTable: Sendable {
  /// Names of the columns.
  public private(set) var columns: [String]
  /// True where filled cells are numbers.
  public private(set) var isNumeric: [Bool]
  /// Cells by row; empty is unknown.
  public private(set) var rows: [[String]] = []
  /// Rows that the filter held back.
  public private(set) var heldBack = 0

  /// Every column of a result file.
  public static let allColumns = ResultRow.schema.header
  /// What people ask for first.
  public static let coreColumns = [
    "kernel", "shape_id", "dtype_a", "impl", "placement", "threads", "cache_mode", "status", "n_samples",
    "time_median_seconds", "time_median_ci_low_seconds", "time_median_ci_high_seconds", "gflops_median",
    "gbytes_per_second_median", "pct_of_roofline", "machine_label", "cpu_model_name", "warnings",
  ]
  /// Columns that may be given to strangers: an allow-list, so that a new column is private until it is named here.
  /// Not in it: labels and tags that users write, jobs, ranks and CPU lists that tell places in a cluster, free text.
  public static let shareableColumns: [String] = {
    let withheld: Set<String> = [
      "tags", "host_label", "scheduler", "job_id", "node_rank", "node_count", "task_rank", "task_count",
      "status_detail", "warnings", "blas_config", "os_kernel", "container", "accelerators", "cpuset_list",
      "usable_cpuset_list", "numa_nodes_list", "memory_nodes_list", "suite",
    ]
    let version2: Set<String> = [
      "model", "layer", "pass", "calls_per_pass", "sampled_seconds", "rounds_dropped", "aa_floor",
    ]
    // The first version's columns are settled, so that what is left of them after these is a list, too.
    let version1 = ResultRow.schema(version: 1)?.header ?? []
    return version1.filter { !withheld.contains($0) } + allColumns.filter { version2.contains($0) }
  }()
  /// Short names that filters and options take for a column.
  public static let aliases = [
    "shape": "shape_id", "cache": "cache_mode", "dtype": "dtype_a", "machine": "machine_label",
    "time": "time_median_seconds", "gflops": "gflops_median", "gbs": "gbytes_per_second_median",
    "roofline": "pct_of_roofline", "host": "host_label", "run": "run_id", "key": "row_key",
    "samples": "n_samples", "cpu": "cpu_model_name", "pages": "page_mode",
  ]

  /// The column that a name or short name stands for; nil for an unknown one.
  public static func column(_ name: String) -> String? {
    if places[name] != nil { return name }
    return aliases[name]
  }

  private static let places = Dictionary(
    allColumns.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })

  static func place(of name: String) -> Int? { places[name] }

  /// Reads the rows of result files.
  ///
  /// - Parameters:
  ///   - columns: full names; every key of the filter must be a column or a short name.
  ///   - whenTorn: what to do with a last line without a newline.
  /// - Throws: `InputError` for a faulty file.
  public init(
    _ files: [String], columns: [String], filter: RowFilter = .everything, whenTorn: TornLine = .refuse
  ) throws(InputError) {
    self.columns = columns
    isNumeric = ResultTable.isNumeric(columns)
    for file in files { try read(file, filter, whenTorn) }
  }

  private mutating func read(_ file: String, _ filter: RowFilter, _ whenTorn: TornLine) throws(InputError) {
    var reader = try ResultReader(path: file, tornLine: whenTorn)
    var wanted: [Int?] = []
    var pool: [[String]] = []
    while try reader.next() {
      if wanted.isEmpty {
        let header = reader.schema.header.count
        wanted = columns.map { name in ResultTable.places[name].flatMap { $0 < header ? $0 : nil } }
        pool = Array(repeating: [], count: header)
      }
      let width = pool.count
      let fits = filter.matches { key in
        guard let place = ResultTable.column(key).flatMap({ ResultTable.places[$0] }), place < width else {
          return ""
        }
        return reader.csv.text(place)
      }
      guard fits else {
        heldBack += 1
        continue
      }
      rows.append(wanted.map { place in place.map { reader.csv.text($0) } ?? "" })
    }
  }

  /// Sorts by a column: numbers by value, texts by name, unknown last.
  public mutating func sort(by column: String, descending: Bool) {
    guard let place = columns.firstIndex(of: column) else { return }
    let isNumeric = isNumeric[place]
    let keyed = rows.enumerated().map {
      (row: $0.element, order: $0.offset, number: Double($0.element[place]))
    }
    rows = keyed.sorted { a, b in
      let (left, right) = (a.row[place], b.row[place])
      if left.isEmpty != right.isEmpty { return right.isEmpty }
      if left == right { return a.order < b.order }
      if isNumeric, let x = a.number, let y = b.number, x != y { return descending ? x > y : x < y }
      return descending ? left > right : left < right
    }.map(\.row)
  }

  /// The cell as a table's cell: numbers with four significant digits for people.
  public static func cell(_ text: String, isNumeric: Bool) -> Cell {
    if text.isEmpty { return .empty }
    guard isNumeric, let value = Double(text) else { return .text(text) }
    if let whole = Int(text) { return .integer(whole) }
    var decimals = 3
    var size = abs(value)
    while size > 0, size < 1, decimals < 12 {
      size *= 10
      decimals += 1
    }
    while size >= 10, decimals > 0 {
      size /= 10
      decimals -= 1
    }
    return .number(value, decimals: decimals)
  }
}

extension ResultTable {
  /// The same rows with these columns only.
  public func selecting(_ names: [String]) -> ResultTable {
    let places = names.compactMap { columns.firstIndex(of: $0) }
    var table = self
    table.columns = places.map { columns[$0] }
    table.isNumeric = places.map { isNumeric[$0] }
    table.rows = rows.map { row in places.map { row[$0] } }
    return table
  }

  /// The same rows with texts that no spreadsheet reads as a formula; numbers stay as they are.
  public func neutralised() -> ResultTable {
    var table = self
    let numeric = isNumeric
    table.rows = rows.map { row in
      zip(row, numeric).map { cell, isNumeric in
        isNumeric && Double(cell) != nil ? cell : Tables.neutralised(cell)
      }
    }
    return table
  }
}
