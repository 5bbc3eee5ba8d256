// The element types of a product and of a cache: what is stored, in what it is summed, how many bytes it takes.

/// Element types of a row's operands.
public enum DataType: String, Hashable, Sendable, Codable, CaseIterable {
  case f32, f64
  /// bfloat16 operands, summed in f32.
  case bf16
  /// IEEE half precision operands, summed in f32.
  case f16
  /// The same, summed in half precision and emptied into f32 before the sums lose what comes.
  case f16Sums = "f16_acc16"
  /// f32 by weights kept in two bytes, summed in f32.
  case brainWeights = "w_bf16"
  case halfWeights = "w_f16"
  /// Unsigned by signed bytes, summed exactly in 32 bits.
  case u8i8
  /// Signed bytes, summed exactly in 32 bits.
  case i8
  /// f32 by weights of 8 bits with a scale for every 32 or 128 of them along k.
  case q8g32 = "q8_g32"
  case q8g128 = "q8_g128"
  /// f32 by weights of 4 bits with such scales.
  case q4g32 = "q4_g32"
  case q4g128 = "q4_g128"
  /// The same weights by activations that are rounded to bytes first, inside the timing.
  case q8g32Bytes = "q8_g32_a8"
  case q8g128Bytes = "q8_g128_a8"
  case q4g32Bytes = "q4_g32_a8"
  case q4g128Bytes = "q4_g128_a8"
  /// f32 operands that a device's tensor cores round to 10 bits of fraction, summed in f32.
  case tf32
  /// Bytes of 4 bits of exponent and 3 of fraction with one scale an operand, summed in f32 on a device.
  case f8 = "f8_e4m3"

  /// Types that only devices multiply.
  public static let ofDevicesOnly: Set<DataType> = [.tf32, .f8]
  /// Types that kernels of a host have.
  public static let ofHosts = allCases.filter { !ofDevicesOnly.contains($0) }
  /// Types that devices multiply.
  public static let ofDevices: [DataType] = [.f64, .f32, .tf32, .bf16, .f16, .f8, .i8]

  /// Names for the columns dtype_a, dtype_b, dtype_acc and dtype_out.
  public var names: (a: String, b: String, accumulator: String, out: String) {
    switch self {
    case .f32, .f64: (rawValue, rawValue, rawValue, rawValue)
    case .bf16, .f16: (rawValue, rawValue, "f32", "f32")
    case .f16Sums: ("f16", "f16", "f16", "f32")
    case .brainWeights, .halfWeights: ("f32", String(rawValue.dropFirst(2)), "f32", "f32")
    case .u8i8: ("u8", "i8", "i32", "i32")
    case .i8: ("i8", "i8", "i32", "i32")
    case .q8g32, .q8g128, .q4g32, .q4g128: ("f32", rawValue, "f32", "f32")
    case .q8g32Bytes, .q8g128Bytes, .q4g32Bytes, .q4g128Bytes:
      ("i8", String(rawValue.dropLast(3)), "i32", "f32")
    case .tf32: (rawValue, rawValue, "f32", "f32")
    case .f8: (rawValue, rawValue, "f32", "bf16")
    }
  }

  /// The same on a device, where a product of short types is stored as it goes on: in two bytes.
  public var namesOnDevice: (a: String, b: String, accumulator: String, out: String) {
    guard self == .bf16 || self == .f16 else { return names }
    return (rawValue, rawValue, "f32", rawValue)
  }

  /// Bits of each weight where they have scales, and the weights that share one; nil for plain types.
  public var quantised: (bits: Int, group: Int)? {
    switch self {
    case .q8g32, .q8g32Bytes: (8, 32)
    case .q8g128, .q8g128Bytes: (8, 128)
    case .q4g32, .q4g32Bytes: (4, 32)
    case .q4g128, .q4g128Bytes: (4, 128)
    default: nil
    }
  }

  /// Bytes of one element of A as the caller has it.
  public var bytesOfA: Double {
    switch self {
    case .f64: 8
    case .bf16, .f16, .f16Sums: 2
    case .u8i8, .i8, .f8: 1
    default: 4
    }
  }

  /// Bytes of one weight, its part of a scale in f16 among them.
  public var bytesOfB: Double {
    if self == .brainWeights || self == .halfWeights { return 2 }
    guard let quantised else { return bytesOfA }
    return Double(quantised.bits) / 8 + 2 / Double(quantised.group)
  }

  /// True for what every BLAS multiplies.
  public var isOfEveryBLAS: Bool { self == .f32 || self == .f64 }

  /// True where no library has such a product: only Swift's own.
  public var isOwn: Bool { quantised != nil || self == .brainWeights || self == .halfWeights }

  /// Bytes of one element of the result.
  public var bytesOfOut: Double { self == .f64 ? 8 : self == .f8 ? 2 : 4 }

  /// The same on a device.
  public var bytesOfOutOnDevice: Double { self == .bf16 || self == .f16 ? 2 : bytesOfOut }
}

/// How B lies when a product begins; the column `layout`.
public enum WeightLayout: String, Hashable, Sendable, Codable, CaseIterable {
  /// (k, n), row by row, as every library takes it.
  case rowMajor = "row_major"
  /// In the kernel's own panels, made once before the timing: a library beside it had to take B as it was.
  case packed
}
