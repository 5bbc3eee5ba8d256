// The fit: what it reads, what it reproduces, and what it leaves alone.

import Catalog
import Estimator
import Foundation
import Testing

@Suite("Calibration")
struct CalibrationTests {
  let catalog: Catalog
  let estimator: Estimator
  let points: [ServingPoint]

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
    points = try Catalog.servingPoints()
  }

  private func values(_ found: Calibration) -> [String: Double] {
    Dictionary(
      found.constants.filter { $0.rows != nil }.map {
        ("\($0.constant)@\($0.engineOrChip)", $0.value ?? .nan)
      },
      uniquingKeysWith: { first, _ in first })
  }

  @Test("gives the constants that the catalogue holds, and does not see rows of other splits")
  func poisoned() throws {
    let clean = values(try estimator.calibrate(points, catalog: catalog, day: "2026-11-30"))
    // Rows of other splits are made absurd, by factors that break every comparison between rows, or left out: a
    // fit that read one of them, or a cleaning that compared with one, would move.
    let poisoned = points.enumerated().map { index, point in
      var copy = point
      if point.split != "calibration", let value = point.value {
        copy.value = value * [0.1, 0.3, 1, 5][index % 4]
      }
      return copy
    }
    for others in [poisoned, points.filter { $0.split == "calibration" }] {
      #expect(values(try estimator.calibrate(others, catalog: catalog, day: "2026-11-30")) == clean)
    }
    let held = Dictionary(
      catalog.engineConstants.map { ("\($0.constant)@\($0.engineOrChip)", $0.value ?? .nan) },
      uniquingKeysWith: { first, _ in first })
    for (name, value) in clean {
      let bundled = try #require(held[name], "\(name)")
      #expect(abs(value / bundled - 1) < 0.01, "\(name): \(value) is not \(bundled)")
    }
  }

  @Test("reaches on left-out models and chips what the reference implementation reaches")
  func heldOut() throws {
    let found = try estimator.calibrate(points, catalog: catalog, day: "2026-11-30")
    for (kind, measure, median) in [
      (Calibration.Kind.modelHeldOut, Score.Measure.tpot, 0.108), (.modelHeldOut, .throughput, 0.094),
      (.modelHeldOut, .ttft, 0.33), (.chipHeldOut, .tpot, 0.108), (.chipHeldOut, .throughput, 0.094),
      (.chipHeldOut, .ttft, 0.33), (.publicTest, .tpot, 0.108),
    ] {
      let line = try #require(found.lines.first { $0.kind == kind && $0.score.measure == measure })
      #expect(line.score.median < median + 0.005, "\(kind) \(measure): \(line.score.median)")
    }
    // Every calibration run is left out once by model and once by chip, two metrics each.
    #expect(found.heldOut.count == 4 * found.runs)
    #expect(Set(found.heldOut.map(\.id)).count == 2 * found.runs)
  }

  @Test("refuses to fit on nothing, and says what is missing")
  func nothing() {
    let others = points.filter { $0.split != "calibration" }
    #expect {
      try estimator.calibrate(others, catalog: catalog, day: "2026-11-30")
    } throws: { error in
      "\(error)".contains("0 usable runs with split = calibration")
    }
  }
}
