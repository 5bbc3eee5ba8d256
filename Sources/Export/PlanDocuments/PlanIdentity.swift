// Names a plan after its inputs and answers: equal plans have equal ids on every machine, and a changed input
// or catalogue shows in the id. FNV-1a over the texts of the values; it detects change, it does not protect.

import Planner
import Quantities
import Tables

enum PlanIdentity {
  /// `openai-aws-38b-` and 16 hexadecimal digits.
  static func id(of plan: Plan) -> String {
    var hash = FNV1a()
    for input in plan.scenario.inputs { hash.add(input.key.name, input.active?.text ?? "") }
    for option in plan.options {
      hash.add(option.id, decimalText(option.rate.usdPerHour))
      hash.add(decimalText(option.accelerators), decimalText(option.megawatts ?? -1))
    }
    for row in plan.capacities {
      hash.add(row.option, row.standIn.model)
      hash.add(decimalText(row.throughput.prefill.value), decimalText(row.throughput.decode.value))
    }
    let digits = String(hash.state, radix: 16)
    return "\(plan.scenario.name)-" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The 64-bit FNV-1a hash (offset basis and prime as published by Fowler, Noll and Vo).
struct FNV1a {
  private(set) var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ texts: String...) {
    for text in texts {
      for byte in text.utf8 { add(byte) }
      add(0)  // so that "ab","c" is not "a","bc"
    }
  }

  private mutating func add(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
  }
}
