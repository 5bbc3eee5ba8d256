// The door to hwloc 2.x: only what Swift cannot import by itself is wrapped here.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// What is kept of a topology; the same for the trial and for the real load.
static inline void plimsoll_hwloc_configure(hwloc_topology_t topology) {
  // The display and OpenCL probes can start drivers or hang.
  hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "gl");
  hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "opencl");
  // The whole machine with what we may use marked: identity must not depend on a cgroup.
  hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  // hwloc drops caches in front of a memory unless asked.
  hwloc_topology_set_type_filter(topology, HWLOC_OBJ_MEMCACHE, HWLOC_TYPE_FILTER_KEEP_ALL);
}

/// What became of loading XML in a child process.
enum { PLIMSOLL_TRIAL_LOADS, PLIMSOLL_TRIAL_REFUSED, PLIMSOLL_TRIAL_CRASHED, PLIMSOLL_TRIAL_NO_CHILD };

/// Loads and writes back XML in a child: hwloc follows null pointers in files that contradict themselves, and only
/// the child dies of it. No other thread may be inside hwloc meanwhile (its locks would stay held in the child).
/// `timed_out` tells a child that was stopped after `seconds` from one that crashed.
static inline int plimsoll_hwloc_trial_once(const char *xml, int length, unsigned seconds, int *timed_out) {
  pid_t child = fork();
  if (child < 0) return PLIMSOLL_TRIAL_NO_CHILD;
  if (child == 0) {
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGTRAP};
    for (unsigned i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0) dup2(null, 2);
    alarm(seconds);
    hwloc_topology_t topology;
    char *text;
    int size;
    if (hwloc_topology_init(&topology) != 0) _exit(PLIMSOLL_TRIAL_REFUSED);
    if (hwloc_topology_set_xmlbuffer(topology, xml, length) != 0) _exit(PLIMSOLL_TRIAL_REFUSED);
    plimsoll_hwloc_configure(topology);
    if (hwloc_topology_load(topology) != 0) _exit(PLIMSOLL_TRIAL_REFUSED);
    if (hwloc_topology_export_xmlbuffer(topology, &text, &size, 0) != 0) _exit(PLIMSOLL_TRIAL_REFUSED);
    _exit(PLIMSOLL_TRIAL_LOADS);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return PLIMSOLL_TRIAL_NO_CHILD;
  }
  *timed_out = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  return WIFEXITED(status) ? WEXITSTATUS(status) : PLIMSOLL_TRIAL_CRASHED;
}

/// The same, tried again where the time ran out: a lock of the C library that another thread held at the fork (its
/// loader's, when that thread opened a library) stays held in the child, which then waits for ever. A file that
/// really takes so long gets the longest time at last.
static inline int plimsoll_hwloc_trial(const char *xml, int length) {
  static const unsigned seconds[] = {4, 4, 20};
  int outcome = PLIMSOLL_TRIAL_CRASHED;
  for (unsigned i = 0; i < sizeof seconds / sizeof *seconds; i++) {
    int timed_out = 0;
    outcome = plimsoll_hwloc_trial_once(xml, length, seconds[i], &timed_out);
    if (!timed_out) break;
  }
  return outcome;
}
