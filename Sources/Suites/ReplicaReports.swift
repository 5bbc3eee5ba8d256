// Replicas run the same case at the same time, each on a domain of its own: their reports become one, which
// says what the domains do together.

package import Measurement
import Quantities

/// Reports of one case by the replicas of a placement, until all have come.
struct ReplicaReports {
  private var waiting: [Int: [CaseReport]] = [:]
  private let replicas: Int

  init(replicas: Int) { self.replicas = max(1, replicas) }

  /// Takes one in; the report of all together when it was the last.
  mutating func add(_ report: CaseReport) -> CaseReport? {
    waiting[report.index, default: []].append(report)
    guard let all = waiting[report.index], all.count >= replicas else { return nil }
    waiting[report.index] = nil
    return CaseReport.together(all)
  }
}

extension CaseReport {
  /// What replicas did together: the work of all, in the time that gives the sum of their rates.
  ///
  /// Sample k of the result is n / Σ(1 / tᵢ) over the k-th samples tᵢ of the n replicas. One that failed or came
  /// out wrong speaks for all.
  package static func together(_ reports: [CaseReport]) -> CaseReport {
    if let bad = reports.first(where: { $0.status != .ok }) { return bad }
    guard var result = reports.first, reports.count > 1 else { return reports.first ?? none }
    if let work = result.work {
      let count = Double(reports.count)
      result.work = Work(flop: work.flop * count, bytes: work.bytes * count)
    }
    let shortest = reports.map(\.samples.count).min() ?? 0
    result.samples = (0..<shortest).map { k in
      let rate = reports.reduce(0) { $0 + 1 / $1.samples[k].seconds }
      return Sample(start: result.samples[k].start, seconds: Double(reports.count) / rate)
    }
    result.verification = reports.compactMap(\.verification).max { $0.maxRelError < $1.maxRelError }
    // They run side by side: the longest of them is how long it took.
    result.warmup = reports.compactMap(\.warmup).max()
    result.sampled = reports.compactMap(\.sampled).max()
    result.elapsed = reports.compactMap(\.elapsed).max()
    result.roundsDropped = sum(reports.compactMap(\.roundsDropped))
    result.roundsMoved = sum(reports.compactMap(\.roundsMoved))
    result.stopReason = reports.compactMap(\.stopReason).first { $0 == .timeCap } ?? result.stopReason
    result.hugePageShare = Statistics.mean(reports.compactMap(\.hugePageShare))
    let places = reports.compactMap(\.isMemoryWhereAsked)
    result.isMemoryWhereAsked = places.isEmpty ? nil : places.allSatisfy { $0 }
    result.interference = together(reports.map(\.interference))
    return result
  }

  private static let none = CaseReport(index: -1, status: .failed, detail: "no replica reported")

  private static func together(_ all: [Interference]) -> Interference {
    guard var result = all.first else { return Interference() }
    result.involuntarySwitches = sum(all.compactMap(\.involuntarySwitches))
    result.majorFaults = sum(all.compactMap(\.majorFaults))
    result.minorFaults = sum(all.compactMap(\.minorFaults))
    result.cycles = sum(all.compactMap(\.cycles))
    result.instructions = sum(all.compactMap(\.instructions))
    result.clock = Statistics.mean(all.compactMap(\.clock))
    // Energy, heat, load and stolen time are the machine's: every replica saw the same.
    result.packageEnergy = all.compactMap(\.packageEnergy).max()
    result.temperature = all.compactMap(\.temperature).max()
    result.throttleEvents = sum(all.compactMap(\.throttleEvents))
    return result
  }

  private static func sum<Number: AdditiveArithmetic>(_ values: [Number]) -> Number? {
    values.isEmpty ? nil : values.reduce(.zero, +)
  }
}
