// Rules of models.csv: counts against shapes, counts against what the makers publish.

import Quantities
import Tables

/// Parameters in the unit of the `_b` columns.
private let billion = Unit.billion.toBase(1)

extension Findings {
  /// Rules of models.csv.
  mutating func models(_ sheet: Sheet<ModelArchitecture>) {
    for (row, model) in sheet.numbered {
      guard let total = model.paramsTotalB, let active = model.paramsActiveB else { continue }
      if active > total * 1.001 {
        error(sheet.fault(row, "params_active_b", "more active than total parameters", advice: "swapped?"))
      }
      if model.kind == "dense", active != total {
        error(
          sheet.fault(
            row, "params_active_b", "a dense model uses all its parameters", advice: "repeat the total"))
      }
      embedding(sheet, row, model)
      recount(sheet, row, model, total: total, active: active)
      published(sheet, row, model, total: total, active: active)
    }
  }

  private mutating func embedding(
    _ sheet: Sheet<ModelArchitecture>, _ row: Int, _ model: ModelArchitecture
  ) {
    guard let vocab = model.vocab, let hidden = model.hidden, let stated = model.paramsInputEmbeddingB,
      abs(Double(vocab) * Double(hidden) / billion - stated) > 0.006
    else { return }
    error(
      sheet.fault(
        row, "params_input_embedding_b", "\(stated) is not vocab x hidden",
        advice: "expected \(fixed(Double(vocab) * Double(hidden) / billion, decimals: 2))"))
  }

  private mutating func recount(
    _ sheet: Sheet<ModelArchitecture>, _ row: Int, _ model: ModelArchitecture, total: Double, active: Double
  ) {
    guard let count = model.shapeCount else { return }
    for (column, counted, stated) in [
      ("params_total_b", count.total, total), ("params_active_b", count.active, active),
    ] where abs(counted / billion / stated - 1) > 0.005 {
      error(
        sheet.fault(
          row, column, "\(stated) where the shapes give \(fixed(counted / billion, decimals: 2))",
          advice: "one of the shapes is wrong"))
    }
    let cached = Double(model.kvElemsPerToken ?? 0) + Double(model.kvElemsPerTokenWindowed ?? 0)
    if cached != count.cacheElementsPerToken {
      error(
        sheet.fault(
          row, "kv_elems_per_token",
          "\(grouped(cached, decimals: 0)) with the windowed layers, the shapes give "
            + grouped(count.cacheElementsPerToken, decimals: 0), advice: "one of the shapes is wrong"))
    }
  }

  private mutating func published(
    _ sheet: Sheet<ModelArchitecture>, _ row: Int, _ model: ModelArchitecture, total: Double, active: Double
  ) {
    for (column, ours, theirs, limit) in [
      ("published_total_b", total, model.publishedTotalB, 0.03),
      ("published_active_b", active, model.publishedActiveB, 0.18),
    ] {
      guard let theirs, abs(ours / theirs - 1) > limit, model.note.isEmpty else { continue }
      error(
        sheet.fault(
          row, column, "counted \(ours), published \(theirs), and no note says why",
          advice: "explain the difference in note"))
    }
  }
}
