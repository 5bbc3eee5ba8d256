// One row of deals.csv, its columns declared once.

public import Tables

/// One announced deal, chip order, equity stake or programme.
public struct Deal: CatalogRow {
  /// Short name.
  public var id: String = ""
  /// Date of the announcement (ISO, possibly partial).
  public var date: String = ""
  /// Who buys.
  public var buyer: String = ""
  /// Who sells.
  public var sellerOrPartner: String = ""
  /// compute_contract, chip_purchase, equity_investment, programme, aggregate, capex, deployment or backstop.
  public var kind: String = ""
  /// Announced value, 10^9 US dollars.
  public var usdBillion: Double?
  /// What the value bounds: stated, about, up_to, more_than ...
  public var usdQualifier: String = ""
  /// Duration in years.
  public var years: Double?
  /// Announced number of accelerators.
  public var accelerators: Int?
  /// The number in the words of the announcement.
  public var acceleratorsText: String = ""
  /// Which accelerators.
  public var acceleratorType: String = ""
  /// Announced power, GW.
  public var gw: Double?
  /// What the power counts: critical_it, facility, contracted_capacity, site, target, up_to, lower_bound.
  public var gwKind: String = ""
  /// 10^6 US dollars per MW and year, only where value and power are values and not bounds.
  public var impliedMusdPerMwYear: Double?
  /// State of the deal.
  public var status: String = ""
  /// Rows that count the same money or megawatts.
  public var overlapsWith: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "deals.csv"
  public static let purpose = "One announced deal, chip order, equity stake or programme."
  public static let key = ["id"]
  public static let schema = Schema<Deal>([
    .text("id", "Short name.", \.id),
    .text("date", "Date of the announcement (ISO, possibly partial).", \.date),
    .text("buyer", "Who buys.", \.buyer),
    .text("seller_or_partner", "Who sells.", \.sellerOrPartner),
    .text(
      "kind",
      "compute_contract, chip_purchase, equity_investment, programme, aggregate, capex, deployment or "
        + "backstop.",
      \.kind),
    .number("usd_billion", "Announced value, 10^9 US dollars.", \.usdBillion),
    .text("usd_qualifier", "What the value bounds: stated, about, up_to, more_than ...", \.usdQualifier),
    .number("years", "Duration in years.", \.years),
    .integer("accelerators", "Announced number of accelerators.", \.accelerators),
    .text("accelerators_text", "The number in the words of the announcement.", \.acceleratorsText),
    .text("accelerator_type", "Which accelerators.", \.acceleratorType),
    .number("gw", "Announced power, GW.", \.gw),
    .text(
      "gw_kind",
      "What the power counts: critical_it, facility, contracted_capacity, site, target, up_to, "
        + "lower_bound.",
      \.gwKind),
    .number(
      "implied_musd_per_mw_year",
      "10^6 US dollars per MW and year, only where value and power are values and not bounds.",
      \.impliedMusdPerMwYear),
    .text("status", "State of the deal.", \.status),
    .text("overlaps_with", "Rows that count the same money or megawatts.", \.overlapsWith),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("notes", "Remarks.", \.notes),
  ])
}
