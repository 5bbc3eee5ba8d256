// Runs a CUDA text on the CPU, as C++: put before the text, it gives each thread of a block a fiber. Fibers
// change only at barriers and at what a warp does together, so that a missing barrier or wait shows as a
// wrong result: copies to shared memory land when they are waited for, not before, and shared memory starts
// as NaN. Warps run one after the other, each as far as it can; with EMULATED_ORDER=1 the last first, with 2
// in turns.
//
// What stands here is the language; the instructions of Kernels/CUDA/instructions.cuh are in
// emulated_instructions.h.
#pragma once
#define PLIMSOLL_EMULATION 1

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <vector>

#if !defined(__x86_64__)
#define EMULATED_UCONTEXT 1
#endif
#if defined(EMULATED_UCONTEXT)
#include <ucontext.h>
#endif

// Each text is a library of its own: nothing of one may stand in for another's.
#pragma GCC visibility push(hidden)

#define __global__ __attribute__((visibility("default")))
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

namespace emulation {

#if !defined(EMULATED_UCONTEXT)
using Context = void *;
extern "C" __attribute__((visibility("hidden"))) void emulated_switch(void **from, void *to);
asm(R"(
  .text
  .p2align 4
  .type emulated_switch, @function
emulated_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  retq
  .size emulated_switch, . - emulated_switch
)");
inline void change(Context &from, Context &to) { emulated_switch(&from, to); }
inline void begin(Context &context, char *stack, size_t bytes, void (*entry)()) {
  // As the switch leaves it: six registers, the place to return to, and a stack aligned as after a call.
  void **top = reinterpret_cast<void **>(stack + bytes) - 2;
  top[0] = reinterpret_cast<void *>(entry);
  top[1] = nullptr;
  for (int i = 1; i <= 6; ++i) top[-i] = nullptr;
  context = top - 6;
}
#else
using Context = ucontext_t;
inline void change(Context &from, Context &to) { swapcontext(&from, &to); }
inline void begin(Context &context, char *stack, size_t bytes, void (*entry)()) {
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = bytes;
  context.uc_link = nullptr;
  makecontext(&context, entry, 0);
}
#endif

/// A copy to shared memory that has been asked for and not yet waited for.
struct Copy {
  void *to;
  const void *from;
  unsigned bytes, zeros, group;
};

enum class State { ready, waits, finished };

struct Fiber {
  Context context;
  uint3 thread;
  unsigned number, lane;
  State state;
  std::vector<Copy> copies;
  unsigned group;
};

/// Lanes that have come to what their warp does together.
struct Warp {
  void *slots[32];
  unsigned arrived, present, mask;
  const char *deed;
};

/// Threads that have come to what four warps do together.
struct Group {
  void *slots[128];
  unsigned arrived;
};

struct Block {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<Group> groups;
  Context home;
  unsigned current = 0, live = 0, atBarrier = 0;
  bool isBackward = false, takesTurns = false;
  const char *failure = nullptr;
  std::string message;
  void (*body)(void **) = nullptr;
  void **arguments = nullptr;
  unsigned char *shared = nullptr;
  size_t sharedBytes = 0;
  char *stacks = nullptr;
  size_t stackCount = 0;
};

inline Block block;
inline dim3 gridExtent, blockExtent;
inline uint3 blockPlace;
/// Passes over shared memory beyond the fewest that ldmatrix and vector accesses counted here need.
inline unsigned long long bankConflicts;
inline constexpr size_t stackBytes = 128 << 10;
inline constexpr size_t largestShared = 256 << 10;

inline Fiber &fiber() { return block.fibers[block.current]; }

/// Gives up the block: nothing that it computed counts.
[[noreturn]] inline void fail(const std::string &why) {
  Fiber &own = fiber();
  block.message = why + " (block " + std::to_string(blockPlace.x) + "," + std::to_string(blockPlace.y) + "," +
      std::to_string(blockPlace.z) + " thread " + std::to_string(own.number) + ")";
  block.failure = block.message.c_str();
  change(own.context, block.home);
  std::abort();
}

/// The next ready thread after `from` among `count` threads from `first` on, `from` the last asked; `from`
/// itself where it alone is ready, `first + count` where none is.
inline unsigned nextReady(unsigned from, unsigned first, unsigned count) {
  for (unsigned i = 1; i <= count; ++i) {
    unsigned step = block.isBackward ? count - i : i, place = first + (from - first + step) % count;
    if (block.fibers[place].state == State::ready) return place;
  }
  return first + count;
}

/// Runs another thread; back when this one is ready again. A warp goes on for as long as it can, so that it
/// is far ahead of others where no barrier holds it.
inline void pause() {
  unsigned count = unsigned(block.fibers.size()), from = block.current, next = count;
  Fiber &own = block.fibers[from];
  if (!block.takesTurns) {
    unsigned first = from - own.lane, lanes = std::min(32u, count - first);
    unsigned found = nextReady(from, first, lanes);
    if (found < first + lanes) next = found;
  }
  if (next == count) next = nextReady(from, 0, count);
  if (next == from) return;
  if (next < count) {
    block.current = next;
    return change(own.context, block.fibers[next].context);
  }
  if (block.live > 0)
    fail("all threads wait: some never come to a barrier, or to what their warp does together");
  change(own.context, block.home);
}

inline void release() {
  block.atBarrier = 0;
  for (Fiber &each : block.fibers)
    if (each.state == State::waits) each.state = State::ready;
}

inline void barrier() {
  Fiber &own = fiber();
  if (block.warps[own.number / 32].arrived != 0) fail("a barrier while other lanes act together");
  if (++block.atBarrier == block.live) return release();
  own.state = State::waits;
  pause();
}

inline void land(Fiber &own, unsigned before) {
  size_t kept = 0;
  for (const Copy &copy : own.copies) {
    if (copy.group >= before) {
      own.copies[kept++] = copy;
      continue;
    }
    std::memcpy(copy.to, copy.from, copy.bytes);
    std::memset(static_cast<char *>(copy.to) + copy.bytes, 0, copy.zeros);
  }
  own.copies.resize(kept);
}

inline void enter() {
  block.body(block.arguments);
  Fiber &own = fiber();
  land(own, ~0u);
  own.state = State::finished;
  block.warps[own.number / 32].present &= ~(1u << own.lane);
  --block.live;
  if (block.live > 0 && block.atBarrier == block.live) release();
  pause();
  std::abort();
}

/// What the lanes of `mask` do together: the last to come runs `work(slots)` while the others stand still.
template <class Slot, class Work>
inline void together(unsigned mask, const char *deed, Slot &slot, Work work) {
  Fiber &own = fiber();
  Warp &warp = block.warps[own.number / 32];
  if ((mask >> own.lane & 1) == 0) fail(std::string(deed) + ": the lane is not in its own mask");
  mask &= warp.present;
  if (warp.arrived == 0) {
    warp.deed = deed;
    warp.mask = mask;
  } else if (warp.deed != deed && std::strcmp(warp.deed, deed) != 0) {
    fail(std::string("lanes of one warp part: ") + warp.deed + " and " + deed);
  }
  warp.slots[own.lane] = &slot;
  warp.arrived |= 1u << own.lane;
  if ((warp.arrived & warp.mask) == (warp.mask & warp.present)) {
    unsigned first = own.number - own.lane, lanes = warp.arrived;
    warp.arrived = 0;
    work(reinterpret_cast<Slot **>(warp.slots));
    for (unsigned lane = 0; lane < 32; ++lane)
      if (lanes >> lane & 1) block.fibers[first + lane].state = State::ready;
    return;
  }
  own.state = State::waits;
  pause();
}

/// What four warps do together, all 128 threads: as above.
template <class Slot, class Work>
inline void groupTogether(Slot &slot, Work work) {
  Fiber &own = fiber();
  Group &group = block.groups[own.number / 128];
  unsigned first = own.number / 128 * 128;
  if (first + 128 > block.fibers.size()) fail("a group of fewer than four warps");
  group.slots[own.number - first] = &slot;
  if (++group.arrived < 128) {
    own.state = State::waits;
    return pause();
  }
  group.arrived = 0;
  work(reinterpret_cast<Slot **>(group.slots));
  for (unsigned i = 0; i < 128; ++i) block.fibers[first + i].state = State::ready;
}

/// A block of one launch, from its first thread to its last.
inline bool runBlock(dim3 extent, size_t sharedBytes) {
  unsigned count = extent.x * extent.y * extent.z;
  block.fibers.resize(count);
  block.warps.assign((count + 31) / 32, Warp{});
  block.groups.assign((count + 127) / 128, Group{});
  block.live = count;
  block.atBarrier = 0;
  std::memset(block.shared, 0xFF, sharedBytes);
  for (unsigned i = 0; i < count; ++i) {
    Fiber &each = block.fibers[i];
    each.thread = {i % extent.x, i / extent.x % extent.y, i / extent.x / extent.y};
    each.number = i;
    each.lane = i % 32;
    each.state = State::ready;
    each.copies.clear();
    each.group = 0;
    block.warps[i / 32].present |= 1u << each.lane;
    begin(each.context, block.stacks + i * stackBytes, stackBytes, enter);
  }
  block.current = block.isBackward ? count - 1 : 0;
  change(block.home, fiber().context);
  return block.failure == nullptr;
}

}  // namespace emulation

#define threadIdx (emulation::fiber().thread)
#define blockIdx emulation::blockPlace
#define blockDim emulation::blockExtent
#define gridDim emulation::gridExtent

/// Runs `body(arguments)` for every thread of the grid, block after block. Nil, or why it could not: a
/// sentence that stays until the next run.
inline const char *emulated_run(
    void (*body)(void **), void **arguments, dim3 grid, dim3 extent, size_t sharedBytes) {
  using namespace emulation;
  size_t count = size_t(extent.x) * extent.y * extent.z;
  if (count == 0 || count > 1024) return "a block has 1 to 1024 threads";
  if (sharedBytes > largestShared) return "more shared memory than any block may have";
  if (block.stackCount < count) {
    if (block.stacks) munmap(block.stacks, block.stackCount * stackBytes);
    void *memory = mmap(
        nullptr, count * stackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
        0);
    block.stackCount = 0;
    if (memory == MAP_FAILED) return "no memory for the stacks of a block";
    block.stacks = static_cast<char *>(memory);
    block.stackCount = count;
  }
  if (!block.shared) block.shared = static_cast<unsigned char *>(std::aligned_alloc(1024, largestShared));
  const char *order = std::getenv("EMULATED_ORDER");
  block.isBackward = order && *order == '1';
  block.takesTurns = order && *order == '2';
  block.body = body;
  block.arguments = arguments;
  block.sharedBytes = sharedBytes;
  block.failure = nullptr;
  gridExtent = grid;
  blockExtent = extent;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        blockPlace = {x, y, z};
        if (!runBlock(extent, sharedBytes)) return block.failure;
      }
  return nullptr;
}

#include "emulated_language.h"
#include "emulated_instructions.h"

#pragma GCC visibility pop
