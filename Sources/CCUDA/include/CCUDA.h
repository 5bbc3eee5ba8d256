// NVIDIA's libraries, opened when a device is asked for: no header and no library of theirs at build time.
// Each library is a table of functions by the names that it exports (`_v2` and so on as they stand in the
// binary), which are stable; types are ours. Functions return their library's status as a whole number, 0 =
// done.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "CCUDABlas.h"
#include "CCUDACompiler.h"
#include "CCUDADriver.h"
#include "CCUDAManagement.h"

/// Why a library could not be opened.
enum {
  CCUDA_OPENED,
  CCUDA_NO_LIBRARY,   ///< no such file in any place; the text has the loader's words for the last one
  CCUDA_NO_FUNCTION,  ///< the library lacks a function; the text is its name
  CCUDA_TOO_OLD,      ///< the driver's version, 1000·major + 10·minor, is below the one asked for
};

/// What came of opening a library.
typedef struct {
  int outcome;
  int version;           ///< of the driver, where it told one
  char text[512];        ///< see `outcome`
  char path[1024];       ///< the file that was opened
} ccuda_opening;

/// The driver: `path`, else PLIMSOLL_CUDA_DRIVER, else libcuda.so.1. Its version is asked before any other
/// function is looked for, so that an old driver is told from a broken one.
void ccuda_open_driver(
    const char *_Nullable path, int oldest, struct ccuda_driver *_Nonnull table, ccuda_opening *_Nonnull opening);

/// The compiler of CUDA texts: `path`, else PLIMSOLL_CUDA_NVRTC, else the newest of a major version that is
/// not above `newest_major` in the loader's folders, CUDA_HOME, CUDA_PATH, /usr/local/cuda and Python's
/// packages.
void ccuda_open_compiler(
    const char *_Nullable path, int newest_major, struct ccuda_compiler *_Nonnull table,
    ccuda_opening *_Nonnull opening);

/// cuBLASLt: `path`, else PLIMSOLL_CUDA_CUBLASLT, else as the compiler.
void ccuda_open_blas(
    const char *_Nullable path, int newest_major, struct ccuda_blas *_Nonnull table, ccuda_opening *_Nonnull opening);

/// NVML: `path`, else PLIMSOLL_CUDA_NVML, else libnvidia-ml.so.1.
void ccuda_open_management(
    const char *_Nullable path, struct ccuda_management *_Nonnull table, ccuda_opening *_Nonnull opening);
