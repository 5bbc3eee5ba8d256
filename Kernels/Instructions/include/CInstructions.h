// One instruction a shim, no loops: what Swift has no spelling for.
// The header is compiled with the flags of the importing Swift module.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/// No instruction: what lies in memory is loaded and stored again after it, and not held in registers.
static inline __attribute__((always_inline)) void instruction_forget_memory(void) {
  __asm__ volatile("" ::: "memory");
}

/// Asks for the cache line at `address` in the second-level cache, long before it is read.
static inline __attribute__((always_inline)) void instruction_prefetch_far(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 2);
}

#if defined(__x86_64__)
typedef int instruction_words_128 __attribute__((vector_size(16)));

/// Products of signed 16-bit neighbours, added in pairs: `pmaddwd`.
static inline __attribute__((always_inline)) instruction_words_128
instruction_multiply_shorts_128(instruction_words_128 a, instruction_words_128 b) {
  return (instruction_words_128)_mm_madd_epi16((__m128i)a, (__m128i)b);
}
#endif

#if defined(__AVX2__)
typedef int instruction_words_256 __attribute__((vector_size(32)));

/// `vpmaddwd` on 256 bits.
static inline __attribute__((always_inline)) instruction_words_256
instruction_multiply_shorts_256(instruction_words_256 a, instruction_words_256 b) {
  return (instruction_words_256)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}
#endif

#if defined(__AVX512BW__)
typedef int instruction_words_512 __attribute__((vector_size(64)));

/// `vpmaddwd` on 512 bits.
static inline __attribute__((always_inline)) instruction_words_512
instruction_multiply_shorts_512(instruction_words_512 a, instruction_words_512 b) {
  return (instruction_words_512)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}
#endif

#if defined(__AVX512F__)
/// The lanes of `table` that the low four bits of each index name: `vpermps`.
static inline __attribute__((always_inline)) instruction_floats
instruction_look_up(instruction_words_512 index, instruction_floats table) {
  return (instruction_floats)_mm512_permutexvar_ps((__m512i)index, (__m512)table);
}
#endif

#if defined(__AVX512VNNI__)
/// sums + products of a's unsigned by b's signed bytes, four a lane: `vpdpbusd`.
static inline __attribute__((always_inline)) instruction_words_512
instruction_multiply_bytes(instruction_words_512 sums, instruction_words_512 a, instruction_words_512 b) {
  return (instruction_words_512)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)a, (__m512i)b);
}
#endif

#if defined(__AVX512BF16__)
typedef float instruction_floats_512 __attribute__((vector_size(64)));

/// sums + products of bfloat16, two a lane: `vdpbf16ps`.
static inline __attribute__((always_inline)) instruction_floats_512
instruction_multiply_brains(instruction_floats_512 sums, instruction_words_512 a, instruction_words_512 b) {
  return (instruction_floats_512)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
}
#endif

#if defined(__AVX512FP16__)
typedef int instruction_halves_256 __attribute__((vector_size(32)));

/// 16 halves as floats: `vcvtph2ps`.
static inline __attribute__((always_inline)) instruction_floats_512
instruction_widen_halves(instruction_halves_256 halves) {
  return (instruction_floats_512)_mm512_cvtph_ps((__m256i)halves);
}

/// sums + a·b of 32 halves: `vfmadd231ph`.
static inline __attribute__((always_inline)) instruction_words_512
instruction_multiply_halves(instruction_words_512 sums, instruction_words_512 a, instruction_words_512 b) {
  return (instruction_words_512)_mm512_fmadd_ph((__m512h)a, (__m512h)b, (__m512h)sums);
}
#endif
