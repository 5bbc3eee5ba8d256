// Why a model cannot be served on a chip: the datum, the memory or the limit that stands in the way, in words.

import Quantities

extension DeploymentSearch {
  /// True where nobody says what the links of the chip carry in one direction: a replica is then one accelerator.
  ///
  /// A host is one by choice, not for want of a datum.
  var lacksLink: Bool { curves == nil && chip.scaleUpBandwidth == nil }

  /// Bytes that a rank lacks for its weights and one sequence; nil = fits.
  func missingMemory(_ step: StepModel) -> Bytes? {
    let lack = step.bytesPerSequence(context: workload.meanContext) - step.servingMemory
    return lack.value > 0 ? lack : nil
  }

  /// True where no candidate holds the weights and one sequence.
  func fitsNowhere(_ precision: Precision) -> Bool {
    candidates(precision).allSatisfy {
      missingMemory(
        StepModel(
          model: model, chip: chip, deployment: $0, constants: constants, speculation: speculation)) != nil
    }
  }

  /// The weights, or the cache of one request beside them, are larger than the memory.
  func doesNotFit(_ step: StepModel, _ lack: Bytes) -> Gap {
    func gib(_ bytes: Bytes) -> String { tenths(Unit.gibibyte.fromBase(bytes.value)) }
    let memory = gib(chip.memory)
    let left = step.servingMemory
    let weights = gib(step.weightBytesPerRank)
    let subject = subject(step)
    let each = step.deployment.accelerators > 1 ? " on each rank" : ""
    guard left.value > 0 else {
      // What a loader leaves is a share; below zero the plain difference says more.
      let cache = step.bytesPerSequence(context: workload.meanContext)
      let short = Bytes(max(lack.value, (step.weightBytesPerRank + cache - chip.memory).value))
      return Gap(
        subject, missing: "\(gib(short)) GiB of memory\(each): weights take \(weights) of \(memory) GiB",
        remedy: "use more ranks, a smaller number format or a chip with more memory")
    }
    let cache = gib(step.bytesPerSequence(context: workload.meanContext))
    return Gap(
      subject,
      missing: "\(gib(lack)) GiB of memory\(each): the KV cache of one request of "
        + "\(tenths(workload.meanContext).prefix { $0 != "." }) tokens takes \(cache) GiB, and beside weights of \(weights) GiB "
        + "\(gib(left)) of \(memory) GiB are left for it",
      remedy: "shorten the prompt, use more ranks or a chip with more memory")
  }

  /// Several accelerators are needed or asked for, and their link is not known.
  func linkUnknown(oneAlone: String? = nil) -> Gap {
    Gap(
      "\(model.name) on several \(chip.name)",
      missing: "the one-way scale-up bandwidth of \(chip.name) is not published (at most a figure without "
        + "direction), so no deployment over several accelerators is estimated"
        + (oneAlone.map { "; one alone \($0)" } ?? ""),
      remedy: "give scaleup_unidirectional_GBps in the row of \(chip.name) in accelerators.csv")
  }

  /// One deployment breaks a limit.
  func unreachable(_ step: StepModel, _ binding: Binding, at concurrency: Int) -> Gap {
    Gap(
      subject(step),
      missing: "the \(binding.rawValue) cannot be kept with \(concurrency) request(s) in flight",
      remedy: "loosen the limit or use more ranks")
  }

  /// Every deployment that fits breaks a limit.
  func limitsUnreachable() -> Gap {
    Gap(
      "\(model.name) on \(chip.name)",
      missing: "no deployment of up to \(replicaLimit) accelerators keeps the limits, even for one request",
      remedy: "loosen the limits on TTFT or TPOT")
  }

  private func subject(_ step: StepModel) -> String {
    "\(model.name) (\(step.deployment.summary)) on \(step.deployment.accelerators) x \(chip.name)"
  }
}
