// The arithmetic ceilings of mma.sync and of fused multiply-adds: products whose operands stay in registers.
//
// Every warp multiplies A (16, K) by B (K, 8) over and over into `sumsInFlight` sums of its own; out[thread]
// is the sum of what the thread holds of all of them, so nothing can be left out. Numbers come from
// n(i) = peakEighths(i) / 8, so that a host knows what is due: with P = A·B and lane = thread % 32,
//
//   out = sumsInFlight · rounds · (P[lane / 4][2·(lane % 4)] + the next column + both 8 rows on)
//
// in the sum's type; A[r][c] = n(r · K + c), B[r][c] = n(1024 + c · K + r): all products are exact, and sums
// are until they pass 2^24 of their smallest digit, 1/64: for 256 rounds at least. Where a chip multiplies
// faster by instructions of groups of warps (wgmma, tcgen05), this is not its ceiling: the products of
// cuBLASLt show that.
//
// All: grid (multiprocessors · 2), block 256, no shared memory. FLOP: 2·16·8·K·sumsInFlight·rounds a warp; K:
// 16 for bf16, fp16 and fp64, 8 for tf32, 32 for int8 and fp8; FMA see below. Bytes: 4 a thread.

constexpr int sumsInFlight = 8;

/// (i · 2654435761 >> 28) - 8, in eighths: -1 to 7/8.
__device__ __forceinline__ int peakEighths(int i) { return (int)((u32)i * 2654435761u >> 28) - 8; }

/// How a type is put into a word, and multiplied.
struct Brains {
  static constexpr int bytes = 2;
  static __device__ __forceinline__ u32 encode(int eighths) {
    return __float_as_uint(eighths * 0.125f) >> 16;
  }
  static __device__ __forceinline__ void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    multiplyBrains(d, a, b0, b1);
  }
};
struct Halves {
  static constexpr int bytes = 2;
  static __device__ __forceinline__ u32 encode(int eighths) { return packHalves(eighths * 0.125f, 0.0f); }
  static __device__ __forceinline__ void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    multiplyHalves(d, a, b0, b1);
  }
};
struct TensorFloats {
  static constexpr int bytes = 4;
  static __device__ __forceinline__ u32 encode(int eighths) { return __float_as_uint(eighths * 0.125f); }
  static __device__ __forceinline__ void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    multiplyTensorFloats(d, a, b0, b1);
  }
};
struct Bytes {
  static constexpr int bytes = 1;
  static __device__ __forceinline__ u32 encode(int eighths) { return (u32)eighths & 0xFF; }
  static __device__ __forceinline__ void multiply(int (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    multiplyBytes(d, a, b0, b1);
  }
};
#if HAS_FP8_PRODUCTS
struct Eights {
  static constexpr int bytes = 1;
  /// Magnitudes to 8/8 have at most three digits after the first: all are exact.
  static __device__ __forceinline__ u32 encode(int eighths) {
    const u32 word = __float_as_uint(eighths * 0.125f);
    const u32 size = (word & 0x7FFFFFFFu) == 0 ? 0 : ((word >> 20) & 0x7FF) - (120u << 3);
    return word >> 31 << 7 | size;
  }
  static __device__ __forceinline__ void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    multiplyEights(d, a, b0, b1);
  }
};
#endif

template <class Type, class Number>
__device__ __forceinline__ void peak(Number *out, int rounds) {
  constexpr int packed = 4 / Type::bytes, K = 8 * packed;
  const int lane = threadIdx.x % warpLanes, row = lane / 4, column = lane % 4 * packed;
  u32 a[4] = {}, b[2] = {};
#pragma unroll
  for (int part = 0; part < 2; ++part) {
#pragma unroll
    for (int i = 0; i < packed; ++i) {
      const int k = part * 4 * packed + column + i, shift = 8 * Type::bytes * i;
      a[2 * part] |= Type::encode(peakEighths(row * K + k)) << shift;
      a[2 * part + 1] |= Type::encode(peakEighths((row + 8) * K + k)) << shift;
      b[part] |= Type::encode(peakEighths(1024 + row * K + k)) << shift;
    }
  }
  Number sums[sumsInFlight][4] = {};
#pragma unroll 1
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < sumsInFlight; ++i) Type::multiply(sums[i], a, b[0], b[1]);
  }
  Number all = 0;
#pragma unroll
  for (int i = 0; i < sumsInFlight; ++i) all += (sums[i][0] + sums[i][1]) + (sums[i][2] + sums[i][3]);
  out[blockIdx.x * blockDim.x + threadIdx.x] = all;
}

extern "C" __global__ void peak_bf16(float *out, int rounds) { peak<Brains>(out, rounds); }

extern "C" __global__ void peak_f16(float *out, int rounds) { peak<Halves>(out, rounds); }

extern "C" __global__ void peak_tf32(float *out, int rounds) { peak<TensorFloats>(out, rounds); }

/// Numbers are the eighths themselves: sums are 64 times those of the other types.
extern "C" __global__ void peak_i8(int *out, int rounds) { peak<Bytes>(out, rounds); }

/// Writes NaN where the architecture has no product of fp8 for a single warp: all but sm_89 and sm_120.
extern "C" __global__ void peak_e4m3(float *out, int rounds) {
#if HAS_FP8_PRODUCTS
  peak<Eights>(out, rounds);
#else
  out[blockIdx.x * blockDim.x + threadIdx.x] = __uint_as_float(0x7FC00000u + 0 * rounds);
#endif
}

/// Products of doubles, K = 16. Writes NaN where the architecture has none of this shape (before sm_90).
extern "C" __global__ void peak_f64(double *out, int rounds) {
#if HAS_WIDE_DOUBLE_PRODUCTS
  const int lane = threadIdx.x % warpLanes, row = lane / 4, column = lane % 4;
  double a[8], b[4], sums[sumsInFlight][4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int k = column + 4 * i;
    a[2 * i] = peakEighths(row * 16 + k) * 0.125;
    a[2 * i + 1] = peakEighths((row + 8) * 16 + k) * 0.125;
    b[i] = peakEighths(1024 + row * 16 + k) * 0.125;
  }
#pragma unroll 1
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < sumsInFlight; ++i) multiplyDoubles(sums[i], a, b);
  }
  double all = 0;
#pragma unroll
  for (int i = 0; i < sumsInFlight; ++i) all += (sums[i][0] + sums[i][1]) + (sums[i][2] + sums[i][3]);
  out[blockIdx.x * blockDim.x + threadIdx.x] = all;
#else
  out[blockIdx.x * blockDim.x + threadIdx.x] = __longlong_as_double(0x7FF8000000000000ll + 0 * rounds);
#endif
}

constexpr int chains = 16, stepsOfRound = 8;

/// Fused multiply-adds in `Number`: 16 chains a thread, chain i from x = i + lane, each x = x·s + y, 8 steps
/// a round; out = Σ over chains. With s = -1, y = 1 numbers change at each step, and come back: out = 120 +
/// 16·lane, exactly. With s = 0.5, y = 1 they tend to 2: out = Σ (2 + (i + lane - 2) · 2^(-8·rounds)).
///
/// FLOP: 2·16·8·rounds a thread.
template <class Number>
__device__ __forceinline__ void multiplyAdd(Number *out, int rounds, Number s, Number y) {
  Number x[chains];
#pragma unroll
  for (int i = 0; i < chains; ++i) x[i] = (Number)(i + (int)threadIdx.x % warpLanes);
#pragma unroll 1
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int step = 0; step < stepsOfRound; ++step) {
#pragma unroll
      for (int i = 0; i < chains; ++i) x[i] = x[i] * s + y;
    }
  }
  Number all = 0;
#pragma unroll
  for (int i = 0; i < chains; ++i) all += x[i];
  out[blockIdx.x * blockDim.x + threadIdx.x] = all;
}

/// `s` and `y` come from the caller, so that no compiler knows where this ends.
extern "C" __global__ void peak_fma_f32(float *out, int rounds, float s, float y) {
  multiplyAdd<float>(out, rounds, s, y);
}

/// The same in doubles, without tensor cores.
extern "C" __global__ void peak_fma_f64(double *out, int rounds, float s, float y) {
  multiplyAdd<double>(out, rounds, (double)s, (double)y);
}
