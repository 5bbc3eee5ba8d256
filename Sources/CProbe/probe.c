#define _GNU_SOURCE
#include "CProbe.h"

#include <errno.h>
#include <sched.h>

_Static_assert(PROBE_MASK_BYTES % sizeof(unsigned long) == 0, "the kernel reads whole words");

void probe_escape(const void *pointer) { __asm__ volatile("" : : "r"(pointer) : "memory"); }

int probe_pin_to_cpu(int cpu) {
  if (cpu < 0 || cpu >= PROBE_MASK_BYTES * 8) return EINVAL;
  uint8_t mask[PROBE_MASK_BYTES] = {0};
  mask[cpu / 8] = (uint8_t)(1u << (cpu % 8));
  return probe_set_mask(mask);
}

int probe_current_cpu(void) { return sched_getcpu(); }

int probe_get_mask(uint8_t mask[PROBE_MASK_BYTES]) {
  return sched_getaffinity(0, PROBE_MASK_BYTES, (cpu_set_t *)mask) == 0 ? 0 : errno;
}

int probe_set_mask(const uint8_t mask[PROBE_MASK_BYTES]) {
  return sched_setaffinity(0, PROBE_MASK_BYTES, (const cpu_set_t *)mask) == 0 ? 0 : errno;
}

void probe_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The builtin also asks whether the operating system saves the registers.
int probe_has_avx2(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
  return 0;
#endif
}

int probe_has_avx512(void) {
#if defined(__x86_64__)
  return probe_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}
