// For the programs check_*.cpp: launches by the emulation, random operands, and comparison with a Double
// oracle.
#pragma once
#include "cuda_emulation.h"

#include <functional>
#include <random>
#include <utility>

#include "../../Kernels/CUDA/instructions.cuh"

namespace check {

inline int failures = 0;

template <auto kernel>
struct Entry;
template <class... P, void (*kernel)(P...)>
struct Entry<kernel> {
  template <size_t... i>
  static void call(void **arguments, std::index_sequence<i...>) {
    kernel(*static_cast<std::remove_cv_t<P> *>(arguments[i])...);
  }
  static void body(void **arguments) { call(arguments, std::index_sequence_for<P...>{}); }
  static void launch(const char *name, dim3 grid, dim3 extent, size_t sharedBytes, P... values) {
    void *arguments[sizeof...(P) + 1] = {(void *)&values...};
    if (const char *why = emulated_run(body, arguments, grid, extent, sharedBytes)) {
      std::printf("FAILED %s: %s\n", name, why);
      ++failures;
    }
  }
};
#define LAUNCH(kernel, ...) check::Entry<kernel>::launch(#kernel, __VA_ARGS__)

/// An array that ends where the process may read no further, filled with NaN (0xFF): elements of 16-byte
/// vectors beyond it are not there.
template <class T>
struct Array {
  T *start;
  size_t count;
  explicit Array(size_t count) : count(count) {
    size_t bytes = (count * sizeof(T) + 15) / 16 * 16, pages = (bytes + 4095) / 4096 * 4096;
    char *memory =
        (char *)mmap(nullptr, pages + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + pages, 4096, PROT_NONE);
    start = (T *)(memory + pages - bytes);
    std::memset((void *)start, 0xFF, bytes);
  }
  Array(const Array &) = delete;
  T &operator[](size_t i) { return start[i]; }
  operator T *() { return start; }
};

inline std::mt19937 generator{7};
inline float random(float magnitude) {
  return std::uniform_real_distribution<float>(-magnitude, magnitude)(generator);
}
inline void fillBrains(Array<u16> &array, float magnitude = 1) {
  for (size_t i = 0; i < array.count; ++i) array[i] = emulation::floatToBrain(random(magnitude));
}
inline void fillFloats(Array<float> &array, float magnitude = 1) {
  for (size_t i = 0; i < array.count; ++i) array[i] = random(magnitude);
}
inline double brain(u16 bits) { return emulation::brainToFloat(bits); }

/// Largest error of a result relative to the scale of each element; NaN counts as infinite.
struct Scan {
  std::string name;
  double tolerance, worst = 0;
  long long count = 0;
  Scan(std::string name, double tolerance) : name(std::move(name)), tolerance(tolerance) {}
  void add(double found, double expected, double scale) {
    double error = std::fabs(found - expected) / std::max(scale, 1e-30);
    worst = std::isfinite(error) && std::isfinite(found) ? std::max(worst, error) : INFINITY;
    ++count;
  }
  ~Scan() {
    bool passed = worst <= tolerance && count > 0;
    if (!passed) ++failures;
    std::printf(
        "%-6s %-70s %9lld values  worst %.3g of %.3g\n", passed ? "ok" : "FAILED", name.c_str(), count, worst,
        tolerance);
  }
};

inline int finish() {
  std::printf("%s\n", failures ? "FAILED" : "passed");
  return failures ? 1 : 0;
}

}  // namespace check
