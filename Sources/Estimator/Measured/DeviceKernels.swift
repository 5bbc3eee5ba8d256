// From the rows of a result file to rows of measured_kernels.csv: what a device of this machine measured becomes
// evidence about its chip, in the schema of what others published.

public import Catalog
public import Quantities
public import Results

/// The device rows of a result file as kernel rows of the catalogue.
public struct DeviceKernels: Sendable {
  /// One device of the file.
  public struct Device: Sendable, Hashable {
    /// Where it was measured, e.g. `cuda:0`.
    public let placement: String
    /// The driver's name of it.
    public let name: String
    /// Id of its chip in accelerators.csv.
    public let accelerator: String
    /// Run that measured it; the last where a file has several.
    public let run: String
    /// Day on which that run began.
    public let day: String
  }

  /// Rows that became none, by reason.
  public struct Left: Sendable, Hashable {
    /// Why, as a clause.
    public let reason: String
    /// How many.
    public let rows: Int
  }

  /// Devices whose chip the catalogue knows, in the order of the file.
  public let devices: [Device]
  /// Kernel rows with the split `measured`, one a problem: the fastest implementation's.
  public let kernels: [MeasuredKernel]
  /// Devices whose chip the catalogue does not know.
  public let gaps: [Gap]
  /// Device rows that no kernel row stands for, most frequent reason first.
  public let left: [Left]

  /// The device rows among `rows`; those of a host are not read.
  ///
  /// Of a problem that was measured with its operands in a cache and without, the second stands: a served model's
  /// weights are never in one. Of several devices of a chip the fastest stands.
  /// - Parameter file: name of the file for the rows' sources, without its folder.
  /// - Complexity: O(rows x chips).
  public init(_ rows: [ResultRow], file: String, catalog: Catalog) {
    var devices: [Device] = []
    var gaps: [Gap] = []
    var chips: [String: Accelerator] = [:]
    var left: [String: Int] = [:]
    var best: [Problem: (row: ResultRow, kernel: MeasuredKernel)] = [:]
    var order: [Problem] = []
    let measured = rows.filter(\.isOnDevice)
    let largest = DeviceKernels.largestArrays(measured)
    for row in measured {
      if chips[row.deviceName] == nil {
        switch acceleratorMeant(byDriver: row.deviceName, among: catalog.accelerators) {
        case .success(let chip): chips[row.deviceName] = chip
        case .failure(let gap): if !gaps.contains(gap) { gaps.append(gap) }
        }
      }
      guard let chip = chips[row.deviceName] else {
        left["its chip is not in the catalogue", default: 0] += 1
        continue
      }
      if let place = devices.firstIndex(where: { $0.placement == row.placement && $0.name == row.deviceName })
      {
        if devices[place].run < row.runId { devices[place] = Device(row, chip) }
      } else {
        devices.append(Device(row, chip))
      }
      switch MeasuredKernel.from(row, of: chip, file: file, largestArray: largest[ArrayKey(row)]) {
      case .refused(let reason): left[reason, default: 0] += 1
      case .kernel(let kernel):
        let problem = Problem(kernel)
        guard let other = best[problem] else {
          order.append(problem)
          best[problem] = (row, kernel)
          continue
        }
        let isBetter =
          row.isCold == other.row.isCold
          ? kernel.isFaster(than: other.kernel) : row.isCold
        left["another row of the same problem is colder or faster", default: 0] += 1
        if isBetter { best[problem] = (row, kernel) }
      }
    }
    self.devices = devices
    self.gaps = gaps
    kernels = order.compactMap { best[$0]?.kernel }
    self.left = left.map { Left(reason: $0.key, rows: $0.value) }
      .sorted { ($1.rows, $0.reason) < ($0.rows, $1.reason) }
  }

  /// The largest array of each probe at each place: smaller ones tell of a cache.
  private static func largestArrays(_ rows: [ResultRow]) -> [ArrayKey: Int] {
    rows.reduce(into: [:]) { largest, row in
      guard row.status == .ok, let bytes = row.arrayBytes else { return }
      largest[ArrayKey(row)] = max(bytes, largest[ArrayKey(row)] ?? 0)
    }
  }

  private struct ArrayKey: Hashable {
    let run, placement, kernel: String
    init(_ row: ResultRow) { (run, placement, kernel) = (row.runId, row.placement, row.kernel) }
  }
}

extension DeviceKernels.Device {
  fileprivate init(_ row: ResultRow, _ chip: Accelerator) {
    placement = row.placement
    name = row.deviceName
    accelerator = chip.id
    run = row.runId
    day = String(row.runStartedUtc.prefix(10))
  }
}

/// What two kernel rows of one problem share, whoever measured them.
struct Problem: Hashable {
  let accelerator: String
  let kernel: String
  let dtype: String
  let sizes: [Int?]
  let headDim: String

  /// Half precision and bfloat16 run at one rate: published rows name now the one, now the other.
  init(_ row: MeasuredKernel, accelerator: String? = nil, joinsHalves: Bool = false) {
    self.accelerator = accelerator ?? row.accelerator
    let name = row.kernelName
    kernel = name.hasPrefix("gemm") ? "gemm" : name
    // Bytes are bytes in any type, and the array of a probe is how it was measured, not what.
    dtype = name.isBandwidth ? "" : joinsHalves && row.dtype == "fp16" ? "bf16" : row.dtype
    sizes = [row.m, row.n, row.k, row.batch, row.seqlen, row.heads, row.kvHeads]
    headDim = row.headDim
  }
}

/// A result row as a kernel row, or why it is none.
enum KernelFromRow {
  case kernel(MeasuredKernel)
  case refused(String)
}

extension MeasuredKernel {
  fileprivate func isFaster(than other: MeasuredKernel) -> Bool {
    guard let value, let rival = other.value else { return value != nil }
    return metric == "latency" ? value < rival : value > rival
  }

  /// The kernel row that a device's result row stands for.
  static func from(
    _ row: ResultRow, of chip: Accelerator, file: String, largestArray: Int?
  ) -> KernelFromRow {
    guard row.status == .ok else { return .refused("its status is \(row.status.rawValue)") }
    guard let seconds = row.timeMedianSeconds, seconds > 0 else { return .refused("it has no time") }
    guard let name = name(row) else { return .refused("\(row.kernel) is no kernel of the tables") }
    if let bytes = row.arrayBytes, let largestArray, bytes < largestArray {
      return .refused("a smaller array of a probe tells of a cache")
    }
    var kernel = MeasuredKernel()
    kernel.id = "\(row.runId)/\(row.rowKey)"
    kernel.source = "run \(row.runId)"
    kernel.sourceUrlOrRepoPath = file
    kernel.date = String(row.runStartedUtc.prefix(10))
    kernel.accelerator = chip.id
    kernel.kernel = "\(name) (\(row.impl))"
    kernel.dtype =
      ["f16": "fp16", "f32": "fp32", "f64": "fp64", "f8_e4m3": "fp8", "i8": "int8"][row.dtypeA]
      ?? row.dtypeA
    kernel.split = measuredSplit
    kernel.curated = false
    kernel.notes = [
      row.shapeId, row.deviceName, row.implIsaPath, row.isCold ? "cold" : row.cacheMode,
      row.nProcesses.map { "\($0) processes" } ?? "", row.transB == true ? "weights (n, k)" : "",
      row.blockKeys.map { "blocks of \($0) keys" } ?? "",
    ].filter { !$0.isEmpty }.joined(separator: "; ")
    kernel.setSizes(row)
    if row.kernel == "type_peak" {
      guard let rate = row.gflopsMedian else { return .refused("it has no rate") }
      (kernel.metric, kernel.value, kernel.unit) = (
        "tflops", Unit.teraflops.fromBase(Unit.gigaflops.toBase(rate)), "TFLOPS"
      )
    } else if name.isBandwidth, let rate = row.gbytesPerSecondMedian {
      (kernel.metric, kernel.value, kernel.unit) = ("bandwidth", rate, "GB/s")
    } else {
      (kernel.metric, kernel.value, kernel.unit) = (
        "latency", Unit.microsecond.fromBase(seconds), "us"
      )
    }
    if case .reading(let reading) = kernel.row,
      let utilisation = reading.utilisation(on: chip), utilisation > 1 + utilisationTolerance
    {
      return .refused("faster than the data sheet of its chip allows: its operands stayed in a cache")
    }
    return .kernel(kernel)
  }

  private mutating func setSizes(_ row: ResultRow) {
    switch row.kernel {
    case "gemm":
      (m, n, k) = (row.m, row.n, row.k)
      if (row.batch ?? 1) > 1 { batch = row.batch }
    case "grouped_gemm":
      let groups = row.groups ?? row.batch ?? 1
      // m of a grouped product counts the rows of all groups; the tables want those of one.
      (m, n, k, batch) = (row.m.map { max(1, $0 / max(1, groups)) }, row.n, row.k, groups)
    case "attention_prefill", "attention_decode":
      (batch, seqlen, heads, kvHeads) = (row.batch ?? 1, row.seqKv, row.headsQ, row.headsKv)
      let sizes = [row.headDimQk, row.headDimV].compactMap { $0 }
      headDim = Set(sizes).sorted(by: >).map(String.init).joined(separator: "/")
    case "memory_read", "memory_copy", "memory_triad", "host_to_device", "device_to_host", "peer_copy":
      bytes = row.arrayBytes
      numGpus = row.kernel == "peer_copy" ? 2 : nil
    default: (m, n, k) = (row.m, row.n, row.k)
    }
  }

  /// The name that published rows give the kernel; nil for one that is not about a single kernel.
  private static func name(_ row: ResultRow) -> String? {
    switch row.kernel {
    case "gemm": (row.batch ?? 1) > 1 ? "batched gemm" : "gemm"
    case "grouped_gemm": "grouped gemm contiguous"
    case "attention_prefill":
      row.causal == true && row.window == nil && row.seqQ == row.seqKv
        && row.headDimV ?? row.headDimQk
          == row.headDimQk
        ? "attention prefill causal" : "attention prefill"
    case "attention_decode":
      row.window == nil && row.headDimV ?? row.headDimQk == row.headDimQk
        && (row.dtypeB.isEmpty || row.dtypeB == row.dtypeA)
        ? "attention decode" : "attention decode of another kind"
    case "memory_read": "hbm stream read"
    case "memory_copy": "hbm stream copy"
    case "memory_triad": "hbm stream triad"
    case "host_to_device": "memcpy host-to-device"
    case "device_to_host": "memcpy device-to-host"
    case "peer_copy": "p2p copy unidirectional"
    case "type_peak": "type peak"
    case "launch_latency": "launch latency"
    case "graph_replay": "graph replay"
    case "rmsnorm", "residual_rmsnorm", "rope_half", "silu_mul":
      row.kernel.split(separator: "_").joined(separator: " ")
    default: nil
    }
  }
}

extension String {
  /// True for kernels that are told by bytes a second.
  fileprivate var isBandwidth: Bool { hasPrefix("hbm") || hasPrefix("memcpy") || hasPrefix("p2p") }
}
