// A shape that has been checked: every dimension present, positive, and small enough that no byte count
// overflows. The work formulas stand here, beside the dimensions they are made of.

import Measurement
import Quantities

/// An operation with the dimensions that it needs.
struct Problem {
  enum Dimensions {
    case gemm(GEMM)
    case attention(Attention)
    case fmaPeak
    case memory(bytes: Int, passes: Int)
    case elementwise(Elementwise)
    case layer(Layer)
  }

  /// C (rows, n) = A (rows, k) · B (k, n) of each group; A and C of all groups lie one after the other, and so do
  /// the B.
  struct GEMM {
    /// Rows of each group: one group for a plain product, equal ones for a batch, uneven ones and zeros for experts.
    let rows: [Int]
    let n: Int, k: Int
    /// True where A lies (k, rows), or B (n, k).
    var transposesA = false, transposesB = false

    /// Rows of all groups.
    var m: Int { rows.reduce(0, +) }
    /// Groups that have rows: the others' weights are not read.
    var busyGroups: Int { rows.count { $0 > 0 } }
    /// Where the rows of each group begin.
    var firstRows: [Int] { rows.indices.map { rows[..<$0].reduce(0, +) } }
  }

  let operation: Operation
  let dimensions: Dimensions
  let dataType: DataType

  init(_ operation: Operation, _ shape: Shape, _ dataType: DataType = .f32) throws(KernelError) {
    self.operation = operation
    self.dataType = dataType
    switch operation {
    case .gemm, .groupedGEMM:
      dimensions = .gemm(try GEMM(operation, shape))
    case .attentionPrefill, .attentionDecode:
      dimensions = .attention(try Attention(operation, shape))
    case .fmaPeak, .typePeak:
      dimensions = .fmaPeak
    case .memoryRead, .memoryCopy, .memoryTriad:
      let bytes = try positive(shape.bytes, "bytes")
      let element = MemoryLayout<Float>.stride
      guard bytes % element == 0 else { throw KernelError("bytes must be a multiple of \(element)") }
      try requireAddressable([bytes])
      // Short arrays are passed over several times a run, so that starting a team does not count.
      dimensions = .memory(bytes: bytes, passes: max(1, Problem.memoryBytesPerRun / bytes))
    case .rmsnorm, .layernorm, .residualRMSNorm, .residualAdd, .siluMul, .geluTanh, .geluErf, .ropeHalf,
      .ropeInterleaved, .softmax, .quantiseRows, .dequantiseRows, .embeddingGather, .routerTopK, .argmax,
      .sample:
      dimensions = .elementwise(try Elementwise(operation, shape))
    case .decoderLayer: dimensions = .layer(try Layer(shape))
    case .launchLatency, .graphReplay, .hostToDevice, .deviceToHost, .peerCopy:
      throw KernelError(absent: "\(operation.rawValue) is measured on a device")
    }
  }

  /// FLOP and compulsory bytes of one run.
  var work: Work {
    let element = Double(MemoryLayout<Float>.stride)
    switch dimensions {
    case .gemm(let g):
      let (m, n, k) = (Double(g.m), Double(g.n), Double(g.k))
      let weights = k * n * dataType.bytesOfB * Double(g.busyGroups)
      let bytes = m * k * dataType.bytesOfA + weights + m * n * dataType.bytesOfOut
      return Work(flop: FLOP(2 * m * n * k), bytes: Bytes(bytes))
    case .attention(let a):
      return Work(flop: FLOP(a.flop), bytes: Bytes(a.bytes))
    case .fmaPeak:
      return Work(flop: FLOP(Problem.peakFLOP), bytes: .zero)
    case .memory(let bytes, let passes):
      let moved = Double(bytes) * Double(passes)
      let elements = moved / element
      switch operation {
      case .memoryRead: return Work(flop: FLOP(elements), bytes: Bytes(moved))
      case .memoryCopy: return Work(flop: .zero, bytes: Bytes(2 * moved))
      default: return Work(flop: FLOP(2 * elements), bytes: Bytes(3 * moved))
      }
    case .elementwise(let size): return size.work
    case .layer(let size): return size.work()
    }
  }

  /// Bytes of each array that one run of a memory probe passes over at least.
  static let memoryBytesPerRun = Int(Unit.mebibyte.toBase(8))
  /// Multiply-adds of one run of the FMA peak on one thread, in FLOP: about a millisecond.
  static let peakFLOP = 1.2e8
  /// Products of one batch, and rows of all experts together: each is dealt out one by one.
  static let mostGroups = 1 << 16, mostGroupedRows = 1 << 24
  /// A limit far above any model's, so that workspaces stay small.
  static let largestHeadDim = 1024
}

extension Problem.GEMM {
  /// A batch of equal products, or `batch` experts that share m rows unevenly.
  fileprivate init(_ operation: Operation, _ shape: Shape) throws(KernelError) {
    let (m, n, k) = (try positive(shape.m, "m"), try positive(shape.n, "n"), try positive(shape.k, "k"))
    let groups = try positive(shape.batch, "batch")
    let isGrouped = operation == .groupedGEMM
    try requireAddressable([m, k, isGrouped ? 1 : groups], [k, n, groups], [m, n, isGrouped ? 1 : groups])
    guard groups <= Problem.mostGroups else {
      throw KernelError("batch must be at most \(Problem.mostGroups), not \(groups)")
    }
    guard !isGrouped || m <= Problem.mostGroupedRows else {
      throw KernelError("grouped rows must be at most \(Problem.mostGroupedRows), not \(m)")
    }
    rows = isGrouped ? Shape.expertRows(m, experts: groups) : Array(repeating: m, count: groups)
    (self.n, self.k) = (n, k)
    (transposesA, transposesB) = (shape.transposesA ?? false, shape.transposesB ?? false)
  }
}

func positive(_ value: Int?, _ name: String) throws(KernelError) -> Int {
  guard let value else { throw KernelError("the shape has no \(name)") }
  guard value > 0 else { throw KernelError("\(name) must be at least 1, not \(value)") }
  return value
}

/// Refuses products of dimensions whose bytes a pointer could not address.
func requireAddressable(_ arrays: [Int]...) throws(KernelError) {
  for dimensions in arrays {
    var product = MemoryLayout<Float>.stride
    for dimension in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard !overflow, next <= 1 << 46 else { throw KernelError("the operands are too large to address") }
      product = next
    }
  }
}
