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
static inline int plimsoll_hwloc_trial(const char *xml, int length, unsigned seconds) {
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
  return WIFEXITED(status) ? WEXITSTATUS(status) : PLIMSOLL_TRIAL_CRASHED;
}
