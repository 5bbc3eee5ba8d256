// One replica as a formula: the time of a decode step and of a prefill from operators. Each product costs the
// larger of its arithmetic and its memory time; KV reads, communication and launches are added to it.
// Pure arithmetic: nothing here reads a file or knows a chip by name.

public import Quantities

/// Step times of a model in one deployment on one chip.
public struct StepModel: Sendable {
  /// A decode step over the batch, by part.
  public struct Decode: Sendable, Hashable {
    /// Matrix products.
    public let products: Seconds
    /// Reading the KV cache, or the arithmetic on it where that takes longer.
    public let attention: Seconds
    /// Collectives.
    public let communication: Seconds
    /// Kernel launches and scheduler.
    public let overhead: Seconds
    /// Per-request work of the server.
    public let requests: Seconds
    /// Sum of the parts.
    public var total: Seconds { products + attention + communication + overhead + requests }
  }

  /// The prefill of one prompt, by part.
  public struct Prefill: Sendable, Hashable {
    /// Matrix products of the prompt alone.
    public let products: Seconds
    /// Their arithmetic only: what they add to a step that reads the weights anyway.
    public let productArithmetic: Seconds
    /// Causal attention.
    public let attention: Seconds
    /// Bytes of the collectives.
    public let transfer: Seconds
    /// Latency of the collectives, launches and scheduler.
    public let latency: Seconds
    /// Time of one prompt alone.
    public var total: Seconds { products + attention + transfer + latency }
  }

  /// The model.
  public let model: ModelShape
  /// The chip.
  public let chip: ChipRates
  /// Ranks, engine and format.
  public let deployment: Deployment
  /// Fitted constants, with what was measured on the chip in their place.
  public let constants: EngineConstants
  /// Bytes of one KV element.
  public let kvBytesPerElement: Double
  /// Kernels of one pass, by convention of the fit.
  public let kernelCount: Double
  /// Quantised products of one pass.
  public let quantisedCount: Double
  /// Weights of one rank.
  public let weightBytesPerRank: Bytes

  let sharding: Sharding
  /// Scheduler constants of the engine.
  let server: EngineConstants.Server
  private let products: [MatrixProduct]
  private let timed: TimedProducts
  private let passOverhead: Seconds
  /// Drafts that each step verifies; nil = none.
  public let speculation: Speculation?

  /// A replica; `kvBytesPerElement` defaults to that of the precision.
  public init(
    model: ModelShape, chip: ChipRates, deployment: Deployment, constants: EngineConstants,
    kvBytesPerElement: Double? = nil, speculation: Speculation? = nil
  ) {
    self.model = model
    self.speculation = speculation
    self.chip = chip
    self.deployment = deployment
    let constants = constants.on(chip)
    self.constants = constants
    self.kvBytesPerElement = kvBytesPerElement ?? deployment.precision.kvBytesPerElement(of: model)
    let sharding = Sharding(deployment, model: model)
    let types = PartTypes(deployment.precision, model: model, chip: chip)
    self.sharding = sharding
    server = constants.server(deployment.engine)
    products = matrixProducts(of: model, sharding: sharding, types: types)
    timed = TimedProducts(products, chip: chip, constants: constants, model: model, sharding: sharding)
    (kernelCount, quantisedCount) = launches(of: model, types: types)
    let perQuantised =
      deployment.precision == .fp8Block ? constants.blockScaledOverhead : constants.quantisedOverhead
    passOverhead =
      constants.kernelOverhead * kernelCount + perQuantised * quantisedCount
      + constants.stepOverhead * sharding.pipeline

    var elements = 0.0
    for product in products {
      let held = product.rows == .routed ? model.experts / sharding.expert : 1
      elements += product.count * held * product.n * product.k * product.type.bytes
    }
    let embedding =
      model.tiedEmbeddings
      ? 0 : model.vocabulary * model.hidden * ElementType.bf16.bytes / sharding.tensor
    weightBytesPerRank = Bytes((elements + embedding) / sharding.pipeline)
  }

  /// A decode step of `batch` sequences of the replica at mean context `context`.
  ///
  /// With pipeline stages the batch is cut into as many micro-batches, one in each stage. A step that verifies
  /// drafts runs `tokensPerSequence` tokens of each sequence over one reading of its cache.
  public func decode(batch: Double, context: Double, tokensPerSequence: Double = 1) -> Decode {
    let group = batch / sharding.pipeline
    let rank = group / sharding.data
    let tokens = rank * tokensPerSequence
    let time = productTime(rankTokens: tokens, groupTokens: group * tokensPerSequence, sampled: tokens)
    let traffic = kvTraffic(sequences: rank, context: context)
    let bytes = traffic / (chip.memoryBandwidth.value * constants.kvBandwidthShare)
    let work = decodeAttentionWork(sequences: tokens, context: context)
    let flop = work / (chip.bf16Peak.value * constants.decodeAttentionShare)
    var link = collectives(rankTokens: tokens)
    if sharding.context > 1 { addContext(decoding: tokens, to: &link) }
    let computing = Seconds(time.total + max(bytes, flop))
    return Decode(
      products: Seconds(time.total), attention: Seconds(max(bytes, flop)),
      communication: exposed(link.latency + transfer(link), behind: computing), overhead: passOverhead,
      requests: constants.requestOverhead * (rank * sharding.pipeline))
  }

  /// The prefill of `sequences` prompts of `tokens` new tokens behind `prefix` cached ones in one step.
  public func prefill(tokens: Double, prefix: Double = 0, sequences: Double = 1) -> Prefill {
    let all = tokens * sequences
    let group = all * (1 + (sharding.data - 1) * constants.prefillingRanks)
    let own = all / sharding.context
    let time = productTime(rankTokens: own, groupTokens: group, sampled: sequences)
    let work = sequences * prefillAttentionWork(tokens: tokens, prefix: prefix)
    var link = collectives(rankTokens: own)
    if sharding.context > 1 { addContext(prompt: tokens, prefix: prefix, sequences: sequences, to: &link) }
    let attention = Seconds(work / (chip.bf16Peak.value * constants.prefillAttentionShare))
    let computing = Seconds(time.total) + attention
    return Prefill(
      products: Seconds(time.total), productArithmetic: Seconds(time.arithmetic),
      attention: attention, transfer: exposed(transfer(link), behind: computing),
      latency: link.latency + passOverhead)
  }

  /// What a prefill adds to a replica that decodes: weights are read once, ranks share the prompts.
  ///
  /// SGLang runs prefill in steps of its own and pays their latency; the others mix it into decode steps.
  public func marginal(_ prefill: Prefill) -> Seconds {
    let ownStep = deployment.engine == .sglang
    let busy = prefill.productArithmetic + prefill.attention + prefill.transfer
    return (ownStep ? busy + prefill.latency : busy) / (sharding.data * sharding.pipeline)
  }

  /// A step in which `batch` sequences decode while `prompts` prompts (a fraction counts) go through the same
  /// products: weights are read once for both.
  ///
  /// This is the steady state of an engine that mixes prefill into decode; ranks share the prompts.
  public func mixedStep(batch: Double, prompts: Double, workload: Workload) -> Seconds {
    let decode = decode(batch: batch, context: workload.meanContext)
    let prompt = prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
    let group = batch / sharding.pipeline
    let rank = group / sharding.data
    let tokens = prompts * workload.freshTokens / sharding.pipeline
    let together = productTime(
      rankTokens: rank + tokens / sharding.data / sharding.context, groupTokens: group + tokens,
      sampled: rank + prompts / sharding.data / sharding.pipeline
    ).total
    let rest = (prompt.attention + prompt.transfer) * (prompts / (sharding.data * sharding.pipeline))
    return decode.total - decode.products + Seconds(together) + rest
  }

  // MARK: Operators

  /// Calls `body` with every product of a pass, its rows, and how many copies of its weights are read.
  func forEachProduct(
    rankTokens: Double, groupTokens: Double, sampled: Double,
    _ body: (_ product: MatrixProduct, _ rows: Double, _ held: Double) -> Void
  ) {
    let touched =
      model.isMoE
      ? expectedExpertsTouched(experts: model.experts, topK: model.topK, tokens: groupTokens)
        / sharding.expert : 0
    let routed = groupTokens * model.topK / sharding.expert
    for product in products {
      switch product.rows {
      case .tokens: if rankTokens > 0 { body(product, rankTokens, 1) }
      case .routed: if routed > 0 { body(product, routed, touched) }
      case .sampled: if sampled > 0 { body(product, sampled, 1) }
      }
    }
  }

  /// Bytes of inputs and outputs of a product; quantised inputs are written once more in their type.
  func activationBytes(_ product: MatrixProduct, rows: Double) -> Double {
    rows * product.activationBytesPerRow
  }

  /// Seconds of all products and of their arithmetic alone.
  func productTime(
    rankTokens: Double, groupTokens: Double, sampled: Double
  ) -> (total: Double, arithmetic: Double) {
    timed.time(rankTokens: rankTokens, groupTokens: groupTokens, sampled: sampled)
  }

  /// Bytes over the scale-up link, bytes over the scale-out link, and latency of the collectives of one pass over
  /// `rankTokens` tokens of a rank.
  func collectives(rankTokens: Double) -> Traffic {
    var traffic = Traffic()
    let row = model.hidden * ElementType.bf16.bytes
    let nodes = max(1, (sharding.ranks / (chip.scaleUpDomain ?? sharding.ranks)).rounded(.up))
    if sharding.tensor > 1 {
      let calls =
        sharding.data > 1 ? model.attentionLayers + model.linearLayers : model.blocks
      let domains = max(1, (sharding.tensor / (chip.scaleUpDomain ?? sharding.tensor)).rounded(.up))
      let inside = sharding.tensor / domains
      traffic.scaleUp += calls * Collective.allReduce.busFactor(ranks: inside) * rankTokens * row
      traffic.latency = traffic.latency + constants.allReduceLatency * calls
      if domains > 1 {
        // Reduce-scatter inside, all-reduce of the parts across, all-gather inside.
        traffic.scaleOut += calls * Collective.allReduce.busFactor(ranks: domains) * rankTokens * row / inside
        traffic.latency = traffic.latency + constants.allGatherLatency * calls
      }
    }
    if sharding.data > 1, model.isMoE {
      // All-gather in (4-bit where the chip computes in it), reduce-scatter out in bf16.
      let native4 = deployment.precision == .fp4 && chip.fp4Peak != nil
      // Groups of a server gather everything; wider ones send a token only where its experts lie, in its own type.
      let isWide = sharding.expert > gatheringRanks
      let sent: ElementType = native4 ? .fp4 : isWide && deployment.precision != .bf16 ? .fp8 : .bf16
      let perElement = sent.bytes + ElementType.bf16.bytes
      let peers =
        isWide ? expectedRanksHit(ranks: sharding.expert, topK: model.topK) : sharding.expert - 1
      traffic.scaleUp += model.moeLayers * rankTokens * peers * model.hidden * perElement
      traffic.latency = traffic.latency + constants.allGatherLatency * (2 * model.moeLayers)
      if nodes > 1 {
        let hit =
          min(mostNodesOfToken, expectedRanksHit(ranks: nodes, topK: model.topK)) * (nodes - 1) / nodes
        traffic.scaleOut += model.moeLayers * rankTokens * hit * model.hidden * perElement
      }
    }
    if sharding.pipeline > 1 {
      let sends = sharding.pipeline - 1
      traffic.scaleUp += sends * rankTokens * row
      traffic.latency = traffic.latency + constants.allReduceLatency * sends
    }
    return traffic
  }

  /// What the collectives of a pass move and wait.
  struct Traffic {
    /// Bytes over the scale-up link of a rank.
    var scaleUp = 0.0
    /// Bytes over its scale-out link.
    var scaleOut = 0.0
    /// Latency of all calls.
    var latency = Seconds.zero
  }

  private func transfer(_ traffic: Traffic) -> Seconds {
    let inside = chip.scaleUpBandwidth.map { Bytes(traffic.scaleUp) / ($0 * constants.scaleUpShare) } ?? .zero
    guard traffic.scaleOut > 0 else { return inside }
    let across = chip.scaleOutBandwidth.map { Bytes(traffic.scaleOut) / ($0 * scaleOutShare) } ?? .zero
    return inside + across
  }

  /// The part of a communication that computing does not hide.
  private func exposed(_ communication: Seconds, behind computing: Seconds) -> Seconds {
    overlapsCommunication ? max(.zero, communication - computing) : communication
  }

  /// True where experts span more ranks than gather everything: such engines run two half batches, one computes
  /// while the other communicates.
  var overlapsCommunication: Bool { model.isMoE && sharding.data > 1 && sharding.expert > gatheringRanks }
}

/// Ranks up to which attention-DP gathers all tokens (what the engines did in the fitted runs).
private let gatheringRanks = 16.0
/// Share of a network port that all-to-all libraries reach on Hopper: 43 to 47 of 50 GB/s in the dispatch and
/// combine rows of measured_kernels.csv.
private let scaleOutShare = 0.9
/// Servers that the experts of one token may lie on where routing is limited to node groups.
private let mostNodesOfToken = 4.0
