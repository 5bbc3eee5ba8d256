// The border between catalogue rows and the pure arithmetic: a row becomes a shape, rates or constants, or a
// gap that names the missing cell.

public import Catalog
public import Quantities
public import Tables

extension ModelShape {
  /// The dimensions of a catalogued model, or the datum without which its work is not known.
  public static func from(_ row: ModelArchitecture) -> Known<ModelShape> {
    func gap(_ missing: String) -> Gap {
      Gap("work of \(row.model)", missing: missing, remedy: "complete its row in models.csv")
    }
    let needed: [(String, Int?)] = [
      ("layers", row.layers), ("hidden", row.hidden), ("q_heads", row.qHeads), ("kv_heads", row.kvHeads),
      ("head_dim", row.headDim), ("vocab", row.vocab), ("kv_elems_per_token", row.kvElemsPerToken),
    ]
    for (name, value) in needed where (value ?? 0) <= 0 { return .failure(gap("no \(name)")) }
    func number(_ value: Int?) -> Double { Double(value ?? 0) }

    var shape = ModelShape()
    shape.name = row.model
    shape.attention = row.attention == "mla" ? .latent : row.attention == "csa" ? .compressed : .grouped
    shape.layers = number(row.layers)
    shape.denseLayers = number(row.denseLayers)
    shape.moeLayers = number(row.moeLayers)
    shape.linearLayers = number(row.linearLayers)
    shape.attentionLayers = row.attentionLayers.map(Double.init) ?? shape.layers - shape.linearLayers
    shape.hidden = number(row.hidden)
    shape.queryHeads = number(row.qHeads)
    shape.kvHeads = number(row.kvHeads)
    shape.headDim = number(row.headDim)
    shape.valueHeadDim = number(row.vHeadDim)
    shape.valuesAreKeys = row.valuesAreKeys ?? false
    shape.gatesAttention = row.attentionGate ?? false
    shape.ffn = number(row.ffn)
    shape.ffnMatrices = number(row.ffnMatrices ?? 3)
    shape.expertFFN = number(row.moeFfn)
    shape.expertHidden = number(row.expertHidden)
    shape.experts = number(row.experts)
    shape.topK = number(row.topK)
    shape.sharedExperts = number(row.sharedExperts)
    shape.sharedFFN = number(row.sharedFfn)
    shape.vocabulary = number(row.vocab)
    shape.tiedEmbeddings = row.tiedEmbeddings ?? false
    shape.queryRank = number(row.qLoraRank)
    shape.kvRank = number(row.kvLoraRank)
    shape.nopeDim = number(row.qkNopeDim)
    shape.ropeDim = number(row.qkRopeDim)
    shape.outputRank = number(row.oLoraRank)
    shape.outputGroups = number(row.oGroups)
    shape.window = number(row.window)
    shape.windowLayers = number(row.windowLayers)
    shape.windowIsChunk = row.windowChunked ?? false
    func other(_ value: Int?, _ usual: Double) -> Double { number(value) > 0 ? number(value) : usual }
    shape.windowKVHeads = other(row.windowKvHeads, shape.kvHeads)
    shape.windowHeadDim = other(row.windowHeadDim, shape.headDim)
    shape.windowValueHeadDim = other(row.windowHeadDim, shape.valueHeadDim)
    shape.sparseTopK = number(row.sparseTopk)
    shape.sparseLayers = number(row.sparseLayers)
    shape.sparseRatio = max(1, number(row.sparseRatio))
    shape.indexLayers = number(row.indexLayers)
    shape.indexHeads = number(row.indexHeads)
    shape.indexDim = number(row.indexDim)
    shape.coarseLayers = number(row.coarseLayers)
    shape.coarseRatio = max(1, number(row.coarseRatio))
    shape.draftLayers = number(row.mtpLayers)
    if row.nativeWeights.contains("+fp8") { shape.typeBesideFourBit = .fp8 }
    if row.nativeWeights == "int4-moe" { shape.integerType = .int4Group32 }
    shape.kvElementsPerToken = number(row.kvElemsPerToken)
    shape.windowedKVElementsPerToken = number(row.kvElemsPerTokenWindowed)
    shape.stateBytes = number(row.stateBytesPerSeq)
    shape.normalisesQueriesAndKeys = row.family.hasPrefix("qwen3")

    if shape.attention == .latent, shape.kvRank == 0 {
      return .failure(gap("no kv_lora_rank, the rank of its latent"))
    }
    if shape.attention == .compressed, shape.queryRank == 0 || shape.outputRank == 0 || shape.window == 0 {
      return .failure(gap("no q_lora_rank, o_lora_rank or window of its compressed attention"))
    }
    if shape.isMoE, shape.experts <= 0 || shape.topK <= 0 || shape.expertFFN <= 0 {
      return .failure(gap("no experts, top_k or moe_ffn"))
    }
    if shape.linearLayers > 0 {
      shape.linearKeyHeads = number(row.linearKeyHeads)
      shape.linearValueHeads = number(row.linearValueHeads)
      shape.linearKeyDim = number(row.linearKeyDim)
      shape.linearValueDim = number(row.linearValueDim)
      guard let recurrence = Recurrence(rawValue: row.linearKind), shape.linearKeyHeads > 0,
        shape.linearValueHeads > 0, shape.linearKeyDim > 0, shape.linearValueDim > 0
      else { return .failure(gap("no linear_kind, or heads and sizes of its linear layers")) }
      shape.recurrence = recurrence
    }
    if shape.sparseLayers > 0, shape.sparseTopK <= 0 || shape.indexHeads <= 0 || shape.indexDim <= 0 {
      return .failure(gap("no sparse_topk, index_heads or index_dim of its sparse attention"))
    }
    return .success(shape)
  }
}

extension Precision {
  /// The format that this name means for a model: the FP8 checkpoints of models published in block-scaled FP8, of
  /// Qwen3 mixtures and of GLM-5 are block-scaled.
  public func resolved(for model: ModelArchitecture) -> Precision {
    guard self == .fp8 else { return self }
    let isQwenMixture = model.kind == "moe" && model.family.hasPrefix("qwen3")
    let isPublishedInBlocks = model.nativeWeights == "fp8-block" || model.nativeWeights.hasSuffix("+fp8")
    return isPublishedInBlocks || isQwenMixture || model.family == "glm_moe_dsa" ? .fp8Block : .fp8
  }

  /// The format that one would serve when none is given: the published one, or FP8 for a bf16 model on a
  /// chip that computes in FP8.
  public static func usual(for model: ModelArchitecture, on chip: ChipRates) -> Precision {
    let native = model.nativeWeights
    if native.contains("int4") { return .int4 }
    // Experts of a mixture that ship in 4 bits have one scale for 32 elements, whoever publishes them.
    if native.contains("mxfp4") || native.hasPrefix("fp4-moe") { return .mxfp4 }
    if native.contains("fp4") { return .fp4 }
    if native.hasPrefix("fp8") || chip.fp8Peak != nil { return Precision.fp8.resolved(for: model) }
    return .bf16
  }
}

extension EngineConstants {
  /// The constants of a catalogue.
  ///
  /// - Throws: `InputError` that names the first constant that the table lacks.
  public init(_ rows: [EngineConstant]) throws(InputError) {
    func value(_ name: String, _ scope: String = "all") throws(InputError) -> Double {
      guard let found = rows.first(where: { $0.constant == name && $0.engineOrChip == scope })?.value else {
        throw InputError(
          file: EngineConstant.fileName, "the constant '\(name)' for '\(scope)' is missing",
          advice: "restore its row from the bundled table")
      }
      return found
    }
    func time(_ unit: Unit, _ name: String, _ scope: String = "all") throws(InputError) -> Seconds {
      Seconds(unit.toBase(try value(name, scope)))
    }
    self.init()
    weightBandwidthShare = try value("em")
    expertBandwidthShare = try value("emm")
    kvBandwidthShare = try value("ekv")
    groupedGEMMShare = try value("efm")
    // Tables of before these constants have none: the reference form then holds.
    prefillingRanks = rows.first { $0.constant == "dpf" && $0.engineOrChip == "all" }?.value ?? 0
    expertHalfWidth = rows.first { $0.constant == "eih" && $0.engineOrChip == "all" }?.value ?? 0
    decodeAttentionShare = try value("ekf")
    prefillAttentionShare = try value("efa")
    allReduceLatency = try time(.microsecond, "al")
    allGatherLatency = try time(.microsecond, "al2")
    scaleUpShare = try value("en")
    kernelOverhead = try time(.microsecond, "oK")
    quantisedOverhead = try time(.microsecond, "oQ")
    blockScaledOverhead = try time(.microsecond, "oB")
    stepOverhead = try time(.microsecond, "oS")
    requestOverhead = try time(.microsecond, "oR")
    halfRateRowsBF16 = try value("mh0")
    halfRateRowsQuantised = try value("mh1")
    expertPadding = try value("pad")
    interference = try value("phi")
    gemmShareFactor = ChipRates.GEMMShare(
      bf16: try value("ef0"), fp8: try value("ef1"), fp4: try value("ef2"))
    for engine in Engine.allCases {
      var server = Server()
      server.lockStep = try value("lock", engine.rawValue)
      server.admission = try time(.millisecond, "ttft_a", engine.rawValue)
      server.prefillLaunch = try time(.microsecond, "ttft_eps", engine.rawValue)
      server.burst = try value("ttft_q", engine.rawValue)
      server.burstFixedLengths = try value("ttft_qf", engine.rawValue)
      servers[engine] = server
    }
  }
}

/// Shares of the dense peak that large products reach, by chip, what else was measured of its operators, and where
/// both come from.
struct KernelShares: Sendable {
  /// A chip's shares: of its own measured rows, from published kernels, or the class prior.
  struct Entry: Sendable {
    let shares: ChipRates.GEMMShare
    /// What a run on the chip measured beside large products.
    let measured: ChipRates.Measured
    /// True where its kernels were published.
    let isPublished: Bool
    /// Runs of this program that measured the chip; empty = none did.
    let run: String
  }

  private typealias Row = (name: String, shares: ChipRates.GEMMShare, isKernelTable: Bool)
  private let published: [Row]
  private let own: [(name: String, rows: [EngineConstant])]
  private let prior: ChipRates.GEMMShare

  init(_ rows: [EngineConstant]) throws(InputError) {
    func shares(_ scope: String) -> ChipRates.GEMMShare? {
      func value(_ type: String) -> Double? {
        rows.first { $0.constant == "einf_\(type)" && $0.engineOrChip == scope }?.value
      }
      guard let bf16 = value("bf16") else { return nil }
      // A type that was not measured falls back to the next wider one, as the arithmetic does.
      let fp8 = value("fp8") ?? bf16
      return ChipRates.GEMMShare(bf16: bf16, fp8: fp8, fp4: value("fp4") ?? fp8)
    }
    guard let prior = shares("class") else {
      throw InputError(
        file: EngineConstant.fileName, "the constant 'einf_bf16' for 'class' is missing",
        advice: "restore its row from the bundled table")
    }
    self.prior = prior
    let measured = rows.filter { $0.how == EngineConstant.measured }
    var scopes: [String] = []
    for row in measured where !scopes.contains(row.engineOrChip) { scopes.append(row.engineOrChip) }
    own = scopes.map { scope in (scope, measured.filter { $0.engineOrChip == scope }) }
    let others = rows.filter {
      $0.constant == "einf_bf16" && $0.engineOrChip != "class" && $0.how != EngineConstant.measured
    }
    published = others.compactMap { row in
      shares(row.engineOrChip).map { (row.engineOrChip, $0, row.how == "kernel table") }
    }
  }

  /// The shares of a chip; `ids` tells `H100` from `H100 PCIe`.
  ///
  /// What a run on the chip measured comes first, format by format; what it did not, from what was published.
  func entry(for id: String, among ids: [String]) -> Entry {
    func isChip(_ name: String) -> Bool { acceleratorID(forPublishedName: name, among: ids) == id }
    let known = published.first { isChip($0.name) }
    let base = known?.shares ?? prior
    guard let rows = own.first(where: { isChip($0.name) })?.rows else {
      return Entry(shares: base, measured: .init(), isPublished: known?.isKernelTable ?? false, run: "")
    }
    func value(_ constant: String) -> Double? { rows.first { $0.constant == constant }?.value }
    var measured = ChipRates.Measured()
    measured.weightBandwidth = value("em")
    measured.cacheBandwidth = value("ekv")
    measured.prefillAttention = value("efa")
    var runs: [String] = []
    for row in rows where !runs.contains(row.source) { runs.append(row.source) }
    return Entry(
      shares: ChipRates.GEMMShare(
        bf16: value("einf_bf16") ?? base.bf16, fp8: value("einf_fp8") ?? base.fp8,
        fp4: value("einf_fp4") ?? base.fp4),
      measured: measured, isPublished: known?.isKernelTable ?? false, run: runs.joined(separator: ", "))
  }
}
