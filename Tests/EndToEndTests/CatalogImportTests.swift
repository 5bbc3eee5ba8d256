// `plimsoll catalog import` as a user runs it: a public file in, a folder for --catalog out. All prices are invented.

import Foundation
import Testing

@Suite("catalog import")
struct CatalogImportTests {
  private let header =
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"

  /// A folder with one file of the SkyPilot catalogue in it.
  private func folder(_ rows: String) throws -> String {
    let folder = try Program.temporaryFolder()
    try FileManager.default.createDirectory(atPath: folder + "/aws", withIntermediateDirectories: true)
    try (header + rows).write(toFile: folder + "/aws/vms.csv", atomically: true, encoding: .utf8)
    return folder
  }

  @Test("the folder it writes passes the check and is used in place of the built-in prices")
  func folderOut() throws {
    let folder = try folder(
      "p5.48xlarge,H100,8,192,2048,51.5,us-east-1,,700.0\nnew.large,H1000,8,192,2048,50,us-east-1,,\n")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(
      [
        "catalog", "import", "--format", "skypilot", "--as-of", "2026-11-01", "aws/vms.csv", "--output",
        "prices",
        "--listing", "listing.csv", "--report", "csv",
      ], in: folder)
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.contains("accepted,1\n"))
    #expect(run.out.contains("refused,2\n"))
    #expect(run.out.contains("sentinel_price,refused,1,"))
    #expect(run.err.contains("refused: aws/vms.csv:2:"))
    #expect(run.err.contains("'H1000', nearest H100"))
    let listing = try String(contentsOfFile: folder + "/listing.csv", encoding: .utf8)
    #expect(listing.split(separator: "\n").count == 3)
    let check = try Program.run(["catalog", "check", "--catalog", "prices"], in: folder)
    #expect(check.status == 0, "\(check.err)")
    let list = try Program.run(
      ["catalog", "list", "cloud_prices", "--catalog", "prices", "--format", "csv"], in: folder)
    #expect(list.out.contains("aws,p5.48xlarge,H100,8,us-east-1,list_on_demand,,51.5,"))
    #expect(list.out.contains("azure,Standard_ND96isr_H100_v5,"))
  }

  @Test("a file out holds the imported rows alone; without an output nothing is written")
  func fileOut() throws {
    let folder = try folder("p5.48xlarge,H100,8,192,2048,51.5,us-east-1,,\n")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arguments = ["catalog", "import", "--format", "skypilot", "--as-of", "2026-11-01", "aws/vms.csv"]
    #expect(try Program.run(arguments, in: folder).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["aws"])
    #expect(try Program.run(arguments + ["--output", "rows.csv"], in: folder).status == 0)
    let rows = try String(contentsOfFile: folder + "/rows.csv", encoding: .utf8).split(separator: "\n")
    #expect(rows.count == 2)
  }

  @Test("what cannot be imported names the file and the next step, with status 65")
  func refusals() throws {
    let folder = try folder("p5.48xlarge,H100,8,192,2048,0,us-east-1,,\n")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let start = ["catalog", "import", "--format", "skypilot", "aws/vms.csv"]
    let undated = try Program.run(start, in: folder)
    #expect(undated.status == 65)
    #expect(undated.err.contains("aws/vms.csv") && undated.err.contains("--as-of"))
    let nothing = try Program.run(start + ["--as-of", "2026-11-01", "--output", "prices"], in: folder)
    #expect(nothing.status == 65)
    #expect(nothing.err.contains("zero") || nothing.err.contains("0 is no price"))
    #expect(!FileManager.default.fileExists(atPath: folder + "/prices"))
    let missing = try Program.run(
      ["catalog", "import", "--format", "gpuhunt", "--as-of", "2026-11", "aws.csv"], in: folder)
    #expect(missing.status == 65)
  }

  @Test("every region with prices has its carbon or an empty cell")
  func regions() throws {
    let run = try Program.run(["catalog", "regions", "--format", "csv"])
    #expect(run.status == 0)
    #expect(run.out.contains("aws,us-east-1,"))
    #expect(run.out.contains(",396.25,2024,"))
  }
}
