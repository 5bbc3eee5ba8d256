// Public price files in miniature. The columns are those of the real formats; every price, date and machine that is
// not in our own catalogue is invented.

import Catalog
import Foundation
import Tables
import Testing

/// What an import of some text gave.
struct Imported {
  let report: ImportReport
  let result: ImportedPrices
  var prices: [CloudPrice] { result.prices }

  /// Every price has exactly one outcome.
  var isComplete: Bool {
    ImportOutcome.allCases.reduce(0) { $0 + report.count($1) } == report.offers
      && report.count(.accepted) + report.count(.repaired) == prices.count
  }
}

/// Imports text as a file of that name in a folder of that name.
func imported(
  _ format: PriceFileFormat, _ text: String, provider: String = "", asOf: String = "2026-11-01",
  today: String = "2026-11-30", name: String = "vms.csv", bytes: [UInt8]? = nil
) throws -> Imported {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("import-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let path = folder.appendingPathComponent(name).path
  try Data(bytes ?? Array(text.utf8)).write(to: URL(fileURLWithPath: path))
  var prices = try PriceImport(
    into: embeddedCatalog.get(), format: format, provider: provider, asOf: asOf,
    today: CalendarDay(firstOf: today))
  try prices.read(path)
  let result = prices.finish()
  return Imported(report: prices.report, result: result)
}

/// Read once; every test imports into the same catalogue.
let embeddedCatalog: Result<Catalog, InputError> = {
  do throws(InputError) { return .success(try Catalog.embedded()) } catch { return .failure(error) }
}()

let skyPilotHeader =
  "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,AvailabilityZone,GpuInfo,SpotPrice\n"

let gpuhuntHeader =
  "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor\n"

/// A row's GpuInfo as Python prints it.
func gpuInfo(mebibytes: Int) -> String {
  "\"{'Gpus': [{'Name': 'X', 'Count': 1, 'MemoryInfo': {'SizeInMiB': \(mebibytes)}}], 'TotalGpuMemoryInMiB': 1}\""
}

let karpenterFile = """
  // invented prices
  package pricing

  // generated at 2026-10-05T13:23:24Z for us-east-1

  var InitialOnDemandPricesAWS = map[string]map[ec2types.InstanceType]float64{
  \t// us-east-1
  \t"us-east-1": {
  \t\t// p5 family
  \t\t"p5.48xlarge": 51.000000, "g6.2xlarge": 0.910000,
  \t\t"m1.small": 0.044000, "c8a.48xlarge": 9.900000,
  \t},
  \t"cn-north-1": {
  \t\t"p5.48xlarge": 350.000000,
  \t},
  }

  """

let azureKarpenterFile = """
  package pricing

  // generated at 2026-10-05T14:34:50Z

  var initialPriceUpdate, _ = time.Parse(time.RFC3339, "2026-10-05T14:34:50Z")
  var initialOnDemandPrices = map[string]map[string]float64{}

  func init() {
  \t// westus
  \tinitialOnDemandPrices["westus"] = map[string]float64{
  \t\t"Standard_ND96isr_H100_v5": 90.500000,
  \t\t"Standard_ND96isr_H200_v5": 0.000000,
  \t}
  }

  """

private let awsColumns = [
  "SKU", "OfferTermCode", "RateCode", "TermType", "Unit", "PricePerUnit", "Currency", "LeaseContractLength",
  "PurchaseOption", "OfferingClass", "Location Type", "Instance Type", "vCPU", "Memory", "Tenancy",
  "Operating System", "CapacityStatus", "GPU", "Pre Installed S/W", "Region Code",
]

let awsHead =
  "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"invented rows, for tests\"\n"
  + "\"Publication Date\",\"2026-11-20T22:53:08Z\"\n\"Version\",\"1\"\n\"OfferCode\",\"AmazonEC2\"\n"
  + awsColumns.map { "\"\($0)\"" }.joined(separator: ",") + "\n"

/// A row of the AWS price list: a Linux instance of shared tenancy but for what is changed.
func awsRow(_ instance: String, _ price: String, _ changes: [String: String] = [:]) -> String {
  let usual = [
    "SKU": "A1", "OfferTermCode": "T1", "TermType": "OnDemand", "Unit": "Hrs", "Currency": "USD",
    "Location Type": "AWS Region", "vCPU": "192", "Memory": "2,048 GiB", "Tenancy": "Shared",
    "Operating System": "Linux", "CapacityStatus": "Used", "Pre Installed S/W": "NA",
    "Region Code": "us-east-1",
    "Instance Type": instance, "PricePerUnit": price,
  ].merging(changes) { $1 }
  return awsColumns.map { "\"\(usual[$0] ?? "")\"" }.joined(separator: ",") + "\n"
}
