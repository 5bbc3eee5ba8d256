// The streams that money flows in, named once: every row of the ledger belongs to one of them.

/// A kind of cost.
public enum CostStream: String, Sendable, Hashable, CaseIterable {
  /// Accelerator-hours, hosts and cluster network included.
  case rent
  /// What is paid at the signature for the term that follows.
  case upfront
  /// Committed and not used: take-or-pay below its commitment.
  case unusedCommitment = "unused_commitment"
  /// Billed from delivery on, not yet accepted.
  case paidNotUsable = "paid_not_usable"
  /// What a provider takes off for a year's spend.
  case spendDiscount = "spend_discount"
  /// Hardware of one's own, at delivery.
  case capital
  /// What own hardware is worth at the end, as a negative cost.
  case residual
  /// Space, cooling and power distribution of own hardware.
  case colocation
  /// Electricity of own hardware.
  case energy
  /// Parts and repair of own hardware.
  case repair
  /// People who run own hardware.
  case staff
  /// CPUs beside the accelerator hosts.
  case cpu
  /// Links between sites.
  case network
  /// Weights, logs and training data.
  case storage
  /// Software licences.
  case software
  /// Support that a provider adds to its bill.
  case support
  /// Traffic out of a provider.
  case egress
  /// Set-up at the first delivery of a site.
  case setup
  /// Moving from one generation to the next: both run for some months.
  case migration
  /// Work that failures destroy: reported, no cash.
  case goodputLoss = "goodput_loss"

  /// True for what a rebate for a year's spend is reckoned on, as the search for a plan does: machines and what stands
  /// with them, not support, traffic, set-up or moving.
  public var countsForRebate: Bool {
    [.rent, .upfront, .unusedCommitment, .paidNotUsable, .cpu, .network, .storage].contains(self)
  }

  /// False for what is reported beside the bill and never paid.
  public var isCash: Bool { self != .goodputLoss }
}
