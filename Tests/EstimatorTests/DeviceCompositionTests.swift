// Whole decoder layers of a device against the sum of what the device's own curves say of their operators.

import Estimator
import Quantities
import Results
import Testing

@Suite("The composition test of a device")
struct DeviceCompositionTests {
  private let run = InventedRun()

  /// A decoder layer of a device: one product and attention over the cache, both bound by memory.
  private func layer(type: String = "bf16", seconds: Double) -> [ResultRow] {
    func row(_ part: String?, _ seconds: Double, _ bytes: Double) -> ResultRow {
      run.row(
        "decoder_layer", "layer_\(type)" + (part.map { "." + $0 } ?? ""), type: type, by: "cuda",
        seconds: seconds,
        flop: bytes / 10, bytes: bytes
      ) { ($0.layer, $0.phase) = (part ?? "decoder_layer", "decode") }
    }
    return [
      row(nil, seconds, 1e9), row("down_proj", 0.001, 4.416e9), row("attention", 0.002, 2.208e9),
      row("rmsnorm", 0.0001, 1e6),
    ]
  }

  @Test("whole layers of a device are held against the curves of the device, in their type")
  func composition() throws {
    let rows = run.rows + layer(seconds: 0.002) + layer(type: "f16", seconds: 1)
    let found = try #require(HostCalibration(rows, placement: "cuda:0"))
    #expect(found.summary.isDevice && found.memory == nil)
    #expect(
      found.composition.machine == "NVIDIA H200" && found.composition.layers.map(\.shape) == ["layer_bf16"])
    // Both read at 0.9 of 4.8 TB/s where the probe reaches 0.92: 4.416 and 2.208 GB take 1.533 ms together.
    let layer = try #require(found.composition.layers.first)
    let expected = (4.416e9 + 2.208e9) / (0.9 * 4.8e12)
    #expect(abs(layer.predicted.value / expected - 1) < 0.02)
    #expect(abs(layer.ratio - expected / 0.002) < 0.02)
    #expect(layer.leftOut?.value == 0.0001)
  }

  @Test("a device without layers is told how to measure them on the device")
  func withoutLayers() throws {
    let found = try #require(HostCalibration(run.rows, placement: "cuda:0")).composition
    #expect(found.gap(file: "f.csv")?.remedy.contains("--device cuda:0") == true)
    #expect(HostCalibration(run.rows) == nil)
  }

  @Test("a host's curves and layers are the same with a device's rows beside them")
  func hostUntouched() throws {
    let host = hostRows(share: 0.5)
    let mixed = try #require(HostCalibration(run.rows + layer(seconds: 0.001) + host))
    let alone = try #require(HostCalibration(host))
    #expect(mixed.summary == alone.summary && mixed.composition == alone.composition)
    #expect(mixed.memory == alone.memory)
  }
}
