// The door of the kernels: operation + shape + implementation + instruction set -> a prepared kernel and its
// work. Nothing is timed here.

public import KernelsBLAS
public import Machines
public import Measurement
import Quantities

/// Why a kernel cannot be prepared.
public struct KernelError: Error, Hashable, CustomStringConvertible {
  /// One sentence: what is missing or unsupported.
  public let reason: String
  /// An error with its reason.
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

/// All kernels by operation.
public enum Kernels {
  /// Allocates operands (page aligned, first touched by the team's threads), fills them with random numbers in
  /// ±1 drawn from the seed, and binds them to a kernel.
  ///
  /// Attention operands are (batch, heads, positions, head dim), row-major, for both implementations.
  /// - Parameters:
  ///   - isa: the module of the Swift kernels; OpenBLAS chooses its own.
  ///   - operandSets: copies that `rotate()` walks through, so that operands are not found in a cache.
  /// - Throws: where the shape lacks a field or is unsupported, the CPU lacks the instructions, the
  ///   implementation lacks the operation, or memory does not suffice.
  public static func prepare(
    _ operation: Operation, shape: Shape, implementation: Implementation, isa: InstructionSet,
    team: WorkerTeam, operandSets: Int, seed: UInt64
  ) throws(KernelError) -> any PreparedKernel {
    let problem = try Problem(operation, shape)
    guard operandSets >= 1 else { throw KernelError("at least one operand set is needed") }
    throw KernelError(
      "\(problem.operation.rawValue) has no \(implementation.rawValue) kernel for \(isa.rawValue)")
  }

  /// FLOP and compulsory bytes of one `run()` of a prepared kernel, without allocating; zero for a shape that
  /// `prepare` refuses. The FMA peak of a team does this work on each of its threads together: its prepared
  /// kernel tells the exact figure.
  public static func work(_ operation: Operation, shape: Shape) -> Work {
    guard let problem = try? Problem(operation, shape) else { return Work(flop: .zero, bytes: .zero) }
    return problem.work
  }

  /// What ran, for the column `impl_isa_path`: the instruction set of the Swift module, or the core type that
  /// OpenBLAS chose.
  public static func isaPath(implementation: Implementation, isa: InstructionSet) -> String {
    switch implementation {
    case .swift: isa.rawValue
    case .openblas: blas.corename
    }
  }

  /// The BLAS that this process has loaded.
  public static var blas: BLASInfo { BLAS.info }
}
