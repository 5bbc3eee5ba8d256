// The catalogue that the binary carries: it loads, and it is the one in the repository.

import Catalog
import Foundation
import Quantities
import Tables
import Testing

@Suite("The embedded catalogue")
struct EmbeddedTests {
  @Test("loads with every table filled")
  func loads() throws {
    let catalog = try Catalog.embedded()
    #expect(catalog.accelerators.count == 68)
    #expect(catalog.facts.count == 889)
    #expect(catalog.prices.count == 638)
    #expect(catalog.models.count == 85)
    #expect(catalog.workloads.count == 26)
    #expect(try Catalog.measuredKernels().count == 2030)
    #expect(try Catalog.servingPoints().count == 11242)
  }

  @Test("breaks none of its own rules")
  func isClean() throws {
    let day = try #require(CalendarDay(firstOf: "2026-11-24"))
    let report = try Catalog.check(directory: nil, today: day)
    #expect(report.errors.map(\.description) == [])
    let unexpected = report.warnings.filter { !$0.description.contains("older than 180 days") }
    #expect(unexpected.map(\.description) == [])
    #expect(report.counts.map(\.rows).reduce(0, +) > 15_000)
  }

  @Test("is byte for byte the folder in the repository", arguments: Catalog.fileNames)
  func equalsDisk(name: String) throws {
    let path = repositoryFile("Sources/CatalogData/tables/\(name)")
    let disk = try #require(FileManager.default.contents(atPath: path))
    #expect(Catalog.embeddedBytes(name) == Array(disk))
  }
}

/// A file of the repository this test was built from.
func repositoryFile(_ path: String, here: String = #filePath) -> String {
  URL(fileURLWithPath: here).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(path).path
}
