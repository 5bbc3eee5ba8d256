// What a run says, as one page for a person: an answer, figures drawn by hand, tables, and where it all came
// from. One file without scripts or references; the same inputs give the same bytes.

import Machines
import Results

/// The HTML report of one or several result files; with several, the first is the reference.
public struct HostReport {
  private let runs: [ReportRun]
  private let comparisons: [ReportComparison]

  /// A report of inputs, the reference first.
  public init(_ inputs: [ReportInput]) {
    runs = inputs.enumerated().map { index, input in
      ReportRun(input, position: index + 1, isOneOfSeveral: inputs.count > 1)
    }
    let first = runs.first
    comparisons = runs.dropFirst().compactMap { other in first.map { ReportComparison($0, other) } }
  }

  /// Runs whose figures are drawn in full; further files are compared only.
  private static let mostRuns = 4

  /// The page.
  public func html() -> String {
    let title = "Plimsoll report: " + listed(machineNames)
    let body = Markup.tag("body", [:], [header(title), contents] + sections + [footer])
    return Markup.document(.tag("html", ["lang": "en"], Markup.head(title), body))
  }

  /// Each machine once; machines of one label are told apart by their identity.
  private var machineNames: [String] {
    grouped(runs, by: \.machineName).flatMap { name, members in
      let identities = grouped(members.compactMap { $0.rows.first?.machineId }, by: { $0 }).map(\.title)
      return identities.count > 1 ? identities.map { "\(name) (\($0.prefix(6)))" } : [name]
    }
  }

  private func header(_ title: String) -> Markup {
    let when = runs.compactMap { run -> String? in
      guard let row = run.rows.first else { return nil }
      return "suite \(row.suite), run \(row.runId), \(row.runStartedUtc)"
    }
    return .tag(
      "header", [:], .tag("h1", [:], title),
      .tag("p", ["class": "sub"], when.prefix(3).joined(separator: " · ")),
      .tag("div", ["class": "answer"], answer))
  }

  private var answer: [Markup] {
    let own = runs.prefix(1).flatMap { ReportAnswer(run: $0).paragraphs }
    let many =
      runs.count > 1
      ? [AnswerSentence("File 1 is the reference, \(runs[0].input.name); what follows here is about it.")]
      : []
    return (comparisons.flatMap(\.sentences) + many + own).map {
      $0.isBad ? .tag("p", ["class": "bad"], .breakable($0.text)) : .tag("p", [:], .breakable($0.text))
    }
  }

  private struct Section {
    let anchor: String
    let title: String
    let content: Markup
  }

  private func sections(of run: ReportRun) -> [Section] {
    let figures = ReportFigures(run: run)
    let tables = ReportTables(run: run)
    let hasTimes = run.rows.contains { $0.status.hasTimes }
    let devices = run.rooflines.filter(\.site.isDevice)
    let hasHost = devices.isEmpty || run.sites.contains { !$0.isDevice }
    let parts: [(String, String, Markup)] =
      [("machine", "The machine", machine(run, tables))]
      + (hasTimes && hasHost
        ? [("roofline", "Roofline", figures.rooflines + (tables.ceilings ?? Markup()))] : [])
      + (hasTimes
        ? devices.enumerated().map { index, roofline in
          (
            "device\(index + 1)", roofline.site.title,
            tables.device(roofline) + figures.rooflines(of: [roofline]) + tables.deviceCeilings(roofline)
          )
        } : []) + (hasTimes && hasHost ? [("scaling", "Scaling", figures.scaling)] : [])
      + (hasTimes
        ? [("peers", "Against peers", figures.peers), ("spread", "Spread", figures.spread)] : [])
      + (tables.layers.map { [("layers", "Decoder layers", $0)] } ?? [])
      + [("doubts", "What to distrust", doubts(tables))]
      + (hasTimes ? [("rows", "All rows", tables.rows)] : [])
      + [("provenance", "Provenance", tables.provenance)]
    return parts.map { Section(anchor: run.anchor + $0.0, title: $0.1, content: $0.2) }
  }

  private func machine(_ run: ReportRun, _ tables: ReportTables) -> Markup {
    let picture =
      run.input.machine.flatMap { TopologyPicture($0) } ?? run.rows.first.flatMap { TopologyPicture($0) }
    let drawn = picture.map { picture in
      Markup.tag(
        "figure", [:],
        .tag(
          "figcaption", [:], .tag("b", [:], "What shares what"),
          Markup(
            "A box holds what shares it: CPUs of one L3 box use one cache. \(picture.source)\(places(run))"
              + memoryNote(run))),
        picture.markup(measured: run.measuredCPUs), devices(run))
    }
    return (drawn ?? .tag("p", [:], "The rows say nothing of the machine's shape.")) + tables.facts
  }

  /// What the names of the places mean on this machine: `core0` is a core that was found quiet, not core 0.
  private func places(_ run: ReportRun) -> String {
    let sites = run.sites.filter { !$0.cpus.isEmpty }
    guard !sites.isEmpty, run.input.machine != nil else { return "" }
    var names: [String] = []
    let words = sites.compactMap { site -> String? in
      let name = String(site.name.prefix { $0 != "," })
      guard !names.contains(name) else { return nil }
      names.append(name)
      let cpus = "CPU\(site.cpus.contains { $0 == "," || $0 == "-" } ? "s" : "") \(site.cpus)"
      return name.hasPrefix("core") && site.threads == 1
        ? "\(name) = one core, here that of \(cpus)" : "\(name) = \(cpus)"
    }
    return " Outlined CPUs were measured alone or as a part: \(words.joined(separator: "; "))."
  }

  /// The node's memory and the system's are told by two sources; a guest's often disagree.
  private func memoryNote(_ run: ReportRun) -> String {
    let nodes = run.input.machine?.memoryNodes.map(\.bytes).reduce(0, +) ?? 0
    guard nodes > 0, let total = run.rows.first?.memTotalBytes, total > 0,
      abs(Double(nodes) / Double(total) - 1) > 0.05
    else { return "" }
    return
      " The NUMA nodes' own sizes add up to \(sizeText(nodes)), the system counts \(sizeText(total)) of memory;"
      + " the table below has the system's."
  }

  private func devices(_ run: ReportRun) -> Markup {
    let machine = run.input.machine
    let memories = machine?.memoryNodes.filter { $0.cpus.isEmpty && $0.bytes > 0 } ?? []
    let lines =
      memories.map { "NUMA \($0.number): \(sizeText($0.bytes)) of memory without CPUs" }
      + (machine?.devices ?? []).map { device in
        "\(device.kind): \(device.name)" + (device.numaNode.map { ", next to NUMA \($0)" } ?? "")
      }
    return lines.isEmpty ? Markup() : .tag("ul", ["class": "note"], lines.map { .tag("li", [:], $0) })
  }

  private func doubts(_ tables: ReportTables) -> Markup {
    let found = [tables.failures, tables.runWarnings, tables.warnings].compactMap { $0 }
    return found.isEmpty ? .tag("p", [:], "Every row is ok and none carries a warning.") : .joined(found)
  }

  private var contents: Markup {
    let several = runs.count > 1
    var items = several ? [link("comparison", "Comparison")] : []
    if several {
      for run in runs.prefix(HostReport.mostRuns) { items.append(link(run.anchor + "top", run.shortName)) }
    } else if let run = runs.first {
      items += sections(of: run).map { link($0.anchor, $0.title) }
    }
    return .tag("nav", ["aria-label": "Sections"], .tag("ul", [:], items))
  }

  private func link(_ anchor: String, _ title: String) -> Markup {
    .tag("li", [:], .tag("a", ["href": "#\(anchor)"], title))
  }

  private var sections: [Markup] {
    var all: [Markup] = []
    if runs.count > 1 {
      all.append(
        .tag(
          "section", ["id": "comparison"], .tag("h2", [:], "Comparison"),
          .joined(
            comparisons.enumerated().map { index, comparison in
              .tag("h3", [:], "\(comparison.other.shortName), \(comparison.other.input.name)")
                + comparison.markup
            })))
    }
    for (index, run) in runs.prefix(HostReport.mostRuns).enumerated() {
      let parts = sections(of: run)
      if runs.count > 1 {
        all.append(
          .tag(
            "section", ["id": run.anchor + "top"],
            .tag("h2", [:], "File \(index + 1)"), .tag("p", ["class": "sub"], run.input.name),
            .tag("ul", ["class": "key"], parts.map { link($0.anchor, $0.title) })))
      }
      all += parts.map { part in
        .tag(
          "section", ["id": part.anchor], .tag(runs.count > 1 ? "h3" : "h2", [:], part.title), part.content)
      }
    }
    if runs.count > HostReport.mostRuns {
      let rest = runs.dropFirst(HostReport.mostRuns).map(\.input.name)
      all.append(.tag("p", ["class": "note"], "Compared, but not drawn in full: \(listed(rest))."))
    }
    return all
  }

  private var footer: Markup {
    let version = runs.first?.rows.first?.harnessVersion ?? ""
    return .tag(
      "footer", [:],
      .tag(
        "p", ["class": "note"],
        "Medians with 95 % intervals; measured with plimsoll \(version). Every figure on this page is in the files"
          + " named under Provenance."))
  }
}
