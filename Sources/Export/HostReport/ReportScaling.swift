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
  let points: [(site: MeasuredSite, threads: Int, efficiency: Double)]
}

extension ReportRun {
  /// Sites that can be compared: one thread per core, one for each thread count (the widest kind wins).
  var scalingSites: [MeasuredSite] {
    var chosen: [MeasuredSite] = []
    for site in sites where site.isOnePerCore && site.threads != nil {
      if let same = chosen.firstIndex(where: { $0.threads == site.threads }) {
        if site.name == "machine" { chosen[same] = site }
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
    func rate(_ row: ResultRow) -> Double? { row.gflopsMedian ?? row.gbytesPerSecondMedian }
    let usable = rows.filter { row in
      row.status.hasTimes
        && (!row.isCeiling || row.kernel == Operation.fmaPeak.rawValue || row.shapeId == "read_dram")
    }
    let wider = sites.dropFirst().map { site in
      (site, Dictionary(usable.filter(site.holds).map { (key($0), $0) }) { first, _ in first })
    }
    return usable.filter(first.holds).compactMap { row in
      guard let base = rate(row), base > 0 else { return nil }
      let points = wider.compactMap { site, rows -> (site: MeasuredSite, threads: Int, efficiency: Double)? in
        guard let count = site.threads, count > threads, let here = rows[key(row)].flatMap(rate) else {
          return nil
        }
        return (site, count, here / base * Double(threads) / Double(count))
      }
      return points.isEmpty ? nil : ScalingLine(base: row, points: points)
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
    let problems = shown.reduce(into: [String]()) { keys, line in
      if !keys.contains(line.base.problemKey) { keys.append(line.base.problemKey) }
    }.prefix(mostDrawnRows)
    let byProblem = Dictionary(grouping: shown, by: \.base.problemKey)
    func efficiency(_ line: ScalingLine) -> Double {
      Unit.percent.fromBase(line.points.first { $0.site == site }?.efficiency ?? 0)
    }
    let high = max(110, (shown.map(efficiency).max() ?? 100) * 1.05)
    let times = tickText(Double(site.threads ?? 1) / Double(max(1, base.threads ?? 1)))
    let hasCeilings = shown.contains { $0.base.isCeiling }
    let key = markKey(
      run.implementations.enumerated().map { ($0.offset, peerName($0.element), false) }
        + (hasCeilings ? [(-1, "ceiling", false)] : []))
    return figure(
      "Efficiency of \(site.title) against \(base.name) (percent)",
      "At 100 % \(counted(site.threads ?? 0, "thread")) do \(times) times the work of"
        + " \(counted(base.threads ?? 0, "thread")) in the same time. Where few threads already fill the memory, more"
        + " bring little: compare with the DRAM read.", key: key
    ) { width in
      SVGDotChart(
        groups: groups(problems, of: { byProblem[$0]?.first?.base ?? ResultRow() }) { problem in
          let lines = byProblem[problem] ?? []
          let row = lines.first?.base ?? ResultRow()
          return SVGDotRow(
            name: row.isCeiling ? row.ceilingName : row.shortShape,
            marks: lines.map { line in
              .init(
                value: efficiency(line), series: line.base.isCeiling ? -1 : run.series(line.base),
                title: "\(line.base.shapeId), \(line.base.impl): \(fixed(efficiency(line), decimals: 0)) %")
            },
            value: lines.map { "\(fixed(efficiency($0), decimals: 0)) %" }.joined(separator: ", "))
        }, kind: .linear, low: 0, high: high, axis: "efficiency, %", reference: 100,
        valueHeading: run.implementations.map(peerName).joined(separator: ", "), width: width,
        label: "Efficiency of \(site.name) against \(base.name)"
      ).markup()
    }
  }

  private func curveFigure(
    _ base: MeasuredSite, _ sites: [MeasuredSite], _ lines: [ScalingLine]
  ) -> Markup? {
    let families = Dictionary(grouping: lines) { line in
      line.base.isCeiling ? line.base.ceilingName : "\(line.base.familyTitle), \(peerName(line.base.impl))"
    }
    let curves = families.keys.sorted().prefix(12).enumerated().map { index, name in
      let members = families[name] ?? []
      let points = sites.compactMap { site -> (threads: Int, efficiency: Double)? in
        let values = members.compactMap { line in line.points.first { $0.site == site }?.efficiency }
        return Statistics.geometricMean(values).map { (site.threads ?? 1, $0) }
      }
      return SVGScalingChart.Curve(
        name: name, series: index, points: [(threads: base.threads ?? 1, efficiency: 1)] + points)
    }
    return figure(
      "Efficiency against threads (percent of \(base.name)'s rate for each thread)",
      "A flat line at 100 % is perfect scaling; each line is the geometric mean over the shapes of one kernel.",
      key: .tag("div", ["class": "narrow"], markKey(curves.map { ($0.series, $0.name, false) }))
    ) { width in
      SVGScalingChart(curves: curves, width: width).markup()
    }
  }
}
