// What would be measured, and what it would cost: `list` and `run --dry-run`.

import Kernels
import KernelsCUDA
import Machines
import Measurement
import Quantities
import Suites
import Tables

/// The rows of a plan before they are measured.
struct RunListing {
  let plan: RunPlan
  let suiteName: String

  /// One line a case, with an upper estimate of its time at all placements.
  var table: ReportTable {
    var table = ReportTable(
      "Rows of \(suiteName)",
      [
        .init("kernel"), .init("shape"), .init("dtype"), .init("layout"), .init("impl"), .init("phase"),
        .init("cache"), .init("model"),
        .init("pass"), .init("operands_mib", "MiB"), .init("seconds_at_most", "s"),
      ])
    for subject in plan.cases {
      table.append([
        .text(subject.operation.rawValue), .text(subject.shapeID),
        .text(subject.operation.isProduct || subject.operation == .typePeak ? subject.dataType.rawValue : ""),
        .text(subject.operation.isProduct ? subject.layout.rawValue : ""),
        .text(subject.implementation.rawValue),
        .text(subject.phase.rawValue), .text(subject.cacheMode.rawValue), .text(subject.use?.model ?? ""),
        .text(subject.use?.pass ?? ""), .optional(operands(subject), decimals: 2),
        .optional(rowSeconds, decimals: 1),
      ])
    }
    let names = plan.placements.map(\.name).joined(separator: ", ")
    let total = rowSeconds * Double(plan.cases.count)
    table.notes = [
      "\(plan.cases.count) cases at each of: \(names); \(plan.processes) processes each.",
      "MiB: each operand once; cold rows rotate through several sets.",
      "s: the row's time caps in all processes, preparation counted as much again; about"
        + " \(fixed(total / Unit.minute.toBase(1), decimals: 0)) min together at most"
        + (plan.timeBudget.isFinite ? ", of a budget of \(decimalText(plan.timeBudget)) s." : "."),
    ]
    return table
  }

  private var rowSeconds: Double {
    2 * plan.sampling.rowCap * Double(plan.processes * plan.placements.count)
  }

  private func operands(_ subject: Case) -> Double? {
    guard subject.phase != .ceiling else { return subject.shape.bytes.map { mebibytes(Double($0)) } }
    let work =
      subject.implementation.isOfDevice
      ? DeviceWork.of(subject)
      : Kernels.work(subject.operation, shape: subject.shape, dataType: subject.dataType)
    return mebibytes(work.bytes.value)
  }
}
