// The sizes of an element-wise operation, checked, with its work. A comparison, an exponential, a division and
// a root count one FLOP each.

import Measurement
import Quantities

extension Problem {
  /// Rows by columns; heads for rotary positions.
  struct Elementwise {
    let operation: Operation
    let rows: Int
    /// Elements of a row; for rotary positions heads x headDim.
    let columns: Int
    /// Experts that a router takes, candidates of a sample, rows of the embedding's table; else 1.
    let top: Int
    let heads: Int, headDim: Int
    let causal: Bool

    init(_ operation: Operation, _ shape: Shape) throws(KernelError) {
      self.operation = operation
      guard shape.batch == 1 else {
        throw KernelError("\(operation.rawValue) takes a batch of 1, not \(shape.batch)")
      }
      rows = try positive(shape.m, "m")
      causal = operation == .softmax && shape.causal == true
      if operation.isRope {
        (heads, headDim, top) = (
          try positive(shape.headsQ, "headsQ"), try positive(shape.headDim, "headDim"), 1
        )
        guard headDim.isMultiple(of: 2) else { throw KernelError("head dim must be even, not \(headDim)") }
        try requireAddressable([rows, heads, headDim])
        columns = heads * headDim
        return
      }
      (heads, headDim) = (1, 1)
      columns = try positive(shape.n, "n")
      try requireAddressable([rows, 2, columns])
      switch operation {
      case .routerTopK, .embeddingGather: top = try positive(shape.k, "k")
      case .sample: top = try positive(shape.k ?? min(columns, 50), "k")
      default: top = 1
      }
      if operation == .routerTopK, top > columns {
        throw KernelError("a router cannot choose \(top) of \(columns) experts")
      }
      if operation == .sample, top > min(columns, Problem.largestSample) {
        throw KernelError(
          "a sample takes at most \(min(columns, Problem.largestSample)) candidates, not \(top)")
      }
      if operation == .embeddingGather {
        guard top <= Int(Int32.max) else { throw KernelError("the table has more rows than an id can name") }
        try requireAddressable([top, columns])
      }
      if causal, rows > columns { throw KernelError("causal softmax needs at least as many columns as rows") }
    }

    /// Columns that row 0 sees, and how many more each following row does.
    var visible: (first: Int, growth: Int) { causal ? (columns - rows + 1, 1) : (columns, 0) }

    /// Elements that count: those above a causal diagonal do not.
    private var elements: Double {
      let all = Double(rows) * Double(columns)
      return causal ? all - Double(rows) * Double(rows - 1) / 2 : all
    }

    /// FLOP and compulsory bytes of one run: each row read and written once, weights and tables once.
    var work: Work {
      let element = Double(MemoryLayout<Float>.stride)
      let (n, all, count) = (elements, Double(rows) * Double(columns), Double(rows))
      let row = Double(columns)
      let (flop, floats): (Double, Double) =
        switch operation {
        case .rmsnorm: (4 * n, 2 * n + row)
        case .layernorm: (8 * n, 2 * n + 2 * row)
        case .residualRMSNorm: (5 * n, 4 * n + row)
        case .residualAdd: (n, 3 * n)
        case .siluMul: (4 * n, 3 * n)
        case .geluTanh: (8 * n, 2 * n)
        case .geluErf: (5 * n, 2 * n)
        case .ropeHalf, .ropeInterleaved: (3 * n, 2 * n + count * Double(headDim))
        case .softmax: (6 * n, n + all)
        case .quantiseRows: (3 * n, 1.25 * n + count)
        case .dequantiseRows: (n, 1.25 * n + count)
        case .embeddingGather: (0, 2 * n + count)
        case .routerTopK: (n * Double(top) + 4 * count * Double(top), n + 2 * count * Double(top))
        case .argmax: (n, n + count)
        default: (n, n + 2 * count)
        }
      return Work(flop: FLOP(flop), bytes: Bytes(element * floats))
    }
  }

  /// Candidates that `sampleRow` can keep.
  static let largestSample = 256
}
