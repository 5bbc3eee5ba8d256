// The roofline of a terminal, and the figures behind both rooflines.

import Export
import Foundation
import Results
import Testing

@Suite("The terminal roofline")
struct TerminalRooflineTests {
  private func roofline(_ place: String = "core0") throws -> PlacementRoofline {
    let rows = reportRows()
    let site = try #require(MeasuredSite.sites(rows).first { $0.name == place })
    return PlacementRoofline(rows, site: site)
  }

  @Test("levels stand smallest first with read, copy and triad, and write-allocate counted")
  func levels() throws {
    let roofline = try roofline()
    #expect(roofline.levels.map(\.name) == ["L2", "DRAM"])
    #expect(roofline.levels.map(\.read) == [200, 20])
    #expect(roofline.levels[0].copy == nil && roofline.levels[0].copyWithWriteAllocate == nil)
    #expect(roofline.levels[1].copyWithWriteAllocate == 24 && roofline.levels[1].triadWithWriteAllocate == 20)
    #expect(roofline.peak == 100)
    #expect(roofline.memory.flatMap(roofline.ridge) == 5)
    #expect(roofline.points.count == 4)
  }

  @Test(
    "ASCII stays ASCII, both fit 80 columns, and Braille is used where it may be", arguments: [true, false])
  func width(isASCII: Bool) throws {
    let text = try #require(TerminalRoofline(try roofline(), ours: "swift", isASCII: isASCII).text())
    let body = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(body.allSatisfy { $0.count <= 80 })
    let hasBraille = text.unicodeScalars.contains { (0x2801...0x28ff).contains($0.value) }
    #expect(hasBraille == !isASCII)
    #expect(body.dropFirst().joined().unicodeScalars.allSatisfy { $0.isASCII } == isASCII)
    #expect(!text.contains("\u{1B}"))
    for word in ["L2", "DRAM", "peak 100", "FLOP per byte", "A", "B", "b"] {
      #expect(text.contains(word), "\(word)")
    }
  }

  @Test("a kernel is capital for ours, small for a peer, in order of intensity")
  func letters() throws {
    let drawing = TerminalRoofline(try roofline(), ours: "swift", isASCII: true)
    let keys = try roofline().points.map { "\($0.row.shapeId) \(drawing.key($0.row))" }
    #expect(keys == ["square_256 B", "gemm_m1_n8_k8 A", "square_256 b", "gemm_m1_n8_k8 a"])
  }

  @Test("kernels in one place are a star, and a line below names them")
  func sharedPlaces() throws {
    var rows = reportRows()
    var twin = try #require(rows.first { $0.shapeId == "square_256" && $0.impl == "swift" })
    twin.shapeId = "square_257"
    rows.append(twin)
    let site = try #require(MeasuredSite.sites(rows).first)
    let text = try #require(
      TerminalRoofline(PlacementRoofline(rows, site: site), ours: "swift", isASCII: true).text())
    #expect(text.contains("*: several kernels in one place, from left to right: B+C"))
  }

  @Test("beyond 26 problems keys have two letters, each its own")
  func manyProblems() throws {
    let rows = longRows()
    let site = try #require(MeasuredSite.sites(rows).first)
    let roofline = PlacementRoofline(rows, site: site)
    let drawing = TerminalRoofline(roofline, ours: "swift", isASCII: true)
    #expect(drawing.letters.count == 32)
    #expect(drawing.letters.values.allSatisfy { $0.count == 2 })
    #expect(Set(drawing.letters.values).count == 32)
    let text = try #require(drawing.text())
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("a ceiling of one process is not firm")
  func oneProcess() throws {
    var rows = reportRows()
    for index in rows.indices { rows[index].betweenProcessRelStddev = nil }
    let site = try #require(MeasuredSite.sites(rows).first)
    let roofline = PlacementRoofline(rows, site: site)
    #expect(roofline.levels.allSatisfy { !$0.isFirm } && !roofline.isPeakFirm)
    #expect(roofline.doubtfulCeilings.single == ["L2", "DRAM", "multiply-add peak"])
  }

  @Test("where nothing was measured there is no drawing")
  func nothing() throws {
    var row = reportRow("gemm", "square_256", "core0", 1, seconds: 1)
    row.status = .failed
    let site = try #require(MeasuredSite.sites([row]).first)
    #expect(
      TerminalRoofline(PlacementRoofline([row], site: site), ours: "swift", isASCII: true).text() == nil)
  }

  @Test("rows under other conditions are another site, named by what differs")
  func sites() {
    var rows = reportRows()
    var huge = rows[5]
    huge.pageMode = "huge"
    rows.append(huge)
    #expect(MeasuredSite.sites(rows).map(\.name) == ["core0", "core0, huge pages", "machine"])
  }
}
