// Operators of a layer, their sum, and the layer's own time.

import Results
import Tables
import Testing

@Suite struct LayerTableTests {
  private func row(_ part: String?, _ seconds: Double?, place: String = "core0") -> ResultRow {
    var row = ResultRow()
    (row.runId, row.kernel, row.placement, row.threads, row.impl) = ("r", "decoder_layer", place, 1, "swift")
    row.shapeId = "tiny_prefill_s4" + (part.map { "." + $0 } ?? "")
    (row.model, row.layer, row.callsPerPass) = ("Tiny", part ?? "decoder_layer", 12)
    guard let seconds else {
      row.status = .failed
      return row
    }
    (row.status, row.timeMedianSeconds, row.flop) = (.ok, seconds, 1e9)
    (row.gflopsMedian, row.gbytesPerSecondMedian) = (1 / seconds, 2)
    return row
  }

  @Test("operators keep their order, and their sum stands beside the layer's own time")
  func sum() throws {
    let table = LayerTable([
      row(nil, 0.8), row("qkv_proj", 0.5), row("attention", 0.25), row(nil, 0.5, place: "machine"),
    ])
    #expect(table.layers.count == 2)
    let layer = try #require(table.layers.first)
    #expect(layer.operators.map(\.layer) == ["qkv_proj", "attention"])
    #expect(layer.sum == 0.75 && layer.seconds == 0.8)
    #expect(abs(try #require(layer.difference) + 0.0625) < 1e-12)
    #expect(table.layers[1].sum == nil && table.layers[1].difference == nil)
    let text = table.records().render(.csv)
    #expect(
      text == """
        layer,model,placement,threads,operator,calls_per_pass,time_median_seconds,share,gflops_median,\
        gbytes_per_second_median,sum_seconds,layer_seconds,difference_percent
        tiny_prefill_s4,Tiny,core0,1,qkv_proj,12,0.5,0.6666666666666666,2,2,0.75,0.8,-6.25
        tiny_prefill_s4,Tiny,core0,1,attention,12,0.25,0.3333333333333333,4,2,0.75,0.8,-6.25

        """)
    let tables = table.tables()
    #expect(tables.map(\.title).first == "tiny_prefill_s4, Tiny, core0, 1 thread")
    #expect(tables[0].notes == ["The sum is 6.25 % below the layer's own time."])
    #expect(tables[0].rows.map { $0[0] } == ["qkv_proj", "attention", "sum", "layer"].map { .text($0) })
    #expect(tables.last?.rows.count == 2)
  }

  @Test("an operator without a time leaves no sum, and is named")
  func gap() {
    let table = LayerTable([row(nil, 0.8), row("qkv_proj", 0.5), row("attention", nil)])
    #expect(table.layers.map(\.sum) == [nil])
    #expect(table.tables()[0].notes == ["No sum: without a time are attention (failed)."])
    #expect(LayerTable([]).tables().isEmpty)
  }
}
