// Rules of training runs: the chip is known, and rate, peak and share of the peak agree.

import Quantities
import Tables

extension Findings {
  /// Rules of training_runs.csv.
  mutating func trainingRuns(_ sheet: Sheet<TrainingRun>, accelerators: [Accelerator]) {
    let ids = accelerators.map(\.id)
    for (row, run) in sheet.numbered {
      guard let chip = accelerators.first(where: { $0.id == run.accelerator }) else {
        let near = nearestNames(to: run.accelerator, among: ids)
        error(
          sheet.fault(
            row, "accelerator", "no accelerator is called '\(run.accelerator.prefix(40))'",
            advice: near.isEmpty
              ? "add it to accelerators.csv" : "did you mean \(near.joined(separator: ", "))?"))
        continue
      }
      if let mfu = run.mfu, mfu >= 1 {
        error(
          sheet.fault(
            row, "mfu", "a share of the peak is below 1", advice: "write 0.41 for 41 %, of the dense peak"))
        continue
      }
      guard let peak = run.format == "fp8" ? chip.fp8Tflops : chip.bf16Tflops else {
        error(
          sheet.fault(
            row, "format", "accelerators.csv gives no dense \(run.format) peak of \(chip.id)",
            advice: "add the peak with its source"))
        continue
      }
      guard let rate = run.tflopsPerAccelerator, let mfu = run.mfu else { continue }
      // Publications round to two digits and take a peak of 989 for 989.4.
      if abs(rate / peak - mfu) > 0.01 {
        error(
          sheet.fault(
            row, "mfu",
            "\(fixed(rate, decimals: 0)) TFLOP/s are \(fixed(rate / peak, decimals: 3)) of the peak",
            advice: "check rate, format and peak: sparse peaks are twice the dense ones"))
      }
    }
  }
}
