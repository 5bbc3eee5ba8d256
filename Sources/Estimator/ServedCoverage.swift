// Where the held-out errors may be trusted: kinds of chip and model of which served runs took part in the fit. The
// errors are quantiles over such pairs; for any other pair they are extrapolated, and the interval says so.

public import Catalog

/// A kind of chip with a kind of model.
public struct ServedPair: Sendable, Hashable {
  /// What decides the work of a token.
  public enum ModelKind: String, Sendable, Hashable, CaseIterable {
    case dense
    /// Routed experts, grouped heads.
    case mixture = "MoE"
    /// Routed experts, latent attention.
    case latentMixture = "MLA MoE"
  }

  /// Generation of the chip and its scale-up network, e.g. `Blackwell NVL72`; a chip that none is known of
  /// stands for itself.
  public let generation: String
  /// Kind of model.
  public let kind: ModelKind

  /// A pair from its parts.
  public init(_ generation: String, _ kind: ModelKind) {
    self.generation = generation
    self.kind = kind
  }

  /// The pair of a catalogued chip and model.
  public init(accelerator id: String, model: ModelArchitecture) {
    self.init(
      generations[id] ?? id,
      model.attention == "mla" ? .latentMixture : model.kind == "moe" ? .mixture : .dense)
  }

  /// Pairs with kept runs in the calibration split; a test compares them with the rows.
  public static let served: Set<ServedPair> = [
    ServedPair("Hopper", .dense), ServedPair("Hopper", .mixture), ServedPair("Hopper", .latentMixture),
    ServedPair("Blackwell HGX", .dense), ServedPair("Blackwell HGX", .latentMixture),
  ]

  /// In words, e.g. `MLA MoE models on Blackwell NVL72`.
  public var name: String { "\(kind.rawValue) models on \(generation)" }
}

/// Generations of chips with measured kernels that share an architecture and a kind of scale-up network.
private let generations = [
  "H100": "Hopper", "H200": "Hopper", "B200": "Blackwell HGX", "B300": "Blackwell HGX",
  "GB200": "Blackwell NVL72", "GB300": "Blackwell NVL72",
]

/// Most ranks of one replica that a server holds; wider replicas need a scale-up network across servers.
let serverRanks = 8

/// A held-out error with the reasons for which it is wider than what was measured.
struct ExtrapolatedError: Sendable {
  private(set) var error: HeldOutError
  private(set) var reasons: [String] = []

  init(_ error: HeldOutError) { self.error = error }

  /// Widens the logarithms by `factor`, because of `reason`.
  mutating func widen(by factor: Double, _ reason: String) {
    error = error.widened(by: factor)
    reasons.append("interval \(tenths(factor)) times as wide in logarithms: \(reason)")
  }
}
