// Where memory lies: NUMA policy of a thread and node of a page, by the kernel's own calls (no libnuma).
// Sources: set_mempolicy(2), get_mempolicy(2), move_pages(2).
#pragma once
#include <stdint.h>

/// Bytes of a node mask; what the policy calls exchange.
#define PROBE_NODE_BYTES 128

/// Policies, as the kernel numbers them.
enum probe_memory_policy { PROBE_MEMORY_DEFAULT = 0, PROBE_MEMORY_BIND = 2, PROBE_MEMORY_INTERLEAVE = 3 };

/// Sets the calling thread's memory policy, which threads that it starts inherit; 0 or an errno value.
int probe_set_memory_policy(int policy, const uint8_t nodes[_Nonnull PROBE_NODE_BYTES]);

/// Reads the calling thread's memory policy; 0 or an errno value.
int probe_get_memory_policy(int *_Nonnull policy, uint8_t nodes[_Nonnull PROBE_NODE_BYTES]);

/// The node of each page that holds one of these addresses, or a negative errno value (not touched yet:
/// -ENOENT); 0 or an errno value.
int probe_page_nodes(const void *_Nonnull *_Nonnull addresses, long count, int *_Nonnull nodes);

/// Forbids (1) or allows (0) transparent huge pages to the whole process; 0 or an errno value.
int probe_forbid_huge_pages(int forbid);
