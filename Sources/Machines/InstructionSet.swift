// The instruction sets that the kernels are built for.

/// A kernel module's instruction set, weakest first.
public enum InstructionSet: String, Hashable, Sendable, Codable, CaseIterable {
  case baseline, avx2, avx512, neon
}
