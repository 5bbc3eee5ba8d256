// The constants that are fitted: where each lives, its prior and bounds. A constant that the rows hardly inform stays
// at its prior; the strength of the priors decides how the fit carries over to models that it has not seen.

import Quantities

/// One constant of the fit.
struct FitParameter: Sendable {
  /// Symbol in engine_constants.csv.
  let symbol: String
  /// Engine that it holds for; nil = all.
  let engine: Engine?
  /// Unit in the table.
  let unit: Unit?
  /// Median, lower and upper bound in that unit, and the prior's standard deviation in natural logarithms.
  let prior: Double
  let lower: Double
  let upper: Double
  let deviation: Double
  private let write: @Sendable (inout EngineConstants, Double) -> Void
  private let read: @Sendable (EngineConstants) -> Double

  /// Name of the row, e.g. `lock@vllm`.
  var name: String { engine.map { "\(symbol)@\($0.rawValue)" } ?? symbol }

  /// Sets the constant from a value in the table's unit.
  func set(_ constants: inout EngineConstants, _ value: Double) {
    write(&constants, unit?.toBase(value) ?? value)
  }
  /// The value in the table's unit.
  func value(_ constants: EngineConstants) -> Double { unit?.fromBase(read(constants)) ?? read(constants) }

  private init(
    _ symbol: String, _ prior: Double, _ bounds: ClosedRange<Double>, sd: Double, unit: Unit? = nil,
    engine: Engine? = nil, read: @escaping @Sendable (EngineConstants) -> Double,
    write: @escaping @Sendable (inout EngineConstants, Double) -> Void
  ) {
    self.symbol = symbol
    self.engine = engine
    self.unit = unit
    self.prior = prior
    lower = bounds.lowerBound
    upper = bounds.upperBound
    deviation = sd
    self.read = read
    self.write = write
  }

  private static func share(
    _ symbol: String, _ prior: Double, _ bounds: ClosedRange<Double>, sd: Double,
    _ path: any WritableKeyPath<EngineConstants, Double> & Sendable
  ) -> FitParameter {
    FitParameter(
      symbol, prior, bounds, sd: sd, read: { $0[keyPath: path] }, write: { $0[keyPath: path] = $1 })
  }

  private static func micros(
    _ symbol: String, _ prior: Double, _ bounds: ClosedRange<Double>, sd: Double,
    _ path: any WritableKeyPath<EngineConstants, Seconds> & Sendable
  ) -> FitParameter {
    FitParameter(
      symbol, prior, bounds, sd: sd, unit: .microsecond, read: { $0[keyPath: path].value },
      write: { $0[keyPath: path] = Seconds($1) })
  }

  private static func server(
    _ symbol: String, _ prior: Double, _ bounds: ClosedRange<Double>, sd: Double, unit: Unit? = nil,
    read: @escaping @Sendable (EngineConstants.Server) -> Double,
    write: @escaping @Sendable (inout EngineConstants.Server, Double) -> Void
  ) -> [FitParameter] {
    Engine.allCases.map { engine in
      FitParameter(
        symbol, prior, bounds, sd: sd, unit: unit, engine: engine, read: { read($0.server(engine)) },
        write: { constants, value in
          var server = constants.server(engine)
          write(&server, value)
          constants.servers[engine] = server
        })
    }
  }

  /// Constants of steps, fitted on times per output token.
  static let steps: [FitParameter] =
    [
      .share("em", 0.85, 0.5...0.95, sd: 0.1, \.weightBandwidthShare),
      .share("emm", 0.75, 0.3...0.95, sd: 0.2, \.expertBandwidthShare),
      .share("ekv", 0.85, 0.4...0.95, sd: 0.15, \.kvBandwidthShare),
      .share("efm", 0.9, 0.3...1, sd: 0.1, \.groupedGEMMShare),
      .share("eih", 1500, 10...20000, sd: 0.5, \.expertHalfWidth),
      .share("ekf", 0.5, 0.1...1, sd: 0.4, \.decodeAttentionShare),
      .share("efa", 0.5, 0.2...0.9, sd: 0.2, \.prefillAttentionShare),
      .micros("al", 8, 1...40, sd: 0.5, \.allReduceLatency),
      .share("en", 0.7, 0.3...0.95, sd: 0.2, \.scaleUpShare),
      .micros("oS", 400, 10...5000, sd: 0.7, \.stepOverhead),
      .micros("oR", 10, 0.5...100, sd: 0.7, \.requestOverhead),
      .micros("oK", 4, 0.5...20, sd: 0.5, \.kernelOverhead),
      .micros("oQ", 3, 0.2...15, sd: 0.6, \.quantisedOverhead),
      .micros("oB", 5, 0.2...30, sd: 0.6, \.blockScaledOverhead),
    ] + server("lock", 0.9, 0.3...1.3, sd: 0.2, read: { $0.lockStep }, write: { $0.lockStep = $1 })

  /// Constants of the first token, fitted with the steps frozen: a joint fit bends efficiencies to explain warm-up.
  static let firstToken: [FitParameter] =
    server(
      "ttft_a", 40, 1...1000, sd: 0.6, unit: .millisecond, read: { $0.admission.value },
      write: { $0.admission = Seconds($1) })
    + server("ttft_q", 0.12, 0.005...2, sd: 0.4, read: { $0.burst }, write: { $0.burst = $1 })
    + server(
      "ttft_qf", 0.12, 0.005...2, sd: 0.6, read: { $0.burstFixedLengths },
      write: { $0.burstFixedLengths = $1 })
    + server(
      "ttft_eps", 40, 1...1000, sd: 0.6, unit: .microsecond, read: { $0.prefillLaunch.value },
      write: { $0.prefillLaunch = Seconds($1) })
}
