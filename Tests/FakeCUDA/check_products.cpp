// The texts grouped.cu and peaks.cu on the CPU, against Double oracles.
#include "kernel_check.h"

#include "../../Kernels/CUDA/grouped.cu"
#include "../../Kernels/CUDA/peaks.cu"

using namespace check;

static void checkGrouped(std::vector<int> rows, int n, int k, unsigned blocks) {
  const int experts = int(rows.size());
  Array<int> offsets(experts + 1);
  offsets[0] = 0;
  for (int e = 0; e < experts; ++e) offsets[e + 1] = offsets[e] + rows[e];
  const int m = offsets[experts];
  Array<u16> a(size_t(m) * k), b(size_t(experts) * n * k), c(size_t(m) * n);
  fillBrains(a);
  fillBrains(b);
  emulation::bankConflicts = 0;
  LAUNCH(grouped_product_bf16, {blocks}, {256}, 65536, c, a, b, offsets, experts, n, k);
  std::string name = "grouped " + std::to_string(experts) + " experts " + std::to_string(m) + " rows n " +
      std::to_string(n) + " k " + std::to_string(k) + " blocks " + std::to_string(blocks);
  Scan(name + ", bank conflicts", 0).add(double(emulation::bankConflicts), 0, 1);
  Scan scan(name, 0x1p-8);
  std::vector<double> left(k);
  for (int e = 0; e < experts; ++e)
    for (int row = offsets[e]; row < offsets[e + 1]; ++row)
      for (int column = 0; column < n; ++column) {
        double sum = 0, size = 0;
        const u16 *x = a + size_t(row) * k, *y = b + (size_t(e) * n + column) * k;
        for (int i = 0; i < k; ++i) {
          double product = brain(x[i]) * brain(y[i]);
          sum += product;
          size += std::fabs(product);
        }
        scan.add(brain(c[size_t(row) * n + column]), sum, std::max(std::fabs(sum), size / 1024));
      }
}

static double peakNumber(int i) { return (int(u32(i) * 2654435761u >> 28) - 8) * 0.125; }

/// P[row][column] of a type of K columns.
static double peakProduct(int K, int row, int column) {
  double sum = 0;
  for (int k = 0; k < K; ++k) sum += peakNumber(row * K + k) * peakNumber(1024 + column * K + k);
  return sum;
}

template <auto kernel, class Number>
static void checkPeak(const char *name, int K, double factor) {
  const int rounds = 5;
  Array<Number> out(2 * 256);
  Entry<kernel>::launch(name, {2}, {256}, 0, out, rounds);
  Scan scan(name, 0);
  for (int thread = 0; thread < 512; ++thread) {
    int row = thread % 32 / 4, column = thread % 4 * 2;
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += peakProduct(K, row + i / 2 * 8, column + i % 2);
    scan.add(double(out[thread]), 8 * rounds * sum * factor, 1);
  }
}

template <class Number, auto kernel>
static void checkMultiplyAdd(const char *name) {
  Array<Number> out(512);
  Entry<kernel>::launch(name, {2}, {256}, 0, out, 3, -1.0f, 1.0f);
  Scan scan(name, 0);
  for (int thread = 0; thread < 512; ++thread) scan.add(double(out[thread]), 120 + 16 * (thread % 32), 1);
  Entry<kernel>::launch(name, {2}, {256}, 0, out, 1, 0.5f, 1.0f);
  Scan falling(std::string(name) + " falling", 1e-6);
  for (int thread = 0; thread < 512; ++thread) {
    double sum = 0;
    for (int i = 0; i < 16; ++i) sum += 2 + (i + thread % 32 - 2) / 256.0;
    falling.add(double(out[thread]), sum, sum);
  }
}

int main() {
  checkGrouped({1}, 8, 8, 1);
  checkGrouped({128, 0, 5, 300}, 256, 96, 3);
  checkGrouped({0, 0, 17, 0}, 136, 200, 7);
  checkGrouped({129, 64, 1}, 72, 264, 2);
  checkGrouped({40, 260}, 264, 40, 20);
  checkPeak<peak_bf16, float>("peak_bf16", 16, 1);
  checkPeak<peak_f16, float>("peak_f16", 16, 1);
  checkPeak<peak_tf32, float>("peak_tf32", 8, 1);
  checkPeak<peak_e4m3, float>("peak_e4m3", 32, 1);
  checkPeak<peak_i8, int>("peak_i8", 32, 64);
  checkPeak<peak_f64, double>("peak_f64", 16, 1);
  checkMultiplyAdd<float, peak_fma_f32>("peak_fma_f32");
  checkMultiplyAdd<double, peak_fma_f64>("peak_fma_f64");
  return finish();
}
