import Foundation
import Results
import Tables
import Testing

/// A folder that is removed when the test ends.
final class Scratch {
  let path = FileManager.default.temporaryDirectory.appending(path: "merge-\(UUID().uuidString)").path()

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }

  func text(_ file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

  /// Merges and returns what was written.
  func merged(_ inputs: [String], as name: String = "out.csv") throws -> String {
    let output = path + "/" + name
    try Merge(try MergeInputs(inputs, output: output)).write(to: output)
    return try text(output)
  }
}

private func run(_ id: String, _ count: Int, host: String = "", started: String = "") -> [ResultRow] {
  (0..<count).map { index in
    var row = sampleRow(key: "k\(index)", run: id, seconds: 0.01 + Double(index) / 1000)
    row.runStartedUtc = started.isEmpty ? "2026-01-01T00:00:0\(id.count)Z" : started
    row.hostLabel = host
    (row.nProcesses, row.nSamples) = (5, 30)
    return row
  }
}

private func csv(_ rows: [ResultRow]) -> String { ResultRow.schema.csv(rows) }

@Suite struct MergeTests {
  @Test("the order of inputs, and merging a merge again, change nothing")
  func stable() throws {
    let scratch = try Scratch()
    var partial = run("r1", 4)
    partial[3].status = .partial
    (partial[3].nProcesses, partial[3].nSamples) = (2, 12)
    partial[2].gflopsMedian = partial[2].gflopsMedian.map { $0 * (1 + 1e-8) }
    let inputs = [
      try scratch.write("a/x.csv", csv(partial)), try scratch.write("b/ab/y.csv", csv(run("r1", 5))),
      try scratch.write("c.csv", csv(run("r22", 3) + run("r333", 2))),
      try scratch.write("d.csv", csv(run("r22", 3).reversed())),
    ]
    let once = try scratch.merged(inputs)
    for seed in 1...12 {
      var generator = Generator(state: UInt64(seed))
      var shuffled = inputs
      for place in shuffled.indices { shuffled.swapAt(place, generator.below(shuffled.count)) }
      #expect(try scratch.merged(shuffled, as: "again.csv") == once)
    }
    let first = try scratch.write("first.csv", once)
    #expect(try scratch.merged([first], as: "again.csv") == once)
    #expect(try scratch.merged([first] + inputs, as: "again.csv") == once)
    #expect(try scratch.merged([scratch.path], as: "again.csv") == once)
    let rows = try ResultFile.rows(of: Array(once.utf8), file: "m")
    #expect(
      rows.map(\.runId) == Array(repeating: "r1", count: 5) + Array(repeating: "r22", count: 3) + [
        "r333", "r333",
      ])
    #expect(rows.allSatisfy { $0.status == .ok })
  }

  @Test("identical rows are dropped and counted, also under an older header and other spelling")
  func duplicates() throws {
    let scratch = try Scratch()
    var rows = run("r1", 3)
    for index in rows.indices { rows[index].schemaVersion = 1 }
    rows[1].cpuModelName = "A, \"B\""
    let old = try #require(ResultRow.schema(version: 1))
    let a = try scratch.write("a.csv", old.csv(rows))
    let b = try scratch.write(
      "b.csv", "\u{FEFF}" + csv(rows).replacing("\n", with: "\r\n").replacing(",gemm,", with: ",\"gemm\","))
    let merge = try Merge(try MergeInputs([a, b]))
    #expect(merge.duplicates == 3 && merge.rows == 3 && merge.republished.isEmpty)
    for inputs in [[a], [b], [a, b]] { #expect(try scratch.merged(inputs) == csv(rows)) }
  }

  @Test("a run published twice: the more complete rows win, and the report says so")
  func republished() throws {
    let scratch = try Scratch()
    var early = run("r1", 3)
    early[1].status = .interrupted
    early[1].timeMedianSeconds = nil
    (early[1].timeMedianCiLowSeconds, early[1].timeMedianCiHighSeconds) = (nil, nil)
    early[1].gflopsMedian = nil
    early[0].aaFloor = 0.5  // as complete as the later one, but its file is not
    let a = try scratch.write("early.csv", csv(early))
    let b = try scratch.write("late.csv", csv(run("r1", 3)))
    let merge = try Merge(try MergeInputs([a, b]))
    #expect(merge.republished.map(\.winner) == [b] && merge.republished.map(\.replaced) == [2])
    #expect(merge.duplicates == 1)
    #expect(try scratch.merged([a, b]) == csv(run("r1", 3)))
    // Partial rows stay when nothing better is there.
    #expect(try scratch.merged([a]) == csv(early))
    #expect(try Merge(try MergeInputs([a])).unfinished == 1)
  }

  @Test("rows that contradict each other are refused with both places")
  func conflict() throws {
    let scratch = try Scratch()
    var edited = run("r1", 3)
    edited[1].shapeId = "other"
    let a = try scratch.write("a.csv", csv(run("r1", 3)))
    let b = try scratch.write("b.csv", csv(edited))
    #expect {
      try Merge(try MergeInputs([b, a]))
    } throws: { error in
      let text = "\(error)"
      return error is InputErrors && text.contains("\(a):3") && text.contains("\(b):3") && text.contains("k1")
    }
  }

  @Test(
    "a torn last line costs only itself, any other fault is an error, journals and strangers are left out")
  func inputs() throws {
    let scratch = try Scratch()
    let whole = csv(run("r1", 3))
    _ = try scratch.write("a.csv", String(whole.dropLast(20)))
    _ = try scratch.write("a.samples.csv", SampleRow.schema.csv([]))
    _ = try scratch.write("3f/a2/prices.csv", "sku,usd\na,1\n")
    _ = try scratch.write(".b.csv.99.tmp.csv", "torn")
    _ = try scratch.write("3f/a2/b.csv", csv(run("r2", 1)))
    let found = try MergeInputs([scratch.path])
    #expect(found.files.map { ($0 as NSString).lastPathComponent } == ["b.csv", "a.csv"])
    #expect(found.skipped.count == 1)
    let merge = try Merge(found)
    #expect(merge.rows == 3 && merge.torn.count == 1)
    #expect(merge.torn.first.map(\.bytes) == whole.split(separator: "\n").last.map { $0.utf8.count - 19 })
    _ = try scratch.write("c.csv", whole.replacing(",ok,", with: ",okay,"))
    #expect(throws: InputError.self) { try Merge(try MergeInputs([scratch.path])) }
    #expect(throws: InputError.self) { try MergeInputs([scratch.path + "/none"]) }
    #expect(throws: InputError.self) { try MergeInputs([scratch.path + "/.hidden"]) }
  }

  @Test("a result that lies under the output's name in a folder is merged, not lost")
  func earlierOutput() throws {
    let scratch = try Scratch()
    _ = try scratch.write("a.csv", csv(run("r1", 2)))
    let existing = try scratch.write("all.csv", csv(run("r22", 3)))
    let found = try MergeInputs([scratch.path], output: existing)
    #expect(found.earlier.map { ($0 as NSString).lastPathComponent } == "all.csv")
    #expect(try scratch.merged([scratch.path], as: "all.csv") == csv(run("r1", 2) + run("r22", 3)))
    // By another spelling too.
    #expect(try scratch.merged([scratch.path], as: "./all.csv") == csv(run("r1", 2) + run("r22", 3)))
    #expect(try MergeInputs([scratch.path], output: scratch.path + "/new.csv").earlier == nil)
  }

  @Test("a merge replaces no journal and no table of another kind")
  func wrongOutput() throws {
    let scratch = try Scratch()
    let input = try scratch.write("a.csv", csv(run("r1", 2)))
    let prices = try scratch.write("prices.csv", "sku,usd\na,1\n")
    for output in [prices, scratch.path + "/y.samples.csv"] {
      #expect(throws: InputError.self) { try MergeInputs([input], output: output) }
    }
    let empty = try scratch.write("empty.csv", "")
    #expect(try scratch.merged([input], as: "empty.csv") == csv(run("r1", 2)))
    #expect(try MergeInputs([input], output: empty).files == [input])
  }

  @Test(
    "a pipe that nobody writes to stops neither a search of a folder nor a reader", .timeLimit(.minutes(1)))
  func pipes() throws {
    let scratch = try Scratch()
    let input = try scratch.write("a.csv", csv(run("r1", 2)))
    let pipe = scratch.path + "/pipe.csv"
    #expect(mkfifo(pipe, 0o600) == 0)
    let found = try MergeInputs([scratch.path])
    #expect(found.files.map { ($0 as NSString).lastPathComponent } == ["a.csv"] && found.skipped.count == 1)
    #expect(throws: InputError.self) { try Merge(try MergeInputs([input, pipe])) }
    #expect(throws: InputError.self) { try ExpectedHosts(file: pipe) }
    #expect(throws: InputError.self) { try Journal.read(pipe) }
  }

  @Test("samples follow the file that each row was taken from")
  func samples() throws {
    let scratch = try Scratch()
    func journal(_ run: String, _ keys: Int, _ base: Double) -> String {
      SampleRow.schema.csv(
        (0..<keys * 3).map { index in
          var row = SampleRow()
          (row.schemaVersion, row.runId, row.rowKey) = (2, run, "k\(index % keys)")
          (row.processIndex, row.sampleIndex, row.seconds) = (0, index / keys, base + Double(index))
          return row
        })
    }
    var early = run("r1", 2)
    early[1].status = .partial
    let a = try scratch.write("a.csv", csv(early))
    _ = try scratch.write("a.samples.csv", journal("r1", 2, 1) + "2,r1,k0,torn")
    let b = try scratch.write("b.csv", csv(run("r1", 3)))
    _ = try scratch.write("b.samples.csv", journal("r1", 3, 100))
    let c = try scratch.write("c.csv", csv(run("r22", 1)))
    let output = scratch.path + "/out.samples.csv"
    let written = try Merge(try MergeInputs([a, b, c])).writeSamples(to: output)
    #expect(written.samples == 9 && written.rowsWithout == 1)
    #expect(try scratch.text(output) == journal("r1", 3, 100))
    let fromA = try Merge(try MergeInputs([a])).writeSamples(to: output)
    #expect(fromA.samples == 6 && fromA.rowsWithout == 0)
    #expect(try scratch.text(output) == journal("r1", 2, 1))
  }

  @Test("every faulty input is named, not only the first")
  func faults() throws {
    let scratch = try Scratch()
    let sound = csv(run("r1", 2))
    _ = try scratch.write("a.csv", sound.replacing(",ok,", with: ",okay,"))
    _ = try scratch.write("b.csv", sound)
    _ = try scratch.write("c.csv", sound.replacing(",gemm,", with: ",,"))
    #expect {
      try Merge(try MergeInputs([scratch.path]))
    } throws: { error in
      let files = (error as? InputErrors)?.errors.compactMap(\.file) ?? []
      return files.map { ($0 as NSString).lastPathComponent } == ["a.csv", "c.csv"]
    }
  }

  @Test("hosts that sent nothing are named, by label or by pseudonym")
  func hosts() throws {
    let scratch = try Scratch()
    let list = try scratch.write("hosts.txt", "# racks\nn[01-03]\nN4.\n\nm1  # spare\n")
    let expected = try ExpectedHosts(file: list)
    #expect(expected.names == ["n01", "n02", "n03", "N4.", "m1"])
    #expect(expected.missing(among: ["N01", "n03", "n4", "other"]) == ["n02", "m1"])
    let secret = try scratch.write("salt", String(repeating: "5", count: 40))
    let salted = try ExpectedHosts(file: list, salt: secret)
    #expect(
      salted.missing(among: [try HostSalt(file: secret).pseudonym(of: "n02"), "n01"]) == ["n03", "N4.", "m1"])
    #expect(throws: InputError.self) { try ExpectedHosts(file: try scratch.write("e.txt", "\n# none\n")) }
    #expect {
      try ExpectedHosts(file: try scratch.write("e.txt", "n1\nn[2-\n"))
    } throws: { "\($0)".contains("e.txt:2") }
  }
}

@Suite struct NodeListTests {
  @Test(
    "names are compressed with their leading zeros, and expand to the same names",
    arguments: [
      (["n1", "n2", "n3", "n7", "m01"], "m01,n[1-3,7]"), (["n9", "n10", "n11"], "n[9-11]"),
      (["n09", "n10", "n11"], "n[09-11]"), (["n1", "n01", "n2", "n02"], "n[1,01,2,02]"),
      (["login", "n5"], "login,n5"), ([], ""), (["n5", "n5"], "n5"),
      (["rack2-n3", "rack2-n4"], "rack2-n[3-4]"),
      (["a00", "a01", "a99", "a100"], "a[00-01,99-100]"),
      (["x\(String(repeating: "1", count: 30))"], "x\(String(repeating: "1", count: 30))"),
    ])
  func compress(names: [String], list: String) throws {
    #expect(NodeList.compress(names) == list)
    #expect(Set(try NodeList.expand(list)) == Set(names))
  }

  @Test("random names survive compressing and expanding, whatever their order", arguments: 1...20)
  func roundTrip(seed: Int) throws {
    var generator = Generator(state: UInt64(seed))
    let names = (0..<200).map { _ -> String in
      let number = String(generator.below(120))
      let width = generator.below(5)
      return ["n", "gpu-", "", "r1n"][generator.below(4)]
        + String(repeating: "0", count: max(0, width - number.count)) + number
    }
    let list = NodeList.compress(names)
    #expect(NodeList.compress(names.reversed()) == list)
    let expanded = try NodeList.expand(list)
    #expect(Set(expanded) == Set(names) && expanded.count == Set(names).count)
  }

  @Test(
    "brackets multiply; what is no list is refused",
    arguments: [
      "n[1-", "n]1[", "n[3-1]", "n[a]", "n[1,]", "n[1-2-3]", "n[0-99999999]", "n[[1]]", "n[0-999]m[0-9999]",
    ])
  func refused(text: String) throws {
    #expect(try NodeList.expand("r[1-2]n[08-09]") == ["r1n08", "r1n09", "r2n08", "r2n09"])
    #expect(throws: InputError.self) { try NodeList.expand(text) }
  }
}

@Suite struct NodeSpreadTests {
  /// A fleet of equal nodes: node-level and row-level normal noise, and factors of bad nodes.
  private func fleet(
    nodes: Int, rows: Int, seed: UInt64, node: Double, row: Double,
    factor: (Int, Int) -> Double = { _, _ in 1 }
  ) -> [NodeTime] {
    var generator = Generator(state: seed)
    func noise(_ scale: Double) -> Double {
      1 + scale
        * ((0..<12).reduce(0.0) { sum, _ in sum + Double(generator.below(1 << 20)) / Double(1 << 20) } - 6)
    }
    return (0..<nodes).flatMap { index in
      let level = noise(node)
      return (0..<rows).map { key in
        NodeTime(
          node: "n\(index)", machine: "m", rowKey: "k\(key)",
          seconds: 0.001 * Double(key + 1) * level * noise(row) * factor(index, key))
      }
    }
  }

  @Test(
    "three bad nodes of 200 are named with their rows, and no other", arguments: 1...10 as ClosedRange<UInt64>
  )
  func bad(seed: UInt64) {
    let spread = NodeSpread(
      fleet(nodes: 200, rows: 30, seed: seed, node: 0.004, row: 0.006) { node, key in
        switch node {
        case 17: 1.12
        case 60: key < 8 ? 1.3 : 1
        case 133: key == 5 ? 1.5 : 1
        default: 1
        }
      })
    #expect(Set(spread.outliers.map(\.node)) == ["n17", "n60", "n133"])
    #expect(spread.outliers.first { $0.node == "n17" }?.rows.count == 30)
    #expect(
      Set(spread.outliers.first { $0.node == "n60" }?.rows.map(\.rowKey) ?? [])
        == Set((0..<8).map { "k\($0)" }))
    #expect(spread.outliers.first { $0.node == "n133" }?.rows.map(\.rowKey) == ["k5"])
    #expect(spread.nodes.count == 200 && spread.rows.count == 30)
  }

  @Test("a clean fleet with noise has no outlier, large or small", arguments: 1...15 as ClosedRange<UInt64>)
  func clean(seed: UInt64) {
    for (nodes, row) in [(200, 0.01), (200, 0.03), (32, 0.02), (9, 0.02), (4, 0.05)] {
      #expect(
        NodeSpread(fleet(nodes: nodes, rows: 30, seed: seed, node: 0.003, row: row)).outliers.isEmpty,
        "\(nodes) nodes, \(row)")
    }
  }

  @Test("a node that is 30 % slower is found among eight, and none is named among three")
  func small() {
    let slow = { (node: Int, _: Int) in node == 2 ? 1.3 : 1.0 }
    let eight = NodeSpread(fleet(nodes: 8, rows: 30, seed: 3, node: 0.003, row: 0.005, factor: slow))
    #expect(eight.outliers.map(\.node) == ["n2"])
    #expect(
      NodeSpread(fleet(nodes: 3, rows: 30, seed: 3, node: 0.003, row: 0.005, factor: slow)).outliers.isEmpty)
  }

  @Test("the spread between nodes is the standard deviation of node medians over their median")
  func spread() throws {
    let times = [1.0, 1.1, 0.9, 1.0].enumerated().map {
      NodeTime(node: "n\($0.offset)", machine: "m", rowKey: "k", seconds: $0.element)
    }
    let again = NodeTime(node: "n1", machine: "m", rowKey: "k", seconds: 1.1)
    let other = NodeTime(node: "x", machine: "other", rowKey: "k", seconds: 9)
    let spread = NodeSpread(times + [again, other])
    let row = try #require(spread.rows.first)
    #expect(row.nodes == 4 && row.medianSeconds == 1)
    #expect(abs((row.betweenNodeRelStddev ?? 0) - (0.02 / 3).squareRoot()) < 1e-12)
    #expect(spread.rows.count == 2 && spread.rows.last?.betweenNodeRelStddev == nil)
    #expect(spread.overallRelStddev == row.betweenNodeRelStddev)
  }
}
