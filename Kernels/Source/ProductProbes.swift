// What the register loop of `vdpbf16ps` reaches, beside `fmaPeak`: whether multiplying bfloat16 in pairs beats
// widening it is this core's to tell.

#if ISA_BF16
/// `rounds` rounds of 12 independent sums of pairs of bfloat16 that are `factor`; the sums, added up, in `result`.
@inline(never)
public func brainPeak(rounds: Int, factor: UInt16, result: UnsafeMutablePointer<Float>) {
  var sums = InlineArray<3, InlineArray<4, Vector>>(repeating: .init(repeating: Vector()))
  // Different starts: equal sums would be merged into one.
  for i in 0..<3 { for j in 0..<4 { sums[i][j] = Vector(repeating: Float(4 * i + j)) } }
  let pair = VectorBits(repeating: Int32(bitPattern: UInt32(factor) &* 0x1_0001))
  for _ in 0..<rounds {
    for i in 0..<3 { for j in 0..<4 { sums[i][j] = BrainStep.step(pair, pair, sums[i][j]) } }
  }
  var total = Vector()
  for i in 0..<3 { for j in 0..<4 { total += sums[i][j] } }
  store(total, result)
}

/// FLOP of one round of `brainPeak`.
public func brainPeakRound() -> Int { 12 * 4 * lanes }
#endif
