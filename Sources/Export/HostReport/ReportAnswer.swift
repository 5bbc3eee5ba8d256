// The paragraph above everything: which machine, how near to its limits, how against its peers, what to doubt.

import Measurement
import Results
import Tables

/// A paragraph of the answer.
struct AnswerSentence {
  let text: String
  /// True for what makes figures worthless.
  let isBad: Bool

  init(_ text: String, isBad: Bool = false) {
    self.text = text
    self.isBad = isBad
  }
}

/// Sentences that answer what a run was made for.
struct ReportAnswer {
  let run: ReportRun

  /// Paragraphs in reading order, wrong results first; a run without times has one that says so.
  var paragraphs: [AnswerSentence] {
    guard !run.rows.isEmpty else {
      return [
        AnswerSentence("\(run.input.name) holds no rows: nothing was measured, so there is nothing to show.")
      ]
    }
    let bad = wrong.map { [AnswerSentence($0, isBad: true)] } ?? []
    guard run.rows.contains(where: { $0.status.hasTimes }) else {
      let all = statusCounts(run.rows)
      return bad
        + [
          machine,
          "None of its \(counted(run.rows.count, "row")) has a time: \(all). The reasons stand below.",
        ].map { AnswerSentence($0) }
    }
    return bad + [machine, limits, peers, doubts].filter { !$0.isEmpty }.map { AnswerSentence($0) }
  }

  /// Rows whose result differs from the oracle's.
  private var wrong: String? {
    let rows = run.rows.filter { $0.status == .mismatch }
    guard !rows.isEmpty else { return nil }
    let names = rows.prefix(4).map { "\($0.shapeId) by \(peerName($0.impl)) on \($0.placement)" }
    let rest = rows.count > names.count ? " and \(rows.count - names.count) more" : ""
    return "\(counted(rows.count, "wrong result")): \(names.joined(separator: ", "))\(rest)."
      + " Their times are not shown; the reasons stand under What to distrust."
  }

  private var machine: String {
    guard let row = run.rows.first else { return "" }
    let shape = [
      row.packages.map { counted($0, "package") }, row.cores.map { counted($0, "core") },
      row.pus.map { counted($0, "CPU") },
    ].compactMap { $0 }
    let guest = row.hypervisor.isEmpty ? "" : ", a guest of \(row.hypervisor)"
    let name = row.cpuModelName.isEmpty ? row.machineLabel : row.cpuModelName
    let isa = Set(run.kernels.filter { $0.impl == "swift" }.map(\.implIsaPath)).subtracting([""]).sorted()
    let devices = run.sites.filter(\.isDevice).map { "\($0.name) is \($0.device)" }
    return "\(name): \(shape.isEmpty ? "shape unknown" : listed(shape))\(guest)."
      + (devices.isEmpty ? "" : " \(listed(devices)).")
      + (isa.isEmpty ? "" : " The Swift kernels ran their \(listed(isa)) code.")
  }

  private var limits: String {
    let roofs = run.rooflines.compactMap { roofline -> String? in
      let peak =
        roofline.site.isDevice
        ? roofline.peaks.isEmpty
          ? nil
          : "multiplies "
            + listed(
              roofline.peaks.reversed().map { "\($0.type) at \(significant(roofline.drawnUnit.of($0.rate)))" }
            )
            + " \(roofline.drawnUnit.name)"
        : roofline.peak.map { "multiplies and adds at \(significant($0)) GFLOP/s" }
      let memory = roofline.memory.map { "reads \($0.name) at \(significant($0.read)) GB/s" }
      let both = [peak, memory].compactMap { $0 }
      return both.isEmpty ? nil : "\(roofline.site.name) \(both.joined(separator: " and "))"
    }
    let hosts = run.rooflines.count { !$0.site.isDevice && ($0.peak != nil || $0.memory != nil) }
    guard !roofs.isEmpty else {
      return "No ceiling was measured, so how near the kernels are to one is unknown."
    }
    // Of many places of a host the narrowest and the widest tell; every device does.
    let shown = hosts > 3 ? [roofs[0], roofs[hosts - 1]] + roofs[hosts...] : roofs
    return "Measured limits: \(shown.joined(separator: "; ")). " + shares
  }

  /// How near our kernels come, by what bounds them: those of the host, then those of each device.
  private var shares: String {
    let host = run.kernels.filter { $0.impl == run.implementations.first && !$0.isOnDevice }
    let devices = run.sites.filter(\.isDevice).map { site in
      run.kernels.filter { site.holds($0) && $0.isDevicesOwn }
    }
    let texts = ([host] + devices).compactMap(shares)
    return texts.isEmpty ? "No row has a share of a limit: see the warnings." : texts.joined(separator: " ")
  }

  /// The same of one group of rows; nil where none has a share.
  private func shares(_ group: [ResultRow]) -> String? {
    let ours = group.filter { $0.pctOfRoofline != nil }
    let sentences = [("compute", "the arithmetic"), ("memory", "memory"), ("cache", "a cache")].compactMap {
      (name, words) -> String? in
      let rows = ours.filter { $0.boundBy == name }
      let values = rows.compactMap(\.pctOfRoofline).sorted()
      guard let low = values.first, let high = values.last,
        let best = rows.first(where: { $0.pctOfRoofline == high }),
        let middle = Statistics.median(values)
      else { return nil }
      let range =
        values.count == 1
        ? "\(grouped(high, decimals: 0)) % of that limit"
        : "\(grouped(low, decimals: 0)) to \(grouped(high, decimals: 0)) % of that limit, median"
          + " \(grouped(middle, decimals: 0)) %"
      return "\(counted(rows.count, "row")) of \(peerName(best.impl)) bound by \(words) reach \(range)"
        + " (best: \(best.shapeId) on \(best.placement))"
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: "; ") + "."
  }

  private var peers: String {
    let sites = run.sites.map { ($0, run.peers(at: $0)) }
    guard sites.contains(where: { !$0.1.isEmpty }) else {
      return "Only one implementation was measured, so there is nothing to hold it against."
    }
    let ours = run.implementations.first.map(peerName) ?? ""
    let host = sites.filter { !$0.0.isDevice }.flatMap(\.1)
    let devices = sites.filter { $0.0.isDevice && !$0.1.isEmpty }
    return
      (against(host, ours: ours, place: "")
      + devices.flatMap { against($0.1, ours: "Plimsoll", place: " on \($0.0.name)") })
      .joined(separator: " ")
  }

  /// A sentence for each peer of these pairs.
  private func against(_ all: [PeerRatio], ours: String, place: String) -> [String] {
    run.implementations.compactMap { name in
      let pairs = all.filter { $0.peer.impl == name }
      guard let mean = Statistics.geometricMean(pairs.map(\.ratio)) else { return nil }
      let faster = pairs.count { $0.isSettled && $0.ratio > 1 }
      let slower = pairs.count { $0.isSettled && $0.ratio < 1 }
      let cores = Set(pairs.map(\.peer.blasCorename)).subtracting([""]).sorted()
      let kernels = cores.isEmpty ? "" : " (\(listed(cores)) kernels)"
      return
        "Against \(peerName(name))\(kernels)\(place), \(ours) is faster in \(faster) of \(pairs.count) pairs, slower in"
        + " \(slower), and undecided in \(pairs.count - faster - slower); \(peerName(name)) takes"
        + " \(fixed(mean, decimals: 2)) times as long in the geometric mean."
    }
  }

  private var doubts: String {
    var doubts: [String] = []
    let bad = run.rows.filter { $0.status != .ok }
    if !bad.isEmpty { doubts.append("\(counted(bad.count, "row")) not ok (\(statusCounts(bad)))") }
    let warned = run.rows.filter { !$0.warnings.isEmpty }
    if !warned.isEmpty { doubts.append("\(counted(warned.count, "row")) with warnings") }
    let apart = run.rooflines.filter { !$0.doubtfulCeilings.apart.isEmpty }.map(\.site.name)
    if !apart.isEmpty {
      doubts.append("ceilings on which processes disagree by more than 10 % (\(listed(apart)))")
    }
    let single = run.rooflines.filter { !$0.doubtfulCeilings.single.isEmpty }.map(\.site.name)
    if !single.isEmpty {
      doubts.append("ceilings whose spread between processes is unknown (\(listed(single)))")
    }
    let floors = run.floors
    if !floors.isEmpty {
      let texts = floors.map { "\($0.placement) \(percentText($0.floor, decimals: 1))" }
      doubts.append(
        "an A/A floor of \(listed(texts)): the control kernel differed by as much from itself, so smaller"
          + " differences prove nothing")
    }
    let processes = run.rows.compactMap(\.nProcesses).max() ?? 0
    if processes < 5 { doubts.append("intervals that rest on \(counted(processes, "process"))") }
    if run.rows.first?.topologyTrust == TopologyWords.guest {
      doubts.append("cache sizes and core sharing, which are what the hypervisor reports")
    }
    doubts += run.input.meta?.warnings.isEmpty == false ? ["what the run itself warns of"] : []
    return doubts.isEmpty
      ? "Nothing in the rows asks for caution."
      : "To be read with caution: \(doubts.joined(separator: "; "))."
  }

  private func statusCounts(_ rows: [ResultRow]) -> String {
    listed(
      RowStatus.allCases.compactMap { status in
        let count = rows.count { $0.status == status }
        return count > 0 ? "\(count) \(status.rawValue)" : nil
      })
  }
}

/// The spelling of an implementation that its makers use.
func peerName(_ impl: String) -> String {
  switch impl {
  case Implementation.swift.rawValue: "Swift"
  case Implementation.openblas.rawValue: "OpenBLAS"
  case "cublaslt": "cuBLASLt"
  case "cuda": "CUDA"
  default: impl
  }
}

enum TopologyWords {
  /// `topology_trust` of rows whose shape a hypervisor told.
  static let guest = "guest"
}
