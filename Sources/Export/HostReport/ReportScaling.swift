// What more threads bring: the rate of a shape at each place, as a share of what the smallest place's rate
// would give with all threads. Only places with one thread per core are compared; a second thread on a core
// is no second core.

import Measurement
import Quantities
import Results
import Tables

/// One row measured with several thread counts.
struct ScalingLine {
  /// The row at the fewest threads.
  let base: ResultRow
  /// Threads and efficiency (1 = perfect) at each larger place.
  let points: [ScalingPoint]
}

/// What one larger place made of a row.
struct ScalingPoint {
  let site: MeasuredSite
  let threads: Int
  /// 1 = perfect; the ends come from the two rows' own intervals, nil where one has none.
  let efficiency: Double
  let low: Double?
  let high: Double?
}

extension ReportRun {
  /// Sites that can be compared: one thread per core, one for each thread count (the widest kind wins).
  var scalingSites: [MeasuredSite] {
    var chosen: [MeasuredSite] = []
    for site in sites where site.isOnePerCore && site.threads != nil && !site.isDevice {
      if let same = chosen.firstIndex(where: { $0.threads == site.threads }) {
        if site.name.split(separator: ",").first == "machine" { chosen[same] = site }
      } else {
        chosen.append(site)
      }
    }
    return chosen
  }

  /// Rows that exist at two or more thread counts.
  ///
  /// Ceilings of caches are left out: each place has its own array size there.
  var scaling: [ScalingLine] {
    let sites = scalingSites
    guard let first = sites.first, let threads = first.threads, threads > 0 else { return [] }
    func key(_ row: ResultRow) -> String { row.problemKey + "|" + row.impl }
    let usable = rows.filter { row in
      row.status.hasTimes
        && (!row.isCeiling || row.kernel == Operation.fmaPeak.rawValue || row.shapeId == "read_dram")
    }
    let wider = sites.dropFirst().map { site in
      (site, Dictionary(usable.filter(site.holds).map { (key($0), $0) }) { first, _ in first })
    }
    return usable.filter(first.holds).compactMap { row in
      let points = wider.compactMap { site, rows in
        rows[key(row)].flatMap { ScalingPoint(row, threads: threads, $0, at: site) }
      }
      return points.isEmpty ? nil : ScalingLine(base: row, points: points)
    }
  }
}

extension ScalingPoint {
  /// A row against itself with fewer threads; nil where a rate or a larger number of threads is missing.
  fileprivate init?(_ base: ResultRow, threads: Int, _ row: ResultRow, at site: MeasuredSite) {
    func rate(_ row: ResultRow) -> Double? { row.gflopsMedian ?? row.gbytesPerSecondMedian }
    guard let few = rate(base), few > 0, let count = site.threads, count > threads, let many = rate(row)
    else { return nil }
    self.site = site
    self.threads = count
    let efficiency = many / few * Double(threads) / Double(count)
    self.efficiency = efficiency
    // Rates move against times: the slowest many over the fastest few is the low end.
    let hasIntervals = [base, row].allSatisfy { ($0.nProcesses ?? 0) > 1 }
    if hasIntervals, let a = base.timeMedianSeconds, let lowA = base.timeMedianCiLowSeconds,
      let highA = base.timeMedianCiHighSeconds, let b = row.timeMedianSeconds,
      let lowB = row.timeMedianCiLowSeconds, let highB = row.timeMedianCiHighSeconds, a > 0, b > 0, lowB > 0
    {
      low = efficiency * (b / highB) * (lowA / a)
      high = efficiency * (b / lowB) * (highA / a)
    } else {
      (low, high) = (nil, nil)
    }
  }
}

extension ReportFigures {
  /// Efficiency against threads: a curve a kernel where there are three or more thread counts, else dots.
  var scaling: Markup {
    let lines = run.scaling
    guard let base = run.scalingSites.first, !lines.isEmpty else {
      return .tag(
        "p", [:],
        run.sites.count < 2
          ? "Only one place was measured (\(run.sites.first?.name ?? "none")), so nothing can be said of scaling."
            + " Measure two, for example with --placement core0 --placement machine."
          : "No shape was measured with two thread counts, so nothing can be said of scaling.")
    }
    let wider = run.scalingSites.dropFirst().filter { site in
      lines.contains { line in line.points.contains { $0.site == site } }
    }
    let curves = wider.count > 1 ? [curveFigure(base, Array(wider), lines)] : []
    return .joined((curves + wider.suffix(1).map { dotFigure(base, $0, lines) }).compactMap { $0 })
  }

  private func dotFigure(_ base: MeasuredSite, _ site: MeasuredSite, _ lines: [ScalingLine]) -> Markup? {
    let shown = lines.filter { line in line.points.contains { $0.site == site } }
    let byProblem = Dictionary(grouping: shown, by: \.base.problemKey)
    let all = grouped(shown, by: \.base.problemKey).map(\.title)
    let problems = mostTelling(all) { key in
      (byProblem[key] ?? []).compactMap { point($0)?.efficiency }.min() ?? 1
    }
    func point(_ line: ScalingLine) -> ScalingPoint? { line.points.first { $0.site == site } }
    func percent(_ share: Double?) -> Double? { share.map(Unit.percent.fromBase) }
    func text(_ line: ScalingLine?) -> String {
      percent(line.flatMap(point)?.efficiency).map { "\(fixed($0, decimals: 0)) %" } ?? "–"
    }
    let tops = shown.compactMap(point).map { $0.high ?? $0.efficiency }
    // An interval of two processes may reach very far; the marks themselves decide the axis.
    let furthest = Unit.percent.fromBase(shown.compactMap(point).map(\.efficiency).max() ?? 1)
    let high = max(110, min(percent(tops.max()) ?? 110, 1.5 * furthest) * 1.05)
    let times = tickText(Double(site.threads ?? 1) / Double(max(1, base.threads ?? 1)))
    let hasCeilings = shown.contains { $0.base.isCeiling }
    let key = markKey(
      run.implementations.enumerated().map { ($0.offset, peerName($0.element), false) }
        + (hasCeilings ? [(-1, "ceiling", false)] : []))
    return figure(
      "Efficiency of \(site.title) against \(base.name) (percent)",
      "At 100 % \(counted(site.threads ?? 0, "thread")) do \(times) times the work of"
        + " \(counted(base.threads ?? 0, "thread")) in the same time. Where few threads already fill the memory, more"
        + " bring little: compare with the DRAM read. A bar is the 95 % interval"
        + (tops.count == shown.count && shown.compactMap(point).allSatisfy { $0.low != nil }
          ? "." : "; a row of one process has none."),
      key: key
    ) { width in
      SVGDotChart(
        groups: groups(problems, of: { byProblem[$0]?.first?.base ?? ResultRow() }) { problem in
          let lines = byProblem[problem] ?? []
          let row = lines.first?.base ?? ResultRow()
          // One figure for each implementation in the order of the heading, whatever the order of the file.
          let figures =
            row.isCeiling
            ? [text(lines.first)]
            : run.implementations.map { name in text(lines.first { $0.base.impl == name }) }
          return SVGDotRow(
            name: row.isCeiling ? row.ceilingName : row.shortShape,
            marks: lines.compactMap { line in
              guard let point = point(line), let value = percent(point.efficiency) else { return nil }
              return .init(
                value: value, low: percent(point.low), high: percent(point.high),
                series: line.base.isCeiling ? -1 : run.series(line.base),
                title: "\(line.base.shapeId), \(line.base.impl): \(fixed(value, decimals: 0)) %")
            },
            value: figures.joined(separator: ", "), title: row.shapeId)
        }, kind: .linear, low: 0, high: high, axis: "efficiency, %", reference: 100,
        valueHeading: run.implementations.map(peerName).joined(separator: ", "), width: width,
        label: "Efficiency of \(site.name) against \(base.name)"
      ).markup()
    }
  }

  private func curveFigure(
    _ base: MeasuredSite, _ sites: [MeasuredSite], _ lines: [ScalingLine]
  ) -> Markup? {
    var families: [Family: [ScalingLine]] = [:]
    for line in lines { families[Family(line.base), default: []].append(line) }
    let places = Set(lines.filter { !$0.base.isCeiling }.map(\.base.familyTitle)).sorted()
    // Kernels first, ceilings last and never left out: against them the kernels are read.
    let all = families.keys.sorted { ($0.isCeiling ? 1 : 0, $0.name) < ($1.isCeiling ? 1 : 0, $1.name) }
    let ceilings = all.filter(\.isCeiling)
    let kernels = all.filter { !$0.isCeiling }
    let drawn = kernels.prefix(max(0, 14 - ceilings.count)) + ceilings
    let left =
      drawn.count < all.count ? " \(all.count - drawn.count) further kernels are not drawn." : ""
    let curves = drawn.map { family in
      let members = families[family] ?? []
      let points = sites.compactMap { site -> (threads: Int, efficiency: Double)? in
        let values = members.compactMap { line in line.points.first { $0.site == site }?.efficiency }
        return Statistics.geometricMean(values).map { (site.threads ?? 1, $0) }
      }
      return SVGScalingChart.Curve(
        name: family.name, series: family.isCeiling ? -1 : run.series(members[0].base),
        shape: places.firstIndex(of: members[0].base.familyTitle) ?? ceilings.firstIndex(of: family) ?? 0,
        points: [(threads: base.threads ?? 1, efficiency: 1)] + points)
    }
    return figure(
      "Efficiency against threads (percent of \(base.name)'s rate for each thread)",
      "A flat line at 100 % is perfect scaling; each line is the geometric mean over the shapes of one kernel; the"
        + " colour tells the implementation, the mark the kernel, grey the ceilings." + left,
      key: .tag(
        "div", ["class": "narrow"],
        .tag(
          "ul", ["class": "key"],
          curves.map {
            .tag("li", [:], SVGCanvas.key($0.series, shape: $0.shape), Markup($0.name))
          }))
    ) { width in
      SVGScalingChart(curves: curves, width: width).markup()
    }
  }
  /// What one curve stands for.
  private struct Family: Hashable {
    let name: String
    let isCeiling: Bool

    init(_ row: ResultRow) {
      isCeiling = row.isCeiling
      name = row.isCeiling ? row.ceilingName : "\(row.familyTitle), \(peerName(row.impl))"
    }
  }
}
