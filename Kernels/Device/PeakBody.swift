// The arithmetic ceilings of single warps and threads: products and multiply-adds whose operands stay in registers.

import Devices
import Kernels
import Measurement
import Quantities

/// Products of a type by `mma.sync`, or multiply-adds of floats.
final class PeakBody: DeviceBody {
  let work: Work
  let sets = 1
  let residentBytes: Int

  private let type: DataType
  private let device: DeviceKernels
  private let out: DeviceBuffer
  private let launch: CUDALaunch
  private let rounds: Int
  private let threads: Int

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    type = request.subject.operation == .fmaPeak ? .f32 : request.subject.dataType
    self.device = device
    guard let kernel = PeakBody.kernel(type) else {
      throw KernelError(absent: "no register-only product of \(type.rawValue)")
    }
    guard PeakBody.hasInstruction(type, of: device.context.facts) else {
      throw KernelError(
        absent: "\(device.facts.architecture) has no \(type.rawValue) product of a single warp")
    }
    let blocks = (type == .f32 ? 4 : 2) * max(1, device.facts.multiprocessors)
    threads = blocks * PeakBody.block
    out = try device.context.allocate(threads * stored(type).bytes)
    residentBytes = out.count
    let function = try device.function(kernel, of: .peaks)
    let (out, type) = (out, type)
    func launch(_ rounds: Int) throws(DeviceError) -> CUDALaunch {
      let more: [LaunchArgument] = type == .f32 ? [.float(-1), .float(1)] : []
      return try CUDALaunch(
        function, grid: LaunchExtent(blocks), block: LaunchExtent(PeakBody.block),
        arguments: [.pointer(out), .int32(Int32(rounds))] + more)
    }
    // As many rounds as take a good part of a millisecond, and as few as sums stay exact in.
    var rounds = 8
    let (start, end) = (try device.context.makeEvent(), try device.context.makeEvent())
    while true {
      let made = try launch(rounds)
      try device.context.launch(made)
      try device.context.record(start)
      try device.context.launch(made)
      try device.context.record(end)
      let seconds = try device.context.elapsed(from: start, to: end)
      if seconds >= PeakBody.shortest || rounds >= PeakBody.mostRounds { break }
      rounds *= 2
    }
    self.rounds = rounds
    self.launch = try launch(rounds)
    let each =
      type == .f32
      ? 256.0 * Double(threads) : 4096 * 4 * Double(PeakBody.depth(type)) / 8 * Double(threads / 32)
    work = Work(flop: FLOP(each * Double(rounds)), bytes: .zero)
  }

  private static let block = 256
  private static let shortest = Unit.millisecond.toBase(0.25)
  private static let mostRounds = 1024

  func enqueue(_ set: Int) throws(DeviceError) { try device.context.launch(launch) }

  private static func kernel(_ type: DataType) -> String? {
    switch type {
    case .f32: "peak_fma_f32"
    case .f64, .tf32, .bf16, .f16, .i8: "peak_\(type.rawValue)"
    case .f8: "peak_e4m3"
    default: nil
    }
  }

  /// fp8 is multiplied warp by warp on sm_89 and sm_120 alone, doubles from sm_90 on.
  private static func hasInstruction(_ type: DataType, of device: CUDADeviceFacts) -> Bool {
    let (major, minor) = (device.capabilityMajor, device.capabilityMinor)
    return switch type {
    case .f8: (major, minor) == (8, 9) || major == 12
    case .f64: major >= 9
    default: true
    }
  }

  /// Inner dimension of a product.
  private static func depth(_ type: DataType) -> Int {
    switch type {
    case .tf32: 8
    case .i8, .f8: 32
    default: 16
    }
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    try device.poison([out])
    try enqueue(0)
    try device.context.synchronise()
    // Sums of floats are exact while they have few digits; of many rounds they lose their last ones.
    var check = DeviceCheck(tolerance: 0x1p-18, stored: stored(type))
    let expected = (0..<32).map { type == .f32 ? 120 + 16 * Double($0) : due($0) }
    for (thread, found) in try device.results(out, stored(type), first: 0, count: threads).enumerated() {
      check.add(found, expected[thread % 32], scale: max(1, abs(expected[thread % 32])))
    }
    return check.verification("all sums")
  }

  /// What the sums of a lane must come to.
  private func due(_ lane: Int) -> Double {
    let depth = PeakBody.depth(type)
    let unit = type == .i8 ? 1 : 0.125
    func number(_ i: Int) -> Double {
      Double(Int((UInt32(truncatingIfNeeded: i) &* 2_654_435_761) >> 28) - 8) * unit
    }
    func product(_ row: Int, _ column: Int) -> Double {
      (0..<depth).reduce(0) { $0 + number(row * depth + $1) * number(1024 + column * depth + $1) }
    }
    let (row, column) = (lane / 4, lane % 4 * 2)
    let sum =
      product(row, column) + product(row, column + 1) + product(row + 8, column)
      + product(row + 8, column + 1)
    return Double(8 * rounds) * sum
  }
}

/// How the sums of a type lie.
private func stored(_ type: DataType) -> StoredResult {
  switch type {
  case .f64: .f64
  case .i8: .i32
  default: .f32
  }
}
