import Foundation
import Tables
import Testing

/// What a reader makes of a text: its records, or the words of its refusal.
private enum Reading: Hashable {
  case records([[String]], lines: [Int])
  case refused(String)
}

private func strict(_ bytes: [UInt8], _ limits: CSVDocument.Limits) -> Reading {
  do {
    let document = try CSVDocument(bytes, file: "f", limits: limits)
    return .records([document.header] + document.records.map(\.fields), lines: document.records.map(\.line))
  } catch {
    return .refused(error.description)
  }
}

private func drain(_ source: consuming CSVReader) throws(InputError) -> Reading {
  var reader = source
  var records = [reader.header]
  var lines: [Int] = []
  while try reader.next() {
    records.append(reader.header.indices.map { reader.text($0) })
    lines.append(reader.line)
  }
  return .records(records, lines: lines)
}

private func streamed(_ bytes: [UInt8], _ limits: CSVDocument.Limits) -> Reading {
  do { return try drain(try CSVReader(bytes, file: "f", limits: limits)) } catch {
    return .refused("\(error)")
  }
}

@Suite struct CSVReaderTests {
  /// Pieces that CSV texts are made of, the nasty ones among them.
  private static let pieces: [[UInt8]] =
    [
      "a", "b,", ",", "\n", "\r\n", "\r", "\"", "\"\"", "\"x\"", "\"a,b\"", "\"two\nlines\"", "\"q\"\"q\"",
      "1.5", "é", "🚢", "\"é\"", " ", "=1", "\"\",", "x\"y",
    ].map { Array($0.utf8) } + [[0], [0xFF], [0xC3], [0xEF, 0xBB, 0xBF], Array("wide cell ".utf8)]

  @Test("the streaming reader and the strict one agree on texts made of nasty pieces", arguments: 1...4)
  func assembled(seed: Int) {
    var state = UInt64(seed)
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var limits = CSVDocument.Limits()
    limits.cell = 16
    limits.columns = 5
    var accepted = 0
    for _ in 0..<3_000 {
      var bytes = random(3) == 0 ? [] : Array("p,q\n".utf8)
      for _ in 0..<random(14) { bytes += CSVReaderTests.pieces[random(CSVReaderTests.pieces.count)] }
      let expected = strict(bytes, limits)
      #expect(streamed(bytes, limits) == expected, "\(bytes)")
      if case .records = expected { accepted += 1 }
    }
    #expect(accepted > 100)
  }

  @Test("the same holds for a sound table with a byte changed, removed or doubled", arguments: 1...4)
  func mutated(seed: Int) {
    let sound = Array(
      "name,note,rate\nplain,\"said \"\"no\"\", left\",1.5\r\nüber,,2e9\n\"two\nlines\",x,\n".utf8)
    var state = UInt64(seed) &+ 99
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let limits = CSVDocument.Limits()
    for _ in 0..<1_500 {
      var bytes = sound
      for _ in 0...random(2) {
        let place = random(bytes.count)
        switch random(4) {
        case 0: bytes[place] = UInt8(random(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[place], at: place)
        default: bytes.insert([0x22, 0x2C, 0x0A, 0x0D][random(4)], at: place)
        }
      }
      #expect(streamed(bytes, limits) == strict(bytes, limits), "\(bytes)")
    }
  }

  @Test("records that straddle the chunks of a file come back whole, with their places")
  func chunks() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "csv-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "long.csv").path()
    // Cells of many lengths over several MiB, one record longer than a chunk among them.
    var writer = CSVWriter()
    writer.append(["a", "b"])
    for index in 0..<3_000 {
      writer.append([String(repeating: "x", count: index % 1_999), "say \"\(index)\"\nhi"])
    }
    var wide = CSVWriter()
    wide.append((0..<60).map { "c\($0)" })
    for _ in 0..<3 { wide.append((0..<60).map { String(repeating: "y", count: 40_000 + $0) }) }
    for text in [writer.text, wide.text] {
      try Data(text.utf8).write(to: URL(filePath: path))
      let expected = strict(Array(text.utf8), CSVDocument.Limits())
      #expect(try drain(try CSVReader(path: path, tornLine: .refuse)) == expected)
    }
    // The place of a record is where its bytes stand in the file.
    try Data(writer.text.utf8).write(to: URL(filePath: path))
    let bytes = Array(writer.text.utf8)
    var reader = try CSVReader(path: path)
    while try reader.next() {
      #expect(Array(bytes[reader.offset..<(reader.offset + reader.length)]) == Array(reader.bytes))
    }
  }

  @Test("a torn last line is accepted, refused with its number, or left out and counted")
  func torn() throws {
    for tail in ["1,2", "1", "\"open\nquote", "1,2\r", "\"a\"", "1,\u{E9}"] {
      let bytes = Array("a,b\n3,4\n\(tail)".utf8)
      #expect(
        try drain(try CSVReader(bytes, tornLine: .drop)) == .records([["a", "b"], ["3", "4"]], lines: [2]))
      var reader = try CSVReader(bytes, tornLine: .drop)
      while try reader.next() {}
      #expect(reader.tornBytes == tail.utf8.count)
      #expect(throws: InputError.self) { try drain(try CSVReader(bytes, tornLine: .refuse)) }
    }
    #expect {
      _ = try drain(try CSVReader(Array("a\n1\n2".utf8), file: "f", tornLine: .refuse))
    } throws: { "\($0)".hasPrefix("f:3: the last line is torn") }
    #expect(
      try drain(try CSVReader(Array("a\n1\n".utf8), tornLine: .refuse))
        == .records([["a"], ["1"]], lines: [2]))
  }

  @Test("what is no file is refused", arguments: ["/nonexistent", "/dev/null", "/"])
  func noFile(path: String) {
    #expect(throws: InputError.self) { _ = try drain(try CSVReader(path: path)) }
  }

  @Test("numbers read as bytes have the value that the exact decoder gives")
  func numbers() throws {
    var state: UInt64 = 7
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let alphabet = Array("0123456789012345678901234567890.eE+-x ".utf8)
    var plain = 0
    for round in 0..<20_000 {
      let text =
        round.isMultiple(of: 3)
        ? decimalText(Double(bitPattern: state &* 0x9E37_79B9_7F4A_7C15))
        : String(
          decoding: (0..<random(22)).map { _ in alphabet[Int(random(UInt64(alphabet.count)))] }, as: UTF8.self
        )
      let exact = try? parseNumber(text)
      Array(text.utf8).withUnsafeBufferPointer { bytes in
        if NumberBytes.isDecimal(bytes) {
          plain += 1
          #expect(exact != nil && exact == NumberBytes.value(bytes), "\(text)")
        }
        if NumberBytes.isInteger(bytes) { #expect((try? parseInteger(text)) != nil, "\(text)") }
        if !text.isEmpty {
          #expect(NumberBytes.value(bytes)?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
      }
      _ = random(2)
    }
    #expect(plain > 3_000)
  }
}
