// Probes of memory: read, copy, triad, and what empties the L2 cache. All arrays are 16-byte aligned.
//
// Each runs on a grid that stays: as many blocks of 512 threads as the device holds (4 per multiprocessor),
// each thread with four loads of 16 bytes on their way. Four blocks of 512 threads ask for 128 KiB per
// multiprocessor at a time; about 40 are needed to hide the latency of HBM.

constexpr int inFlight = 4;

/// Sum of an array of floats: sums[block] = Σ of what the block read; their sum is the array's.
///
/// grid (any), block 512, no dynamic shared memory. FLOP: count. Bytes: 4·count.
extern "C" __global__ void memory_read(const float *RESTRICT x, long long count, float *RESTRICT sums) {
  __shared__ float parts[32];
  const uint4 *vectors = (const uint4 *)x;
  const i64 vectorCount = count / 4;
  const i64 tile = (i64)blockDim.x * inFlight;
  const i64 stride = tile * gridDim.x;
  float sum[4] = {0, 0, 0, 0};
  for (i64 base = blockIdx.x * tile + threadIdx.x; base < vectorCount; base += stride) {
    uint4 loaded[inFlight];
    if (base + (inFlight - 1) * (i64)blockDim.x < vectorCount) {
#pragma unroll
      for (int i = 0; i < inFlight; ++i) loaded[i] = loadOnce(vectors + base + (i64)i * blockDim.x);
    } else {
#pragma unroll
      for (int i = 0; i < inFlight; ++i) {
        const i64 place = base + (i64)i * blockDim.x;
        loaded[i] = place < vectorCount ? loadOnce(vectors + place) : make_uint4(0, 0, 0, 0);
      }
    }
#pragma unroll
    for (int i = 0; i < inFlight; ++i) {
      sum[0] += __uint_as_float(loaded[i].x);
      sum[1] += __uint_as_float(loaded[i].y);
      sum[2] += __uint_as_float(loaded[i].z);
      sum[3] += __uint_as_float(loaded[i].w);
    }
  }
  float all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  if (blockIdx.x == 0 && threadIdx.x < count - 4 * vectorCount) all += x[4 * vectorCount + threadIdx.x];
  all = warpSum(all);
  if (threadIdx.x % warpLanes == 0) parts[threadIdx.x / warpLanes] = all;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (int warp = 0; warp < (int)blockDim.x / warpLanes; ++warp) total += parts[warp];
    sums[blockIdx.x] = total;
  }
}

/// b = a.
///
/// grid (any), block 512. FLOP: 0. Bytes: 8·count.
extern "C" __global__ void __launch_bounds__(512, 2)
    memory_copy(const float *RESTRICT a, float *RESTRICT b, long long count) {
  const uint4 *from = (const uint4 *)a;
  uint4 *to = (uint4 *)b;
  const i64 vectorCount = count / 4;
  const i64 tile = (i64)blockDim.x * inFlight;
  const i64 stride = tile * gridDim.x;
  for (i64 base = blockIdx.x * tile + threadIdx.x; base < vectorCount; base += stride) {
    uint4 loaded[inFlight];
#pragma unroll
    for (int i = 0; i < inFlight; ++i) {
      const i64 place = base + (i64)i * blockDim.x;
      if (place < vectorCount) loaded[i] = loadOnce(from + place);
    }
#pragma unroll
    for (int i = 0; i < inFlight; ++i) {
      const i64 place = base + (i64)i * blockDim.x;
      if (place < vectorCount) to[place] = loaded[i];
    }
  }
  const i64 rest = 4 * vectorCount + threadIdx.x;
  if (blockIdx.x == 0 && rest < count) b[rest] = a[rest];
}

/// c = a + s·b.
///
/// grid (any), block 512. FLOP: 2·count. Bytes: 12·count.
extern "C" __global__ void __launch_bounds__(512, 2) memory_triad(
    const float *RESTRICT a, const float *RESTRICT b, float *RESTRICT c, float s, long long count) {
  constexpr int pairs = inFlight / 2;
  const float4 *left = (const float4 *)a, *right = (const float4 *)b;
  float4 *to = (float4 *)c;
  const i64 vectorCount = count / 4;
  const i64 tile = (i64)blockDim.x * pairs;
  const i64 stride = tile * gridDim.x;
  for (i64 base = blockIdx.x * tile + threadIdx.x; base < vectorCount; base += stride) {
    uint4 x[pairs], y[pairs];
#pragma unroll
    for (int i = 0; i < pairs; ++i) {
      const i64 place = base + (i64)i * blockDim.x;
      if (place >= vectorCount) continue;
      x[i] = loadOnce(left + place);
      y[i] = loadOnce(right + place);
    }
#pragma unroll
    for (int i = 0; i < pairs; ++i) {
      const i64 place = base + (i64)i * blockDim.x;
      if (place >= vectorCount) continue;
      to[place] = make_float4(
          fmaf(s, __uint_as_float(y[i].x), __uint_as_float(x[i].x)),
          fmaf(s, __uint_as_float(y[i].y), __uint_as_float(x[i].y)),
          fmaf(s, __uint_as_float(y[i].z), __uint_as_float(x[i].z)),
          fmaf(s, __uint_as_float(y[i].w), __uint_as_float(x[i].w)));
    }
  }
  const i64 rest = 4 * vectorCount + threadIdx.x;
  if (blockIdx.x == 0 && rest < count) c[rest] = fmaf(s, b[rest], a[rest]);
}

/// Writes `bytes` (a multiple of 16) of other numbers each `turn`: twice the L2 cache's size leaves nothing
/// of earlier work in it.
///
/// grid (any), block 512. FLOP: 0. Bytes: `bytes`.
extern "C" __global__ void flush_cache(void *memory, long long bytes, int turn) {
  uint4 *to = (uint4 *)memory;
  const i64 stride = (i64)gridDim.x * blockDim.x;
  for (i64 place = (i64)blockIdx.x * blockDim.x + threadIdx.x; place < bytes / 16; place += stride) {
    const u32 word = (u32)place * 0x9E3779B9u + (u32)turn;
    to[place] = make_uint4(word, word ^ 0x85EBCA6Bu, word + 0xC2B2AE35u, ~word);
  }
}

/// Sets every byte to 0xFF: a NaN of each type of floats, -1 of integers. What a kernel leaves out stays
/// that.
///
/// grid (any), block 512. FLOP: 0. Bytes: `bytes`, any number.
extern "C" __global__ void poison(void *memory, long long bytes) {
  uint4 *to = (uint4 *)memory;
  const i64 stride = (i64)gridDim.x * blockDim.x;
  const i64 first = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  for (i64 place = first; place < bytes / 16; place += stride) to[place] = make_uint4(~0u, ~0u, ~0u, ~0u);
  const i64 rest = bytes / 16 * 16 + first;
  if (rest < bytes) ((u8 *)memory)[rest] = 0xFF;
}

/// Nothing: what starting a kernel takes.
///
/// grid (any), block (any). FLOP: 0. Bytes: 0.
extern "C" __global__ void empty_kernel() {}
