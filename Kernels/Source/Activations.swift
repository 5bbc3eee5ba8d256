// Maps over (rows, columns) with row strides: out = silu(gate)·up, out = gelu(x), out = a + b. All are bound by
// memory: 12, 8 and 12 bytes an element. `out` may be an operand. `streamed` stores go past the caches, where
// every row of `out` begins on a register's boundary (else it is ignored): right where the result is larger
// than the last-level cache.

/// out = gate·σ(gate)·up: the gate of a SwiGLU. `gate` and `up` may be halves of rows of 2·columns.
@inline(never)
public func siluMul(
  rows: Int, columns: Int, gate: UnsafePointer<Float>, gateStride: Int, up: UnsafePointer<Float>,
  upStride: Int, out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  mapRows(rows, columns, gate, gateStride, up, upStride, out, outStride, streamed, Gate())
}

private struct Gate: Binary {
  @inline(always) func of(_ gate: Vector, _ up: Vector) -> Vector { silu(gate) * up }
}

/// out = gelu(x), the tanh form.
@inline(never)
public func geluTanhRows(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, out: UnsafeMutablePointer<Float>,
  outStride: Int, streamed: Bool
) {
  mapRows(rows, columns, x, xStride, out, outStride, streamed, GeluTanh())
}

private struct GeluTanh: Unary {
  @inline(always) func of(_ x: Vector) -> Vector { geluTanh(x) }
}

/// out = gelu(x), the exact form with erf.
@inline(never)
public func geluErfRows(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, out: UnsafeMutablePointer<Float>,
  outStride: Int, streamed: Bool
) {
  mapRows(rows, columns, x, xStride, out, outStride, streamed, GeluErf())
}

private struct GeluErf: Unary {
  @inline(always) func of(_ x: Vector) -> Vector { geluErf(x) }
}

/// out = a + b.
@inline(never)
public func residualAdd(
  rows: Int, columns: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
  out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  mapRows(rows, columns, a, aStride, b, bStride, out, outStride, streamed, Sum())
}
