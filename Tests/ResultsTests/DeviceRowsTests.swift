// Rows of a device in the file of its host: they are held against the device's own ceilings, summarised apart, and
// compared with rows of the same device.

import Measurement
import Quantities
import Results
import Testing

@Suite("Rows of a device beside those of its host")
struct DeviceRowsTests {
  /// A row of an invented device.
  private func device(
    _ kernel: String, type: String = "bf16", key: String = "d", place: String = "cuda:0",
    _ change: (inout ResultRow) -> Void = { _ in }
  ) -> ResultRow {
    var row = sampleRow(key: key)
    row.kernel = kernel
    (row.deviceKind, row.deviceName, row.deviceCount) = ("gpu", "NVIDIA H200", 1)
    (row.placement, row.placementKind, row.threads) = (place, "device", nil)
    (row.impl, row.dtypeA, row.dtypeB) = ("cublaslt", type, type)
    row.phase = kernel == "gemm" ? "prefill" : "ceiling"
    change(&row)
    return row
  }

  private func peak(_ type: String, _ gflops: Double) -> ResultRow {
    device("type_peak", type: type, key: "p\(type)") { $0.gflopsMedian = gflops }
  }

  private func read(_ bytes: Int, _ rate: Double) -> ResultRow {
    device("memory_read", type: "f32", key: "r\(bytes)") {
      ($0.arrayBytes, $0.gbytesPerSecondMedian, $0.gflopsMedian) = (bytes, rate, nil)
    }
  }

  /// A host of 200 GFLOP/s and 20 GB/s with a product at half of its roof.
  private var host: [ResultRow] {
    var peak = sampleRow(key: "hp")
    (peak.kernel, peak.phase, peak.gflopsMedian, peak.threads) = ("fma_peak", "ceiling", 200, 8)
    var read = sampleRow(key: "hr")
    (read.kernel, read.phase, read.arrayBytes, read.gbytesPerSecondMedian) = (
      "memory_read", "ceiling", 1_000_000, 20
    )
    read.threads = 8
    var kernel = sampleRow(key: "hk")
    kernel.threads = 8
    return [peak, read, kernel]
  }

  private var ceilings: [ResultRow] {
    [peak("bf16", 1000), peak("f8_e4m3", 2000), peak("tf32", 500), read(1 << 20, 400), read(1 << 30, 50)]
  }

  @Test(
    "a product is held against the peak of its own type",
    arguments: [("bf16", 1000.0, 10.0), ("f8_e4m3", 2000, 5), ("tf32", 500, 20)])
  func ownPeak(type: String, peak: Double, percent: Double) throws {
    // 10^9 FLOP in 10 ms are 100 GFLOP/s; 10^5 bytes are far above every ridge.
    var row = device("gemm", type: type) { ($0.flop, $0.minBytes) = (1e9, 1e5) }
    Ceilings(host + ceilings, placement: "cuda:0").apply(to: &row, workingSet: nil)
    #expect(row.computeCeilingGflops == peak)
    #expect(abs(try #require(row.pctOfRoofline) - percent) < 1e-9)
    #expect(row.boundBy == "compute")
  }

  @Test(
    "a type without a probe of its own has no share, and no other type stands in", arguments: ["f16", "i8"])
  func unprobed(type: String) {
    var row = device("gemm", type: type)
    Ceilings(host + ceilings, placement: "cuda:0").apply(to: &row, workingSet: nil)
    #expect(row.pctOfRoofline == nil && row.computeCeilingGflops == nil)
  }

  @Test(
    "the memory of a device is its own, at the level of the working set, and the largest where it was flushed"
  )
  func memory() {
    let ceilings = Ceilings(host + ceilings, placement: "cuda:0")
    func bandwidth(_ mode: String, workingSet: Double) -> Double? {
      var row = device("gemm") { ($0.flop, $0.minBytes, $0.cacheMode) = (1e6, 1e6, mode) }
      ceilings.apply(to: &row, workingSet: Bytes(workingSet))
      return row.bandwidthCeilingGbytesPerSecond
    }
    #expect(bandwidth("hot", workingSet: 1e6) == 400)
    #expect(bandwidth("hot", workingSet: 1e8) == 50)
    #expect(bandwidth("cold", workingSet: 1e6) == 50)
    #expect(bandwidth("weights_cold", workingSet: 1e6) == 50)
  }

  @Test("a summary without a placement is the host's, whatever a device beside it reaches")
  func hostSummary() throws {
    let alone = try #require(HostSummary(host))
    let mixed = try #require(HostSummary(ceilings + [device("gemm", key: "g")] + host))
    #expect(mixed.placement == "core0" && !mixed.isDevice)
    #expect(mixed.peakGflops == 200 && mixed.readGbytesPerSecond == 20)
    #expect(mixed.points == alone.points)
    #expect(HostSummary(ceilings) == nil)
  }

  @Test("a device's summary has the device's name, a peak by type and each kernel's share of its own")
  func deviceSummary() throws {
    let products = [
      device("gemm", key: "g") { ($0.gflopsMedian, $0.arithmeticIntensityFlopPerByte) = (800, 1000) },
      device("gemm", type: "f8_e4m3", key: "f") {
        ($0.gflopsMedian, $0.arithmeticIntensityFlopPerByte) = (1000, 1000)
      },
      device("gemm", type: "f64", key: "n"),
    ]
    let found = try #require(HostSummary(host + ceilings + products, placement: "cuda:0"))
    #expect(found.isDevice && found.name == "NVIDIA H200" && found.type == "bf16")
    #expect(found.peaks == ["bf16": 1000, "f8_e4m3": 2000, "tf32": 500])
    #expect(found.peakGflops == 1000 && found.readGbytesPerSecond == 50)
    #expect(found.points.map(\.rowKey) == ["g", "f"])
    #expect(found.points.map(\.shareOfPeak) == [0.8, 0.5])
    #expect(HostSummary.devices(host + ceilings) == ["cuda:0"])
  }

  @Test(
    "two devices of one name and place are compared by row, two of different names as two types of machine")
  func compared() {
    func file(_ name: String, _ device: String) -> ComparisonInput {
      ComparisonInput(
        name: name,
        rows: host + [
          self.device("gemm", key: "g") {
            $0.deviceName = device
            $0.pageMode = "default"
          }
        ])
    }
    let same = Comparison(file("a", "NVIDIA H200"), file("b", "NVIDIA H200"))
    #expect(same.isSameMachine && same.rows.count == 4)
    let other = Comparison(file("a", "NVIDIA H200"), file("b", "NVIDIA H100 80GB HBM3"))
    #expect(!other.isSameMachine)
    #expect(other.differences.contains { $0.column == "device_name" && $0.b.contains("H100") })
    #expect(other.rows.contains { $0.a.isOnDevice && $0.b.isOnDevice })
  }

  @Test("each of several devices finds its own place on another machine")
  func places() {
    func file(_ machine: String, _ places: [String]) -> ComparisonInput {
      let rows = places.map { place in
        device("gemm", key: machine + place, place: place) { $0.machineId = machine }
      }
      return ComparisonInput(name: machine, rows: rows)
    }
    let found = Comparison(file("m1", ["cuda:0", "cuda:1"]), file("m2", ["cuda:1", "cuda:0"]))
    #expect(
      found.rows.map { [$0.a.placement, $0.b.placement] } == [["cuda:0", "cuda:0"], ["cuda:1", "cuda:1"]])
    #expect(found.repeated.isEmpty)
  }
}
