// The CSV tables of a scenario folder: one schema each, read strictly.

import Quantities
import Tables

/// A row of assumptions.csv: an input with unit, range, source and date.
struct AssumptionRow {
  var key = ""
  var value = ""
  var low: Double?
  var high: Double?
  var unit = ""
  var source = ""
  var asOf = ""
  var distribution = ""

  static let schema = Schema<AssumptionRow>([
    .text("key", "input, as `plimsoll explain` lists them", \.key),
    .text("value", "number or text", \.value),
    .number("low", "low end of the range, for what decides", \.low),
    .number("high", "high end of the range", \.high),
    .text("unit", "unit, exactly that of the input", \.unit),
    .text("source", "where the value comes from", \.source),
    .text("as_of", "date of the source", \.asOf),
  ])

  /// The same with the column that a folder may leave out.
  static let schemaWithDistribution = Schema<AssumptionRow>(
    schema.columns + [
      .text(
        "distribution",
        "how likely its values are, e.g. pert(low=0.8;mode=1;high=1.5); empty = from the range",
        \.distribution)
    ])
}

/// A row of rates.csv: a price that the scenario states itself.
struct StatedRateRow {
  var offer = ""
  var basis = ""
  var date = ""
  var usd: Double?
  var asOf = ""
  var source = ""
  var note = ""

  static let schema = Schema<StatedRateRow>([
    .text("offer", "offer of offers.csv", \.offer),
    .text("basis", "list, contracted or own", \.basis),
    .text("date", "deal, latest or both", \.date),
    .number("usd_per_accelerator_hour", "the price", \.usd),
    .text("as_of", "date of the source", \.asOf),
    .text("source", "where the price comes from", \.source),
    .text("note", "what a reader should know", \.note),
  ])
}

/// A row of models.csv.
struct StandInRow {
  var model = ""
  var kind = ""

  static let schema = Schema<StandInRow>([
    .text("model", "model of the catalogue", \.model),
    .text("kind", "dense, moe or mla", \.kind),
  ])
}

extension Offer {
  static let schema = Schema<Offer>([
    .text("offer", "key", \.id),
    .text("role", "deal or alternative", \.role),
    .text("provider", "provider", \.provider),
    .text("accelerator", "accelerator of the catalogue", \.accelerator),
    .text("instance", "instance whose list price is read; empty = none", \.instance),
    .text("region", "region of the list price", \.region),
    .text("list_basis", "price basis of the list price in the catalogue", \.listBasis),
    .text("contracted_basis", "rate basis of the contracted price", \.contractedBasis),
    .text("own_basis", "rate basis of the owner's cost", \.ownBasis),
    .integer("unit_accelerators", "smallest saleable unit", \.unit),
    .integer("domain_accelerators", "scale-up domain", \.domain),
    .integer("node_accelerators", "accelerators that fail and are swapped together", \.perNode),
    .integer("rack_accelerators", "accelerators of a rack; empty = not known", \.perRack),
    .text("precision", "number format of the stand-ins", \.precision),
    .number("supply_cap_accelerators", "most that can be had; empty = not limited", \.supplyCap),
    .text("source", "where sizes and cap come from", \.source),
  ])
}

extension SupplyTotal {
  static let schema = Schema<SupplyTotal>([
    .text("accelerator", "accelerator of the catalogue", \.accelerator),
    .number("total_accelerators", "made or installed in the period", \.total),
    .text("period", "the period", \.period),
    .text("source", "where it was read", \.source),
  ])
}

/// Rows of one table with their places; nil where the scenario has no such file.
struct PlacedRows<Row> {
  let rows: [(row: Row, place: Place)]

  /// Where a row stands.
  struct Place {
    let file: String
    let line: Int
    let columns: [Int]
    /// An error at a column of the row.
    func fault(column: Int, _ what: String, _ advice: String) -> InputError {
      InputError(
        file: file, line: line, column: columns.indices.contains(column) ? columns[column] : nil, what,
        advice: advice)
    }
  }

  /// Rows by `schema`, or by `longer` where the file has more columns than that.
  init?(
    _ schema: Schema<Row>, longer: Schema<Row>? = nil, _ name: String, in files: ScenarioFiles, empty: Row
  ) throws(InputError) {
    guard let bytes = try files.bytes(name) else { return nil }
    var limits = CSVDocument.Limits()
    limits.bytes = Int(scenarioFileLimit.toBase(1))
    let document = try CSVDocument(bytes, file: files.path(name), limits: limits)
    let isLonger = document.header.count > schema.columns.count
    let decoded = try (isLonger ? longer ?? schema : schema).rows(document, empty: empty)
    rows = zip(decoded, document.records).map {
      ($0, Place(file: files.path(name), line: $1.line, columns: $1.columns))
    }
  }
}
