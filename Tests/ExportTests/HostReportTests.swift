// The page of a run: well-formed, offline, complete, the same twice, and deaf to what its text says.

import Export
import Foundation
import Machines
import Results
import Testing

@Suite("The HTML report")
struct HostReportTests {
  @Test("the page of the example run is well-formed, has all sections, and every link leads somewhere")
  func wellFormed() throws {
    let page = try ReadPage(HostReport([try example()]).html())
    #expect(page.fault == nil)
    let ids = page.attributes("id")
    #expect(Set(ids).count == ids.count)
    for link in page.attributes("href") {
      #expect(link.hasPrefix("#") && ids.contains(String(link.dropFirst())))
    }
    for section in ["machine", "roofline", "scaling", "peers", "spread", "doubts", "rows", "provenance"] {
      #expect(ids.contains(section))
    }
    #expect(page.elements.count { $0.name == "svg" } > 10)
    #expect(
      page.elements.filter { $0.name == "figure" }.count == page.elements.count { $0.name == "figcaption" })
  }

  @Test("nothing is fetched and nothing runs")
  func offline() throws {
    let input = try example()
    let html = HostReport([input, input]).html()
    for word in [
      "http://", "https://", "<script", "javascript:", " src=", "url(", "@import", "<link", "<iframe",
    ] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'") || html.contains("default-src &#39;none&#39;"))
    #expect(!(try ReadPage(html)).elements.contains { $0.attributes.keys.contains { $0.hasPrefix("on") } })
  }

  @Test("the same inputs give the same bytes, and a quick run stays under 500 kB")
  func deterministic() throws {
    let input = try example()
    let html = HostReport([input]).html()
    #expect(html == HostReport([input]).html())
    #expect(html.utf8.count < 500_000)
    #expect(HostReport([input, input]).html() == HostReport([input, input]).html())
  }

  @Test("every row with a time is on the page with the numbers of its file")
  func complete() throws {
    let input = try example()
    let page = try ReadPage(HostReport([input]).html())
    let values = Dictionary(grouping: page.attributes("value")) { $0 }.mapValues(\.count)
    let timed = input.rows.filter(\.status.hasTimes)
    #expect(timed.count > 50)
    let expected = Dictionary(grouping: timed.compactMap(\.timeMedianSeconds).map(number)) { $0 }
    for (value, rows) in expected { #expect((values[value] ?? 0) >= rows.count, "\(value)") }
    for row in timed {
      #expect(page.text.contains(row.shapeId))
      for rate in [row.gflopsMedian, row.gbytesPerSecondMedian, row.pctOfRoofline].compactMap({ $0 }) {
        #expect(values[number(rate)] != nil, "\(row.shapeId) \(rate)")
      }
    }
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
  }

  @Test("payloads in any text stay text", arguments: injectionPayloads)
  func injection(payload: String) throws {
    let html = HostReport([poisoned(payload), poisoned(payload)]).html()
    let page = try ReadPage(html)
    #expect(page.fault == nil)
    // Sets, not lists: a longer text may leave less room for labels.
    let clean = try ReadPage(HostReport([poisoned("plain"), poisoned("plain")]).html())
    #expect(Set(page.elements.map(\.name)) == Set(clean.elements.map(\.name)))
    #expect(Set(page.elements.flatMap(\.attributes.keys)) == Set(clean.elements.flatMap(\.attributes.keys)))
    #expect(page.text.contains(payload.unicodeScalars.contains { $0.value < 0x20 } ? "�" : payload))
  }

  @Test("there are at least fifty payloads, all different")
  func payloads() { #expect(Set(injectionPayloads).count >= 50) }

  /// A run whose every text column holds the payload.
  private func poisoned(_ payload: String) -> ReportInput {
    var rows = reportRows()
    for index in rows.indices {
      rows[index].shapeId = payload
      rows[index].warnings = payload
      rows[index].hostLabel = payload
      rows[index].cpuModelName = payload
      rows[index].blasName = payload
      rows[index].statusDetail = payload
      rows[index].mitigations = payload
      if index == 0 { rows[index].kernel = payload }
      if index == 1 { rows[index].impl = payload }
    }
    var machine = Machine()
    machine.coreSets = [CPUSet([0])]
    machine.devices = [Machine.Device(kind: payload, name: payload, numaNode: nil)]
    return ReportInput(name: payload, rows: rows, machine: machine)
  }

  @Test("an empty file gets a page with one sentence")
  func empty() throws {
    let html = HostReport([ReportInput(name: "empty.csv", rows: [])]).html()
    #expect(try ReadPage(html).fault == nil)
    #expect(html.contains("empty.csv holds no rows"))
    #expect(!html.contains("<svg"))
  }

  @Test("a file of failures names each reason and draws no chart")
  func failed() throws {
    var rows = reportRows()
    for index in rows.indices {
      rows[index].status = index == 0 ? .mismatch : .failed
      rows[index].statusDetail = "reason \(index)"
      rows[index].timeMedianSeconds = nil
      rows[index].gflopsMedian = nil
    }
    let html = HostReport([ReportInput(name: "failed.csv", rows: rows)]).html()
    #expect(try ReadPage(html).fault == nil)
    #expect(
      html.contains("None of its \(rows.count) rows has a time: 1 mismatch and \(rows.count - 1) failed"))
    for index in rows.indices { #expect(html.contains("reason \(index)<")) }
    #expect(!html.contains("viewBox"))
  }

  @Test("without journal, meta file and topology the page says so and draws from the rows")
  func bare() throws {
    let html = HostReport([ReportInput(name: "bare.csv", rows: reportRows())]).html()
    #expect(html.contains("no journal lies beside the file"))
    #expect(html.contains("no .meta.json lies beside the file"))
    #expect(html.contains("no topology file lies beside"))
    #expect(html.contains("Without the journal the intervals"))
    #expect(html.contains("the quartiles and the slowest"))
  }

  @Test("one place only: no scaling chart, but a sentence")
  func onePlace() throws {
    let rows = reportRows().filter { $0.placement == "core0" }
    let html = HostReport([ReportInput(name: "one.csv", rows: rows)]).html()
    #expect(html.contains("Only one place was measured"))
    #expect(!html.contains("Efficiency of"))
  }

  @Test("a slower second file is counted as slower, and the answer says so first")
  func comparison() throws {
    let run = try example()
    // Three processes prove nothing: each is taken twice.
    let reference = ReportInput(
      name: run.name,
      rows: run.rows.map { row in
        var row = row
        row.nProcesses = row.nProcesses.map { 2 * $0 }
        return row
      },
      samples: run.samples
        + run.samples.map { sample in
          var sample = sample
          sample.processIndex = sample.processIndex.map { $0 + 10 }
          return sample
        })
    // The ceilings stay: where the peak itself is slower, the host is to blame.
    let ceilings = Set(reference.rows.filter { $0.phase == "ceiling" }.map(\.rowKey))
    let slower = ReportInput(
      name: "slower.csv",
      rows: reference.rows.map { ceilings.contains($0.rowKey) ? $0 : scaled($0, by: 1.5) },
      samples: reference.samples.map { sample in
        var sample = sample
        if !ceilings.contains(sample.rowKey) { sample.seconds = sample.seconds.map { $0 * 1.5 } }
        return sample
      })
    let page = try ReadPage(HostReport([reference, slower]).html())
    #expect(page.fault == nil)
    #expect(page.text.contains("File 2 (slower.csv) against file 1, row by row: 0 faster"))
    #expect(page.text.contains("of the reference's in the geometric mean"))
    #expect(!page.text.contains("Nothing is decided"))
  }

  @Test("each figure of scaling stands under the name of its implementation, whatever the order of the file")
  func scalingOrder() throws {
    var rows = reportRows().sorted { $0.impl < $1.impl }
    // OpenBLAS scales to half, and one shape lacks ours at the wide place.
    for index in rows.indices where rows[index].impl == "openblas" && rows[index].placement == "machine" {
      rows[index].gflopsMedian = rows[index].gflopsMedian.map { $0 / 2 }
    }
    rows.removeAll {
      $0.impl == "swift" && $0.placement == "machine" && $0.shapeId == "gemm_m1_n8_k8"
    }
    let page = try ReadPage(HostReport([ReportInput(name: "order.csv", rows: rows)]).html())
    let chart = try #require(page.drawings.first { $0.label.hasPrefix("Efficiency of") })
    let words = chart.texts.map(\.words)
    #expect(words.contains("Swift, OpenBLAS"))
    #expect(words.contains("100 %, 50 %"))
    #expect(words.contains("–, 50 %"))
  }

  @Test("wrong results come first, in red, alone and in a comparison, and every gap is named")
  func wrongResults() throws {
    let reference = try example()
    var rows = reference.rows
    let wrong = try #require(rows.firstIndex { $0.impl == "swift" && $0.kernel == "gemm" })
    rows[wrong].status = .mismatch
    rows[wrong].statusDetail = "max relative error 3.2e-2"
    rows[wrong + 1].warnings = "planted slow-down 5 %"
    rows.removeLast()
    let bad = ReportInput(name: "bad.csv", rows: rows)
    let alone = HostReport([bad]).html()
    #expect(alone.contains("<div class=\"answer\"><p class=\"bad\">1 wrong result: "))
    let page = try ReadPage(HostReport([reference, bad]).html())
    #expect(page.fault == nil)
    #expect(
      HostReport([reference, bad]).html().contains("<p class=\"bad\">1 wrong result in file 1 and file 2"))
    for text in [
      "Wrong results (1): \(rows[wrong].shapeId) swift", "max relative error 3.2e-2",
      "PLANTED: planted slow-down 5 %", "Only in file 1 (1): \(reference.rows.last?.shapeId ?? "?")",
      "Without a time on one side (1)",
    ] {
      #expect(page.text.contains(text), "\(text)")
    }
  }

  @Test("where nothing is decided the answer says why, and gives no mean")
  func undecided() throws {
    var rows = reportRows()
    for index in rows.indices {
      rows[index].nProcesses = 2
      rows[index].aaFloor = 0.5
    }
    let other = rows.map { scaled($0, by: 0.8) }
    let page = try ReadPage(
      HostReport([ReportInput(name: "a.csv", rows: rows), ReportInput(name: "b.csv", rows: other)]).html())
    #expect(
      page.text.contains(
        "Nothing is decided: the files have 2 processes a side and an A/A floor of up to 50 %"))
    #expect(!page.text.contains("geometric mean over"))
    #expect(page.text.contains("fewer than 4 processes a side prove nothing ("))
    #expect(page.text.contains("an A/A floor of core0 50.0 % and machine 50.0 %"))
  }

  @Test("ceilings of one process are drawn dashed and called what they are; ok rows are not called not ok")
  func oneProcess() throws {
    var rows = reportRows()
    for index in rows.indices {
      rows[index].nProcesses = 1
      rows[index].betweenProcessRelStddev = nil
      rows[index].timeMedianCiLowSeconds = nil
      rows[index].timeMedianCiHighSeconds = nil
    }
    rows[9].status = .partial
    let html = HostReport([ReportInput(name: "one.csv", rows: rows)]).html()
    #expect(html.contains("class=\"roof weak\"") && !html.contains("class=\"roof\""))
    #expect(html.contains("ceilings whose spread between processes is unknown (core0 and machine)"))
    #expect(html.contains("1 row not ok (1 partial)"))
    #expect(html.contains("No pair has an interval (one process)"))
    #expect(!html.contains("because its interval reaches 1"))
  }

  @Test("no text of a drawing leaves it or covers another, with long names and on a phone")
  func geometry() throws {
    let inputs = [
      try example(), ReportInput(name: "long.csv", rows: longRows()),
      ReportInput(name: "small.csv", rows: reportRows()),
    ]
    for input in inputs {
      let page = try ReadPage(HostReport([input]).html())
      #expect(page.drawings.count > 4)
      for drawing in page.drawings where drawing.width > 20 {
        #expect(drawing.outside.isEmpty, "\(input.name), \(drawing.label), \(drawing.width)")
        #expect(drawing.overlaps.isEmpty, "\(input.name), \(drawing.label), \(drawing.width)")
      }
    }
  }

  @Test("core0 is said to be the CPU that was measured, which the picture outlines")
  func quietCore() throws {
    let input = try example()
    let cpus = try #require(input.rows.first { $0.placement == "core0" }?.cpusetList)
    let html = HostReport([input]).html()
    #expect(html.contains("core0 = one core, here that of CPU \(cpus)"))
    #expect(html.contains("measured\"><span>CPU \(cpus)</span>"))
  }

  private func scaled(_ row: ResultRow, by factor: Double) -> ResultRow {
    var row = row
    row.timeMedianSeconds = row.timeMedianSeconds.map { $0 * factor }
    row.timeMedianCiLowSeconds = row.timeMedianCiLowSeconds.map { $0 * factor }
    row.timeMedianCiHighSeconds = row.timeMedianCiHighSeconds.map { $0 * factor }
    return row
  }

  @Test("a file of several runs shows the one with most rows and says that there are others")
  func severalRuns() throws {
    var other = reportRows().prefix(2).map { $0 }
    for index in other.indices { other[index].runId = "small" }
    let html = HostReport([ReportInput(name: "many.csv", rows: other + reportRows())]).html()
    #expect(html.contains("run1 (and 1 other run in the file)"))
  }

  @Test(
    "a browser shows the page without a complaint, payloads and all",
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium"), "chromium is not installed"))
  func browser() throws {
    let folder = try TemporaryFolder()
    let page = folder.path + "/report.html"
    let inputs = injectionPayloads.prefix(3).map(poisoned)
    try HostReport([try example()] + inputs).html().write(toFile: page, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/chromium")
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
      "--enable-logging=stderr", "--log-level=0", "--dump-dom", "file://\(page)",
    ]
    let log = folder.path + "/log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: log)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let text = try String(contentsOfFile: log, encoding: .utf8)
    #expect(!text.contains("CONSOLE"), "\(text)")
  }
}
