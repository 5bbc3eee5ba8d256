// One instruction a shim, no loops: what Swift has no spelling for.
// The header is compiled with the flags of the importing Swift module.
#pragma once

/// Asks for the cache line at `address` ahead of a read.
static inline __attribute__((always_inline)) void instruction_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 3);
}
