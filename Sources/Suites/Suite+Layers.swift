// The suite of whole decoder layers: for each layer and phase a row of the layer, and one of each of its operators.
// They take turns, so that what a layer takes can be held against the sum of its operators.

public import Measurement

extension Suite {
  /// Prompts of 512 tokens, and decode steps of 1 and 16 sequences with 4096 cached keys each.
  static func layers() -> [Case] {
    DecoderLayer.presets.flatMap { layer in
      layerCases(layer, tokens: 512, cachedKeys: nil)
        + [1, 16].flatMap { layerCases(layer, tokens: $0, cachedKeys: 4096) }
    }
  }

  /// A layer and its operators.
  ///
  /// Rows of one pass of a model add up, so the layer and its operators have passes of their own, each as often as
  /// the model has such layers.
  public static func layerCases(_ layer: DecoderLayer, tokens: Int, cachedKeys: Int?) -> [Case] {
    let isDecode = cachedKeys != nil
    let pass = cachedKeys.map { "decode b\(tokens) ctx\($0)" } ?? "prefill s\(tokens)"
    let name =
      cachedKeys.map { "\(layer.name)_decode_b\(tokens)_ctx\($0)" } ?? "\(layer.name)_prefill_s\(tokens)"
    let parts = [nil] + layer.operators(isDecode: isDecode).enumerated().map { Optional($0) }
    return parts.map { part in
      let shape = Shape.decoderLayer(
        layer, tokens: tokens, cachedKeys: cachedKeys, part: part.map { $0.offset + 1 })
      var subject = Case(
        .decoderLayer, shape, id: name + (part.map { Case.partMark + $0.element.rawValue } ?? ""),
        phase: isDecode ? .decode : .prefill, by: .swift)
      subject.use = ModelUse(
        model: layer.model + (layer.scaling.isEmpty ? "" : " (\(layer.scaling))"),
        layer: part?.element.rawValue ?? Case.wholeLayer,
        pass: (part == nil ? "layers, " : "operators, ") + pass, callsPerPass: Double(layer.count))
      return subject
    }
  }
}

extension Case {
  /// Stands between the name of a layer's shape and that of an operator.
  static let partMark = "."
  /// What the column `layer` says of a whole layer.
  static let wholeLayer = "decoder_layer"

  /// The shape's name; of an operator the name of its layer's.
  var wholeShapeID: String {
    guard shape.layerPart != nil, let end = shapeID.lastIndex(of: ".") else { return shapeID }
    return String(shapeID[..<end])
  }
}
