// What Swift cannot ask the machine by itself: CPU features, thread pinning, an optimisation barrier.
// Built with baseline flags only: code that asks "is there AVX-512?" must not itself need it.
#pragma once
#include "CMemory.h"
#include <stdint.h>

/// Hides a pointer's memory from the optimiser: everything reachable may have been read or written.
void probe_escape(const void *_Nullable pointer);

/// Binds the calling thread to one CPU; 0 or an errno value.
int probe_pin_to_cpu(int cpu);

/// CPU that the calling thread runs on now, or -1.
int probe_current_cpu(void);

/// Bytes of a full affinity mask; what probe_get_mask and probe_set_mask exchange.
#define PROBE_MASK_BYTES 1024

/// Reads the calling thread's affinity mask; 0 or an errno value.
int probe_get_mask(uint8_t mask[_Nonnull PROBE_MASK_BYTES]);

/// Restores the calling thread's affinity mask; 0 or an errno value.
int probe_set_mask(const uint8_t mask[_Nonnull PROBE_MASK_BYTES]);

/// Tells the core that this is a spin loop.
void probe_pause(void);

/// 1 where both the CPU and the operating system support the feature set: x86-64-v3 (AVX2, FMA …).
int probe_has_avx2(void);

/// As above for x86-64-v4 (AVX-512 F, BW, CD, DQ, VL).
int probe_has_avx512(void);

/// 1 if CPU and system support AVX-512 with VNNI and BF16 too.
int probe_has_avx512_bf16(void);

/// 1 if CPU and system support AVX-512 with VNNI, BF16 and FP16.
int probe_has_avx512_fp16(void);

/// The four CPUID registers EAX, EBX, ECX, EDX; zeros where the CPU has no CPUID.
void probe_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[_Nonnull 4]);

/// The name of the feature with this index, null after the last.
const char *_Nullable probe_feature_name(int32_t index);

/// 1 when both the CPU and the operating system support the feature with this index.
int32_t probe_feature_supported(int32_t index);

/// What a counter counts: in user mode, for the calling thread and all threads that it starts later.
#define PROBE_COUNTER_CYCLES 0
#define PROBE_COUNTER_INSTRUCTIONS 1
#define PROBE_COUNTER_TASK_NANOSECONDS 2

/// Opens a running counter; a descriptor, or a negative errno value where the system gives none.
int probe_counter_open(int kind);

/// Reads value, nanoseconds enabled and nanoseconds running; 0, or -1 on failure.
int probe_counter_read(int descriptor, uint64_t values[_Nonnull 3]);
