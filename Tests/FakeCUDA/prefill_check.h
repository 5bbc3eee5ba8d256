// For the programs check_prefill*.cpp: prefill attention of many sizes against a Double oracle. Shared memory
// must be read without bank conflicts.
#pragma once
#include "kernel_check.h"

using namespace check;

struct PrefillCall {
  u16 *out, *q, *k, *v;
  int batch, headsQ, headsKV, seqQ, seqKV;
  bool isCausal;
  float scale;
};

template <int D, class Launch>
static void checkPrefill(
    Launch launch, int batch, int headsQ, int headsKV, int seqQ, int seqKV, bool isCausal,
    float magnitude = 1, bool rises = false) {
  Array<u16> q(size_t(batch) * headsQ * seqQ * D), out(size_t(batch) * headsQ * seqQ * D);
  Array<u16> k(size_t(batch) * headsKV * seqKV * D), v(size_t(batch) * headsKV * seqKV * D);
  fillBrains(q, magnitude);
  fillBrains(k);
  fillBrains(v);
  // Later keys like the query more: each tile has a larger score than all before it.
  if (rises)
    for (size_t i = 0; i < k.count; ++i) {
      int key = int(i / D % seqKV);
      k[i] = emulation::floatToBrain(float(brain(k[i]) * 0.1 + (i % D == 0 ? key * 1.0 : 0)));
    }
  if (rises)
    for (size_t i = 0; i < q.count; i += D) q[i] = emulation::floatToBrain(8);
  const float scale = float(1 / std::sqrt(double(D)));
  emulation::bankConflicts = 0;
  launch({out, q, k, v, batch, headsQ, headsKV, seqQ, seqKV, isCausal, scale});
  std::string name = "prefill " + std::to_string(D) + " batch " + std::to_string(batch) + " heads " +
      std::to_string(headsQ) + "/" + std::to_string(headsKV) + " queries " + std::to_string(seqQ) + " keys " +
      std::to_string(seqKV) + (isCausal ? " causal" : "");
  Scan(name + ", bank conflicts", 0).add(double(emulation::bankConflicts), 0, 1);
  Scan scan(name, 0x1p-7);
  std::vector<double> scores(seqKV);
  for (int b = 0; b < batch; ++b)
    for (int head = 0; head < headsQ; ++head)
      for (int i = 0; i < seqQ; ++i) {
        const size_t row = ((size_t(b) * headsQ + head) * seqQ + i) * D;
        const size_t cache = (size_t(b) * headsKV + head / (headsQ / headsKV)) * seqKV * D;
        const int visible = isCausal ? i + seqKV - seqQ + 1 : seqKV;
        double most = -INFINITY, total = 0;
        for (int key = 0; key < visible; ++key) {
          scores[key] = 0;
          for (int d = 0; d < D; ++d)
            scores[key] += brain(q[row + d]) * brain(k[cache + size_t(key) * D + d]) * scale;
          most = std::max(most, scores[key]);
        }
        for (int key = 0; key < visible; ++key) total += scores[key] = std::exp(scores[key] - most);
        for (int d = 0; d < D; ++d) {
          double expected = 0, size = 0;
          for (int key = 0; key < visible; ++key) {
            double product = scores[key] / total * brain(v[cache + size_t(key) * D + d]);
            expected += product;
            size += std::fabs(product);
          }
          scan.add(brain(out[row + d]), expected, size);
        }
      }
}

/// Sizes around the edges of tiles; scores that grow from key to key.
template <int D, class Launch>
static void checkPrefills(Launch launch) {
  checkPrefill<D>(launch, 1, 1, 1, 1, 1, true);
  checkPrefill<D>(launch, 1, 2, 1, 128, 128, true);
  checkPrefill<D>(launch, 2, 4, 2, 200, 200, true);
  checkPrefill<D>(launch, 1, 2, 2, 129, 257, true, 8);
  checkPrefill<D>(launch, 1, 2, 1, 33, 100, false);
  checkPrefill<D>(launch, 1, 1, 1, 256, 320, false, 8);
  checkPrefill<D>(launch, 1, 1, 1, 300, 300, true, 1, true);
  checkPrefill<D>(launch, 1, 3, 1, 5, 700, true);
  // The diagonal begins at the first key of a tile, in the last row of a warp, or of four.
  checkPrefill<D>(launch, 1, 1, 1, 128, 161, true);
  checkPrefill<D>(launch, 1, 1, 1, 128, 193, true);
}
