// What Swift cannot ask the machine by itself: CPU features, thread pinning, an optimisation barrier.
// Built with baseline flags only: code that asks "is there AVX-512?" must not itself need it.
#pragma once
#include <stdint.h>

/// Hides a pointer's memory from the optimiser: everything reachable may have been read or written.
void probe_escape(const void *_Nullable pointer);
