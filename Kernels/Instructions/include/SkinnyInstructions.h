// One instruction a shim, for products with quantised weights. Each is there only where its instruction is.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
typedef float instruction_float16 __attribute__((vector_size(64)));
typedef int instruction_int16 __attribute__((vector_size(64)));

/// The lanes of `table` that the low four bits of each index name.
static inline __attribute__((always_inline)) instruction_float16 instruction_look_up(
    instruction_int16 index, instruction_float16 table) {
  return (instruction_float16)_mm512_permutexvar_ps((__m512i)index, (__m512)table);
}
#endif

#if defined(__AVX512VNNI__)
/// sum + the dot product of each lane's four unsigned bytes and four signed bytes.
static inline __attribute__((always_inline)) instruction_int16 instruction_dot_quads(
    instruction_int16 sum, instruction_int16 unsigned_bytes, instruction_int16 signed_bytes) {
  return (instruction_int16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)unsigned_bytes, (__m512i)signed_bytes);
}
#endif
