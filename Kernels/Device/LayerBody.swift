// A decoder layer on a device: its operators in their order, one after the other in one stream, so that what a layer
// takes can be held against the sum of its operators. Each operator has operands of its own: times are those of a
// layer whose operators feed one another, for no time here depends on values; results are compared operator by
// operator.

import Devices
import Kernels
import Measurement
import Quantities

/// The operators of a layer as cases of a device.
enum DeviceLayer {
  /// In the order in which they run.
  ///
  /// - Throws: for layers with operators that no device kernel computes: experts, latent attention, norms of heads.
  static func operators(_ subject: Case) throws(KernelError) -> [(part: LayerOperator, subject: Case)] {
    let shape = subject.shape
    guard let layer = shape.layer, let tokens = shape.m, tokens > 0 else {
      throw KernelError("the shape has no decoder layer")
    }
    let isDecode = shape.seqQ != shape.seqKV
    var all: [(part: LayerOperator, subject: Case)] = []
    for part in layer.operators(isDecode: isDecode) {
      guard
        let (operation, shape) = problem(part, of: layer, tokens: tokens, keys: isDecode ? shape.seqKV : nil)
      else {
        throw KernelError(absent: "no device kernel computes \(part.rawValue) of \(layer.name)")
      }
      var one = Case(
        operation, shape, id: part.rawValue, phase: subject.phase, by: operation == .gemm ? .cublasLt : .cuda)
      one.dataType = subject.dataType
      all.append((part, one))
    }
    return all
  }

  /// Nil for what has no kernel.
  private static func problem(
    _ part: LayerOperator, of layer: DecoderLayer, tokens: Int, keys: Int?
  ) -> (Operation, Shape)? {
    func product(_ n: Int, _ k: Int) -> (Operation, Shape) {
      var shape = Shape.gemm(m: tokens, n: n, k: k)
      shape.transposesB = true
      return (.gemm, shape)
    }
    switch part {
    case .rmsnorm: return (.rmsnorm, .rows(tokens, columns: layer.hidden))
    case .projection: return product((layer.headsQ + 2 * layer.headsKV) * layer.headDim, layer.hidden)
    case .rope:
      return (.ropeHalf, .rope(tokens: tokens, heads: layer.headsQ + layer.headsKV, headDim: layer.headDim))
    case .attention:
      var shape = Shape.attention(
        batch: keys == nil ? 1 : tokens, headsQ: layer.headsQ, headsKV: layer.headsKV, headDim: layer.headDim,
        seqQ: keys == nil ? tokens : 1, seqKV: keys ?? tokens, causal: true)
      if keys != nil { (shape.cacheType, shape.blockKeys) = (.bf16, 64) }
      return (keys == nil ? .attentionPrefill : .attentionDecode, shape)
    case .outputProjection: return product(layer.hidden, layer.headsQ * layer.valueDim)
    case .residualRMSNorm: return (.residualRMSNorm, .rows(tokens, columns: layer.hidden))
    case .gateUp: return product(2 * layer.intermediate, layer.hidden)
    case .siluMul: return (.siluMul, .rows(tokens, columns: layer.intermediate))
    case .down: return product(layer.hidden, layer.intermediate)
    case .residualAdd: return (.residualAdd, .rows(tokens, columns: layer.hidden))
    default: return nil
    }
  }

  /// Work of the whole layer, or of the operator that counts; zero where it cannot be prepared.
  static func work(_ subject: Case) -> Work {
    guard let parts = try? operators(subject) else { return DeviceWork.nothing }
    let counted =
      subject.shape.layerPart.map { part in parts.indices.filter { $0 + 1 == part } } ?? Array(parts.indices)
    let works = counted.map { DeviceWork.of(parts[$0].subject) }
    return Work(
      flop: FLOP(works.reduce(0) { $0 + $1.flop.value }),
      bytes: Bytes(works.reduce(0) { $0 + $1.bytes.value }))
  }
}

/// The operators of a layer with their operands; kernels of one layer and of its operators share them.
final class LayerOperands {
  let shape: Shape
  let seed: UInt64
  let bodies: [any DeviceBody]

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    (shape, seed) = (LayerOperands.whole(request.shape), request.seed)
    bodies = try DeviceLayer.operators(request.subject).enumerated().map { place, one in
      try device.body(DeviceRequest(one.subject, sets: 1, seed: request.seed(place + 1, set: 0)))
    }
  }

  /// The shape without the operator that counts.
  static func whole(_ shape: Shape) -> Shape {
    var shape = shape
    shape.layerPart = nil
    return shape
  }
}

/// A layer, or one operator inside it.
final class LayerBody: DeviceBody {
  let work: Work
  let sets = 1
  let residentBytes: Int

  private let operands: LayerOperands
  private let context: CUDAContext
  /// Position of the operator that counts; nil = all do.
  private let part: Int?

  init(_ request: DeviceRequest, _ operands: LayerOperands, on device: DeviceKernels) throws {
    self.operands = operands
    context = device.context
    part = request.shape.layerPart.map { $0 - 1 }
    if let part, !operands.bodies.indices.contains(part) {
      throw KernelError("a layer of \(operands.bodies.count) operators has no operator \(part + 1)")
    }
    work = DeviceLayer.work(request.subject)
    residentBytes = operands.bodies.reduce(0) { $0 + $1.residentBytes }
  }

  var isPart: Bool { part != nil }
  var detail: String { part.map { operands.bodies[$0].detail } ?? "" }

  func enqueue(_ set: Int) throws(DeviceError) {
    for body in operands.bodies { try body.enqueue(0) }
  }

  func enqueue(_ set: Int, from start: CUDAEvent, to end: CUDAEvent) throws(DeviceError) {
    for (place, body) in operands.bodies.enumerated() {
      if place == part ?? 0 { try context.record(start) }
      try body.enqueue(0)
      if place == part ?? operands.bodies.count - 1 { try context.record(end) }
    }
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    var worst: Verification?
    for (place, body) in operands.bodies.enumerated() where part == nil || place == part {
      let found = try body.check(seed: seed, isBrief: isBrief)
      guard found.passed else { return found }
      let (share, most) = (
        found.maxRelError / max(found.tolerance, .leastNormalMagnitude),
        worst.map { $0.maxRelError / max($0.tolerance, .leastNormalMagnitude) }
      )
      if share > most ?? -1 { worst = found }
    }
    return worst
      ?? Verification(
        reference: "no operator", maxAbsError: .nan, maxRelError: .nan, tolerance: 0, passed: false)
  }
}
