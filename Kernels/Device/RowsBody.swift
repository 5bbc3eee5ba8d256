// Element-wise kernels on rows of bf16.

import Devices
import Glibc
import Kernels
import KernelsReference
import Measurement

/// rmsnorm, residual_rmsnorm, rope_half or silu_mul on the device.
final class RowsBody: DeviceBody {
  let work: Work
  let sets: Int
  let residentBytes: Int

  private let operation: Operation
  private let rows: Int
  /// Elements of a row of the result.
  private let columns: Int
  private let heads: Int
  private let headDim: Int
  private let device: DeviceKernels
  private let operands: [Operands]
  private let launches: [CUDALaunch]

  private struct Operands {
    let x: DeviceBuffer
    let numbers: DeviceNumbers
    let residual: (buffer: DeviceBuffer, numbers: DeviceNumbers)?
    let weight: (buffer: DeviceBuffer, numbers: DeviceNumbers)?
    let out: DeviceBuffer
    let sums: DeviceBuffer?
    var all: [DeviceBuffer] { [x, out] + [residual?.buffer, weight?.buffer, sums].compactMap { $0 } }
  }

  private let angles: (cos: DeviceBuffer, sin: DeviceBuffer)?

  private static let epsilon: Float = 1e-5

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    let shape = request.shape
    operation = request.subject.operation
    self.device = device
    guard request.subject.dataType == .bf16 else {
      throw KernelError(
        absent: "\(operation.rawValue) has no device kernel of \(request.subject.dataType.rawValue)")
    }
    guard shape.batch == 1 else {
      throw KernelError("\(operation.rawValue) takes a batch of 1, not \(shape.batch)")
    }
    rows = try request.positive(shape.m, "m")
    if operation == .ropeHalf {
      (heads, headDim) = (
        try request.positive(shape.headsQ, "headsQ"), try request.positive(shape.headDim, "headDim")
      )
      guard headDim.isMultiple(of: 2) else { throw KernelError("head dim must be even, not \(headDim)") }
      columns = heads * headDim
    } else {
      (heads, headDim, columns) = (1, 1, try request.positive(shape.n, "n"))
    }
    guard rows <= 1 << 20, columns <= 1 << 24 else {
      throw KernelError(absent: "these kernels take up to \(1 << 20) rows of \(1 << 24) elements")
    }
    work = DeviceWork.rows(operation, shape)
    sets = request.sets
    angles = operation == .ropeHalf ? try RowsBody.angles(rows, headDim, device) : nil
    let (count, isGate) = (rows * columns, operation == .siluMul)
    var made: [Operands] = []
    for set in 0..<sets {
      func random(_ array: Int, _ count: Int) throws(DeviceError) -> (
        buffer: DeviceBuffer, numbers: DeviceNumbers
      ) {
        try device.random(count, .bf16, seed: request.seed(array, set: set))
      }
      let x = try random(0, isGate ? 2 * count : count)
      let isNorm = operation == .rmsnorm || operation == .residualRMSNorm
      let hasResidual = operation == .residualRMSNorm || operation == .residualAdd
      made.append(
        Operands(
          x: x.buffer, numbers: x.numbers, residual: hasResidual ? try random(1, count) : nil,
          weight: isNorm ? try random(2, columns) : nil, out: try device.context.allocate(2 * count),
          sums: operation == .residualRMSNorm ? try device.context.allocate(2 * count) : nil))
    }
    operands = made
    residentBytes = made.reduce(0) { $0 + $1.all.reduce(0) { $0 + $1.count } }
    let (operation, rows, columns, heads, headDim, angles) = (
      operation, rows, columns, heads, headDim, angles
    )
    launches = try made.map {
      try RowsBody.launch(operation, rows, columns, heads, headDim, $0, angles, device)
    }
  }

  func enqueue(_ set: Int) throws(DeviceError) { try device.context.launch(launches[set]) }

  private static func launch(
    _ operation: Operation, _ rows: Int, _ columns: Int, _ heads: Int, _ headDim: Int, _ it: Operands,
    _ angles: (cos: DeviceBuffer, sin: DeviceBuffer)?, _ device: DeviceKernels
  ) throws -> CUDALaunch {
    let (out, x) = (LaunchArgument.pointer(it.out), LaunchArgument.pointer(it.x))
    var arguments: [LaunchArgument]
    var grid = LaunchExtent(rows)
    func blocks(_ elements: Int, _ isWide: Bool) -> Int { ((isWide ? elements / 8 : elements) + 255) / 256 }
    switch operation {
    case .rmsnorm, .residualRMSNorm:
      arguments = [out]
      if let sums = it.sums { arguments.append(.pointer(sums)) }
      arguments.append(x)
      if let residual = it.residual { arguments.append(.pointer(residual.buffer)) }
      if let weight = it.weight { arguments.append(.pointer(weight.buffer)) }
      arguments += [.int32(Int32(columns)), .float(epsilon)]
    case .residualAdd:
      guard let residual = it.residual else { throw KernelError("a sum without its second operand") }
      grid = LaunchExtent(max(1, (rows * columns + 2047) / 2048))
      arguments = [out, x, .pointer(residual.buffer), .int64(Int64(rows * columns))]
    case .ropeHalf:
      guard let angles else { throw KernelError("rotary positions without angles") }
      grid = LaunchExtent(rows * blocks(heads * headDim / 2, (headDim / 2).isMultiple(of: 8)))
      arguments = [
        out, x, .pointer(angles.cos), .pointer(angles.sin), .int32(Int32(heads)), .int32(Int32(headDim)),
      ]
    default:
      grid = LaunchExtent(rows * blocks(columns, columns.isMultiple(of: 8)))
      arguments = [out, x, .int32(Int32(columns))]
    }
    return try CUDALaunch(
      try device.function(operation.rawValue, of: .elementwise), grid: grid, block: LaunchExtent(256),
      arguments: arguments)
  }

  /// Cosines and sines of (position, pair), base 10,000.
  private static func angles(
    _ rows: Int, _ headDim: Int, _ device: DeviceKernels
  ) throws(DeviceError) -> (cos: DeviceBuffer, sin: DeviceBuffer) {
    let half = headDim / 2
    let values = (0..<rows * half).map { angle(position: $0 / half, pair: $0 % half, headDim) }
    return (
      try device.upload(values.map { Float(cos($0)) }), try device.upload(values.map { Float(sin($0)) })
    )
  }

  private static func angle(position: Int, pair: Int, _ headDim: Int) -> Double {
    Double(position) * pow(10_000, -2 * Double(pair) / Double(headDim))
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    let it = operands[0]
    try device.poison([it.out] + [it.sums].compactMap { $0 })
    try enqueue(0)
    try device.context.synchronise()
    // The steps of fp32: a root, a quotient, an exponential of 2 units in the last place and sums of a row.
    var check = DeviceCheck(tolerance: operation == .siluMul ? 0x1p-18 : 0x1p-19, stored: .bf16)
    let sampled = ErrorScan.sample(isBrief ? 4 : 64, of: rows, seed: seed)
    for row in sampled {
      let found = try device.results(it.out, .bf16, first: row * columns, count: columns)
      let expected = row < rows ? oracle(row, it) : OracleRow(values: [], scales: [])
      for (i, value) in expected.values.enumerated() { check.add(found[i], value, scale: expected.scales[i]) }
      guard let sums = it.sums else { continue }
      let added = try device.results(sums, .bf16, first: row * columns, count: columns)
      for (i, value) in self.sums(row, it).enumerated() {
        check.add(added[i], Double(value), scale: abs(Double(value)))
      }
    }
    if !isBrief, try device.hasPoison(it.out, .bf16, count: rows * columns) { check.addPoison() }
    return check.verification(
      sampled.count == rows ? "all elements" : "\(sampled.count) of \(rows) rows")
  }

  /// x + residual as rounded to bf16; x alone without one.
  private func sums(_ row: Int, _ it: Operands) -> [Float] {
    let places = row * columns..<(row + 1) * columns
    let x = it.numbers.floats(places)
    guard let residual = it.residual else { return x }
    return zip(x, residual.numbers.floats(places)).map { Float(brainValue(storedBrain($0 + $1))) }
  }

  private func oracle(_ row: Int, _ it: Operands) -> OracleRow {
    let places = row * columns..<(row + 1) * columns
    switch operation {
    case .rmsnorm, .residualRMSNorm:
      let weight = it.weight?.numbers.floats(0..<columns) ?? []
      return oracleRMSNorm(
        columns: columns, x: sums(row, it), weight: weight, epsilon: Double(RowsBody.epsilon))
    case .residualAdd:
      return oracleSum(
        columns: columns, a: it.numbers.floats(places), b: it.residual?.numbers.floats(places) ?? [])
    case .siluMul:
      let both = it.numbers.floats(2 * row * columns..<2 * (row + 1) * columns)
      return oracleSiLUMul(columns: columns, gate: Array(both[..<columns]), up: Array(both[columns...]))
    default:
      let x = it.numbers.floats(places)
      let turns = (0..<headDim / 2).map { RowsBody.angle(position: row, pair: $0, headDim) }
      let (cosines, sines) = (turns.map { Float(cos($0)) }, turns.map { Float(sin($0)) })
      let all = (0..<heads).map { head in
        oracleRope(
          headDim: headDim, x: Array(x[head * headDim..<(head + 1) * headDim]), cos: cosines, sin: sines,
          interleaved: false)
      }
      return OracleRow(values: all.flatMap(\.values), scales: all.flatMap(\.scales))
    }
  }
}
