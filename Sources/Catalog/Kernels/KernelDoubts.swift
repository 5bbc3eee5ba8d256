// Rows of measured_kernels.csv that contradict themselves or their machine, each excluded by a rule with its
// reason. They stay in the file, so that a reader sees what was published; no table is built from them.

/// A group of rows that is not believed.
struct KernelDoubt: Sendable {
  /// Why, as a sentence.
  let reason: String
  /// True for a row of the group.
  let holds: @Sendable (MeasuredKernel) -> Bool
}

/// The documented groups, in the order in which they are tried.
let kernelDoubts: [KernelDoubt] = [
  KernelDoubt(reason: "the same file has decode attention at 1.5 times the A100's memory peak") {
    $0.kernel.hasPrefix("attention decode (trtllm 1.0.0") && $0.accelerator.hasPrefix("A100")
  },
  KernelDoubt(reason: "the file of the B300 is a byte copy of that of the GB300") {
    $0.accelerator.hasPrefix("B300") && $0.kernel.contains("sglang 0.5.14")
  },
  KernelDoubt(reason: "FP8 at the speed of bf16: the chip has no FP8 rate to measure") {
    $0.accelerator.hasPrefix("Arc Pro B60") && $0.dtype.hasPrefix("fp8")
  },
  KernelDoubt(reason: "eight ranks at 1 to 2 GB/s over links of 32 GB/s: the transfers went through the host")
  {
    $0.accelerator == "L40S" && $0.numGpus == 8 && $0.kernel.contains("NCCL")
  },
  // Reads of 67 MB run at 2.4 times the memory's peak, of 134 MB at 0.75: what lies below stays in the cache
  // from one repetition to the next, which no served model's weights do.
  KernelDoubt(reason: "operands below 100 MB stay in the L40S's cache between repetitions") {
    $0.accelerator == "L40S" && $0.footprint < 1e8
  },
  KernelDoubt(reason: "above the chip's dense peak: the card runs above the clock of its data sheet") {
    $0.id == "k-lss-0021"
  },
  KernelDoubt(reason: "the source does not say what its size column counts") {
    $0.source.hasPrefix("Vidur") && $0.kernel == "all_reduce"
  },
  KernelDoubt(reason: "the source does not say whether the backward pass is in it") {
    $0.kernel.contains("pass not stated")
  },
  KernelDoubt(reason: "a power law of routing: how many experts were touched is not published") {
    $0.kernel.hasPrefix("MoE layer") && $0.kernel.contains("power_law")
  },
  KernelDoubt(reason: "repeats the time of the row in TFLOPS") {
    $0.kernel.hasPrefix("gemm") && $0.metric == "bandwidth"
  },
  KernelDoubt(reason: "between servers: another network than the scale-up domain") {
    $0.notes.contains("InfiniBand") || $0.notes.contains("EFA")
  },
]

extension MeasuredKernel {
  /// The reason why this row is not believed, or nil.
  public var documentedDoubt: String? { kernelDoubts.first { $0.holds(self) }?.reason }

  /// Bytes that a repetition mostly reads: the weights of a product of few rows, or the cache of attention.
  fileprivate var footprint: Double {
    if kernel.hasPrefix("gemm"), let m, m < 256, let n, let k {
      return Double(n) * Double(k) * (dtype.hasPrefix("fp8") ? 1 : 2)
    }
    if kernel.hasPrefix("attention decode"), let bytes { return Double(bytes) }
    return .infinity
  }
}
