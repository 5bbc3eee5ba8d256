// Result files made up for tests of the comparison: the noise is known, so the right verdict is too.

import Measurement
import Results

/// How processes differ from each other.
enum ProcessNoise: CaseIterable {
  /// 1 % standard deviation.
  case normal
  /// The same, and a quarter of the processes 3 % slow.
  case bimodal
  /// Student's distribution with 3 degrees of freedom, 1 % scale.
  case heavyTails

  func level(_ generator: inout SeededGenerator) -> Double {
    switch self {
    case .normal: return 1 + 0.01 * standardNormal(&generator)
    case .bimodal:
      let isSlow = Double.random(in: 0..<1, using: &generator) < 0.25
      return (isSlow ? 1.03 : 1) * (1 + 0.01 * standardNormal(&generator))
    case .heavyTails:
      let squares = (0..<3).map { _ in
        let value = standardNormal(&generator)
        return value * value
      }
      let student = standardNormal(&generator) / (squares.reduce(0, +) / 3).squareRoot()
      return max(0.5, 1 + 0.01 * student)
    }
  }
}

/// Sum of twelve uniforms less 6: close to normal with standard deviation 1.
func standardNormal(_ generator: inout SeededGenerator) -> Double {
  (0..<12).reduce(-6.0) { total, _ in total + Double.random(in: 0..<1, using: &generator) }
}

/// A synthetic run: `keys` rows of 10 ms, noise of the given kind between processes and 0.5 % inside.
func run(
  _ name: String, keys: Int = 30, processes: Int = 5, samples: Int = 6, seed: UInt64,
  noise: ProcessNoise = .normal, factor: (Int) -> Double = { _ in 1 }, machine: String = "m1"
) -> ComparisonInput {
  var generator = SeededGenerator(seed: seed)
  var rows: [ResultRow] = []
  var measured: [[ProcessSamples]] = []
  for index in 0..<keys {
    let taken = (0..<processes).map { process in
      let level = 0.01 * factor(index) * noise.level(&generator)
      let seconds = (0..<samples).map { _ in level * (1 + 0.005 * standardNormal(&generator)) }
      return ProcessSamples(process: process, seconds: seconds)
    }
    var row = sampleRow(
      key: "k\(index)", run: name, seconds: Statistics.median(taken.flatMap(\.seconds)) ?? 0)
    row.shapeId = "shape\(index)"
    row.machineId = machine
    row.nProcesses = processes
    rows.append(row)
    measured.append(taken)
  }
  return ComparisonInput(name: name, rows: rows, processes: measured)
}

/// Options changed from their defaults.
func options(_ change: (inout ComparisonOptions) -> Void) -> ComparisonOptions {
  var options = ComparisonOptions()
  change(&options)
  return options
}
