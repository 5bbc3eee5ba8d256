// The second half of fake_driver.cpp: memory, kernels and events.
#pragma once

EXPORT int cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER_CONTEXT(cuMemGetInfo_v2)
  *total = size_t(number("MEMORY", 1 << 30));
  *free = *total - std::min(*total, used[current->device]);
  return 0;
}
EXPORT int cuMemAlloc_v2(ccuda_address *address, size_t bytes) {
  ENTER_CONTEXT(cuMemAlloc_v2)
  if (int code = refusedByCapture()) return code;
  if (bytes == 0) return 1;
  if (used[current->device] + bytes > size_t(number("MEMORY", 1 << 30))) return 2;
  *address = allocate(current->device, bytes);
  return *address ? 0 : 2;
}
EXPORT int cuMemFree_v2(ccuda_address address) {
  ENTER_STARTED(cuMemFree_v2)
  finishAll();
  return release(address) ? 0 : 1;
}
namespace fake {

/// Page-locked memory: only its copies come later than their call.
inline std::map<char *, size_t> pinned;

inline bool isPinned(const void *place, size_t bytes) {
  char *address = static_cast<char *>(const_cast<void *>(place));
  auto next = pinned.upper_bound(address);
  if (next == pinned.begin()) return false;
  auto found = std::prev(next);
  return address + bytes <= found->first + found->second;
}

}  // namespace fake

EXPORT int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  ENTER_CONTEXT(cuMemHostAlloc)
  if (int code = refusedByCapture()) return code;
  if (bytes == 0) return 1;
  *memory = aligned_alloc(page, upTo(bytes, page));
  if (!*memory) return 2;
  memset(*memory, poison, bytes);
  pinned[static_cast<char *>(*memory)] = bytes;
  return 0;
}
EXPORT int cuMemFreeHost(void *memory) {
  ENTER_STARTED(cuMemFreeHost)
  finishAll();
  if (pinned.erase(static_cast<char *>(memory)) == 0) return 1;
  free(memory);
  return 0;
}
EXPORT int cuMemcpyHtoDAsync_v2(ccuda_address to, const void *from, size_t bytes, ccuda_stream handle) {
  ENTER_STREAM(cuMemcpyHtoDAsync_v2, handle)
  if (!own(to, bytes)) return 1;
  void *target = reinterpret_cast<void *>(to);
  if (isPinned(from, bytes)) return submit(stream, [=] { return memcpy(target, from, bytes), 0; });
  const char *first = static_cast<const char *>(from);
  std::vector<char> staged(first, first + bytes);
  return submit(stream, [=] { return memcpy(target, staged.data(), bytes), 0; });
}
EXPORT int cuMemcpyDtoHAsync_v2(void *to, ccuda_address from, size_t bytes, ccuda_stream handle) {
  ENTER_STREAM(cuMemcpyDtoHAsync_v2, handle)
  if (!own(from, bytes)) return 1;
  if (!isPinned(to, bytes))
    if (int code = refusedByCapture()) return code;
  submit(stream, [=] { return memcpy(to, reinterpret_cast<void *>(from), bytes), 0; });
  return isPinned(to, bytes) ? 0 : finish(stream);
}
EXPORT int cuMemcpyDtoDAsync_v2(ccuda_address to, ccuda_address from, size_t bytes, ccuda_stream handle) {
  ENTER_STREAM(cuMemcpyDtoDAsync_v2, handle)
  if (!own(to, bytes) || !own(from, bytes)) return 1;
  return submit(stream, [=] {
    return memmove(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes), 0;
  });
}
EXPORT int cuMemcpyPeerAsync(
    ccuda_address to, ccuda_context to_context, ccuda_address from, ccuda_context from_context, size_t bytes,
    ccuda_stream handle) {
  ENTER_STREAM(cuMemcpyPeerAsync, handle)
  const Allocation *target = buffer(to, bytes), *source = buffer(from, bytes);
  if (!target || target->device != reinterpret_cast<Context *>(to_context)->device) return 1;
  if (!source || source->device != reinterpret_cast<Context *>(from_context)->device) return 1;
  return submit(stream, [=] {
    return memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes), 0;
  });
}
EXPORT int cuMemsetD8Async(ccuda_address to, unsigned char byte, size_t bytes, ccuda_stream handle) {
  ENTER_STREAM(cuMemsetD8Async, handle)
  if (!own(to, bytes)) return 1;
  return submit(stream, [=] { return memset(reinterpret_cast<void *>(to), byte, bytes), 0; });
}

EXPORT int cuModuleLoadData(ccuda_module *module, const void *image) {
  ENTER_CONTEXT(cuModuleLoadData)
  const char *text = static_cast<const char *>(image);
  if (strncmp(text, imageMark, sizeof imageMark - 1) != 0) return 200;
  const char *line = strchr(text, '\n');
  // Machine code runs on the generation that it was made for.
  std::string target(text + sizeof imageMark - 1, line), capability = setting("CAPABILITY", "9.0");
  std::erase(capability, '.');
  if (target.substr(0, 3 + capability.size()) != "sm_" + capability) return 209;
  Module *made = load(line + 1);
  if (!made) return 200;
  *module = reinterpret_cast<ccuda_module>(made);
  ++live;
  return 0;
}
EXPORT int cuModuleUnload(ccuda_module handle) {
  ENTER_STARTED(cuModuleUnload)
  finishAll();
  Module *module = reinterpret_cast<Module *>(handle);
  dlclose(module->library);
  delete module;
  --live;
  return 0;
}
EXPORT int cuModuleGetFunction(ccuda_function *function, ccuda_module handle, const char *name) {
  ENTER_CONTEXT(cuModuleGetFunction)
  Module *module = reinterpret_cast<Module *>(handle);
  auto found = module->kernels.find(name);
  if (found == module->kernels.end()) return 500;
  *function = reinterpret_cast<ccuda_function>(&found->second);
  return 0;
}
EXPORT int cuFuncGetAttribute(int *value, int attribute, ccuda_function) {
  ENTER_CONTEXT(cuFuncGetAttribute)
  *value = attribute == CCUDA_FUNCTION_MOST_THREADS ? 1024 : attribute == CCUDA_FUNCTION_REGISTERS ? 32 : 0;
  return 0;
}
EXPORT int cuFuncSetAttribute(ccuda_function handle, int attribute, int value) {
  ENTER_CONTEXT(cuFuncSetAttribute)
  if (attribute == CCUDA_FUNCTION_SHARED_CARVEOUT) return value < -1 || value > 100;
  if (attribute != CCUDA_FUNCTION_MOST_DYNAMIC_SHARED_BYTES || value > 232448) return 1;
  reinterpret_cast<Kernel *>(handle)->dynamicShared = value;
  return 0;
}
EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(
    int *blocks, ccuda_function, int threads, size_t sharedBytes) {
  ENTER_CONTEXT(cuOccupancyMaxActiveBlocksPerMultiprocessor)
  if (threads < 1) return 1;
  *blocks = std::min(2048 / threads, sharedBytes ? int(233472 / sharedBytes) : 32);
  return 0;
}

namespace fake {

/// Runs a kernel that has copies of its arguments; the code of a device that is lost by it, which what waits
/// for the kernel answers.
inline int runKernel(
    const Kernel &kernel, std::vector<unsigned long long> values, const std::vector<unsigned> &extents,
    size_t shared, int device) {
  long long limit = number("LOST", -1);
  if (limit >= 0 && launches >= limit) return 719;
  ++launches;
  for (size_t i = 0; i < values.size(); ++i) {
    if (kernel.parameters[i] == 'v' || values[i] == 0) continue;
    const Allocation *found = buffer(values[i], 0);
    if (!found || !reachable(device, found->device)) return 700;
  }
  std::vector<void *> arguments(values.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) arguments[i] = &values[i];
  const char *why = nullptr;
  bool isWhole = guarded([&] { why = kernel.run(arguments.data(), extents.data(), shared); });
  if (!isWhole || why) {
    fprintf(stderr, "fake driver: kernel %s: %s\n", kernel.name.c_str(), why ? why : "touches memory of no buffer");
    return isWhole ? 719 : 700;
  }
  if (!lists("WRONG", kernel.name)) return 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (kernel.parameters[i] == 'w' && values[i] != 0 && buffer(values[i], 4)) {
      // Neither NaN nor near: seen by any comparison.
      memset(reinterpret_cast<void *>(values[i]), 0x47, 4);
      break;
    }
  return 0;
}

}  // namespace fake

EXPORT int cuLaunchKernel(
    ccuda_function handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
    unsigned block_z, unsigned shared_bytes, ccuda_stream stream_handle, void **arguments, void **extra) {
  ENTER_STREAM(cuLaunchKernel, stream_handle)
  Kernel *kernel = reinterpret_cast<Kernel *>(handle);
  if (!kernel || extra) return 1;
  std::vector<unsigned> extents = {grid_x, grid_y, grid_z, block_x, block_y, block_z};
  for (unsigned each : extents)
    if (each == 0) return 1;
  if (grid_y > 65535 || grid_z > 65535 || block_z > 64 || block_x * block_y * block_z > 1024) return 1;
  if (shared_bytes > unsigned(kernel->dynamicShared)) return 1;
  std::vector<unsigned long long> values(strlen(kernel->parameters));
  for (size_t i = 0; i < values.size(); ++i) memcpy(&values[i], arguments[i], 8);
  int device = stream->device;
  return submit(stream, [=] { return runKernel(*kernel, values, extents, shared_bytes, device); });
}

EXPORT int cuEventCreate(ccuda_event *event, unsigned) {
  ENTER_CONTEXT(cuEventCreate)
  *event = reinterpret_cast<ccuda_event>(new Event);
  ++live;
  return 0;
}
EXPORT int cuEventDestroy_v2(ccuda_event event) {
  ENTER_STARTED(cuEventDestroy_v2)
  finishAll();
  delete reinterpret_cast<Event *>(event);
  --live;
  return 0;
}
EXPORT int cuEventRecord(ccuda_event handle, ccuda_stream stream_handle) {
  ENTER_STREAM(cuEventRecord, stream_handle)
  Event *event = reinterpret_cast<Event *>(handle);
  *event = {stream, false, stream->isCapturing, 0};
  if (stream->isCapturing) return 0;
  return submit(stream, [=] { return event->isReached = true, event->seconds = now(), 0; });
}
EXPORT int cuEventSynchronize(ccuda_event handle) {
  ENTER_CONTEXT(cuEventSynchronize)
  Event *event = reinterpret_cast<Event *>(handle);
  if (int code = refusedByCapture()) return code;
  if (event->isCaptured) return 907;
  return event->stream ? finish(event->stream) : 0;
}
EXPORT int cuEventElapsedTime(float *milliseconds, ccuda_event start, ccuda_event end) {
  ENTER_CONTEXT(cuEventElapsedTime)
  Event *from = reinterpret_cast<Event *>(start), *to = reinterpret_cast<Event *>(end);
  if (!from->stream || !to->stream || from->isCaptured || to->isCaptured) return 400;
  if (!from->isReached || !to->isReached) return 600;
  *milliseconds = float(1e3 * (to->seconds - from->seconds));
  return 0;
}
