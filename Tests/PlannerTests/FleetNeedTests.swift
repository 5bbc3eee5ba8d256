// The need of a fleet over time: one source of headroom, goodput, stranded capacity and spares, shown in a table.

import Estimator
import Planner
import Quantities
import Tables
import Testing

/// Twelve months, a rented and an owned site; one class of the plain throughput.
let smallFleetFiles = [
  "scenario.toml": """
  based_on = "frontier-lab-fleet"
  term_months = 12
  ramp_months = 6
  max_provider_share = 1
  migration_months = 0
  egress_usd_per_gb = 0
  """,
  "offers.csv": """
  offer,role,provider,accelerator,instance,region,list_basis,contracted_basis,own_basis,unit_accelerators,domain_accelerators,node_accelerators,rack_accelerators,precision,supply_cap_accelerators,source
  aws-gb200,deal,aws,GB200,u-p6e-gb200x72,us,capacity_block,rental_3y_commit,,72,72,4,72,,,x
  own-gb300,deal,own,GB300,,,,,,72,72,4,72,,,x
  own-mtia,deal,own,MTIA 300,,,,,,1,1,1,,,,x

  """,
  "sites.csv": """
  site,provider,region,install_per_month,tariff_usd_per_kwh,source,grid
  a,aws,us-east,,,x,aws:us-east-1
  h,own,us-central,,0.2,x,

  """,
  "power.csv": "site,month,mw,kind,source\n",
  "deliveries.csv": """
  site,offer,month,accelerators,source
  a,aws-gb200,2026-10,14400,x
  h,own-gb300,2026-10,1440,x
  h,own-gb300,2027-02,2880,x
  h,own-mtia,2026-10,5000,x

  """,
  "demand.csv": """
  class,model,requests_per_day,input_tokens,output_tokens,cached_share,growth_per_year,profile,burst,deferrable_share,regions,ttft_limit_s,tpot_limit_s,shortage_usd_per_mtok,source,as_of
  chat,Qwen3-235B-A22B,4e9,1000,200,0.5,0,,1.2,0,us-east:0.5;us-central:0.5,2,0.05,5,x,2026

  """,
  "training.csv":
    "class,active_parameters,tokens,days,mfu,runs_at_once,shortage_usd_per_run_month,source,as_of\n",
  "brackets.csv": "provider,from_usd,discount,source\n",
  "regions.csv": "region,utc_offset_h\nus-east,-5\nus-central,-6\n",
  "price_paths.csv": "accelerator,contract,year,factor,source\n",
  "contracts.csv": """
  contract,kind,basis,term_months,upfront_share,committed_share,price_factor,billing_start,minimum_accelerators,signature_every_months,spares_included,source
  rent,reserved,contracted,12,0.25,1,1,acceptance,0,1,0,x
  own,own,own,60,0,1,1,delivery,0,1,0,x

  """,
  "own_builds.csv":
    "accelerator,capital_usd,low,high,source,as_of\nGB200,50000,,,x,2025-05\nGB300,64380,48000,72000,x,2025-11\n",
]

func smallFleet(_ set: [String] = [], _ changed: [String: String] = [:]) throws -> (FleetPlan, Plan) {
  let folder = try ScenarioFolder(smallFleetFiles.merging(changed) { _, new in new })
  let plan = try Plan(try Scenario.load(folder.path, set: set), evidence: try plainEvidence.get())
  return (try #require(plan.fleet), plan)
}

@Suite struct FleetNeedTests {
  /// 500 fresh tokens at 20,000 and 200 at 2,000 tokens/s of an accelerator, derated by 0.95 · 0.9.
  private let seconds = (500.0 / 20_000 + 200.0 / 2000) / (0.95 * 0.9)

  @Test("what an accelerator does is what the need model leaves of it")
  func rates() throws {
    let (fleet, _) = try smallFleet()
    for (product, sizing) in zip(fleet.fleetCase.portfolio.products, fleet.fleetCase.sizings)
    where product.accelerator != "MTIA 300" {
      let share = try #require(sizing.usable[0])
      let left = share.utilisation * share.goodput * (1 - share.stranded) * (1 - share.spares)
      #expect(abs(product.requestsPerSecond[0] * seconds / left - 1) < 1e-12)
      // 4e9 requests a day keep a thousand replicas busy: the policy binds, not the wait.
      #expect(abs(share.utilisation - 0.8) < 1e-12)
      #expect(share.stranded == 0)
      // A replica of 8 stops 0.173 times a year an accelerator, for half an hour; half of 2 + 200 · 0.05 s is lost.
      let perHour = 8 * 0.173 / (365.25 * 24)
      let goodput = (1 - perHour * 0.5) * (1 - perHour / 3600 * 12 / 2)
      #expect(abs(share.goodput - goodput) < 1e-15 && goodput < 1)
      #expect(share.spares > 0 && share.spares == sizing.spareShare)
      // Spares of two regions in whole racks of 18 nodes.
      let region = sizing.peak.regions[0]
      let q = repairShare(failuresPerDay: 4 * 0.173 / 365.25, repairDays: 2)
      let nodes = try #require(spareNodes(nodes: Int(region.domains) * 18, repairShare: q, confidence: 0.999))
      #expect(region.spareNodes == nodes && region.spareDomains == (Double(nodes) / 18).rounded(.up))
      #expect(
        abs(share.spares - region.spareDomains / (region.domains + region.spareDomains)) < 1e-12)
    }
    for holding in fleet.holdings {
      let share = try #require(fleet.fleetCase.sizings.first { $0.offer.id == holding.offer.id }).spareShare
      #expect(abs(holding.usable[11] - holding.accepted[11] * (1 - share)) < 1e-9)
    }
  }

  @Test("a small pool is less busy: as many replicas as Erlang's formula asks, and no more")
  func headroom() throws {
    let (fleet, _) = try smallFleet(["demand_factor=0.001"])
    let sizing = fleet.fleetCase.sizings[0]
    let share = try #require(sizing.usable[0])
    // The peak in replicas that are up: requests/s · replica-seconds / goodput.
    let busy = 4e6 / 86_400 * 1.2 * seconds / 8 / share.goodput
    let replicas = Int((busy / share.utilisation).rounded())
    #expect(abs(busy / share.utilisation - Double(replicas)) < 1e-9)
    #expect(erlangC(servers: replicas, load: busy) <= 0.05)
    #expect(erlangC(servers: replicas - 1, load: busy) > 0.05)
    #expect(share.utilisation < 0.5)
  }

  @Test("maintenance takes its share of every accelerator; impossible failures are named")
  func goodput() throws {
    let (plain, _) = try smallFleet()
    let (kept, _) = try smallFleet(["maintenance_share=0.1"])
    let (a, b) = (plain.fleetCase.sizings[0], kept.fleetCase.sizings[0])
    #expect(abs(a.goodput / b.goodput - (1 / 0.9)) < 1e-4 && b.goodput < a.goodput - 0.099)
    let share = try #require(b.usable[0])
    #expect(
      abs(kept.fleetCase.portfolio.products[0].requestsPerSecond[0] * seconds / share.product - 1) < 1e-12)
    #expect(share.goodput == b.goodput)
    let error = try #require(throws: (any Error).self) {
      try smallFleet(["replica_restart_h=100000"])
    }
    #expect("\(error)".contains("ever up"))
  }

  @Test("the table adds up: pools to regions, regions to the offer, accelerators to racks and megawatts")
  func table() throws {
    let (fleet, plan) = try smallFleet(["lost_regions=1", "failover_share=1"])
    let table = try #require(plan.table("need"))
    let names = table.columns.map(\.name)
    func column(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
    func number(_ row: [Cell], _ name: String) throws -> Double {
      switch row[try column(name)] {
      case .number(let value, _): value
      case .integer(let value): Double(value)
      default: .nan
      }
    }
    let (classes, region) = (try column("classes"), try column("region"))
    let own = table.rows.filter { $0[0] == .text("aws-gb200") }
    let pools = own.filter { $0[classes] == .text("chat") }
    let regions = own.filter { $0[classes] == .text("all") && $0[region] != .text("all") }
    let all = try #require(own.last)
    #expect(pools.count == 2 && regions.count == 2 && own.count == 5)
    for (pool, place) in zip(pools, regions) {
      #expect(try number(pool, "domains") == number(place, "domains"))
      #expect(try number(place, "spare_domains") > 0)
      #expect(
        try number(place, "accelerators") == number(pool, "accelerators") + 72
          * number(place, "spare_domains"))
      // One of two regions may go: each carries everything at 95 %.
      #expect(try number(pool, "replicas_failover") > 1.6 * number(pool, "replicas_normal_day"))
      #expect(try number(pool, "replicas") == number(pool, "replicas_failover").rounded(.up))
    }
    for name in ["replicas", "domains", "accelerators", "racks", "power_mw"] {
      let sum = try regions.reduce(0) { try $0 + number($1, name) }
      #expect(try abs(number(all, name) - sum) < 1e-9 * sum)
    }
    let each = fleet.fleetCase.portfolio.products[0].kilowattsEach
    #expect(try abs(number(all, "power_mw") - number(all, "accelerators") * each / 1000) < 1e-9)
    #expect(try number(all, "racks") == number(all, "accelerators") / 72)
    #expect(all[try column("power_basis")] == .text("allin_facility"))
    // A plan from money shows its headline's chain with its own figures.
    let budget = try Planner.Plan(
      try Scenario.load("openai-aws-38b"), evidence: try plainEvidence.get())
    let rows = try #require(budget.table("need")).rows
    #expect(rows.count == 3 && rows.allSatisfy { $0[0] == .text("aws-gb200") })
    let option = try #require(budget.leading.flatMap { budget.option($0) })
    #expect(try number(rows[0], "accelerators") == option.accelerators)
  }
}
