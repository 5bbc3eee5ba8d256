// What the PTX instructions of Kernels/CUDA/instructions.cuh do, for cuda_emulation.h: element layouts as the
// PTX manual draws them, sums of a product in Double, rounded once.
#pragma once

namespace emulation {

// Numbers of few bits, widened.

inline float halfToFloat(unsigned short bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float size = exponent == 31 ? (fraction ? NAN : INFINITY)
      : exponent == 0         ? std::ldexp(float(fraction), -24)
                              : std::ldexp(float(1024 + fraction), exponent - 25);
  return bits & 0x8000 ? -size : size;
}
/// To the nearest, ties to even.
inline unsigned short floatToHalf(float x) {
  unsigned bits = __float_as_uint(x);
  unsigned short sign = bits >> 16 & 0x8000;
  float size = std::fabs(x);
  if (std::isnan(x)) return 0x7FFF;
  if (size >= 65520) return sign | 0x7C00;
  if (size < 0x1p-14f) return sign | (unsigned short)(std::nearbyint(std::ldexp(size, 24)));
  int exponent = std::ilogb(size);
  unsigned units = unsigned(std::nearbyint(std::ldexp(size, 10 - exponent)));
  return sign | (unsigned short)(((exponent + 14) << 10) + units);
}
inline float brainToFloat(unsigned short bits) { return __uint_as_float(unsigned(bits) << 16); }
/// To the nearest, ties to even.
inline unsigned short floatToBrain(float x) {
  unsigned bits = __float_as_uint(x);
  if (std::isnan(x)) return 0x7FFF;
  return (unsigned short)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
/// fp8 e4m3 of four exponent bits: no infinity, one NaN.
inline float e4m3ToFloat(unsigned char bits) {
  int exponent = bits >> 3 & 15, fraction = bits & 7;
  float size = (bits & 0x7F) == 0x7F ? NAN
      : exponent == 0                ? std::ldexp(float(fraction), -9)
                                     : std::ldexp(float(8 + fraction), exponent - 10);
  return bits & 0x80 ? -size : size;
}

// Shared memory by its address: the offset from the start of the block's dynamic shared memory.

inline unsigned char *sharedMemory() { return block.shared; }
inline unsigned sharedAddress(const void *place) {
  return unsigned(static_cast<const unsigned char *>(place) - block.shared);
}
inline unsigned char *sharedBytes(unsigned address, unsigned bytes, const char *deed) {
  if (address % bytes != 0) fail(std::string(deed) + ": an address that is not a multiple of its size");
  if (size_t(address) + bytes > block.sharedBytes)
    fail(std::string(deed) + ": beyond the block's shared memory");
  return block.shared + address;
}

inline void copyAsync(unsigned to, const void *from, unsigned bytes, unsigned valid) {
  if (valid > 0 && reinterpret_cast<uintptr_t>(from) % bytes != 0) fail("cp.async: an odd global address");
  unsigned char *place = sharedBytes(to, bytes, "cp.async");
  Fiber &own = fiber();
  own.copies.push_back({place, from, valid, bytes - valid, own.group});
}
inline void commitCopies() { ++fiber().group; }
/// Lets all land but those of the last `pending` groups; what is not yet in a group stays away.
inline void waitCopies(unsigned pending) {
  Fiber &own = fiber();
  if (own.group > pending) land(own, own.group - pending);
}

/// Eight rows of 16 bytes read at once: as many passes as rows that share the four banks of a row.
inline void countConflicts(unsigned char *const rows[8]) {
  unsigned uses[8] = {}, most = 0;
  for (int row = 0; row < 8; ++row) {
    bool isRepeat = false;
    for (int other = 0; other < row; ++other) isRepeat |= rows[other] == rows[row];
    if (!isRepeat) most = std::max(most, ++uses[(rows[row] - block.shared) / 16 % 8]);
  }
  bankConflicts += most - 1;
}

/// ldmatrix of four 8x8 matrices of 16-bit elements: lanes 8i to 8i + 7 name the rows of matrix i.
inline void loadMatrices(unsigned address, unsigned result[4], bool isTransposed) {
  struct Slot {
    unsigned char *row;
    unsigned result[4];
  } slot;
  slot.row = sharedBytes(address, 16, "ldmatrix");
  together(~0u, isTransposed ? "ldmatrix.trans" : "ldmatrix", slot, [isTransposed](Slot **slots) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      unsigned short elements[8][8];
      unsigned char *rows[8];
      for (int row = 0; row < 8; ++row) {
        rows[row] = slots[8 * matrix + row]->row;
        std::memcpy(elements[row], rows[row], 16);
      }
      countConflicts(rows);
      for (int lane = 0; lane < 32; ++lane) {
        int i = lane / 4, j = lane % 4 * 2;
        unsigned low = isTransposed ? elements[j][i] : elements[i][j];
        unsigned high = isTransposed ? elements[j + 1][i] : elements[i][j + 1];
        slots[lane]->result[matrix] = high << 16 | low;
      }
    }
  });
  std::memcpy(result, slot.result, 16);
}

/// movmatrix: an 8x8 matrix of 16-bit elements across the warp, transposed.
inline unsigned transposeMatrix(unsigned row) {
  struct Slot {
    unsigned row, result;
  } slot{row, 0};
  together(~0u, "movmatrix", slot, [](Slot **slots) {
    auto element = [&](int i, int j) { return slots[4 * i + j / 2]->row >> 16 * (j % 2) & 0xFFFF; };
    for (int lane = 0; lane < 32; ++lane) {
      int i = lane / 4, j = lane % 4 * 2;
      slots[lane]->result = element(j + 1, i) << 16 | element(j, i);
    }
  });
  return slot.result;
}

/// mma.sync m16n8 of `K` columns of A, of elements of `bytes` bytes: d += a·b. `read(bits)` widens one
/// element.
///
/// A lane holds of A rows lane / 4 and 8 more, four bytes each from column lane % 4 · (4 / bytes), and again
/// K / 2 columns on; of B the same columns of column lane / 4; of D rows lane / 4 and 8 more, columns lane %
/// 4 · 2 and 1 more.
template <int K, int bytes, class Sum, class Wide, class Read>
inline void multiply(const char *deed, Sum d[4], const unsigned a[4], const unsigned b[2], Read read) {
  struct Slot {
    unsigned a[4], b[2];
    Sum d[4];
  } slot;
  std::memcpy(slot.a, a, sizeof slot.a);
  std::memcpy(slot.b, b, sizeof slot.b);
  std::memcpy(slot.d, d, sizeof slot.d);
  together(~0u, deed, slot, [read](Slot **slots) {
    constexpr int packed = 4 / bytes;
    Wide left[16][K], right[8][K];
    for (int lane = 0; lane < 32; ++lane) {
      int row = lane / 4, column = lane % 4 * packed;
      for (int part = 0; part < K / (4 * packed); ++part)
        for (int i = 0; i < packed; ++i) {
          auto element = [&](unsigned word) {
            return Wide(read(bytes == 4 ? word : word >> 8 * bytes * i & ((1ull << 8 * bytes) - 1)));
          };
          int k = part * 4 * packed + column + i;
          left[row][k] = element(slots[lane]->a[2 * part]);
          left[row + 8][k] = element(slots[lane]->a[2 * part + 1]);
          right[row][k] = element(slots[lane]->b[part]);
        }
    }
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        Wide sum = Wide(slots[lane]->d[i]);
        for (int k = 0; k < K; ++k) sum += left[row][k] * right[column][k];
        slots[lane]->d[i] = Sum(sum);
      }
  });
  std::memcpy(d, slot.d, sizeof slot.d);
}

/// mma.sync m16n8k16 of doubles: a lane holds of A rows lane / 4 and 8 more at columns lane % 4 + 4i, of B
/// rows lane % 4 + 4i of column lane / 4, of D as above.
inline void multiplyDoubles(double d[4], const double a[8], const double b[4]) {
  struct Slot {
    double a[8], b[4], d[4];
  } slot;
  std::memcpy(slot.a, a, sizeof slot.a);
  std::memcpy(slot.b, b, sizeof slot.b);
  std::memcpy(slot.d, d, sizeof slot.d);
  together(~0u, "mma f64", slot, [](Slot **slots) {
    double left[16][16], right[8][16];
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i) {
        int row = lane / 4, k = lane % 4 + 4 * i;
        left[row][k] = slots[lane]->a[2 * i];
        left[row + 8][k] = slots[lane]->a[2 * i + 1];
        right[row][k] = slots[lane]->b[i];
      }
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        for (int k = 0; k < 16; ++k) slots[lane]->d[i] += left[row][k] * right[column][k];
      }
  });
  std::memcpy(d, slot.d, sizeof slot.d);
}

/// An element of an operand of wgmma: rows of 128 bytes in groups of eight, their 16-byte chunks exchanged by
/// the row.
inline double describedElement(unsigned long long description, int row, int column, bool isTurned) {
  if (description >> 62 != 1) fail("wgmma: an operand that is not swizzled by 128 bytes");
  unsigned start = unsigned(description & 0x3FFF) << 4, leading = unsigned(description >> 16 & 0x3FFF) << 4;
  unsigned stride = unsigned(description >> 32 & 0x3FFF) << 4;
  // Turned: a row of shared memory is one of K (`column`), along which 64 rows of the operand lie.
  unsigned place = isTurned
      ? start + row / 64 * leading + column / 8 * stride + column % 8 * 128 + row % 64 * 2
      : start + row / 8 * stride + row % 8 * 128 + column * 2;
  place ^= (place >> 7 & 7) << 4;
  unsigned short bits;
  std::memcpy(&bits, sharedBytes(place, 2, "wgmma"), 2);
  return brainToFloat(bits);
}

/// wgmma m64n128k16 of bf16: A from registers where `a` is given, else K-major by its description; B K-major,
/// or N-major where `isTurned`. Runs at once: a valid time, though not the latest.
inline void multiplyGroup(
    float d[64], const unsigned *a, unsigned long long left, unsigned long long right, bool adds,
    bool isTurned) {
  struct Slot {
    float *d;
    const unsigned *a;
    unsigned long long left, right;
    bool adds;
  } slot{d, a, left, right, adds};
  groupTogether(slot, [isTurned](Slot **slots) {
    static double x[64][16], y[128][16];
    for (int thread = 0; thread < 128; ++thread) {
      const Slot &own = *slots[thread];
      if (own.left != slots[0]->left || own.right != slots[0]->right || own.adds != slots[0]->adds)
        fail("wgmma: threads of one group name different operands");
      int row = thread / 32 * 16 + thread % 32 / 4, column = thread % 4 * 2;
      for (int i = 0; own.a && i < 8; ++i)
        x[row + i / 2 % 2 * 8][column + i / 4 * 8 + i % 2] =
            brainToFloat((unsigned short)(own.a[i / 2] >> 16 * (i % 2)));
    }
    for (int k = 0; k < 16; ++k) {
      for (int row = 0; row < 64 && !slots[0]->a; ++row)
        x[row][k] = describedElement(slots[0]->left, row, k, false);
      for (int row = 0; row < 128; ++row) y[row][k] = describedElement(slots[0]->right, row, k, isTurned);
    }
    for (int thread = 0; thread < 128; ++thread)
      for (int i = 0; i < 64; ++i) {
        int row = thread / 32 * 16 + thread % 32 / 4 + i % 4 / 2 * 8,
            column = i / 4 * 8 + thread % 4 * 2 + i % 2;
        double sum = slots[0]->adds ? slots[thread]->d[i] : 0;
        for (int k = 0; k < 16; ++k) sum += x[row][k] * y[column][k];
        slots[thread]->d[i] = float(sum);
      }
  });
}

}  // namespace emulation
