// One instruction a shim, no loops: what Swift has no spelling for.
// The header is compiled with the flags of the importing Swift module.
#pragma once

/// Asks for the cache line at `address` ahead of a read.
static inline __attribute__((always_inline)) void instruction_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 3);
}

#if defined(__AVX512F__)
typedef float instruction_floats __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float instruction_floats __attribute__((vector_size(32)));
#else
typedef float instruction_floats __attribute__((vector_size(16)));
#endif

/// Stores a register past the caches; `address` is a multiple of the register's size.
static inline __attribute__((always_inline)) void instruction_stream(
    float *_Nonnull address, instruction_floats value) {
  __builtin_nontemporal_store(value, (instruction_floats *)address);
}

/// Orders what `instruction_stream` stored before whatever is published next.
static inline __attribute__((always_inline)) void instruction_stream_fence(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/// √x without the call that Swift's own keeps for negative numbers.
static inline __attribute__((always_inline)) float instruction_square_root(float x) {
  return __builtin_elementwise_sqrt(x);
}

#if defined(__AVX512DQ__)
/// 1/x to 14 bits.
static inline __attribute__((always_inline)) instruction_floats instruction_reciprocal(
    instruction_floats x) {
  return __builtin_ia32_rcp14ps512_mask(x, (instruction_floats){0}, (unsigned short)-1);
}

/// x - floor(x), and 0 of infinities.
static inline __attribute__((always_inline)) instruction_floats instruction_fraction(
    instruction_floats x) {
  return __builtin_ia32_reduceps512_mask(x, 0x09, (instruction_floats){0}, (unsigned short)-1, 4);
}

/// x·2^floor(n), infinity and 0 beyond the floats.
static inline __attribute__((always_inline)) instruction_floats instruction_scale(
    instruction_floats x, instruction_floats n) {
  return __builtin_ia32_scalefps512_mask(x, n, (instruction_floats){0}, (unsigned short)-1, 4);
}
#endif
