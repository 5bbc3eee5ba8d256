// Element-wise kernels on rows of bf16, in fp32: the formulas of Kernels/Reference/OracleElementwise.swift.
// Rows lie one after the other; arrays are 16-byte aligned. Rows that are no multiple of 8 elements go one
// element at a time.

constexpr int rowThreads = 256;
/// Vectors of 8 elements that a thread keeps of its row between reading and writing it.
constexpr int keptVectors = 4;

__device__ __forceinline__ void unpack(uint4 words, float (&x)[8]) {
  const u32 pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    x[2 * i] = widenLow(pairs[i]);
    x[2 * i + 1] = widenHigh(pairs[i]);
  }
}

__device__ __forceinline__ uint4 pack(const float (&x)[8]) {
  return make_uint4(
      packBrains(x[0], x[1]), packBrains(x[2], x[3]), packBrains(x[4], x[5]), packBrains(x[6], x[7]));
}

struct Sum {
  static __device__ __forceinline__ float of(float a, float b) { return a + b; }
  static __device__ __forceinline__ float ofWarp(float x) { return warpSum(x); }
};
struct Largest {
  static __device__ __forceinline__ float of(float a, float b) { return fmaxf(a, b); }
  static __device__ __forceinline__ float ofWarp(float x) { return warpLargest(x); }
};

/// The block's sum or largest, for all its threads. `parts` is free again after the next barrier.
template <class Kind>
__device__ __forceinline__ float reduceBlock(float x, float *parts) {
  x = Kind::ofWarp(x);
  if (threadIdx.x % warpLanes == 0) parts[threadIdx.x / warpLanes] = x;
  __syncthreads();
  float all = parts[0];
#pragma unroll
  for (int warp = 1; warp < rowThreads / warpLanes; ++warp) all = Kind::of(all, parts[warp]);
  return all;
}

/// One row: h = x (+ residual, rounded and written to `sums`), then h / √(mean(h²) + epsilon) · weight.
template <bool hasResidual>
__device__ __forceinline__ void normaliseRow(
    u16 *RESTRICT out, u16 *RESTRICT sums, const u16 *RESTRICT x, const u16 *RESTRICT residual,
    const u16 *RESTRICT weight, int columns, float epsilon) {
  __shared__ float parts[rowThreads / warpLanes];
  const i64 row = (i64)blockIdx.x * columns;
  float squares = 0;
  if (columns % 8 == 0) {
    const uint4 *from = (const uint4 *)(x + row), *other = (const uint4 *)(residual + row);
    uint4 *added = (uint4 *)(sums + row), *to = (uint4 *)(out + row);
    const uint4 *factors = (const uint4 *)weight;
    const int vectors = columns / 8;
    uint4 kept[keptVectors];
    auto read = [&](int place) {
      uint4 words = loadOnce(from + place);
      if (hasResidual) {
        float a[8], b[8];
        unpack(words, a);
        unpack(loadOnce(other + place), b);
#pragma unroll
        for (int i = 0; i < 8; ++i) a[i] += b[i];
        words = pack(a);
        added[place] = words;
      }
      return words;
    };
    auto addSquares = [&](uint4 words) {
      float h[8];
      unpack(words, h);
#pragma unroll
      for (int i = 0; i < 8; ++i) squares = fmaf(h[i], h[i], squares);
    };
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) {
      const int place = i * rowThreads + (int)threadIdx.x;
      kept[i] = place < vectors ? read(place) : make_uint4(0, 0, 0, 0);
    }
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) addSquares(kept[i]);
    for (int place = keptVectors * rowThreads + threadIdx.x; place < vectors; place += rowThreads) {
      addSquares(read(place));
    }
    const float factor = rsqrtf(reduceBlock<Sum>(squares, parts) / (float)columns + epsilon);
    auto write = [&](int place, uint4 words) {
      float h[8], w[8];
      unpack(words, h);
      unpack(factors[place], w);
#pragma unroll
      for (int i = 0; i < 8; ++i) h[i] *= factor * w[i];
      to[place] = pack(h);
    };
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) {
      const int place = i * rowThreads + (int)threadIdx.x;
      if (place < vectors) write(place, kept[i]);
    }
    for (int place = keptVectors * rowThreads + threadIdx.x; place < vectors; place += rowThreads) {
      write(place, hasResidual ? added[place] : from[place]);
    }
    return;
  }
  for (int i = threadIdx.x; i < columns; i += rowThreads) {
    float h = widen(x[row + i]);
    if (hasResidual) {
      const u16 sum = narrow(h + widen(residual[row + i]));
      sums[row + i] = sum;
      h = widen(sum);
    }
    squares = fmaf(h, h, squares);
  }
  const float factor = rsqrtf(reduceBlock<Sum>(squares, parts) / (float)columns + epsilon);
  for (int i = threadIdx.x; i < columns; i += rowThreads) {
    const float h = widen(hasResidual ? sums[row + i] : x[row + i]);
    out[row + i] = narrow(h * (factor * widen(weight[i])));
  }
}

/// out = x / √(mean(x²) + epsilon) · weight, of each row. x, out (rows, columns), weight (columns).
///
/// grid (rows), block 256. FLOP: 4·rows·columns. Bytes: 2·(2·rows·columns + columns).
extern "C" __global__ void rmsnorm(
    unsigned short *out, const unsigned short *x, const unsigned short *weight, int columns, float epsilon) {
  normaliseRow<false>(out, out, x, x, weight, columns, epsilon);
}

/// sums = x + residual, out = sums / √(mean(sums²) + epsilon) · weight, of sums as rounded to bf16. All
/// (rows, columns), weight (columns).
///
/// grid (rows), block 256. FLOP: 5·rows·columns. Bytes: 2·(4·rows·columns + columns).
extern "C" __global__ void residual_rmsnorm(
    unsigned short *out, unsigned short *sums, const unsigned short *x, const unsigned short *residual,
    const unsigned short *weight, int columns, float epsilon) {
  normaliseRow<true>(out, sums, x, residual, weight, columns, epsilon);
}

/// Where a block works of rows that take `width` threads each: blocks of a row follow each other.
struct RowPlace {
  i64 row;
  int place;
  __device__ __forceinline__ explicit RowPlace(int width) {
    const int perRow = (width + rowThreads - 1) / rowThreads;
    row = blockIdx.x / perRow;
    place = (int)(blockIdx.x % perRow) * rowThreads + (int)threadIdx.x;
  }
};

/// Rotary positions of pairs (i, i + headDim / 2): out = (a·cos - b·sin, b·cos + a·sin). x, out (tokens,
/// heads, headDim); cos, sin (tokens, headDim / 2) in fp32. headDim is even.
///
/// grid (tokens·ceil(w / 256)), w = heads·headDim / 16 where headDim is a multiple of 16, else heads·headDim / 2;
/// block 256. FLOP: 3·tokens·heads·headDim. Bytes: 4·tokens·heads·headDim + 4·tokens·headDim.
extern "C" __global__ void rope_half(
    unsigned short *out, const unsigned short *x, const float *cos, const float *sin, int heads,
    int headDim) {
  const int half = headDim / 2;
  const RowPlace own(half % 8 == 0 ? heads * (half / 8) : heads * half);
  const int place = own.place;
  const i64 token = own.row;
  const float *c = cos + token * half, *s = sin + token * half;
  if (half % 8 == 0) {
    const int perHead = half / 8;
    if (place >= heads * perHead) return;
    const int first = place % perHead * 8;
    const i64 start = (token * heads + place / perHead) * headDim + first;
    float a[8], b[8], turned[8], other[8];
    unpack(loadOnce(x + start), a);
    unpack(loadOnce(x + start + half), b);
#pragma unroll
    for (int i = 0; i < 8; i += 4) {
      const float4 cs = *(const float4 *)(c + first + i), sn = *(const float4 *)(s + first + i);
      const float cosines[4] = {cs.x, cs.y, cs.z, cs.w}, sines[4] = {sn.x, sn.y, sn.z, sn.w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        turned[i + j] = a[i + j] * cosines[j] - b[i + j] * sines[j];
        other[i + j] = b[i + j] * cosines[j] + a[i + j] * sines[j];
      }
    }
    *(uint4 *)(out + start) = pack(turned);
    *(uint4 *)(out + start + half) = pack(other);
    return;
  }
  if (place >= heads * half) return;
  const int i = place % half;
  const i64 start = (token * heads + place / half) * headDim + i;
  const float a = widen(x[start]), b = widen(x[start + half]);
  out[start] = narrow(a * c[i] - b * s[i]);
  out[start + half] = narrow(b * c[i] + a * s[i]);
}

/// out = x + residual, both of `count` elements.
///
/// grid (ceil(count / 2048)), block 256. FLOP: count. Bytes: 2·3·count.
extern "C" __global__ void residual_add(
    unsigned short *out, const unsigned short *x, const unsigned short *residual, long long count) {
  const i64 first = ((i64)blockIdx.x * rowThreads + threadIdx.x) * 8;
  if (first + 8 <= count) {
    float a[8], b[8];
    unpack(loadOnce(x + first), a);
    unpack(loadOnce(residual + first), b);
#pragma unroll
    for (int i = 0; i < 8; ++i) a[i] += b[i];
    *(uint4 *)(out + first) = pack(a);
  } else {
    for (i64 i = first; i < count; ++i) out[i] = narrow(widen(x[i]) + widen(residual[i]));
  }
}

__device__ __forceinline__ float siluTimes(float gate, float up) {
  return gate / (1.0f + exp2Fast(gate * -1.44269504f)) * up;
}

/// out = gate·σ(gate)·up. x (rows, 2·columns) holds the gate and then the up of a row; out (rows, columns).
///
/// grid (rows·ceil(w / 256)), w = columns / 8 where that is whole, else columns; block 256. FLOP:
/// 4·rows·columns. Bytes: 2·3·rows·columns.
extern "C" __global__ void silu_mul(unsigned short *out, const unsigned short *x, int columns) {
  const RowPlace own(columns % 8 == 0 ? columns / 8 : columns);
  const int place = own.place;
  const i64 row = own.row;
  const u16 *gates = x + row * 2 * columns;
  if (columns % 8 == 0) {
    if (place >= columns / 8) return;
    float gate[8], up[8];
    unpack(loadOnce(gates + 8 * place), gate);
    unpack(loadOnce(gates + columns + 8 * place), up);
#pragma unroll
    for (int i = 0; i < 8; ++i) gate[i] = siluTimes(gate[i], up[i]);
    *(uint4 *)(out + row * columns + 8 * place) = pack(gate);
  } else if (place < columns) {
    out[row * columns + place] = narrow(siluTimes(widen(gates[place]), widen(gates[columns + place])));
  }
}

/// e^(scale·(x - largest)) / Σ over the first `first + row·growth` columns, 0 beyond. x, out (rows, columns);
/// scale is positive.
///
/// grid (rows), block 256. FLOP: 6 per visible element. Bytes: 2·(visible + rows·columns).
extern "C" __global__ void softmax_rows(
    unsigned short *out, const unsigned short *x, int columns, int first, int growth, float scale) {
  __shared__ float most[rowThreads / warpLanes], totals[rowThreads / warpLanes];
  const i64 row = (i64)blockIdx.x * columns;
  const int visible = min(columns, first + (int)blockIdx.x * growth);
  const float factor = scale * 1.44269504f;
  float largest = -INFINITY_F, total = 0;
  if (columns % 8 == 0) {
    const uint4 *from = (const uint4 *)(x + row);
    uint4 *to = (uint4 *)(out + row);
    const int vectors = columns / 8;
    uint4 kept[keptVectors];
    auto compare = [&](int place, uint4 words) {
      float numbers[8];
      unpack(words, numbers);
#pragma unroll
      for (int i = 0; i < 8; ++i) largest = 8 * place + i < visible ? fmaxf(largest, numbers[i]) : largest;
    };
    auto raise = [&](int place, uint4 words, float (&weights)[8]) {
      unpack(words, weights);
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        weights[i] = 8 * place + i < visible ? exp2Fast((weights[i] - largest) * factor) : 0.0f;
      }
    };
    auto add = [&](int place, uint4 words) {
      float weights[8];
      raise(place, words, weights);
#pragma unroll
      for (int i = 0; i < 8; ++i) total += weights[i];
    };
    auto write = [&](int place, uint4 words) {
      float weights[8];
      raise(place, words, weights);
#pragma unroll
      for (int i = 0; i < 8; ++i) weights[i] *= total;
      to[place] = pack(weights);
    };
    const int beyond = keptVectors * rowThreads + threadIdx.x;
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) {
      const int place = i * rowThreads + (int)threadIdx.x;
      kept[i] = 8 * place < visible ? loadOnce(from + place) : make_uint4(0, 0, 0, 0);
    }
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) compare(i * rowThreads + (int)threadIdx.x, kept[i]);
    for (int place = beyond; 8 * place < visible; place += rowThreads) compare(place, from[place]);
    largest = reduceBlock<Largest>(largest, most);
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) add(i * rowThreads + (int)threadIdx.x, kept[i]);
    for (int place = beyond; 8 * place < visible; place += rowThreads) add(place, from[place]);
    total = 1.0f / reduceBlock<Sum>(total, totals);
#pragma unroll
    for (int i = 0; i < keptVectors; ++i) {
      const int place = i * rowThreads + (int)threadIdx.x;
      if (place < vectors) write(place, kept[i]);
    }
    for (int place = beyond; place < vectors; place += rowThreads) {
      write(place, 8 * place < visible ? from[place] : make_uint4(0, 0, 0, 0));
    }
    return;
  }
  for (int i = threadIdx.x; i < visible; i += rowThreads) largest = fmaxf(largest, widen(x[row + i]));
  largest = reduceBlock<Largest>(largest, most);
  for (int i = threadIdx.x; i < visible; i += rowThreads) {
    total += exp2Fast((widen(x[row + i]) - largest) * factor);
  }
  total = 1.0f / reduceBlock<Sum>(total, totals);
  for (int i = threadIdx.x; i < columns; i += rowThreads) {
    out[row + i] = i < visible ? narrow(exp2Fast((widen(x[row + i]) - largest) * factor) * total) : (u16)0;
  }
}
