// Attention on a device: a decode step over a paged cache, and the prompt before it.

import Devices
import Glibc
import Kernels
import KernelsReference
import Measurement

/// The dimensions of an attention that device kernels take.
struct DeviceAttention {
  let batch: Int, headsQ: Int, headsKV: Int, dim: Int
  let seqQ: Int, seqKV: Int
  let isCausal: Bool
  let scale: Double

  init(_ request: DeviceRequest) throws(KernelError) {
    let shape = request.shape
    guard request.subject.dataType == .bf16 else {
      throw KernelError(absent: "no device attention of \(request.subject.dataType.rawValue)")
    }
    batch = try request.positive(shape.batch, "batch")
    headsQ = try request.positive(shape.headsQ, "headsQ")
    headsKV = try request.positive(shape.headsKV, "headsKV")
    dim = try request.positive(shape.headDim, "headDim")
    seqQ = try request.positive(shape.seqQ, "seqQ")
    seqKV = try request.positive(shape.seqKV, "seqKV")
    isCausal = shape.causal ?? true
    guard dim == 64 || dim == 128, shape.headDimV == nil || shape.headDimV == dim else {
      throw KernelError(absent: "device attention takes heads of 64 or 128 elements, not \(dim)")
    }
    guard headsQ.isMultiple(of: headsKV) else {
      throw KernelError("\(headsKV) key heads do not divide \(headsQ) query heads")
    }
    guard shape.window == nil, shape.latent != true, shape.keysTurned != true else {
      throw KernelError(absent: "device attention has no windows, latent or turned caches")
    }
    guard max(headsQ, batch) <= 1 << 16, seqKV <= 1 << 24, !isCausal || seqQ <= seqKV else {
      throw KernelError(
        absent: "device attention takes up to \(1 << 16) heads and sequences of \(1 << 24) keys")
    }
    scale = 1 / Double(dim).squareRoot()
  }

  /// The row of a query head against the keys that it sees.
  ///
  /// - Parameter first: where the elements of a key, and of its values, begin in their arrays.
  func oracle(
    q: [Float], visible: Range<Int>, keys: DeviceNumbers, values: DeviceNumbers, first: (Int) -> Int
  ) -> OracleRow {
    let dim = dim
    func write(_ numbers: DeviceNumbers, _ position: Int, _ out: UnsafeMutablePointer<Double>) {
      let start = first(position)
      for i in 0..<dim { out[i] = numbers[start + i] }
    }
    return oracleAttentionRow(
      q: q, headDim: dim, valueDim: dim, visible: visible, scale: scale,
      key: { write(keys, $0, $1) }, value: { write(values, $0, $1) })
  }

  /// Rows that are compared: as many as cost about a second, no fewer than `least`.
  static func sampledRows(_ most: Int, least: Int, keys: Int, dim: Int) -> Int {
    max(least, min(most, 40_000_000 / max(1, 2 * keys * dim)))
  }

  /// What rounding probabilities to bf16 may cost as a share of Σ|probability·value|: of so many keys the roundings,
  /// of random sign, cancel for the most part.
  static func slack(keys: Int) -> Double { min(1, 6 / Double(max(1, keys)).squareRoot()) }
  static let tolerance = 0x1p-8
}

/// One query per sequence over a paged cache.
final class DecodeBody: DeviceBody {
  let work: Work
  let sets: Int
  let residentBytes: Int
  let detail: String

  private let size: DeviceAttention
  private let pageKeys: Int
  private let pages: [Int32]
  private let device: DeviceKernels
  private let q: (buffer: DeviceBuffer, numbers: DeviceNumbers)
  private let caches: [Cache]
  private let out: DeviceBuffer
  /// What splits leave to the kernel that adds them up.
  private let scratch: [DeviceBuffer]
  private let launches: [[CUDALaunch]]

  private struct Cache {
    let keys: (buffer: DeviceBuffer, numbers: DeviceNumbers)
    let values: (buffer: DeviceBuffer, numbers: DeviceNumbers)
  }

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    let size = try DeviceAttention(request)
    self.size = size
    self.device = device
    let type = request.shape.cacheType ?? .bf16
    guard type == .bf16 || type == .f8 else {
      throw KernelError(
        absent: "device decode attention takes caches of bf16 or f8_e4m3, not \(type.rawValue)")
    }
    guard size.seqQ == 1 else {
      throw KernelError("decode attention has one query a sequence, not \(size.seqQ)")
    }
    let group = size.headsQ / size.headsKV
    guard group <= 16 else {
      throw KernelError(
        absent: "device decode attention serves up to 16 query heads a key head, not \(group)")
    }
    pageKeys = request.shape.blockKeys ?? 64
    guard pageKeys.isMultiple(of: 16) else {
      throw KernelError("pages hold multiples of 16 keys, not \(pageKeys)")
    }
    let perSequence = (size.seqKV + pageKeys - 1) / pageKeys
    let pageCount = perSequence * size.batch
    pages = DecodeBody.shuffled(pageCount, seed: request.seed(9, set: 0))
    let elements = pageCount * size.headsKV * pageKeys * size.dim
    work = DeviceWork.attention(request.subject)
    sets = request.sets
    q = try device.random(size.batch * size.headsQ * size.dim, .bf16, seed: request.seed(0, set: 0))
    out = try device.context.allocate(2 * size.batch * size.headsQ * size.dim)
    caches = try (0..<sets).map { set in
      Cache(
        keys: try device.random(elements, type, seed: request.seed(1, set: set)),
        values: try device.random(elements, type, seed: request.seed(2, set: set)))
    }
    residentBytes = 2 * sets * elements * Int(type.bytesOfA) + 2 * out.count
    let table = try device.upload(pages)
    let lengths = try device.upload([Int32](repeating: Int32(size.seqKV), count: size.batch))
    let shared = type == .f8 && size.dim == 64 ? 32_768 : 65_536
    let name = "decode_attention_\(type == .f8 ? "e4m3" : "bf16")_\(size.dim)_g\(group <= 8 ? 8 : 16)"
    let kernel = try device.function(name, of: .decode, sharedBytes: shared)
    let resident = try kernel.blocksPerMultiprocessor(threads: 128, sharedBytes: shared)
    let splitKeys = DecodeBody.splitKeys(
      size, blocks: max(1, resident) * max(1, device.facts.multiprocessors))
    let splits = (size.seqKV + splitKeys - 1) / splitKeys
    detail = "splits\(splits)"
    let rows = size.batch * size.headsQ * splits
    let sums = try device.context.allocate(max(256, splits > 1 ? 4 * rows * size.dim : 0))
    let stats = try device.context.allocate(max(256, splits > 1 ? 8 * rows : 0))
    scratch = [sums, stats]
    let combine = splits > 1 ? try device.function("decode_combine", of: .decode) : nil
    let scales: [LaunchArgument] = type == .f8 ? [.float(1), .float(1)] : []
    let (q, out) = (q, out)
    let pageKeys = pageKeys
    launches = try caches.map { cache in
      let decode = try CUDALaunch(
        kernel, grid: LaunchExtent(splits, size.headsKV, size.batch), block: LaunchExtent(128),
        sharedBytes: shared,
        arguments: [
          .pointer(out), .pointer(sums), .pointer(stats), .pointer(q.buffer), .pointer(cache.keys.buffer),
          .pointer(cache.values.buffer), .pointer(table), .pointer(lengths), .int32(Int32(perSequence)),
          .int32(Int32(size.headsQ)), .int32(Int32(size.headsKV)), .int32(Int32(pageKeys)),
          .int32(Int32(splitKeys)), .float(Float(size.scale)),
        ] + scales)
      guard let combine else { return [decode] }
      return [
        decode,
        try CUDALaunch(
          combine, grid: LaunchExtent(size.headsQ, size.batch), block: LaunchExtent(size.dim),
          arguments: [
            .pointer(out), .pointer(sums), .pointer(stats), .pointer(lengths), .int32(Int32(splits)),
            .int32(Int32(splitKeys)), .float(type == .f8 ? 256 : 1),
          ]),
      ]
    }
  }

  func enqueue(_ set: Int) throws(DeviceError) {
    for launch in launches[set] { try device.context.launch(launch) }
  }

  /// Keys of a split: 1,024 where sequences and heads alone fill the device twice, else so few that splits do, but
  /// no fewer than 128.
  private static func splitKeys(_ size: DeviceAttention, blocks: Int) -> Int {
    let alone = size.batch * size.headsKV
    let wanted = max(1, (2 * blocks + alone - 1) / alone)
    let keys = min(1024, max(128, (size.seqKV + wanted - 1) / wanted))
    return (keys + 15) / 16 * 16
  }

  /// The numbers below a count in an order that depends on the seed.
  private static func shuffled(_ count: Int, seed: UInt64) -> [Int32] {
    var order = (0..<count).map { Int32($0) }
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, Int(mixed(seed &+ UInt64(i)) % UInt64(i + 1)))
    }
    return order
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    try device.poison([out] + scratch)
    try enqueue(0)
    try device.context.synchronise()
    var check = DeviceCheck(tolerance: DeviceAttention.tolerance, stored: .bf16)
    let (dim, group) = (size.dim, size.headsQ / size.headsKV)
    let perSequence = (size.seqKV + pageKeys - 1) / pageKeys
    let cache = caches[0]
    let few = DeviceAttention.sampledRows(24, least: 4, keys: size.seqKV, dim: dim)
    let rows = ErrorScan.sample(isBrief ? 2 : few, of: size.batch * size.headsQ, seed: seed)
    for row in rows {
      let (sequence, head) = (row / size.headsQ, row % size.headsQ / group)
      let expected = size.oracle(
        q: q.numbers.floats(row * dim..<(row + 1) * dim), visible: 0..<size.seqKV,
        keys: cache.keys.numbers, values: cache.values.numbers
      ) { key in
        let page = Int(pages[sequence * perSequence + key / pageKeys])
        return ((page * size.headsKV + head) * pageKeys + key % pageKeys) * dim
      }
      let found = try device.results(out, .bf16, first: row * dim, count: dim)
      let slack = DeviceAttention.slack(keys: size.seqKV)
      for i in 0..<dim { check.add(found[i], expected.values[i], scale: slack * expected.scales[i]) }
    }
    let count = size.batch * size.headsQ
    if !isBrief, try device.hasPoison(out, .bf16, count: count * dim) { check.addPoison() }
    return check.verification(rows.count == count ? "all elements" : "\(rows.count) of \(count) heads")
  }
}

/// Many queries of each sequence, causal or not.
final class PrefillBody: DeviceBody {
  let work: Work
  let sets: Int
  let residentBytes: Int

  private let size: DeviceAttention
  private let device: DeviceKernels
  private let operands: [Operands]
  /// Of each kernel that this device runs, a launch for each set.
  private var kernels: [(name: String, launches: [CUDALaunch])]
  private var chosen = 0
  var detail: String { kernels[chosen].name }

  private typealias Operand = (buffer: DeviceBuffer, numbers: DeviceNumbers)
  private struct Operands {
    let q: Operand, k: Operand, v: Operand
    let out: DeviceBuffer
  }

  init(_ request: DeviceRequest, on device: DeviceKernels) throws {
    let size = try DeviceAttention(request)
    guard size.batch * size.headsQ <= Int(Int32.max), (size.seqQ + 127) / 128 <= Int(UInt16.max) else {
      throw KernelError(absent: "device prefill attention takes up to \(128 * Int(UInt16.max)) queries")
    }
    self.size = size
    self.device = device
    work = DeviceWork.attention(request.subject)
    sets = request.sets
    let queries = size.batch * size.headsQ * size.seqQ * size.dim
    let keys = size.batch * size.headsKV * size.seqKV * size.dim
    operands = try (0..<sets).map { set in
      Operands(
        q: try device.random(queries, .bf16, seed: request.seed(0, set: set)),
        k: try device.random(keys, .bf16, seed: request.seed(1, set: set)),
        v: try device.random(keys, .bf16, seed: request.seed(2, set: set)),
        out: try device.context.allocate(2 * queries))
    }
    residentBytes = sets * 4 * (queries + keys)
    let operands = operands
    func prepared(_ name: String, of text: CUDAText, threads: Int, sharedBytes: Int) throws -> [CUDALaunch] {
      let kernel = try device.function(name, of: text, sharedBytes: sharedBytes)
      return try operands.map { it in
        try CUDALaunch(
          kernel, grid: LaunchExtent(size.batch * size.headsQ, (size.seqQ + 127) / 128),
          block: LaunchExtent(threads), sharedBytes: sharedBytes,
          arguments: [
            .pointer(it.out), .pointer(it.q.buffer), .pointer(it.k.buffer), .pointer(it.v.buffer),
            .int32(Int32(size.headsQ)), .int32(Int32(size.headsKV)), .int32(Int32(size.seqQ)),
            .int32(Int32(size.seqKV)), .int32(size.isCausal ? 1 : 0), .float(Float(size.scale)),
          ])
      }
    }
    var kernels = [
      (
        name: "warps",
        launches: try prepared(
          "prefill_attention_bf16_\(size.dim)", of: .prefill, threads: 128, sharedBytes: 768 * size.dim)
      )
    ]
    // Products of groups of warps are of compute capability 9.0 alone, which its letter says; a compiler that does
    // not know them costs this one kernel.
    let facts = device.context.facts
    let isRefused = getenv("PLIMSOLL_CUDA_WARP_GROUPS").map { String(cString: $0) } == "0"
    if size.dim == 128, (facts.capabilityMajor, facts.capabilityMinor) == (9, 0), !isRefused {
      let name = "prefill_attention_sm90_bf16_128"
      if let more = try? prepared(name, of: .prefill90, threads: 256, sharedBytes: 196_608) {
        kernels.append((name: "warp_groups", launches: more))
      }
    }
    self.kernels = kernels
    try choose()
  }

  func enqueue(_ set: Int) throws(DeviceError) { try device.context.launch(kernels[chosen].launches[set]) }

  /// The fastest of two runs each among those that agree with the oracle on some rows; the first where none does.
  private func choose() throws(DeviceError) {
    for place in kernels.indices.dropFirst().reversed() {
      chosen = place
      if try !check(seed: 1, isBrief: true).passed { kernels.remove(at: place) }
    }
    chosen = 0
    guard kernels.count > 1 else { return }
    let (start, end) = (try device.context.makeEvent(), try device.context.makeEvent())
    var best = Double.infinity
    for (place, kernel) in kernels.enumerated() {
      try device.context.launch(kernel.launches[0])
      for _ in 0..<2 {
        try device.context.record(start)
        try device.context.launch(kernel.launches[0])
        try device.context.record(end)
        let seconds = try device.context.elapsed(from: start, to: end)
        if seconds < best { (best, chosen) = (seconds, place) }
      }
    }
  }

  func check(seed: UInt64, isBrief: Bool) throws(DeviceError) -> Verification {
    let it = operands[0]
    try device.poison([it.out])
    try enqueue(0)
    try device.context.synchronise()
    var check = DeviceCheck(tolerance: DeviceAttention.tolerance, stored: .bf16)
    let (dim, group) = (size.dim, size.headsQ / size.headsKV)
    let count = size.batch * size.headsQ * size.seqQ
    let few = DeviceAttention.sampledRows(128, least: 16, keys: size.seqKV / 2, dim: dim)
    let rows = ErrorScan.sample(isBrief ? 8 : few, of: count, seed: seed)
    for row in rows {
      let (head, position) = (row / size.seqQ, row % size.seqQ)
      let (sequence, keyHead) = (head / size.headsQ, head % size.headsQ / group)
      let visible = oracleVisibleKeys(
        position: position, keys: size.seqKV, offset: size.seqKV - size.seqQ, causal: size.isCausal,
        window: nil)
      let first = (sequence * size.headsKV + keyHead) * size.seqKV
      let expected = size.oracle(
        q: it.q.numbers.floats(row * dim..<(row + 1) * dim), visible: visible,
        keys: it.k.numbers, values: it.v.numbers
      ) { (first + $0) * dim }
      let found = try device.results(it.out, .bf16, first: row * dim, count: dim)
      let slack = DeviceAttention.slack(keys: visible.count)
      for i in 0..<dim { check.add(found[i], expected.values[i], scale: slack * expected.scales[i]) }
    }
    if !isBrief, try device.hasPoison(it.out, .bf16, count: count * dim) { check.addPoison() }
    return check.verification(rows.count == count ? "all elements" : "\(rows.count) of \(count) rows")
  }
}
