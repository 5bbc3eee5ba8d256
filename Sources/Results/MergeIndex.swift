// The first pass of a merge: every record is read and checked once, and only its place, its rank and a digest of
// its bytes are kept. 100,000 rows are 150 MB of text and 10 MB of index.

import Foundation
import Measurement
import Tables

/// How much of a row is there: the status first, then processes, then samples.
struct Completeness: Hashable, Comparable {
  let status: Int
  let processes: Int
  let samples: Int

  init(_ status: RowStatus, processes: Int, samples: Int) {
    self.status =
      switch status {
      case .ok, .unverified, .mismatch: 4
      case .partial: 3
      case .failed, .timeout: 2
      case .skipped: 1
      case .interrupted: 0
      }
    self.processes = processes
    self.samples = samples
  }

  static func < (a: Completeness, b: Completeness) -> Bool {
    (a.status, a.processes, a.samples) < (b.status, b.processes, b.samples)
  }
}

/// One record of an input.
struct MergeRecord {
  let file: Int32
  let run: Int32
  let key: Int32
  let line: Int
  let offset: Int
  let length: Int32
  /// True where the output cannot take the bytes as they are: CRLF, or needless quotes.
  let isRewritten: Bool
  let digest: RowDigest
  let rank: Completeness
  /// Median time in seconds of a row that may be used, else NaN.
  let seconds: Double
  let node: Int32
}

/// One input file.
struct MergeFile {
  let path: String
  /// Columns that the newest header has and this file's lacks.
  var missing = 0
  var rows = 0
  var tornBytes = 0
  /// Size and modification time, so that a file that changes between the passes is noticed.
  let stamp: FileStamp
}

/// What tells whether a file was changed.
struct FileStamp: Hashable {
  let size: Int
  let seconds: Int
  let nanoseconds: Int
  let inode: UInt64

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    size = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
    inode = UInt64(status.st_ino)
  }
}

/// What a row is about, kept once for each key.
public struct MergeSubject: Hashable, Sendable {
  public let kernel: String
  public let shapeID: String
  public let dtype: String
  public let placement: String
}

/// The records of all inputs by run.
struct MergeIndex {
  /// One run: its records by file.
  struct Run {
    let id: String
    /// Earliest start that its rows name; a run has one.
    var started: String
    var copies: [Int32: [MergeRecord]] = [:]
  }

  private(set) var files: [MergeFile] = []
  private(set) var runs: [Run] = []
  private(set) var keys: [String] = []
  private(set) var subjects: [MergeSubject] = []
  private(set) var nodes: [String] = []
  /// Machine type of each node's rows, and its readable name.
  private(set) var machines: [String] = []
  private(set) var labels: [String] = []
  private var runPlaces: [String: Int] = [:]
  private var keyPlaces: [String: Int32] = [:]
  private var nodePlaces: [String: Int32] = [:]

  /// Reads and checks a file.
  ///
  /// - Throws: `InputError` with file, line and column for anything but a torn last line.
  mutating func add(_ path: String) throws(InputError) {
    guard let stamp = FileStamp(path) else {
      throw InputError(file: path, "the file cannot be read", advice: "check the path and its permissions")
    }
    var file = MergeFile(path: path, stamp: stamp)
    var reader = try ResultReader(path: path, tornLine: .drop)
    var places: Places?
    while try reader.next() {
      if places == nil { places = Places(reader.schema) }
      guard let places else { continue }
      add(reader.csv, places, file: Int32(files.count))
      file.rows += 1
    }
    file.missing = ResultRow.schema.columns.count - reader.schema.columns.count
    file.tornBytes = reader.csv.tornBytes
    files.append(file)
  }

  private mutating func add(_ csv: borrowing CSVReader, _ places: Places, file: Int32) {
    let run = place(run: csv, places)
    let key = place(key: csv, places)
    let status = RowStatus(rawValue: csv.text(places.status)) ?? .skipped
    func count(_ index: Int) -> Int { NumberBytes.value(csv.cell(index)).flatMap { Int(exactly: $0) } ?? 0 }
    let seconds = status.hasTimes && status != .partial ? NumberBytes.value(csv.cell(places.median)) : nil
    let record = MergeRecord(
      file: file, run: Int32(truncatingIfNeeded: run), key: key, line: csv.line, offset: csv.offset,
      length: Int32(truncatingIfNeeded: csv.length),
      isRewritten: csv.isRewritten,
      digest: csv.isRewritten ? RowDigest(rewriting: csv) : RowDigest(csv.bytes),
      rank: Completeness(status, processes: count(places.processes), samples: count(places.samples)),
      seconds: seconds ?? .nan, node: place(node: csv, places))
    runs[run].copies[file, default: []].append(record)
  }

  private mutating func place(run csv: borrowing CSVReader, _ places: Places) -> Int {
    // Rows of a run lie together: the last run is asked first.
    if let last = runs.indices.last, csv.cell(places.run).spells(runs[last].id) { return last }
    let id = csv.text(places.run)
    let started = csv.text(places.started)
    if let known = runPlaces[id] {
      if started < runs[known].started { runs[known].started = started }
      return known
    }
    runPlaces[id] = runs.count
    runs.append(Run(id: id, started: started))
    return runs.count - 1
  }

  private mutating func place(key csv: borrowing CSVReader, _ places: Places) -> Int32 {
    let key = csv.text(places.key)
    if let known = keyPlaces[key] { return known }
    let new = Int32(truncatingIfNeeded: keys.count)
    keyPlaces[key] = new
    keys.append(key)
    subjects.append(
      MergeSubject(
        kernel: csv.text(places.kernel), shapeID: csv.text(places.shape), dtype: csv.text(places.dtype),
        placement: csv.text(places.placement)))
    return new
  }

  /// A node is its label, or the run where a host has none, on one type of machine.
  private mutating func place(node csv: borrowing CSVReader, _ places: Places) -> Int32 {
    let label = csv.cell(places.host).isEmpty ? csv.text(places.run) : csv.text(places.host)
    let machine = csv.text(places.machine)
    let name = machine + "|" + label
    if let known = nodePlaces[name] { return known }
    let new = Int32(truncatingIfNeeded: nodes.count)
    nodePlaces[name] = new
    nodes.append(label)
    machines.append(machine)
    labels.append(csv.text(places.machineLabel))
    return new
  }

  private struct Places {
    let run, key, started, status, processes, samples, median, host, machine, machineLabel: Int
    let kernel, shape, dtype, placement: Int

    init?(_ schema: Schema<ResultRow>) {
      let names = [
        "run_id", "row_key", "run_started_utc", "status", "n_processes", "n_samples", "time_median_seconds",
        "host_label", "machine_id", "machine_label", "kernel", "shape_id", "dtype_a", "placement",
      ]
      let found = names.compactMap { schema.header.firstIndex(of: $0) }
      guard found.count == names.count else { return nil }
      (run, key, started, status) = (found[0], found[1], found[2], found[3])
      (processes, samples, median) = (found[4], found[5], found[6])
      (host, machine, machineLabel) = (found[7], found[8], found[9])
      (kernel, shape, dtype, placement) = (found[10], found[11], found[12], found[13])
    }
  }
}

/// 128 bits of a record's bytes, without its line end and the empty cells at its end: rows under an older and a
/// newer header then have the same digest when they hold the same.
struct RowDigest: Hashable, Comparable {
  private let low: UInt64
  private let high: UInt64

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var count = bytes.count
    while count > 0, bytes[count - 1] == 0x0A || bytes[count - 1] == 0x2C { count -= 1 }
    var (a, b): (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F &+ UInt64(count))
    func mix(_ word: UInt64) {
      let product = (a ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
      a = product.high ^ product.low
      b = ((b &+ word) &* 0xE703_7ED1_A0B4_28DB)
      b ^= b >> 29
    }
    var index = 0
    if let base = UnsafeRawPointer(bytes.baseAddress) {
      while index + 8 <= count {
        mix(base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        index += 8
      }
    }
    var tail: UInt64 = 0
    while index < count {
      tail = tail << 8 | UInt64(bytes[index])
      index += 1
    }
    mix(tail)
    (low, high) = (a, b)
  }

  /// The digest of a record as our writer would spell it.
  init(rewriting csv: borrowing CSVReader) {
    let line = CSVWriter.line(csv.header.indices.map { csv.text($0) })
    self = Array(line.utf8).withUnsafeBufferPointer { RowDigest($0) }
  }

  static func < (a: RowDigest, b: RowDigest) -> Bool { (a.low, a.high) < (b.low, b.high) }
}
