// A figure walked back to its operators: each product, read, collective and launch of a step with its time, what bounds
// it and which constants it took. The lines of a step add up to the step.

public import Quantities

/// One operator of a step.
public struct OperatorLine: Sendable, Hashable {
  /// Part of the step, e.g. `expert product`.
  public let part: String
  /// Shape or content, e.g. `64 x 8,192 to 28,672 fp8, 80 times`.
  public let what: String
  /// Time in the step.
  public let seconds: Seconds
  /// arithmetic, memory, link or host.
  public let boundBy: String
  /// Rows of the catalogue and constants that it rests on.
  public let source: String
}

/// A decode step and a prompt by operator, and the formulas that join them.
public struct OperatorWalk: Sendable {
  /// Operators of a decode step at the batch.
  public let decode: [OperatorLine]
  /// Operators of the prefill of one prompt alone.
  public let prefill: [OperatorLine]
  /// From steps to the figures, a sentence each.
  public let formulas: [String]
  /// From steps to the rates of an accelerator that does only one of both phases, a sentence each.
  public let rates: [String]
}

extension StepModel {
  /// The operators of the point at a concurrency, and what `anchors` shift in its figures.
  func walk(concurrency: Double, workload: Workload, anchors: AnchorShift = .none) -> OperatorWalk {
    let limit = batchLimit(context: workload.meanContext)
    let point = operate(concurrency: concurrency, batchLimit: limit, workload: workload)
    let rank = point.batch / sharding.pipeline / sharding.data
    let group = point.batch / sharding.pipeline
    var decode = products(rankTokens: rank, groupTokens: group, sampled: rank)
    let bytes = kvTraffic(sequences: rank, context: workload.meanContext)
    let read = bytes / (chip.memoryBandwidth.value * constants.kvBandwidthShare)
    decode.append(
      OperatorLine(
        part: "attention",
        what: "\(tenths(Unit.gigabyte.fromBase(bytes))) GB of cache, \(short(rank)) x "
          + "\(whole(workload.meanContext)) tokens",
        seconds: point.decode.attention,
        boundBy: read >= point.decode.attention.value * 0.999 ? "memory" : "arithmetic",
        source: "ekv, ekf"))
    var exchanged = collectives(rankTokens: rank)
    if sharding.context > 1 { addContext(decoding: rank, to: &exchanged) }
    decode.append(link(exchanged, seconds: point.decode.communication))
    decode.append(
      OperatorLine(
        part: "launches", what: "\(whole(kernelCount)) kernels, \(whole(quantisedCount)) quantised products",
        seconds: point.decode.overhead, boundBy: "host", source: "oK, oQ, oB, oS"))
    decode.append(
      OperatorLine(
        part: "requests", what: "\(short(rank)) streams", seconds: point.decode.requests, boundBy: "host",
        source: "oR"))

    let tokens = workload.freshTokens
    let others = 1 + (sharding.data - 1) * constants.prefillingRanks
    var prefill = products(
      rankTokens: tokens / sharding.context, groupTokens: tokens * others, sampled: 1)
    prefill.append(
      OperatorLine(
        part: "attention", what: "\(whole(tokens)) tokens behind \(whole(workload.cachedTokens)) cached",
        seconds: point.prefill.attention, boundBy: "arithmetic", source: "efa"))
    var gathered = collectives(rankTokens: tokens / sharding.context)
    if sharding.context > 1 {
      addContext(prompt: tokens, prefix: workload.cachedTokens, sequences: 1, to: &gathered)
    }
    prefill.append(link(gathered, seconds: point.prefill.transfer, latency: false))
    prefill.append(
      OperatorLine(
        part: "launches", what: "\(whole(kernelCount)) kernels, latency of collectives",
        seconds: point.prefill.latency, boundBy: "host", source: "oK, oQ, oB, oS, al"))
    return OperatorWalk(
      decode: decode, prefill: prefill,
      formulas: formulas(point, workload) + shifts(point, workload, anchors), rates: rates(point, workload))
  }

  private func products(rankTokens: Double, groupTokens: Double, sampled: Double) -> [OperatorLine] {
    var lines: [OperatorLine] = []
    forEachProduct(rankTokens: rankTokens, groupTokens: groupTokens, sampled: sampled) {
      product, rows, held in
      let timed = TimedProducts.Coefficients(
        product, chip: chip, constants: constants, sharding: sharding, expertFFN: model.expertFFN)
      let isRouted = product.rows == .routed
      let copies = isRouted ? held : 1
      let arithmetic = timed.row * (rows + timed.filling * copies)
      let memory = timed.weights * copies + timed.activations * rows
      let experts = isRouted ? ", \(short(held)) experts" : ""
      lines.append(
        OperatorLine(
          part: isRouted ? "expert product" : product.rows == .sampled ? "head" : "product",
          what: "\(short(rows)) rows\(experts), \(whole(product.k)) to \(whole(product.n)) \(product.type), "
            + "x \(short(product.count))",
          seconds: Seconds(max(arithmetic, memory)), boundBy: arithmetic > memory ? "arithmetic" : "memory",
          source: isRouted ? "einf of \(chip.name), efm, eih, pad, emm" : "einf of \(chip.name), mh, em"))
    }
    return lines
  }

  private func link(_ traffic: Traffic, seconds: Seconds, latency: Bool = true) -> OperatorLine {
    let out =
      traffic.scaleOut > 0 ? ", \(tenths(Unit.mebibyte.fromBase(traffic.scaleOut))) MiB out" : ""
    return OperatorLine(
      part: "collectives",
      what: "\(tenths(Unit.mebibyte.fromBase(traffic.scaleUp))) MiB scale-up\(out)",
      seconds: seconds, boundBy: "link", source: latency ? "en, al, al2" : "en")
  }

  private func rates(_ point: OperatingPoint, _ workload: Workload) -> [String] {
    let ms = { (time: Seconds) in "\(tenths(Unit.millisecond.fromBase(time.value))) ms" }
    let chips = Double(deployment.accelerators)
    let machines = chips == 1 ? "1 accelerator" : "\(whole(chips)) accelerators"
    let share = sharding.pipeline * sharding.data
    let hidden = deployment.engine == .sglang ? "" : ", latencies hidden behind decode"
    let cut = share > 1 ? ", over \(whole(share)) stages or attention ranks" : ""
    return [
      "Prefill-only rate \(short(workload.freshTokens / point.marginalPrefill.value / chips)) tokens/s = "
        + "\(short(workload.freshTokens)) tokens / \(ms(point.marginalPrefill)) of a further prompt "
        + "(\(ms(point.prefill.total)) alone\(hidden)\(cut)) / \(machines).",
      "Decode-only rate \(short(point.batch / point.decode.total.value / chips)) tokens/s = "
        + "\(short(point.batch)) requests / \(ms(point.decode.total)) of a decode step / "
        + "\(machines).",
    ]
  }

  /// From the formulas to the figures: what measured rows of the model on the chip change.
  private func shifts(_ point: OperatingPoint, _ workload: Workload, _ anchors: AnchorShift) -> [String] {
    guard anchors.isAnchored else { return [] }
    let ms = { (time: Seconds) in "\(tenths(Unit.millisecond.fromBase(time.value))) ms" }
    let shifted = point.anchored(anchors, outputTokens: workload.outputTokens)
    return anchors.notes.map { "Anchor: \($0)." } + [
      "Anchored: time per output token \(ms(shifted.tpot)), time to first token \(ms(shifted.ttft)), output rate "
        + "\(whole(shifted.outputTokensPerSecond.value)) tokens/s; the operators stay as computed."
    ]
  }

  /// The decode step, or what a step that verifies drafts takes for each token that it yields.
  private func stepText(_ point: OperatingPoint, _ workload: Workload) -> String {
    let ms = { (time: Seconds) in "\(tenths(Unit.millisecond.fromBase(time.value))) ms" }
    guard let speculation else { return "decode step \(ms(point.decode.total))" }
    let drafts = draftTime(batch: point.batch, context: workload.meanContext, speculation)
    let verify = point.decodePerToken * speculation.accepted - drafts
    return
      "(step of \(tenths(1 + speculation.depth)) tokens a sequence \(ms(verify)) + drafts \(ms(drafts))) / "
      + "\(tenths(speculation.accepted)) tokens kept"
  }

  private func formulas(_ point: OperatingPoint, _ workload: Workload) -> [String] {
    let ms = { (time: Seconds) in "\(tenths(Unit.millisecond.fromBase(time.value))) ms" }
    let others = max(0, point.batch - 1)
    let share = constants.interference * others / workload.outputTokens
    return [
      "Time per output token \(ms(point.tpot)) = \(stepText(point, workload)) + "
        + "\(tenths(share)) prompts of the \(tenths(others)) others in that time x \(ms(point.marginalPrefill)).",
      "Time to first token \(ms(point.ttft)) = admission \(ms(constants.server(deployment.engine).admission)) + "
        + "prompt \(ms(point.prefill.total)) + its launches "
        + "\(ms(constants.server(deployment.engine).prefillLaunch * kernelCount)) + half a decode step + queue.",
      "Output rate \(whole(point.outputTokensPerSecond.value)) tokens/s = \(whole(point.concurrency)) requests x "
        + "\(whole(workload.outputTokens)) tokens / (time to first token + "
        + "\(whole(workload.outputTokens - 1)) x time per token), by Little's law.",
    ]
  }
}

/// A count; a small one with its first decimal where it has one.
private func short(_ value: Double) -> String {
  let text = tenths(abs(value) >= 100 ? value.rounded() : value)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A count without decimals.
private func whole(_ value: Double) -> String {
  let text = String(tenths(value).prefix { $0 != "." })
  return text
}
