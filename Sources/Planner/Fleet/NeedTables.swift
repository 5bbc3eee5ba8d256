// From demand to racks as a table: what each offer would have to be if it served all demand alone, in the month of the
// greatest need. A plan that starts from money shows the same chain for what its headline serves.

import Quantities
public import Tables

extension Plan {
  /// One row a pool and region, one a region with its spares, and one an offer; without places one a model of the
  /// headline's options.
  ///
  /// Power is all in, on the basis that the row names; no PUE comes on top.
  public var needTable: ReportTable {
    var table = ReportTable(
      "What the demand needs of each chip alone, in its month of greatest need",
      [
        .init("offer"), .init("accelerator"), .init("month"), .init("classes"), .init("region"),
        .init("replica_accelerators"), .init("replicas_mean"), .init("replicas_peak"), .init("replicas_need"),
        .init("utilisation"), .init("goodput"), .init("replicas_normal_day"), .init("lost_regions"),
        .init("replicas_failover"), .init("replicas"), .init("domain_accelerators"), .init("domains"),
        .init("stranded_share"), .init("spare_nodes"), .init("spare_domains"), .init("spare_share"),
        .init("accelerators"), .init("racks"), .init("power_mw"), .init("power_basis"), .init("usable_share"),
      ])
    if let fleet {
      for sizing in fleet.fleetCase.sizings where sizing.peak.accelerators > 0 {
        add(sizing, fleet.fleetCase, to: &table)
      }
    } else {
      for option in headlineOptions {
        for row in capacities where row.option == option.id { table.append(needRow(option, row)) }
      }
    }
    return table
  }

  private var headlineOptions: [PlanOption] {
    guard let headline else { return [] }
    return headline == Portfolio.id ? portfolio?.options ?? [] : [option(headline)].compactMap { $0 }
  }

  private func add(_ sizing: FleetSizing, _ fleet: FleetCase, to table: inout ReportTable) {
    let (peak, hardware) = (sizing.peak, sizing.hardware)
    let label = fleet.portfolio.months[peak.month].label
    let head: (String, String) -> [Cell] = { classes, region in
      [
        .text(sizing.offer.id), .text(sizing.offer.accelerator), .text(label), .text(classes), .text(region),
      ]
    }
    let hasRacks = hardware.racksPerDomain > 0
    func megawatts(_ accelerators: Double) -> Cell {
      .number(
        Formulas.megawatts(accelerators: accelerators, kilowattsEach: hardware.kilowattsEach), decimals: 2)
    }
    for pool in peak.pools where pool.replicas > 0 {
      let classes = fleet.needs.indices.filter {
        $0 < sizing.pools.count && sizing.pools[$0] == pool.model
          && fleet.throughputs[fleet.product(sizing)][$0] != nil
      }
      let usable = classes.first.flatMap { sizing.usable[$0] }
      let accelerators = pool.domains * Double(hardware.domain)
      table.append(
        head(classes.map { fleet.needs[$0].id }.joined(separator: "+"), pool.region) + [
          .integer(pool.replicaAccelerators), .number(pool.busy.average, decimals: 1),
          .number(pool.busy.peak, decimals: 1), .number(pool.busy.need, decimals: 1),
          .optional(usable?.utilisation, decimals: 4), .number(hardware.goodput, decimals: 6),
          .number(pool.normalReplicas, decimals: 1), .integer(sizing.policy.lostRegions),
          .number(pool.failoverReplicas, decimals: 1), .number(pool.replicas, decimals: 0),
          .integer(hardware.domain), .number(pool.domains, decimals: 0),
          .optional(usable?.stranded, decimals: 4), .empty, .empty, .empty,
          .number(accelerators, decimals: 0),
          hasRacks ? .number((pool.domains * hardware.racksPerDomain).rounded(.up), decimals: 0) : .empty,
          megawatts(accelerators), .text(hardware.powerBasis), .optional(usable?.product, decimals: 4),
        ])
    }
    let blanks = Array(repeating: Cell.empty, count: 5)
    func total(
      _ region: String, replicas: Double, domains: Double, nodes: Int, spareDomains: Double,
      accelerators: Double, racks: Double
    ) {
      let spares = accelerators > 0 ? spareDomains * Double(hardware.domain) / accelerators : 0
      table.append(
        head("all", region) + [.empty, .empty, .empty, .empty] + blanks + [
          .number(replicas, decimals: 0), .integer(hardware.domain), .number(domains, decimals: 0), .empty,
          .integer(nodes), .number(spareDomains, decimals: 0), .number(spares, decimals: 4),
          .number(accelerators, decimals: 0), hasRacks ? .number(racks, decimals: 0) : .empty,
          megawatts(accelerators), .text(hardware.powerBasis), .empty,
        ])
    }
    for region in peak.regions {
      total(
        region.region, replicas: region.replicas, domains: region.domains, nodes: region.spareNodes,
        spareDomains: region.spareDomains, accelerators: region.accelerators, racks: region.racks)
    }
    total(
      "all", replicas: peak.replicas, domains: peak.domains,
      nodes: peak.regions.reduce(0) { $0 + $1.spareNodes }, spareDomains: peak.spareDomains,
      accelerators: peak.accelerators, racks: peak.racks)
  }

  /// A model on an option of the headline: the plan's own figures, from replicas to megawatts.
  private func needRow(_ option: PlanOption, _ row: PlanCapacity) -> [Cell] {
    let offer = option.offer
    let (domain, replica) = (Double(offer.domain ?? 1), Double(row.throughput.replica))
    let replicas = option.usable * (1 - row.strandedShare) / replica
    let busy = replicas * row.utilisation
    let over =
      (scenario.number("daily_peak_over_mean") ?? 1) * (scenario.number("minute_peak_over_mean") ?? 1)
    let nodes = option.accelerators * option.spareShare / Double(offer.perNode ?? 1)
    return [
      .text(offer.id), .text(offer.accelerator), .text("all there"), .text(row.standIn.model),
      .text(offer.region), .integer(row.throughput.replica), .number(busy / over, decimals: 1),
      .number(busy, decimals: 1), .number(busy, decimals: 1), .number(row.utilisation, decimals: 4), .empty,
      .number(replicas, decimals: 1), .empty, .empty, .number(replicas.rounded(.down), decimals: 0),
      .integer(offer.domain ?? 1), .number((option.accelerators / domain).rounded(.up), decimals: 0),
      .number(row.strandedShare, decimals: 4), .number(nodes, decimals: 0),
      .number(option.accelerators * option.spareShare / domain, decimals: 1),
      .number(option.spareShare, decimals: 4), .number(option.accelerators, decimals: 0),
      .optional(option.racks, decimals: 0), .optional(option.megawatts, decimals: 2),
      .text(scenario.text("power_basis")),
      .number((1 - option.spareShare) * (1 - row.strandedShare) * row.utilisation, decimals: 4),
    ]
  }
}

extension FleetCase {
  /// Index of the product that a sizing is of.
  func product(_ sizing: FleetSizing) -> Int { sizings.firstIndex { $0.offer.id == sizing.offer.id } ?? 0 }
}

extension PlanReport {
  /// What each chip would have to be alone, one line an offer.
  func needed(_ fleet: FleetPlan) -> String {
    var table = ReportTable(
      "If one chip served all demand alone, in its month of greatest need",
      [
        .init("offer"), .init("month"), .init("mean"), .init("peak"), .init("replicas"), .init("chips"),
        .init("spare"), .init("racks"), .init("MW"), .init("usable %"),
      ])
    for sizing in fleet.fleetCase.sizings where sizing.peak.accelerators > 0 {
      let peak = sizing.peak
      let busy = peak.pools.map(\.busy)
      let working = peak.reasons.average + peak.reasons.peak
      table.append([
        .text(sizing.offer.id), .text(fleet.fleetCase.portfolio.months[peak.month].label),
        .number(busy.reduce(0) { $0 + $1.average }, decimals: 0),
        .number(busy.reduce(0) { $0 + $1.peak }, decimals: 0), .number(peak.replicas, decimals: 0),
        .number(peak.accelerators, decimals: 0), .number(peak.reasons.spares, decimals: 0),
        sizing.hardware.racksPerDomain > 0 ? .number(peak.racks, decimals: 0) : .empty,
        .number(peak.megawatts, decimals: 0), .number(working / peak.accelerators * 100, decimals: 1),
      ])
    }
    guard !table.rows.isEmpty else { return "" }
    table.notes = [
      "mean, peak: busy replicas, each region at its own peak. replicas: with headroom and lost regions. usable: busy "
        + "at the peak that cannot wait. Training and classes that a chip cannot serve are not in it (table need)."
    ]
    return "\n" + table.render(.table, width: width)
  }
}
