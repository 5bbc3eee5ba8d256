// The calls of NVRTC, the run-time compiler of CUDA texts (11.2 and later: earlier ones make no machine
// code). Source: NVRTC documentation, https://docs.nvidia.com/cuda/nvrtc/.
#pragma once
#include <stddef.h>

typedef struct _nvrtcProgram *ccuda_program;

/// X(type of the answer, name, parameters) for each call.
#define CCUDA_COMPILER_CALLS(X)                                                                                   \
  X(const char *, nvrtcGetErrorString, (int error))                                                               \
  X(int, nvrtcVersion, (int *major, int *minor))                                                                  \
  X(int, nvrtcGetNumSupportedArchs, (int *count))                                                                 \
  X(int, nvrtcGetSupportedArchs, (int *architectures))                                                            \
  X(int, nvrtcCreateProgram, (ccuda_program * program, const char *text, const char *name, int headers,           \
                              const char *const *header_texts, const char *const *header_names))                  \
  X(int, nvrtcDestroyProgram, (ccuda_program * program))                                                          \
  X(int, nvrtcCompileProgram, (ccuda_program program, int count, const char *const *options))                     \
  X(int, nvrtcGetProgramLogSize, (ccuda_program program, size_t *bytes))                                          \
  X(int, nvrtcGetProgramLog, (ccuda_program program, char *log))                                                  \
  X(int, nvrtcGetCUBINSize, (ccuda_program program, size_t *bytes))                                               \
  X(int, nvrtcGetCUBIN, (ccuda_program program, char *image))

#ifndef CCUDA_TYPED_FIELD
#define CCUDA_TYPED_FIELD(type, name, parameters) type(*name) parameters;
#endif

/// The compiler's functions; none is null after opening.
struct ccuda_compiler {
  CCUDA_COMPILER_CALLS(CCUDA_TYPED_FIELD)
};
