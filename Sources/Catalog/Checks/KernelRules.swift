// The rule on published kernels: nothing runs faster than its machine. A utilisation above 1 means that the
// peak, the byte count or the row is wrong; the estimator would carry the fault into every figure of the
// chip.

import Quantities
import Tables

/// Relative tolerance of a utilisation: published times have three digits, and peaks are rounded as well.
public let utilisationTolerance = 0.02

extension KernelReading {
  /// The least time on a chip over the measured time; nil where the chip lacks the peak or the bandwidth.
  ///
  /// An all-reduce may be added in the switch, so its least bytes are the smaller count.
  public func utilisation(on chip: Accelerator) -> Double? {
    if operation.isCollective {
      guard let link = chip.scaleUpOneWay else { return nil }
      guard operation == .allReduce, ranks > 3 else { return work.bytes / link / time }
      return work.bytes * (Double(ranks + 1) / Double(2 * ranks - 2)) / link / time
    }
    guard let bandwidth = chip.memoryBandwidth else { return nil }
    guard work.flop > .zero else { return work.bytes / bandwidth / time }
    guard let peak = chip.peak(format.peak) else { return nil }
    return work.speedOfLight(peak: peak, bandwidth: bandwidth) / time
  }
}

extension Findings {
  /// Rows of measured_kernels.csv whose utilisation is above 1 and that no documented rule excludes.
  mutating func kernels(_ sheet: Sheet<MeasuredKernel>, chips: [Accelerator]) {
    for (row, kernel) in sheet.numbered {
      guard case .reading(let reading) = kernel.row,
        let chip = acceleratorMeant(by: kernel.accelerator, among: chips),
        let utilisation = reading.utilisation(on: chip), utilisation > 1 + utilisationTolerance
      else { continue }
      error(
        sheet.fault(
          row, "value",
          "\(kernel.id): \(reading.operation.rawValue) at \(fixed(utilisation, decimals: 2)) of the peak of "
            + "\(chip.id)",
          advice: "check the peak and the bandwidth in accelerators.csv, and the row's unit, shape and format"
        ))
    }
  }
}
