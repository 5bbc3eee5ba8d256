// The words that all rooms of the bench wing share: what is computed, on what shape, by whom.

public import Quantities

/// What a kernel computes.
public enum Operation: String, Hashable, Sendable, Codable, CaseIterable {
  /// C = A·B, row-major: A (m, k), B (k, n), C (m, n), `batch` times.
  case gemm
  /// The products of a mixture of experts: m rows in all over `batch` experts with weights of their own.
  case groupedGEMM = "grouped_gemm"
  /// Attention of `seqQ` queries over `seqKV` keys with online softmax.
  case attentionPrefill = "attention_prefill"
  /// One query per sequence over a KV cache of `seqKV` keys, heads grouped.
  case attentionDecode = "attention_decode"
  /// Register-only multiply-adds: the arithmetic ceiling.
  case fmaPeak = "fma_peak"
  /// The same in another element type: fp64, or an instruction that multiplies pairs of bf16 or fours of bytes.
  case typePeak = "type_peak"
  /// Sum of an array: the read ceiling.
  case memoryRead = "memory_read"
  /// b = a.
  case memoryCopy = "memory_copy"
  /// c = a + s·b.
  case memoryTriad = "memory_triad"
  /// x / √(mean(x²) + ε) · weight of each row (m, n).
  case rmsnorm
  /// (x - mean) / √(variance + ε) · weight + bias of each row (m, n).
  case layernorm
  /// h = x + residual, then rmsnorm of h: both are written.
  case residualRMSNorm = "residual_rmsnorm"
  /// a + b.
  case residualAdd = "residual_add"
  /// gate·σ(gate)·up from rows of 2·n.
  case siluMul = "silu_mul"
  /// gelu in its tanh form.
  case geluTanh = "gelu_tanh"
  /// gelu in its exact form, with erf.
  case geluErf = "gelu_erf"
  /// Rotary positions of pairs half a head apart.
  case ropeHalf = "rope_half"
  /// Rotary positions of neighbouring pairs.
  case ropeInterleaved = "rope_interleaved"
  /// Softmax of each row (m, n).
  case softmax
  /// Rows to int8 with a scale each.
  case quantiseRows = "quantise_rows"
  /// int8 rows and their scales to floats.
  case dequantiseRows = "dequantise_rows"
  /// m rows of n from a table of k rows.
  case embeddingGather = "embedding_gather"
  /// The k largest of n experts for each of m tokens, with weights that add up to 1.
  case routerTopK = "router_top_k"
  /// Place of the largest of each row (m, n).
  case argmax
  /// A token of each row (m, n): temperature, the k largest, the nucleus.
  case sample
  /// All operators of one decoder layer, one feeding the next, or one of them inside such a pass.
  case decoderLayer = "decoder_layer"
  /// An empty kernel on a device, from the call to its end.
  case launchLatency = "launch_latency"
  /// One of the empty kernels of a recorded graph.
  case graphReplay = "graph_replay"
  /// An array from pinned memory of the host to a device.
  case hostToDevice = "host_to_device"
  /// The same the other way.
  case deviceToHost = "device_to_host"
  /// An array from one device to the next.
  case peerCopy = "peer_copy"
}

/// Who computes it: the kernels of this program, the OpenBLAS that it is linked to, on a device its vendor's
/// library or the texts of Kernels/CUDA, or a peer by its name.
public struct Implementation: RawRepresentable, Hashable, Sendable, Codable {
  /// The name in files and tables.
  public let rawValue: String

  /// The SIMD text of Kernels/Source.
  public static let swift = Implementation(unchecked: "swift")
  /// OpenBLAS, attention composed of its calls around a softmax.
  public static let openblas = Implementation(unchecked: "openblas")
  /// The CUDA texts of Kernels/CUDA, on a device.
  public static let cuda = Implementation(unchecked: "cuda")
  /// NVIDIA's cuBLASLt, on a device.
  public static let cublasLt = Implementation(unchecked: "cublaslt")
  /// Those of every run of a host, in the order of their rows.
  public static let builtIn = [swift, openblas]
  /// Those of a run of a device.
  public static let ofDevices = [cuda, cublasLt]

  /// An implementation of a name: 1 to 32 small letters, digits, `.`, `-` and `_`, a letter first. Nil for others.
  public init?(rawValue: String) {
    func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    func isOther(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    let bytes = rawValue.utf8
    guard bytes.first.map(isLetter) ?? false, bytes.count <= 32,
      bytes.allSatisfy({ isLetter($0) || isOther($0) })
    else { return nil }
    self.rawValue = rawValue
  }

  private init(unchecked name: String) { rawValue = name }

  /// True for one that runs on a device.
  public var isOfDevice: Bool { Implementation.ofDevices.contains(self) }
  /// True for one that the user named.
  public var isPeer: Bool { !Implementation.builtIn.contains(self) && !isOfDevice }
}

/// The size of a problem; fields that an operation does not use are nil.
public struct Shape: Hashable, Sendable, Codable {
  /// Independent problems (sequences for attention, experts of a grouped product).
  public var batch: Int = 1
  /// GEMM rows of C; of all groups together where they are uneven.
  public var m: Int?
  /// GEMM columns of C.
  public var n: Int?
  /// GEMM inner dimension.
  public var k: Int?
  /// True where A of a product lies (k, m); nil = (m, k).
  public var transposesA: Bool?
  /// True where B of a product lies (n, k), as models store their weights; nil = (k, n).
  public var transposesB: Bool?
  /// Query heads.
  public var headsQ: Int?
  /// Key and value heads.
  public var headsKV: Int?
  /// Elements per head.
  public var headDim: Int?
  /// Queries per sequence.
  public var seqQ: Int?
  /// Keys per sequence.
  public var seqKV: Int?
  /// True where query i sees keys up to i only.
  public var causal: Bool?
  /// Elements of a head's values and outputs where they are not `headDim`.
  public var headDimV: Int?
  /// Keys that a causal query sees at most, its own included; nil = all before it.
  public var window: Int?
  /// Element type of cached keys and values; nil = float.
  public var cacheType: DataType?
  /// Keys of a block of a paged cache, which a table puts in order; nil = one row after the other.
  public var blockKeys: Int?
  /// True where a block of the cache holds its keys (headDim, keys).
  public var keysTurned: Bool?
  /// True where the values are the first `headDimV` elements of the keys: absorbed latent attention.
  public var latent: Bool?
  /// Bytes per array of a memory probe.
  public var bytes: Int?
  /// The layer of a decoder layer.
  public var layer: DecoderLayer?
  /// Operator of the layer that counts, from 1; nil = all.
  public var layerPart: Int?

  /// An empty shape to fill in.
  public init() {}

  /// A GEMM shape.
  public static func gemm(m: Int, n: Int, k: Int) -> Shape {
    var shape = Shape()
    shape.m = m
    shape.n = n
    shape.k = k
    return shape
  }

  /// An attention shape; prefill has `seqQ` = `seqKV`, decode has `seqQ` = 1.
  public static func attention(
    batch: Int, headsQ: Int, headsKV: Int, headDim: Int, seqQ: Int, seqKV: Int, causal: Bool
  ) -> Shape {
    var shape = Shape()
    shape.batch = batch
    shape.headsQ = headsQ
    shape.headsKV = headsKV
    shape.headDim = headDim
    shape.seqQ = seqQ
    shape.seqKV = seqKV
    shape.causal = causal
    return shape
  }

  /// A memory probe over arrays of this many bytes.
  public static func memory(bytes: Int) -> Shape {
    var shape = Shape()
    shape.bytes = bytes
    return shape
  }
}

/// The work of one execution.
public struct Work: Hashable, Sendable, Codable {
  /// Arithmetic.
  public let flop: FLOP
  /// Compulsory traffic: every operand once.
  public let bytes: Bytes
  /// Work from its parts.
  public init(flop: FLOP, bytes: Bytes) {
    self.flop = flop
    self.bytes = bytes
  }
}

/// How a result compared with its Double oracle.
public struct Verification: Hashable, Sendable, Codable {
  /// What it was compared with, e.g. `double oracle, all elements`.
  public let reference: String
  /// Largest absolute difference.
  public let maxAbsError: Double
  /// Largest difference relative to the element's scale (sum of |a·b|).
  public let maxRelError: Double
  /// The bound on `maxRelError`.
  public let tolerance: Double
  /// True when every checked element was finite and inside the bound.
  public let passed: Bool
  /// A verification from its parts.
  public init(
    reference: String, maxAbsError: Double, maxRelError: Double, tolerance: Double, passed: Bool
  ) {
    self.reference = reference
    self.maxAbsError = maxAbsError
    self.maxRelError = maxRelError
    self.tolerance = tolerance
    self.passed = passed
  }
}

/// Why a kernel could not be prepared.
public struct KernelFault: Error, Hashable, Sendable {
  /// One sentence.
  public let reason: String
  /// True where nobody promised the kernel: the implementation has no such operation or type.
  public let isAbsence: Bool
  /// True where nothing else can run in this process either.
  public let isFatal: Bool
  /// A fault from its parts.
  public init(_ reason: String, isAbsence: Bool = false, isFatal: Bool = false) {
    (self.reason, self.isAbsence, self.isFatal) = (reason, isAbsence, isFatal)
  }
}

/// Why a kernel did not run to its end.
public struct KernelFailure: Hashable, Sendable {
  /// One sentence: which call failed, and how.
  public let reason: String
  /// True where nothing else can run in this process either.
  public let isFatal: Bool
  /// A failure from its parts.
  public init(_ reason: String, isFatal: Bool) {
    self.reason = reason
    self.isFatal = isFatal
  }
}

/// A kernel with its operands in memory, ready to be timed on the threads of a team.
public protocol PreparedKernel: AnyObject {
  /// Work of one `run()`.
  var work: Work { get }
  /// Runs once on the current operand set.
  func run()
  /// Moves to the next operand set, so that weights or caches are not found in a cache; no-op with one set.
  func rotate()
  /// Bytes of all operand sets together.
  var residentBytes: Bytes { get }
  /// Poisons the outputs, runs once, and compares with the Double oracle.
  func verify(seed: UInt64) -> Verification
  /// As above for a few elements drawn from the seed: enough where the same code on the same numbers has been
  /// verified in full before.
  func verifyBriefly(seed: UInt64) -> Verification
  /// Seconds that the kernel has timed itself since it was made, where only a part of `run()` counts; nil = all of it
  /// does.
  var timedSeconds: Double? { get }
  /// Why an execution since it was made has failed; nil = none has. Only what runs on a device may fail.
  var failure: KernelFailure? { get }
  /// Memory of all operand sets, for asking the kernel where it lies (`MemoryLocation`); empty = not told.
  var operandMemory: [UnsafeRawBufferPointer] { get }
}

extension PreparedKernel {
  /// All of `run()` counts.
  public var timedSeconds: Double? { nil }
  /// It cannot.
  public var failure: KernelFailure? { nil }
  /// Not told.
  public var operandMemory: [UnsafeRawBufferPointer] { [] }
}
