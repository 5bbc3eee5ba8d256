// Random operands, made where they are used. Element i of a seed depends on both alone, so that a host makes
// any element again without the others:
//
// * z = (seed + i) · 0x9E3779B97F4A7C15, in 64-bit words that wrap, as in Kernels/Registry/Buffer.swift;
// * z = (z ^ z >> 30) · 0xBF58476D1CE4E5B9;
// * z = (z ^ z >> 27) · 0x94D049BB133111EB;
// * random = the high 32 bits of (z ^ z >> 31);
// * number = ((random >> 8) · 2^-23 - 1) · magnitude, in floats; exact where the magnitude is a power of two.
//
// The element is the number for f32; its upper 16 bits for bf16 (cut, not rounded); for fp16 and fp8 e4m3 the
// number cut towards 0 to the type's precision, below its smallest subnormal to a signed 0, beyond its largest
// to that; for int8 random >> 24 as a signed byte, where -128 becomes 0. Seeds of different arrays should be far
// apart (a mixed counter), or arrays repeat each other's numbers at another place.
//
// All: grid (any), block (any), no shared memory; FLOP not counted; bytes: those written.

__device__ __forceinline__ u32 randomBits(u64 seed, i64 i) {
  u64 z = (seed + (u64)i) * 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return (u32)((z ^ z >> 31) >> 32);
}

__device__ __forceinline__ float randomNumber(u64 seed, i64 i, float magnitude) {
  return ((float)(randomBits(seed, i) >> 8) * 0x1p-23f - 1.0f) * magnitude;
}

/// A float cut to a type of few bits: `bits` of fraction, exponents from `least`, encoded from 1 on; at most
/// `largest`, the encoding without its sign.
__device__ __forceinline__ u32 cutFloat(float x, int bits, int least, u32 largest) {
  const u32 word = __float_as_uint(x) & 0x7FFFFFFFu;
  const int exponent = (int)(word >> 23) - 127;
  u32 cut;
  if (exponent >= least) {
    cut = (u32)(exponent - least + 1) << bits | (word & 0x7FFFFFu) >> (23 - bits);
  } else {
    const int shift = 23 - bits + least - exponent;
    cut = shift < 32 && exponent >= -126 ? ((word & 0x7FFFFFu) | 0x800000u) >> shift : 0;
  }
  return min(cut, largest);
}

/// Calls `store(i)` for every i below count, shared by the grid's threads.
template <class Store>
__device__ __forceinline__ void forEach(i64 count, Store store) {
  const i64 stride = (i64)gridDim.x * blockDim.x;
  for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) store(i);
}

extern "C" __global__ void fill_f32(float *out, long long count, long long seed, float magnitude) {
  forEach(count, [=](i64 i) { out[i] = randomNumber((u64)seed, i, magnitude); });
}

extern "C" __global__ void fill_f64(double *out, long long count, long long seed, float magnitude) {
  forEach(count, [=](i64 i) { out[i] = (double)randomNumber((u64)seed, i, magnitude); });
}

extern "C" __global__ void fill_bf16(unsigned short *out, long long count, long long seed, float magnitude) {
  forEach(
      count, [=](i64 i) { out[i] = (u16)(__float_as_uint(randomNumber((u64)seed, i, magnitude)) >> 16); });
}

extern "C" __global__ void fill_f16(unsigned short *out, long long count, long long seed, float magnitude) {
  forEach(count, [=](i64 i) {
    const float number = randomNumber((u64)seed, i, magnitude);
    out[i] = (u16)(cutFloat(number, 10, -14, 0x7BFF) | (__float_as_uint(number) >> 31) << 15);
  });
}

extern "C" __global__ void fill_e4m3(unsigned char *out, long long count, long long seed, float magnitude) {
  forEach(count, [=](i64 i) {
    const float number = randomNumber((u64)seed, i, magnitude);
    out[i] = (u8)(cutFloat(number, 3, -6, 0x7E) | (__float_as_uint(number) >> 31) << 7);
  });
}

extern "C" __global__ void fill_i8(signed char *out, long long count, long long seed) {
  forEach(count, [=](i64 i) {
    const u32 byte = randomBits((u64)seed, i) >> 24;
    out[i] = (signed char)(byte == 0x80 ? 0 : byte);
  });
}
