// Demand, places, supply and contracts of a scenario: read strictly, every fault with its place.

import Planner
import Quantities
import Tables
import Testing

@Suite struct FleetReaderTests {
  @Test("the bundled fleet is read whole")
  func bundled() throws {
    let fleet = try Scenario.load("frontier-lab-fleet").fleet
    #expect(fleet.isPlannable)
    #expect(fleet.sites.count == 12 && Set(fleet.sites.map(\.provider)).count == 5)
    #expect(fleet.workloads.map(\.id) == ["agents", "batch", "chat"])
    #expect(fleet.contracts.count == 4 && fleet.training.count == 1)
    for profile in fleet.profiles { #expect(abs(profile.hours.reduce(0, +) / 168 - 1) < 1e-12) }
    #expect(fleet.training[0].runs(month: 0) == 1 && fleet.training[0].runs(month: 40) == 3)
    // Scenarios without the tables have none.
    #expect(try !Scenario.load("openai-aws-38b").fleet.isPlannable)
  }

  @Test(
    "a bad table is refused with its place and the next step",
    arguments: [
      ("regions.csv", "region,utc_offset_h\nus,-20\n", 2, "utc_offset_h is not -12 to 14"),
      ("regions.csv", "region,utc_offset_h\nus,1\nus,2\n", 3, "appears twice (also in line 2)"),
      ("profiles.csv", "profile,hour,weight\np,0,1\np,0,1\n", 3, "appears twice"),
      ("profiles.csv", "profile,hour,weight\np,0,1\np,1,1\n", nil, "has 2 hours"),
      (
        "sites.csv", "site,provider,region,install_per_month,tariff_usd_per_kwh,source\na,aws,us,,,\n", 2,
        "no source"
      ),
      (
        "sites.csv", "site,provider,region,install_per_month,tariff_usd_per_kwh,source\na,aws,mars,,,x\n",
        nil, "no region 'mars'"
      ),
      ("power.csv", "site,month,mw,kind,source\na,2026-13,1,facility,x\n", 2, "is no month"),
      (
        "power.csv", "site,month,mw,kind,source\na,2026-12,1,nominal,x\n", 2, "critical_it, facility or up_to"
      ),
      ("power.csv", "site,month,mw,kind,source\na,2026-12,1,facility,x\n", nil, "no site 'a'"),
      (
        "deliveries.csv", "site,offer,month,accelerators,source\na,b,2026-12,-5,x\n", 2,
        "accelerators is not 0"
      ),
      ("price_paths.csv", "accelerator,contract,year,factor,source\n*,*,0,0,x\n", 2, "factor is not"),
      ("brackets.csv", "provider,from_usd,discount,source\naws,1,1.5,x\n", 2, "discount is not 0 to 0.99"),
      (
        "correlations.csv", "first,second,rank_correlation,source\na,b,2,x\n", 2,
        "rank_correlation is not -1 to 1"
      ),
    ] as [(String, String, Int?, String)])
  func faults(file: String, text: String, line: Int?, says: String) throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"openai-aws-38b\"\n", file: text,
    ])
    let error = try #require(throws: InputError.self) { try Scenario.load(folder.path) }
    #expect(error.line == line, "\(error)")
    #expect(error.description.contains(says), "\(error)")
    #expect(error.description.contains(file))
  }

  private static let demandHeader =
    "class,model,requests_per_day,input_tokens,output_tokens,cached_share,growth_per_year,profile,burst,"
    + "deferrable_share,regions,ttft_limit_s,tpot_limit_s,shortage_usd_per_mtok,source,as_of\n"

  @Test(
    "demand: lists of shares and rates, and names of other tables",
    arguments: [
      ("chat,M,1e9,1000,200,0.5,0.8;x,,1,0,us:1,2,0.05,1,s,2026\n", "growth_per_year '0.8;x' is no list"),
      ("chat,M,1e9,1000,200,0.5,,,1,0,us:0.5,2,0.05,1,s,2026\n", "add up to 0.5"),
      ("chat,M,1e9,1000,200,0.5,,,1,0,us=1,2,0.05,1,s,2026\n", "is no list of shares"),
      ("chat,M,1e9,1000,200,1.5,,,1,0,,2,0.05,1,s,2026\n", "cached_share is not 0 to 0.999"),
      ("chat,M,1e9,1000,200,0.5,,evening,1,0,,2,0.05,1,s,2026\n", "no profile 'evening'"),
      ("chat,M,1e9,1000,200,0.5,,,1,0,mars:1,2,0.05,1,s,2026\n", "no region 'mars'"),
    ])
  func demand(row: String, says: String) throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"openai-aws-38b\"\n", "regions.csv": "region,utc_offset_h\nus,-5\n",
      "demand.csv": Self.demandHeader + row,
    ])
    let error = try #require(throws: InputError.self) { try Scenario.load(folder.path) }
    #expect(error.description.contains(says), "\(error)")
  }
}
