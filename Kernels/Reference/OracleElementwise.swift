// What the element-wise kernels should have computed, one row at a time, in Double. As in Oracle.swift each
// value has a scale beside it: the size of what was added up to it, relative to which rounding errors are small.

/// x / √(mean(x²) + epsilon) · weight.
public func oracleRMSNorm(
  columns: Int, x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Double
) -> OracleRow {
  var squares = 0.0
  for i in 0..<columns { squares += Double(x[i]) * Double(x[i]) }
  let factor = 1 / (squares / Double(columns) + epsilon).squareRoot()
  let values = (0..<columns).map { Double(x[$0]) * factor * Double(weight[$0]) }
  return OracleRow(values: values, scales: values.map { abs($0) })
}

/// (x - mean) / √(variance + epsilon) · weight + bias.
public func oracleLayerNorm(
  columns: Int, x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
  epsilon: Double
) -> OracleRow {
  let row = (0..<columns).map { Double(x[$0]) }
  let mean = row.reduce(0, +) / Double(columns)
  let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
  let factor = 1 / (variance + epsilon).squareRoot()
  return OracleRow(
    values: (0..<columns).map { (row[$0] - mean) * factor * Double(weight[$0]) + Double(bias[$0]) },
    scales: (0..<columns).map {
      (abs(row[$0]) + abs(mean)) * factor * abs(Double(weight[$0])) + abs(Double(bias[$0]))
    })
}

/// e^(scale·(x - largest)) / Σ over the first `visible`, 0 beyond. The exponent is rounded before e is raised to
/// it, so that errors grow with its size.
public func oracleSoftmax(
  columns: Int, visible: Int, scale: Double, x: UnsafePointer<Float>
) -> OracleRow {
  let exponents = (0..<visible).map { scale * Double(x[$0]) }
  let most = exponents.max() ?? 0
  let weights = exponents.map { exponential($0 - most) }
  let total = weights.reduce(0, +)
  let rest = Array(repeating: 0.0, count: columns - visible)
  // Below the normal floats a weight is 0.
  let scales = zip(exponents, weights).map { (2 + most - $0) * $1 / total + 0x1p-100 }
  return OracleRow(values: weights.map { $0 / total } + rest, scales: scales + rest)
}

/// a + b.
public func oracleSum(columns: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>) -> OracleRow {
  OracleRow(
    values: (0..<columns).map { Double(a[$0]) + Double(b[$0]) },
    scales: (0..<columns).map { abs(Double(a[$0])) + abs(Double(b[$0])) })
}

/// gate·σ(gate)·up.
public func oracleSiLUMul(
  columns: Int, gate: UnsafePointer<Float>, up: UnsafePointer<Float>
) -> OracleRow {
  let values = (0..<columns).map { oracleSiLU(Double(gate[$0])) * Double(up[$0]) }
  return OracleRow(values: values, scales: values.map { abs($0) })
}

/// x·σ(x).
public func oracleSiLU(_ x: Double) -> Double { x / (1 + exponential(-x)) }

/// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
public func oracleGeluTanh(_ x: Double) -> Double {
  x / 2 * (1 + hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}

/// x·Φ(x).
public func oracleGeluErf(_ x: Double) -> Double { x / 2 * complementaryError(-x / Double(2).squareRoot()) }

/// One head turned: pairs are (i, i + headDim / 2), or neighbours where `interleaved`.
public func oracleRope(
  headDim: Int, x: UnsafePointer<Float>, cos: UnsafePointer<Float>, sin: UnsafePointer<Float>,
  interleaved: Bool
) -> OracleRow {
  var row = OracleRow(
    values: Array(repeating: 0, count: headDim), scales: Array(repeating: 0, count: headDim))
  for i in 0..<headDim / 2 {
    let (first, second) = interleaved ? (2 * i, 2 * i + 1) : (i, i + headDim / 2)
    let (a, b) = (Double(x[first]), Double(x[second]))
    let (c, s) = (Double(cos[i]), Double(sin[i]))
    row.values[first] = a * c - b * s
    row.values[second] = b * c + a * s
    row.scales[first] = abs(a * c) + abs(b * s)
    row.scales[second] = abs(b * c) + abs(a * s)
  }
  return row
}

/// Places in falling order of their values: NaN before all numbers, equal ones by place.
public func oracleOrder(count: Int, x: UnsafePointer<Float>) -> [Int] {
  (0..<count).sorted { a, b in
    if x[a].isNaN != x[b].isNaN { return x[a].isNaN }
    return x[a] == x[b] || x[a].isNaN ? a < b : x[a] > x[b]
  }
}

/// Place of the largest, as `oracleOrder`; -1 of none.
public func oracleArgmax(count: Int, x: UnsafePointer<Float>) -> Int {
  var best = 0
  guard count > 0 else { return -1 }
  for i in 1..<max(count, 1) where !x[best].isNaN && (x[i].isNaN || x[i] > x[best]) { best = i }
  return best
}

/// The `top` experts and their weights, which add up to 1.
public func oracleRouter(experts: Int, top: Int, logits: UnsafePointer<Float>) -> (
  places: [Int], weights: [Double]
) {
  let places = Array(oracleOrder(count: experts, x: logits).prefix(top))
  // The softmax over all experts, then the chosen ones over their sum.
  let most = Double(logits[places[0]])
  let all = (0..<experts).map { exponential(Double(logits[$0]) - most) }
  let total = all.reduce(0, +)
  let chosen = places.map { all[$0] / total }
  let kept = chosen.reduce(0, +)
  return (places, chosen.map { $0 / kept })
}

/// What may be drawn from a row: the places that top and top-p keep, in falling order, and for each the end of
/// its part of [0, 1).
public func oracleSample(
  count: Int, x: UnsafePointer<Float>, temperature: Double, top: Int, topP: Double
) -> (places: [Int], ends: [Double]) {
  let places = Array(oracleOrder(count: count, x: x).prefix(top))
  let most = Double(x[places[0]])
  let weights = places.map { exponential((Double(x[$0]) - most) / temperature) }
  let total = weights.reduce(0, +)
  var (mass, kept): (Double, [Double]) = (0, [])
  for weight in weights where kept.isEmpty || mass < topP {
    mass += weight / total
    kept.append(mass)
  }
  return (Array(places.prefix(kept.count)), kept.map { $0 / mass })
}
