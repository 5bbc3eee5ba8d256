// CSV record by record, without a String for a cell: what many large result files are read with.
// The scan only tells sound records from doubtful ones; a doubtful record goes to the strict reader of CSV.swift,
// which finds the fault and its words. Memory is one chunk, whatever the size of the file.

import Foundation

/// What a reader does with a last line that has no newline.
public enum TornLine: Sendable {
  /// Takes it as a record, as `CSVDocument` does.
  case accept
  /// Refuses the file at once: our result files end with a newline.
  case refuse
  /// Leaves it out and counts its bytes: the writer was interrupted, or is still at it.
  case drop
}

/// A pull reader over a CSV file; cells of the present record are byte ranges of the reader's buffer.
public struct CSVReader: ~Copyable {
  /// File name for messages.
  public let file: String?
  /// Column names.
  public private(set) var header: [String] = []
  /// Byte column of each header cell.
  public private(set) var headerColumns: [Int] = []
  /// Records that stand before the header, as many as were asked for.
  public private(set) var preamble: [CSVRecord] = []
  /// 1-based line of the present record.
  public private(set) var line = 1
  /// Byte offset of the present record in the file.
  public private(set) var offset = 0
  /// Bytes of the present record, line end included.
  public private(set) var length = 0
  /// True where the bytes of the present record differ from what `CSVWriter` would write: needless quotes, CRLF, or
  /// no newline at the end of the file.
  public private(set) var isRewritten = false
  /// Bytes of a last line without a newline that was left out (`TornLine.drop`).
  public private(set) var tornBytes = 0

  /// True after a fault behind which no next record can be found.
  public private(set) var isBroken = false

  private let limits: CSVDocument.Limits
  private let tornLine: TornLine
  private let descriptor: Int32
  /// Bytes `begin..<end` of the buffer are read and not yet used; the present record starts at `recordStart`.
  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var recordStart = 0
  private var begin = 0
  private var end = 0
  private var isAtEnd = false
  /// File offset of `buffer[0]` and the line of the byte at `begin`.
  private var bufferOffset = 0
  private var nextLine = 1
  /// Cell ranges of the present record relative to its start; a negative start is an offset into `unescaped`.
  private let starts: UnsafeMutablePointer<Int32>
  private let counts: UnsafeMutablePointer<Int32>
  private var unescaped: UnsafeMutablePointer<UInt8>
  private var unescapedCapacity = 0
  private var unescapedCount = 0
  private var found = 0

  private static let chunk = 1 << 20

  /// Opens a file and reads its header.
  ///
  /// - Parameter preamble: records of any width before the header, such as a publisher's notes.
  /// - Throws: `InputError` when it cannot be read, is no regular file, is empty, is larger than the limit, has a
  ///   faulty header, or ends without a newline and `tornLine` is `refuse`.
  public init(
    path: String, tornLine: TornLine = .accept, limits: CSVDocument.Limits = CSVDocument.Limits(),
    preamble: Int = 0
  ) throws(InputError) {
    self.init(
      descriptor: open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), file: path, tornLine: tornLine,
      limits: limits)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw InputError(file: path, "the file cannot be read", advice: "check the path and its permissions")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(file: path, "this is not a regular file", advice: "give a file on disk")
    }
    guard status.st_size <= limits.bytes else {
      throw InputError(file: path, "the file is larger than \(limits.bytes) bytes", advice: "split it")
    }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    try refuseTornFile()
    try readHeader(after: preamble)
  }

  /// Reads text that is in memory already.
  ///
  /// - Throws: as `init(path:)`.
  public init(
    _ bytes: [UInt8], file: String? = nil, tornLine: TornLine = .accept,
    limits: CSVDocument.Limits = CSVDocument.Limits()
  ) throws(InputError) {
    self.init(
      descriptor: -1, file: file, tornLine: tornLine, limits: limits, capacity: max(bytes.count, 1))
    guard bytes.count <= limits.bytes else {
      throw InputError(file: file, "the file is larger than \(limits.bytes) bytes", advice: "split it")
    }
    bytes.withUnsafeBufferPointer {
      if let base = $0.baseAddress { buffer.update(from: base, count: $0.count) }
    }
    end = bytes.count
    isAtEnd = true
    try refuseTornFile()
    try readHeader()
  }

  private init(
    descriptor: Int32, file: String?, tornLine: TornLine, limits: CSVDocument.Limits, capacity: Int = chunk
  ) {
    self.descriptor = descriptor
    self.file = file
    self.tornLine = tornLine
    self.limits = limits
    self.capacity = capacity
    buffer = .allocate(capacity: capacity)
    starts = .allocate(capacity: limits.columns + 2)
    counts = .allocate(capacity: limits.columns + 2)
    unescaped = .allocate(capacity: 1)
  }

  deinit {
    buffer.deallocate()
    starts.deallocate()
    counts.deallocate()
    unescaped.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  // MARK: The present record

  /// Moves to the next record; false at the end of the file.
  ///
  /// - Throws: `InputError` with the words, line and column of `CSVDocument`.
  public mutating func next() throws(InputError) -> Bool {
    guard try advance() else { return false }
    guard found == header.count else {
      let record = try record()
      throw CSVDocument.ragged(record, header.count, file: file)
    }
    return true
  }

  /// The bytes of a cell, quotes removed; valid until the next call of `next`.
  ///
  /// - Precondition: `index` is below the header's count.
  package func cell(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    precondition(index >= 0 && index < found)
    let start = Int(starts[index])
    let count = Int(counts[index])
    guard start < 0 else { return UnsafeBufferPointer(start: buffer + recordStart + start, count: count) }
    return UnsafeBufferPointer(start: unescaped + ~start, count: count)
  }

  /// A cell as text.
  public func text(_ index: Int) -> String { String(decoding: cell(index), as: UTF8.self) }

  /// The bytes of the whole record as they stand in the file, line end included; valid until the next call.
  package var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: buffer + recordStart, count: length)
  }

  /// The present record as the strict reader gives it, with the column of each field.
  public func record() throws(InputError) -> CSVRecord {
    let slice = UnsafeBufferPointer(
      start: buffer + recordStart, count: length > 0 ? length : end - recordStart)
    var scanner = CSVScanner(bytes: Array(slice), file: file, limits: limits, line: line)
    guard let record = try scanner.record() else {
      throw InputError(file: file, line: line, "the record cannot be read again", advice: "run it once more")
    }
    return record
  }

  /// Index of a column by name.
  public func index(of name: String) -> Int? { header.firstIndex(of: name) }

  // MARK: The scan

  private mutating func readHeader(after records: Int = 0) throws(InputError) {
    while end < 3, !isAtEnd { try refill() }
    if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { begin = 3 }
    for _ in 0..<records {
      guard try advance() else { break }
      preamble.append(try record())
    }
    guard try advance() else {
      throw InputError(
        file: file, line: 1, column: 1, "the file is empty",
        advice: "a CSV file starts with a header row")
    }
    let head = try record()
    try CSVDocument.check(header: head, file: file)
    header = head.fields
    headerColumns = head.columns
  }

  private mutating func advance() throws(InputError) -> Bool {
    recordStart = begin
    line = nextLine
    length = 0
    while true {
      if isBroken || (begin == end && isAtEnd) { return false }
      switch scan() {
      case .record(let bytes, let newlines):
        // The strict reader asks this of every cell; here only records with bytes above ASCII are looked at.
        offset = bufferOffset + recordStart
        length = bytes
        begin = recordStart + bytes
        nextLine = line + newlines
        return true
      case .torn:
        tornBytes = end - recordStart
        begin = end
        return false
      case .more:
        try refill()
      case .doubtful:
        isBroken = true
        let record = try record()
        throw InputError(
          file: file, line: record.line, "the record cannot be read", advice: "this is not one of our tables")
      }
    }
  }

  private enum Scan {
    case record(bytes: Int, newlines: Int)
    case torn, more, doubtful
  }

  /// Finds the cells of the record at `recordStart`.
  private mutating func scan() -> Scan {
    let base = UnsafePointer(buffer + recordStart)
    let count = end - recordStart
    let cellLimit = limits.cell
    var position = 0
    var cells = 0
    var newlines = 0
    var highBits: UInt8 = 0
    var isRewritten = false
    unescapedCount = 0
    while true {
      guard cells < limits.columns else { return .doubtful }
      if position < count, base[position] == 0x22 {
        var needsQuotes = false
        let start = position + 1
        position = start
        var doubled = 0
        quoted: while true {
          guard position < count else { return isAtEnd ? endOfFile(.doubtful) : .more }
          let byte = base[position]
          position += 1
          highBits |= byte
          switch byte {
          case 0x2C, 0x0D: needsQuotes = true
          case 0x22:
            guard position < count || isAtEnd else { return .more }
            guard position < count, base[position] == 0x22 else { break quoted }
            doubled += 1
            position += 1
          case 0x0A:
            newlines += 1
            needsQuotes = true
          case 0: return .doubtful
          default: break
          }
          if position - start - doubled > cellLimit { return .doubtful }
        }
        if !needsQuotes, doubled == 0 { isRewritten = true }
        store(base, cells, start: start, end: position - 1, isDoubled: doubled > 0)
      } else {
        let start = position
        var byte: UInt8 = 0
        while position < count {
          byte = base[position]
          if byte < 0x2D, byte == 0x2C || byte == 0x0A || byte == 0x0D || byte == 0x22 || byte == 0 { break }
          highBits |= byte
          position += 1
        }
        if position < count, byte == 0x22 || byte == 0 { return .doubtful }
        if position - start > cellLimit { return .doubtful }
        starts[cells] = Int32(truncatingIfNeeded: start)
        counts[cells] = Int32(truncatingIfNeeded: position - start)
      }
      cells += 1
      guard position < count else {
        guard isAtEnd else { return .more }
        return endOfFile(finish(cells, position, newlines, highBits, true))
      }
      switch base[position] {
      case 0x2C: position += 1
      case 0x0A: return finish(cells, position + 1, newlines + 1, highBits, isRewritten)
      case 0x0D:
        guard position + 1 < count else { return isAtEnd ? endOfFile(.doubtful) : .more }
        guard base[position + 1] == 0x0A else { return .doubtful }
        return finish(cells, position + 2, newlines + 1, highBits, true)
      default: return .doubtful
      }
    }
  }

  /// A record that ends with the file instead of a newline.
  private func endOfFile(_ otherwise: Scan) -> Scan {
    if case .drop = tornLine { return .torn }
    return otherwise
  }

  private mutating func finish(
    _ cells: Int, _ bytes: Int, _ newlines: Int, _ highBits: UInt8, _ isRewritten: Bool
  ) -> Scan {
    found = cells
    self.isRewritten = isRewritten
    if highBits >= 0x80 {
      for index in 0..<cells where String(validating: cell(index), as: UTF8.self) == nil { return .doubtful }
    }
    return .record(bytes: bytes, newlines: newlines)
  }

  private mutating func store(
    _ base: UnsafePointer<UInt8>, _ index: Int, start: Int, end: Int, isDoubled: Bool
  ) {
    guard isDoubled else {
      starts[index] = Int32(truncatingIfNeeded: start)
      counts[index] = Int32(truncatingIfNeeded: end - start)
      return
    }
    if unescapedCount + (end - start) > unescapedCapacity {
      let capacity = unescapedCapacity + max(unescapedCapacity, end - start)
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
      larger.update(from: unescaped, count: unescapedCount)
      unescaped.deallocate()
      (unescaped, unescapedCapacity) = (larger, capacity)
    }
    let first = unescapedCount
    var position = start
    while position < end {
      unescaped[unescapedCount] = base[position]
      unescapedCount += 1
      position += base[position] == 0x22 ? 2 : 1
    }
    starts[index] = ~Int32(truncatingIfNeeded: first)
    counts[index] = Int32(truncatingIfNeeded: unescapedCount - first)
  }

  // MARK: The buffer

  /// Moves the unfinished record to the front and reads on; the buffer grows only for a record longer than it.
  private mutating func refill() throws(InputError) {
    let kept = end - recordStart
    if recordStart > 0 {
      buffer.update(from: buffer + recordStart, count: kept)
      bufferOffset += recordStart
      begin -= recordStart
      recordStart = 0
      end = kept
    } else if end == capacity {
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
      larger.update(from: buffer, count: end)
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    while end < capacity {
      let got = read(descriptor, buffer + end, capacity - end)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw InputError(
          file: file, "the file cannot be read: \(String(cString: strerror(errno)))", advice: "copy it anew")
      }
      if got == 0 {
        isAtEnd = true
        return
      }
      end += got
    }
  }

  /// Asked first: a torn last line is usually ragged too, and "torn" is the fact that helps.
  private mutating func refuseTornFile() throws(InputError) {
    guard case .refuse = tornLine else { return }
    var lines = 1
    var last: UInt8?
    if descriptor < 0 {
      last = end > 0 ? buffer[end - 1] : nil
      if last != 0x0A { for index in 0..<end where buffer[index] == 0x0A { lines += 1 } }
    } else {
      let size = lseek(descriptor, 0, SEEK_END)
      var byte: UInt8 = 0
      if size > 0, pread(descriptor, &byte, 1, size - 1) == 1 { last = byte }
      lseek(descriptor, 0, SEEK_SET)
      if let last, last != 0x0A {
        repeat {
          end = 0
          try refill()
          for index in 0..<end where buffer[index] == 0x0A { lines += 1 }
        } while !isAtEnd
      }
    }
    guard let last, last != 0x0A else { return }
    throw InputError(
      file: file, line: lines, "the last line is torn (no newline at its end)",
      advice: "the writer was interrupted; run it again or remove the last line")
  }
}
