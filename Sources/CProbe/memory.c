#define _GNU_SOURCE
#include "CMemory.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel counts one bit beyond the mask.
#define NODE_BITS (PROBE_NODE_BYTES * 8 + 1)

int probe_set_memory_policy(int policy, const uint8_t nodes[PROBE_NODE_BYTES]) {
  const int isDefault = policy == PROBE_MEMORY_DEFAULT;
  return syscall(SYS_set_mempolicy, policy, isDefault ? 0 : nodes, isDefault ? 0 : NODE_BITS) == 0 ? 0 : errno;
}

int probe_get_memory_policy(int *policy, uint8_t nodes[PROBE_NODE_BYTES]) {
  return syscall(SYS_get_mempolicy, policy, nodes, NODE_BITS - 1, 0, 0) == 0 ? 0 : errno;
}

int probe_page_nodes(const void **addresses, long count, int *nodes) {
  return syscall(SYS_move_pages, 0, count, addresses, 0, nodes, 0) == 0 ? 0 : errno;
}

int probe_forbid_huge_pages(int forbid) { return prctl(PR_SET_THP_DISABLE, forbid, 0, 0, 0) == 0 ? 0 : errno; }
