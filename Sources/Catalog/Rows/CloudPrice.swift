// One row of cloud_prices.csv, its columns declared once.

public import Tables

/// One price in force or last seen, with region, basis, terms and date.
public struct CloudPrice: CatalogRow {
  /// Cloud.
  public var provider: String = ""
  /// Name in cloud_instances.csv.
  public var instanceType: String = ""
  /// Chip, an id of accelerators.csv, or none.
  public var accelerator: String = ""
  /// Chips that the price buys.
  public var acceleratorCount: Int?
  /// Region, region/zone or (all).
  public var region: String = ""
  /// list_on_demand, spot, reserved_1y, reserved_3y, savings_plan, capacity_block, contract_estimate,
  /// estimate or rental_index.
  public var priceBasis: String = ""
  /// Terms of the commitment, or what the price adds up.
  public var terms: String = ""
  /// US dollars per hour of the instance.
  public var usdPerHour: Double?
  /// US dollars per hour and accelerator.
  public var usdPerAcceleratorHour: Double?
  /// Date of the evidence; the lower bound where only a window is known.
  public var asOfDate: String = ""
  /// How the date is known.
  public var dateBasis: String = ""
  /// Why the price needs care; empty for a plain price.
  public var flag: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "cloud_prices.csv"
  public static let purpose = "One price in force or last seen, with region, basis, terms and date."
  public static let key = ["provider", "instance_type", "region", "price_basis", "terms", "as_of_date"]
  public static let schema = Schema<CloudPrice>([
    .text("provider", "Cloud.", \.provider),
    .text("instance_type", "Name in cloud_instances.csv.", \.instanceType),
    .text("accelerator", "Chip, an id of accelerators.csv, or none.", \.accelerator),
    .integer("accelerator_count", "Chips that the price buys.", \.acceleratorCount),
    .text("region", "Region, region/zone or (all).", \.region),
    .text(
      "price_basis",
      "list_on_demand, spot, reserved_1y, reserved_3y, savings_plan, capacity_block, "
        + "contract_estimate, estimate or rental_index.",
      \.priceBasis),
    .text("terms", "Terms of the commitment, or what the price adds up.", \.terms),
    .number("usd_per_hour", "US dollars per hour of the instance.", \.usdPerHour),
    .number("usd_per_accelerator_hour", "US dollars per hour and accelerator.", \.usdPerAcceleratorHour),
    .text("as_of_date", "Date of the evidence; the lower bound where only a window is known.", \.asOfDate),
    .text("date_basis", "How the date is known.", \.dateBasis),
    .text("flag", "Why the price needs care; empty for a plain price.", \.flag),
    .text("source", "Publication, page or file that the row was read from.", \.source),
  ])
}
