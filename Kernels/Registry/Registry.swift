// The door of the kernels: operation + shape + implementation + instruction set -> a prepared kernel and its
// work. Nothing is timed here.

import CProbe
import KernelsBLAS
public import Machines
public import Measurement
import Quantities
import Synchronization

/// Why a kernel cannot be prepared.
public struct KernelError: Error, Hashable, CustomStringConvertible {
  /// One sentence: what is missing or unsupported.
  public let reason: String
  /// True where nobody promised the kernel: the implementation has no such operation or type.
  public let isAbsence: Bool
  /// An error with its reason.
  public init(_ reason: String) { (self.reason, isAbsence) = (reason, false) }
  /// What an implementation does not have.
  public init(absent reason: String) { (self.reason, isAbsence) = (reason, true) }
  public var description: String { reason }
}

/// What lies elsewhere from one execution to the next.
public enum Rotation: Hashable, Sendable {
  /// Every operand.
  case all
  /// What a decode step reads of the model: B of a product, keys and values of attention.
  case weights
}

/// All kernels by operation.
public enum Kernels {
  /// Allocates operands (page aligned, first touched by the team's threads), fills them with random numbers in
  /// ±1 drawn from the seed, and binds them to a kernel.
  ///
  /// Attention operands are (batch, heads, positions, head dim), row-major, for both implementations.
  /// - Parameters:
  ///   - isa: the module of the Swift kernels; OpenBLAS chooses its own, and its attention takes the softmax
  ///     of the strongest module that runs here.
  ///   - rotating: what the sets are copies of.
  ///   - operandSets: copies that `rotate()` walks through, so that operands are not found in a cache.
  /// - Throws: where the shape lacks a field or is unsupported, the CPU lacks the instructions, the
  ///   implementation lacks the operation, or memory does not suffice.
  public static func prepare(
    _ operation: Operation, shape: Shape, implementation: Implementation, isa: InstructionSet,
    team: WorkerTeam, operandSets: Int, rotating: Rotation = .all, seed: UInt64, dataType: DataType = .f32,
    layout: WeightLayout = .rowMajor
  ) throws(KernelError) -> any PreparedKernel {
    try prepare(
      operation, shape: shape, implementation: implementation, isa: isa, team: team,
      operandSets: operandSets, rotating: rotating, seed: seed, queryMagnitude: 1, dataType: dataType,
      layout: layout)
  }

  /// As above, with queries in ±queryMagnitude: large ones make the softmax sharp and its running maximum move.
  package static func prepare(
    _ operation: Operation, shape: Shape, implementation: Implementation, isa: InstructionSet,
    team: WorkerTeam, operandSets: Int, rotating: Rotation = .all, seed: UInt64, queryMagnitude: Float,
    dataType: DataType = .f32, layout: WeightLayout = .rowMajor
  ) throws(KernelError) -> any PreparedKernel {
    let problem = try Problem(operation, shape, dataType)
    if !operation.isProduct, (dataType != .f32 && operation != .typePeak) || layout != .rowMajor {
      throw KernelError(
        "\(operation.rawValue) has no kernel of \(dataType.rawValue), \(layout.rawValue)")
    }
    guard operandSets >= 1 else { throw KernelError("at least one operand set is needed") }
    let module = implementation == .swift ? try KernelModule.of(isa) : nil
    if module == nil { try requireBLAS(implementation) }
    switch problem.dimensions {
    case .gemm(let size):
      if module == nil { try requireBLASRange([size.m, size.n, size.k]) }
      let code = try ProductCode.of(dataType, layout, size, isa: module == nil ? nil : isa, team: team)
      return try PreparedProduct(
        size, code, work: problem.work, team: team, sets: operandSets, rotating: rotating, seed: seed)
    case .attention(let size):
      if module == nil { try requireBLASRange([size.seqKV, size.headDim, size.valueDim]) }
      return try PreparedAttention(
        size, work: problem.work, body: try attentionBody(operation, size, module, team), team: team,
        sets: operandSets, rotating: rotating, seed: seed, queryMagnitude: queryMagnitude)
    case .fmaPeak:
      guard module != nil else { throw KernelError("OpenBLAS has no \(operation.rawValue)") }
      guard let probe = try PeakProbe.of(dataType, isa) else {
        throw KernelError(absent: "\(isa.rawValue) has no instruction of its own for \(dataType.rawValue)")
      }
      return try PreparedPeak(probe, team: team)
    case .memory(let bytes, let passes):
      guard let module else { throw KernelError("OpenBLAS has no \(operation.rawValue)") }
      return try PreparedMemory(
        operation, bytes: bytes, passes: passes, work: problem.work, module: module, team: team,
        sets: operandSets, seed: seed)
    case .elementwise(let size):
      guard module != nil else { throw KernelError("OpenBLAS has no \(operation.rawValue)") }
      return try PreparedElementwise(
        try size.body(.of(isa), threads: team.threadCount), work: problem.work, team: team,
        sets: operandSets, seed: seed)
    case .layer(let size):
      guard module != nil else { throw KernelError("OpenBLAS has no \(operation.rawValue)") }
      guard operandSets == 1 else { throw KernelError("a decoder layer has one set of operands") }
      return try PreparedLayer(size, isa: isa, team: team, seed: seed)
    }
  }

  /// Pages that operands ask for from now on, in the whole process; set it before kernels are prepared.
  public static var pageMode: PageMode {
    get { PageMode.allCases[pageModeIndex.load(ordering: .relaxed)] }
    set {
      pageModeIndex.store(PageMode.allCases.firstIndex(of: newValue) ?? 0, ordering: .relaxed)
      // Reaches what others allocate, too: the heap, and the BLAS library's own buffers.
      _ = probe_forbid_huge_pages(newValue == .never ? 1 : 0)
    }
  }

  private static let pageModeIndex = Atomic<Int>(0)

  /// FLOP and compulsory bytes of one `run()` of a prepared kernel, without allocating; zero for a shape that
  /// `prepare` refuses. For the FMA peak: of one thread (its prepared kernel counts all).
  public static func work(_ operation: Operation, shape: Shape, dataType: DataType = .f32) -> Work {
    guard let problem = try? Problem(operation, shape, dataType) else {
      return Work(flop: .zero, bytes: .zero)
    }
    return problem.work
  }

  /// What ran, for the column `impl_isa_path`: the instruction set of the Swift module, with the way that it
  /// multiplies bfloat16 where a clock chose it, or the core type that OpenBLAS chose.
  public static func isaPath(
    implementation: Implementation, isa: InstructionSet, dataType: DataType = .f32
  ) -> String {
    guard implementation == .swift else { return blas.corename }
    guard dataType == .bf16 else { return isa.rawValue }
    return "\(isa.rawValue) \(BrainChoice.here(isa).path.rawValue)"
  }

  /// True when this CPU and operating system can run the module's instructions.
  public static func supports(_ isa: InstructionSet) -> Bool { (try? KernelModule.of(isa)) != nil }

  /// The BLAS that this process has loaded.
  public static let blas = BLASInfo(BLAS.account)

  /// Makes this process call the BLAS of a path, in place of OpenBLAS to which it is linked; before any kernel is
  /// prepared. Where the library cannot be used, `prepare` says why.
  public static func useBLAS(_ path: String) { BLAS.use(path) }

  /// Refuses what the BLAS of this process is not, or cannot do.
  private static func requireBLAS(_ implementation: Implementation) throws(KernelError) {
    if let fault = BLAS.fault { throw KernelError(fault) }
    guard implementation.isPeer == BLAS.isNamed else {
      throw KernelError("\(implementation.rawValue) is not the BLAS of this process")
    }
  }

  /// CBLAS counts in 32 bits.
  private static func requireBLASRange(_ dimensions: [Int]) throws(KernelError) {
    guard dimensions.allSatisfy({ $0 <= Int(Int32.max) }) else {
      throw KernelError("a dimension is beyond the 32-bit integers of this BLAS")
    }
  }
}
