// The products of a mixture of experts: C rows of expert e = A rows of expert e · B(e)ᵀ, all in one launch.
//
// A (m, k), C (m, n), B (experts, n, k) as models store their weights, bf16, sums in fp32, C in bf16. The
// rows of expert e are offsets[e] ... offsets[e + 1] - 1, in order: offsets (experts + 1) int32 on the
// device, offsets[0] = 0, offsets[experts] = m; an expert may have none. n and k are multiples of 8.
//
// The grid stays: each block goes through the tiles of 128 x 128 of all experts, its own first and then every
// gridDim.x-th, and finds a tile's expert by adding up tiles from the expert where it was. Eight warps, each
// 64 x 32; three stages of 32 columns on their way (cp.async); 16-byte chunks of rows exchanged by row bits
// against bank conflicts.

constexpr int groupedThreads = 256;
constexpr int tileRows = 128;
constexpr int tileColumns = 128;
constexpr int stepDepth = 32;
constexpr int groupedStages = 4;
constexpr int rowBytes = 2 * stepDepth;
constexpr int operandBytes = tileRows * rowBytes;

/// Where chunk `chunk` of 16 bytes of row `row` lies: two rows share the 32 banks, eight rows of a chunk are
/// apart.
__device__ __forceinline__ u32 chunkPlace(int row, int chunk) {
  return row * rowBytes + ((chunk ^ (row >> 1 & 3)) << 4);
}

/// Asks for 128 rows of 32 elements; rows beyond `rows` and elements beyond `depth` become zeros.
__device__ __forceinline__ void askTile(u32 to, const u16 *from, int k, int rows, int depth) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = i * (groupedThreads / 4) + threadIdx.x / 4, chunk = threadIdx.x % 4;
    copyAsync(to + chunkPlace(row, chunk), from + (i64)row * k + chunk * 8, row < rows && chunk * 8 < depth);
  }
}

/// grid (multiprocessors · blocks that fit one, or fewer), block 256, dynamic shared memory 65536 bytes.
/// FLOP: 2·m·n·k. Bytes: 2·(m·k + m·n + n·k·experts with rows).
extern "C" __global__ void __launch_bounds__(256, 2) grouped_product_bf16(
    unsigned short *c, const unsigned short *a, const unsigned short *b, const int *offsets, int experts,
    int n, int k) {
  DYNAMIC_SHARED(memory);
  const u32 buffers = sharedAddress(memory);
  const int lane = threadIdx.x % warpLanes, warp = threadIdx.x / warpLanes;
  const int g = lane / 4, t = lane % 4;
  const int warpRow = warp / 4 * 64, warpColumn = warp % 4 * 32;
  const int across = (n + tileColumns - 1) / tileColumns, steps = (k + stepDepth - 1) / stepDepth;
  int expert = 0, tilesBefore = 0;
  for (int tile = blockIdx.x;; tile += gridDim.x) {
    int tilesHere = 0;
    for (; expert < experts; ++expert) {
      tilesHere = (offsets[expert + 1] - offsets[expert] + tileRows - 1) / tileRows * across;
      if (tile < tilesBefore + tilesHere) break;
      tilesBefore += tilesHere;
    }
    if (expert == experts) return;
    const int place = tile - tilesBefore, down = tilesHere / across;
    // Tiles of the same columns of B follow each other: an expert's weights serve all of its rows.
    const int firstColumn = place / down * tileColumns;
    const int firstRow = offsets[expert] + place % down * tileRows;
    const int rows = min(offsets[expert + 1] - firstRow, tileRows),
              columns = min(n - firstColumn, tileColumns);
    const u16 *left = a + (i64)firstRow * k, *right = b + ((i64)expert * n + firstColumn) * k;

    auto ask = [&](int step) {
      if (step < steps) {
        const u32 to = buffers + step % groupedStages * 2 * operandBytes;
        askTile(to, left + step * stepDepth, k, rows, k - step * stepDepth);
        askTile(to + operandBytes, right + step * stepDepth, k, columns, k - step * stepDepth);
      }
      commitCopies();
    };
    // No warp still reads what the last tile left.
    __syncthreads();
#pragma unroll
    for (int step = 0; step < groupedStages - 1; ++step) ask(step);
    float sums[4][4][4] = {};
    for (int step = 0; step < steps; ++step) {
      waitCopies<groupedStages - 2>();
      __syncthreads();
      ask(step + groupedStages - 1);
      const u32 rowsA = buffers + step % groupedStages * 2 * operandBytes, rowsB = rowsA + operandBytes;
#pragma unroll
      for (int half = 0; half < stepDepth / 16; ++half) {
        u32 x[4][4], y[2][4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          loadMatrices(rowsA + chunkPlace(warpRow + i * 16 + lane % 16, 2 * half + lane / 16), x[i]);
        }
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const int row = warpColumn + j * 16 + lane / 16 * 8 + lane % 8;
          loadMatrices(rowsB + chunkPlace(row, 2 * half + lane / 8 % 2), y[j]);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
          for (int j = 0; j < 4; ++j)
            multiplyBrains(sums[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
        }
      }
    }
    waitCopies<0>();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
      for (int part = 0; part < 2; ++part) {
        const int row = warpRow + i * 16 + part * 8 + g;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const int column = warpColumn + j * 8 + 2 * t;
          if (row < rows && column < columns) {
            *(u32 *)(c + (i64)(firstRow + row) * n + firstColumn + column) =
                packBrains(sums[i][j][2 * part], sums[i][j][2 * part + 1]);
          }
        }
      }
    }
  }
}
