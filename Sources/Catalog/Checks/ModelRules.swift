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
      parts(sheet, row, model)
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
    for (column, counted, stated) in [
      ("kv_elems_per_token", count.cacheElementsPerToken, model.kvElemsPerToken),
      ("kv_elems_per_token_windowed", count.windowedElementsPerToken, model.kvElemsPerTokenWindowed),
      ("state_bytes_per_seq", count.stateBytes, model.stateBytesPerSeq),
    ] where Double(stated ?? 0) != counted.rounded(.down) {
      error(
        sheet.fault(
          row, column,
          "\(grouped(Double(stated ?? 0), decimals: 0)) where the shapes give \(grouped(counted, decimals: 0))",
          advice: "one of the shapes is wrong"))
    }
  }

  /// Counts of layers and heads that only make sense together.
  private mutating func parts(_ sheet: Sheet<ModelArchitecture>, _ row: Int, _ model: ModelArchitecture) {
    func missing(_ column: String, _ why: String) {
      error(sheet.fault(row, column, why, advice: "complete the row from the model's configuration"))
    }
    func has(_ value: Int?) -> Bool { (value ?? 0) > 0 }
    if has(model.linearLayers) {
      if model.linearKind.isEmpty { missing("linear_kind", "linear layers without a kind") }
      for (column, value) in [
        ("linear_key_heads", model.linearKeyHeads), ("linear_value_heads", model.linearValueHeads),
        ("linear_key_dim", model.linearKeyDim), ("linear_value_dim", model.linearValueDim),
      ] where !has(value) { missing(column, "linear layers without \(column)") }
    }
    if has(model.sparseLayers) {
      for (column, value) in [
        ("sparse_topk", model.sparseTopk), ("sparse_ratio", model.sparseRatio),
        ("index_layers", model.indexLayers), ("index_heads", model.indexHeads), ("index_dim", model.indexDim),
      ] where !has(value) { missing(column, "sparse layers without \(column)") }
    }
    if has(model.coarseLayers), !has(model.coarseRatio) {
      missing("coarse_ratio", "coarse layers without their ratio")
    }
    if has(model.windowLayers), !has(model.window) { missing("window", "windowed layers without a window") }
    let attending = model.attentionLayers ?? 0
    for (column, value) in [
      ("window_layers", model.windowLayers), ("sparse_layers", model.sparseLayers),
      ("index_layers", model.indexLayers), ("coarse_layers", model.coarseLayers),
    ] where (value ?? 0) > attending {
      missing(column, "\(value ?? 0) of only \(attending) layers with attention")
    }
    let blocks = attending + (model.linearLayers ?? 0)
    if let layers = model.layers, blocks > layers {
      missing("attention_layers", "\(blocks) layers with attention or state, the model has \(layers)")
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
