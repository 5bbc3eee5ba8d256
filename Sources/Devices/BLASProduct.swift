// A matrix product as the program has it, row-major, and what it is in cuBLASLt's words, column-major.

import CCUDA

/// Element types of a product on a device.
public enum DeviceElement: String, Hashable, Sendable, Codable, CaseIterable {
  /// 64-bit floating point.
  case double = "fp64"
  /// 32-bit floating point.
  case float = "fp32"
  /// 16-bit floating point of IEEE 754.
  case half = "fp16"
  /// bfloat16.
  case bfloat16 = "bf16"
  /// 8-bit floating point with 4 bits of exponent.
  case fp8E4M3 = "fp8_e4m3"
  /// 8-bit floating point with 5 bits of exponent.
  case fp8E5M2 = "fp8_e5m2"
  /// 8-bit whole numbers.
  case int8
  /// 32-bit whole numbers.
  case int32

  /// Bytes of an element.
  public var bytes: Int {
    switch self {
    case .double: 8
    case .float, .int32: 4
    case .half, .bfloat16: 2
    case .fp8E4M3, .fp8E5M2, .int8: 1
    }
  }

  /// cudaDataType.
  var number: Int {
    switch self {
    case .double: CCUDA_TYPE_DOUBLE
    case .float: CCUDA_TYPE_FLOAT
    case .half: CCUDA_TYPE_HALF
    case .bfloat16: CCUDA_TYPE_BFLOAT16
    case .fp8E4M3: CCUDA_TYPE_FP8_E4M3
    case .fp8E5M2: CCUDA_TYPE_FP8_E5M2
    case .int8: CCUDA_TYPE_INT8
    case .int32: CCUDA_TYPE_INT32
    }
  }

  var isFP8: Bool { self == .fp8E4M3 || self == .fp8E5M2 }
}

/// How a product is summed.
public enum DeviceSum: String, Hashable, Sendable, Codable, CaseIterable {
  /// In double.
  case double
  /// In float.
  case float
  /// In float, operands rounded to 10 bits of mantissa first.
  case tf32
  /// In 32-bit whole numbers.
  case int32

  /// cublasComputeType_t.
  var number: Int {
    switch self {
    case .double: CCUDA_COMPUTE_DOUBLE
    case .float: CCUDA_COMPUTE_FLOAT
    case .tf32: CCUDA_COMPUTE_TF32
    case .int32: CCUDA_COMPUTE_INT32
    }
  }
}

/// C = A·B, `batch` times; row-major as everywhere in the program: A (m, k), B (k, n), C (m, n).
public struct BLASProduct: Hashable, Sendable {
  /// Rows of C.
  public var m: Int
  /// Columns of C.
  public var n: Int
  /// Inner dimension.
  public var k: Int
  /// Independent products.
  public var batch: Int
  /// Element type of A.
  public var a: DeviceElement
  /// Element type of B.
  public var b: DeviceElement
  /// Element type of C.
  public var c: DeviceElement
  /// How it is summed.
  public var sum: DeviceSum
  /// True where A lies (k, m).
  public var transposesA: Bool
  /// True where B lies (n, k), as models store their weights. Products of fp8 and int8 want this and A as it
  /// is.
  public var transposesB: Bool
  /// Elements from a row of A, as it lies, to the next.
  public var leadingA: Int
  /// The same of B.
  public var leadingB: Int
  /// The same of C.
  public var leadingC: Int
  /// Elements from an A to the next of the batch; 0 = all share one.
  public var strideA: Int
  /// The same of B.
  public var strideB: Int
  /// The same of C.
  public var strideC: Int
  /// True where an fp8 product may keep partial sums in fewer bits than float.
  public var sumsFast: Bool

  /// A product whose operands lie densely, one after the other.
  public init(
    m: Int, n: Int, k: Int, batch: Int = 1, a: DeviceElement, b: DeviceElement, c: DeviceElement,
    sum: DeviceSum, transposesA: Bool = false, transposesB: Bool = false, sumsFast: Bool = false
  ) {
    (self.m, self.n, self.k, self.batch) = (m, n, k, batch)
    (self.a, self.b, self.c, self.sum) = (a, b, c, sum)
    (self.transposesA, self.transposesB, self.sumsFast) = (transposesA, transposesB, sumsFast)
    leadingA = transposesA ? m : k
    leadingB = transposesB ? k : n
    leadingC = n
    (strideA, strideB, strideC) = (m &* k, k &* n, m &* n)
  }

  /// Bytes from the first element of A to its last, all products of the batch together; nil where they
  /// overflow.
  public var bytesA: Int? {
    span(rows: transposesA ? k : m, columns: transposesA ? m : k, leadingA, strideA, a)
  }
  /// The same of B.
  public var bytesB: Int? {
    span(rows: transposesB ? n : k, columns: transposesB ? k : n, leadingB, strideB, b)
  }
  /// The same of C.
  public var bytesC: Int? { span(rows: m, columns: n, leadingC, strideC, c) }

  private func span(rows: Int, columns: Int, _ leading: Int, _ stride: Int, _ type: DeviceElement) -> Int? {
    let (steps, a) = (batch - 1).multipliedReportingOverflow(by: stride)
    let (lines, b) = (rows - 1).multipliedReportingOverflow(by: leading)
    let (sum, c) = steps.addingReportingOverflow(lines)
    let (elements, d) = sum.addingReportingOverflow(columns)
    let (bytes, e) = elements.multipliedReportingOverflow(by: type.bytes)
    return a || b || c || d || e ? nil : bytes
  }

  /// Throws where no library could do it.
  func check() throws(DeviceError) {
    let isWhole = m > 0 && n > 0 && k > 0 && batch > 0 && strideA >= 0 && strideB >= 0 && strideC >= 0
    guard isWhole, leadingA >= (transposesA ? m : k), leadingB >= (transposesB ? k : n), leadingC >= n,
      batch <= Int(Int32.max), let a = bytesA, let b = bytesB, let c = bytesC, max(a, b, c) < Int.max / 2
    else { throw DeviceError("\(words) is no matrix product; report this") }
  }

  /// `1 x 4096x4096x4096 bf16·bf16 -> bf16`.
  var words: String {
    "\(batch) x \(m)x\(n)x\(k) \(a.rawValue)·\(b.rawValue) -> \(c.rawValue) (\(sum.rawValue))"
  }
}
