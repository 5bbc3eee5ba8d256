// Memory of fake devices: host memory between pages that may not be touched, filled with NaN when it is given
// out. What a kernel writes into the few bytes between a buffer's end and that page is found after the
// launch.
#pragma once
#include <csetjmp>
#include <csignal>
#include <map>
#include <sys/mman.h>

#include "fake_common.h"

namespace fake {

struct Allocation {
  int device;
  size_t bytes;
  char *mapping;
  size_t mapped;
};

inline constexpr size_t page = 4096, alignment = 256;
inline constexpr unsigned char poison = 0xFF;
inline std::map<unsigned long long, Allocation> allocations;
inline std::map<int, size_t> used;

inline size_t upTo(size_t value, size_t step) { return (value + step - 1) / step * step; }

inline unsigned long long allocate(int device, size_t bytes) {
  size_t room = upTo(upTo(bytes, alignment), page), mapped = room + 2 * page;
  void *mapping = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return 0;
  char *first = static_cast<char *>(mapping) + page;
  if (mprotect(first, room, PROT_READ | PROT_WRITE) != 0) return 0;
  char *start = first + room - upTo(bytes, alignment);
  memset(first, poison, room);
  unsigned long long address = reinterpret_cast<unsigned long long>(start);
  allocations[address] = {device, bytes, static_cast<char *>(mapping), mapped};
  used[device] += bytes;
  return address;
}

inline bool release(unsigned long long address) {
  auto found = allocations.find(address);
  if (found == allocations.end()) return false;
  used[found->second.device] -= found->second.bytes;
  munmap(found->second.mapping, found->second.mapped);
  allocations.erase(found);
  return true;
}

/// The buffer that an address lies in, its end included; null where there is none.
inline const Allocation *buffer(unsigned long long address, size_t bytes) {
  auto next = allocations.upper_bound(address);
  if (next == allocations.begin()) return nullptr;
  auto found = std::prev(next);
  unsigned long long offset = address - found->first;
  const Allocation &own = found->second;
  return offset <= own.bytes && bytes <= own.bytes - offset ? &own : nullptr;
}

/// False where something was written behind or before a buffer.
inline bool edgesAreWhole() {
  for (const auto &[address, own] : allocations) {
    const unsigned char *start = reinterpret_cast<const unsigned char *>(address);
    for (size_t i = own.bytes; i < upTo(own.bytes, alignment); ++i)
      if (start[i] != poison) return false;
    const unsigned char *first = reinterpret_cast<const unsigned char *>(own.mapping) + page;
    for (const unsigned char *place = start - std::min<size_t>(start - first, 64); place < start; ++place)
      if (*place != poison) return false;
  }
  return true;
}

// A kernel that touches a page outside its buffers: the launch ends there, as on a device.
inline thread_local sigjmp_buf wayOut;
inline thread_local volatile bool isInKernel = false;
inline struct sigaction earlier[2];

inline void caught(int signal, siginfo_t *, void *) {
  if (isInKernel) siglongjmp(wayOut, 1);
  sigaction(signal, &earlier[signal == SIGBUS], nullptr);
}

/// Runs what may touch memory that is not there; false where it did.
inline bool guarded(const std::function<void()> &work) {
  static bool isInstalled = false;
  if (!isInstalled) {
    isInstalled = true;
    struct sigaction action {};
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &earlier[0]);
    sigaction(SIGBUS, &action, &earlier[1]);
  }
  if (sigsetjmp(wayOut, 1) != 0) {
    isInKernel = false;
    return false;
  }
  isInKernel = true;
  work();
  isInKernel = false;
  return edgesAreWhole();
}

}  // namespace fake
