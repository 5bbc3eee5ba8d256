// Arithmetic and compulsory bytes of a device's kernels: those of the host's, with operands of the device's types.

import Kernels
public import Measurement
import Quantities

/// The work of one execution on a device.
public enum DeviceWork {
  /// By operation; zero for a shape that no kernel takes.
  public static func of(_ subject: Case) -> Work {
    let (shape, type) = (subject.shape, subject.dataType)
    switch subject.operation {
    case .gemm: return product(shape, type)
    case .groupedGEMM: return grouped(shape, type)
    case .typePeak: return shape.m == nil ? nothing : product(shape, type)
    case .attentionDecode, .attentionPrefill: return attention(subject)
    case .memoryRead, .memoryCopy, .memoryTriad: return memory(subject.operation, bytes: shape.bytes ?? 0)
    case .hostToDevice, .deviceToHost, .peerCopy: return bytes(Double(shape.bytes ?? 0))
    case .rmsnorm, .residualRMSNorm, .residualAdd, .ropeHalf, .siluMul: return rows(subject.operation, shape)
    case .decoderLayer: return DeviceLayer.work(subject)
    default: return nothing
    }
  }

  static let nothing = Work(flop: .zero, bytes: .zero)

  static func bytes(_ count: Double) -> Work { Work(flop: .zero, bytes: Bytes(count)) }

  /// 2·m·n·k of each of the batch; every operand once.
  static func product(_ shape: Shape, _ type: DataType) -> Work {
    let (m, n, k) = (Double(shape.m ?? 0), Double(shape.n ?? 0), Double(shape.k ?? 0))
    let batch = Double(shape.batch)
    let moved = m * k * type.bytesOfA + k * n * type.bytesOfB + m * n * type.bytesOfOutOnDevice
    return Work(flop: FLOP(2 * batch * m * n * k), bytes: Bytes(batch * moved))
  }

  /// The rows of all experts together; the weights of those that have rows.
  static func grouped(_ shape: Shape, _ type: DataType) -> Work {
    let host = Kernels.work(.groupedGEMM, shape: shape, dataType: .f32)
    let (m, n, k) = (Double(shape.m ?? 0), Double(shape.n ?? 0), Double(shape.k ?? 0))
    guard host.flop.value > 0 else { return nothing }
    let busy = Double(Shape.expertRows(shape.m ?? 0, experts: shape.batch).count { $0 > 0 })
    return Work(
      flop: host.flop,
      bytes: Bytes(m * k * type.bytesOfA + busy * k * n * type.bytesOfB + m * n * type.bytesOfOutOnDevice))
  }

  /// The arithmetic of the host's; queries, results and, where they are not cached in fewer bits, keys and values in
  /// bf16.
  static func attention(_ subject: Case) -> Work {
    let shape = subject.shape
    var plain = shape
    (plain.cacheType, plain.blockKeys) = (nil, nil)
    let host = Kernels.work(subject.operation, shape: plain)
    guard host.flop.value > 0 else { return nothing }
    let cached = (shape.cacheType ?? .bf16).bytesOfA
    let rows = Double(shape.batch * (shape.headsQ ?? 0)) * Double(shape.seqQ ?? 1)
    let keys = Double(shape.batch * (shape.headsKV ?? 0)) * Double(shape.seqKV ?? 0)
    let (dim, valueDim) = (Double(shape.headDim ?? 0), Double(shape.headDimV ?? shape.headDim ?? 0))
    return Work(
      flop: host.flop, bytes: Bytes((dim + valueDim) * (2 * rows + cached * keys)))
  }

  /// As the host's, whose elements have four bytes where these have two; angles have four on both.
  static func rows(_ operation: Operation, _ shape: Shape) -> Work {
    let host = Kernels.work(operation, shape: shape)
    let angles = operation == .ropeHalf ? 4 * Double(shape.m ?? 0) * Double(shape.headDim ?? 0) : 0
    return Work(flop: host.flop, bytes: Bytes((host.bytes.value - angles) / 2 + angles))
  }

  /// One pass over arrays of floats.
  static func memory(_ operation: Operation, bytes: Int) -> Work {
    let (moved, elements) = (Double(bytes), Double(bytes) / 4)
    switch operation {
    case .memoryRead: return Work(flop: FLOP(elements), bytes: Bytes(moved))
    case .memoryCopy: return Work(flop: .zero, bytes: Bytes(2 * moved))
    default: return Work(flop: FLOP(2 * elements), bytes: Bytes(3 * moved))
    }
  }
}
