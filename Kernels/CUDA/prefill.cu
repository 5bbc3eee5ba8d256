// Prefill attention: softmax(Q·Kᵀ·scale)·V of many queries, causal or not, heads grouped.
//
// Q, out (batch, headsQ, seqQ, D); K, V (batch, headsKV, seqKV, D); all bf16, sums in fp32. Query heads
// h·group ... share key head h. Causal query i sees keys 0 ... i + seqKV - seqQ.
//
// A block takes 128 queries of a head, 32 rows a warp, and goes through the keys 64 at a time with the online
// softmax of FlashAttention-2. The next 64 keys and values are on their way (cp.async) while these are used;
// one barrier a tile. Scores stay in registers and become the left operand of the second product where they
// are. Rows in shared memory have their 16-byte chunks exchanged by the row's last three bits, so that eight
// rows of a chunk lie in eight groups of banks. Tiles beyond the diagonal are skipped by the block, and by
// each warp for its own rows; the blocks with the most keys start first. Two blocks fit a multiprocessor: the
// softmax of one runs beside the products of the other.

constexpr int prefillThreads = 128;
constexpr int queryRows = 128;
constexpr int warpRows = 32;
constexpr int tileKeys = 64;
constexpr float log2e = 1.44269504088896f;
/// A largest score that grows by less than 2^8 keeps its reference: sums stay exact, nothing is rescaled.
constexpr float slack = 8.0f;

/// Asks for `rows` rows of D elements, of which `left` are there; the others become zeros.
template <int D, int rows>
__device__ __forceinline__ void askRows(u32 to, const u16 *from, int left) {
  constexpr int chunks = D / 8, perPass = prefillThreads / chunks;
  const int row = threadIdx.x / chunks, chunk = threadIdx.x % chunks;
  const u32 place = to + row * 2 * D + (chunk ^ (row & 7)) * 16;
  const u16 *vector = from + threadIdx.x * 8;
#pragma unroll
  for (int i = 0; i < rows / perPass; ++i) {
    copyAsync(place + i * perPass * 2 * D, vector + i * perPass * D, row + i * perPass < left);
  }
}

template <int D>
__device__ __forceinline__ void prefillAttention(
    u16 *RESTRICT out, const u16 *RESTRICT q, const u16 *RESTRICT k, const u16 *RESTRICT v, int headsQ,
    int headsKV, int seqQ, int seqKV, bool isCausal, float scale) {
  constexpr u32 queryBytes = queryRows * 2 * D, tileBytes = tileKeys * 2 * D;
  constexpr int keyGroups = tileKeys / 8, outGroups = D / 8;
  DYNAMIC_SHARED(memory);
  const int lane = threadIdx.x % warpLanes, warp = threadIdx.x / warpLanes;
  const int g = lane / 4, t = lane % 4;
  const int sequence = blockIdx.x / headsQ, head = blockIdx.x % headsQ;
  const int firstQuery = (int)(gridDim.y - 1 - blockIdx.y) * queryRows;
  const int offset = seqKV - seqQ;
  const i64 queries = ((i64)blockIdx.x * seqQ + firstQuery) * D;
  const i64 keys = ((i64)sequence * headsKV + head / (headsQ / headsKV)) * seqKV * D;
  const int lastQuery = min(firstQuery + queryRows, seqQ) - 1;
  const int visible = isCausal ? min(seqKV, lastQuery + offset + 1) : seqKV;
  const int tiles = (visible + tileKeys - 1) / tileKeys;
  const float factor = scale * log2e;

  const u32 start = sharedAddress(memory), buffers = start + queryBytes;
  auto ask = [&](int tile) {
    const u32 to = buffers + (tile & 1) * 2 * tileBytes;
    const i64 from = keys + (i64)tile * tileKeys * D;
    const int left = seqKV - tile * tileKeys;
    askRows<D, tileKeys>(to, k + from, left);
    askRows<D, tileKeys>(to + tileBytes, v + from, left);
    commitCopies();
  };
  askRows<D, queryRows>(start, q + queries, seqQ - firstQuery);
  ask(0);

  float sums[2][outGroups][4] = {};
  float most[2][2], totals[2][2] = {};
  most[0][0] = most[0][1] = most[1][0] = most[1][1] = -INFINITY_F;

  // Where the lane's rows of matrices begin; a chunk further is an exclusive or, rows further an addition.
  const int rest = lane & 7;
  const u32 keyPlace = buffers + (lane / 16 * 8 + rest) * 2 * D + ((lane / 8 & 1) ^ rest) * 16;
  const u32 valuePlace =
      buffers + tileBytes + ((lane / 8 & 1) * 8 + rest) * 2 * D + ((lane / 16) ^ rest) * 16;
  const int firstRow = firstQuery + warp * warpRows + offset, lastRow = firstRow + warpRows - 1;

  for (int tile = 0; tile < tiles; ++tile) {
    waitCopies<0>();
    __syncthreads();
    if (tile + 1 < tiles) ask(tile + 1);
    const int firstKey = tile * tileKeys;
    if (isCausal && firstKey > lastRow) continue;
    const u32 buffer = (tile & 1) * 2 * tileBytes;

    // All registers are taken where D is 128: what follows from the lane is worked out again for each tile.
    const int again = laneAgain();
    const u32 queryPlace = start + (warp * warpRows + again % 16) * 2 * D + ((again / 16) ^ (again & 7)) * 16;
    float scores[2][keyGroups][4] = {};
#pragma unroll
    for (int step = 0; step < D / 16; ++step) {
      u32 a[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i) loadMatrices((queryPlace ^ step * 32) + i * 16 * 2 * D, a[i]);
#pragma unroll
      for (int pair = 0; pair < keyGroups / 2; ++pair) {
        u32 b[4];
        loadMatrices(((keyPlace + buffer) ^ step * 32) + pair * 16 * 2 * D, b);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          multiplyBrains(scores[i][2 * pair], a[i], b[0], b[1]);
          multiplyBrains(scores[i][2 * pair + 1], a[i], b[2], b[3]);
        }
      }
    }

    if (firstKey + tileKeys > seqKV || (isCausal && firstKey + tileKeys - 1 > firstRow)) {
      const int own = laneAgain();
      const int firstColumn = firstKey + own % 4 * 2;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const int row = firstRow + i * 16 + j / 2 * 8 + own / 4;
          const int last = isCausal ? min(row, seqKV - 1) : seqKV - 1;
#pragma unroll
          for (int group = 0; group < keyGroups; ++group) {
            if (firstColumn + group * 8 + j % 2 > last) scores[i][group][j] = -INFINITY_F;
          }
        }
      }
    }

    float now[2][2];
    bool grows = false;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        now[i][j] = -INFINITY_F;
#pragma unroll
        for (int group = 0; group < keyGroups; ++group) {
          now[i][j] = fmaxf(now[i][j], fmaxf(scores[i][group][2 * j], scores[i][group][2 * j + 1]));
        }
        grows |= now[i][j] * factor > most[i][j] + slack;
      }
    }
    if (__any_sync(everyLane, grows)) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          float largest = fmaxf(now[i][j], __shfl_xor_sync(everyLane, now[i][j], 1));
          largest = fmaxf(largest, __shfl_xor_sync(everyLane, largest, 2)) * factor;
          largest = fmaxf(largest, most[i][j]);
          const float shrink = exp2Fast(most[i][j] - largest);
          most[i][j] = largest;
          totals[i][j] *= shrink;
#pragma unroll
          for (int group = 0; group < outGroups; ++group) {
            sums[i][group][2 * j] *= shrink;
            sums[i][group][2 * j + 1] *= shrink;
          }
        }
      }
    }
    u32 weights[2][keyGroups][2];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int group = 0; group < keyGroups; ++group) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const float low = exp2Fast(fmaf(scores[i][group][2 * j], factor, -most[i][j]));
          const float high = exp2Fast(fmaf(scores[i][group][2 * j + 1], factor, -most[i][j]));
          totals[i][j] += low + high;
          weights[i][group][j] = packBrains(low, high);
        }
      }
    }

#pragma unroll
    for (int step = 0; step < tileKeys / 16; ++step) {
#pragma unroll
      for (int pair = 0; pair < outGroups / 2; ++pair) {
        u32 b[4];
        loadMatricesTransposed(((valuePlace + buffer) ^ pair * 32) + step * 16 * 2 * D, b);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const u32 a[4] = {
              weights[i][2 * step][0], weights[i][2 * step][1], weights[i][2 * step + 1][0],
              weights[i][2 * step + 1][1]};
          multiplyBrains(sums[i][2 * pair], a, b[0], b[1]);
          multiplyBrains(sums[i][2 * pair + 1], a, b[2], b[3]);
        }
      }
    }
  }

  // Results go out by way of the warp's own rows of Q, so that rows are written 16 bytes a lane.
  u8 *rows = memory + warp * warpRows * 2 * D;
  __syncwarp();
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float total = totals[i][j];
      total += __shfl_xor_sync(everyLane, total, 1);
      total += __shfl_xor_sync(everyLane, total, 2);
      const float inverse = 1.0f / total;
      u8 *row = rows + (i * 16 + j * 8 + g) * 2 * D + t * 4;
#pragma unroll
      for (int group = 0; group < outGroups; ++group) {
        *(u32 *)(row + (group ^ g) * 16) =
            packBrains(sums[i][group][2 * j] * inverse, sums[i][group][2 * j + 1] * inverse);
      }
    }
  }
  __syncwarp();
  constexpr int chunks = D / 8, perPass = warpLanes / chunks;
#pragma unroll
  for (int i = 0; i < warpRows / perPass; ++i) {
    const int row = i * perPass + lane / chunks, chunk = lane % chunks;
    if (firstQuery + warp * warpRows + row < seqQ) {
      *(uint4 *)(out + queries + (i64)(warp * warpRows + row) * D + chunk * 8) =
          *(const uint4 *)(rows + row * 2 * D + (chunk ^ (row & 7)) * 16);
    }
  }
}

// grid (batch·headsQ, ceil(seqQ / 128)), block 128, dynamic shared memory 768·D bytes (D 128: 98304; 64:
// 49152). isCausal is 0 or 1; causal needs seqKV >= seqQ. FLOP: 4·batch·headsQ·D·pairs, pairs = the query-key
// pairs of a head that are seen. Bytes: 2·D·batch·(2·headsQ·seqQ + 2·headsKV·seqKV).

extern "C" __global__ void prefill_attention_bf16_128(
    unsigned short *out, const unsigned short *q, const unsigned short *k, const unsigned short *v,
    int headsQ, int headsKV, int seqQ, int seqKV, int isCausal, float scale) {
  prefillAttention<128>(out, q, k, v, headsQ, headsKV, seqQ, seqKV, isCausal != 0, scale);
}

extern "C" __global__ void prefill_attention_bf16_64(
    unsigned short *out, const unsigned short *q, const unsigned short *k, const unsigned short *v,
    int headsQ, int headsKV, int seqQ, int seqKV, int isCausal, float scale) {
  prefillAttention<64>(out, q, k, v, headsQ, headsKV, seqQ, seqKV, isCausal != 0, scale);
}
