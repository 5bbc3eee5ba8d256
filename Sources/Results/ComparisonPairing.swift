// Two builds that took turns in one run: sample k of a process of B was taken within a second of sample k of the
// same process of A, so their quotient is free of what the host did meanwhile. Everything here rests on these
// quotients; the process stays the statistical unit.

import Glibc
import Measurement

/// Times of B over times of A, turn by turn.
public struct TurnRatios: Hashable, Sendable {
  /// One list for each process that both sides have, in the order of their numbers.
  public let byProcess: [[Double]]

  /// Pairs the samples of processes of one number.
  ///
  /// A process in which a side lacks samples, as where its time was over, is one quotient of medians.
  /// - Parameter scale: factor of every quotient, from the normalisation.
  public init(_ a: [ProcessSamples], _ b: [ProcessSamples], scale: Double = 1) {
    let partners = Dictionary(b.map { ($0.process, $0.seconds) }) { first, _ in first }
    byProcess = a.compactMap { process in
      guard let other = partners[process.process] else { return nil }
      if process.seconds.count == other.count {
        let ratios = zip(process.seconds, other).map { scale * $1 / $0 }
        return ratios.isEmpty ? nil : ratios
      }
      guard let left = Statistics.median(process.seconds), let right = Statistics.median(other) else {
        return nil
      }
      return [scale * right / left]
    }
  }

  /// One quotient a process, for values that are sums over rows.
  init(_ a: [Int: Double], _ b: [Int: Double]) {
    byProcess = a.keys.sorted().compactMap { process in
      guard let left = a[process], let right = b[process], left > 0 else { return nil }
      return [right / left]
    }
  }

  /// The median of all quotients, by their logarithms, so that swapped sides give the reciprocal; nil without any.
  public var ratio: Double? { Statistics.median(byProcess.flatMap { $0.map { log($0) } }).map { exp($0) } }

  /// Its 95 % interval, processes resampled and turns inside each; nil below two processes.
  public var interval: (low: Double, high: Double)? { Statistics.hierarchicalInterval(byProcess) }

  /// Median logarithm of the quotients of each process.
  public var logs: [Double] { byProcess.compactMap { Statistics.median($0.map { log($0) }) } }

  /// p-value of Student's t test of the logarithms against 0; nil below `ComparedRow.minimumProcesses`.
  var pStudent: Double? { isEnough ? Statistics.pairedT(logs) : nil }

  /// p-value of the exact signed-rank test of the logarithms; nil below `ComparedRow.minimumProcesses`.
  ///
  /// Above 60 processes, where counting all signs takes long, it is Student's.
  var pRank: Double? {
    guard isEnough else { return nil }
    return logs.count > 60 ? pStudent : Statistics.signedRank(logs) ?? 1
  }

  /// Standard deviation of the logarithms: relative, for the number of processes that would settle a row.
  var spread: Double? { Statistics.standardDeviation(logs) }

  private var isEnough: Bool { byProcess.count >= ComparedRow.minimumProcesses }
}

extension Statistics {
  /// The smallest two-sided p-value that the signed-rank test of n differences can give: 2 / 2^n.
  static func smallestSignedRankP(_ count: Int) -> Double { min(1, 2 * pow(0.5, Double(count))) }
}
