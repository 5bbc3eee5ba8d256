// Columns that say what ran, by whom and where: identity, problem, implementation, placement.

import Tables

extension ResultColumns {
  static let identity: [Column<ResultRow>] = [
    .integer("schema_version", "Version of this table's columns", \.schemaVersion),
    .text(
      "row_key",
      "Hash of problem, implementation, placement, cache mode and page mode: equal keys are comparable",
      \.rowKey),
    .text("run_id", "Identifier of the run that measured the row", \.runId),
    .text("run_started_utc", "Start of the run, UTC, ISO 8601", \.runStartedUtc),
    .text("row_finished_utc", "End of the row's last sample, UTC, ISO 8601", \.rowFinishedUtc),
    .text("suite", "Name of the suite", \.suite),
    .integer("suite_version", "Version of the suite's list of rows", \.suiteVersion),
    .text("tags", "Free labels of the run", \.tags),
    .text("device_kind", "What executed the row: `cpu` or `gpu`", \.deviceKind),
    .text(
      "device_name", "Product name of the device by its driver; the CPU's model name for `cpu`", \.deviceName),
    .integer("device_count", "Devices that worked together; packages for `cpu`", \.deviceCount),
  ]

  static let problem: [Column<ResultRow>] = [
    .text(
      "kernel",
      "What is computed: `gemm`, `attention_prefill`, `attention_decode`, `fma_peak`, `memory_read`, `memory_copy`, `memory_triad`, `launch_latency`, `graph_replay`, `host_to_device`, `device_to_host`, `peer_copy`, `decoder_layer` (the whole or, by `layer`, one operator), or an element-wise kernel such as `rmsnorm` (listed in SuiteData/README.md)",
      \.kernel),
    .text("phase", "`prefill`, `decode`, `training`, `square` or `ceiling`", \.phase),
    .text("shape_id", "Readable name of the shape", \.shapeId),
    .integer("batch", "Independent problems; sequences for attention", \.batch),
    .integer("m", "GEMM: rows of C", \.m),
    .integer("n", "GEMM: columns of C", \.n),
    .integer("k", "GEMM: inner dimension", \.k),
    .flag("trans_a", "GEMM: 1 = A is stored transposed", \.transA),
    .flag("trans_b", "GEMM: 1 = B is stored transposed", \.transB),
    .integer("groups", "Experts of a grouped GEMM", \.groups),
    .integer("heads_q", "Attention: query heads", \.headsQ),
    .integer("heads_kv", "Attention: key and value heads", \.headsKv),
    .integer("head_dim_qk", "Attention: elements per query and key head", \.headDimQk),
    .integer("head_dim_v", "Attention: elements per value head", \.headDimV),
    .integer("seq_q", "Attention: queries per sequence", \.seqQ),
    .integer("seq_kv", "Attention: keys per sequence", \.seqKv),
    .flag("causal", "Attention: 1 = query i sees keys up to i only", \.causal),
    .integer("array_bytes", "Memory probes: bytes of one array", \.arrayBytes),
    .text("dtype_a", "Element type of the first operand (activations)", \.dtypeA),
    .text("dtype_b", "Element type of the second operand (weights, keys, values)", \.dtypeB),
    .text("dtype_acc", "Element type of the accumulators", \.dtypeAcc),
    .text("dtype_out", "Element type of the result", \.dtypeOut),
    .text(
      "layout",
      "Storage order of the matrices, for attention of its keys and values: rows, blocks, blocks with `(dim, keys)` keys, or latent ones that are both",
      \.layout),
    .number("flop", "Arithmetic of one execution in FLOP; a multiply-add counts 2", \.flop),
    .number("min_bytes", "Compulsory traffic of one execution in bytes: each operand once", \.minBytes),
    .number("arithmetic_intensity_flop_per_byte", "flop / min_bytes", \.arithmeticIntensityFlopPerByte),
  ]

  static let implementation: [Column<ResultRow>] = [
    .text(
      "impl",
      "Who computes: `swift`, `openblas`, on a device `cuda` (its own texts) or `cublaslt`, or a peer by its name",
      \.impl),
    .text("impl_version", "Version of the implementation", \.implVersion),
    .text(
      "impl_isa_path", "Instruction set of the code that ran; of a device with the algorithm that was chosen",
      \.implIsaPath),
    .text("blas_name", "Name of the BLAS library", \.blasName),
    .text("blas_version", "Version of the BLAS library", \.blasVersion),
    .text("blas_corename", "Kernel set that the BLAS chose, as it reports it", \.blasCorename),
    .flag(
      "blas_corename_forced",
      "1 = the kernel set was named by OPENBLAS_CORETYPE, by the user or by this program's probe",
      \.blasCorenameForced),
    .text("blas_config", "Configuration string of the BLAS library", \.blasConfig),
    .integer("blas_threads", "Threads that the BLAS reports", \.blasThreads),
    .text("harness_version", "Version of this program", \.harnessVersion),
    .text("harness_commit", "Source revision of this program", \.harnessCommit),
    .flag("harness_dirty", "1 = built from changed sources", \.harnessDirty),
    .text("build_mode", "`release` or `debug`", \.buildMode),
    .text("swift_version", "Version of the Swift compiler", \.swiftVersion),
    .text(
      "target_cpu_flags",
      "Instruction-set level that the implementation's object code was built for",
      \.targetCpuFlags),
  ]

  static let placement: [Column<ResultRow>] = [
    .text("placement", "Name by kind and index, e.g. `core0`, `machine`, `cuda:0`", \.placement),
    .text(
      "placement_kind", "`core`, `l2`, `l3`, `numa`, `package`, `kind`, `machine` or `device`",
      \.placementKind),
    .text("core_kind", "Kind of cores where the machine has several", \.coreKind),
    .text("smt_mode", "`off` = one thread per core, `on` = all hardware threads", \.smtMode),
    .integer("threads", "Threads that computed", \.threads),
    .text("cpuset_list", "Processing units by operating-system number", \.cpusetList),
    .text("numa_nodes_list", "NUMA nodes of those units", \.numaNodesList),
    .text("memory_policy", "Where pages were asked to be: `first_touch`", \.memoryPolicy),
    .text("memory_nodes_list", "NUMA nodes that the memory policy names", \.memoryNodesList),
    .integer("replicas", "Copies of the problem that ran at once", \.replicas),
    .text(
      "cache_mode",
      "`hot` = same buffers each time, `weights_cold` = weights rotate through four times the last-level caches",
      \.cacheMode),
    .text("page_mode", "Pages asked for: `default`, `huge`, `never`", \.pageMode),
    .number(
      "huge_page_backing_fraction",
      "Share of the buffers that huge pages really backed",
      \.hugePageBackingFraction),
    .flag("binding_verified", "1 = the process ran with exactly the CPU mask asked for", \.bindingVerified),
    .flag(
      "memory_location_verified",
      "1 = pages were found on the nodes asked for",
      \.memoryLocationVerified),
  ]
}
