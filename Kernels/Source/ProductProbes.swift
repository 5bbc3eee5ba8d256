// Ceilings of the other element types, as `fmaPeak` is that of fp32: twelve independent sums in registers, from 0, 1 …
// 11, that grow by a whole number a round, so that what they add up to tells how many rounds were run.

/// `rounds` rounds of x -> x·factor + addend in fp64; the sums, added up, in `result`.
@inline(never)
public func doublePeak(
  rounds: Int, factor: Double, addend: Double, result: UnsafeMutablePointer<Double>
) {
  var sums = InlineArray<3, InlineArray<4, Doubles>>(repeating: .init(repeating: Doubles()))
  // Different starts: equal sums would be merged into one.
  for i in 0..<3 { for j in 0..<4 { sums[i][j] = Doubles(repeating: Double(4 * i + j)) } }
  let (a, b) = (Doubles(repeating: factor), Doubles(repeating: addend))
  for _ in 0..<rounds {
    for i in 0..<3 { for j in 0..<4 { sums[i][j] = multiplyAdd(sums[i][j], a, b) } }
  }
  var total = Doubles()
  for i in 0..<3 { for j in 0..<4 { total += sums[i][j] } }
  UnsafeMutableRawPointer(result).storeBytes(of: total, as: Doubles.self)
}

/// FLOP of one round of `doublePeak`.
public func doublePeakRound() -> Int { 12 * lanes }

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

/// `rounds` rounds of sums of four products of bytes that are `factor` by `factor`; the sums, added up, in `result`.
@inline(never)
public func octetPeak(rounds: Int, factor: UInt8, result: UnsafeMutablePointer<Int32>) {
  var sums = InlineArray<3, InlineArray<4, VectorBits>>(repeating: .init(repeating: VectorBits()))
  for i in 0..<3 { for j in 0..<4 { sums[i][j] = VectorBits(repeating: Int32(4 * i + j)) } }
  let four = VectorBits(repeating: Int32(bitPattern: UInt32(factor) &* 0x101_0101))
  for _ in 0..<rounds {
    for i in 0..<3 { for j in 0..<4 { sums[i][j] = ByteStep.step(four, four, sums[i][j]) } }
  }
  var total = VectorBits()
  for i in 0..<3 { for j in 0..<4 { total = total &+ sums[i][j] } }
  UnsafeMutableRawPointer(result).storeBytes(of: total, as: VectorBits.self)
}

/// Operations of one round of `octetPeak`.
public func octetPeakRound() -> Int { 12 * 8 * lanes }
#endif
