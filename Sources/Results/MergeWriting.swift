// The second pass of a merge: the chosen records go from the inputs to the output in long stretches of bytes.

import Foundation
import Tables

extension Merge {
  /// Writes the rows under the newest header; a file of that name is replaced in one step.
  ///
  /// - Throws: `FileError` when it cannot be written; `InputError` when an input changed since it was read.
  public func write(to path: String) throws {
    try WholeFile.replace(path) { temporary in
      let output = try BlockWriter(temporary, named: path)
      try output.append(Array(CSVWriter.line(ResultRow.schema.header).utf8))
      var source = MergeSource(index)
      var next = 0
      while next < chosen.count {
        let end = self.stretch(from: next)
        if end == next {
          try output.append(try rewritten(chosen[next], &source))
          next += 1
        } else {
          try copy(next..<end, &source, to: output)
          next = end
        }
      }
      try output.finish()
    }
  }

  /// End of the records that lie behind each other in one file and can be copied as they are: at most a block.
  private func stretch(from start: Int) -> Int {
    var end = start
    var bytes = 0
    while end < chosen.count, !chosen[end].isRewritten, bytes < BlockWriter.size,
      end == start
        || (chosen[end].file == chosen[end - 1].file
          && chosen[end].offset == chosen[end - 1].offset + Int(chosen[end - 1].length))
    {
      bytes += Int(chosen[end].length)
      end += 1
    }
    return end
  }

  /// Copies such records, each with commas for the columns that its file lacks.
  private func copy(_ range: Range<Int>, _ source: inout MergeSource, to output: BlockWriter) throws {
    let first = chosen[range.lowerBound]
    let last = chosen[range.upperBound - 1]
    let bytes = try source.bytes(first.file, from: first.offset, to: last.offset + Int(last.length))
    let missing = index.files[Int(first.file)].missing
    guard missing > 0 else { return try output.append(bytes) }
    let ending = [UInt8](repeating: UInt8(ascii: ","), count: missing) + [UInt8(ascii: "\n")]
    for record in chosen[range] {
      let start = record.offset - first.offset
      try output.append(bytes[start..<(start + Int(record.length) - 1)])
      try output.append(ending)
    }
  }

  /// A record as our writer spells it, with empty cells for the columns that its file lacks.
  private func rewritten(_ record: MergeRecord, _ source: inout MergeSource) throws -> [UInt8] {
    let bytes = try source.bytes(record.file, from: record.offset, to: record.offset + Int(record.length))
    let missing = Array(repeating: "", count: index.files[Int(record.file)].missing)
    let file = index.files[Int(record.file)].path
    return Array(CSVWriter.line(try CSVRecord(bytes, file: file, line: record.line).fields + missing).utf8)
  }

  /// Writes the samples of the chosen rows, each from the journal beside the file that its row came from.
  ///
  /// - Returns: samples written, and rows with times that have none.
  /// - Throws: as `write`.
  public func writeSamples(to path: String) throws -> (samples: Int, rowsWithout: Int) {
    var wanted: [Int32: [RowIdentity: Bool]] = [:]
    for record in chosen { wanted[record.file, default: [:]][identity(record)] = false }
    var written = 0
    try WholeFile.replace(path) { temporary in
      let output = try BlockWriter(temporary, named: path)
      try output.append(Array(CSVWriter.line(SampleRow.schema.header).utf8))
      for file in filesInOrder() {
        let journal = Journal.path(besides: index.files[Int(file)].path)
        guard var rows = wanted[file], FileManager.default.fileExists(atPath: journal) else { continue }
        written += try copySamples(journal, &rows, to: output)
        wanted[file] = rows
      }
      try output.finish()
    }
    let without = chosen.count { !$0.seconds.isNaN && wanted[$0.file]?[identity($0)] != true }
    return (written, without)
  }

  private func identity(_ record: MergeRecord) -> RowIdentity {
    RowIdentity(runId: index.runs[Int(record.run)].id, rowKey: index.keys[Int(record.key)])
  }

  /// Files in the order in which the output first takes a row of them.
  private func filesInOrder() -> [Int32] {
    var seen: Set<Int32> = []
    return chosen.map(\.file).filter { seen.insert($0).inserted }
  }

  private func copySamples(
    _ journal: String, _ rows: inout [RowIdentity: Bool], to output: BlockWriter
  ) throws -> Int {
    let schema = SampleRow.schema
    var reader = try CSVReader(path: journal, tornLine: .drop)
    try schema.check(header: reader.header, columns: reader.headerColumns, file: journal)
    let check = CellCheck(schema)
    guard let run = reader.index(of: "run_id"), let key = reader.index(of: "row_key") else { return 0 }
    var count = 0
    var last = (identity: RowIdentity(runId: "", rowKey: ""), isWanted: false)
    while try reader.next() {
      if !check.isPlain(reader) {
        _ = try schema.row(try reader.record(), file: journal, empty: SampleRow())
      }
      if !reader.cell(key).spells(last.identity.rowKey) || !reader.cell(run).spells(last.identity.runId) {
        let identity = RowIdentity(runId: reader.text(run), rowKey: reader.text(key))
        last = (identity, rows[identity] != nil)
        if last.isWanted { rows[identity] = true }
      }
      guard last.isWanted else { continue }
      count += 1
      if reader.isRewritten {
        try output.append(Array(CSVWriter.line(reader.header.indices.map { reader.text($0) }).utf8))
      } else {
        try output.append(reader.bytes)
      }
    }
    return count
  }
}

/// Stretches of the inputs, checked for changes since the first pass.
private struct MergeSource {
  private let index: MergeIndex
  private var file: Int32 = -1
  private var open: FileHandle?

  init(_ index: MergeIndex) { self.index = index }

  /// The bytes of a range.
  mutating func bytes(_ file: Int32, from start: Int, to end: Int) throws -> [UInt8] {
    let path = index.files[Int(file)].path
    let changed = InputError(
      file: path, "the file changed while it was merged", advice: "run the merge again")
    if file != self.file {
      guard let handle = FileHandle(forReadingAtPath: path),
        FileStamp(path) == index.files[Int(file)].stamp
      else { throw changed }
      (open, self.file) = (handle, file)
    }
    guard let descriptor = open?.fileDescriptor else { throw changed }
    return try [UInt8](unsafeUninitializedCapacity: end - start) { block, filled in
      while filled < end - start {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(block)[filled...])
        let got = pread(descriptor, rest.baseAddress, end - start - filled, off_t(start + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { throw changed }
        filled += got
      }
    }
  }
}

/// Buffered appending to a new file.
final class BlockWriter {
  static let size = 1 << 20
  private let descriptor: Int32
  private let name: String
  private var block: [UInt8] = []

  init(_ path: String, named name: String) throws(FileError) {
    self.name = name
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: name, errno: errno) }
    block.reserveCapacity(BlockWriter.size + (1 << 16))
  }

  deinit { close(descriptor) }

  func append(_ bytes: some Sequence<UInt8>) throws(FileError) {
    block.append(contentsOf: bytes)
    if block.count >= BlockWriter.size { try finish() }
  }

  func finish() throws(FileError) {
    try WholeFile.writeAll(block, to: descriptor, named: name)
    block.removeAll(keepingCapacity: true)
  }
}
