// The texts memory.cu, fill.cu and elementwise.cu on the CPU, against Double oracles.
#include "kernel_check.h"

#include "../../Kernels/CUDA/memory.cu"
#include "../../Kernels/CUDA/fill.cu"
#include "../../Kernels/CUDA/elementwise.cu"

using namespace check;

static void checkMemory(long long count, unsigned blocks) {
  Array<float> a(count), b(count), c(count), sums(blocks);
  fillFloats(a);
  std::string size = std::to_string(count) + " floats, " + std::to_string(blocks) + " blocks";
  LAUNCH(memory_read, {blocks}, {512}, 0, a, count, sums);
  double expected = 0, found = 0, scale = 0;
  for (long long i = 0; i < count; ++i) expected += a[i], scale += std::fabs(a[i]);
  for (unsigned i = 0; i < blocks; ++i) found += sums[i];
  Scan("memory_read " + size, 1e-5).add(found, expected, scale);
  LAUNCH(memory_copy, {blocks}, {512}, 0, a, b, count);
  LAUNCH(memory_triad, {blocks}, {512}, 0, a, b, c, 3.0f, count);
  Scan copy("memory_copy " + size, 0), triad("memory_triad " + size, 1e-6);
  for (long long i = 0; i < count; ++i) {
    copy.add(b[i], a[i], 1);
    triad.add(c[i], 4.0 * a[i], 4 * std::fabs(a[i]));
  }
  LAUNCH(poison, {blocks}, {512}, 0, c, 4 * count - 1);
  Scan poisoned("poison " + size, 0);
  for (long long i = 0; i < 4 * count - 1; ++i) poisoned.add(((u8 *)c.start)[i], 0xFF, 1);
  LAUNCH(flush_cache, {blocks}, {512}, 0, c, 4 * count / 16 * 16, 1);
  if (count < 4) return;
  Scan flushed("flush_cache " + size, 0);
  for (long long i = 0; i < count / 4 * 4; i += 4) flushed.add(((u32 *)c.start)[i] != ~0u, 1, 1);
}

static u32 randomBitsAgain(u64 seed, u64 i) {
  u64 z = (seed + i) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return u32((z ^ (z >> 31)) >> 32);
}

static void checkFill(float magnitude) {
  const long long count = 5000, seed = -987654321;
  Array<float> f(count);
  Array<double> d(count);
  Array<u16> brains(count), halves(count);
  Array<u8> eights(count);
  Array<signed char> bytes(count);
  LAUNCH(fill_f32, {3}, {256}, 0, f, count, seed, magnitude);
  LAUNCH(fill_f64, {3}, {256}, 0, d, count, seed, magnitude);
  LAUNCH(fill_bf16, {3}, {256}, 0, brains, count, seed, magnitude);
  LAUNCH(fill_f16, {3}, {256}, 0, halves, count, seed, magnitude);
  LAUNCH(fill_e4m3, {3}, {256}, 0, eights, count, seed, magnitude);
  LAUNCH(fill_i8, {3}, {256}, 0, bytes, count, seed);
  std::string size = " magnitude " + std::to_string(magnitude);
  Scan exact("fill f32, f64, i8" + size, 0), brainScan("fill_bf16" + size, 0x1p-7);
  Scan halfScan("fill_f16" + size, 0x1p-10), eightScan("fill_e4m3" + size, 0x1p-3);
  Scan brainsCut("fill_bf16 towards 0" + size, 0), spread("fill spread" + size, 0.05);
  double mean = 0, square = 0;
  for (long long i = 0; i < count; ++i) {
    u32 random = randomBitsAgain(u64(seed), i);
    double number = ((random >> 8) * 0x1p-23 - 1) * double(magnitude);
    exact.add(f[i], float(number), 1);
    exact.add(d[i], float(number), 1);
    int byte = (signed char)(random >> 24);
    exact.add(bytes[i], byte == -128 ? 0 : byte, 1);
    brainScan.add(brain(brains[i]), number, std::fabs(number));
    brainsCut.add(std::fabs(brain(brains[i])) <= std::fabs(number), 1, 1);
    double half = emulation::halfToFloat(halves[i]), eight = emulation::e4m3ToFloat(eights[i]);
    double clipped = std::min(std::fabs(number), 448.0);
    halfScan.add(half, number, std::max(std::fabs(number), 0x1p-14));
    eightScan.add(std::fabs(eight), clipped, std::max(clipped, 0x1p-6));
    halfScan.add(std::fabs(half) <= std::fabs(number) && std::signbit(half) == std::signbit(number), 1, 1);
    eightScan.add(std::fabs(eight) <= std::fabs(number) && std::signbit(eight) == std::signbit(number), 1, 1);
    mean += number / count;
    square += number * number / count;
  }
  spread.add(mean, 0, magnitude);
  spread.add(square, magnitude * magnitude / 3, magnitude * magnitude);
}

static void checkNorms(unsigned rows, int columns) {
  size_t count = size_t(rows) * columns;
  const float epsilon = 1e-5f;
  Array<u16> x(count), residual(count), weight(columns), out(count), second(count), sums(count);
  fillBrains(x);
  fillBrains(residual);
  fillBrains(weight);
  LAUNCH(rmsnorm, {rows}, {256}, 0, out, x, weight, columns, epsilon);
  LAUNCH(residual_rmsnorm, {rows}, {256}, 0, second, sums, x, residual, weight, columns, epsilon);
  std::string size = std::to_string(rows) + "x" + std::to_string(columns);
  Scan norm("rmsnorm " + size, 0x1.1p-8), added("residual sums " + size, 0x1p-8);
  Scan residualNorm("residual_rmsnorm " + size, 0x1.1p-8);
  auto compare = [&](Scan &scan, u16 *from, u16 *found) {
    double squares = 0;
    for (int i = 0; i < columns; ++i) squares += brain(from[i]) * brain(from[i]);
    double factor = 1 / std::sqrt(squares / columns + epsilon);
    for (int i = 0; i < columns; ++i) {
      double expected = brain(from[i]) * factor * brain(weight[i]);
      scan.add(brain(found[i]), expected, std::fabs(expected));
    }
  };
  for (unsigned row = 0; row < rows; ++row) {
    size_t first = size_t(row) * columns;
    compare(norm, x + first, out + first);
    compare(residualNorm, sums + first, second + first);
    for (int i = 0; i < columns; ++i) {
      double a = brain(x[first + i]), b = brain(residual[first + i]);
      added.add(brain(sums[first + i]), a + b, std::fabs(a) + std::fabs(b));
    }
  }
}

static void checkMaps(unsigned rows, int columns) {
  size_t count = size_t(rows) * columns;
  Array<u16> x(2 * count), out(count), weights(count);
  fillBrains(x, 8);
  unsigned width = columns % 8 == 0 ? columns / 8 : columns;
  LAUNCH(silu_mul, {(width + 255) / 256 * rows}, {256}, 0, out, x, columns);
  int first = std::max(1, columns - int(rows) + 1), growth = 1;
  LAUNCH(softmax_rows, {rows}, {256}, 0, weights, x, columns, first, growth, 0.5f);
  std::string size = std::to_string(rows) + "x" + std::to_string(columns);
  Scan silu("silu_mul " + size, 0x1.1p-8), softmax("softmax_rows " + size, 0x1.1p-8);
  for (unsigned row = 0; row < rows; ++row) {
    for (int i = 0; i < columns; ++i) {
      double gate = brain(x[size_t(row) * 2 * columns + i]),
             up = brain(x[size_t(row) * 2 * columns + columns + i]);
      double expected = gate / (1 + std::exp(-gate)) * up;
      silu.add(brain(out[size_t(row) * columns + i]), expected, std::fabs(expected));
    }
    u16 *own = x + size_t(row) * columns;
    int visible = std::min(columns, first + int(row));
    double most = -INFINITY, total = 0;
    for (int i = 0; i < visible; ++i) most = std::max(most, 0.5 * brain(own[i]));
    for (int i = 0; i < visible; ++i) total += std::exp(0.5 * brain(own[i]) - most);
    for (int i = 0; i < columns; ++i) {
      double expected = i < visible ? std::exp(0.5 * brain(own[i]) - most) / total : 0;
      softmax.add(brain(weights[size_t(row) * columns + i]), expected, i < visible ? expected : 1);
    }
  }
}

static void checkRope(unsigned tokens, int heads, int headDim) {
  int half = headDim / 2;
  size_t count = size_t(tokens) * heads * headDim;
  Array<u16> x(count), out(count);
  Array<float> cosines(size_t(tokens) * half), sines(size_t(tokens) * half);
  fillBrains(x);
  for (size_t i = 0; i < cosines.count; ++i) {
    float angle = random(100);
    cosines[i] = std::cos(angle);
    sines[i] = std::sin(angle);
  }
  unsigned width = half % 8 == 0 ? heads * half / 8 : heads * half;
  LAUNCH(rope_half, {(width + 255) / 256 * tokens}, {256}, 0, out, x, cosines, sines, heads, headDim);
  Scan scan(
      "rope_half " + std::to_string(tokens) + "x" + std::to_string(heads) + "x" + std::to_string(headDim),
      0x1.1p-8);
  for (unsigned token = 0; token < tokens; ++token)
    for (int head = 0; head < heads; ++head)
      for (int i = 0; i < half; ++i) {
        size_t place = (size_t(token) * heads + head) * headDim + i;
        double a = brain(x[place]), b = brain(x[place + half]);
        double c = cosines[token * half + i], s = sines[token * half + i];
        scan.add(brain(out[place]), a * c - b * s, std::fabs(a * c) + std::fabs(b * s));
        scan.add(brain(out[place + half]), b * c + a * s, std::fabs(b * c) + std::fabs(a * s));
      }
}

int main() {
  for (long long count : {1, 4, 7, 2048, 8192, 30001}) checkMemory(count, count > 10000 ? 3 : 2);
  for (float magnitude : {1.0f, 0.0078125f, 1024.0f}) checkFill(magnitude);
  for (int columns : {8, 24, 33, 1, 1000, 8192, 8200, 16384 + 8}) checkNorms(3, columns);
  for (int columns : {8, 33, 520, 2056, 8192, 10248}) checkMaps(5, columns);
  checkRope(3, 5, 128);
  checkRope(2, 33, 64);
  checkRope(2, 3, 10);
  LAUNCH(empty_kernel, {2}, {32}, 0);
  return finish();
}
