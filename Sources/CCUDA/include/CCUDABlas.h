// The calls of cuBLASLt (11, 12 and 13): matrix products with a list of candidate algorithms to choose from.
// Source: cuBLAS library documentation, https://docs.nvidia.com/cuda/cublas/.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "CCUDADriver.h"

typedef struct cublasLtContext *ccuda_blas_handle;
/// Three kinds of description, each an object of the library.
typedef void *ccuda_blas_description;
typedef void *ccuda_blas_layout;
typedef void *ccuda_blas_preference;

/// An algorithm as the library stores it; to be copied only.
typedef struct {
  uint64_t data[8];
} ccuda_blas_algorithm;

/// One answer of the heuristic.
typedef struct {
  ccuda_blas_algorithm algorithm;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
} ccuda_blas_candidate;

/// X(type of the answer, name, parameters) for each call.
#define CCUDA_BLAS_CALLS(X)                                                                                       \
  X(size_t, cublasLtGetVersion, (void))                                                                           \
  X(const char *, cublasLtGetStatusName, (int status))                                                            \
  X(int, cublasLtCreate, (ccuda_blas_handle * handle))                                                            \
  X(int, cublasLtDestroy, (ccuda_blas_handle handle))                                                             \
  X(int, cublasLtMatmulDescCreate, (ccuda_blas_description * made, int compute_type, int scale_type))             \
  X(int, cublasLtMatmulDescDestroy, (ccuda_blas_description description))                                         \
  X(int, cublasLtMatmulDescSetAttribute,                                                                          \
    (ccuda_blas_description description, int attribute, const void *value, size_t bytes))                         \
  X(int, cublasLtMatrixLayoutCreate,                                                                              \
    (ccuda_blas_layout * made, int type, uint64_t rows, uint64_t columns, int64_t leading))                       \
  X(int, cublasLtMatrixLayoutDestroy, (ccuda_blas_layout layout))                                                 \
  X(int, cublasLtMatrixLayoutSetAttribute,                                                                        \
    (ccuda_blas_layout layout, int attribute, const void *value, size_t bytes))                                   \
  X(int, cublasLtMatmulPreferenceCreate, (ccuda_blas_preference * made))                                          \
  X(int, cublasLtMatmulPreferenceDestroy, (ccuda_blas_preference preference))                                     \
  X(int, cublasLtMatmulPreferenceSetAttribute,                                                                    \
    (ccuda_blas_preference preference, int attribute, const void *value, size_t bytes))                           \
  X(int, cublasLtMatmulAlgoGetHeuristic,                                                                          \
    (ccuda_blas_handle handle, ccuda_blas_description description, ccuda_blas_layout a, ccuda_blas_layout b,      \
     ccuda_blas_layout c, ccuda_blas_layout d, ccuda_blas_preference preference, int asked,                       \
     ccuda_blas_candidate * candidates, int *found))                                                              \
  X(int, cublasLtMatmulAlgoConfigGetAttribute,                                                                    \
    (const ccuda_blas_algorithm *algorithm, int attribute, void *value, size_t bytes, size_t *written))           \
  X(int, cublasLtMatmul,                                                                                          \
    (ccuda_blas_handle handle, ccuda_blas_description description, const void *alpha, const void *a,              \
     ccuda_blas_layout a_layout, const void *b, ccuda_blas_layout b_layout, const void *beta, const void *c,      \
     ccuda_blas_layout c_layout, void *d, ccuda_blas_layout d_layout, const ccuda_blas_algorithm *algorithm,      \
     void *workspace, size_t workspace_bytes, ccuda_stream stream))

#ifndef CCUDA_TYPED_FIELD
#define CCUDA_TYPED_FIELD(type, name, parameters) type(*name) parameters;
#endif

/// The library's functions; none is null after opening.
struct ccuda_blas {
  CCUDA_BLAS_CALLS(CCUDA_TYPED_FIELD)
};

/// Numbers of the library's interface (cudaDataType, cublasComputeType_t and the attribute enums).
enum {
  CCUDA_TYPE_FLOAT = 0,
  CCUDA_TYPE_DOUBLE = 1,
  CCUDA_TYPE_HALF = 2,
  CCUDA_TYPE_INT8 = 3,
  CCUDA_TYPE_INT32 = 10,
  CCUDA_TYPE_BFLOAT16 = 14,
  CCUDA_TYPE_FP8_E4M3 = 28,
  CCUDA_TYPE_FP8_E5M2 = 29,
  CCUDA_COMPUTE_FLOAT = 68,
  CCUDA_COMPUTE_DOUBLE = 70,
  CCUDA_COMPUTE_INT32 = 72,
  CCUDA_COMPUTE_TF32 = 77,
  CCUDA_LAYOUT_BATCH_COUNT = 5,
  CCUDA_LAYOUT_BATCH_STRIDE = 6,
  CCUDA_PRODUCT_TRANSPOSE_A = 3,
  CCUDA_PRODUCT_TRANSPOSE_B = 4,
  CCUDA_PRODUCT_SCALE_A = 17,
  CCUDA_PRODUCT_SCALE_B = 18,
  CCUDA_PRODUCT_FAST_ACCUMULATION = 25,
  CCUDA_PREFERENCE_WORKSPACE_BYTES = 1,
  CCUDA_PREFERENCE_REDUCTIONS = 3,
  CCUDA_REDUCTION_IN_PLACE = 1,
  CCUDA_REDUCTION_AS_SUMMED = 2,
  CCUDA_ALGORITHM_ID = 0,
  CCUDA_ALGORITHM_TILE = 1,
  CCUDA_ALGORITHM_SPLIT_K = 2,
  CCUDA_ALGORITHM_REDUCTION = 3,
  CCUDA_ALGORITHM_SWIZZLE = 4,
  CCUDA_ALGORITHM_CUSTOM = 5,
  CCUDA_ALGORITHM_STAGES = 6,
  CCUDA_ALGORITHM_INNER = 7,
  CCUDA_ALGORITHM_CLUSTER = 8,
};
