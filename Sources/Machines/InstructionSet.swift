// The instruction sets that the kernels are built for.

/// A kernel module's instruction set, weakest first.
public enum InstructionSet: String, Hashable, Sendable, Codable, CaseIterable {
  case baseline, avx2, avx512
  /// AVX-512 with byte (VNNI) and bfloat16 dot products: Cooper Lake, Zen 4 and later.
  case avx512BF16 = "avx512_bf16"
  /// The same with arithmetic in fp16: Sapphire Rapids and later.
  case avx512FP16 = "avx512_fp16"
  case neon
}
