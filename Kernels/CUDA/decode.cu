// Decode attention over a paged cache: the kernels of decode.cuh by element, head dim and query heads a key
// head, and what adds up their splits.

// grid (splits, headsKV, batch) with splits = ceil(longest length / splitKeys), block 128, dynamic shared
// memory 65536 bytes (e4m3_64: 32768). splitKeys is a multiple of 16. With one split `out` is written, and
// partSums and partStats are not touched; else partSums (batch, headsQ, splits, D) and partStats (batch,
// headsQ, splits, 2) are, both fp32, and decode_combine follows. `_g8` takes up to 8 query heads a key head,
// `_g16` up to 16. Sequences without keys give 0. keyScale and valueScale multiply what the fp8 arrays hold.
// FLOP: 4·headsQ·D·Σ lengths. Bytes: 2·headsKV·D·(bytes of an element)·Σ lengths + 4·batch·headsQ·D.

extern "C" __global__ void decode_attention_bf16_128_g8(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned short *k,
    const unsigned short *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale) {
  decodeAttention<128, false, 1>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * log2e, 1.0f);
}

extern "C" __global__ void decode_attention_bf16_128_g16(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned short *k,
    const unsigned short *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale) {
  decodeAttention<128, false, 2>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * log2e, 1.0f);
}

extern "C" __global__ void decode_attention_bf16_64_g8(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned short *k,
    const unsigned short *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale) {
  decodeAttention<64, false, 1>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * log2e, 1.0f);
}

extern "C" __global__ void decode_attention_bf16_64_g16(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned short *k,
    const unsigned short *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale) {
  decodeAttention<64, false, 2>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * log2e, 1.0f);
}

extern "C" __global__ void decode_attention_e4m3_128_g8(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned char *k,
    const unsigned char *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale, float keyScale, float valueScale) {
  decodeAttention<128, true, 1>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * keyScale * 256.0f * log2e, valueScale * 256.0f);
}

extern "C" __global__ void decode_attention_e4m3_128_g16(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned char *k,
    const unsigned char *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale, float keyScale, float valueScale) {
  decodeAttention<128, true, 2>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * keyScale * 256.0f * log2e, valueScale * 256.0f);
}

extern "C" __global__ void decode_attention_e4m3_64_g8(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned char *k,
    const unsigned char *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale, float keyScale, float valueScale) {
  decodeAttention<64, true, 1>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * keyScale * 256.0f * log2e, valueScale * 256.0f);
}

extern "C" __global__ void decode_attention_e4m3_64_g16(
    unsigned short *out, float *partSums, float *partStats, const unsigned short *q, const unsigned char *k,
    const unsigned char *v, const int *table, const int *lengths, int tableStride, int headsQ, int headsKV,
    int pageKeys, int splitKeys, float scale, float keyScale, float valueScale) {
  decodeAttention<64, true, 2>(
      out, partSums, partStats, q, (const u8 *)k, (const u8 *)v, table, lengths, tableStride, headsQ, headsKV,
      pageKeys, splitKeys, scale * keyScale * 256.0f * log2e, valueScale * 256.0f);
}

/// out = Σ over splits of their sums, each relative to the largest score of all, over the sum of weights.
///
/// grid (headsQ, batch), block D; arrays as above, `splits` as the grid that wrote them. valueScale is 1 for
/// bf16 and 256·valueScale for fp8. FLOP and bytes belong to the kernel before.
extern "C" __global__ void decode_combine(
    unsigned short *out, const float *partSums, const float *partStats, const int *lengths, int splits,
    int splitKeys, float valueScale) {
  const i64 head = (i64)blockIdx.y * gridDim.x + blockIdx.x;
  const int d = threadIdx.x, width = blockDim.x;
  const int used = (lengths[blockIdx.y] + splitKeys - 1) / splitKeys;
  const float2 *stats = (const float2 *)partStats + head * splits;
  const float *sums = partSums + head * splits * width + d;
  float largest = -1e30f, sum = 0, total = 0;
  for (int split = 0; split < used; ++split) largest = fmaxf(largest, stats[split].x);
#pragma unroll 4
  for (int split = 0; split < used; ++split) {
    const float2 own = stats[split];
    const float factor = exp2Fast(own.x - largest);
    sum = fmaf(factor, sums[(i64)split * width], sum);
    total = fmaf(factor, own.y, total);
  }
  out[head * width + d] = narrow(total > 0 ? sum / total * valueScale : 0.0f);
}
