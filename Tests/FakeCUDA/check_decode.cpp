// The texts decode.cuh and decode.cu on the CPU, against a Double oracle that follows the block table itself.
#include "kernel_check.h"

#include "../../Kernels/CUDA/decode.cuh"
#include "../../Kernels/CUDA/decode.cu"

using namespace check;

struct Problem {
  int headsQ, headsKV, pageKeys, splitKeys;
  std::vector<int> lengths;
};

static u8 randomEight() {
  u8 bits = u8(generator());
  return (bits & 0x7F) == 0x7F ? 0 : bits;
}

template <bool isEight, int D, int tiles>
static void run(
    const Problem &problem, dim3 grid, size_t sharedBytes, u16 *out, float *sums, float *stats, u16 *q, u8 *k,
    u8 *v, int *table, int *lengths, int stride, float scale, float keyScale, float valueScale) {
  const int hq = problem.headsQ, hk = problem.headsKV, page = problem.pageKeys, split = problem.splitKeys;
#define RUN(kernel, T, ...)                                                                              \
  LAUNCH(                                                                                                \
      kernel, grid, {128}, sharedBytes, out, sums, stats, q, (const T *)k, (const T *)v, table, lengths, \
      stride, hq, hk, page, split, __VA_ARGS__)
  constexpr bool isWide = D == 128, isSmall = tiles == 1;
  if constexpr (isEight && isWide && isSmall)
    RUN(decode_attention_e4m3_128_g8, u8, scale, keyScale, valueScale);
  if constexpr (isEight && isWide && !isSmall)
    RUN(decode_attention_e4m3_128_g16, u8, scale, keyScale, valueScale);
  if constexpr (isEight && !isWide && isSmall)
    RUN(decode_attention_e4m3_64_g8, u8, scale, keyScale, valueScale);
  if constexpr (isEight && !isWide && !isSmall)
    RUN(decode_attention_e4m3_64_g16, u8, scale, keyScale, valueScale);
  if constexpr (!isEight && isWide && isSmall) RUN(decode_attention_bf16_128_g8, u16, scale);
  if constexpr (!isEight && isWide && !isSmall) RUN(decode_attention_bf16_128_g16, u16, scale);
  if constexpr (!isEight && !isWide && isSmall) RUN(decode_attention_bf16_64_g8, u16, scale);
  if constexpr (!isEight && !isWide && !isSmall) RUN(decode_attention_bf16_64_g16, u16, scale);
}

template <bool isEight, int D, int tiles>
static void checkDecode(const Problem &problem, float magnitude) {
  const int batch = int(problem.lengths.size()), hq = problem.headsQ, hk = problem.headsKV;
  const int page = problem.pageKeys, bytes = isEight ? 1 : 2, group = hq / hk;
  int longest = 1;
  for (int length : problem.lengths) longest = std::max(longest, length);
  const int stride = (longest + page - 1) / page + 1,
            splits = (longest + problem.splitKeys - 1) / problem.splitKeys;
  const int pageCount = batch * stride;
  const size_t elements = size_t(pageCount) * hk * page * D;
  // NaN wherever no key lies: what is beyond a sequence must not be seen.
  Array<u8> k(elements * bytes), v(elements * bytes);
  Array<u16> q(size_t(batch) * hq * D), out(size_t(batch) * hq * D);
  Array<int> table(size_t(batch) * stride), lengths(batch);
  Array<float> sums(size_t(batch) * hq * splits * D), stats(size_t(batch) * hq * splits * 2);
  fillBrains(q, magnitude);
  std::vector<int> order(pageCount);
  for (int i = 0; i < pageCount; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), generator);
  auto place = [&](int b, int head, int key) {
    return ((size_t(table[b * stride + key / page]) * hk + head) * page + key % page) * D;
  };
  for (int b = 0; b < batch; ++b) {
    lengths[b] = problem.lengths[b];
    // Pages without keys are named by no number that may be followed.
    for (int i = 0; i < stride; ++i)
      table[b * stride + i] = i * page < lengths[b] ? order[b * stride + i] : 1 << 30;
    for (int head = 0; head < hk; ++head)
      for (int key = 0; key < lengths[b]; ++key)
        for (int d = 0; d < D; ++d) {
          size_t i = place(b, head, key) + d;
          if (isEight) k[i] = randomEight() & 0xBF, v[i] = randomEight();
          else
            ((u16 *)k.start)[i] = emulation::floatToBrain(random(1)),
                  ((u16 *)v.start)[i] = emulation::floatToBrain(random(1));
        }
  }
  const float scale = float(1 / std::sqrt(double(D))), keyScale = isEight ? 0.75f : 1,
              valueScale = isEight ? 0.4f : 1;
  run<isEight, D, tiles>(
      problem, {unsigned(splits), unsigned(hk), unsigned(batch)}, isEight && D == 64 ? 32768 : 65536, out,
      sums, stats, q, k, v, table, lengths, stride, scale, keyScale, valueScale);
  if (splits > 1) {
    LAUNCH(
        decode_combine, {unsigned(hq), unsigned(batch)}, {unsigned(D)}, 0, out, sums, stats, lengths, splits,
        problem.splitKeys, isEight ? 256 * valueScale : 1.0f);
  }
  std::string name = std::string("decode ") + (isEight ? "e4m3 " : "bf16 ") + std::to_string(D) + " heads " +
      std::to_string(hq) + "/" + std::to_string(hk) + " page " + std::to_string(page) + " splits " +
      std::to_string(splits) + " batch " + std::to_string(batch) + " up to " + std::to_string(longest);
  // Weights and results are rounded to 8 bits (fp8: weights to 11).
  Scan scan(name, 0x1p-7);
  for (int b = 0; b < batch; ++b)
    for (int head = 0; head < hq; ++head) {
      const int length = lengths[b];
      const u16 *query = q + (size_t(b) * hq + head) * D;
      auto element = [&](Array<u8> &array, int key, int d) {
        size_t i = place(b, head / group, key) + d;
        return isEight ? double(emulation::e4m3ToFloat(array[i])) : brain(((u16 *)array.start)[i]);
      };
      std::vector<double> scores(length);
      double most = -INFINITY, total = 0;
      for (int key = 0; key < length; ++key) {
        for (int d = 0; d < D; ++d) scores[key] += brain(query[d]) * element(k, key, d) * keyScale * scale;
        most = std::max(most, scores[key]);
      }
      for (double &score : scores) total += score = std::exp(score - most);
      for (int d = 0; d < D; ++d) {
        double expected = 0, size = 0;
        for (int key = 0; key < length; ++key) {
          double product = scores[key] / total * element(v, key, d) * valueScale;
          expected += product;
          size += std::fabs(product);
        }
        scan.add(brain(out[(size_t(b) * hq + head) * D + d]), expected, length > 0 ? size : 1);
      }
    }
}

template <bool isEight, int D>
static void checkAll() {
  checkDecode<isEight, D, 1>({4, 1, 16, 4096, {1}}, 1);
  checkDecode<isEight, D, 1>({8, 2, 16, 4096, {16, 17, 0, 3}}, 1);
  checkDecode<isEight, D, 1>({3, 3, 32, 128, {300, 127, 128, 129, 1}}, 1);
  checkDecode<isEight, D, 1>({16, 2, 48, 256, {700, 95, 0}}, 8);
  checkDecode<isEight, D, 1>({8, 2, 64, 16, {130, 64}}, 1);
  checkDecode<isEight, D, 2>({16, 1, 64, 512, {1000, 1}}, 1);
  checkDecode<isEight, D, 2>({20, 2, 16, 4096, {333, 640}}, 8);
}

int main() {
  checkAll<false, 128>();
  checkAll<false, 64>();
  checkAll<true, 128>();
  checkAll<true, 64>();
  return finish();
}
