// The rooflines and the report of a file in which a device stands beside its host.

import Export
import Foundation
import Results
import Tables
import Testing

@Suite("The report of a device beside its host")
struct DeviceReportTests {
  private let rows = mixedRows()
  private var sites: [MeasuredSite] { MeasuredSite.sites(rows) }

  private func roofline(_ name: String) throws -> PlacementRoofline {
    PlacementRoofline(rows, site: try #require(sites.first { $0.name == name }))
  }

  @Test("a device is a place of its own, after the host's, and its title names it")
  func sitesInOrder() {
    #expect(sites.map(\.name) == ["core0", "machine", "cuda:0"])
    #expect(sites.map(\.isDevice) == [false, false, true])
    #expect(sites[2].title == "cuda:0, NVIDIA H200")
  }

  @Test("a device's roofline has a peak for each element type, and a kernel in every type")
  func peaks() throws {
    let device = try roofline("cuda:0")
    #expect(device.peaks.map(\.type) == ["f64", "f32", "tf32", "bf16", "f16", "f8_e4m3", "i8"])
    #expect(device.peak == 1_600_000)
    #expect(device.memory?.name == "HBM" && device.memory?.read == 4000)
    let bf16 = try #require(device.peaks.first { $0.type == "bf16" })
    #expect(device.ridge(bf16) == 200)
    #expect(Set(device.points.map(\.row.dtypeA)).count == 7)
  }

  @Test("a host's roofline is that of its multiply-adds, whatever a device beside it does")
  func host() throws {
    let alone = reportRows()
    for name in ["core0", "machine"] {
      let mixed = try roofline(name)
      let site = try #require(MeasuredSite.sites(alone).first { $0.name == name })
      let own = PlacementRoofline(alone, site: site)
      #expect(mixed.peaks == own.peaks && mixed.levels == own.levels && mixed.points == own.points)
    }
  }

  @Test("a device's stores read no line first, so nothing is added to its copy and triad")
  func writeAllocate() throws {
    let memory = try #require(try roofline("cuda:0").memory)
    #expect(memory.copy == 3600 && memory.copyWithWriteAllocate == nil)
    #expect(memory.triad == 3700 && memory.triadWithWriteAllocate == nil)
  }

  @Test("the terminal names every peak by its type and writes the program's own kernels as capitals")
  func terminal() throws {
    let drawing = TerminalRoofline(try roofline("cuda:0"), ours: "swift", width: 100, isASCII: true)
    let text = try #require(drawing.text())
    for type in ["f64", "f32", "tf32", "bf16", "f8_e4m3"] { #expect(text.contains(type), "\(type)") }
    #expect(text.hasPrefix("TFLOP/s, cuda:0, NVIDIA H200"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    let keys = try roofline("cuda:0").points.map { ($0.row.impl, drawing.key($0.row)) }
    #expect(keys.allSatisfy { impl, key in key == (impl == "torch" ? key.lowercased() : key.uppercased()) })
  }

  @Test("the page has a section for the device with its peaks, and the host's sections leave it out")
  func page() throws {
    let html = HostReport([ReportInput(name: "mixed.csv", rows: rows)]).html()
    let page = try ReadPage(html)
    #expect(page.fault == nil)
    #expect(html.contains("<section id=\"device1\">"))
    let section = try #require(
      html.components(separatedBy: "<section id=\"device1\">").last?
        .components(separatedBy: "</section>").first)
    for words in [
      "NVIDIA H200", "Measured peaks of cuda:0", "f8_e4m3", "Measured bandwidth of cuda:0", "1,500 MHz",
      "50.0 °C",
    ] { #expect(section.contains(words), "\(words)") }
    let host = try #require(
      html.components(separatedBy: "<section id=\"roofline\">").last?
        .components(separatedBy: "</section>").first)
    #expect(!host.contains("cuda:0"))
    #expect(page.text.contains("cuda:0 is NVIDIA H200"))
    #expect(page.text.contains("Against torch on cuda:0, Plimsoll is faster in"))
    #expect(page.text.contains("bf16 at 800, tf32 at 400, f32 at 60.0 and f64 at 50.0 TFLOP/s"))
  }

  @Test("a file with a device alone has no roofline and no scaling of a host")
  func deviceAlone() throws {
    let html = HostReport([ReportInput(name: "device.csv", rows: deviceRows())]).html()
    #expect(try ReadPage(html).fault == nil)
    #expect(html.contains("<section id=\"device1\">"))
    #expect(!html.contains("<section id=\"roofline\">") && !html.contains("<section id=\"scaling\">"))
  }

  @Test("of many places the answer tells the narrowest and the widest of the host, and every device")
  func manyPlaces() throws {
    let more = [("node0", 2), ("node1", 3)].map { place, threads in
      reportRow("fma_peak", "fma_peak", place, threads, flop: 100e9, seconds: 1 / Double(threads))
    }
    let page = try ReadPage(HostReport([ReportInput(name: "m.csv", rows: mixedRows() + more)]).html())
    #expect(page.text.contains("core0 multiplies and adds"))
    #expect(page.text.contains("machine multiplies and adds"))
    #expect(page.text.contains("cuda:0 multiplies"))
    #expect(!page.text.contains("node0 multiplies"))
  }
}
