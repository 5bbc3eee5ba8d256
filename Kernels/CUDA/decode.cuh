// Decode attention over a paged cache: softmax(q·Kᵀ·scale)·V of one query per sequence, heads grouped.
//
// K, V: (pages, headsKV, pageKeys, D), bf16 or fp8 e4m3 times a scale of each array; pageKeys a multiple
// of 16. Key i of sequence b lies in page table[b · tableStride + i / pageKeys]; lengths[b] keys are visible.
// q, out: (batch, headsQ, D) bf16. Query heads h·group ... h·group + group - 1 share key head h.
//
// It is bound by memory, so all is arranged for loads: a warp takes 16 keys at a time, and each lane asks
// with cp.async for just those bytes of K and V that it will itself put into a product's fragment. A lane's
// part of shared memory is its own queue: no barrier, no other thread, only waiting for the oldest copy,
// while the other three quarters of the queue are on their way (12 KiB a warp, 144 KiB a multiprocessor). The
// order of D inside a product and of keys inside 16 is free, so the lanes' 16-byte vectors are fragments as
// they come:
//
// * scores (keys, heads) = K (16 keys, D) · qᵀ (D, 8 heads): lane 4g + t brings keys g and g + 8, of each 64
//   bytes of a row the 16 from 16·t on, and holds q of head g in the same order of D;
// * outᵀ (D, heads) += Vᵀ (D, 16 keys) · P (16 keys, 8 heads): the lane brings of keys 2t, 2t + 1, 2t + 8 and
//   2t + 9 the elements of its g, and pairs those of two keys in registers; P turns across the warp.
//
// Up to 8 query heads a key head take one product each, up to 16 two. fp8 becomes fp16 without a conversion:
// its exponent and fraction bits put where fp16 has them are the number times 2^-8, exactly; NaN is 480.

constexpr int decodeWarps = 4;
constexpr int chunkKeys = 16;
constexpr float log2e = 1.44269504088896f;
/// A largest score that grows by less than 2^8 keeps its reference: sums stay exact, nothing is rescaled.
constexpr float slack = 8.0f;

/// Sizes of a cache's rows as a lane sees them.
template <int D, bool isEight>
struct Rows {
  static constexpr int bytes = isEight ? D : 2 * D;
  /// Vectors of 16 bytes that a lane brings of the keys of a chunk.
  static constexpr int keyVectors = bytes / 32;
  /// Bytes of a lane's vector of values: eight lanes share a row, or its 128 bytes.
  static constexpr int valueBytes = bytes >= 128 ? 16 : 8;
  static constexpr int halves = bytes / (8 * valueBytes);
  static constexpr int valueElements = isEight ? valueBytes : valueBytes / 2;
  static constexpr int chunkBytes = chunkKeys * bytes;
  /// Chunks of K and V in a lane's queue.
  static constexpr int stages = chunkBytes >= 4096 ? 2 : 4;
};

/// Four fp8 as two words of fp16, each times 2^-8.
__device__ __forceinline__ u32 halvesOfPair(u32 spread) {
  return (spread & 0x80008000u) | (spread >> 1 & 0x3F803F80u);
}

/// Two words of keys' elements for one step of a product: elements 4·word ... of a vector where they are fp8,
/// else words 2·word and 2·word + 1.
template <bool isEight>
__device__ __forceinline__ void keyWords(const u32 (&vector)[4], int step, u32 &first, u32 &second) {
  if (isEight) {
    first = halvesOfPair(__byte_perm(vector[step], 0, 0x1000));
    second = halvesOfPair(__byte_perm(vector[step], 0, 0x3020));
  } else {
    first = vector[2 * step];
    second = vector[2 * step + 1];
  }
}

/// Elements 2·pair (`odd` = 0) or 2·pair + 1 of two keys' vectors, beside each other.
template <bool isEight>
__device__ __forceinline__ u32 valuePair(const u32 (&a)[4], const u32 (&b)[4], int pair, int odd) {
  if (!isEight) return __byte_perm(a[pair], b[pair], odd ? 0x7632 : 0x5410);
  const u32 byte = 2 * (pair % 2) + odd;
  return halvesOfPair(__byte_perm(a[pair / 2], b[pair / 2], (4 + byte) << 12 | byte << 4));
}

template <int bytes>
__device__ __forceinline__ void loadVector(u32 address, u32 (&words)[4]) {
  if (bytes == 16) {
    const uint4 vector = loadShared(address);
    words[0] = vector.x, words[1] = vector.y, words[2] = vector.z, words[3] = vector.w;
  } else {
    const uint2 vector = loadSharedPair(address);
    words[0] = vector.x, words[1] = vector.y, words[2] = 0, words[3] = 0;
  }
}

template <bool isEight>
__device__ __forceinline__ void multiplyCached(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  if (isEight) multiplyHalves(d, a, b0, b1);
  else multiplyBrains(d, a, b0, b1);
}

template <int D, bool isEight, int tiles>
__device__ __forceinline__ void decodeAttention(
    u16 *RESTRICT out, float *RESTRICT partSums, float *RESTRICT partStats, const u16 *RESTRICT q,
    const u8 *RESTRICT k, const u8 *RESTRICT v, const int *RESTRICT table, const int *RESTRICT lengths,
    int tableStride, int headsQ, int headsKV, int pageKeys, int splitKeys, float scale, float valueScale) {
  using Row = Rows<D, isEight>;
  constexpr int stages = Row::stages, groups = D / 16, heads = 8 * tiles;
  DYNAMIC_SHARED(memory);
  const int lane = threadIdx.x % warpLanes, warp = threadIdx.x / warpLanes;
  const int g = lane / 4, t = lane % 4;
  const int split = blockIdx.x, head = blockIdx.y, sequence = blockIdx.z, splits = gridDim.x;
  const int group = headsQ / headsKV, length = lengths[sequence];
  const int keysEnd = min(length, (split + 1) * splitKeys);
  if (split * splitKeys >= length && split > 0) return;
  const int firstChunk = split * splitKeys / chunkKeys, endChunk = (keysEnd + chunkKeys - 1) / chunkKeys;
  const int perPage = pageKeys / chunkKeys;
  const int *pages = table + (i64)sequence * tableStride;
  const i64 firstHead = (i64)sequence * headsQ + head * group;

  // q of head g (and g + 8) in the order of a lane's keys: D / 8 words.
  u32 query[tiles][D / 8];
  constexpr int run = isEight ? 16 : 8;
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
    for (int i = 0; i < D / 32; ++i) {
      uint4 words = make_uint4(0, 0, 0, 0);
      const int first = i * 8 / run * (4 * run) + t * run + i * 8 % run;
      if (8 * tile + g < group) words = *(const uint4 *)(q + (firstHead + 8 * tile + g) * D + first);
      const u32 pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        query[tile][4 * i + j] = isEight ? packHalves(widenLow(pairs[j]), widenHigh(pairs[j])) : pairs[j];
      }
    }
  }

  float sums[tiles][groups][4] = {};
  float most[tiles][2], totals[tiles][2] = {};
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile) most[tile][0] = most[tile][1] = -INFINITY_F;

  const u32 queue = sharedAddress(memory) + warp * stages * 2 * Row::chunkBytes;
  const u32 keyPlace = queue + lane * 16, valuePlace = queue + Row::chunkBytes + lane * Row::valueBytes;
  int ahead = firstChunk + warp;
  // The page of that chunk, and the chunk's place in it; both go on by what a step of all warps makes.
  int pageIndex = ahead / perPage, within = ahead % perPage;
  const int pagesOn = decodeWarps / perPage, withinOn = decodeWarps % perPage;
  int page = ahead < endChunk ? pages[pageIndex] : 0;
  i64 offset = 0;

  auto askKeys = [&](int stage) {
    offset = (((i64)page * headsKV + head) * pageKeys + within * chunkKeys) * Row::bytes;
    if (ahead < endChunk) {
      const u8 *from = k + offset + g * Row::bytes + t * 16;
      const u32 to = keyPlace + stage * 2 * Row::chunkBytes;
      // Keys beyond the last are in the page too, whatever they hold: their scores are set aside below.
#pragma unroll
      for (int i = 0; i < Row::keyVectors; ++i) {
        copyAsync(to + i * 512, from + i % 2 * 8 * Row::bytes + i / 2 * 64, true);
      }
    }
    commitCopies();
  };
  auto askValues = [&](int stage) {
    if (ahead < endChunk) {
      const u8 *from = v + offset + 2 * t * Row::bytes + g * Row::valueBytes;
      const u32 to = valuePlace + stage * 2 * Row::chunkBytes;
      // Values beyond the last must not be NaN: their weights are 0.
      const int left = keysEnd - ahead * chunkKeys;
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int row = j % 2 + j / 2 * 8;
#pragma unroll
        for (int half = 0; half < Row::halves; ++half) {
          const u32 place = to + (j * Row::halves + half) * warpLanes * Row::valueBytes;
          const u8 *vector = from + row * Row::bytes + half * 128;
          if (Row::valueBytes == 16) copyAsync(place, vector, 2 * t + row < left);
          else copyAsyncPair(place, vector, 2 * t + row < left);
        }
      }
    }
    commitCopies();
    ahead += decodeWarps;
    pageIndex += pagesOn;
    within += withinOn;
    if (within >= perPage) within -= perPage, ++pageIndex;
    if (ahead < endChunk) page = pages[pageIndex];
  };
#pragma unroll
  for (int stage = 0; stage < stages; ++stage) {
    askKeys(stage);
    askValues(stage);
  }

  int stage = 0;
  for (int chunk = firstChunk + warp; chunk < endChunk; chunk += decodeWarps) {
    // Scores: c[0], c[1] of key g for heads 2t and 2t + 1, c[2], c[3] of key g + 8.
    float scores[tiles][4] = {};
    waitCopies<2 * stages - 1>();
#pragma unroll
    for (int i = 0; i < Row::keyVectors; i += 2) {
      u32 upper[4], lower[4];
      loadVector<16>(keyPlace + stage * 2 * Row::chunkBytes + i * 512, upper);
      loadVector<16>(keyPlace + stage * 2 * Row::chunkBytes + i * 512 + 512, lower);
      constexpr int steps = run / 4;
#pragma unroll
      for (int step = 0; step < steps; ++step) {
        u32 a[4];
        keyWords<isEight>(upper, step, a[0], a[2]);
        keyWords<isEight>(lower, step, a[1], a[3]);
        const int word = 2 * (i / 2 * steps + step);
#pragma unroll
        for (int tile = 0; tile < tiles; ++tile) {
          multiplyCached<isEight>(scores[tile], a, query[tile][word], query[tile][word + 1]);
        }
      }
    }
    askKeys(stage);

    const int left = keysEnd - chunk * chunkKeys;
    bool grows = false;
#pragma unroll
    for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        scores[tile][i] = g + i / 2 * 8 < left ? scores[tile][i] * scale : -INFINITY_F;
        grows |= scores[tile][i] > most[tile][i % 2] + slack;
      }
    }
    if (__any_sync(everyLane, grows)) {
#pragma unroll
      for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float now = fmaxf(scores[tile][i], scores[tile][i + 2]);
#pragma unroll
          for (int bits = 4; bits < warpLanes; bits *= 2)
            now = fmaxf(now, __shfl_xor_sync(everyLane, now, bits));
          now = fmaxf(now, most[tile][i]);
          const float factor = exp2Fast(most[tile][i] - now);
          most[tile][i] = now;
          totals[tile][i] *= factor;
#pragma unroll
          for (int j = 0; j < groups; ++j) sums[tile][j][i] *= factor, sums[tile][j][i + 2] *= factor;
        }
      }
    }
    u32 weights[tiles][2];
#pragma unroll
    for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
      for (int i = 0; i < 4; ++i) scores[tile][i] = exp2Fast(scores[tile][i] - most[tile][i % 2]);
      totals[tile][0] += scores[tile][0] + scores[tile][2];
      totals[tile][1] += scores[tile][1] + scores[tile][3];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float low = scores[tile][2 * i], high = scores[tile][2 * i + 1];
        weights[tile][i] = transposeMatrix(isEight ? packHalves(low, high) : packBrains(low, high));
      }
    }

    waitCopies<2 * stages - 1>();
#pragma unroll
    for (int half = 0; half < Row::halves; ++half) {
      u32 rows[4][4];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        loadVector<Row::valueBytes>(
            valuePlace + stage * 2 * Row::chunkBytes + (j * Row::halves + half) * warpLanes * Row::valueBytes,
            rows[j]);
      }
#pragma unroll
      for (int pair = 0; pair < Row::valueElements / 2; ++pair) {
        u32 a[4];
        a[0] = valuePair<isEight>(rows[0], rows[1], pair, 0);
        a[1] = valuePair<isEight>(rows[0], rows[1], pair, 1);
        a[2] = valuePair<isEight>(rows[2], rows[3], pair, 0);
        a[3] = valuePair<isEight>(rows[2], rows[3], pair, 1);
#pragma unroll
        for (int tile = 0; tile < tiles; ++tile) {
          multiplyCached<isEight>(
              sums[tile][half * Row::valueElements / 2 + pair], a, weights[tile][0], weights[tile][1]);
        }
      }
    }
    askValues(stage);
    stage = (stage + 1) % stages;
  }
  waitCopies<0>();

  // The warps' sums over theirs: each relative to its own largest score.
  __syncthreads();
  float *warpSums = (float *)memory, *warpStats = warpSums + decodeWarps * heads * D;
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float total = totals[tile][i];
#pragma unroll
      for (int bits = 4; bits < warpLanes; bits *= 2) total += __shfl_xor_sync(everyLane, total, bits);
      const int place = warp * heads + 8 * tile + 2 * t + i;
      if (g == 0) warpStats[2 * place] = most[tile][i], warpStats[2 * place + 1] = total;
#pragma unroll
      for (int j = 0; j < groups; ++j) {
        constexpr int perHalf = Row::valueElements / 2;
        const int d = j / perHalf * 8 * Row::valueElements + g * Row::valueElements + j % perHalf * 2;
        *(float2 *)(warpSums + place * D + d) = make_float2(sums[tile][j][i], sums[tile][j][i + 2]);
      }
    }
  }
  __syncthreads();
  for (int place = threadIdx.x; place < group * D; place += decodeWarps * warpLanes) {
    const int own = place / D, d = place % D;
    float largest = -1e30f, sum = 0, total = 0;
#pragma unroll
    for (int w = 0; w < decodeWarps; ++w) largest = fmaxf(largest, warpStats[2 * (w * heads + own)]);
#pragma unroll
    for (int w = 0; w < decodeWarps; ++w) {
      const float factor = exp2Fast(warpStats[2 * (w * heads + own)] - largest);
      sum += factor * warpSums[(w * heads + own) * D + d];
      total += factor * warpStats[2 * (w * heads + own) + 1];
    }
    if (splits == 1) {
      out[(firstHead + own) * D + d] = narrow(total > 0 ? sum / total * valueScale : 0.0f);
    } else {
      const i64 part = (firstHead + own) * splits + split;
      partSums[part * D + d] = sum;
      if (d == 0) *(float2 *)(partStats + 2 * part) = make_float2(largest, total);
    }
  }
}
