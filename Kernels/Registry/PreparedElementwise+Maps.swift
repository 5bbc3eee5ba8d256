// Bodies whose rows are mapped or normalised: norms, activations, residuals, rotary positions.

import KernelsReference
import Measurement

extension Problem.Elementwise {
  /// The body of the operation.
  func body(_ module: ElementwiseModule, threads: Int) throws(KernelError) -> any ElementwiseBody {
    switch operation {
    case .rmsnorm, .layernorm, .residualRMSNorm: NormBody(size: self, module: module)
    case .ropeHalf, .ropeInterleaved: RopeBody(size: self, module: module)
    case .softmax: SoftmaxBody(size: self, module: module, maxima: try Buffer(threads * lineFloats))
    case .quantiseRows, .dequantiseRows: QuantiseBody(size: self, module: module)
    case .embeddingGather: GatherBody(size: self, module: module)
    case .routerTopK:
      RouterBody(
        size: self, module: module, workspace: try Buffer(threads * module.selectionWorkspace(columns)))
    case .argmax: ArgmaxBody(size: self, module: module, found: try Buffer(threads * lineFloats))
    case .sample:
      SampleBody(size: self, module: module, workspace: try Buffer(threads * 2 * Problem.largestSample))
    default: MapBody(size: self, module: module)
    }
  }

  /// Elements of one array.
  var count: Int { rows * columns }
}

/// What threads write side by side lies this far apart.
let lineFloats = 64

/// rmsnorm, layernorm, residual add with rmsnorm. Reads x, weight, bias or residual; writes out, sums.
private struct NormBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule
  static let epsilon: Float = 1e-5

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] {
    let own: [ElementwiseArray] = [.numbers(size.count), .numbers(columns)]
    switch size.operation {
    case .rmsnorm: return own
    case .layernorm: return own + [.numbers(columns)]
    default: return own + [.numbers(size.count)]
    }
  }
  var writes: [Int] { size.operation == .residualRMSNorm ? [size.count, size.count] : [size.count] }
  /// Squares are added in sixteen sums at least, and the root halves their error.
  var tolerance: Double { (8 + 0.2 * Double(columns).squareRoot()) * 0x1p-24 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, weight) = (operands.reads[0].start, operands.reads[1].start)
    let other = operands.reads.count > 2 ? operands.reads[2].start : x
    let out = operands.writes[0].start
    let sums = operands.writes.count > 1 ? operands.writes[1].start : out
    let streamed = isStreamed(size.count)
    let n = columns
    team.run { thread, threads in
      let part = share(of: rows, thread, threads)
      let first = part.lowerBound * n
      switch size.operation {
      case .rmsnorm:
        module.rmsnorm(part.count, n, x + first, n, weight, NormBody.epsilon, out + first, n, streamed)
      case .layernorm:
        module.layernorm(
          part.count, n, x + first, n, weight, other, NormBody.epsilon, out + first, n, streamed)
      default:
        module.residualRMSNorm(
          part.count, n, x + first, n, other + first, n, weight, NormBody.epsilon, sums + first, n,
          out + first, n, streamed)
      }
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let (x, weight) = (operands.reads[0].start + row * columns, operands.reads[1].start)
    let epsilon = Double(NormBody.epsilon)
    let expected: OracleRow
    switch size.operation {
    case .rmsnorm: expected = oracleRMSNorm(columns: columns, x: x, weight: weight, epsilon: epsilon)
    case .layernorm:
      expected = oracleLayerNorm(
        columns: columns, x: x, weight: weight, bias: operands.reads[2].start, epsilon: epsilon)
    default:
      let sums = operands.writes[1].start + row * columns
      let residual = operands.reads[2].start + row * columns
      scan.add(row: sums, oracleSum(columns: columns, a: x, b: residual))
      // The norm is of the sums as they were rounded.
      expected = oracleRMSNorm(columns: columns, x: sums, weight: weight, epsilon: epsilon)
    }
    scan.add(row: operands.writes[0].start + row * columns, expected)
  }
}

/// silu(gate)·up, gelu, residual add. The gate and up of a token are halves of one row, as one product with
/// both weights leaves them.
private struct MapBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] {
    switch size.operation {
    case .siluMul: [.numbers(2 * size.count, magnitude: 8)]
    case .residualAdd: [.numbers(size.count), .numbers(size.count)]
    default: [.numbers(size.count, magnitude: 8)]
    }
  }
  var writes: [Int] { [size.count] }
  /// silu: (5 + 1.3·8)·2^-24 for arguments down to -8, and the product.
  var tolerance: Double {
    switch size.operation {
    case .residualAdd: 0x1p-24
    case .siluMul: 18 * 0x1p-24
    default: 6 * 0x1p-24
    }
  }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, out) = (operands.reads[0].start, operands.writes[0].start)
    let other = operands.reads.count > 1 ? operands.reads[1].start : x
    let streamed = isStreamed(size.count)
    let n = columns
    team.run { thread, threads in
      let isSplit = sharesColumns(rows, threads)
      let part = isSplit ? 0..<rows : share(of: rows, thread, threads)
      let cut = isSplit ? share(of: n, step: columnStep, thread, threads) : 0..<n
      let (first, count, width) = (part.lowerBound * n + cut.lowerBound, part.count, cut.count)
      switch size.operation {
      case .siluMul:
        let gate = x + part.lowerBound * 2 * n + cut.lowerBound
        module.siluMul(count, width, gate, 2 * n, gate + n, 2 * n, out + first, n, streamed)
      case .geluTanh: module.geluTanh(count, width, x + first, n, out + first, n, streamed)
      case .geluErf: module.geluErf(count, width, x + first, n, out + first, n, streamed)
      default: module.residualAdd(count, width, x + first, n, other + first, n, out + first, n, streamed)
      }
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let found = operands.writes[0].start + row * columns
    let x = operands.reads[0].start + row * columns
    switch size.operation {
    case .siluMul:
      let gate = operands.reads[0].start + row * 2 * columns
      scan.add(row: found, oracleSiLUMul(columns: columns, gate: gate, up: gate + columns))
    case .residualAdd:
      let other = operands.reads[1].start + row * columns
      scan.add(row: found, oracleSum(columns: columns, a: x, b: other))
    default:
      let gelu = size.operation == .geluTanh ? oracleGeluTanh : oracleGeluErf
      for i in 0..<columns { scan.add(Double(found[i]), gelu(Double(x[i])), scale: abs(Double(x[i]))) }
    }
  }
}

/// Rotary positions in both layouts; tables of cos and sin one after the other.
private struct RopeBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  private var pairs: Int { size.headDim / 2 }
  var reads: [ElementwiseArray] { [.numbers(size.count), .angles(tokens: rows, pairs: pairs)] }
  var writes: [Int] { [size.count] }
  var tolerance: Double { 3 * 0x1p-24 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, out) = (operands.reads[0].start, operands.writes[0].start)
    let (cos, sin) = (operands.reads[1].start, operands.reads[1].start + rows * pairs)
    let streamed = isStreamed(size.count)
    let (n, dim) = (columns, size.headDim)
    let turn = size.operation == .ropeHalf ? module.ropeHalf : module.ropeInterleaved
    team.run { thread, threads in
      let isSplit = sharesColumns(rows, threads)
      let part = isSplit ? 0..<rows : share(of: rows, thread, threads)
      let heads = isSplit ? share(of: size.heads, thread, threads) : 0..<size.heads
      let first = part.lowerBound * n + heads.lowerBound * dim
      let table = part.lowerBound * pairs
      turn(
        part.count, heads.count, dim, x + first, n, cos + table, sin + table, out + first, n, streamed)
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let (cos, sin) = (operands.reads[1].start, operands.reads[1].start + rows * pairs)
    for head in 0..<size.heads {
      let place = row * columns + head * size.headDim
      let expected = oracleRope(
        headDim: size.headDim, x: operands.reads[0].start + place, cos: cos + row * pairs,
        sin: sin + row * pairs, interleaved: size.operation == .ropeInterleaved)
      scan.add(row: operands.writes[0].start + place, expected)
    }
  }
}

extension ErrorScan {
  /// A row of results against its oracle.
  mutating func add(row found: UnsafePointer<Float>, _ expected: OracleRow) {
    for (i, value) in expected.values.enumerated() {
      add(Double(found[i]), value, scale: expected.scales[i])
    }
  }
}
