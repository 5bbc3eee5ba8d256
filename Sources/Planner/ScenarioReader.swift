// Folder to scenario: layers are laid over each other (defaults < bundled < folder < private < command line),
// checked as a whole, and sorted so that the order of rows changes nothing.

import Foundation
import Quantities
import Tables

extension Scenario {
  /// Loads a bundled scenario by name, or a folder by path, with `--set` texts such as `budget_usd=1e9` or
  /// `rate.aws-gb200.contracted.latest=3.0`.
  ///
  /// - Throws: `InputError` for files, `UnknownName` for names and keys of the command line.
  public static func load(_ nameOrPath: String, set: [String] = [], privateFile: String? = nil) throws
    -> Scenario
  {
    guard let defaults = ScenarioFiles.bundled("defaults", layer: .defaults) else {
      throw InputError(file: "defaults", "the program carries no default scenario", advice: "reinstall it")
    }
    let own = try ScenarioFiles.named(nameOrPath)
    guard let headBytes = try own.bytes("scenario.toml") else {
      throw InputError(
        file: own.path("scenario.toml"), "does not exist",
        advice: "a scenario is a folder with a scenario.toml")
    }
    let head = try ScenarioHead(headBytes, file: own.path("scenario.toml"), layer: own.layer)
    var layers = [defaults]
    if !head.basedOn.isEmpty { layers.append(try base(head.basedOn, of: own)) }
    layers.append(own)
    var builder = ScenarioBuilder(name: own.name)
    for layer in layers { try builder.add(layer) }
    builder.title = head.title.isEmpty ? own.name : head.title
    builder.summary = head.summary
    let privatePath = privateFile ?? (own.layer == .folder ? own.path("private.toml") : nil)
    if let privatePath {
      if let bytes = try readFile(privatePath) {
        try builder.add(ScenarioHead(bytes, file: privatePath, layer: .private))
      } else if privateFile != nil {
        throw InputError(file: privatePath, "does not exist", advice: "name a file with key = value lines")
      }
    }
    for text in set { try builder.set(text) }
    return try builder.scenario()
  }

  private static func base(_ name: String, of own: ScenarioFiles) throws(InputError) -> ScenarioFiles {
    guard name != "defaults", name != own.name, let base = ScenarioFiles.bundled(name) else {
      let near = nearestNames(to: name, among: bundledNames).joined(separator: ", ")
      throw InputError(
        file: own.path("scenario.toml"),
        "based_on names '\(name.prefix(60))', which is not a bundled scenario",
        advice: near.isEmpty ? "`plimsoll plan --list` shows them" : "did you mean \(near)?")
    }
    return base
  }
}

/// Collects layers.
struct ScenarioBuilder {
  let name: String
  var title = ""
  var summary = ""
  private var chains: [String: [Setting]] = [:]
  private var offers: [Offer] = []
  private var standIns: [StandIn] = []
  private var supply: [SupplyTotal] = []
  private var rates: [String: Rate] = [:]
  private var fleet = FleetInput()

  init(name: String) { self.name = name }

  /// Adds the head and tables of one layer; a table of a later layer replaces the earlier one whole.
  mutating func add(_ files: ScenarioFiles) throws(InputError) {
    var seen: [String: String] = [:]
    if let bytes = try files.bytes("scenario.toml") {
      let head = try ScenarioHead(bytes, file: files.path("scenario.toml"), layer: files.layer)
      add(head)
      for (key, setting) in head.settings { seen[key.name] = setting.place }
    }
    try addAssumptions(files, seen: seen)
    try addOffers(files)
    try addStandIns(files)
    if let table = try PlacedRows(SupplyTotal.schema, "supply.csv", in: files, empty: SupplyTotal()) {
      for (row, place) in table.rows {
        guard let total = row.total, total > 0 else {
          throw place.fault(
            column: 1, "total_accelerators is not positive", "leave the row out where it is unknown")
        }
      }
      supply = table.rows.map(\.row)
    }
    try addRates(files)
    try fleet.add(files)
  }

  mutating func add(_ head: ScenarioHead) {
    for (key, setting) in head.settings { chains[key.name, default: []].append(setting) }
  }

  private mutating func addAssumptions(_ files: ScenarioFiles, seen: [String: String]) throws(InputError) {
    let table = try PlacedRows(
      AssumptionRow.schema, longer: AssumptionRow.schemaWithDistribution, "assumptions.csv", in: files,
      empty: AssumptionRow())
    var seen = seen
    for (row, place) in table?.rows ?? [] {
      guard let key = InputKey.named(row.key) else {
        let near = nearestNames(to: row.key, among: InputKey.all.map(\.name)).joined(separator: ", ")
        throw place.fault(
          column: 0, "unknown key '\(row.key.prefix(60))'",
          near.isEmpty ? "see `plimsoll explain`" : "did you mean \(near)?")
      }
      if let first = seen[key.name] {
        throw place.fault(column: 0, "\(key.name) is set twice (also at \(first))", "remove one of them")
      }
      guard row.unit == key.unit else {
        throw place.fault(
          column: 4, "\(key.name) has unit '\(row.unit.prefix(20))'", "its unit is '\(key.unit)'")
      }
      guard !row.source.isEmpty else {
        throw place.fault(
          column: 5, "\(key.name) has no source", "say where the value comes from, or `assumed: why`")
      }
      do { try key.check(row.value) } catch {
        throw place.fault(column: 1, "\(key.name): \(error.fault)", error.advice)
      }
      if let low = row.low, let high = row.high, low > high {
        throw place.fault(column: 2, "\(key.name): low is above high", "exchange them")
      }
      for (column, end) in [(2, row.low), (3, row.high)] {
        guard let end else { continue }
        do { try key.check(decimalText(end)) } catch {
          throw place.fault(column: column, "\(key.name): \(error.fault)", error.advice)
        }
        if let value = Double(row.value), column == 2 ? end > value : end < value {
          throw place.fault(
            column: column, "\(key.name): its value \(row.value) is outside its range",
            "low and high enclose the value")
        }
      }
      let distribution: Distribution?
      do { distribution = try key.distribution(row.distribution) } catch {
        throw place.fault(column: 7, "\(key.name): \(error.fault)", error.advice)
      }
      let at = "\(place.file):\(place.line)"
      seen[key.name] = at
      chains[key.name, default: []].append(
        Setting(
          layer: files.layer, place: at, text: row.value, low: row.low, high: row.high,
          distribution: distribution, source: row.source, asOf: row.asOf))
    }
  }

  private mutating func addOffers(_ files: ScenarioFiles) throws(InputError) {
    guard let table = try PlacedRows(Offer.schema, "offers.csv", in: files, empty: Offer()) else { return }
    var rows: [String: Offer] = [:]
    for (row, place) in table.rows {
      var offer = row
      guard offer.id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }),
        !offer.id.isEmpty
      else {
        throw place.fault(
          column: 0, "offer '\(offer.id.prefix(40))' is not a key", "use letters, digits and '-'")
      }
      if let first = rows[offer.id] {
        throw place.fault(column: 0, "offer \(offer.id) appears twice (also at \(first.place))", "rename one")
      }
      guard ["deal", "alternative"].contains(offer.role) else {
        throw place.fault(column: 1, "role '\(offer.role.prefix(20))'", "write deal or alternative")
      }
      guard !offer.provider.isEmpty, !offer.accelerator.isEmpty else {
        throw place.fault(column: 2, "provider or accelerator is empty", "name both")
      }
      for (column, count) in [(9, offer.unit), (10, offer.domain), (11, offer.perNode)] {
        guard let count, (1...1_000_000).contains(count) else {
          throw place.fault(column: column, "\(table.columnName(column)) is not 1 to 1,000,000", "fill it in")
        }
      }
      if let rack = offer.perRack, !(1...1_000_000).contains(rack) {
        throw place.fault(
          column: 12, "rack_accelerators is not 1 to 1,000,000", "leave it empty where unknown")
      }
      if let cap = offer.supplyCap, !(0...1e9).contains(cap) {
        throw place.fault(column: 14, "supply_cap_accelerators is not 0 to 1e9", "leave it empty for no cap")
      }
      offer.place = "\(place.file):\(place.line)"
      rows[offer.id] = offer
    }
    offers = rows.values.sorted {
      ($0.role == "deal" ? 0 : 1, $0.provider, $0.accelerator, $0.id)
        < ($1.role == "deal" ? 0 : 1, $1.provider, $1.accelerator, $1.id)
    }
  }

  private mutating func addStandIns(_ files: ScenarioFiles) throws(InputError) {
    guard let table = try PlacedRows(StandInRow.schema, "models.csv", in: files, empty: StandInRow()) else {
      return
    }
    let kinds = ["dense", "moe", "mla"]
    for (row, place) in table.rows where !kinds.contains(row.kind) {
      throw place.fault(column: 1, "kind '\(row.kind.prefix(20))'", "write dense, moe or mla")
    }
    standIns = table.rows.map { StandIn(model: $0.row.model, kind: $0.row.kind) }
      .sorted {
        (kinds.firstIndex(of: $0.kind) ?? 0, $0.model) < (kinds.firstIndex(of: $1.kind) ?? 0, $1.model)
      }
    for kind in kinds where !standIns.contains(where: { $0.kind == kind }) {
      throw InputError(
        file: files.path("models.csv"), "has no model of kind \(kind)",
        advice: "the real mix is unknown: name at least one dense, one moe and one mla model")
    }
  }

  private mutating func addRates(_ files: ScenarioFiles) throws(InputError) {
    let table = try PlacedRows(StatedRateRow.schema, "rates.csv", in: files, empty: StatedRateRow())
    for (row, place) in table?.rows ?? [] {
      guard offers.contains(where: { $0.id == row.offer }) else {
        throw place.fault(
          column: 0, "no offer '\(row.offer.prefix(40))' in offers.csv", "name an offer of this scenario")
      }
      guard let basis = PriceBasis(rawValue: row.basis) else {
        throw place.fault(column: 1, "basis '\(row.basis.prefix(20))'", "write list, contracted or own")
      }
      guard row.date == "both" || PriceDate(rawValue: row.date) != nil else {
        throw place.fault(column: 2, "date '\(row.date.prefix(20))'", "write deal, latest or both")
      }
      guard let usd = row.usd, usd > 0, usd < 1e6 else {
        throw place.fault(
          column: 3, "usd_per_accelerator_hour is not positive", "leave the row out where it is unknown")
      }
      guard !row.source.isEmpty, !row.asOf.isEmpty else {
        throw place.fault(column: 5, "a price without source or date", "fill in as_of and source")
      }
      for date in PriceDate.allCases where row.date == "both" || row.date == date.rawValue {
        rates[Offer.optionID(row.offer, basis, date)] = Rate(
          usdPerHour: usd, asOf: row.asOf, source: "\(row.source) (\(place.file):\(place.line))",
          trust: .assumed,
          note: row.note)
      }
    }
  }

  /// One `--set key=value`.
  mutating func set(_ text: String) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw InputError("--set \(text.prefix(60)): no '='", advice: "write --set key=value")
    }
    let name = String(text[..<equals])
    let value = String(text[text.index(after: equals)...])
    if name.hasPrefix("rate.") { return try setRate(name, value) }
    guard let key = InputKey.named(name) else {
      throw UnknownName(
        what: "input", name: name, nearest: nearestNames(to: name, among: InputKey.all.map(\.name)))
    }
    if key.optional, value.isEmpty {
      chains[key.name] = nil
      return
    }
    do { try key.check(value) } catch {
      throw InputError("--set \(name): \(error.fault)", advice: error.advice)
    }
    chains[key.name, default: []].append(Setting(layer: .commandLine, place: "--set", text: value))
  }

  private mutating func setRate(_ name: String, _ value: String) throws {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let basis = PriceBasis(rawValue: parts[2]),
      let date = PriceDate(rawValue: parts[3])
    else {
      throw InputError(
        "--set \(name.prefix(80)): not a rate", advice: "write rate.OFFER.list|contracted|own.deal|latest=USD"
      )
    }
    guard offers.contains(where: { $0.id == parts[1] }) else {
      throw UnknownName(
        what: "offer", name: parts[1], nearest: nearestNames(to: parts[1], among: offers.map(\.id)))
    }
    let fault = InputError(
      "--set \(name): '\(value.prefix(40))' is not a positive price", advice: "write USD per hour")
    guard let usd = (try? parseNumber(value)) ?? nil, usd > 0, usd < 1e6 else { throw fault }
    rates[Offer.optionID(parts[1], basis, date)] = Rate(
      usdPerHour: usd, asOf: "", source: "--set \(name)", trust: .assumed)
  }

  /// The scenario, checked as a whole.
  func scenario() throws(InputError) -> Scenario {
    var chains = chains
    try chooseBudgetOrDemand(&chains)
    for key in InputKey.all where !key.optional && chains[key.name] == nil {
      throw InputError(file: name, "\(key.name) is not set", advice: "add `\(key.name) = …` (\(key.doc))")
    }
    let inputs = InputKey.all.compactMap { key in chains[key.name].map { ScenarioInput(key: key, chain: $0) }
    }
    let scenario = Scenario(
      name: name, title: title, summary: summary, inputs: inputs, offers: offers, standIns: standIns,
      statedRates: rates, supply: supply, fleet: fleet)
    try fleet.check(offers: offers, scenario: name)
    let shares = ["cpu_share", "network_share", "storage_share"].compactMap { scenario.number($0) }
    guard shares.reduce(0, +) < 1 else {
      throw InputError(
        file: name, "CPUs, network and storage take \(decimalText(shares.reduce(0, +) * 100)) % of the money",
        advice: "leave a share for accelerators")
    }
    if let ramp = scenario.number("ramp_months"), let term = scenario.number("term_months"), ramp > term {
      throw InputError(
        file: name, "ramp_months is \(decimalText(ramp)), longer than term_months of \(decimalText(term))",
        advice: "all accelerators must be there before the term ends: shorten the ramp or lengthen the term")
    }
    guard !offers.isEmpty else {
      throw InputError(
        file: name, "the scenario has no offers", advice: "add an offers.csv with at least one row")
    }
    return scenario
  }

  /// A plan starts from money or from users: the later layer decides, one layer may not set both.
  private func chooseBudgetOrDemand(_ chains: inout [String: [Setting]]) throws(InputError) {
    guard let budget = chains["budget_usd"]?.last else {
      guard chains["demand_users"] != nil else {
        throw InputError(file: name, "neither budget_usd nor demand_users is set", advice: "set one of them")
      }
      return
    }
    guard let demand = chains["demand_users"]?.last else { return }
    guard budget.layer != demand.layer else {
      throw InputError(
        file: name, "budget_usd (\(budget.place)) and demand_users (\(demand.place)) are both set",
        advice: "a plan starts from one of them")
    }
    chains[budget.layer < demand.layer ? "budget_usd" : "demand_users"] = nil
  }
}

extension PlacedRows where Row == Offer {
  func columnName(_ index: Int) -> String {
    let header = Offer.schema.header
    return header.indices.contains(index) ? header[index] : "column \(index + 1)"
  }
}
