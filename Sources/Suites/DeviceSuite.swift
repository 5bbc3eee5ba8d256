// The rows of a device: the shapes of the host's suites in the element types that devices multiply, with the
// ceilings of the device.

public import Measurement
import Quantities
public import Tables

/// The suites of devices.
public enum DeviceSuite {
  /// Names as `--suite` takes them with `--device`.
  public static let names = ["quick", "default", "accelerator", "layers"]

  /// The suite of a name, or nil for a name that is none.
  ///
  /// - Parameters:
  ///   - device: whose memory and caches size the probes.
  ///   - devices: how many the driver shows: with several, copies between them are measured.
  /// - Throws: `InputError` for a fault in a built-in table.
  public static func named(_ name: String, on device: DeviceFacts, devices: Int) throws(InputError) -> Suite?
  {
    let shapes: [Case]
    switch name {
    case "quick": shapes = quick()
    case "default": shapes = of(try ShapeTable.builtIn())
    case "accelerator": shapes = of(try ShapeTable.published())
    case "layers": shapes = layers()
    default: return nil
    }
    return Suite(name: name, cases: ceilings(device, devices: devices) + shapes)
  }

  /// Shapes of a host's table as a device computes them: operands in bf16 where the table says f32, whatever else it
  /// says stays; what no device computes is left out.
  public static func of(_ shapes: [Case]) -> [Case] {
    var seen: Set<Case> = []
    return shapes.compactMap { subject -> Case? in
      guard subject.layout == .rowMajor, let implementation = implementation(of: subject.operation),
        subject.shape.window == nil, subject.shape.latent != true, subject.shape.keysTurned != true
      else { return nil }
      var copy = subject.by(implementation)
      if copy.dataType == .f32 { copy.dataType = .bf16 }
      // Experts' weights lie as models store them; products of bytes are multiplied no other way.
      if copy.operation == .groupedGEMM || [.f8, .i8].contains(copy.dataType) {
        copy.shape.transposesB = true
      }
      if copy.operation == .attentionDecode {
        copy.shape.cacheType = copy.shape.cacheType == .f8 ? .f8 : .bf16
        copy.shape.blockKeys = copy.shape.blockKeys ?? pageKeys
      }
      guard DataType.ofDevices.contains(copy.dataType) else { return nil }
      return copy
    }.filter { seen.insert($0).inserted }
  }

  /// Matrix products of every combination of these sizes, in bf16.
  public static func products(m: [Int], n: [Int], k: [Int]) -> [Case] {
    of(Suite.products(m: m, n: n, k: k))
  }

  /// The ceilings of a device: what it reads, copies and multiplies at most, how soon it begins, and how fast its links
  /// are.
  public static func ceilings(_ device: DeviceFacts, devices: Int) -> [Case] {
    var cases: [Case] = []
    // A probe of memory is far larger than the cache, or what stays there flatters it.
    let large = min(16 * max(device.l2Bytes, mebibyte), device.memoryBytes / 8)
    let probes: [(Operation, String, arrays: Int)] = [
      (.memoryRead, "read", 1), (.memoryCopy, "copy", 2), (.memoryTriad, "triad", 3),
    ]
    for (level, bytes) in [("l2", device.l2Bytes / 2), ("hbm", max(4 * large, mebibyte))] {
      for (operation, name, arrays) in probes {
        let array = max(mebibyte, bytes / arrays / mebibyte * mebibyte)
        cases.append(ceiling(operation, .memory(bytes: array), "\(name)_\(level)"))
      }
    }
    for type in DataType.ofDevices {
      cases.append(ceiling(.typePeak, Shape(), "peak_\(type.rawValue)", type))
      cases.append(
        ceiling(.typePeak, .gemm(m: 8192, n: 8192, k: 8192), "product_peak_\(type.rawValue)", type))
    }
    cases.append(ceiling(.launchLatency, Shape(), "launch_latency"))
    cases.append(ceiling(.graphReplay, Shape(), "graph_replay"))
    let links: [Operation] = [.hostToDevice, .deviceToHost] + (devices > 1 ? [.peerCopy] : [])
    for link in links { cases.append(ceiling(link, .memory(bytes: 256 * mebibyte), link.rawValue)) }
    return cases
  }

  /// Keys of a page of the cache where a shape does not say.
  static let pageKeys = 64
  private static let mebibyte = Int(Unit.mebibyte.toBase(1))

  /// Who computes an operation on a device; nil where nobody does.
  static func implementation(of operation: Operation) -> Implementation? {
    switch operation {
    case .gemm: .cublasLt
    case .groupedGEMM, .attentionPrefill, .attentionDecode, .rmsnorm, .residualRMSNorm, .residualAdd,
      .ropeHalf, .siluMul, .decoderLayer:
      .cuda
    default: nil
    }
  }

  private static func ceiling(
    _ operation: Operation, _ shape: Shape, _ id: String, _ type: DataType = .f32
  ) -> Case {
    var subject = Case(operation, shape, id: id, phase: .ceiling, by: shape.m == nil ? .cuda : .cublasLt)
    subject.dataType = type
    // Operands that modern models do not multiply row by row: B lies as their weights do.
    if shape.m != nil { subject.shape.transposesB = true }
    return subject
  }

  /// About a minute: each kind of kernel in the sizes of an 8B model, and the squares that everybody quotes.
  private static func quick() -> [Case] {
    var cases: [Case] = []
    func product(_ m: Int, _ n: Int, _ k: Int, _ type: DataType, _ phase: Phase, _ mode: CacheMode = .hot) {
      let id = m == n && n == k ? "square_\(m)" : "gemm_m\(m)_n\(n)_k\(k)"
      var subject = Case(.gemm, .gemm(m: m, n: n, k: k), id: id, phase: phase, by: .cublasLt, cacheMode: mode)
      (subject.dataType, subject.shape.transposesB) = (type, true)
      cases.append(subject)
    }
    for size in [1024, 4096, 8192] {
      for type in [DataType.bf16, .f8] { product(size, size, size, type, .square) }
    }
    for type in [DataType.f16, .tf32, .f32, .f64, .i8] { product(4096, 4096, 4096, type, .square) }
    for type in [DataType.bf16, .f8] {
      product(4096, 28_672, 4096, type, .prefill)
      for m in [1, 16, 64] { product(m, 4096, 4096, type, .decode, .weightsCold) }
    }
    cases += attention() + elementwise()
    var experts = Shape.gemm(m: 4096, n: 4096, k: 2048)
    (experts.batch, experts.transposesB) = (8, true)
    var grouped = Case(.groupedGEMM, experts, id: "experts8_m4096_n4096_k2048", phase: .prefill, by: .cuda)
    grouped.dataType = .bf16
    return cases + [grouped]
  }

  /// Layers of grouped heads and one MLP, and each of their operators: a prompt, and decode steps.
  private static func layers() -> [Case] {
    [DecoderLayer.llama8B, llama70B].flatMap { layer in
      Suite.layerCases(layer, tokens: 2048, cachedKeys: nil)
        + [1, 16, 64].flatMap { Suite.layerCases(layer, tokens: $0, cachedKeys: 4096) }
    }.map { inBrains($0.by(.cuda)) }
  }

  /// Llama 3.1 70B: 64 query heads over 8 key heads. 1.7 GB of weights.
  private static let llama70B = DecoderLayer(
    name: "llama_3_1_70b", model: "Llama-3.1-70B", count: 80, hidden: 8192, headsQ: 64, headsKV: 8,
    headDim: 128, intermediate: 28_672)

  private static func attention() -> [Case] {
    var cases: [Case] = []
    for length in [4096, 16_384] {
      cases.append(
        Case(
          .attentionPrefill,
          .attention(
            batch: 1, headsQ: 32, headsKV: 8, headDim: 128, seqQ: length, seqKV: length, causal: true),
          id: "prefill_s\(length)", phase: .prefill, by: .cuda))
    }
    for (batch, length, type) in [
      (1, 8192, DataType.bf16), (64, 8192, .bf16), (64, 8192, .f8), (16, 1024, .bf16),
    ] {
      var shape = Shape.attention(
        batch: batch, headsQ: 32, headsKV: 8, headDim: 128, seqQ: 1, seqKV: length, causal: true)
      (shape.cacheType, shape.blockKeys) = (type, pageKeys)
      let id = "decode_b\(batch)_s\(length)" + (type == .bf16 ? "" : "_kv_\(type.rawValue)")
      cases.append(
        Case(.attentionDecode, shape, id: id, phase: .decode, by: .cuda, cacheMode: .weightsCold))
    }
    return cases.map(inBrains)
  }

  private static func elementwise() -> [Case] {
    let tokens = 4096
    let rows: [(Operation, Shape, String)] = [
      (.rmsnorm, .rows(tokens, columns: 4096), "rmsnorm_m4096_n4096"),
      (.residualRMSNorm, .rows(tokens, columns: 4096), "residual_rmsnorm_m4096_n4096"),
      (.ropeHalf, .rope(tokens: tokens, heads: 40, headDim: 128), "rope_half_m4096_h40_d128"),
      (.siluMul, .rows(tokens, columns: 14_336), "silu_mul_m4096_n14336"),
    ]
    return rows.map {
      inBrains(Case($0.0, $0.1, id: $0.2, phase: .prefill, by: .cuda, cacheMode: .cold))
    }
  }

  private static func inBrains(_ subject: Case) -> Case {
    var copy = subject
    copy.dataType = .bf16
    return copy
  }
}
