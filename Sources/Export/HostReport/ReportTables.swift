// The tables of one run: every row, what is wrong with rows, the machine's facts, where everything came from.

import Measurement
import Quantities
import Results
import Tables

/// The tables of a run.
struct ReportTables {
  let run: ReportRun

  /// Every row that has times, one folded table a place: a list to look things up in, not to read through.
  var rows: Markup {
    let tables = run.sites.compactMap { site -> Markup? in
      let rows = run.rows.filter { site.holds($0) && $0.status.hasTimes }
      guard !rows.isEmpty else { return nil }
      return .tag(
        "details", [:], .tag("summary", [:], "\(counted(rows.count, "row")) of \(site.title)"),
        table(rows, site))
    }
    return .tag("p", ["class": "note"], ReportTables.definitions) + .joined(tables)
  }

  /// Decoder layers by their operators, and their sum beside the layer's own time; nil where there are none.
  var layers: Markup? {
    let all = LayerTable(run.rows).layers.filter { $0.sum != nil && $0.seconds != nil }
    guard !all.isEmpty else { return nil }
    var table = HTMLTable(
      "Operators of decoder layers",
      [
        .init(heading: "operator"), .init(heading: "time", isNumber: true),
        .init(heading: "% of the sum", isNumber: true), .init(heading: "GFLOP/s", isNumber: true),
        .init(heading: "GB/s", isNumber: true),
      ])
    for layer in all {
      guard let sum = layer.sum, let seconds = layer.seconds, let difference = layer.difference else {
        continue
      }
      table.head(
        "\(layer.shape), \(layer.model), \(layer.placement): the layer took \(timeText(seconds)), its operators"
          + " \(timeText(sum)), \(percentText(abs(difference), decimals: 1)) \(difference < 0 ? "less" : "more")"
      )
      for row in layer.operators {
        guard let time = row.timeMedianSeconds else { continue }
        table.append([
          .text(row.layer), .quantity(time, timeText(time)),
          .optional(Unit.percent.fromBase(time / sum), decimals: 1), .rate(row.gflopsMedian),
          .rate(row.gbytesPerSecondMedian),
        ])
      }
    }
    return .tag("p", ["class": "note"], LayerTable.notes.joined(separator: " ")) + table.markup
  }

  /// What the columns of the rows mean.
  static let definitions =
    "% of roof: the row's share of the nearest measured ceiling above it at its arithmetic intensity, the"
    + " multiply-add peak or the bandwidth of the level that its data fit into; – where no ceiling of its place"
    + " was measured or the ceiling is doubtful. Bound by: which of the two that is. GB/s of a kernel: the bytes"
    + " that it must move at least, each operand once, over its time; what it moves in fact may be more."
    + " ± processes: relative standard deviation between processes, – for one process."

  private func table(_ rows: [ResultRow], _ site: MeasuredSite) -> Markup {
    var table = HTMLTable(
      "Rows of \(site.title)",
      [
        .init(heading: "shape"), .init(heading: "by"), .init(heading: "median", isNumber: true),
        .init(heading: "95 % interval", isNumber: true, isExtra: true),
        .init(heading: "GFLOP/s", isNumber: true), .init(heading: "GB/s", isNumber: true),
        .init(heading: "% of roof", isNumber: true), .init(heading: "bound by", isExtra: true),
        .init(heading: "± proc.", isNumber: true, isExtra: true),
      ], isStacked: true)
    for group in grouped(rows, by: \.groupTitle) {
      table.head(group.title)
      for row in group.members {
        let interval = row.timeMedianCiLowSeconds.flatMap { low in
          row.timeMedianCiHighSeconds.map { timeText(low, $0) }
        }
        table.append([
          .text(row.shapeTitle), .text(peerName(row.impl)),
          row.timeMedianSeconds.map { .quantity($0, timeText($0)) } ?? .empty, .words(interval ?? ""),
          .rate(row.gflopsMedian), .rate(row.gbytesPerSecondMedian),
          .optional(row.pctOfRoofline, decimals: 1), .words(row.boundBy),
          row.betweenProcessRelStddev.map { .quantity($0, percentText($0, decimals: 1)) } ?? .empty,
        ])
      }
    }
    return table.markup
  }

  /// Rows without the status `ok` by status and reason; nil where there are none.
  var failures: Markup? {
    let rows = run.rows.filter { $0.status != .ok }
    guard !rows.isEmpty else { return nil }
    var table = HTMLTable(
      "Rows that are not ok",
      [
        .init(heading: "status and reason"), .init(heading: "rows", isNumber: true),
        .init(heading: "which"),
      ])
    // Wrong results before what merely failed.
    let groups = grouped(rows) { row in
      row.status.rawValue + (row.statusDetail.isEmpty ? "" : ": " + row.statusDetail)
    }.sorted { ($0.members[0].status == .mismatch ? 0 : 1) < ($1.members[0].status == .mismatch ? 0 : 1) }
    for group in groups {
      let names = group.members.prefix(6).map { "\($0.shapeId) \(peerName($0.impl)) \($0.placement)" }
      let rest = group.members.count > names.count ? " and \(group.members.count - names.count) more" : ""
      table.append([
        .bad(group.title), .number(Double(group.members.count), decimals: 0),
        .text(names.joined(separator: "; ") + rest),
      ])
    }
    return table.markup
  }

  /// What the run itself warned of when it began; nil where it did not.
  var runWarnings: Markup? {
    guard let warnings = run.input.meta?.warnings, !warnings.isEmpty else { return nil }
    return .tag("p", [:], "The run itself warned:")
      + .tag("ul", ["class": "warn"], warnings.map { .tag("li", [:], .breakable($0)) })
  }

  /// Warnings by kind: what differs in numbers only is one kind; nil where there are none.
  var warnings: Markup? {
    let all = run.rows.flatMap { row in split(row.warnings).map { RowWarning(row: row, text: $0) } }
    guard !all.isEmpty else { return nil }
    var table = HTMLTable(
      "Warnings that rows carry",
      [.init(heading: "warning"), .init(heading: "rows", isNumber: true), .init(heading: "where")])
    for group in grouped(all, by: \.kind) {
      let found = group.members.sorted { $0.worst > $1.worst }
      let places = found.prefix(6).map { entry in
        let numbers = entry.numbers.isEmpty ? "" : " (\(entry.numbers.map(\.text).joined(separator: ", ")))"
        return "\(entry.row.shapeId) \(peerName(entry.row.impl)) \(entry.row.placement)\(numbers)"
      }
      let rest = found.count > places.count ? " and \(found.count - places.count) more" : ""
      table.append([
        .text(RowWarning.merged(found)), .number(Double(found.count), decimals: 0),
        .text(places.joined(separator: "; ") + rest),
      ])
    }
    return table.markup
  }

  private func split(_ warnings: String) -> [String] {
    var parts: [String] = []
    for piece in warnings.split(separator: ";") {
      let text = piece.drop { $0 == " " }
      // A sentence of ours may itself contain a semicolon before its advice.
      if let last = parts.indices.last, text.hasPrefix("use ") || text.hasPrefix("unset ") {
        parts[last] += "; " + text
      } else if !text.isEmpty {
        parts.append(String(text))
      }
    }
    return parts
  }

  /// The machine as the rows describe it.
  var facts: Markup {
    var table = HTMLTable(
      "The machine as its rows describe it", [.init(heading: "fact"), .init(heading: "value")])
    guard let row = run.rows.first else { return Markup() }
    var unknown: [String] = []
    func add(_ name: String, _ value: String?) {
      guard let value, value.contains(where: { $0.isLetter || $0.isNumber }) else {
        unknown.append(name)
        return
      }
      table.append([.text(name), .text(value)])
    }
    func size(_ bytes: Int?) -> String? { bytes.flatMap { $0 > 0 ? sizeText($0) : nil } }
    add("processor", row.cpuModelName)
    add("family / model / stepping", [row.cpuFamily, row.cpuModel, row.cpuStepping].joined(separator: " / "))
    add("packages, NUMA nodes", "\(text(row.packages)), \(text(row.numaNodes))")
    add("cores, CPUs, CPUs per core", "\(text(row.cores)), \(text(row.pus)), \(text(row.smtWidth))")
    add("kinds of cores", row.coreKinds)
    add("L1 data, one", size(row.l1dBytes))
    add("L2, one (instances)", size(row.l2Bytes).map { "\($0) (\(text(row.l2Domains)))" })
    add("L3, one (instances)", size(row.l3Bytes).map { "\($0) (\(text(row.l3Domains)))" })
    add("memory", size(row.memTotalBytes))
    add("usable CPUs", row.usableCpusetList)
    add("CPU quota", row.cpuQuotaCores.map { "\(fixed($0, decimals: 2)) CPUs" })
    add("instruction sets", row.isaFeatures)
    add("hypervisor", row.hypervisor)
    add("container", row.container)
    add("shape is", trust(row.topologyTrust))
    add("governor, turbo", "\(row.governor.isEmpty ? "–" : row.governor), \(flag(row.turbo))")
    add(
      "huge pages, NUMA balancing", "\(row.thpMode.isEmpty ? "–" : row.thpMode), \(flag(row.numaBalancing))")
    add("mitigations", row.mitigations)
    add("microcode", row.microcode)
    add("system", [row.osPretty, row.osKernel, row.libc].filter { !$0.isEmpty }.joined(separator: ", "))
    add("accelerators", row.accelerators)
    add("scheduler", [row.scheduler, row.jobId].filter { !$0.isEmpty }.joined(separator: " "))
    let rest =
      unknown.isEmpty ? Markup() : .tag("p", ["class": "note"], "Empty in the rows: \(listed(unknown)).")
    return table.markup + rest
  }

  private func text(_ number: Int?) -> String { number.map(String.init) ?? "–" }

  private func flag(_ value: Bool?) -> String { value.map { $0 ? "on" : "off" } ?? "–" }

  private func trust(_ name: String) -> String {
    switch name {
    case "host": "read from the hardware"
    case TopologyWords.guest: "what the hypervisor reports"
    case "imported": "read from a file"
    default: name
    }
  }

  /// Files, run, versions, settings, BLAS.
  var provenance: Markup {
    var table = HTMLTable("Where the figures come from", [.init(heading: "what"), .init(heading: "value")])
    func add(_ name: String, _ value: String) { table.append([.text(name), .words(value)]) }
    add("result file", run.input.name)
    if let row = run.rows.first {
      add(
        "run",
        row.runId + (run.otherRuns > 0 ? " (and \(counted(run.otherRuns, "other run")) in the file)" : ""))
      add("started", row.runStartedUtc)
      add("suite", row.suite + (row.suiteVersion.map { ", version \($0)" } ?? ""))
      add("machine", "\(row.machineLabel), identity \(row.machineId)")
      add("host label", row.hostLabel)
      add(
        "plimsoll",
        [row.harnessVersion, row.harnessCommit, row.buildMode].filter { !$0.isEmpty }.joined(separator: ", "))
      add(
        "Swift, hwloc",
        "\(row.swiftVersion.isEmpty ? "–" : row.swiftVersion), \(row.hwlocVersion.isEmpty ? "–" : row.hwlocVersion)"
      )
      add("seed", row.seed.map(String.init) ?? "")
      add("clock", row.timer)
    }
    add("BLAS", blas)
    if let meta = run.input.meta {
      add("BLAS kernels chosen", blasChoice(meta))
      for (name, value) in meta.settings.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
        add("setting \(name)", setting(name, value))
      }
      for (name, value) in meta.environment.sorted(by: { $0.key < $1.key }) { add("variable \(name)", value) }
      for warning in meta.warnings { add("warning", warning) }
    } else {
      add("settings", "unknown: no .meta.json lies beside the file")
    }
    add(
      "samples",
      run.input.samples.isEmpty
        ? "no journal lies beside the file" : counted(run.input.samples.count, "sample"))
    return table.markup
  }

  /// A setting with the unit that its name implies.
  private func setting(_ name: String, _ value: String) -> String {
    let words = name.lowercased().split { !$0.isLetter }
    if words.contains("memory") || words.contains("bytes"), let bytes = Int(value) {
      return "\(value) B (\(sizeText(bytes)))"
    }
    let isTime = ["budget", "cap", "seconds", "timeout"].contains { words.last ?? "" == $0 }
    return isTime && Double(value) != nil ? "\(value) s" : value
  }

  private var blas: String {
    Set(
      run.rows.filter { !$0.blasName.isEmpty }.map {
        "\($0.blasName) \($0.blasVersion), \($0.blasCorename) kernels"
      }
    )
    .sorted().joined(separator: "; ")
  }

  private func blasChoice(_ meta: RunMeta) -> String {
    let rates = meta.blasCandidates.map { "\($0.corename) \(significant($0.gflops))" }
    return meta.blasChoice + (rates.isEmpty ? "" : " (GFLOP/s on one core: \(rates.joined(separator: ", ")))")
  }

  /// What the levels of memory deliver, with the traffic that plain stores add.
  var ceilings: Markup? {
    let rooflines = run.rooflines.filter { !$0.site.isDevice && (!$0.levels.isEmpty || $0.peak != nil) }
    guard !rooflines.isEmpty else { return nil }
    var table = HTMLTable(
      "Measured ceilings, GB/s",
      [
        .init(heading: "level"), .init(heading: "place"),
        .init(heading: "working set", isNumber: true, isExtra: true),
        .init(heading: "read", isNumber: true), .init(heading: "copy", isNumber: true),
        .init(heading: "copy + w.a.", isNumber: true, isExtra: true),
        .init(heading: "triad", isNumber: true),
        .init(heading: "triad + w.a.", isNumber: true, isExtra: true),
        .init(heading: "ridge FLOP/byte", isNumber: true, isExtra: true),
      ])
    for roofline in rooflines {
      for level in roofline.levels {
        table.append([
          .text(level.name), .text(roofline.site.name), .text(sizeText(level.bytes)), .rate(level.read),
          .rate(level.copy), .rate(level.copyWithWriteAllocate), .rate(level.triad),
          .rate(level.triadWithWriteAllocate), .rate(roofline.ridge(level)),
        ])
      }
    }
    let note =
      "A plain store first reads its line (write-allocate): the columns with w.a. count that traffic too. A kernel"
      + " with fewer FLOP per byte than the ridge is bound by the level."
    return table.markup + .tag("p", ["class": "note extra"], note)
  }
}

/// One warning of one row.
private struct RowWarning {
  let row: ResultRow
  let text: String
  private let words: [Substring]
  /// Numbers in order of the text, as it spells them.
  let numbers: [(text: String, value: Double)]
  /// The text without numbers, and with one ending for one and for many: what two warnings of a kind share.
  let kind: String

  init(row: ResultRow, text: String) {
    self.row = row
    self.text = text
    words = text.split(separator: " ")
    numbers = words.compactMap { word in Double(word).map { (String(word), $0) } }
    kind = words.map { word in
      Double(word) != nil
        ? "N" : word.hasSuffix("s") && word.count > 3 ? String(word.dropLast()) : String(word)
    }.joined(separator: " ")
  }

  /// The largest number: the worst row comes first.
  var worst: Double { numbers.map(\.value).max() ?? 0 }

  /// The text of several warnings of a kind, each number as a range: `processes differ by 6–53 %`.
  static func merged(_ all: [RowWarning]) -> String {
    guard let first = all.first else { return "" }
    var place = 0
    return first.words.map { word in
      guard Double(word) != nil else { return String(word) }
      let values = all.compactMap { place < $0.numbers.count ? $0.numbers[place] : nil }
      place += 1
      guard let low = values.min(by: { $0.value < $1.value }),
        let high = values.max(by: { $0.value < $1.value })
      else { return String(word) }
      return low.value == high.value ? high.text : "\(low.text)–\(high.text)"
    }.joined(separator: " ")
  }
}
