// Every trap of public price files as one row: the rule that must catch it, what it says, and that nothing is lost.
// All prices are invented.

import Catalog
import Foundation
import Tables
import Testing

/// Rows of a SkyPilot file and the rule that must apply to the last of them.
struct PriceTrap: Sendable, CustomTestStringConvertible {
  let rule: ImportRule
  var provider = "aws"
  let rows: String
  var says = ""
  var line = 2
  var count = 1
  var testDescription: String { rule.name }
}

private let traps: [PriceTrap] = [
  PriceTrap(
    rule: .sentinelPrice, provider: "gcp", rows: ",tpu-v6e-16,1,,,700.0,us-central2,us-central2-b,,700.0",
    count: 2),
  PriceTrap(
    rule: .spotEqualsList, rows: "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,50",
    says: "50 against 50"),
  PriceTrap(rule: .spotIsTenthOfList, rows: "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,5"),
  PriceTrap(rule: .spotNearList, rows: "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,45"),
  PriceTrap(rule: .spotAboveList, rows: "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,60"),
  PriceTrap(rule: .zeroPrice, rows: "p5e.48xlarge,H200,8,192,2048,0,us-east-1,,,", says: "capacity blocks"),
  PriceTrap(rule: .noPrice, rows: "p5e.48xlarge,H200,8,192,2048,,us-east-1,,,"),
  PriceTrap(rule: .negativePrice, rows: "p5.48xlarge,H100,8,192,2048,-50,us-east-1,,,"),
  PriceTrap(
    rule: .notANumber, rows: "p5.48xlarge,H100,8,192,2048,1e999,us-east-1,,,", says: "not a finite number"),
  PriceTrap(
    rule: .implausiblePrice, rows: "p5.48xlarge,H100,8,192,2048,1e308,us-east-1,,,", says: "1e308 / 8 = "),
  PriceTrap(
    rule: .countFromCatalogue, provider: "azure",
    rows: "Standard_ND96isr_H100_v5,H100,12,96,1900,98,westus,,,", says: "12 where the catalogue has 8"),
  PriceTrap(
    rule: .oddCount, provider: "azure", rows: "Standard_new,H100,12,96,1900,98,westus,,,", says: "up to 8"),
  PriceTrap(
    rule: .hostAlone, provider: "gcp", rows: "a3-highgpu-8g,,,208,1872,10,us-central1,us-central1-a,,"),
  PriceTrap(rule: .acceleratorAlone, provider: "gcp", rows: ",H100,8,,,80,us-central1,us-central1-a,,"),
  PriceTrap(
    rule: .acceleratorMemoryZero, provider: "nebius",
    rows: "new_8gpu,H100,8,128,1600,24,eu-north1,,\(gpuInfo(mebibytes: 0)),"),
  PriceTrap(
    rule: .superchipCounted, provider: "azure",
    rows: "Standard_ND128isr_NDR_GB200_v6,GB200,2,128,900,100,eastus,,,",
    says: "2 superchips are 4 GPUs"),
  PriceTrap(
    rule: .superchipOrChip, provider: "nebius", rows: "new_gb200,GB200,1,72,480,15,eu-north1,,,",
    says: "1 x GB200"),
  PriceTrap(
    rule: .hostMemoryUnit, provider: "oci", rows: "BM.GPU.H100.8,H100,8,224,2048,80,eu-frankfurt-1,,,",
    says: "2048 GiB against 2048 GB"),
  PriceTrap(
    rule: .pricePerAccelerator, provider: "lambda",
    rows: "new_1x,H100,1,26,200,3.1,us-south-1,,,\nnew_8x,H100,8,208,1800,3.1,us-south-1,,,",
    says: "3.1 for 8 as for 1", line: 3),
  PriceTrap(
    rule: .duplicate,
    rows:
      "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,\np5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az2,,",
    says: "as line 2", line: 3),
  PriceTrap(
    rule: .conflict,
    rows:
      "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,\np5.48xlarge,H100,8,192,2048,51,us-east-1,use1-az2,,",
    says: "51, line 2 has 50", line: 3),
  PriceTrap(rule: .unknownAccelerator, rows: "new,H1000,8,192,2048,50,us-east-1,,,", says: "nearest H100"),
  PriceTrap(rule: .otherAccelerator, rows: "p5.48xlarge,L4,8,192,2048,50,us-east-1,,,", says: "has H100"),
  PriceTrap(
    rule: .variantFromCatalogue, provider: "azure",
    rows: "Standard_NC40ads_H100_v5,H100,1,40,320,7,westus,,,", says: "H100 is H100 NVL"),
  PriceTrap(rule: .fractionalCount, rows: "g6f.large,L4,0.125,2,8,0.2,us-east-1,,,"),
  PriceTrap(rule: .noRegion, rows: "p5.48xlarge,H100,8,192,2048,50,,,,"),
  PriceTrap(rule: .noInstance, rows: ",,,192,2048,50,us-east-1,,,"),
  PriceTrap(rule: .badText, rows: "=cmd(),H100,8,192,2048,50,us-east-1,,,", says: "=cmd()"),
  PriceTrap(rule: .malformedRow, rows: "p5.48xlarge,H100,8", says: "3 fields where the header has 10"),
  PriceTrap(rule: .noAccelerator, rows: "m1.small,,,1,2,0.04,us-east-1,,,"),
]

@Suite("importing public price files")
struct PriceImportTests {
  @Test("a trap is caught by its own rule, with its line, and no price is lost", arguments: traps)
  func trap(_ trap: PriceTrap) throws {
    let found = try imported(.skypilot, skyPilotHeader + trap.rows + "\n", provider: trap.provider)
    #expect(found.report.count(trap.rule) == trap.count)
    #expect(found.isComplete)
    let note = try #require(found.report.examples[trap.rule]?.first)
    #expect(note.line == trap.line)
    #expect(trap.says.isEmpty || note.description.contains(trap.says), "\(note)")
    #expect(note.description.contains(trap.rule.meaning))
    if trap.rule.outcome == .repaired {
      #expect(found.report.count(.repaired) == 1)
    } else {
      #expect(found.report.count(trap.rule.outcome) == trap.count)
    }
  }

  @Test("the message of a price points at its cell")
  func column() throws {
    let row = "p5e.48xlarge,H200,8,192,2048,0,us-east-1,,,\n"
    let note = try imported(.skypilot, skyPilotHeader + row, provider: "aws").report.examples[.zeroPrice]?
      .first
    #expect(note?.column == "p5e.48xlarge,H200,8,192,2048,".utf8.count + 1)
  }

  @Test("a plain row becomes a row of cloud_prices.csv, spot in its zone, with file, format and date")
  func plain() throws {
    let row = "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,20\n"
    let found = try imported(.skypilot, skyPilotHeader + row, provider: "aws")
    #expect(found.report.count(.accepted) == 2)
    var list = CloudPrice()
    (list.provider, list.instanceType, list.accelerator, list.acceleratorCount) = (
      "aws", "p5.48xlarge", "H100", 8
    )
    (list.region, list.priceBasis, list.usdPerHour, list.usdPerAcceleratorHour) = (
      "us-east-1", "list_on_demand", 50, 6.25
    )
    (list.asOfDate, list.dateBasis, list.source) = (
      "2026-11-01", "given at import", "SkyPilot catalogue, vms.csv"
    )
    var spot = list
    (spot.region, spot.priceBasis, spot.usdPerHour, spot.usdPerAcceleratorHour) = (
      "us-east-1/use1-az1", "spot", 20, 2.5
    )
    #expect(found.prices == [list, spot])
  }

  @Test("a spot price near the list price is flagged so that plans pass over it")
  func flagged() throws {
    let row = "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,,45\n"
    let found = try imported(.skypilot, skyPilotHeader + row, provider: "aws")
    #expect(found.prices.last?.flag == "trap: spot near on-demand (0.90)")
  }

  @Test("the catalogue's list price judges a spot price whose file has none")
  func spotAlone() throws {
    let list = try #require(
      embeddedCatalog.get().prices.last {
        $0.instanceType == "p5.48xlarge" && $0.region == "us-east-1" && $0.priceBasis == "list_on_demand"
      }?.usdPerHour)
    let row = "p5.48xlarge,H100,8,192,2048,,us-east-1,use1-az1,,\(list * 1.5)\n"
    let found = try imported(.skypilot, skyPilotHeader + row, provider: "aws")
    #expect(found.report.count(.spotAboveList) == 1)
    #expect(found.report.offers == 1)
  }

  @Test("host and accelerators of one zone are added, and no other zone's")
  func halves() throws {
    let rows = [
      "a3-highgpu-8g,,,208,1872,10,us-central1,us-central1-a,,3",
      "a3-megagpu-8g,,,208,1872,11,us-central1,us-central1-a,,",
      ",H100,8,,,80,us-central1,us-central1-a,,20", ",H100,4,,,40,us-central1,us-central1-a,,",
      ",H100,8,,,88,us-east4,us-east4-a,,",
    ]
    let found = try imported(.skypilot, skyPilotHeader + rows.joined(separator: "\n") + "\n", provider: "gcp")
    #expect(found.prices.map(\.usdPerHour) == [90, 23])
    #expect(found.report.count(.hostAndAcceleratorAdded) == 2)
    #expect(found.report.count(.addedToHost) == 2)
    // The mega host's accelerators have another rate, and nobody asked for four.
    #expect(found.report.count(.hostAlone) == 1)
    #expect(found.report.count(.acceleratorAlone) == 2)
    #expect(found.isComplete)
  }

  @Test("a TPU slice counts chips: two cores each in v5p, one in v6e")
  func slices() throws {
    let rows = ",tpu-v5p-16,1,,,33.6,us-east1,us-east1-d,,\n,tpu-v6e-16,1,,,43.2,us-east1,us-east1-d,,\n"
    let found = try imported(.skypilot, skyPilotHeader + rows, provider: "gcp")
    #expect(found.prices.map(\.accelerator) == ["TPU v5p", "TPU v6e"])
    #expect(found.prices.map(\.acceleratorCount) == [8, 16])
    #expect(found.prices.map(\.usdPerAcceleratorHour) == [4.2, 2.7])
    #expect(found.result.newInstances.map(\.kind) == ["price_unit", "price_unit"])
  }

  @Test("a superchip's memory says that it holds two GPUs")
  func superchipMemory() throws {
    let row = "new_gb200,GB200,1,72,480,20,eu-north1,,\(gpuInfo(mebibytes: 2 * 189_471)),\n"
    let found = try imported(.skypilot, skyPilotHeader + row, provider: "nebius")
    #expect(found.report.count(.superchipCounted) == 1)
    #expect(found.prices.first?.acceleratorCount == 2)
  }

  @Test("a GH200 has one GPU, and its plain name is the plain chip")
  func graceHopper() throws {
    let row = "new_gh200,GH200,1,64,432,1.99,us-east-3,,,\n"
    let found = try imported(.skypilot, skyPilotHeader + row, provider: "lambda")
    #expect(found.prices.first?.accelerator == "GH200")
    #expect(found.prices.first?.acceleratorCount == 1)
  }

  @Test("an undated file needs its day, and a cloud that only its folder could say needs naming")
  func unsaid() throws {
    #expect(throws: InputError.self) { try imported(.skypilot, skyPilotHeader, provider: "aws", asOf: "") }
    #expect(throws: InputError.self) { try imported(.skypilot, skyPilotHeader, name: "vms.csv") }
    #expect(throws: InputError.self) {
      try imported(.skypilot, skyPilotHeader, provider: "aws", asOf: "2027-01")
    }
    #expect(throws: InputError.self) { try imported(.skypilot, "a,b\n1,2\n", provider: "aws") }
  }

  @Test("prices older than 180 days warn", arguments: [("2026-06-03", 0), ("2026-06-02", 1)])
  func stale(day: String, warnings: Int) throws {
    let found = try imported(.skypilot, skyPilotHeader, provider: "aws", asOf: day)
    #expect(found.report.warnings.count == warnings)
  }
}
