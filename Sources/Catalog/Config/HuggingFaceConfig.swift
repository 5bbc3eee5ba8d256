// A model's config.json, as the model hub publishes it, as a row of models.csv: dimensions are read, counts of
// layers of each kind are counted, and what follows from them is recounted.

public import Tables

extension ModelArchitecture {
  /// A row from the text of a `config.json`; `file` names it in faults.
  ///
  /// The name is `_name_or_path`, or else the folder of the file; `hfId` stays empty, which tells such a row from
  /// one of the catalogue. Parameters and cache are recounted from the shapes; published sizes stay empty,
  /// because a configuration does not hold them.
  ///
  /// - Throws: `InputError` with file and line for text that is no JSON, an architecture that is not known, and
  ///   a key that is missing or has a value of another kind.
  /// - Complexity: O(text).
  public init(huggingFaceConfig text: String, file: String) throws(InputError) {
    let whole = try ConfigKeys(JSONValue(parsing: text, file: file), file: file)
    let inner = try whole.object("text_config", "language_config") ?? whole
    let outer = try whole.text("model_type")
    guard let type = try inner.text("model_type") ?? outer else { throw whole.missing(["model_type"]) }
    guard let family = ConfigFamily(type) else {
      throw InputError(
        file: file, line: inner.value(["model_type"])?.value.line ?? whole.line,
        "the architecture '\(type.prefix(60))' is not known",
        advice: "known are \(ConfigFamily.known.joined(separator: ", "))")
    }
    self.init()
    // Kimi-K2.5 wraps the text part of K2 and is named after the wrapper.
    self.family = outer == "kimi_k25" ? "kimi_k25" : type
    let named = try whole.text("_name_or_path") ?? ""
    model = named.isEmpty ? Self.name(ofFile: file) : String(named.split(separator: "/").last ?? "")
    source = file
    try readCommon(inner, whole, family)
    try readExperts(inner, family)
    try readAttention(inner, family)
    try readWindows(inner, family)
    try readStates(inner, family)
    nativeWeights = try weights(inner, whole, family)
    try recount(file: file, line: whole.line)
  }

  /// `models/Llama-3.1-8B/config.json` is Llama-3.1-8B, `gpt-oss.json` is gpt-oss.
  private static func name(ofFile file: String) -> String {
    let parts = file.split(separator: "/").map(String.init).filter { $0 != "." && $0 != ".." }
    guard let last = parts.last else { return file }
    if last == "config.json", parts.count > 1 { return parts[parts.count - 2] }
    return last.hasSuffix(".json") ? String(last.dropLast(5)) : last
  }

  private mutating func readCommon(
    _ keys: ConfigKeys, _ whole: ConfigKeys, _ family: ConfigFamily
  ) throws(InputError) {
    let blocks = try hybridBlocks(keys)
    layers = try keys.count("num_hidden_layers", "n_layer", "n_layers", orElse: blocks?.count)
    hidden = try keys.count("hidden_size", "n_embd", "d_model")
    qHeads = try keys.count("num_attention_heads", "n_head", "n_heads")
    guard let layers, let hidden, let qHeads, layers > 0, hidden > 0, qHeads > 0, layers <= 10_000 else {
      throw InputError(
        file: keys.file, line: keys.line, "layers, hidden size and attention heads must be above 0",
        advice: "give the config.json of a model as it was published")
    }
    kvHeads = try keys.count("num_key_value_heads", "num_kv_heads", "n_head_kv", orElse: qHeads)
    if family == .falcon, try !keys.flag("new_decoder_architecture", orElse: false) {
      kvHeads = try keys.flag("multi_query", orElse: true) ? 1 : qHeads
    }
    headDim = try keys.count("head_dim", "attention_head_dim", orElse: hidden / qHeads)
    vHeadDim = try keys.count("v_head_dim", orElse: headDim)
    vocab = try keys.count("vocab_size")
    let tied = try keys.flag("tie_word_embeddings", orElse: family.tiesByDefault)
    tiedEmbeddings = try whole.flag("tie_word_embeddings", orElse: tied)
    maxContext = try keys.count(
      "max_position_embeddings", "n_positions", "seq_length", orElse: family == .bloom ? 2048 : 0)
    if maxContext == 0 { maxContext = nil }
    mtpLayers = try keys.count(
      "num_mtp_modules", "num_nextn_predict_layers", "mtp_num_hidden_layers", orElse: 0)
    ffnMatrices = family.hasGate ? 3 : 2
  }

  /// The kinds of blocks of a hybrid whose layers hold one block each.
  func hybridBlocks(_ keys: ConfigKeys) throws(InputError) -> [Character]? {
    if let pattern = try keys.text("hybrid_override_pattern") { return Array(pattern) }
    let letters: [String: Character] = ["mamba": "M", "moe": "E", "attention": "*", "mlp": "-"]
    return try keys.list("layers_block_type")?.map { $0.text.flatMap { letters[$0] } ?? "?" }
  }

  /// Format of the weights from the quantisation that the configuration names.
  private func weights(
    _ keys: ConfigKeys, _ whole: ConfigKeys, _ family: ConfigFamily
  ) throws(InputError) -> String {
    let experts = kind == "moe"
    if family == .deepseekV4, try keys.text("expert_dtype") == "fp4" { return "fp4-moe+fp8" }
    let inside = try keys.object("quantization_config")
    let outside = try whole.object("quantization_config")
    guard let quantised = inside ?? outside else { return "bf16" }
    let method = try quantised.text("quant_method", "quant_algo") ?? ""
    let format = try quantised.text("format", "quant_algo") ?? ""
    switch method {
    case "fp8", "fbgemm_fp8":
      return try quantised.list("weight_block_size") == nil ? "fp8" : "fp8-block"
    case "mxfp4": return experts ? "mxfp4-moe" : "mxfp4"
    case "awq", "gptq": return experts ? "int4-moe" : "int4"
    case "compressed-tensors" where format.hasPrefix("mxfp4"): return experts ? "mxfp4-moe" : "mxfp4"
    case "compressed-tensors" where format.hasPrefix("nvfp4"): return "nvfp4"
    case "compressed-tensors" where format.hasPrefix("pack"): return experts ? "int4-moe" : "int4"
    case "compressed-tensors" where format.hasPrefix("int"): return "int8"
    case "compressed-tensors" where format.hasPrefix("float"): return "fp8"
    case "modelopt" where format.hasPrefix("FP8"): return "fp8"
    case "modelopt": return "nvfp4"
    default: return "bf16"
    }
  }

  /// Fills what follows from the shapes.
  private mutating func recount(file: String, line: Int) throws(InputError) {
    guard let count = shapeCount else {
      throw InputError(file: file, line: line, "the configuration lacks a dimension that every model has")
    }
    let billion = 1e9
    func whole(_ value: Double) -> Int? { value < 1e15 ? Int(value) : nil }
    kvElemsPerToken = whole(count.cacheElementsPerToken)
    kvElemsPerTokenWindowed = whole(count.windowedElementsPerToken)
    kvBytesPerToken16bit = whole(2 * count.cacheElementsPerToken.rounded(.down))
    stateBytesPerSeq = whole(count.stateBytes)
    paramsTotalB = count.total / billion
    paramsActiveB = (kind == "moe" ? count.active : count.total) / billion
    paramsInputEmbeddingB = Double(vocab ?? 0) * Double(hidden ?? 0) / billion
  }
}
