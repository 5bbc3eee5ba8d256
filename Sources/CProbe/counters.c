// The processor's own counters through perf_event_open: user mode only, which the default paranoia of most
// systems allows; absent in many guests and containers.
#define _GNU_SOURCE
#include "CProbe.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int probe_counter_open(int kind) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = kind == PROBE_COUNTER_TASK_NANOSECONDS ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
  attributes.config = kind == PROBE_COUNTER_CYCLES         ? PERF_COUNT_HW_CPU_CYCLES
                      : kind == PROBE_COUNTER_INSTRUCTIONS ? PERF_COUNT_HW_INSTRUCTIONS
                                                           : PERF_COUNT_SW_TASK_CLOCK;
  attributes.inherit = 1;  // threads made later count too
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  long descriptor = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  return descriptor < 0 ? -errno : (int)descriptor;
}

int probe_counter_read(int descriptor, uint64_t values[3]) {
  const size_t wanted = 3 * sizeof(uint64_t);
  return read(descriptor, values, wanted) == (ssize_t)wanted ? 0 : -1;
}
