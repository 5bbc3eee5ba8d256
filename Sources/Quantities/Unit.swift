// Text units and their factors: the only table of 1e9, 2^30 and 8 in the repository.

/// What kind of thing a unit measures.
public enum Dimension: String, Sendable, Hashable {
  case time, data, bandwidth, work, rate, power, energy, money, pricePerHour, tokens, tokenRate
  case ratio, count, frequency
}

/// A unit symbol with its factor to the base unit of its dimension.
public struct Unit: Hashable, Sendable {
  /// The symbol as tables spell it, e.g. `GB/s`.
  public let symbol: String
  /// What it measures.
  public let dimension: Dimension
  /// Base units in one of this unit.
  public let factor: Double

  /// The unit with this exact symbol, or nil; GB and GiB, Gbit/s and GB/s are different symbols.
  public init?(_ symbol: String) {
    guard let unit = Unit.bySymbol[symbol] else { return nil }
    self = unit
  }

  private init(_ symbol: String, _ dimension: Dimension, _ factor: Double) {
    self.symbol = symbol
    self.dimension = dimension
    self.factor = factor
  }

  /// A number in this unit, in base units.
  public func toBase(_ number: Double) -> Double { number * factor }
  /// A number of base units, in this unit.
  public func fromBase(_ value: Double) -> Double { value / factor }

  /// Every unit that tables may use.
  public static let all: [Unit] = [
    Unit("ns", .time, 1e-9), Unit("us", .time, 1e-6), Unit("ms", .time, 1e-3), Unit("s", .time, 1),
    Unit("min", .time, 60), Unit("h", .time, 3600), Unit("day", .time, 86400),
    Unit("B", .data, 1), Unit("kB", .data, 1e3), Unit("MB", .data, 1e6), Unit("GB", .data, 1e9),
    Unit("TB", .data, 1e12), Unit("KiB", .data, 1024), Unit("MiB", .data, 1_048_576),
    Unit("GiB", .data, 1_073_741_824), Unit("TiB", .data, 1_099_511_627_776),
    Unit("B/s", .bandwidth, 1), Unit("MB/s", .bandwidth, 1e6), Unit("GB/s", .bandwidth, 1e9),
    Unit("TB/s", .bandwidth, 1e12), Unit("Gbit/s", .bandwidth, 1e9 / 8),
    Unit("FLOP", .work, 1), Unit("GFLOP", .work, 1e9), Unit("TFLOP", .work, 1e12),
    Unit("FLOP/s", .rate, 1), Unit("GFLOP/s", .rate, 1e9), Unit("TFLOP/s", .rate, 1e12),
    Unit("TFLOPS", .rate, 1e12), Unit("TOPS", .rate, 1e12), Unit("PFLOP/s", .rate, 1e15),
    Unit("W", .power, 1), Unit("kW", .power, 1e3), Unit("MW", .power, 1e6), Unit("GW", .power, 1e9),
    Unit("J", .energy, 1), Unit("uJ", .energy, 1e-6), Unit("kWh", .energy, 3.6e6),
    Unit("MWh", .energy, 3.6e9),
    Unit("USD", .money, 1), Unit("MUSD", .money, 1e6), Unit("BUSD", .money, 1e9),
    Unit("USD/h", .pricePerHour, 1),
    Unit("tokens", .tokens, 1), Unit("Mtokens", .tokens, 1e6), Unit("tokens/s", .tokenRate, 1),
    Unit("1", .ratio, 1), Unit("ratio", .ratio, 1), Unit("%", .ratio, 0.01), Unit("count", .count, 1),
    Unit("10^9", .count, 1e9), Unit("10^6", .count, 1e6),
    Unit("Hz", .frequency, 1), Unit("kHz", .frequency, 1e3), Unit("MHz", .frequency, 1e6),
    Unit("10^-3", .ratio, 1e-3),
  ]

  private static let bySymbol = Dictionary(uniqueKeysWithValues: all.map { ($0.symbol, $0) })

  // The units that code names; each is looked up once so that no factor is written twice.
  /// 10^-9 s.
  public static let nanosecond = known("ns")
  /// 10^-6 s.
  public static let microsecond = known("us")
  /// 10^-3 s.
  public static let millisecond = known("ms")
  /// 60 s.
  public static let minute = known("min")
  /// 3600 s.
  public static let hour = known("h")
  /// 86,400 s.
  public static let day = known("day")
  /// 1/100.
  public static let percent = known("%")
  /// 2^10 B.
  public static let kibibyte = known("KiB")
  /// 2^20 B.
  public static let mebibyte = known("MiB")
  /// 2^30 B.
  public static let gibibyte = known("GiB")
  /// 10^9 B.
  public static let gigabyte = known("GB")
  /// 10^9 B/s.
  public static let gigabytePerSecond = known("GB/s")
  /// 10^12 B/s.
  public static let terabytePerSecond = known("TB/s")
  /// 10^9 bit/s.
  public static let gigabitPerSecond = known("Gbit/s")
  /// 10^9 FLOP/s.
  public static let gigaflops = known("GFLOP/s")
  /// 10^12 FLOP/s.
  public static let teraflops = known("TFLOP/s")
  /// 10^3 W.
  public static let kilowatt = known("kW")
  /// 10^6 W.
  public static let megawatt = known("MW")
  /// 10^-6 J.
  public static let microjoule = known("uJ")
  /// 10^3 Hz.
  public static let kilohertz = known("kHz")
  /// 10^6 Hz.
  public static let megahertz = known("MHz")
  /// 1/1000 of anything.
  public static let thousandth = known("10^-3")
  /// 10^9 USD.
  public static let billionUSD = known("BUSD")
  /// 10^6 USD.
  public static let millionUSD = known("MUSD")
  /// 10^6 of anything.
  public static let million = known("10^6")
  /// 10^6 tokens.
  public static let millionTokens = known("Mtokens")

  /// 10^9 of what is counted.
  public static let billion = known("10^9")

  private static func known(_ symbol: String) -> Unit {
    guard let unit = bySymbol[symbol] else { preconditionFailure("unit \(symbol) is not in the table") }
    return unit
  }
}
