// A run on the chip as a user gives it to the program: to calibrate, to estimate, and to draw.

import Foundation
import Results
import Testing

@Suite("plimsoll with a run on the chip")
struct DeviceProgramTests {
  /// The invented run as a result file of the present schema.
  private func write(_ run: InventedRun = InventedRun(), to folder: URL) throws -> String {
    let path = folder.appendingPathComponent("run.csv").path
    let rows = run.rows.enumerated().map { index, row in
      var row = row
      row.schemaVersion = ResultRow.schemaVersion
      row.rowKey = "k\(1_000_000 + index)"
      // A result file's reader holds quantiles and intervals to the median.
      row.timeMinSeconds = row.timeMedianSeconds
      row.timeMaxSeconds = row.timeMedianSeconds
      return row
    }
    try ResultFile.write(rows, to: path)
    return path
  }

  @Test("the folder that calibrate writes gives the estimate that the result file gives")
  func calibrateAndEstimate() throws {
    try inFolder { folder in
      let path = try write(to: folder)
      let made = folder.appendingPathComponent("mine").path
      let calibrated = try plimsoll(["calibrate", "--results", path, "--output", made], in: folder)
      #expect(calibrated.status == 0 && calibrated.out.contains("Kernel tables of H200"), "\(calibrated.err)")
      let names = try FileManager.default.contentsOfDirectory(atPath: made).sorted()
      #expect(names == ["engine_constants.csv", "measured_kernels.csv"])
      let check = try plimsoll(["catalog", "check", "--catalog", made], in: folder)
      #expect(check.status == 0, "\(check.err)")
      let base = ["estimate", "--model", "Llama-3.1-8B", "--accelerator", "H200"]
      let direct = try plimsoll(base + ["--results", path, "--format", "csv"], in: folder)
      let folded = try plimsoll(base + ["--catalog", made, "--format", "csv"], in: folder)
      let plain = try plimsoll(base + ["--format", "csv"], in: folder)
      #expect(direct.status == 0 && direct.out == folded.out, "\(direct.err)\(folded.err)")
      #expect(direct.out != plain.out && direct.out.contains(",measured,"))
      let shown = try plimsoll(base + ["--results", path], in: folder)
      #expect(shown.out.contains("Measured beside published kernels of H200"))
      #expect(shown.out.contains("Shares of the data sheet of H200"))
    }
  }

  @Test("a card that the catalogue does not know is refused in one sentence that names it")
  func unknownCard() throws {
    try inFolder { folder in
      var run = InventedRun()
      run.device = "NVIDIA Z9"
      let path = try write(run, to: folder)
      let refused = try plimsoll(["calibrate", "--results", path], in: folder)
      #expect(refused.status == 65 && refused.err.contains("NVIDIA Z9"))
      #expect(refused.err.split(separator: "\n").count == 1)
    }
  }

  @Test("roofline draws the device alone, with a peak for each of its types")
  func roofline() throws {
    try inFolder { folder in
      let path = try write(to: folder)
      let run = try plimsoll(["roofline", path, "--placement", "cuda:0", "--format", "csv"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let peaks = run.out.split(separator: "\n").filter { $0.contains(",peak,") }
      #expect(peaks.count == 2 && peaks.allSatisfy { $0.hasPrefix("cuda:0,") })
      #expect(peaks.contains { $0.contains(",bf16,") } && peaks.contains { $0.contains(",f8_e4m3,") })
    }
  }
}
