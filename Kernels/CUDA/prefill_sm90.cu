// Prefill attention of head dim 128 by the products of warp groups: the formula, layouts and order of work of
// prefill.cu, for sm_90a alone.
//
// A block takes 128 queries of a head, 64 a group of warps, and 128 keys at a time. Scores and sums are
// registers of the group, weights go from registers into the second product; Q, K and V come from shared
// memory, where the products read them. The second group puts off the product of its weights and the values
// until the next tile, so that the groups do not want the tensor cores, and leave them, at the same time:
// while one works out weights the other's products run. The next keys and values are on their way (cp.async)
// meanwhile; values stay a tile longer.

constexpr int D = 128;
constexpr int blockThreads = 256;
constexpr int groupThreads = 128;
constexpr int groupRows = 64;
constexpr int tileRows = 128;
/// 128 rows of 64 elements, and of all 128.
constexpr u32 halfBytes = tileRows * 128;
constexpr u32 operandBytes = 2 * halfBytes;
constexpr float log2e = 1.44269504088896f;
/// A largest score that grows by less than 2^8 keeps its reference: sums stay exact, nothing is rescaled.
constexpr float slack = 8.0f;

/// Asks for 128 rows, of which `left` are there; the others become zeros.
__device__ __forceinline__ void askRows(u32 to, const u16 *from, int left) {
  constexpr int chunks = D / 8, perPass = blockThreads / chunks;
  const int row = threadIdx.x / chunks, chunk = threadIdx.x % chunks;
  const u32 place = to + chunk / 8 * halfBytes + row * 128 + ((chunk ^ row) & 7) * 16;
  const u16 *vector = from + threadIdx.x * 8;
#pragma unroll
  for (int i = 0; i < tileRows / perPass; ++i) {
    copyAsync(place + i * perPass * 128, vector + i * perPass * D, row + i * perPass < left);
  }
}

/// grid (batch·headsQ, ceil(seqQ / 128)), block 256, dynamic shared memory 196608 bytes; the rest as
/// prefill_attention_bf16_128 has it.
extern "C" __global__ void __launch_bounds__(256, 1) prefill_attention_sm90_bf16_128(
    unsigned short *out, const unsigned short *q, const unsigned short *k, const unsigned short *v,
    int headsQ, int headsKV, int seqQ, int seqKV, int isCausal, float scale) {
#if defined(PLIMSOLL_EMULATION) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
  DYNAMIC_SHARED(memory);
  const int lane = threadIdx.x % warpLanes, warp = threadIdx.x / warpLanes,
            group = threadIdx.x / groupThreads;
  const int g = lane / 4, t = lane % 4;
  const int sequence = blockIdx.x / headsQ, head = blockIdx.x % headsQ;
  const int firstQuery = (int)(gridDim.y - 1 - blockIdx.y) * tileRows;
  const int offset = seqKV - seqQ;
  const i64 queries = ((i64)blockIdx.x * seqQ + firstQuery) * D;
  const i64 keys = ((i64)sequence * headsKV + head / (headsQ / headsKV)) * seqKV * D;
  const int lastQuery = min(firstQuery + tileRows, seqQ) - 1;
  const int visible = isCausal ? min(seqKV, lastQuery + offset + 1) : seqKV;
  const int tiles = (visible + tileRows - 1) / tileRows;
  const float factor = scale * log2e;

  const u32 start = sharedAddress(memory);
  const u32 keyBuffers = start + operandBytes, valueBuffers = keyBuffers + 2 * operandBytes;
  auto ask = [&](int tile) {
    const i64 from = keys + (i64)tile * tileRows * D;
    const int left = seqKV - tile * tileRows;
    askRows(keyBuffers + (tile & 1) * operandBytes, k + from, left);
    askRows(valueBuffers + tile % 3 * operandBytes, v + from, left);
    commitCopies();
  };
  askRows(start, q + queries, seqQ - firstQuery);
  ask(0);

  float sums[64] = {};
  u32 weights[tileRows / 16][4];
  auto addValues = [&](int tile) {
    const u64 value = describe(valueBuffers + tile % 3 * operandBytes, halfBytes, 1024);
    pin(sums);
#pragma unroll
    for (int step = 0; step < tileRows / 16; ++step) pin(weights[step]);
    openGroup();
#pragma unroll
    for (int step = 0; step < tileRows / 16; ++step) {
      multiplyGroup(sums, weights[step], later(value, step * 2048));
    }
    finishGroup();
    pin(sums);
  };
  float most[2] = {-INFINITY_F, -INFINITY_F}, totals[2] = {};
  const u64 query = describe(start + group * groupRows * 128, 16, 1024);
  const int groupRow = firstQuery + group * groupRows + offset, lastRow = groupRow + groupRows - 1;
  const int firstRow = firstQuery + warp * 16 + offset;

  for (int tile = 0; tile < tiles; ++tile) {
    waitCopies<0>();
    publishShared();
    __syncthreads();
    if (tile + 1 < tiles) ask(tile + 1);
    const int firstKey = tile * tileRows;
    // The rows of the second group see every tile of the block.
    if (isCausal && firstKey > lastRow) continue;
    if (group == 1 && tile > 0) addValues(tile - 1);

    float scores[64];
    const u64 key = describe(keyBuffers + (tile & 1) * operandBytes, 16, 1024);
    openGroup();
#pragma unroll
    for (int step = 0; step < D / 16; ++step) {
      const u32 on = step / 4 * halfBytes + step % 4 * 32;
      multiplyGroup(scores, later(query, on), later(key, on), step > 0);
    }
    finishGroup();
    pin(scores);

    if (firstKey + tileRows > seqKV || (isCausal && firstKey + tileRows - 1 > firstRow)) {
#pragma unroll
      for (int i = 0; i < 64; ++i) {
        const int row = firstRow + i % 4 / 2 * 8 + g;
        const int last = isCausal ? min(row, seqKV - 1) : seqKV - 1;
        if (firstKey + i / 4 * 8 + 2 * t + i % 2 > last) scores[i] = -INFINITY_F;
      }
    }
    float now[2] = {-INFINITY_F, -INFINITY_F};
#pragma unroll
    for (int i = 0; i < 64; ++i) now[i % 4 / 2] = fmaxf(now[i % 4 / 2], scores[i]);
    const bool grows = now[0] * factor > most[0] + slack || now[1] * factor > most[1] + slack;
    if (__any_sync(everyLane, grows)) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        float largest = fmaxf(now[j], __shfl_xor_sync(everyLane, now[j], 1));
        largest = fmaxf(largest, __shfl_xor_sync(everyLane, largest, 2)) * factor;
        largest = fmaxf(largest, most[j]);
        const float shrink = exp2Fast(most[j] - largest);
        most[j] = largest;
        totals[j] *= shrink;
#pragma unroll
        for (int i = 0; i < 32; ++i) sums[i / 2 * 4 + 2 * j + i % 2] *= shrink;
      }
    }
#pragma unroll
    for (int step = 0; step < tileRows / 16; ++step) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int j = i % 2, place = (2 * step + i / 2) * 4 + 2 * j;
        const float low = exp2Fast(fmaf(scores[place], factor, -most[j]));
        const float high = exp2Fast(fmaf(scores[place + 1], factor, -most[j]));
        totals[j] += low + high;
        weights[step][i] = packBrains(low, high);
      }
    }
    if (group == 0) addValues(tile);
  }
  if (group == 1) addValues(tiles - 1);

  // Results go out by way of Q's place, 16 rows a warp, so that rows are written 16 bytes a lane.
  u8 *rows = memory + warp * 16 * 2 * D;
  __syncthreads();
#pragma unroll
  for (int j = 0; j < 2; ++j) {
    float total = totals[j];
    total += __shfl_xor_sync(everyLane, total, 1);
    total += __shfl_xor_sync(everyLane, total, 2);
    const float inverse = 1.0f / total;
    u8 *row = rows + (j * 8 + g) * 2 * D + t * 4;
#pragma unroll
    for (int i = 0; i < D / 8; ++i) {
      *(u32 *)(row + (i ^ g) * 16) =
          packBrains(sums[4 * i + 2 * j] * inverse, sums[4 * i + 2 * j + 1] * inverse);
    }
  }
  __syncwarp();
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const int row = 2 * i + lane / 16, chunk = lane % 16;
    if (firstQuery + warp * 16 + row < seqQ) {
      *(uint4 *)(out + queries + (i64)(warp * 16 + row) * D + chunk * 8) =
          *(const uint4 *)(rows + row * 2 * D + (chunk ^ (row & 7)) * 16);
    }
  }
#endif
}
