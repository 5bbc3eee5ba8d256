// What every text of this folder begins with: names of types, numbers of few bits, and each PTX instruction
// once. NVRTC compiles it without headers of CUDA; where PLIMSOLL_EMULATION is defined, C++ does, on the CPU.

#ifndef PLIMSOLL_EMULATION
#pragma nv_diag_suppress 177  // not every text uses all that stands here
#endif

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

constexpr u32 everyLane = 0xFFFFFFFFu;
constexpr int warpLanes = 32;
#define INFINITY_F __uint_as_float(0x7F800000u)

#ifdef PLIMSOLL_EMULATION
#define RESTRICT __restrict__
#define DYNAMIC_SHARED(name) unsigned char *name = emulation::sharedMemory()
#define HAS_FP8_PRODUCTS 1
#define HAS_WIDE_DOUBLE_PRODUCTS 1
#else
#define RESTRICT __restrict__
#define DYNAMIC_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]
// sm_90 and sm_100 have products of fp8 for groups of warps only: mma.sync becomes products of fp16 there.
#define HAS_FP8_PRODUCTS (__CUDA_ARCH__ == 890 || __CUDA_ARCH__ >= 1200)
#define HAS_WIDE_DOUBLE_PRODUCTS (__CUDA_ARCH__ >= 900)
#endif

// Numbers.

__device__ __forceinline__ float widen(u16 brain) { return __uint_as_float((u32)brain << 16); }
__device__ __forceinline__ float widenLow(u32 brains) { return __uint_as_float(brains << 16); }
__device__ __forceinline__ float widenHigh(u32 brains) { return __uint_as_float(brains & 0xFFFF0000u); }

/// Two bf16 in a word, `low` in its low half; to the nearest, ties to even.
__device__ __forceinline__ u32 packBrains(float low, float high) {
#ifdef PLIMSOLL_EMULATION
  return (u32)emulation::floatToBrain(high) << 16 | emulation::floatToBrain(low);
#else
  u32 packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
#endif
}

__device__ __forceinline__ u16 narrow(float x) { return (u16)packBrains(x, 0.0f); }

/// Two fp16 in a word, `low` in its low half; to the nearest, ties to even.
__device__ __forceinline__ u32 packHalves(float low, float high) {
#ifdef PLIMSOLL_EMULATION
  return (u32)emulation::floatToHalf(high) << 16 | emulation::floatToHalf(low);
#else
  u32 packed;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
#endif
}

/// 2^x, to 2 units in the last place; results below the normal floats are 0.
__device__ __forceinline__ float exp2Fast(float x) {
#ifdef PLIMSOLL_EMULATION
  float result = exp2f(x);
  return result < 0x1p-126f ? 0 : result;
#else
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#endif
}

// Memory.

/// 16 bytes that no one writes while the kernel runs, not kept in L1.
__device__ __forceinline__ uint4 loadOnce(const void *place) {
#ifdef PLIMSOLL_EMULATION
  return *(const uint4 *)place;
#else
  uint4 words;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
               : "l"(place));
  return words;
#endif
}

/// Where a place in shared memory lies, for the instructions below.
__device__ __forceinline__ u32 sharedAddress(const void *place) {
#ifdef PLIMSOLL_EMULATION
  return emulation::sharedAddress(place);
#else
  return (u32)__cvta_generic_to_shared(place);
#endif
}

__device__ __forceinline__ uint4 loadShared(u32 address) {
#ifdef PLIMSOLL_EMULATION
  return *(const uint4 *)emulation::sharedBytes(address, 16, "ld.shared");
#else
  uint4 words;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
               : "r"(address)
               : "memory");
  return words;
#endif
}

/// 8 bytes.
__device__ __forceinline__ uint2 loadSharedPair(u32 address) {
#ifdef PLIMSOLL_EMULATION
  return *(const uint2 *)emulation::sharedBytes(address, 8, "ld.shared");
#else
  uint2 words;
  asm volatile("ld.shared.v2.u32 {%0, %1}, [%2];" : "=r"(words.x), "=r"(words.y) : "r"(address) : "memory");
  return words;
#endif
}

/// Asks for 16 bytes to come to shared memory; zeros, and nothing is read, where not `isValid`.
__device__ __forceinline__ void copyAsync(u32 to, const void *from, bool isValid) {
  u32 bytes = isValid ? 16 : 0;
#ifdef PLIMSOLL_EMULATION
  emulation::copyAsync(to, from, 16, bytes);
#else
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes)
               : "memory");
#endif
}

/// The same of 8 bytes.
__device__ __forceinline__ void copyAsyncPair(u32 to, const void *from, bool isValid) {
  u32 bytes = isValid ? 8 : 0;
#ifdef PLIMSOLL_EMULATION
  emulation::copyAsync(to, from, 8, bytes);
#else
  asm volatile("cp.async.ca.shared.global.L2::128B [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(bytes)
               : "memory");
#endif
}

/// Makes a group of the thread's copies since the last one.
__device__ __forceinline__ void commitCopies() {
#ifdef PLIMSOLL_EMULATION
  emulation::commitCopies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most the thread's last `pending` groups are still on their way.
template <int pending>
__device__ __forceinline__ void waitCopies() {
#ifdef PLIMSOLL_EMULATION
  emulation::waitCopies(pending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

/// Four 8x8 matrices of 16-bit elements; lane 8i + r names row r of matrix i. A lane gets of each matrix the
/// elements (lane / 4, lane % 4 · 2) and the next of that row.
__device__ __forceinline__ void loadMatrices(u32 address, u32 (&matrix)[4]) {
#ifdef PLIMSOLL_EMULATION
  emulation::loadMatrices(address, matrix, false);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
               : "r"(address)
               : "memory");
#endif
}

/// The same, each matrix transposed.
__device__ __forceinline__ void loadMatricesTransposed(u32 address, u32 (&matrix)[4]) {
#ifdef PLIMSOLL_EMULATION
  emulation::loadMatrices(address, matrix, true);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
               : "r"(address)
               : "memory");
#endif
}

/// An 8x8 matrix of 16-bit elements that lies across the warp as above, transposed.
__device__ __forceinline__ u32 transposeMatrix(u32 row) {
#ifdef PLIMSOLL_EMULATION
  return emulation::transposeMatrix(row);
#else
  u32 result;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(result) : "r"(row));
  return result;
#endif
}

// Products of a warp: d (16, 8) += a (16, K) · b (K, 8). Of A a lane holds words of row lane / 4, of the row
// 8 on, and of both K / 2 columns on; of B the same columns of column lane / 4; of D (lane / 4, lane % 4 ·
// 2), the next column, and both 8 rows on.

#ifdef PLIMSOLL_EMULATION
#define DEFINE_PRODUCT(name, shape, types, Sum, constraint, K, bytes, Wide, read)                   \
  __device__ __forceinline__ void name(Sum(&d)[4], const u32(&a)[4], u32 b0, u32 b1) {              \
    const u32 b[2] = {b0, b1};                                                                      \
    emulation::multiply<K, bytes, Sum, Wide>("mma " types, d, a, b, [](u32 bits) { return read; }); \
  }
#else
#define DEFINE_PRODUCT(name, shape, types, Sum, constraint, K, bytes, Wide, read)                         \
  __device__ __forceinline__ void name(Sum(&d)[4], const u32(&a)[4], u32 b0, u32 b1) {                    \
    asm volatile("mma.sync.aligned." shape ".row.col." types                                              \
                 " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                       \
                 : "+" constraint(d[0]), "+" constraint(d[1]), "+" constraint(d[2]), "+" constraint(d[3]) \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));                         \
  }
#endif

DEFINE_PRODUCT(
    multiplyBrains, "m16n8k16", "f32.bf16.bf16.f32", float, "f", 16, 2, double,
    emulation::brainToFloat((u16)bits))
DEFINE_PRODUCT(
    multiplyHalves, "m16n8k16", "f32.f16.f16.f32", float, "f", 16, 2, double,
    emulation::halfToFloat((u16)bits))
DEFINE_PRODUCT(
    multiplyTensorFloats, "m16n8k8", "f32.tf32.tf32.f32", float, "f", 8, 4, double,
    __uint_as_float(bits & 0xFFFFE000u))
DEFINE_PRODUCT(multiplyBytes, "m16n8k32", "s32.s8.s8.s32", int, "r", 32, 1, long long, (signed char)bits)
#if HAS_FP8_PRODUCTS
DEFINE_PRODUCT(
    multiplyEights, "m16n8k32", "f32.e4m3.e4m3.f32", float, "f", 32, 1, double,
    emulation::e4m3ToFloat((u8)bits))
#endif

#if HAS_WIDE_DOUBLE_PRODUCTS
/// d (16, 8) += a (16, 16) · b (16, 8) in fp64. Of A a lane holds a[2i] = (lane / 4, lane % 4 + 4i) and a[2i
/// + 1] 8 rows on, of B b[i] = (lane % 4 + 4i, lane / 4), of D what the other products hold.
__device__ __forceinline__ void multiplyDoubles(double (&d)[4], const double (&a)[8], const double (&b)[4]) {
#ifdef PLIMSOLL_EMULATION
  emulation::multiplyDoubles(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, "
      "{%4, %5, %6, %7, %8, %9, %10, %11}, {%12, %13, %14, %15}, {%0, %1, %2, %3};"
      : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
      : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]), "d"(a[7]), "d"(b[0]),
        "d"(b[1]), "d"(b[2]), "d"(b[3]));
#endif
}
#endif

// Threads together.

/// The lane, asked anew each time: what is computed from it need not be kept in a register.
__device__ __forceinline__ int laneAgain() {
#ifdef PLIMSOLL_EMULATION
  return threadIdx.x % warpLanes;
#else
  int lane;
  asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));
  return lane;
#endif
}

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int bits = 16; bits > 0; bits /= 2) x += __shfl_xor_sync(everyLane, x, bits);
  return x;
}

__device__ __forceinline__ float warpLargest(float x) {
#pragma unroll
  for (int bits = 16; bits > 0; bits /= 2) x = fmaxf(x, __shfl_xor_sync(everyLane, x, bits));
  return x;
}
