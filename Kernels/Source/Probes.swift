// Ceilings: multiply-adds that never leave the registers, and plain passes over memory.

/// `rounds` rounds of 12 independent multiply-adds x -> x·factor + addend from x = addend, addend + 1 …; their sum.
/// With factor and addend 1 every value is a whole number, so the sum tells how many rounds were run. The factor
/// is an argument because a compiler that knew it to be 1 would only add. Twelve sums hide the latency of any
/// core so far (latency x units is 8 to 10) and fit in 16 registers.
@inline(never)
public func fmaPeak(
  rounds: Int, factor: Float, addend: Float, result: UnsafeMutablePointer<Float>
) {
  // Three by four: one array of twelve would be filled by a function of the standard library, a weak symbol.
  var sums = InlineArray<3, InlineArray<4, Vector>>(repeating: .init(repeating: Vector()))
  // Different starts: equal sums would be merged into one.
  for i in 0..<12 { sums[i / 4][i % 4] = Vector(repeating: addend + Float(i)) }
  let a = Vector(repeating: factor)
  let b = Vector(repeating: addend)
  for _ in 0..<rounds {
    for i in 0..<12 { sums[i / 4][i % 4] = multiplyAdd(sums[i / 4][i % 4], a, b) }
  }
  var total = sums[0][0]
  for i in 1..<12 { total += sums[i / 4][i % 4] }
  store(total, result)
}

/// FLOP of one round of `fmaPeak`.
public func fmaPeakRound() -> Int { 12 * 2 * lanes }

/// Floats that `fmaPeak` and `memoryRead` write.
public func probeResult() -> Int { lanes }

/// Adds up `count` floats, lane by lane, into `result`.
@inline(never)
public func memoryRead(count: Int, a: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>) {
  var sums = InlineArray<8, Vector>(repeating: Vector())
  var i = 0
  while i + 8 * lanes <= count {
    for j in 0..<8 { sums[j] += load(a + i + j * lanes) }
    i += 8 * lanes
  }
  var rest: Float = 0
  while i < count {
    rest += a[i]
    i += 1
  }
  var total = sums[0]
  for j in 1..<8 { total += sums[j] }
  total[0] += rest
  store(total, result)
}

/// b = a.
@inline(never)
public func memoryCopy(count: Int, a: UnsafePointer<Float>, b: UnsafeMutablePointer<Float>) {
  var i = 0
  while i + 4 * lanes <= count {
    for j in 0..<4 { store(load(a + i + j * lanes), b + i + j * lanes) }
    i += 4 * lanes
  }
  while i < count {
    b[i] = a[i]
    i += 1
  }
}

/// c = a + s·b.
@inline(never)
public func memoryTriad(
  count: Int, s: Float, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>
) {
  let factor = Vector(repeating: s)
  var i = 0
  while i + 4 * lanes <= count {
    for j in 0..<4 {
      store(multiplyAdd(load(b + i + j * lanes), factor, load(a + i + j * lanes)), c + i + j * lanes)
    }
    i += 4 * lanes
  }
  while i < count {
    c[i] = a[i] + s * b[i]
    i += 1
  }
}
