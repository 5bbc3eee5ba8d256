// A row of measured_kernels.csv as a point of an operation: what ran, how much work it was, how long it took.
// A row that cannot be a point says why; nothing is dropped silently.

public import Quantities

/// A row as a point, or the reason why it is none.
public enum KernelRow: Sendable, Hashable {
  case reading(KernelReading)
  case refused(reason: String)
}

/// One measured call.
public struct KernelReading: Sendable, Hashable {
  /// Who called the kernel.
  public enum Level: String, Sendable, Hashable {
    /// A layer of a serving engine, its quantisation included.
    case engine
    /// A library at a shape chosen for it: the best case.
    case library
  }

  /// Id of the row.
  public let id: String
  /// Accelerator as the source names it.
  public let accelerator: String
  /// What was computed.
  public let operation: KernelOperation
  /// Number format of the operands; of the arithmetic for attention.
  public let format: KernelFormat
  /// Format of the cache where the operation reads one.
  public let cacheBytesPerElement: Double?
  /// Library or engine with its version.
  public let engine: String
  /// Engine or library.
  public let level: Level
  /// First coordinate of the operation's table: rows m; rows an expert; tokens S; bytes.
  public let x: Double
  /// Second coordinate: n·k; hidden x inner width; heads of the batch B·h; ranks; 1 where there is none.
  public let y: Double
  /// Arithmetic and bytes.
  public let work: KernelWork
  /// Ranks of a collective; 1 otherwise.
  public let ranks: Int
  /// How long it took.
  public let time: Seconds
  /// True where the row may fit constants.
  public let isCalibration: Bool
  /// True for a row of a result file of this program: it speaks for its own chip alone, and fits nothing.
  public let isMeasured: Bool
}

extension MeasuredKernel {
  /// The point that this row is. A rate becomes a time by the declared work.
  public var row: KernelRow {
    if let reason = documentedDoubt { return .refused(reason: reason) }
    guard let operation else { return .refused(reason: "'\(kernelName)' is no operation of the tables") }
    guard operation == .memoryStream || operation.isCollective || format != nil else {
      return .refused(reason: "no number format '\(dtype)'")
    }
    guard let shape = shape(operation) else { return .refused(reason: "no shape") }
    guard let time = time(operation, shape.work) else { return .refused(reason: "no time in '\(unit)'") }
    return .reading(
      KernelReading(
        id: id, accelerator: accelerator, operation: operation, format: format ?? .bf16,
        cacheBytesPerElement: operation == .latentDecode ? cacheBytes : nil, engine: engineName, level: level,
        x: shape.x, y: shape.y, work: shape.work, ranks: operation.isCollective ? numGpus ?? 1 : 1,
        time: time, isCalibration: split == "calibration",
        isMeasured: isMeasured))
  }

  /// True for a row of a result file of this program.
  public var isMeasured: Bool { split == MeasuredKernel.measuredSplit }
  /// The split of such rows.
  public static let measuredSplit = "measured"

  /// The kernel without the engine in parentheses.
  public var kernelName: String { String(kernel.prefix { $0 != "(" }).trimmed }

  /// The engine or library in parentheses, or the source where none stands there.
  public var engineName: String {
    let inside = kernel.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" && $0 != "," }
    return inside.isEmpty ? source : String(inside)
  }

  private var operation: KernelOperation? {
    let name = kernelName
    if name.hasPrefix("gemm") { return .product }
    if name.hasPrefix("hbm") { return .memoryStream }
    switch name {
    case "grouped gemm contiguous", "grouped gemm masked": return .groupedProduct
    case "MoE layer": return .expertLayer
    case "attention prefill causal": return .prefillAttention
    case "attention decode": return .decodeAttention
    case "MLA decode": return .latentDecode
    case "all_reduce": return .allReduce
    case "all_gather": return .allGather
    case "reduce_scatter": return .reduceScatter
    case "alltoall": return .allToAll
    default: return nil
    }
  }

  private var format: KernelFormat? {
    switch dtype {
    case "bf16", "fp16": .bf16
    case "fp8": kernelName.hasPrefix("grouped gemm") ? .fp8Block : .fp8
    case "fp8 block", "fp8_block", "fp8 (1x128/128x128 scales)": .fp8Block
    case "nvfp4", "fp4": .fp4
    // Latent attention computes in bf16 whatever its cache is.
    case "bfloat16 (KV bfloat16)", "bfloat16 (KV fp8)": .bf16
    default: nil
    }
  }

  private var cacheBytes: Double { dtype.contains("KV fp8") ? 1 : 2 }

  /// Layers of engines are measured as engines call them; the others show what a library can do.
  private var level: KernelReading.Level {
    source.hasPrefix("aiconfigurator") || source.hasPrefix("Vidur") || source.hasPrefix("LLMServingSim")
      ? .engine : .library
  }

  private func shape(_ operation: KernelOperation) -> (x: Double, y: Double, work: KernelWork)? {
    func number(_ value: Int?) -> Double? { value.map(Double.init) }
    switch operation {
    case .product, .groupedProduct:
      guard let m = number(m), let n = number(n), let k = number(k), let format else { return nil }
      let groups = operation == .groupedProduct ? Double(batch ?? 1) : 1
      let one = KernelWork.product(m: m, n: n, k: k, format: format, quantises: level == .engine)
      return (
        m, n * k, KernelWork(flop: one.flop * groups, bytes: one.bytes * groups)
      )
    case .expertLayer:
      guard let tokens = number(m), let width = number(n), let hidden = number(k), let format,
        let ranks = number(numGpus), let routing = expertsInNotes
      else { return nil }
      // Tokens are those of the group: TensorRT-LLM's rows would exceed the peak if they were those of a
      // rank. The balanced rows of the other engines take longer than their rows of skewed routing, whose
      // fullest rank is timed; that is possible only if all pairs of the tokens lie on the timed rank, and
      // read so they run at the utilisation of plain products in the format.
      let pairs = tokens * routing.topK
      let rows = engineName.hasPrefix("trtllm") ? pairs / ranks : pairs
      // Balanced routing fills the experts of the rank in turn.
      let held = routing.experts / ranks
      let work = KernelWork.experts(
        rows: rows, touched: min(held, rows), hidden: hidden, width: width, format: format)
      return (rows / held, hidden * width, work)
    case .prefillAttention:
      guard let batch = number(batch), let tokens = number(seqlen), let heads = number(heads),
        let kv = number(kvHeads), let dim = Double(headDim)
      else { return nil }
      let work = KernelWork.prefillAttention(
        batch: batch, tokens: tokens, heads: heads, kvHeads: kv, headDim: dim)
      return (tokens, batch * heads, work)
    case .decodeAttention:
      guard let batch = number(batch), let context = number(seqlen), let heads = number(heads),
        let kv = number(kvHeads), let dim = Double(headDim)
      else { return nil }
      let work = KernelWork.decodeAttention(
        batch: batch, context: context, heads: heads, kvHeads: kv, headDim: dim, perElement: 2)
      return (work.bytes.value, 1, work)
    case .latentDecode:
      // Head sizes are those of key and value in the latent, e.g. 576/512: rank 512 and 64 positional.
      let dims = headDim.split(separator: "/").compactMap { Double($0) }
      guard let batch = number(batch), let context = number(seqlen), let heads = number(heads),
        dims.count == 2
      else { return nil }
      let work = KernelWork.latentDecode(
        batch: batch, context: context, heads: heads, rank: dims[1], rope: dims[0] - dims[1],
        perElement: cacheBytes)
      return (work.bytes.value, 1, work)
    case .memoryStream: return (1, 1, KernelWork(flop: .zero, bytes: Bytes(Unit.gibibyte.toBase(1))))
    case .allReduce, .allGather, .reduceScatter, .allToAll:
      guard let ranks = number(numGpus), ranks > 1, let payload = number(bytes) else { return nil }
      let work = KernelWork.collective(operation, ranks: ranks, payload: payload, addsInSwitch: false)
      return (payload, ranks, work)
    }
  }

  /// `experts (256, top-8, …)` of the remarks.
  private var expertsInNotes: (experts: Double, topK: Double)? {
    let parts = notes.split(separator: "(").dropFirst().first?.split(separator: ",") ?? []
    guard parts.count > 1, let experts = Double(String(parts[0]).trimmed), parts[1].contains("top-"),
      let topK = Double(String(parts[1]).trimmed.dropFirst("top-".count))
    else { return nil }
    return (experts, topK)
  }

  private func time(_ operation: KernelOperation, _ work: KernelWork) -> Seconds? {
    guard let value, value > 0 else { return nil }
    switch (metric, unit) {
    case ("latency", "us"): return Seconds(Unit.microsecond.toBase(value))
    case ("tflops", "TFLOPS"): return work.flop / FLOPPerSecond(Unit.teraflops.toBase(value))
    // The bus bandwidth of nccl-tests counts the bytes that `KernelWork.collective` counts.
    case ("busbw", "GB/s"), ("bandwidth", "GB/s"):
      return work.bytes / BytesPerSecond(Unit.gigabytePerSecond.toBase(value))
    case ("bandwidth", "TB/s"): return work.bytes / BytesPerSecond(Unit.terabytePerSecond.toBase(value))
    default: return nil
    }
  }
}

extension String {
  /// Without spaces at either end.
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
