// A CUDA driver without a device, for tests: device memory is host memory, kernels are compiled as C++ and
// run on the CPU. Work that is given to a stream is done when something waits for it, not before, so that a
// result that is read too early shows. Wrong use answers as the real driver does where that is written down:
// a bad address kills the context, calls that wait break a capture, shared memory above 48 KiB must be asked
// for.
#include <CCUDADriver.h>

#include <time.h>

#include <memory>

#include "fake_memory.h"
#include "fake_module.h"

namespace fake {

/// What an object of the driver was at first, so that one that is none is refused.
struct Context { int device; };
struct Graph { std::vector<std::function<int()>> work; };
struct DriverStream : Stream {
  bool isCapturing = false, isBroken = false;
  Graph graph, given;
};
struct Event {
  DriverStream *stream = nullptr;
  bool isReached = false, isCaptured = false;
  double seconds = 0;
};

bool isStarted = false;
std::map<int, Context> contexts;
std::map<int, std::vector<int>> reaches;
std::vector<DriverStream *> streams;
thread_local Context *current = nullptr;
int dead = 0;  // the error that every call answers once the device is lost
long long launches = 0;

/// Contexts, events, graphs and modules that were made and not given back.
int live = 0;

int deviceCount() { return int(number("DEVICES", 1)); }

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

bool reachable(int from, int to) {
  if (from == to) return true;
  for (int each : reaches[from])
    if (each == to) return true;
  return false;
}

/// The buffer around an address that the current device may use.
const Allocation *own(unsigned long long address, size_t bytes) {
  const Allocation *found = buffer(address, bytes);
  return found && current && reachable(current->device, found->device) ? found : nullptr;
}

bool holds(Stream *stream, const void *address, size_t bytes) {
  const Allocation *found = buffer(reinterpret_cast<unsigned long long>(address), bytes);
  return found && found->device == stream->device;
}

int submit(Stream *plain, std::function<int()> work) {
  DriverStream *stream = static_cast<DriverStream *>(plain);
  (stream->isCapturing ? stream->graph : stream->given).work.push_back(std::move(work));
  return 0;
}

/// Does what was given to a stream; the code of a device that is lost in it.
int finish(DriverStream *stream) {
  std::vector<std::function<int()>> work;
  std::swap(work, stream->given.work);
  for (const auto &each : work)
    if (!dead) dead = each();
  return dead;
}

void finishAll() {
  for (DriverStream *each : streams) finish(each);
}

DriverStream *known(ccuda_stream handle) {
  for (DriverStream *each : streams)
    if (each == reinterpret_cast<DriverStream *>(handle)) return each;
  return nullptr;
}

/// What waits or allocates must not happen during a capture: it breaks it.
int refusedByCapture() {
  for (DriverStream *each : streams)
    if (each->isCapturing) {
      each->isBroken = true;
      return 900;
    }
  return 0;
}

}  // namespace fake

using namespace fake;

/// Opens each call: an asked-for failure, then what a lost device, a driver not started or no context answer.
#define ENTER(call)                                     \
  std::lock_guard<std::recursive_mutex> hold(lock);     \
  if (int code = failure(#call)) return code;
#define ENTER_STARTED(call) \
  ENTER(call)               \
  if (!isStarted) return 3;
#define ENTER_CONTEXT(call) \
  ENTER_STARTED(call)       \
  if (dead) return dead;    \
  if (!current) return 201;
#define ENTER_STREAM(call, handle)              \
  ENTER_CONTEXT(call)                           \
  DriverStream *stream = known(handle);         \
  if (!stream) return 400;

EXPORT int cuDriverGetVersion(int *version) {
  ENTER(cuDriverGetVersion)
  *version = int(number("DRIVER", 12080));
  return 0;
}
EXPORT int cuInit(unsigned flags) {
  ENTER(cuInit)
  if (flags != 0) return 1;
  if (deviceCount() == 0) return 100;
  isStarted = true;
  return 0;
}
EXPORT int cuGetErrorName(int error, const char **text) {
  static const std::map<int, const char *> names = {
      {0, "CUDA_SUCCESS"}, {1, "CUDA_ERROR_INVALID_VALUE"}, {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {100, "CUDA_ERROR_NO_DEVICE"}, {200, "CUDA_ERROR_INVALID_IMAGE"}, {400, "CUDA_ERROR_INVALID_HANDLE"},
      {500, "CUDA_ERROR_NOT_FOUND"}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {719, "CUDA_ERROR_LAUNCH_FAILED"},
      {802, "CUDA_ERROR_SYSTEM_NOT_READY"}, {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
      {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"}, {999, "CUDA_ERROR_UNKNOWN"}};
  auto found = names.find(error);
  *text = found == names.end() ? nullptr : found->second;
  return found == names.end() ? 1 : 0;
}
EXPORT int cuGetErrorString(int error, const char **text) {
  static std::string words;
  words = error == 2 ? "out of memory" : "as the settings of the fake want it";
  *text = words.c_str();
  return 0;
}
EXPORT int cuDeviceGetCount(int *count) {
  ENTER_STARTED(cuDeviceGetCount)
  *count = deviceCount();
  return 0;
}
EXPORT int cuDeviceGet(ccuda_device *device, int ordinal) {
  ENTER_STARTED(cuDeviceGet)
  if (ordinal < 0 || ordinal >= deviceCount()) return 101;
  *device = ordinal;
  return 0;
}
EXPORT int cuDeviceGetName(char *name, int length, ccuda_device) {
  ENTER_STARTED(cuDeviceGetName)
  std::string own = setting("NAME", "Fake H200") + (number("MIG", 0) ? " MIG 1g.18gb" : "");
  snprintf(name, size_t(length), "%s", own.c_str());
  return 0;
}
EXPORT int cuDeviceTotalMem_v2(size_t *bytes, ccuda_device) {
  ENTER_STARTED(cuDeviceTotalMem_v2)
  *bytes = size_t(number("MEMORY", 1 << 30));
  return 0;
}
EXPORT int cuDeviceGetAttribute(int *value, int attribute, ccuda_device device) {
  ENTER_STARTED(cuDeviceGetAttribute)
  if (device < 0 || device >= deviceCount()) return 101;
  std::vector<std::string> capability = split(setting("CAPABILITY", "9.0"), '.');
  const std::map<int, int> values = {
      {CCUDA_DEVICE_WARP_SIZE, 32}, {CCUDA_DEVICE_CLOCK_KHZ, 1980000}, {CCUDA_DEVICE_MULTIPROCESSORS, 4},
      {CCUDA_DEVICE_INTEGRATED, 0}, {CCUDA_DEVICE_ECC, 1}, {CCUDA_DEVICE_MEMORY_CLOCK_KHZ, 3201000},
      {CCUDA_DEVICE_MEMORY_BUS_BITS, 6144}, {CCUDA_DEVICE_L2_BYTES, 1 << 20},
      {CCUDA_DEVICE_CAPABILITY_MAJOR, atoi(capability[0].c_str())},
      {CCUDA_DEVICE_CAPABILITY_MINOR, capability.size() > 1 ? atoi(capability[1].c_str()) : 0},
      {CCUDA_DEVICE_SHARED_BYTES_MULTIPROCESSOR, 233472}, {CCUDA_DEVICE_SHARED_BYTES_BLOCK_OPTIN, 232448}};
  auto found = values.find(attribute);
  if (found == values.end()) return 1;
  *value = found->second;
  return 0;
}
EXPORT int cuDeviceGetPCIBusId(char *text, int length, ccuda_device device) {
  ENTER_STARTED(cuDeviceGetPCIBusId)
  snprintf(text, size_t(length), "%s", busID(device).c_str());
  return 0;
}
EXPORT int cuDeviceCanAccessPeer(int *answer, ccuda_device, ccuda_device) {
  ENTER_STARTED(cuDeviceCanAccessPeer)
  *answer = number("PEERS", 1) != 0;
  return 0;
}
EXPORT int cuDevicePrimaryCtxRetain(ccuda_context *context, ccuda_device device) {
  ENTER_STARTED(cuDevicePrimaryCtxRetain)
  if (device < 0 || device >= deviceCount()) return 101;
  contexts[device].device = device;
  *context = reinterpret_cast<ccuda_context>(&contexts[device]);
  ++live;
  return 0;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(ccuda_device) {
  ENTER_STARTED(cuDevicePrimaryCtxRelease_v2)
  --live;
  return 0;
}
EXPORT int cuCtxSetCurrent(ccuda_context context) {
  ENTER_STARTED(cuCtxSetCurrent)
  current = reinterpret_cast<Context *>(context);
  return 0;
}
EXPORT int cuCtxEnablePeerAccess(ccuda_context peer, unsigned) {
  ENTER_CONTEXT(cuCtxEnablePeerAccess)
  int other = reinterpret_cast<Context *>(peer)->device;
  if (number("PEERS", 1) == 0) return 217;
  if (other == current->device) return 101;
  if (reachable(current->device, other)) return 704;
  reaches[current->device].push_back(other);
  return 0;
}
EXPORT int cuStreamCreate(ccuda_stream *stream, unsigned) {
  ENTER_CONTEXT(cuStreamCreate)
  DriverStream *made = new DriverStream;
  made->magic = streamMagic;
  made->device = current->device;
  made->submit = submit;
  made->holds = holds;
  streams.push_back(made);
  *stream = reinterpret_cast<ccuda_stream>(made);
  return 0;
}
EXPORT int cuStreamDestroy_v2(ccuda_stream handle) {
  ENTER_STREAM(cuStreamDestroy_v2, handle)
  finish(stream);
  std::erase(streams, stream);
  delete stream;
  return 0;
}
EXPORT int cuStreamSynchronize(ccuda_stream handle) {
  ENTER_STREAM(cuStreamSynchronize, handle)
  if (int code = refusedByCapture()) return code;
  return finish(stream);
}
EXPORT int cuStreamBeginCapture_v2(ccuda_stream handle, int mode) {
  ENTER_STREAM(cuStreamBeginCapture_v2, handle)
  if (stream->isCapturing) return 401;
  if (mode < 0 || mode > 2) return 1;
  stream->isCapturing = true;
  stream->isBroken = false;
  stream->graph.work.clear();
  return 0;
}
EXPORT int cuStreamEndCapture(ccuda_stream handle, ccuda_graph *graph) {
  ENTER_STREAM(cuStreamEndCapture, handle)
  if (!stream->isCapturing) return 401;
  stream->isCapturing = false;
  *graph = nullptr;
  if (stream->isBroken) return 901;
  *graph = reinterpret_cast<ccuda_graph>(new Graph(stream->graph));
  ++live;
  return 0;
}
EXPORT int cuGraphInstantiateWithFlags(ccuda_graph_exec *made, ccuda_graph graph, unsigned long long) {
  ENTER_CONTEXT(cuGraphInstantiateWithFlags)
  if (!graph) return 1;
  *made = reinterpret_cast<ccuda_graph_exec>(new Graph(*reinterpret_cast<Graph *>(graph)));
  ++live;
  return 0;
}
EXPORT int cuGraphLaunch(ccuda_graph_exec graph, ccuda_stream handle) {
  ENTER_STREAM(cuGraphLaunch, handle)
  for (const auto &work : reinterpret_cast<Graph *>(graph)->work)
    if (int code = submit(stream, work)) return code;
  return 0;
}
EXPORT int cuGraphExecDestroy(ccuda_graph_exec graph) {
  ENTER_STARTED(cuGraphExecDestroy)
  delete reinterpret_cast<Graph *>(graph);
  --live;
  return 0;
}
EXPORT int cuGraphDestroy(ccuda_graph graph) {
  ENTER_STARTED(cuGraphDestroy)
  delete reinterpret_cast<Graph *>(graph);
  --live;
  return 0;
}

#include "fake_driver_work.h"

/// What was made and not given back: contexts, streams, memory, modules, events, graphs.
EXPORT int fake_driver_live(void) {
  std::lock_guard<std::recursive_mutex> hold(lock);
  return live + int(streams.size() + allocations.size() + pinned.size());
}

#define IS_DECLARED_ALIKE(name, parameters) \
  static_assert(std::is_same_v<decltype(&name), decltype(ccuda_driver::name)>);
CCUDA_DRIVER_CALLS(IS_DECLARED_ALIKE)
