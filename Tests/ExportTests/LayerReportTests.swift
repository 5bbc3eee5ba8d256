import Export
import Results
import Testing

@Suite struct LayerReportTests {
  @Test(
    "a run with decoder layers has a section of them, with the sum beside the layer's own time; others have none"
  )
  func section() throws {
    let layers = [("", 0.8), (".qkv_proj", 0.5), (".attention", 0.22)].map { part, seconds in
      var row = reportRow(
        "decoder_layer", "tiny_prefill_s4" + part, "core0", 1, flop: 1e9, bytes: 1e8, seconds: seconds)
      (row.phase, row.model, row.layer) = (
        "prefill", "Tiny", part.isEmpty ? "decoder_layer" : String(part.dropFirst())
      )
      return row
    }
    let html = HostReport([ReportInput(name: "layers.csv", rows: reportRows() + layers)]).html()
    let page = try ReadPage(html)
    #expect(page.fault == nil)
    #expect(page.attributes("id").contains("layers"))
    #expect(page.text.contains("tiny_prefill_s4, Tiny, core0"))
    #expect(page.text.contains("10.0 % less"))
    let other = HostReport([ReportInput(name: "a.csv", rows: reportRows())]).html()
    #expect(!(try ReadPage(other)).attributes("id").contains("layers"))
  }
}
