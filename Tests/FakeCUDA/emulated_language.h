// Built-in functions of CUDA C++ that the texts use, for cuda_emulation.h.
#pragma once

inline void __syncthreads() { emulation::barrier(); }
inline void __syncwarp(unsigned mask = ~0u) {
  int nothing = 0;
  emulation::together(mask, "__syncwarp", nothing, [](int **) {});
}
inline void __threadfence() {}

namespace emulation {

template <class T>
struct Shuffled {
  T value, result;
  int source;
};

template <class T>
inline T shuffle(unsigned mask, const char *deed, T value, int source) {
  Shuffled<T> slot{value, value, source};
  unsigned lanes = mask;
  together(mask, deed, slot, [lanes](Shuffled<T> **slots) {
    for (int lane = 0; lane < 32; ++lane) {
      if ((lanes >> lane & 1) == 0) continue;
      int from = slots[lane]->source;
      if (from >= 0 && from < 32 && (lanes >> from & 1)) slots[lane]->result = slots[from]->value;
    }
  });
  return slot.result;
}

inline int lane() { return int(fiber().lane); }

}  // namespace emulation

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source) {
  return emulation::shuffle(mask, "__shfl_sync", value, source & 31);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits) {
  return emulation::shuffle(mask, "__shfl_xor_sync", value, emulation::lane() ^ bits);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned step) {
  return emulation::shuffle(mask, "__shfl_down_sync", value, emulation::lane() + int(step));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned step) {
  return emulation::shuffle(mask, "__shfl_up_sync", value, emulation::lane() - int(step));
}
inline unsigned __ballot_sync(unsigned mask, int isTrue) {
  struct Vote {
    int isTrue;
    unsigned result;
  } slot{isTrue, 0};
  emulation::together(mask, "__ballot_sync", slot, [mask](Vote **slots) {
    unsigned all = 0;
    for (int lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1) && slots[lane]->isTrue) all |= 1u << lane;
    for (int lane = 0; lane < 32; ++lane)
      if (mask >> lane & 1) slots[lane]->result = all;
  });
  return slot.result;
}
inline int __any_sync(unsigned mask, int isTrue) { return __ballot_sync(mask, isTrue) != 0; }
inline int __all_sync(unsigned mask, int isTrue) { return __ballot_sync(mask, !isTrue) == 0; }

template <class T>
inline T __ldg(const T *place) {
  return *place;
}
inline unsigned __float_as_uint(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}
inline float __uint_as_float(unsigned bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}
inline int __float_as_int(float x) { return int(__float_as_uint(x)); }
inline float __int_as_float(int bits) { return __uint_as_float(unsigned(bits)); }
inline double __longlong_as_double(long long bits) {
  double x;
  std::memcpy(&x, &bits, 8);
  return x;
}
inline float rsqrtf(float x) { return float(1 / std::sqrt(double(x))); }
inline float __fdividef(float a, float b) { return a / b; }
inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  unsigned long long bytes = (unsigned long long)high << 32 | low;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) result |= unsigned(bytes >> 8 * (selector >> 4 * i & 7) & 0xFF) << 8 * i;
  return result;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }

template <class T>
inline T atomicAdd(T *place, T value) {
  T before = *place;
  *place = before + value;
  return before;
}
template <class T>
inline T atomicMax(T *place, T value) {
  T before = *place;
  *place = before > value ? before : value;
  return before;
}
