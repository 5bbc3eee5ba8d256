// The other formats, the way from a file to a folder that plans can use, and the carbon of regions. Prices are invented.

import Catalog
import Foundation
import Tables
import Testing

@Suite("formats of public price files")
struct PriceFormatTests {
  @Test("gpuhunt: memory tells two chips of one name apart, and without it the name is no chip's")
  func gpuhunt() throws {
    let rows = [
      "new80,us-east-1,20,96,1152,8,A100,80,False,,nvidia",
      "new40,us-east-1,16,96,1152,8,A100,40,False,,nvidia",
      "newx,us-east-1,16,96,1152,8,A100,,False,,nvidia", "new80,us-east-1,9,96,1152,8,A100,80,True,,nvidia",
    ]
    let found = try imported(
      .gpuhunt, gpuhuntHeader + rows.joined(separator: "\n") + "\n", asOf: "2026-11", name: "aws.csv")
    #expect(found.prices.map(\.accelerator) == ["A100-40GB", "A100-80GB", "A100-80GB"])
    #expect(found.prices.map(\.priceBasis) == ["list_on_demand", "list_on_demand", "spot"])
    #expect(found.report.count(.ambiguousAccelerator) == 1)
    #expect(found.isComplete)
  }

  @Test("gpuhunt: what the catalogue knows as the source's own guess stays a guess")
  func estimate() throws {
    let known = try #require(
      embeddedCatalog.get().prices.first { $0.provider == "crusoe" && $0.priceBasis == "estimate" })
    let each = try #require(known.usdPerAcceleratorHour)
    let row = "new.8x,us-east1-a,\(each * 8),176,1440,8,\(known.accelerator),\(180),False,,nvidia\n"
    let found = try imported(.gpuhunt, gpuhuntHeader + row, name: "crusoe.csv")
    #expect(found.prices.first?.priceBasis == "estimate")
    #expect(found.prices.first?.flag == "estimated by the source")
    #expect(found.prices.first?.region == "us-east1")
    #expect(found.report.count(.estimatedRate) == 1)
  }

  @Test(
    "a zone is told from a region",
    arguments: [
      ("us-central1-a", "us-central1"), ("us-east-1a", "us-east-1"), ("westus", "westus"),
      ("eastus2", "eastus2"),
      ("eu-north1", "eu-north1"), ("us-west-2", "us-west-2"),
    ])
  func zones(location: String, region: String) throws {
    let row = "new,\(location),30,96,1152,8,H100,80,False,,nvidia\n"
    #expect(try imported(.gpuhunt, gpuhuntHeader + row, provider: "crusoe").prices.first?.region == region)
  }

  @Test("Karpenter: the table's own date, dollars only, and no guess at how many accelerators a type has")
  func karpenter() throws {
    let found = try imported(.karpenter, karpenterFile, asOf: "", name: "pricing.go")
    #expect(found.prices.map(\.instanceType) == ["c8a.48xlarge", "p5.48xlarge"])
    #expect(found.prices.map(\.usdPerAcceleratorHour) == [nil, 6.375])
    #expect(Set(found.prices.map(\.asOfDate)) == ["2026-10-05"])
    #expect(Set(found.prices.map(\.dateBasis)) == ["stated"])
    #expect(found.report.count(.foreignCurrency) == 1)
    #expect(found.report.count(.noCount) == 1)
    #expect(found.report.count(.otherInstance) == 1)
    #expect(found.isComplete)
  }

  @Test("Karpenter of Azure: regions by assignment, and the cloud must be said")
  func azure() throws {
    let found = try imported(.karpenter, azureKarpenterFile, provider: "azure", asOf: "", name: "pricing.go")
    #expect(found.prices.map(\.region) == ["westus"])
    #expect(found.report.count(.zeroPrice) == 1)
    #expect(throws: InputError.self) { try imported(.karpenter, azureKarpenterFile, name: "pricing.go") }
  }

  @Test(
    "AWS: only Linux instances of shared tenancy in regions are prices; the rest is counted by what it is")
  func awsScope() throws {
    let rows = [
      awsRow("p5.48xlarge", "50"), awsRow("p5.48xlarge", "50", ["Tenancy": "Dedicated"]),
      awsRow("p5.48xlarge", "50", ["Operating System": "Windows"]),
      awsRow("p5.48xlarge", "50", ["Pre Installed S/W": "SQL Web"]),
      awsRow("p5.48xlarge", "0", ["CapacityStatus": "UnusedCapacityReservation"]),
      awsRow("p5.48xlarge", "50", ["Location Type": "AWS Local Zone"]),
      awsRow("p5.48xlarge", "50", ["TermType": "FlatRate"]), awsRow("", "0.1"), awsRow("m1.small", "0.04"),
    ]
    let found = try imported(.awsPriceList, awsHead + rows.joined(), asOf: "")
    #expect(found.prices.map(\.usdPerHour) == [50])
    #expect(found.prices.first?.asOfDate == "2026-11-20")
    for rule in [
      ImportRule.otherTenancy, .otherSystem, .otherSoftware, .otherCapacity, .otherPlace, .otherTerm,
      .otherProduct,
      .otherInstance,
    ] { #expect(found.report.count(rule) == 1, "\(rule.name)") }
    #expect(found.report.count(.outside) == 8)
    #expect(found.isComplete)
  }

  @Test("AWS: a reserved price is its hourly rate and its fee over the hours of the term; a half is none")
  func awsReserved() throws {
    let three = [
      "TermType": "Reserved", "LeaseContractLength": "3yr", "PurchaseOption": "Partial Upfront",
      "OfferingClass": "standard",
    ]
    // 262,800 USD over 3 x 365 x 24 = 26,280 hours are 10 USD an hour.
    let rows = [
      awsRow("p5.48xlarge", "20", three),
      awsRow("p5.48xlarge", "262800", three.merging(["Unit": "Quantity"]) { $1 }),
      awsRow("p5.48xlarge", "25", three.merging(["SKU": "A2", "Region Code": "us-west-2"]) { $1 }),
      awsRow("p5.48xlarge", "40", three.merging(["SKU": "A3", "PurchaseOption": "No Upfront"]) { $1 }),
    ]
    let found = try imported(.awsPriceList, awsHead + rows.joined(), asOf: "")
    #expect(found.prices.map(\.usdPerHour) == [40, 30])
    #expect(found.prices.map(\.priceBasis) == ["reserved_3y", "reserved_3y"])
    #expect(
      found.prices.map(\.terms) == ["3 years, no upfront, standard", "3 years, partial upfront, standard"])
    #expect(found.report.count(.upfrontSpread) == 1)
    #expect(found.report.count(.feeAddedToRate) == 1)
    #expect(found.report.count(.upfrontWithoutRate) == 1)
    #expect(found.isComplete)
  }

  @Test("AWS: a new size takes its chip from the family, its count from the file, and yuan are no dollars")
  func awsFamily() throws {
    let rows = [
      awsRow("g6.12xlarge", "4.6", ["GPU": "4"]), awsRow("x9.large", "4.6", ["GPU": "4"]),
      awsRow("p5.48xlarge", "350", ["Currency": "CNY", "Region Code": "cn-north-1"]),
    ]
    let found = try imported(.awsPriceList, awsHead + rows.joined(), asOf: "")
    #expect(found.prices.map(\.accelerator) == ["L4"])
    #expect(found.result.newInstances.map(\.instanceType) == ["g6.12xlarge"])
    #expect(found.result.newInstances.first?.hostMem == 2048)
    #expect(found.result.newInstances.first?.hostMemUnit == "GiB")
    #expect(found.report.count(.familyAccelerator) == 1)
    #expect(found.report.count(.unnamedAccelerator) == 1)
    #expect(found.report.count(.foreignCurrency) == 1)
  }

  @Test(
    "imported tables pass the check as a folder, keep every other price, and replace those of the same day")
  func overlay() throws {
    let catalog = try embeddedCatalog.get()
    let same = try #require(
      catalog.prices.first {
        $0.instanceType == "p5.48xlarge" && $0.region == "us-east-1" && $0.priceBasis == "list_on_demand"
          && $0.terms.isEmpty
      })
    let rows = "p5.48xlarge,H100,8,192,2048,51,us-east-1,,,\nnew_8gpu,H100,8,128,1600,24,us-east-1,,,\n"
    let found = try imported(.skypilot, skyPilotHeader + rows, provider: "aws", asOf: same.asOfDate)
    let tables = try found.result.tables(into: catalog, today: CalendarDay(firstOf: "2026-11-30"))
    #expect(tables.replaced == 1)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("prices-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(tables.prices.utf8).write(to: folder.appendingPathComponent("cloud_prices.csv"))
    try Data(tables.instances.utf8).write(to: folder.appendingPathComponent("cloud_instances.csv"))
    let report = try Catalog.check(directory: folder.path, today: CalendarDay(firstOf: "2026-11-30"))
    #expect(report.errors.isEmpty)
    #expect(!report.warnings.contains { $0.description.contains("out of order") })
    let loaded = try Catalog.load(directory: folder.path)
    #expect(loaded.prices.count == catalog.prices.count + 1)
    #expect(loaded.instances.count == catalog.instances.count + 1)
    #expect(
      loaded.prices.filter { $0.source == "SkyPilot catalogue, vms.csv" }.map(\.usdPerHour) == [24, 51])
  }

  @Test("a region's carbon is one dated factor, and a region without one is a gap")
  func carbon() throws {
    let catalog = try embeddedCatalog.get()
    let virginia = try #require(catalog.gridCarbon(provider: "aws", region: "us-east-1/use1-az1"))
    #expect(virginia.unit == "gCO2e/kWh")
    #expect(virginia.value == 396.25)
    #expect(virginia.period == "2024")
    #expect(catalog.gridCarbon(provider: "oci", region: "eu-amsterdam-1") == nil)
    let table = catalog.regions
    let places = Set(catalog.prices.map { "\($0.provider) \($0.region.prefix { $0 != "/" })" })
    #expect(table.rows.count == places.count)
    #expect(table.rows.contains { $0[1] == .text("eu-amsterdam-1") && $0[4] == .empty })
  }
}
