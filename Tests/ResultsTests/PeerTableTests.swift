// Ours beside the best of the others, and what stands where nothing was measured.

import Results
import Tables
import Testing

@Suite struct PeerTableTests {
  private func row(_ impl: String, _ shape: String, gflops: Double?, kernel: String = "gemm") -> ResultRow {
    var row = ResultRow()
    (row.runId, row.kernel, row.shapeId, row.placement, row.threads) = ("r", kernel, shape, "core0", 1)
    (row.phase, row.cacheMode, row.impl) = ("square", "hot", impl)
    (row.dtypeA, row.dtypeB, row.dtypeAcc, row.dtypeOut) = ("f32", "f32", "f32", "f32")
    row.layout = "row_major"
    (row.implVersion, row.blasName, row.blasCorename) = ("1.2", "Lib", impl == "swift" ? "" : "core-\(impl)")
    row.implIsaPath = impl == "swift" ? "avx512" : row.blasCorename
    guard let gflops else {
      (row.status, row.statusDetail) = (.failed, "libx.so cannot be read")
      return row
    }
    (row.status, row.flop, row.minBytes, row.timeMedianSeconds) = (.ok, 2e9, 1e6, 2 / gflops)
    (row.gflopsMedian, row.gbytesPerSecondMedian) = (gflops, 1e-3 * gflops / 2)
    (row.computeCeilingGflops, row.bandwidthCeilingGbytesPerSecond) = (200, 20)
    return row
  }

  @Test("the CSV has the agreed columns, a line for each row, and a reason where there is no figure")
  func records() {
    let table = PeerTable([
      row("swift", "a", gflops: 150), row("openblas", "a", gflops: 100), row("mkl", "a", gflops: 120),
      row("none", "a", gflops: nil),
    ])
    let text = table.records().render(.csv)
    #expect(
      text == """
        kernel,shape,dtype,threads,impl,version,core,gflops_median,gbytes_per_second_median,\
        ratio_to_best_peer,share_of_peak
        gemm,a,f32,1,swift,1.2,avx512,150,0.075,1.25,0.75
        gemm,a,f32,1,openblas,1.2,core-openblas,100,0.05,0.8333333333333334,0.5
        gemm,a,f32,1,mkl,1.2,core-mkl,120,0.06,1,0.6
        gemm,a,f32,1,none,not measured: libx.so cannot be read,core-none,,,,

        """)
  }

  @Test("people get a table for each kernel with the mean and the lowest ratio, and what each peer is, once")
  func tables() throws {
    var packed = row("swift", "b", gflops: 200)
    packed.layout = "packed"
    let tables = PeerTable([
      row("swift", "a", gflops: 160), row("mkl", "a", gflops: 80), row("swift", "b", gflops: 50), packed,
      row("mkl", "b", gflops: 100), row("onnxruntime", "c", gflops: 1, kernel: "attention_prefill"),
      row("swift", "c", gflops: 3, kernel: "attention_prefill"), row("none", "a", gflops: nil),
    ]).tables()
    #expect(
      tables.map(\.title) == [
        "gemm f32, 1 thread: GFLOP/s", "attention_prefill f32, 1 thread: GFLOP/s",
      ])
    let products = try #require(tables.first)
    #expect(
      products.columns.map(\.heading) == ["shape", "swift", "packed", "mkl", "none", "ratio", "% peak"])
    #expect(
      products.notes == [
        "swift to the best peer: geometric mean 1.00 of 2, lowest 0.50 (b)",
        "swift-packed to the best peer: geometric mean 2.00 of 1, lowest 2.00 (b)",
      ])
    let legend = try #require(tables.last?.notes)
    #expect(legend.count { $0.hasPrefix("mkl: Lib 1.2, core-mkl") } == 1)
    #expect(legend.contains("none: not measured: libx.so cannot be read"))
    #expect(products.render(.table, width: 100).split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test("the share is that of the ceiling of the row, and none is told where none is known")
  func shares() {
    func share(_ type: String, ceiling: Double?) -> String {
      var row = row("swift", "a", gflops: 50)
      (row.dtypeA, row.dtypeB, row.dtypeAcc, row.computeCeilingGflops) = (type, type, type, ceiling)
      let line = PeerTable([row]).records().render(.csv).split(separator: "\n")[1]
      return String(line.split(separator: ",", omittingEmptySubsequences: false).last ?? "")
    }
    #expect(share("f64", ceiling: 100) == "0.5")
    #expect(share("f64", ceiling: nil) == "")
    var cache = row("swift", "a", gflops: 50, kernel: "attention_decode")
    (cache.dtypeB, cache.phase) = ("i8", "decode")
    #expect(PeerTable([cache]).records().render(.csv).contains("attention_decode,a,kv_i8,1,swift"))
  }
}
