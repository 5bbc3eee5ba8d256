// What a demand needs of one hardware, month by month, and which reason asks for how much of it.

/// Accelerators by the reason that asks for them; they add up to all.
public struct NeedReasons: Sendable, Hashable {
  /// Busy with the mean demand.
  public var average = 0.0
  /// More, for the peak that cannot wait.
  public var peak = 0.0
  /// More, since replicas are down and work is lost now and then.
  public var outages = 0.0
  /// More, so that requests do not wait: the policy's utilisation or Erlang's.
  public var headroom = 0.0
  /// More, to carry lost regions beyond what a normal day already has.
  public var failover = 0.0
  /// More, since replicas and domains are whole.
  public var rounding = 0.0
  /// Those of a domain that no whole replica fits.
  public var stranded = 0.0
  /// In spare domains.
  public var spares = 0.0
  /// Nothing asks for anything.
  public init() {}

  /// All of them.
  public var total: Double {
    average + peak + outages + headroom + failover + rounding + stranded + spares
  }

  /// Reasons by name, in the order in which they are added.
  public var rows: [(name: String, accelerators: Double)] {
    [
      ("average", average), ("peak", peak), ("outages", outages), ("headroom", headroom),
      ("failover", failover), ("rounding", rounding), ("stranded", stranded), ("spares", spares),
    ]
  }

  static func += (a: inout NeedReasons, b: NeedReasons) {
    a.average += b.average
    a.peak += b.peak
    a.outages += b.outages
    a.headroom += b.headroom
    a.failover += b.failover
    a.rounding += b.rounding
    a.stranded += b.stranded
    a.spares += b.spares
  }
}

/// One pool of replicas in one region and month: the classes of a model, or one stage of them.
public struct NeedPool: Sendable, Hashable {
  /// Catalogue key of the model.
  public let model: String
  /// `serve`, `prefill` or `decode`.
  public let stage: String
  /// Key of the region.
  public let region: String
  /// Accelerators of a replica.
  public let replicaAccelerators: Int
  /// Replicas that the region's own demand keeps busy.
  public let busy: DemandLevel
  /// Replicas for a normal day, before rounding.
  public let normalReplicas: Double
  /// Replicas to carry its part of everything with regions lost, before rounding.
  public let failoverReplicas: Double
  /// Whole replicas: the larger of the two.
  public let replicas: Double
  /// Whole domains that hold them.
  public let domains: Double
}

/// One region of one month, all pools together.
public struct NeedRegion: Sendable, Hashable {
  /// Key of the region.
  public let region: String
  /// Whole replicas of all pools.
  public let replicas: Double
  /// Domains in service.
  public let domains: Double
  /// Nodes that keep them whole.
  public let spareNodes: Int
  /// Domains that hold these.
  public let spareDomains: Double
  /// Racks of both.
  public let racks: Double
  /// Accelerators of both.
  public let accelerators: Double
  /// Megawatts of both, on the hardware's power basis.
  public let megawatts: Double
}

/// What is needed in one month.
public struct NeedMonth: Sendable, Hashable {
  /// 0 for the first.
  public let month: Int
  /// Pool by pool, region by region.
  public let pools: [NeedPool]
  /// Region by region.
  public let regions: [NeedRegion]
  /// Accelerators by reason.
  public let reasons: NeedReasons

  /// Replicas of all regions.
  public var replicas: Double { regions.reduce(0) { $0 + $1.replicas } }
  /// Domains in service.
  public var domains: Double { regions.reduce(0) { $0 + $1.domains } }
  /// Domains of spares.
  public var spareDomains: Double { regions.reduce(0) { $0 + $1.spareDomains } }
  /// Racks.
  public var racks: Double { regions.reduce(0) { $0 + $1.racks } }
  /// Accelerators.
  public var accelerators: Double { regions.reduce(0) { $0 + $1.accelerators } }
  /// Megawatts on the hardware's power basis.
  public var megawatts: Double { regions.reduce(0) { $0 + $1.megawatts } }
  /// Share of all accelerators that is busy on the mean; nil where nothing is needed.
  public var meanUtilisation: Double? { accelerators > 0 ? reasons.average / accelerators : nil }
}

/// What a demand needs of one hardware.
public struct Need: Sendable, Hashable {
  /// Catalogue key of the accelerator.
  public let accelerator: String
  /// Classes that it cannot serve, for want of a rate; nothing of them is in the months.
  public let unserved: [String]
  /// Month by month.
  public let months: [NeedMonth]
}
