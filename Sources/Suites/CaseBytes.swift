// What a case holds in memory and reads of it, before anything is prepared.

import Kernels
package import Measurement
import Quantities

extension Case {
  /// Bytes that a decode step reads once and that the next step must read again: B, or the keys and values that
  /// a query sees.
  package var weightBytes: Int {
    switch operation {
    case .gemm, .groupedGEMM: busyGroups * bytesOfB
    case .attentionPrefill, .attentionDecode: cacheBytes(keys: seenKeys)
    case .fmaPeak, .typePeak, .memoryRead, .memoryCopy, .memoryTriad, .launchLatency, .graphReplay,
      .hostToDevice,
      .deviceToHost, .peerCopy:
      0
    // No weights: all operands rotate.
    default: Int(Kernels.work(operation, shape: shape).bytes.value)
    }
  }

  /// Bytes of one set of operands: of a cache all keys, seen or not.
  package func heldBytes(_ work: Work) -> Double {
    switch operation {
    case .attentionPrefill, .attentionDecode:
      work.bytes.value + Double(cacheBytes(keys: shape.seqKV ?? 0) - cacheBytes(keys: seenKeys))
    case .groupedGEMM: work.bytes.value + Double((shape.batch - busyGroups) * bytesOfB)
    default: work.bytes.value
    }
  }

  /// Why its implementation has no such kernel, one sentence; nil where it may be asked for it. BLAS
  /// multiplies what it is given: a cache of anything but floats would have to be widened first.
  package var refusal: String? {
    guard implementation != .swift, let type = shape.cacheType else { return nil }
    return "\(implementation.rawValue) takes keys and values in f32 only, not in \(type.rawValue)"
  }

  /// Bytes of the weights of one product of a group.
  private var bytesOfB: Int { Int(Double(shape.n ?? 0) * Double(shape.k ?? 0) * dataType.bytesOfB) }

  /// Products that have rows.
  private var busyGroups: Int {
    guard operation == .groupedGEMM, let m = shape.m, (1...(1 << 24)).contains(m), shape.batch > 0 else {
      return shape.batch
    }
    return Shape.expertRows(m, experts: shape.batch).count { $0 > 0 }
  }

  /// Keys of a sequence that the queries see together.
  private var seenKeys: Int {
    let keys = shape.seqKV ?? 0
    guard shape.causal == true, let window = shape.window else { return keys }
    return min(keys, window + (shape.seqQ ?? 1) - 1)
  }

  private func cacheBytes(keys: Int) -> Int {
    let dim = shape.headDim ?? 0
    let type = shape.cacheType ?? .f32
    let elements = shape.latent == true ? dim : dim + (shape.headDimV ?? dim)
    // A factor in f32 for each key and each value of bytes.
    let factors = type == .i8 ? 2 * MemoryLayout<Float>.stride : 0
    return shape.batch * (shape.headsKV ?? 0) * keys * (elements * Int(type.bytesOfA) + factors)
  }
}
