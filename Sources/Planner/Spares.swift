// How many spare nodes keep a fleet whole: failures are independent, repair takes a known time, and the
// number under repair is binomial. Faults that take a whole rack at once do not follow this and need their own rate.

/// Share of the time that a node is under repair: λm / (1 + λm).
///
/// - Parameters:
///   - failuresPerDay: failures of one node per day.
///   - repairDays: days until the node is back.
public func repairShare(failuresPerDay: Double, repairDays: Double) -> Double {
  let load = failuresPerDay * repairDays
  return load / (1 + load)
}

/// The smallest s with P(Bin(nodes + s, q) ≤ s) ≥ confidence: with s spares the wanted nodes are up that often.
///
/// - Returns: nil where no s up to `nodes` does (q too high for spares to help).
/// - Complexity: O(s·log s): the probability grows with s, so that doubling and halving find the first.
public func spareNodes(nodes: Int, repairShare q: Double, confidence: Double) -> Int? {
  guard nodes > 0 else { return 0 }
  guard q > 0 else { return 0 }
  guard q < 1, confidence < 1 else { return nil }
  func suffice(_ spares: Int) -> Bool {
    binomialAtMost(spares, trials: nodes + spares, probability: q) >= confidence
  }
  if suffice(0) { return 0 }
  var low = 0
  var high = 1
  while high < nodes, !suffice(high) {
    low = high
    high *= 2
  }
  high = min(high, nodes)
  guard suffice(high) else { return nil }
  while high - low > 1 {
    let middle = (low + high) / 2
    if suffice(middle) { high = middle } else { low = middle }
  }
  return high
}

/// P(Bin(n, q) ≤ k), summed from logarithms so that large n does not underflow.
func binomialAtMost(_ k: Int, trials n: Int, probability q: Double) -> Double {
  var logTerm = Double(n) * logarithm(1 - q)
  let logOdds = logarithm(q) - logarithm(1 - q)
  var sum = exponential(logTerm)
  for i in 0..<min(k, n) {
    logTerm += logarithm(Double(n - i)) - logarithm(Double(i + 1)) + logOdds
    sum += exponential(logTerm)
  }
  return min(1, sum)
}
