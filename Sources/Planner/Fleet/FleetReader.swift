// Fleet tables to checked values. A table of a later layer replaces the earlier one whole, as with offers; what
// refers to another table is checked when all layers are read.

import Quantities
import Tables

extension FleetInput {
  /// Reads the tables that a layer has.
  ///
  /// - Throws: `InputError` with file, line and column.
  mutating func add(_ files: ScenarioFiles) throws(InputError) {
    if let table = try PlacedRows(RegionRow.schema, "regions.csv", in: files, empty: RegionRow()) {
      regions = try FleetReader.regions(table)
    }
    if let table = try PlacedRows(ProfileRow.schema, "profiles.csv", in: files, empty: ProfileRow()) {
      profiles = try FleetReader.profiles(table)
    }
    if let table = try PlacedRows(WorkloadRow.schema, "demand.csv", in: files, empty: WorkloadRow()) {
      workloads = try FleetReader.workloads(table)
    }
    if let table = try PlacedRows(TrainingRow.schema, "training.csv", in: files, empty: TrainingRow()) {
      training = try FleetReader.training(table)
    }
    if let table = try PlacedRows(
      FleetSite.schema, longer: FleetSite.schemaWithGrid, "sites.csv", in: files, empty: FleetSite())
    {
      sites = try FleetReader.sites(table)
    }
    if let table = try PlacedRows(PowerStep.schema, "power.csv", in: files, empty: PowerStep()) {
      power = try FleetReader.power(table)
    }
    if let table = try PlacedRows(DeliveryRow.schema, "deliveries.csv", in: files, empty: DeliveryRow()) {
      deliveries = try FleetReader.deliveries(table)
    }
    if let table = try PlacedRows(ContractRow.schema, "contracts.csv", in: files, empty: ContractRow()) {
      contracts = try FleetReader.contracts(table)
    }
    if let table = try PlacedRows(OwnBuildRow.schema, "own_builds.csv", in: files, empty: OwnBuildRow()) {
      builds = try FleetReader.builds(table)
    }
    if let table = try PlacedRows(PricePath.schema, "price_paths.csv", in: files, empty: PricePath()) {
      for (row, place) in table.rows {
        try FleetReader.number(row.factor, 1e-3...1e3, place, 3, "factor")
        try FleetReader.whole(row.year, 0...100, place, 2, "year")
      }
      pricePaths = table.rows.map(\.row)
    }
    if let table = try PlacedRows(BracketRow.schema, "brackets.csv", in: files, empty: BracketRow()) {
      for (row, place) in table.rows {
        try FleetReader.number(row.from, 0...1e15, place, 1, "from_usd")
        try FleetReader.number(row.discount, 0...0.99, place, 2, "discount")
      }
      brackets = table.rows.map(\.row)
    }
    if let table = try PlacedRows(
      CorrelationRow.schema, "correlations.csv", in: files, empty: CorrelationRow())
    {
      for (row, place) in table.rows {
        try FleetReader.number(row.correlation, -1...1, place, 2, "rank_correlation")
      }
      correlations = table.rows.map(\.row)
    }
  }

  /// Names that refer to other tables.
  ///
  /// - Throws: `InputError` for the first that leads nowhere.
  func check(offers: [Offer], scenario: String) throws(InputError) {
    func fault(_ file: String, _ what: String, _ name: String, _ known: [String]) -> InputError {
      let near = nearestNames(to: name, among: known).joined(separator: ", ")
      return InputError(
        file: "\(scenario): \(file)", "no \(what) '\(name.prefix(40))'",
        advice: near.isEmpty
          ? "known are: \(known.prefix(8).joined(separator: ", "))" : "did you mean \(near)?")
    }
    let regionIDs = regions.map(\.id)
    let siteIDs = sites.map(\.id)
    for site in sites where !regionIDs.contains(site.region) {
      throw fault("sites.csv", "region", site.region, regionIDs)
    }
    for workload in workloads {
      for share in workload.regions where !regionIDs.contains(share.region) {
        throw fault("demand.csv", "region", share.region, regionIDs)
      }
      if !workload.profile.isEmpty, !profiles.contains(where: { $0.id == workload.profile }) {
        throw fault("demand.csv", "profile", workload.profile, profiles.map(\.id))
      }
    }
    for step in power where !siteIDs.contains(step.site) {
      throw fault("power.csv", "site", step.site, siteIDs)
    }
    for row in deliveries {
      if !siteIDs.contains(row.site) { throw fault("deliveries.csv", "site", row.site, siteIDs) }
      guard let offer = offers.first(where: { $0.id == row.offer }) else {
        throw fault("deliveries.csv", "offer", row.offer, offers.map(\.id))
      }
      if let site = sites.first(where: { $0.id == row.site }), site.provider != offer.provider {
        throw InputError(
          file: "\(scenario): deliveries.csv",
          "offer \(offer.id) is \(offer.providerTitle)'s, site \(site.id) belongs to \(site.provider)",
          advice: "name an offer of the site's provider")
      }
    }
  }
}

/// Checks of single tables.
enum FleetReader {
  static func number<Row>(
    _ value: Double?, _ range: ClosedRange<Double>, _ place: PlacedRows<Row>.Place, _ column: Int,
    _ name: String
  ) throws(InputError) {
    guard let value, range.contains(value) else {
      throw place.fault(
        column: column,
        "\(name) is not \(decimalText(range.lowerBound)) to \(decimalText(range.upperBound))", "fill it in")
    }
  }

  static func whole<Row>(
    _ value: Int?, _ range: ClosedRange<Int>, _ place: PlacedRows<Row>.Place, _ column: Int, _ name: String
  ) throws(InputError) {
    guard let value, range.contains(value) else {
      throw place.fault(
        column: column, "\(name) is not \(range.lowerBound) to \(range.upperBound)", "fill it in")
    }
  }

  /// A key: letters, digits, '-' and '_', not met before in the table.
  static func key<Row>(
    _ name: String, _ seen: inout [String: Int], _ place: PlacedRows<Row>.Place, _ what: String
  ) throws(InputError) {
    guard !name.isEmpty, name.utf8.count <= 60,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
    else {
      throw place.fault(
        column: 0, "\(what) '\(name.prefix(40))' is not a key", "use letters, digits, '-' and '_'")
    }
    if let first = seen[name] {
      throw place.fault(column: 0, "\(what) \(name) appears twice (also in line \(first))", "rename one")
    }
    seen[name] = place.line
  }

  static func sourced<Row>(_ source: String, _ place: PlacedRows<Row>.Place, _ column: Int) throws(InputError)
  {
    guard !source.isEmpty else {
      throw place.fault(column: column, "the row has no source", "say where it comes from, or `assumed: why`")
    }
  }

  static func regions(_ table: PlacedRows<RegionRow>) throws(InputError) -> [DemandRegion] {
    var seen: [String: Int] = [:]
    var found: [DemandRegion] = []
    for (row, place) in table.rows {
      try key(row.id, &seen, place, "region")
      try whole(row.offset, -12...14, place, 1, "utc_offset_h")
      found.append(DemandRegion(id: row.id, utcOffset: row.offset ?? 0))
    }
    return found.sorted { $0.id < $1.id }
  }

  static func profiles(_ table: PlacedRows<ProfileRow>) throws(InputError) -> [WeeklyProfile] {
    var weights: [String: [Int: Double]] = [:]
    for (row, place) in table.rows {
      try whole(row.hour, 0...167, place, 1, "hour")
      try number(row.weight, 0...1e9, place, 2, "weight")
      guard let hour = row.hour, weights[row.id]?[hour] == nil else {
        throw place.fault(column: 1, "hour of profile \(row.id) appears twice", "remove one")
      }
      weights[row.id, default: [:]][hour] = row.weight
    }
    var found: [WeeklyProfile] = []
    for id in weights.keys.sorted() {
      let hours = weights[id] ?? [:]
      guard let profile = WeeklyProfile(id: id, weights: hours.keys.sorted().compactMap { hours[$0] }),
        hours.keys.max() == hours.count - 1
      else {
        throw InputError(
          file: "profiles.csv", "profile \(id) has \(hours.count) hours, or none with demand",
          advice: "give 24 (a day) or 168 (a week), counted from 0")
      }
      found.append(profile)
    }
    return found
  }

  static func workloads(_ table: PlacedRows<WorkloadRow>) throws(InputError) -> [WorkloadClass] {
    var seen: [String: Int] = [:]
    var found: [WorkloadClass] = []
    for (row, place) in table.rows {
      try key(row.id, &seen, place, "class")
      for (value, range, column, name) in [
        (row.requests, 1e-9...1e15, 2, "requests_per_day"), (row.input, 1...1e7, 3, "input_tokens"),
        (row.output, 1...1e7, 4, "output_tokens"), (row.cached, 0...0.999, 5, "cached_share"),
        (row.burst, 1...100, 8, "burst"), (row.deferrable, 0...1, 9, "deferrable_share"),
        (row.ttft, 1e-3...1e5, 11, "ttft_limit_s"), (row.tpot, 1e-4...1e3, 12, "tpot_limit_s"),
        (row.shortage, 0...1e6, 13, "shortage_usd_per_mtok"),
      ] as [(Double?, ClosedRange<Double>, Int, String)] {
        try number(value, range, place, column, name)
      }
      try sourced(row.source, place, 14)
      var workload = WorkloadClass()
      workload.id = row.id
      workload.model = row.model
      workload.requestsPerDay = row.requests ?? 0
      workload.inputTokens = row.input ?? 0
      workload.outputTokens = row.output ?? 0
      workload.cachedShare = row.cached ?? 0
      workload.growthPerYear =
        row.growth.isEmpty
        ? [0] : try numbers(row.growth, -0.99...100, place, 6, "growth_per_year", "0.8;0.5 (0.8 = +80 %)")
      workload.profile = row.profile
      workload.burst = row.burst ?? 1
      workload.deferrableShare = row.deferrable ?? 0
      workload.regions = try shares(row.regions, place)
      workload.ttftLimit = row.ttft ?? 0
      workload.tpotLimit = row.tpot ?? 0
      workload.shortageUSDPerMtok = row.shortage ?? 0
      workload.source = row.source
      workload.asOf = row.asOf
      workload.place = "\(place.file):\(place.line)"
      found.append(workload)
    }
    return found.sorted { $0.id < $1.id }
  }

  /// Numbers between semicolons.
  private static func numbers<Row>(
    _ text: String, _ range: ClosedRange<Double>, _ place: PlacedRows<Row>.Place, _ column: Int,
    _ name: String,
    _ example: String
  ) throws(InputError) -> [Double] {
    var found: [Double] = []
    for part in text.split(separator: ";", omittingEmptySubsequences: false) {
      guard let number = (try? parseNumber(String(part))) ?? nil, range.contains(number) else {
        throw place.fault(
          column: column, "\(name) '\(text.prefix(40))' is no list of numbers", "write \(example)")
      }
      found.append(number)
    }
    return found
  }

  static func training(_ table: PlacedRows<TrainingRow>) throws(InputError) -> [TrainingDemand] {
    var seen: [String: Int] = [:]
    var found: [TrainingDemand] = []
    for (row, place) in table.rows {
      try key(row.id, &seen, place, "class")
      try number(row.parameters, 1...1e18, place, 1, "active_parameters")
      try number(row.tokens, 1...1e18, place, 2, "tokens")
      try number(row.days, 1e-3...1e5, place, 3, "days")
      try number(row.utilisation, 1e-3...1, place, 4, "mfu")
      try number(row.shortage, 0...1e12, place, 6, "shortage_usd_per_run_month")
      try sourced(row.source, place, 7)
      var demand = TrainingDemand()
      demand.id = row.id
      demand.activeParameters = row.parameters ?? 0
      demand.tokens = row.tokens ?? 0
      demand.days = row.days ?? 0
      demand.utilisation = row.utilisation ?? 0
      demand.runsAtOnce = try numbers(row.runs, 0...1e6, place, 5, "runs_at_once", "2;3;4")
      demand.shortageUSDPerMonth = row.shortage ?? 0
      demand.source = row.source
      demand.asOf = row.asOf
      found.append(demand)
    }
    return found.sorted { $0.id < $1.id }
  }

  private static func shares(
    _ text: String, _ place: PlacedRows<WorkloadRow>.Place
  ) throws(InputError) -> [RegionShare] {
    guard !text.isEmpty else { return [] }
    var found: [RegionShare] = []
    for part in text.split(separator: ";") {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard pair.count == 2, let share = (try? parseNumber(pair[1])) ?? nil, (0...1).contains(share) else {
        throw place.fault(
          column: 10, "regions '\(text.prefix(40))' is no list of shares", "write us:0.6;eu:0.4")
      }
      found.append(RegionShare(region: pair[0], share: share))
    }
    let sum = found.reduce(0) { $0 + $1.share }
    guard abs(sum - 1) < 1e-9 else {
      throw place.fault(
        column: 10, "the shares of regions add up to \(decimalText(sum))", "make them add up to 1")
    }
    return found.sorted { $0.region < $1.region }
  }

  static func sites(_ table: PlacedRows<FleetSite>) throws(InputError) -> [FleetSite] {
    var seen: [String: Int] = [:]
    var found: [FleetSite] = []
    for (row, place) in table.rows {
      try key(row.id, &seen, place, "site")
      if row.installPerMonth != nil {
        try number(row.installPerMonth, 1...1e9, place, 3, "install_per_month")
      }
      if row.tariff != nil { try number(row.tariff, 0...10, place, 4, "tariff_usd_per_kwh") }
      try sourced(row.source, place, 5)
      guard row.grid.isEmpty || row.grid.split(separator: ":", omittingEmptySubsequences: false).count == 2
      else {
        throw place.fault(
          column: 6, "grid '\(row.grid.prefix(40))' is no provider:region", "write it like aws:us-east-1")
      }
      var site = row
      site.place = "\(place.file):\(place.line)"
      found.append(site)
    }
    return found.sorted { $0.id < $1.id }
  }

  static func power(_ table: PlacedRows<PowerStep>) throws(InputError) -> [PowerStep] {
    for (row, place) in table.rows {
      try month(row.month, place, 1)
      try number(row.megawatts, 0...1e6, place, 2, "mw")
      guard ["critical_it", "facility", "up_to"].contains(row.kind) else {
        throw place.fault(
          column: 3, "kind '\(row.kind.prefix(20))'", "write critical_it, facility or up_to: a GW has several"
        )
      }
      try sourced(row.source, place, 4)
    }
    return table.rows.map(\.row).sorted { ($0.site, $0.month) < ($1.site, $1.month) }
  }

  static func deliveries(_ table: PlacedRows<DeliveryRow>) throws(InputError) -> [DeliveryRow] {
    for (row, place) in table.rows {
      try month(row.month, place, 2)
      try number(row.accelerators, 0...1e9, place, 3, "accelerators")
      try sourced(row.source, place, 4)
    }
    return table.rows.map(\.row).sorted { ($0.site, $0.offer, $0.month) < ($1.site, $1.offer, $1.month) }
  }

  static func contracts(_ table: PlacedRows<ContractRow>) throws(InputError) -> [Contract] {
    var seen: [String: Int] = [:]
    var found: [Contract] = []
    for (row, place) in table.rows {
      try key(row.id, &seen, place, "contract")
      guard let kind = ContractKind(rawValue: row.kind) else {
        throw place.fault(
          column: 1, "kind '\(row.kind.prefix(20))'",
          "write one of \(ContractKind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard let basis = PriceBasis(rawValue: row.basis) else {
        throw place.fault(column: 2, "basis '\(row.basis.prefix(20))'", "write list, contracted or own")
      }
      guard let billing = BillingStart(rawValue: row.billing) else {
        throw place.fault(
          column: 7, "billing_start '\(row.billing.prefix(20))'", "write delivery or acceptance")
      }
      try whole(row.term, 1...600, place, 3, "term_months")
      try number(row.upfront, 0...1, place, 4, "upfront_share")
      try number(row.committed, 0...1, place, 5, "committed_share")
      try number(row.factor, 1e-3...1e3, place, 6, "price_factor")
      try number(row.minimum, 0...1e9, place, 8, "minimum_accelerators")
      try whole(row.every, 1...12, place, 9, "signature_every_months")
      try whole(row.spares, 0...1, place, 10, "spares_included")
      try sourced(row.source, place, 11)
      var contract = Contract()
      contract.id = row.id
      contract.kind = kind
      contract.basis = basis
      contract.termMonths = row.term ?? 1
      contract.upfrontShare = row.upfront ?? 0
      contract.committedShare = row.committed ?? 1
      contract.priceFactor = row.factor ?? 1
      contract.billingStart = billing
      contract.minimumAccelerators = row.minimum ?? 0
      contract.signatureEvery = row.every ?? 1
      contract.includesSpares = row.spares == 1
      contract.source = row.source
      contract.place = "\(place.file):\(place.line)"
      found.append(contract)
    }
    return found.sorted { $0.id < $1.id }
  }

  private static func month<Row>(
    _ text: String, _ place: PlacedRows<Row>.Place, _ column: Int
  ) throws(InputError) {
    guard PlanCalendar(text) != nil else {
      throw place.fault(column: column, "'\(text.prefix(20))' is no month", "write it like 2026-07")
    }
  }
}
