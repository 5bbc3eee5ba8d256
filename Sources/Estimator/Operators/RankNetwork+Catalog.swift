// The network of a catalogued chip: its scale-up domain with or without a switch that adds, and the network
// cards between domains.

public import Catalog
public import Quantities

extension RankNetwork {
  /// Fewest ranks for which a switch was seen to add: bus bandwidth passes that of the ring from five H200
  /// and six B200 on.
  public static let fewestInSwitch = 5

  /// The network of a chip; `share` of each bandwidth is reached, and a call or hop takes the given latency.
  ///
  /// `serverRanks`: accelerators of a server that reach each other over PCIe where the chip has no domain.
  /// The switches of NVIDIA's domains of eight and more add; no other vendor's are known to.
  /// - Returns: a gap where the chip's scale-up bandwidth is not published. Without `scaleout_gbit_per_chip`
  /// the
  ///   network ends at the domain.
  public static func of(
    _ chip: Accelerator, latency: Seconds, scaleOutLatency: Seconds, share: Double = 1, serverRanks: Int = 1
  ) -> Known<RankNetwork> {
    guard let link = chip.scaleUpOneWay else {
      return .failure(
        Gap(
          "collectives of \(chip.id)", missing: "no one-way scale-up bandwidth",
          remedy: "add a sourced scaleup_unidirectional_GBps to accelerators.csv"))
    }
    let domain = max(chip.scaleupDomain ?? 1, serverRanks)
    let adds = chip.vendor == "NVIDIA" && chip.scaleupDomain ?? 1 >= 8
    return .success(
      RankNetwork(
        scaleUp: LinkTier(
          latency: latency, bandwidth: link * share, fewestInSwitch: adds ? fewestInSwitch : nil),
        domain: domain,
        scaleOut: chip.scaleOutOneWay.map { LinkTier(latency: scaleOutLatency, bandwidth: $0 * share) }))
  }
}
