// The products of a mixture of experts, all in one launch.

import Devices
import Kernels
import KernelsReference
import Measurement

/// Rows of each expert times its own weights, which lie (n, k); rows are dealt out as a router of even choices does.
final class GroupedBody: DeviceBody {
  let work: Work
  let sets: Int
  let residentBytes: Int

  private let rows: [Int]
  private let n: Int
  private let k: Int
  private let device: DeviceKernels
  private let a: (buffer: DeviceBuffer, numbers: DeviceNumbers)
  private let b: [(buffer: DeviceBuffer, numbers: DeviceNumbers)]
  private let c: DeviceBuffer
  private let launches: [CUDALaunch]

  private var m: Int { rows.reduce(0, +) }

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    let shape = request.shape
    guard request.subject.dataType == .bf16, shape.transposesA != true, shape.transposesB == true else {
      throw KernelError(absent: "device products of experts take bf16 with weights that lie (n, k)")
    }
    let (m, experts) = (try request.positive(shape.m, "m"), try request.positive(shape.batch, "batch"))
    let (n, k) = (try request.positive(shape.n, "n"), try request.positive(shape.k, "k"))
    guard n.isMultiple(of: 8), k.isMultiple(of: 8), max(m, n, k) <= 1 << 24, experts <= 1 << 16 else {
      throw KernelError(
        absent: "device products of experts take n and k that are multiples of 8, not \(n) and \(k)")
    }
    (self.n, self.k, self.device) = (n, k, device)
    let rows = Shape.expertRows(m, experts: experts)
    self.rows = rows
    work = DeviceWork.grouped(shape, .bf16)
    sets = request.sets
    a = try device.random(m * k, .bf16, seed: request.seed(0, set: 0))
    b = try (0..<sets).map { try device.random(experts * n * k, .bf16, seed: request.seed(1, set: $0)) }
    c = try device.context.allocate(2 * m * n)
    residentBytes = a.buffer.count + b.reduce(0) { $0 + $1.buffer.count } + c.count
    let starts = rows.indices.map { Int32(rows[..<$0].reduce(0, +)) } + [Int32(m)]
    let offsets = try device.upload(starts)
    let shared = 65_536
    let kernel = try device.function("grouped_product_bf16", of: .grouped, sharedBytes: shared)
    let resident = try kernel.blocksPerMultiprocessor(threads: 256, sharedBytes: shared)
    let blocks = max(1, resident) * max(1, device.facts.multiprocessors)
    let (a, c) = (a, c)
    launches = try b.map { weights in
      try CUDALaunch(
        kernel, grid: LaunchExtent(blocks), block: LaunchExtent(256), sharedBytes: shared,
        arguments: [
          .pointer(c), .pointer(a.buffer), .pointer(weights.buffer), .pointer(offsets),
          .int32(Int32(experts)),
          .int32(Int32(n)), .int32(Int32(k)),
        ])
    }
  }

  func enqueue(_ set: Int) throws(DeviceError) { try device.context.launch(launches[set]) }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    try device.poison([c])
    try enqueue(0)
    try device.context.synchronise()
    var check = DeviceCheck(tolerance: productTolerance(k: k, unitRoundoff: 0x1p-23), stored: .bf16)
    let sampled = ErrorScan.sample(isBrief ? 4 : 32, of: m, seed: seed)
    let columns = ErrorScan.sample(isBrief ? 16 : 64, of: n, seed: seed ^ 1)
    for row in sampled {
      var (expert, before) = (0, 0)
      while row >= before + rows[expert] { (before, expert) = (before + rows[expert], expert + 1) }
      let left = a.numbers.row(row * k..<(row + 1) * k)
      let found = try device.results(c, .bf16, first: row * n, count: n)
      for column in columns {
        let first = (expert * n + column) * k
        var (sum, scale) = (0.0, 0.0)
        for p in 0..<k {
          let term = left[p] * b[0].numbers[first + p]
          sum += term
          scale += abs(term)
        }
        check.add(found[column], sum, scale: scale)
      }
    }
    if !isBrief, try device.hasPoison(c, .bf16, count: m * n) { check.addPoison() }
    return check.verification("\(check.elements) of \(m * n) elements")
  }
}
