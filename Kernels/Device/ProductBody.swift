// Matrix products by the vendor's library: its candidates are tried on the operands and the fastest is kept.

import Devices
import Kernels
import KernelsReference
import Measurement
import Quantities

/// C = A·B on the device, `batch` times; A, B and C lie as the shape says, one problem after the other.
final class ProductBody: DeviceBody {
  let work: Work
  let sets: Int
  let residentBytes: Int
  private(set) var detail = ""

  private let product: BLASProduct
  private let type: DataType
  private let plan: BLASPlan
  private var chosen: BLASCandidate
  private let device: DeviceKernels
  private let a: [Operand]
  private let b: [Operand]
  private let c: [DeviceBuffer]
  private let workspace: DeviceBuffer
  /// Ones that multiply operands of fp8.
  private let scale: DeviceBuffer

  private typealias Operand = (buffer: DeviceBuffer, numbers: DeviceNumbers)

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    let shape = request.shape
    type = request.subject.dataType
    let elements = try ProductBody.elements(of: type)
    product = BLASProduct(
      m: try request.positive(shape.m, "m"), n: try request.positive(shape.n, "n"),
      k: try request.positive(shape.k, "k"), batch: try request.positive(shape.batch, "batch"),
      a: elements.operand, b: elements.operand, c: elements.result, sum: elements.sum,
      transposesA: shape.transposesA ?? false,
      transposesB: shape.transposesB ?? false)
    self.device = device
    work = DeviceWork.product(shape, type)
    sets = request.sets
    scale = try device.upload([Float(1), 1])
    plan = try device.blas().plan(
      product, scaleA: type == .f8 ? scale.from(0) : nil, scaleB: type == .f8 ? scale.from(0) : nil)
    workspace = try device.context.allocate(ProductBody.workspaceBytes)
    let (batch, k) = (product.batch, product.k)
    var (a, b, c): ([Operand], [Operand], [DeviceBuffer]) = ([], [], [])
    for set in 0..<request.activationSets {
      a.append(try device.random(batch * product.m * k, type, seed: request.seed(0, set: set)))
      c.append(try device.context.allocate(batch * product.m * product.n * elements.result.bytes))
    }
    for set in 0..<sets {
      b.append(try device.random(batch * k * product.n, type, seed: request.seed(1, set: set)))
    }
    (self.a, self.b, self.c) = (a, b, c)
    residentBytes =
      a.reduce(0) { $0 + $1.buffer.count } + b.reduce(0) { $0 + $1.buffer.count }
      + c.reduce(0) { $0 + $1.count }
    let candidates = try plan.candidates(workspaceBytes: workspace.count, count: ProductBody.candidates)
    guard let first = candidates.first else { throw KernelError("cuBLASLt has no algorithm for the product") }
    chosen = first
    try choose(among: candidates)
    detail = chosen.id
  }

  func enqueue(_ set: Int) throws(DeviceError) { try enqueue(set, chosen) }

  private func enqueue(_ set: Int, _ candidate: BLASCandidate) throws(DeviceError) {
    try plan.run(
      candidate, a: a[set % a.count].buffer.from(0), b: b[set].buffer.from(0), c: c[set % c.count].from(0),
      workspace: workspace)
  }

  /// Each candidate after a run that nobody times: as many runs as fill a millisecond, on all sets in turn, so that
  /// weights are as warm or as cold as they will be; what is clearly slower than the best gets no second look. One
  /// that the device refuses is left out.
  private func choose(among candidates: [BLASCandidate]) throws(DeviceError) {
    let (start, end) = (try device.context.makeEvent(), try device.context.makeEvent())
    func seconds(_ candidate: BLASCandidate, runs: Int) throws(DeviceError) -> Double {
      try device.context.record(start)
      for run in 0..<runs { try enqueue(run % sets, candidate) }
      try device.context.record(end)
      return try device.context.elapsed(from: start, to: end) / Double(runs)
    }
    var best = Double.infinity
    for candidate in candidates {
      do throws(DeviceError) {
        try enqueue(0, candidate)
        let once = try seconds(candidate, runs: 1)
        // A mark and the first call after it cost microseconds of their own.
        guard once <= 1.3 * best + Unit.microsecond.toBase(20) else { continue }
        let runs = max(1, min(200, Int((Unit.millisecond.toBase(1) / max(once, 1e-9)).rounded(.up))))
        for _ in 0..<(runs > 1 ? 2 : 1) {
          let each = try seconds(candidate, runs: runs)
          if each < best { (best, chosen) = (each, candidate) }
        }
      } catch {
        if error.isLost { throw error }
      }
    }
  }

  /// Candidates of the heuristic that are tried.
  private static let candidates = 16
  /// What the vendor advises for Hopper and later.
  private static let workspaceBytes = Int(Unit.mebibyte.toBase(32))

  private static func elements(
    of type: DataType
  ) throws(KernelError) -> (operand: DeviceElement, result: DeviceElement, sum: DeviceSum) {
    switch type {
    case .f64: (.double, .double, .double)
    case .f32: (.float, .float, .float)
    case .tf32: (.float, .float, .tf32)
    case .bf16: (.bfloat16, .bfloat16, .float)
    case .f16: (.half, .half, .float)
    case .f8: (.fp8E4M3, .bfloat16, .float)
    case .i8: (.int8, .int32, .int32)
    default: throw KernelError(absent: "no device product of \(type.rawValue)")
    }
  }
}

// The comparison.
extension ProductBody {
  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    try device.poison([c[0]])
    try enqueue(0)
    try device.context.synchronise()
    let stored = ProductBody.stored(product.c)
    var check = DeviceCheck(tolerance: tolerance, stored: stored)
    let (m, n, k) = (product.m, product.n, product.k)
    let isFull = Double(product.batch) * Double(m) * Double(n) * Double(k) <= ProductBody.fullProducts
    let (fewRows, fewColumns) = isBrief ? (4, 16) : (32, 64)
    let rows = isFull ? Array(0..<m) : ErrorScan.sample(fewRows, of: m, seed: seed)
    let columns = isFull ? Array(0..<n) : ErrorScan.sample(fewColumns, of: n, seed: seed ^ 1)
    let problems = isFull ? Array(0..<product.batch) : ErrorScan.sample(2, of: product.batch, seed: seed ^ 2)
    for problem in problems {
      let right = columns.map { column in
        b[0].numbers.row(
          (0..<k).lazy.map {
            problem * k * n + (self.product.transposesB ? column * k + $0 : $0 * n + column)
          })
      }
      for row in rows {
        let left = a[0].numbers.row(
          (0..<k).lazy.map { problem * m * k + (self.product.transposesA ? $0 * m + row : row * k + $0) })
        let found = try device.results(c[0], stored, first: (problem * m + row) * n, count: n)
        for (column, weights) in zip(columns, right) {
          var (sum, scale) = (0.0, 0.0)
          for p in 0..<k {
            let term = left[p] * weights[p]
            sum += term
            scale += abs(term)
          }
          check.add(found[column], sum, scale: scale)
        }
      }
    }
    let count = product.batch * m * n
    if !isBrief, try device.hasPoison(c[0], stored, count: count) { check.addPoison() }
    return check.verification(isFull ? "all elements" : "\(check.elements) of \(count) elements")
  }

  /// Multiply-adds up to which every element is compared.
  private static let fullProducts = 2.5e7

  private static func stored(_ element: DeviceElement) -> StoredResult {
    switch element {
    case .double: .f64
    case .half: .f16
    case .bfloat16: .bf16
    case .int32: .i32
    default: .f32
    }
  }

  /// How far sums may be from the exact one as a share of Σ|a·b|. Tensor cores cut what they add instead of rounding
  /// it, and keep fewer bits than a float while they add a group: of fp8 as few as 14 between two promotions (DeepSeek-V3
  /// report, section 3.3.2), of the others about as many as a float.
  private var tolerance: Double {
    let k = product.k
    switch type {
    case .f64: return productTolerance(k: k, unitRoundoff: UnitRoundoff.double)
    case .i8: return 0
    // Operands are cut to 10 bits of fraction: of each product up to 2^-9, of random sign but for the cutting's.
    case .tf32:
      return 12 * 0x1p-10 / Double(k).squareRoot() + productTolerance(k: k, unitRoundoff: 0x1p-23)
    case .f8: return productTolerance(k: 32, unitRoundoff: 0x1p-14)
    default: return productTolerance(k: k, unitRoundoff: 0x1p-23)
    }
  }
}
