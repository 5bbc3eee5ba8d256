// The calls of the CUDA driver (libcuda.so.1) that the program makes, as of CUDA 11.8 and later.
// Source: CUDA Driver API reference, https://docs.nvidia.com/cuda/cuda-driver-api/.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct CUctx_st *ccuda_context;
typedef struct CUstream_st *ccuda_stream;
typedef struct CUevent_st *ccuda_event;
typedef struct CUmod_st *ccuda_module;
typedef struct CUfunc_st *ccuda_function;
typedef struct CUgraph_st *ccuda_graph;
typedef struct CUgraphExec_st *ccuda_graph_exec;
typedef int ccuda_device;
typedef unsigned long long ccuda_address;

/// X(name, parameters) for each call; a table has a field of that name.
#define CCUDA_DRIVER_CALLS(X)                                                                                     \
  X(cuDriverGetVersion, (int *version))                                                                           \
  X(cuInit, (unsigned flags))                                                                                     \
  X(cuGetErrorName, (int error, const char **text))                                                               \
  X(cuGetErrorString, (int error, const char **text))                                                             \
  X(cuDeviceGetCount, (int *count))                                                                               \
  X(cuDeviceGet, (ccuda_device * device, int ordinal))                                                            \
  X(cuDeviceGetName, (char *name, int length, ccuda_device device))                                               \
  X(cuDeviceTotalMem_v2, (size_t *bytes, ccuda_device device))                                                    \
  X(cuDeviceGetAttribute, (int *value, int attribute, ccuda_device device))                                       \
  X(cuDeviceGetPCIBusId, (char *text, int length, ccuda_device device))                                           \
  X(cuDeviceCanAccessPeer, (int *answer, ccuda_device device, ccuda_device peer))                                 \
  X(cuDevicePrimaryCtxRetain, (ccuda_context * context, ccuda_device device))                                     \
  X(cuDevicePrimaryCtxRelease_v2, (ccuda_device device))                                                          \
  X(cuCtxSetCurrent, (ccuda_context context))                                                                     \
  X(cuCtxEnablePeerAccess, (ccuda_context peer, unsigned flags))                                                  \
  X(cuStreamCreate, (ccuda_stream * stream, unsigned flags))                                                      \
  X(cuStreamDestroy_v2, (ccuda_stream stream))                                                                    \
  X(cuStreamSynchronize, (ccuda_stream stream))                                                                   \
  X(cuStreamBeginCapture_v2, (ccuda_stream stream, int mode))                                                     \
  X(cuStreamEndCapture, (ccuda_stream stream, ccuda_graph * graph))                                               \
  X(cuGraphInstantiateWithFlags, (ccuda_graph_exec * made, ccuda_graph graph, unsigned long long flags))          \
  X(cuGraphLaunch, (ccuda_graph_exec graph, ccuda_stream stream))                                                 \
  X(cuGraphExecDestroy, (ccuda_graph_exec graph))                                                                 \
  X(cuGraphDestroy, (ccuda_graph graph))                                                                          \
  X(cuMemGetInfo_v2, (size_t *free, size_t *total))                                                               \
  X(cuMemAlloc_v2, (ccuda_address * address, size_t bytes))                                                       \
  X(cuMemFree_v2, (ccuda_address address))                                                                        \
  X(cuMemHostAlloc, (void **memory, size_t bytes, unsigned flags))                                                \
  X(cuMemFreeHost, (void *memory))                                                                                \
  X(cuMemcpyHtoDAsync_v2, (ccuda_address to, const void *from, size_t bytes, ccuda_stream stream))                \
  X(cuMemcpyDtoHAsync_v2, (void *to, ccuda_address from, size_t bytes, ccuda_stream stream))                      \
  X(cuMemcpyDtoDAsync_v2, (ccuda_address to, ccuda_address from, size_t bytes, ccuda_stream stream))              \
  X(cuMemcpyPeerAsync, (ccuda_address to, ccuda_context to_context, ccuda_address from,                           \
                        ccuda_context from_context, size_t bytes, ccuda_stream stream))                           \
  X(cuMemsetD8Async, (ccuda_address to, unsigned char byte, size_t bytes, ccuda_stream stream))                   \
  X(cuModuleLoadData, (ccuda_module * module, const void *image))                                                 \
  X(cuModuleUnload, (ccuda_module module))                                                                        \
  X(cuModuleGetFunction, (ccuda_function * function, ccuda_module module, const char *name))                      \
  X(cuFuncGetAttribute, (int *value, int attribute, ccuda_function function))                                     \
  X(cuFuncSetAttribute, (ccuda_function function, int attribute, int value))                                      \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                                                                  \
    (int *blocks, ccuda_function function, int threads, size_t shared))                                           \
  X(cuLaunchKernel, (ccuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,                  \
                     unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,                 \
                     ccuda_stream stream, void **arguments, void **extra))                                        \
  X(cuEventCreate, (ccuda_event * event, unsigned flags))                                                         \
  X(cuEventDestroy_v2, (ccuda_event event))                                                                       \
  X(cuEventRecord, (ccuda_event event, ccuda_stream stream))                                                      \
  X(cuEventSynchronize, (ccuda_event event))                                                                      \
  X(cuEventElapsedTime, (float *milliseconds, ccuda_event start, ccuda_event end))

#define CCUDA_FIELD(name, parameters) int(*name) parameters;

/// The driver's functions; none is null after opening.
struct ccuda_driver {
  CCUDA_DRIVER_CALLS(CCUDA_FIELD)
};

/// Numbers of the driver's interface (enum CUdevice_attribute, CUfunction_attribute and flags).
enum {
  CCUDA_DEVICE_WARP_SIZE = 10,
  CCUDA_DEVICE_CLOCK_KHZ = 13,
  CCUDA_DEVICE_MULTIPROCESSORS = 16,
  CCUDA_DEVICE_INTEGRATED = 18,
  CCUDA_DEVICE_ECC = 32,
  CCUDA_DEVICE_MEMORY_CLOCK_KHZ = 36,
  CCUDA_DEVICE_MEMORY_BUS_BITS = 37,
  CCUDA_DEVICE_L2_BYTES = 38,
  CCUDA_DEVICE_CAPABILITY_MAJOR = 75,
  CCUDA_DEVICE_CAPABILITY_MINOR = 76,
  CCUDA_DEVICE_SHARED_BYTES_MULTIPROCESSOR = 81,
  CCUDA_DEVICE_SHARED_BYTES_BLOCK_OPTIN = 97,
  CCUDA_FUNCTION_MOST_THREADS = 0,
  CCUDA_FUNCTION_SHARED_BYTES = 1,
  CCUDA_FUNCTION_LOCAL_BYTES = 3,
  CCUDA_FUNCTION_REGISTERS = 4,
  CCUDA_FUNCTION_MOST_DYNAMIC_SHARED_BYTES = 8,
  CCUDA_FUNCTION_SHARED_CARVEOUT = 9,
  CCUDA_STREAM_NON_BLOCKING = 1,
  CCUDA_CAPTURE_THREAD_LOCAL = 1,
};
