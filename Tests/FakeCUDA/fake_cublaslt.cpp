// Matrix products for the fake driver: three candidates a product, computed in double by the definition, in
// the layouts and types that the descriptions say. What the library does not take on a device is refused here
// too: products of 8-bit types unless their A is turned and their B is not, odd alignments, too small a
// workspace.
#include <CCUDABlas.h>

#include <cmath>
#include <type_traits>

#include "fake_common.h"

namespace fake {

struct Description {
  int compute, scale;
  int transposeA = 0, transposeB = 0;
  const float *scaleA = nullptr, *scaleB = nullptr;
  int8_t isFast = 0;
};
struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t leading;
  int32_t batch = 1;
  int64_t stride = 0;
};
struct Preference { uint64_t workspace = 0; };

size_t bytesOf(int type) {
  switch (type) {
    case CCUDA_TYPE_DOUBLE: return 8;
    case CCUDA_TYPE_FLOAT: case CCUDA_TYPE_INT32: return 4;
    case CCUDA_TYPE_HALF: case CCUDA_TYPE_BFLOAT16: return 2;
    case CCUDA_TYPE_INT8: case CCUDA_TYPE_FP8_E4M3: case CCUDA_TYPE_FP8_E5M2: return 1;
    default: return 0;
  }
}
bool isByte(int type) { return bytesOf(type) == 1; }

/// Value of a number of few bits by its exponent and mantissa; `isFinite` types have no infinity.
double small(unsigned bits, int exponentBits, int mantissaBits, bool isFinite) {
  int bias = (1 << (exponentBits - 1)) - 1, top = (1 << exponentBits) - 1;
  int exponent = int(bits >> mantissaBits) & top, mantissa = int(bits & ((1u << mantissaBits) - 1));
  double sign = bits >> (exponentBits + mantissaBits) & 1 ? -1 : 1;
  if (exponent == top && (!isFinite || mantissa == (1 << mantissaBits) - 1))
    return mantissa || isFinite ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
  return sign * std::ldexp((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
}

double read(const void *memory, int type, int64_t i) {
  switch (type) {
    case CCUDA_TYPE_DOUBLE: return static_cast<const double *>(memory)[i];
    case CCUDA_TYPE_FLOAT: return static_cast<const float *>(memory)[i];
    case CCUDA_TYPE_INT32: return static_cast<const int32_t *>(memory)[i];
    case CCUDA_TYPE_INT8: return static_cast<const int8_t *>(memory)[i];
    case CCUDA_TYPE_HALF: return small(static_cast<const uint16_t *>(memory)[i], 5, 10, false);
    case CCUDA_TYPE_BFLOAT16: return small(static_cast<const uint16_t *>(memory)[i], 8, 7, false);
    case CCUDA_TYPE_FP8_E4M3: return small(static_cast<const uint8_t *>(memory)[i], 4, 3, true);
    default: return small(static_cast<const uint8_t *>(memory)[i], 5, 2, false);
  }
}

/// Rounded to `bits` of mantissa, ties to even.
double rounded(double x, int bits) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = std::ilogb(x);
  return std::ldexp(std::nearbyint(std::ldexp(x, bits - exponent)), exponent - bits);
}

bool write(void *memory, int type, int64_t i, double x) {
  switch (type) {
    case CCUDA_TYPE_DOUBLE: static_cast<double *>(memory)[i] = x; return true;
    case CCUDA_TYPE_FLOAT: static_cast<float *>(memory)[i] = float(x); return true;
    case CCUDA_TYPE_INT32: static_cast<int32_t *>(memory)[i] = int32_t(x); return true;
    case CCUDA_TYPE_BFLOAT16: {
      float value = float(rounded(x, 7));
      uint32_t bits;
      memcpy(&bits, &value, 4);
      static_cast<uint16_t *>(memory)[i] = uint16_t(bits >> 16);
      return true;
    }
    case CCUDA_TYPE_HALF: {
      double size = std::fabs(x);
      uint16_t bits = std::signbit(x) ? 0x8000 : 0;
      if (!(size < 65520)) {
        bits |= std::isnan(x) ? 0x7FFF : 0x7C00;
      } else if (size < 0x1p-14) {
        bits |= uint16_t(std::nearbyint(std::ldexp(size, 24)));
      } else {
        int exponent = std::ilogb(size);
        bits += uint16_t(((exponent + 14) << 10) + int(std::nearbyint(std::ldexp(size, 10 - exponent))));
      }
      static_cast<uint16_t *>(memory)[i] = bits;
      return true;
    }
    default: return false;
  }
}

/// True for what the library multiplies: types of operands, result and sum (its table of supported products).
bool isSupported(const Description &product, const Layout &a, const Layout &b, const Layout &d) {
  bool isTurned = product.transposeA == 1 && product.transposeB == 0;
  switch (product.compute) {
    case CCUDA_COMPUTE_DOUBLE:
      return a.type == CCUDA_TYPE_DOUBLE && b.type == a.type && d.type == a.type
        && product.scale == CCUDA_TYPE_DOUBLE;
    case CCUDA_COMPUTE_TF32:
      return a.type == CCUDA_TYPE_FLOAT && b.type == a.type && d.type == a.type
        && product.scale == CCUDA_TYPE_FLOAT;
    case CCUDA_COMPUTE_INT32:
      return a.type == CCUDA_TYPE_INT8 && b.type == a.type && d.type == CCUDA_TYPE_INT32 && isTurned
        && product.scale == CCUDA_TYPE_INT32 && a.leading % 4 == 0 && b.leading % 4 == 0;
    case CCUDA_COMPUTE_FLOAT:
      if (product.scale != CCUDA_TYPE_FLOAT || d.type == CCUDA_TYPE_INT32 || isByte(d.type)) return false;
      if (isByte(a.type))
        return a.type != CCUDA_TYPE_INT8 && b.type != CCUDA_TYPE_INT8 && isByte(b.type) && isTurned
          && (a.type == CCUDA_TYPE_FP8_E4M3 || b.type == CCUDA_TYPE_FP8_E4M3) && a.leading % 16 == 0
          && b.leading % 16 == 0;
      return a.type == b.type && (d.type == a.type || (d.type == CCUDA_TYPE_FLOAT && a.type != CCUDA_TYPE_DOUBLE));
    default: return false;
  }
}

/// Bytes from the first to the last element.
size_t span(const Layout &layout) {
  int64_t last = (layout.batch - 1) * layout.stride + (int64_t(layout.columns) - 1) * layout.leading
    + int64_t(layout.rows);
  return size_t(last) * bytesOf(layout.type);
}

}  // namespace fake

using namespace fake;
#define ENTER(call)                                 \
  std::lock_guard<std::recursive_mutex> hold(lock); \
  if (int code = failure(#call)) return code;

#include "fake_cublaslt_calls.h"

#define IS_DECLARED_ALIKE(type, name, parameters) \
  static_assert(std::is_same_v<decltype(&name), decltype(ccuda_blas::name)>);
CCUDA_BLAS_CALLS(IS_DECLARED_ALIKE)
