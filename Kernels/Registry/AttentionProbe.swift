// Attention and its powers of two on numbers that a test chooses.

package import Machines
package import Measurement

/// O of an attention over rows of floats: q (batch, headsQ, seqQ, headDim), k and v (batch, headsKV, seqKV,
/// headDim and valueDim).
package func attentionOutput(
  _ operation: Operation, _ shape: Shape, isa: InstructionSet, team: WorkerTeam, q: [Float], k: [Float],
  v: [Float]
) throws(KernelError) -> [Float] {
  let size = try Problem.Attention(operation, shape)
  let body = try Kernels.attentionBody(operation, size, try KernelModule.of(isa), team)
  let queries = try Buffer(copying: q)
  let out = try Buffer(zeros: size.outputElements, team: team)
  let cache = AttentionCache(size, k: try Buffer(copying: k), v: try Buffer(copying: v))
  body.run(PreparedAttention.Operands(q: queries, cache: cache, out: out), team: team)
  return (0..<out.count).map { out.start[$0] }
}

/// 2^x of each number, as the attention kernels compute it.
package func powersOfTwo(_ numbers: [Float], isa: InstructionSet) throws(KernelError) -> [Float] {
  let module = try KernelModule.of(isa).attention
  let padded = (numbers.count + 15) / 16 * 16
  let source = try Buffer(copying: numbers + Array(repeating: 0, count: padded - numbers.count))
  let target = try Buffer(padded)
  module.powersOfTwo(padded, source.start, target.start)
  return (0..<numbers.count).map { target.start[$0] }
}

extension Buffer {
  /// The same numbers.
  fileprivate convenience init(copying numbers: [Float]) throws(KernelError) {
    try self.init(numbers.count)
    for (i, number) in numbers.enumerated() { start[i] = number }
  }
}
