// One product with its descriptions made once, so that a timed call is the library's own and nothing else.
// cuBLASLt is column-major: what lies (m, n) by rows is (n, m) by columns, so its A is our B and its B our A.

import CCUDA

/// An algorithm that the library offers for a product.
public struct BLASCandidate: Sendable {
  /// Its configuration: `algo66 tile20 stages36 splitk1 reduction0 swizzle0 custom0 inner0 cluster2`.
  public let id: String
  /// Workspace that it needs, in bytes.
  public let workspaceBytes: Int
  /// Device fillings that it takes, by the library's own estimate.
  public let waves: Double
  fileprivate let algorithm: ccuda_blas_algorithm
}

/// A product that is ready to run.
public final class BLASPlan: @unchecked Sendable {
  /// The product.
  public let product: BLASProduct
  private let library: CUBLASLt
  private let scales: [DeviceSlice?]
  private var description: ccuda_blas_description?
  private var a: ccuda_blas_layout?
  private var b: ccuda_blas_layout?
  private var c: ccuda_blas_layout?

  init(
    library: CUBLASLt, product: BLASProduct, scaleA: DeviceSlice?, scaleB: DeviceSlice?
  ) throws(DeviceError) {
    self.library = library
    self.product = product
    scales = [scaleA, scaleB]
    try product.check()
    let calls = library.calls
    // Products of int32 outputs take int32 factors, all others those of their sums.
    let scaleType =
      switch product.sum {
      case .double: CCUDA_TYPE_DOUBLE
      case .float, .tf32: CCUDA_TYPE_FLOAT
      case .int32: product.c == .int32 ? CCUDA_TYPE_INT32 : CCUDA_TYPE_FLOAT
      }
    try library.check(
      calls.cublasLtMatmulDescCreate(&description, Int32(product.sum.number), Int32(scaleType)),
      "cublasLtMatmulDescCreate")
    try set(CCUDA_PRODUCT_TRANSPOSE_A, Int32(product.transposesB ? 1 : 0))
    try set(CCUDA_PRODUCT_TRANSPOSE_B, Int32(product.transposesA ? 1 : 0))
    if product.a.isFP8 {
      try set(CCUDA_PRODUCT_FAST_ACCUMULATION, Int8(product.sumsFast ? 1 : 0))
    }
    for (slice, attribute) in [(scaleB, CCUDA_PRODUCT_SCALE_A), (scaleA, CCUDA_PRODUCT_SCALE_B)] {
      guard let slice else { continue }
      try slice.check(MemoryLayout<Float>.size, "a scale")
      try set(attribute, slice.address)
    }
    a = try layout(product.b, product.transposesB, product.k, product.n, product.leadingB, product.strideB)
    b = try layout(product.a, product.transposesA, product.m, product.k, product.leadingA, product.strideA)
    c = try layout(product.c, false, product.m, product.n, product.leadingC, product.strideC)
  }

  deinit {
    for layout in [a, b, c] where layout != nil { _ = library.calls.cublasLtMatrixLayoutDestroy(layout) }
    if description != nil { _ = library.calls.cublasLtMatmulDescDestroy(description) }
  }

  /// What the library's heuristic offers, best first by its own opinion.
  ///
  /// - Parameters:
  ///   - workspaceBytes: most workspace that one may need.
  ///   - count: most candidates.
  /// - Throws: where there is none for this device.
  public func candidates(workspaceBytes: Int, count: Int) throws(DeviceError) -> [BLASCandidate] {
    let calls = library.calls
    try library.context.current()
    var preference: ccuda_blas_preference?
    try library.check(calls.cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate")
    defer { _ = calls.cublasLtMatmulPreferenceDestroy(preference) }
    var most = max(0, workspaceBytes)
    try library.check(
      calls.cublasLtMatmulPreferenceSetAttribute(
        preference, Int32(CCUDA_PREFERENCE_WORKSPACE_BYTES), &most, MemoryLayout<Int>.size),
      "cublasLtMatmulPreferenceSetAttribute")
    // Parts of a sum that is split along k are added as they were summed, never after a rounding to two bytes.
    let isShort = product.c.bytes < 4
    var reductions = UInt32(
      isShort ? CCUDA_REDUCTION_AS_SUMMED : CCUDA_REDUCTION_AS_SUMMED | CCUDA_REDUCTION_IN_PLACE)
    try library.check(
      calls.cublasLtMatmulPreferenceSetAttribute(
        preference, Int32(CCUDA_PREFERENCE_REDUCTIONS), &reductions, MemoryLayout<UInt32>.size),
      "cublasLtMatmulPreferenceSetAttribute")
    var answers = [ccuda_blas_candidate](repeating: ccuda_blas_candidate(), count: max(1, count))
    var found: Int32 = 0
    let code = calls.cublasLtMatmulAlgoGetHeuristic(
      library.handle, description, a, b, c, c, preference, Int32(clamping: answers.count), &answers, &found)
    // INVALID_VALUE and NOT_SUPPORTED: no product of these types and sizes.
    if code != 7, code != 15 { try library.check(code, "cublasLtMatmulAlgoGetHeuristic") }
    let good = answers.prefix(max(0, Int(found))).filter { $0.state == 0 && $0.workspace_bytes <= most }
    guard !good.isEmpty else {
      throw DeviceError(
        "cuBLASLt \(library.version) has no algorithm for \(product.words) on \(library.context.facts.name); leave "
          + "it out", call: "cublasLtMatmulAlgoGetHeuristic", code: Int(code), isAbsence: true)
    }
    return good.map { answer in
      BLASCandidate(
        id: id(of: answer.algorithm), workspaceBytes: answer.workspace_bytes, waves: Double(answer.waves),
        algorithm: answer.algorithm)
    }
  }

  /// Enqueues the product.
  ///
  /// - Parameters:
  ///   - a: A, at a multiple of 256 bytes, as the heuristic assumes.
  ///   - b: B, the same.
  ///   - c: C, the same.
  ///   - workspace: at least what the candidate needs; nil where that is nothing.
  public func run(
    _ candidate: BLASCandidate, a: DeviceSlice, b: DeviceSlice, c: DeviceSlice, workspace: DeviceBuffer?
  ) throws(DeviceError) {
    for (slice, bytes, name) in [
      (a, product.bytesA, "A"), (b, product.bytesB, "B"), (c, product.bytesC, "C"),
    ] {
      try slice.check(bytes ?? Int.max, "operand \(name)")
      guard slice.offset % 256 == 0 else {
        throw DeviceError("operand \(name) starts at byte \(slice.offset), no multiple of 256; report this")
      }
    }
    let room = workspace?.count ?? 0
    guard candidate.workspaceBytes <= room else {
      throw DeviceError("\(candidate.id) needs \(candidate.workspaceBytes) bytes of workspace, has \(room)")
    }
    try library.context.current()
    // 1 and 0 in the type of the factors: float, double or whole numbers, in the low bytes of eight.
    let one: UInt64 =
      switch product.sum {
      case .double: (1.0 as Double).bitPattern
      case .int32 where product.c == .int32: 1
      default: UInt64((1.0 as Float).bitPattern)
      }
    var (alpha, beta, algorithm) = (one, UInt64(0), candidate.algorithm)
    try library.check(
      library.calls.cublasLtMatmul(
        library.handle, description, &alpha, pointer(b.address), self.a, pointer(a.address), self.b, &beta,
        pointer(c.address), self.c, pointer(c.address), self.c, &algorithm, pointer(workspace?.address ?? 0),
        room,
        library.context.stream),
      "cublasLtMatmul")
  }

  /// An address of the device in the form in which the library takes it.
  private func pointer(_ address: UInt64) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: UInt(address))
  }

  private func set<Value>(_ attribute: Int, _ value: Value) throws(DeviceError) {
    let code = withUnsafeBytes(of: value) {
      library.calls.cublasLtMatmulDescSetAttribute(description, Int32(attribute), $0.baseAddress, $0.count)
    }
    try library.check(code, "cublasLtMatmulDescSetAttribute")
  }

  /// A matrix (rows, columns), or turned, as it lies by rows; the library reads its columns.
  private func layout(
    _ type: DeviceElement, _ isTurned: Bool, _ rows: Int, _ columns: Int, _ leading: Int, _ stride: Int
  ) throws(DeviceError) -> ccuda_blas_layout? {
    let (lines, width) = isTurned ? (columns, rows) : (rows, columns)
    var made: ccuda_blas_layout?
    try library.check(
      library.calls.cublasLtMatrixLayoutCreate(
        &made, Int32(type.number), UInt64(width), UInt64(lines), Int64(leading)),
      "cublasLtMatrixLayoutCreate")
    guard product.batch > 1 else { return made }
    var count = Int32(product.batch)
    var step = Int64(stride)
    let codes = (
      library.calls.cublasLtMatrixLayoutSetAttribute(
        made, Int32(CCUDA_LAYOUT_BATCH_COUNT), &count, MemoryLayout<Int32>.size),
      library.calls.cublasLtMatrixLayoutSetAttribute(
        made, Int32(CCUDA_LAYOUT_BATCH_STRIDE), &step, MemoryLayout<Int64>.size)
    )
    if codes.0 != 0 || codes.1 != 0 { _ = library.calls.cublasLtMatrixLayoutDestroy(made) }
    try library.check(codes.0, "cublasLtMatrixLayoutSetAttribute")
    try library.check(codes.1, "cublasLtMatrixLayoutSetAttribute")
    return made
  }

  /// The configuration in words; what the library does not tell is left out.
  private func id(of algorithm: ccuda_blas_algorithm) -> String {
    let parts = [
      ("algo", CCUDA_ALGORITHM_ID, 4), ("tile", CCUDA_ALGORITHM_TILE, 4),
      ("stages", CCUDA_ALGORITHM_STAGES, 4),
      ("splitk", CCUDA_ALGORITHM_SPLIT_K, 4), ("reduction", CCUDA_ALGORITHM_REDUCTION, 4),
      ("swizzle", CCUDA_ALGORITHM_SWIZZLE, 4), ("custom", CCUDA_ALGORITHM_CUSTOM, 4),
      ("inner", CCUDA_ALGORITHM_INNER, 2), ("cluster", CCUDA_ALGORITHM_CLUSTER, 2),
    ]
    var algorithm = algorithm
    return parts.compactMap { name, attribute, bytes in
      // Two of them have 16 bits; the low half of a cleared word is right for both sizes.
      var value: UInt32 = 0
      var written = 0
      let code = library.calls.cublasLtMatmulAlgoConfigGetAttribute(
        &algorithm, Int32(attribute), &value, bytes, &written)
      return code == 0 ? "\(name)\(value)" : nil
    }.joined(separator: " ")
  }
}
