// Rotary positions: each pair (a, b) of a head turns by an angle of its own,
//   a' = a·cos - b·sin, b' = b·cos + a·sin,
// x and out (tokens, heads, headDim) with a stride between tokens, tables of cos and sin (tokens, headDim / 2).
// Half-split pairs are i and i + headDim / 2, interleaved pairs 2·i and 2·i + 1. 8 bytes an element; the tables
// of a token serve all its heads from the first-level cache. `out` may be `x`. `streamed` as in
// Activations.swift.

import CInstructions

#if ISA_AVX512
private typealias HalfVector = SIMD8<Float>
#elseif ISA_AVX2
private typealias HalfVector = SIMD4<Float>
#else
private typealias HalfVector = SIMD2<Float>
#endif

/// Pairs that lie half a head apart.
@inline(never)
public func ropeHalf(
  tokens: Int, heads: Int, headDim: Int, x: UnsafePointer<Float>, xStride: Int, cos: UnsafePointer<Float>,
  sin: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  let half = headDim / 2
  // Both halves of every head must begin on a register's boundary.
  let streams = streamed && canStream(out, outStride) && canStream(out, half)
  for token in 0..<tokens {
    let (c, s) = (cos + token * half, sin + token * half)
    for head in 0..<heads {
      let source = x + token * xStride + head * headDim
      let target = out + token * outStride + head * headDim
      turnHalves(half, source, c, s, target, streams)
    }
  }
  if streams { instruction_stream_fence() }
}

/// Pairs of neighbours.
@inline(never)
public func ropeInterleaved(
  tokens: Int, heads: Int, headDim: Int, x: UnsafePointer<Float>, xStride: Int, cos: UnsafePointer<Float>,
  sin: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  let half = headDim / 2
  let streams = streamed && canStream(out, outStride) && canStream(out, headDim)
  for token in 0..<tokens {
    let (c, s) = (cos + token * half, sin + token * half)
    for head in 0..<heads {
      let source = x + token * xStride + head * headDim
      let target = out + token * outStride + head * headDim
      turnNeighbours(half, source, c, s, target, streams)
    }
  }
  if streams { instruction_stream_fence() }
}

@inline(always)
private func turnHalves(
  _ half: Int, _ x: UnsafePointer<Float>, _ cos: UnsafePointer<Float>, _ sin: UnsafePointer<Float>,
  _ out: UnsafeMutablePointer<Float>, _ streamed: Bool
) {
  var i = 0
  while i + lanes <= half {
    let (a, b) = (load(x + i), load(x + half + i))
    let (c, s) = (load(cos + i), load(sin + i))
    put(multiplyAdd(a, c, -(b * s)), out + i, streamed)
    put(multiplyAdd(b, c, a * s), out + half + i, streamed)
    i += lanes
  }
  while i < half {
    let (a, b) = (x[i], x[half + i])
    out[i] = a * cos[i] - b * sin[i]
    out[half + i] = b * cos[i] + a * sin[i]
    i += 1
  }
}

@inline(always)
private func turnNeighbours(
  _ half: Int, _ x: UnsafePointer<Float>, _ cos: UnsafePointer<Float>, _ sin: UnsafePointer<Float>,
  _ out: UnsafeMutablePointer<Float>, _ streamed: Bool
) {
  var i = 0
  while i + lanes <= half {
    // Two registers hold as many pairs as there are lanes.
    let (low, high) = (load(x + 2 * i), load(x + 2 * i + lanes))
    let a = Vector(lowHalf: low.evenHalf, highHalf: high.evenHalf)
    let b = Vector(lowHalf: low.oddHalf, highHalf: high.oddHalf)
    let (c, s) = (load(cos + i), load(sin + i))
    let turnedA = multiplyAdd(a, c, -(b * s))
    let turnedB = multiplyAdd(b, c, a * s)
    put(interleaved(turnedA.lowHalf, turnedB.lowHalf), out + 2 * i, streamed)
    put(interleaved(turnedA.highHalf, turnedB.highHalf), out + 2 * i + lanes, streamed)
    i += lanes
  }
  while i < half {
    let (a, b) = (x[2 * i], x[2 * i + 1])
    out[2 * i] = a * cos[i] - b * sin[i]
    out[2 * i + 1] = b * cos[i] + a * sin[i]
    i += 1
  }
}

@inline(always)
private func interleaved(_ even: HalfVector, _ odd: HalfVector) -> Vector {
  var vector = Vector()
  vector.evenHalf = even
  vector.oddHalf = odd
  return vector
}
