// A suite is a list of cases; the sizes of memory probes follow the machine's caches.

public import Machines
public import Measurement
import Quantities
public import Tables

/// A named list of cases.
public struct Suite: Sendable {
  /// Name as `--suite` takes it.
  public let name: String
  /// Cases; implementations of one shape stand together.
  public var cases: [Case]

  /// Version of the lists; rows of two versions may differ.
  public static let version = 4
  /// Names of all suites.
  public static let names = ["quick", "default", "full", "layers"]

  /// The suite of a name, or nil for a name that is none.
  ///
  /// - Throws: `InputError` for a fault in the built-in table.
  public static func named(
    _ name: String, on machine: Machine, cpus: CPUSet, availableMemory: Int?
  ) throws(InputError) -> Suite? {
    let shapes: [Case]
    switch name {
    case "quick": shapes = matrixProducts() + typed() + attention() + elementwise()
    case "default": shapes = try ShapeTable.builtIn(.normal)
    case "full": shapes = try ShapeTable.builtIn(.full)
    case "layers": shapes = layers()
    default: return nil
    }
    return Suite(name: name, cases: ceilings(machine, cpus, availableMemory: availableMemory) + shapes)
  }

  /// A suite of a user's shapes, with the ceilings of the machine.
  public static func of(
    _ shapes: [Case], name: String, on machine: Machine, cpus: CPUSet, availableMemory: Int?
  ) -> Suite {
    Suite(name: name, cases: ceilings(machine, cpus, availableMemory: availableMemory) + shapes)
  }

  /// Matrix products of every combination of these sizes, by both implementations.
  public static func products(m: [Int], n: [Int], k: [Int]) -> [Case] {
    m.flatMap { m in
      n.flatMap { n in
        k.flatMap { k in both(.gemm, .gemm(m: m, n: n, k: k), "gemm_m\(m)_n\(n)_k\(k)", .square) }
      }
    }
  }

  /// The suite for every host: two minutes, each kind of kernel, both implementations.
  ///
  /// - Parameters:
  ///   - cpus: PUs of the placement, one for each thread: the memory probes are sized by the caches they reach.
  ///   - availableMemory: bytes that may be taken without swapping; nil = unknown.
  public static func quick(on machine: Machine, cpus: CPUSet, availableMemory: Int?) -> Suite {
    let cases =
      ceilings(machine, cpus, availableMemory: availableMemory) + matrixProducts() + typed() + attention()
      + elementwise()
    return Suite(name: "quick", cases: cases)
  }

  /// Peak of the arithmetic, and the read, copy and triad ladders from L1 to memory.
  private static func ceilings(_ machine: Machine, _ cpus: CPUSet, availableMemory: Int?) -> [Case] {
    var cases = [Case(.fmaPeak, Shape(), id: "fma_peak", phase: .ceiling, by: .swift)]
    let probes: [(Operation, String, arrays: Int)] = [
      (.memoryRead, "read", 1), (.memoryCopy, "copy", 2), (.memoryTriad, "triad", 3),
    ]
    for (level, bytes) in ladder(machine, cpus, availableMemory: availableMemory) {
      for (operation, name, arrays) in probes {
        // The largest read is the roof of every cold row, so it goes furthest beyond the caches.
        let isWide = level == "dram" && arrays > 1
        let array = max(page, (isWide ? bytes / 2 : bytes) / arrays / page * page)
        cases.append(
          Case(operation, .memory(bytes: array), id: "\(name)_\(level)", phase: .ceiling, by: .swift))
      }
    }
    return cases
  }

  /// The arithmetic peaks that the products of these types are held against, beside that of f32.
  public static func typePeaks(_ types: Set<DataType>) -> [Case] {
    let bytes: Set<DataType> = [.u8i8, .i8, .q8g32Bytes, .q8g128Bytes, .q4g32Bytes, .q4g128Bytes]
    var wanted: [DataType] = []
    if types.contains(.f64) { wanted.append(.f64) }
    if types.contains(.bf16) { wanted.append(.bf16) }
    if !types.isDisjoint(with: bytes) { wanted.append(.u8i8) }
    return wanted.map { type in
      var peak = Case(.typePeak, Shape(), id: "peak_\(type.rawValue)", phase: .ceiling, by: .swift)
      peak.dataType = type
      return peak
    }
  }

  private static let page = Int(Unit.kibibyte.toBase(4))

  /// Where no cache is reported, four times this still leaves every cache known today.
  static let unreportedCacheBytes = Int(Unit.mebibyte.toBase(128))

  /// Working sets: half of each level's caches together, so that nothing else pushes them out, and eight times
  /// the last level: whatever the caches keep of one pass is then less than an eighth of the next.
  private static func ladder(
    _ machine: Machine, _ cpus: CPUSet, availableMemory: Int?
  ) -> [(level: String, bytes: Int)] {
    var steps: [(String, Int)] = []
    for level in 1...3 {
      guard let bytes = machine.cacheBytes(level: level, reachedBy: cpus) else { continue }
      steps.append(("l\(level)", bytes / 2))
    }
    let reported = machine.lastLevelCacheBytes(reachedBy: cpus)
    let last = reported > 0 ? reported : unreportedCacheBytes
    let wanted = max(8 * last, Int(Unit.mebibyte.toBase(128)))
    let allowed = availableMemory.map { $0 / 4 } ?? wanted
    steps.append(("dram", min(wanted, allowed)))
    return steps
  }

  private static func matrixProducts() -> [Case] {
    var cases: [Case] = []
    for n in [256, 512, 1024, 2048] {
      cases += both(.gemm, .gemm(m: n, n: n, k: n), "square_\(n)", .square)
    }
    // (tokens, columns and rows of the weights): attention output and key-value projection of an 8B model.
    for (m, n, k) in [(512, 4096, 4096), (128, 1024, 4096), (64, 4096, 4096)] {
      cases += both(.gemm, .gemm(m: m, n: n, k: k), "gemm_m\(m)_n\(n)_k\(k)", .prefill)
    }
    for m in [1, 8, 16] {
      cases += both(
        .gemm, .gemm(m: m, n: 4096, k: 4096), "gemm_m\(m)_n4096_k4096", .decode, .weightsCold)
    }
    return cases
  }

  /// One square in every other type, and a decode step with its weights packed ahead, in fewer bits too.
  private static func typed() -> [Case] {
    var cases: [Case] = []
    for type in [DataType.f64, .bf16, .f16, .u8i8, .i8] {
      for implementation in Implementation.builtIn where implementation == .swift || type == .f64 {
        var square = Case(
          .gemm, .gemm(m: 1024, n: 1024, k: 1024), id: "square_1024", phase: .square, by: implementation)
        square.dataType = type
        cases.append(square)
      }
    }
    let steps: [(m: Int, type: DataType)] = [(1, .f32), (8, .f32), (16, .f32), (1, .q8g32), (1, .q4g32)]
    for (m, type) in steps {
      var step = Case(
        .gemm, .gemm(m: m, n: 4096, k: 4096), id: "gemm_m\(m)_n4096_k4096", phase: .decode, by: .swift,
        cacheMode: .weightsCold)
      (step.dataType, step.layout) = (type, .packed)
      cases.append(step)
    }
    return cases
  }

  /// Grouped heads of an 8B model: 32 query heads share 8 key heads of 128 elements.
  private static func attention() -> [Case] {
    var cases: [Case] = []
    for length in [256, 512, 1024] {
      cases += both(
        .attentionPrefill,
        .attention(batch: 1, headsQ: 32, headsKV: 8, headDim: 128, seqQ: length, seqKV: length, causal: true),
        "prefill_s\(length)", .prefill)
    }
    for (batch, length) in [(1, 1024), (1, 4096), (8, 1024)] {
      cases += both(
        .attentionDecode,
        .attention(
          batch: batch, headsQ: 32, headsKV: 8, headDim: 128, seqQ: 1, seqKV: length, causal: true),
        "decode_b\(batch)_s\(length)", .decode, .weightsCold)
    }
    return cases
  }

  /// What an 8B model does between its products, for a prompt of 512 tokens.
  private static func elementwise() -> [Case] {
    let tokens = 512
    let rows: [(Operation, Shape, String)] = [
      (.rmsnorm, .rows(tokens, columns: 4096), "rmsnorm_m512_n4096"),
      (.ropeHalf, .rope(tokens: tokens, heads: 40, headDim: 128), "rope_half_m512_h40_d128"),
      (.siluMul, .rows(tokens, columns: 14_336), "silu_mul_m512_n14336"),
      (.residualAdd, .rows(tokens, columns: 4096), "residual_add_m512_n4096"),
    ]
    return rows.map { Case($0.0, $0.1, id: $0.2, phase: .prefill, by: .swift) }
  }

  private static func both(
    _ operation: Operation, _ shape: Shape, _ id: String, _ phase: Phase, _ mode: CacheMode = .hot
  ) -> [Case] {
    Implementation.builtIn.map { Case(operation, shape, id: id, phase: phase, by: $0, cacheMode: mode) }
  }
}
