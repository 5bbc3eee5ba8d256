// The constants of the reference fit, six digits each: the vectors of the step model hold for exactly these, whatever
// a later calibration writes into the catalogue.

import Catalog
import Estimator

/// Constants of the reference fit.
func referenceConstants() throws -> EngineConstants {
  let rows = referenceFit.split(separator: ";").map { entry -> EngineConstant in
    let words = entry.split { $0 == " " || $0 == "@" || $0 == "\n" }.map(String.init)
    var row = EngineConstant()
    row.constant = words[0]
    row.engineOrChip = words[1]
    row.value = Double(words[2])
    return row
  }
  return try EngineConstants(rows)
}

private let referenceFit = """
  em@all 0.848299; emm@all 0.882295; ekv@all 0.820675; efm@all 0.433835; ekf@all 0.509821;
  efa@all 0.464195; al@all 6.00555; en@all 0.519151; oS@all 433.022; oR@all 22.287; oK@all 3.94477;
  oQ@all 2.61755; oB@all 5.1013; lock@sglang 0.71372; lock@trtllm 1.05937; lock@vllm 0.92981;
  al2@all 17; mh0@all 64; mh1@all 96; pad@all 16; phi@all 1; ef0@all 1; ef1@all 1; ef2@all 1;
  ttft_a@sglang 40.3631; ttft_a@trtllm 38.348; ttft_a@vllm 28.4559; ttft_q@sglang 0.181602;
  ttft_q@trtllm 0.157453; ttft_q@vllm 0.131573; ttft_qf@sglang 0.624062; ttft_qf@trtllm 0.120073;
  ttft_qf@vllm 0.118962; ttft_eps@sglang 107.949; ttft_eps@trtllm 68.9869; ttft_eps@vllm 29.4021
  """
