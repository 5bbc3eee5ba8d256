// Attention of one query in Double, over keys and values wherever they lie: the caller says which keys the
// query sees and how a key's numbers are read.

/// The keys that query `position` sees: `offset` keys came before the first query; causal ones see no later
/// key, and at most the last `window` keys where there is a window.
public func oracleVisibleKeys(
  position: Int, keys: Int, offset: Int, causal: Bool, window: Int?
) -> Range<Int> {
  guard causal else { return 0..<keys }
  let end = min(keys, position + offset + 1)
  return max(0, end - (window ?? end))..<end
}

/// softmax(q·Kᵀ·scale)·V of one query over the keys `visible`.
///
/// - Parameters:
///   - q: (headDim)
///   - key: the elements (headDim) of a key, written where asked.
///   - value: the elements (valueDim) of a key's values, written where asked.
/// - Returns: (valueDim), and the sum of |probability·value| behind each.
public func oracleAttentionRow(
  q: UnsafePointer<Float>, headDim: Int, valueDim: Int, visible: Range<Int>, scale: Double,
  key: (Int, UnsafeMutablePointer<Double>) -> Void, value: (Int, UnsafeMutablePointer<Double>) -> Void
) -> OracleRow {
  let numbers = UnsafeMutablePointer<Double>.allocate(capacity: max(headDim, valueDim))
  defer { numbers.deallocate() }
  var scores = [Double](repeating: 0, count: visible.count)
  for (place, position) in visible.enumerated() {
    key(position, numbers)
    var dot = 0.0
    for i in 0..<headDim { dot += Double(q[i]) * numbers[i] }
    scores[place] = dot * scale
  }
  let most = scores.max() ?? 0
  let weights = scores.map { exponential($0 - most) }
  let total = weights.reduce(0, +)
  var result = OracleRow(
    values: Array(repeating: 0, count: valueDim), scales: Array(repeating: 0, count: valueDim))
  for (place, position) in visible.enumerated() {
    value(position, numbers)
    let probability = weights[place] / total
    for i in 0..<valueDim {
      let product = probability * numbers[i]
      result.values[i] += product
      result.scales[i] += abs(product)
    }
  }
  return result
}
