// A plan's evidence for tests: the embedded catalogue and a throughput that is a formula, so that a test sees through it.

import Catalog
import Foundation
import Planner
import Quantities

/// θ_prefill 10,000 and θ_decode 1,000 tokens/s of an accelerator for every model, replicas of eight.
let plainThroughput = ThroughputSource { standIn, _, _ in
  let slow = standIn.kind == "dense" ? 1.0 : 2.0
  return .success(
    Throughput(
      prefill: Figure(
        10_000 * slow, "tokens/s", interval: Interval(8000 * slow, 12_500 * slow), trust: .calibrated),
      decode: Figure(
        1000 * slow, "tokens/s", interval: Interval(800 * slow, 1250 * slow), trust: .calibrated),
      replica: 8, decodeBound: 20_000, prefillBound: 40_000, deployment: "TP8"))
}

let plainEvidence = Result { PlanEvidence(catalog: try Catalog.embedded(), throughput: plainThroughput) }

func plan(_ name: String, _ settings: [String] = []) throws -> Plan {
  try Plan(try Scenario.load(name, set: settings), evidence: try plainEvidence.get())
}

/// A scenario folder in the temporary folder, removed with the value.
final class ScenarioFolder {
  let path: String

  init(_ files: [String: String]) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("scenario-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Text of an embedded file of a bundled scenario with its rows in another order.
func reversedRows(_ text: String) -> String {
  var lines = text.split(separator: "\n").map(String.init)
  let header = lines.removeFirst()
  return ([header] + lines.reversed()).map { $0 + "\n" }.joined()
}
