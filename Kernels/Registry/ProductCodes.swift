// Which product serves an element type: Swift's of the module, or that of the BLAS of this process.

import KernelsBLAS
import KernelsReference
import Machines
import Measurement

extension ProductCode {
  /// The product of a type and layout by Swift (`isa`) or by the library (nil).
  static func of(
    _ type: DataType, _ layout: WeightLayout, _ size: Problem.GEMM, isa: InstructionSet?, team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    guard let isa else {
      guard layout == .rowMajor else {
        throw KernelError(absent: "weights packed ahead are Swift's own layout")
      }
      return try library(type, size, team)
    }
    if let few = try fewRows(type, layout, size, isa: isa, team: team) { return few }
    let module = try ProductModule.of(isa)
    let packed = layout == .packed
    switch type {
    case .f32:
      return try swift(size, module.float, StoredTypes.single, packed: packed, team: team)
    case .f64:
      return try swift(size, module.double, StoredTypes.double, packed: packed, team: team)
    case .bf16:
      let dots = BrainChoice.here(isa).path == .dot ? module.brainDot : nil
      return try swift(size, dots ?? module.brain, StoredTypes.brain, packed: packed, team: team)
    case .f16:
      return try swift(size, module.half, StoredTypes.half, packed: packed, team: team)
    case .f16Sums:
      guard let sums = module.halfSums else {
        throw KernelError(absent: "\(isa.rawValue) has no arithmetic in half precision")
      }
      return try swift(size, sums, StoredTypes.halfSums, packed: packed, team: team)
    case .u8i8:
      return try swift(size, module.octets, StoredTypes.octets, packed: packed, team: team)
    case .i8:
      return try swift(size, module.signed, StoredTypes.signed, packed: packed, team: team)
    case .brainWeights, .halfWeights, .q8g32, .q8g128, .q4g32, .q4g128, .q8g32Bytes, .q8g128Bytes,
      .q4g32Bytes,
      .q4g128Bytes:
      throw KernelError("weights of \(type.rawValue) are packed and not transposed")
    case .tf32, .f8:
      throw KernelError(absent: "only devices multiply \(type.rawValue)")
    }
  }

  private static func library(
    _ type: DataType, _ size: Problem.GEMM, _ team: WorkerTeam
  ) throws(KernelError) -> ProductCode {
    func code<Element>(_ product: BLASProductType, _ stored: Stored<Element, Element>) throws(KernelError)
      -> ProductCode
    {
      guard BLAS.has(product) else {
        throw KernelError(absent: "\(BLAS.account.name) has no product of \(type.rawValue)")
      }
      return library(size, product, stored, team: team)
    }
    switch type {
    case .f32: return try code(.f32, StoredTypes.single)
    case .f64: return try code(.f64, StoredTypes.double)
    case .bf16: return try code(.bf16, StoredTypes.brain)
    case .f16: return try code(.f16, StoredTypes.half)
    case .f16Sums: return try code(.f16Sums, StoredTypes.halfThroughout)
    case .u8i8: return try code(.u8s8, StoredTypes.octets)
    case .i8: return try code(.s8s8, StoredTypes.signed)
    default: throw KernelError(absent: "\(BLAS.account.name) has no product of \(type.rawValue)")
    }
  }
}
