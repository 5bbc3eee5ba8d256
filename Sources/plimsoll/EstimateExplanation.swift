// estimate --explain: the operators behind the figures, as tables.

import Estimator
import Quantities
import Tables

extension EstimateCommand {
  /// A decode step and a prompt by operator, then the formulas that join them.
  func walkTables(_ walk: OperatorWalk) -> [ReportTable] {
    var step = operatorTable("One decode step by operator", walk.decode)
    step.notes = walk.formulas
    return [operatorTable("One prompt alone by operator", walk.prefill), step]
  }

  private func operatorTable(_ title: String, _ lines: [OperatorLine]) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("operator"), .init("what"), .init("time_ms", "ms"), .init("bound_by", "bound"),
        .init("constants"),
      ])
    for line in lines {
      table.append([
        .text(line.part), .text(line.what),
        .number(Unit.millisecond.fromBase(line.seconds.value), decimals: 3), .text(line.boundBy),
        .text(line.source),
      ])
    }
    let sum = lines.reduce(0) { $0 + $1.seconds.value }
    table.append([
      .text("together"), .empty, .number(Unit.millisecond.fromBase(sum), decimals: 3), .empty,
      .text("engine_constants.csv"),
    ])
    return table
  }
}
