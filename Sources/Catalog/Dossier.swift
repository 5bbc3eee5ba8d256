// Everything the catalogue knows about one name, as lines that each carry date, confidence and source.

import Quantities
public import Tables

/// One thing known about a subject.
public struct DossierLine: Hashable, Sendable {
  /// Table that it stands in.
  public let table: String
  /// What is known: a quantity, a price basis, a column.
  public let quantity: String
  /// Provider and instance type of a price or instance; else empty.
  public var offer = ""
  /// Region of a price or a site fact; else empty.
  public var region = ""
  /// The number or word.
  public let value: Cell
  /// Unit of the number; empty where the quantity's name holds it.
  public let unit: String
  /// Under which condition.
  public let condition: String
  /// Date of the evidence.
  public let date: String
  /// Confidence of the evidence; empty where the table has none.
  public let confidence: String
  /// Where it was read.
  public let source: String
}

extension Catalog {
  /// All lines about a chip, model, instance type or deal; nil for an unknown name.
  public func dossier(_ name: String) -> [DossierLine]? {
    let lines =
      (accelerator(name).map(aboutChip) ?? []) + (model(name).map(aboutModel) ?? [])
      + aboutInstance(name) + (deals.first { matches($0.id, name) }.map(aboutDeal) ?? [])
    return lines.isEmpty ? nil : lines
  }

  /// Names that `dossier` knows and that a mistyped one may mean, best first.
  public func nearestSubjects(to name: String) -> [String] {
    nearestNames(
      to: name,
      among: accelerators.map(\.id) + models.map(\.model) + Array(Set(instances.map(\.instanceType)))
        + deals.map(\.id))
  }

  private func aboutChip(_ chip: Accelerator) -> [DossierLine] {
    let own = facts.filter { $0.accelerator == chip.id }
    return row(
      chip, confidence: chip.lowestConfidence,
      source: "summary of accelerator_facts.csv; the confidence is that of its weakest fact")
      + own.map { fact in
        DossierLine(
          table: AcceleratorFact.tableName, quantity: fact.quantity, value: number(fact.value),
          unit: fact.unit, condition: fact.condition, date: fact.asOf, confidence: fact.confidence,
          source: fact.source)
      } + rates.filter { $0.accelerator == chip.id }.sorted { $0.asOf < $1.asOf }.map(line)
      + instances.filter { $0.accelerator == chip.id || $0.processor == chip.id }.map { instance in
        DossierLine(
          table: CloudInstance.tableName, quantity: instance.kind,
          offer: "\(instance.provider) \(instance.instanceType)",
          value: number(instance.acceleratorCount.map(Double.init)), unit: "accelerators",
          condition: instance.notes, date: "", confidence: "", source: instance.source)
      } + prices.filter { $0.accelerator == chip.id }.sorted(by: earlier).map(line)
      + priceHistory.filter { $0.accelerator == chip.id }.sorted { $0.date < $1.date }.map(line)
      + power.filter { $0.subject == chip.id }.map(line)
  }

  private func aboutModel(_ model: ModelArchitecture) -> [DossierLine] {
    row(model, confidence: "", source: model.source)
  }

  private func aboutInstance(_ name: String) -> [DossierLine] {
    let found = instances.filter { matches($0.instanceType, name) }
    return found.flatMap { instance in
      row(instance, confidence: "", source: instance.source)
        + prices.filter { $0.provider == instance.provider && $0.instanceType == instance.instanceType }
        .sorted(by: earlier).map(line)
        + priceHistory.filter {
          $0.provider == instance.provider && $0.instanceType == instance.instanceType
        }.sorted { $0.date < $1.date }.map(line)
    }
  }

  private func aboutDeal(_ deal: Deal) -> [DossierLine] {
    row(deal, date: deal.date, confidence: deal.confidence, source: deal.source)
  }

  /// The filled cells of a row, one line each.
  private func row<Row: CatalogRow>(
    _ row: Row, date: String = "", confidence: String, source: String
  ) -> [DossierLine] {
    Row.schema.columns.compactMap { column in
      let text = column.encode(row)
      guard !text.isEmpty, !["source", "confidence", "lowest_confidence"].contains(column.name) else {
        return nil
      }
      return DossierLine(
        table: Row.tableName, quantity: column.name, value: cell(text, isNumeric: column.isNumeric),
        unit: "", condition: "", date: date, confidence: confidence, source: source)
    }
  }

  private func line(_ rate: AcceleratorRate) -> DossierLine {
    DossierLine(
      table: AcceleratorRate.tableName, quantity: rate.basis, value: number(rate.usdPerAcceleratorHour),
      unit: "USD/h each", condition: rate.notes, date: rate.asOf, confidence: rate.confidence,
      source: rate.source)
  }

  private func line(_ price: CloudPrice) -> DossierLine {
    let each = price.usdPerAcceleratorHour
    return DossierLine(
      table: CloudPrice.tableName,
      quantity: price.priceBasis, offer: "\(price.provider) \(price.instanceType)", region: price.region,
      value: number(each ?? price.usdPerHour), unit: each == nil ? "USD/h" : "USD/h each",
      condition: [price.terms, price.flag, price.dateBasis == "stated" ? "" : "date: \(price.dateBasis)"]
        .filter { !$0.isEmpty }.joined(separator: "; "),
      date: price.asOfDate, confidence: "",
      source: price.source)
  }

  private func line(_ move: PriceMove) -> DossierLine {
    let each = move.usdPerAcceleratorHour
    return DossierLine(
      table: PriceMove.tableName,
      quantity: move.priceBasis, offer: "\(move.provider) \(move.instanceType)", region: move.region,
      value: number(each ?? move.usdPerHour), unit: each == nil ? "USD/h" : "USD/h each",
      condition: move.event, date: move.date, confidence: move.confidence, source: move.source)
  }

  private func line(_ fact: PowerFact) -> DossierLine {
    DossierLine(
      table: PowerFact.tableName, quantity: fact.quantity, value: number(fact.value), unit: fact.unit,
      condition: fact.condition, date: fact.asOf, confidence: fact.confidence, source: fact.source)
  }

  private func number(_ value: Double?) -> Cell {
    value.map { cell(decimalText($0), isNumeric: true) } ?? .empty
  }

  private func matches(_ id: String, _ name: String) -> Bool { id.lowercased() == name.lowercased() }

  private func earlier(_ left: CloudPrice, _ right: CloudPrice) -> Bool {
    (left.provider, left.instanceType, left.priceBasis, left.asOfDate, left.region)
      < (right.provider, right.instanceType, right.priceBasis, right.asOfDate, right.region)
  }
}
