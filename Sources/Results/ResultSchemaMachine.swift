// Columns that say which machine, and which place of a fleet, the row comes from.

import Tables

extension ResultColumns {
  static let machine: [Column<ResultRow>] = [
    .text(
      "machine_id",
      "Hash of what makes machines alike: CPU, counts, caches, instruction sets",
      \.machineId),
    .text("machine_label", "Readable name of the machine without its host name", \.machineLabel),
    .text("cpu_vendor", "CPU vendor", \.cpuVendor),
    .text("cpu_model_name", "CPU name", \.cpuModelName),
    .text("cpu_family", "CPU family number", \.cpuFamily),
    .text("cpu_model", "CPU model number", \.cpuModel),
    .text("cpu_stepping", "CPU stepping", \.cpuStepping),
    .text("microcode", "Microcode revision", \.microcode),
    .text("isa_features", "Instruction-set extensions that matter for kernels", \.isaFeatures),
    .integer("packages", "Sockets", \.packages),
    .integer("numa_nodes", "NUMA nodes", \.numaNodes),
    .integer("l3_domains", "Level 3 caches", \.l3Domains),
    .integer("l2_domains", "Level 2 caches", \.l2Domains),
    .integer("cores", "Physical cores as reported", \.cores),
    .integer("pus", "Hardware threads", \.pus),
    .integer("smt_width", "Hardware threads per core", \.smtWidth),
    .text("core_kinds", "Kinds of cores", \.coreKinds),
    .integer("l1d_bytes", "Level 1 data cache, one instance", \.l1dBytes),
    .integer("l2_bytes", "Level 2 cache, one instance", \.l2Bytes),
    .integer("l3_bytes", "Level 3 cache, one instance", \.l3Bytes),
    .integer("l3_total_bytes", "All level 3 caches together", \.l3TotalBytes),
    .text("topology_source", "`hwloc`", \.topologySource),
    .text(
      "topology_trust",
      "`host`, `guest` (cache sizes and sharing are as reported) or `imported`",
      \.topologyTrust),
    .text("hypervisor", "Hypervisor, empty when none was seen", \.hypervisor),
    .text("container", "Container engine, empty when none was seen", \.container),
    .text("usable_cpuset_list", "Processing units that this process may use", \.usableCpusetList),
    .number("cpu_quota_cores", "CPUs' worth of quota, empty = none", \.cpuQuotaCores),
    .integer("mem_total_bytes", "Memory that the operating system shows", \.memTotalBytes),
    .text("governor", "Frequency governor", \.governor),
    .flag("turbo", "1 = turbo frequencies allowed", \.turbo),
    .flag("numa_balancing", "1 = the kernel moves pages between nodes", \.numaBalancing),
    .text("thp_mode", "Transparent huge pages: `always`, `madvise`, `never`", \.thpMode),
    .integer("aslr", "Address-space randomisation level", \.aslr),
    .text("mitigations", "CPU vulnerabilities that the kernel mitigates", \.mitigations),
    .text("arch", "Architecture", \.arch),
    .text("os_pretty", "Operating system", \.osPretty),
    .text("os_kernel", "Kernel release", \.osKernel),
    .text("libc", "C library", \.libc),
    .text("hwloc_version", "Version of hwloc", \.hwlocVersion),
    .text("accelerators", "GPUs and other accelerators that are present", \.accelerators),
  ]

  static let fleet: [Column<ResultRow>] = [
    .text("host_label", "Label of the host as the user gave it", \.hostLabel),
    .text("scheduler", "Batch scheduler", \.scheduler),
    .text("job_id", "Job of the scheduler", \.jobId),
    .integer("node_rank", "Rank of the node in the job", \.nodeRank),
    .integer("node_count", "Nodes of the job", \.nodeCount),
    .integer("task_rank", "Rank of the task", \.taskRank),
    .integer("task_count", "Tasks of the job", \.taskCount),
  ]
}
