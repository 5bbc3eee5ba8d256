// Faults of every kind, each made by one edit of a good file: the message must name the very cell.

import Catalog
import Foundation
import Tables
import Testing

/// One edit of one cell and what the reader must say about it.
struct BadCell: Sendable, CustomTestStringConvertible {
  let file: String
  /// Text that stands in exactly the line to edit.
  let line: String
  let column: String
  let value: String
  let says: String
  /// The column that the message points at, where it is not the edited one.
  var pointsAt: String?
  var testDescription: String { "\(file): \(column) = '\(value.prefix(30))'" }
}

private let gb200Price = "aws,u-p6e-gb200x72,GB200,72,us,capacity_block"
private let gb200Rate = "GB200,hyperscaler_own_cost,1.86"

private let badCells: [BadCell] = [
  BadCell(
    file: "accelerator_facts.csv", line: "H100,memory_bandwidth,", column: "unit", value: "", says: "empty"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,memory_bandwidth,", column: "unit", value: "GB/s",
    says: "expected TB/s"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,memory_capacity_visible,", column: "unit", value: "GB",
    says: "expected MiB"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "source", value: "",
    says: "where the number was read"),
  BadCell(file: "accelerator_facts.csv", line: "H100,tdp,", column: "as_of", value: "", says: "empty"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "as_of", value: "2026-02-30",
    says: "is not a date"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "as_of", value: "August 2026",
    says: "is not a date"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "as_of", value: "2031-01", says: "in the future"
  ),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "value", value: "-700", says: "not positive"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "value", value: "1e999",
    says: "not a finite number"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "value", value: "nan",
    says: "not a finite number"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "value", value: "700 W", says: "is not a number"
  ),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "confidence", value: "mesured", says: "measured"
  ),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "accelerator", value: "H1O0",
    says: "did you mean H100"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,tdp,", column: "quantity", value: "thermal",
    says: "unknown quantity"),
  BadCell(
    file: "accelerator_facts.csv", line: "Grace,bf16_per_core_cycle,", column: "confidence",
    value: "measured", says: "says unverified", pointsAt: "source"),
  BadCell(
    file: "accelerator_facts.csv", line: "H100,peak_bf16_sparse,", column: "value", value: "500",
    says: "below dense"),
  BadCell(
    file: "accelerators.csv", line: "H100,H100 SXM5", column: "tdp_w", value: "701",
    says: "no row of accelerator_facts.csv"),
  BadCell(
    file: "accelerators.csv", line: "H100,H100 SXM5", column: "fp8_tflops", value: "3958", says: "times bf16"),
  BadCell(
    file: "accelerators.csv", line: "H100,H100 SXM5", column: "scaleup_bidirectional_GBps", value: "450",
    says: "twice unidirectional"),
  BadCell(
    file: "accelerators.csv", line: "H100,H100 SXM5", column: "density", value: "unstated",
    says: "without a density", pointsAt: "bf16_tflops"),
  BadCell(
    file: "accelerators.csv", line: "H100,H100 SXM5", column: "vendor", value: " NVIDIA",
    says: "space at an end"),
  BadCell(
    file: "accelerator_rates.csv", line: gb200Rate, column: "basis", value: "", says: "only with its basis"),
  BadCell(
    file: "accelerator_rates.csv", line: gb200Rate, column: "basis", value: "hyperscaler_cost",
    says: "hyperscaler_own_cost"),
  BadCell(
    file: "cloud_instances.csv", line: "aws,p5.48xlarge,", column: "host_mem_unit", value: "",
    says: "must stand together"),
  BadCell(
    file: "cloud_instances.csv", line: "aws,p5.48xlarge,", column: "accelerator_count", value: "0",
    says: "disagree"),
  BadCell(
    file: "cloud_instances.csv", line: "aws,p5.48xlarge,", column: "vcpu", value: "19.2",
    says: "not a whole number"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "usd_per_hour", value: "0", says: "not positive"),
  BadCell(file: "cloud_prices.csv", line: gb200Price, column: "usd_per_hour", value: "", says: "empty"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "usd_per_hour", value: "700.0", says: "no price"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "usd_per_accelerator_hour", value: "27.04",
    says: "is not 27.04"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "accelerator_count", value: "36", says: "has 72"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "accelerator", value: "GB300", says: "has GB200"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "instance_type", value: "u-p6e-gb200x27",
    says: "u-p6e-gb200x72"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "price_basis", value: "", says: "only with its basis"),
  BadCell(file: "cloud_prices.csv", line: gb200Price, column: "as_of_date", value: "", says: "empty"),
  BadCell(
    file: "cloud_prices.csv", line: gb200Price, column: "source", value: "read from /home/me/prices.csv",
    says: "path of a machine"),
  BadCell(
    file: "price_history.csv", line: "B200,(index),Silicon Data index", column: "date", value: "Oct 2025",
    says: "is not a date"),
  BadCell(
    file: "deals.csv", line: "openai-aws-38,", column: "kind", value: "compute", says: "compute_contract"),
  BadCell(
    file: "deals.csv", line: "openai-aws-38,", column: "implied_musd_per_mw_year", value: "6.2",
    says: "two bounds"),
  BadCell(
    file: "deals.csv", line: "openai-aws-38,", column: "gw", value: "2", says: "must stand together",
    pointsAt: "gw_kind"),
  BadCell(
    file: "models.csv", line: "Llama-3.1-70B,", column: "ffn", value: "14336", says: "where the shapes give",
    pointsAt: "params_total_b"),
  BadCell(
    file: "models.csv", line: "Llama-3.1-70B,", column: "params_active_b", value: "13",
    says: "uses all its parameters"),
  BadCell(
    file: "models.csv", line: "Llama-3.1-70B,", column: "tied_embeddings", value: "yes",
    says: "neither 0 nor 1"),
  BadCell(
    file: "models.csv", line: "Llama-3.1-70B,", column: "kv_elems_per_token", value: "1310720",
    says: "the shapes give"),
  BadCell(
    file: "power_and_sites.csv", line: "allin_power,GB200,,allin_it", column: "unit", value: "W",
    says: "unknown word"),
  BadCell(
    file: "power_and_sites.csv", line: "pue,aws,fleet,pue,1.15", column: "period", value: "last year",
    says: "is not a period"),
  BadCell(
    file: "demand_facts.csv", line: "api_tokens_per_minute,OpenAI", column: "unit", value: "tokens",
    says: "tokens/"),
  BadCell(
    file: "measured_kernels.csv", line: "k-mamf-0001,", column: "split", value: "train", says: "calibration"),
  BadCell(
    file: "measured_serving.csv", line: "mlperf-0001,", column: "value", value: "0", says: "not positive"),
]

@Suite("A bad row")
struct BadInputTests {
  @Test("is refused with file, line and column of the cell", arguments: badCells)
  func isRefused(_ bad: BadCell) throws {
    let table = try TextTable(bad.file)
    let index = try #require(table.index(startingWith: bad.line), "no line starts with \(bad.line)")
    let edited = try table.setting(bad.column, of: index, to: bad.value)
    let error = try #require(firstError(bad.file, edited), "nothing found")
    let column = try edited.byteColumn(of: bad.pointsAt ?? bad.column, in: index)
    #expect(error.description.contains(bad.says))
    #expect(error.file == bad.file)
    #expect(error.line == index + 2)
    #expect(error.column == column)
  }

  @Test("that stands twice is refused with both lines named")
  func duplicates() throws {
    var table = try TextTable("accelerator_rates.csv")
    table.lines.insert(table.lines[4], at: 5)
    let error = try #require(firstError("accelerator_rates.csv", table))
    #expect(error.line == 7)
    #expect(error.description.contains("repeats line 6"))
  }

  @Test("of spot above the list price is refused, near it is a warning")
  func spot() throws {
    var table = try TextTable("cloud_prices.csv")
    let list = try #require(
      table.lines.firstIndex { $0.hasPrefix("aws,p5.48xlarge,H100,8,us-east-1,list_on_demand") })
    let row = { (price: Double) in
      "aws,p5.48xlarge,H100,8,us-east-1,spot,,\(price),\(price / 8),2026-11-20,stated,,test"
    }
    table.lines.insert(row(60), at: list)
    #expect(firstError("cloud_prices.csv", table)?.description.contains("of the on-demand price") == true)
    for price in [55.04, 5.504] {
      table.lines[list] = row(price)
      let found = try check("cloud_prices.csv", table)
      #expect(found.errors.map(\.description) == [])
      #expect(
        found.warnings.contains { $0.fault.line == list + 2 && $0.description.contains("without a flag") })
    }
  }

  @Test(
    "that is only odd is a warning, not an error",
    arguments: [
      ("accelerators.csv", "H100,H100 SXM5", "mem_capacity_visible_mib", "40960", "MiB, GiB and GB"),
      ("power_and_sites.csv", "pue,aws,fleet,pue,1.15", "value", "11.5", "implausible"),
    ])
  func odd(file: String, line: String, column: String, value: String, says: String) throws {
    let table = try TextTable(file)
    let index = try #require(table.index(startingWith: line))
    let found = try check(file, table.setting(column, of: index, to: value))
    #expect(found.errors.map(\.description) == [])
    #expect(found.warnings.contains { $0.fault.line == index + 2 && $0.description.contains(says) })
  }

  @Test(
    "of the wrong form is refused before any rule",
    arguments: [
      ("", "empty"), ("id\n", "'chip' is missing"), ("id,chip\nx\n", "1 fields where the header has 2"),
      ("identity\n", "where this table has 'id'"), ("id,id\n", "appears twice"),
      ("id,\"chip\nx\n", "never closed"), ("id,chip", "torn"),
    ])
  func form(text: String, says: String) {
    #expect {
      try Catalog.check(file: "accelerators.csv", bytes: Array(text.utf8))
    } throws: { error in
      (error as? InputError).map { $0.file == "accelerators.csv" && $0.description.contains(says) } ?? false
    }
  }

  @Test("is told by its table even under another name")
  func otherName() throws {
    let bytes = try #require(Catalog.embeddedBytes("deals.csv"))
    #expect(try Catalog.check(file: "my-deals.csv", bytes: bytes).counts.map(\.table) == ["deals"])
    #expect(Catalog.recognises(bytes))
    #expect(!Catalog.recognises(Array("a,b\n1,2\n".utf8)))
    #expect(throws: InputError.self) { try Catalog.check(file: "deal.csv", bytes: Array("a,b\n".utf8)) }
  }

  @Test("of the catalogue folder stops the load; an unknown file name is met with the nearest")
  func folder() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let rates = try TextTable("accelerator_rates.csv")
    let index = try #require(rates.index(startingWith: gb200Rate))
    let file = folder.appendingPathComponent("accelerator_rates.csv")

    try rates.setting("usd_per_accelerator_hour", of: index, to: "1.99").text
      .write(to: file, atomically: true, encoding: .utf8)
    let catalog = try Catalog.load(directory: folder.path)
    #expect(catalog.rates.contains { $0.accelerator == "GB200" && $0.usdPerAcceleratorHour == 1.99 })
    #expect(catalog.accelerators.count == 68)

    try rates.setting("source", of: index, to: "").text.write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: InputError.self) { try Catalog.load(directory: folder.path) }
    #expect(error?.file == file.path)
    #expect(error?.line == index + 2)

    try FileManager.default.moveItem(at: file, to: folder.appendingPathComponent("accelerator_rate.csv"))
    let unknown = #expect(throws: InputError.self) { try Catalog.load(directory: folder.path) }
    #expect(unknown?.advice.contains("accelerator_rates.csv") == true)
    #expect(throws: InputError.self) { try Catalog.load(directory: folder.path + "/none") }
  }
}

/// The first error about a file, whether it stops the reading or not.
private func firstError(_ file: String, _ table: TextTable) -> InputError? {
  do {
    return try check(file, table).errors.first?.fault
  } catch {
    return error as? InputError
  }
}

private func check(_ file: String, _ table: TextTable) throws -> CatalogReport {
  try Catalog.check(
    file: file, bytes: Array(table.text.utf8), today: CalendarDay(firstOf: "2026-11-24"))
}
