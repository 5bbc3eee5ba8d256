// The ways through the heads in Swift: prefill, decode and latent decode. Work items are handed out from a
// shared counter where their costs differ (causal blocks), else in equal shares.

import Measurement
import Synchronization

/// Swift prefill: keys are transposed once per run (the time counts), then blocks of query rows are
/// independent.
final class SwiftPrefill: AttentionBody {
  private let size: Problem.Attention
  private let module: AttentionModule
  private let keysT: Buffer
  private let workspace: Buffer
  private let stride: Int
  private let next = Atomic<Int>(0)

  init(_ size: Problem.Attention, module: AttentionModule, team: WorkerTeam) throws(KernelError) {
    guard size.group <= module.prefillRows else {
      throw KernelError("\(size.group) query heads per key head are more than \(module.prefillRows)")
    }
    self.size = size
    self.module = module
    stride = module.transposedKeys(size.seqKV, size.headDim)
    keysT = try Buffer(size.batch * size.headsKV * stride)
    workspace = try Buffer(module.prefillWorkspace(size.headDim, size.valueDim) * team.threadCount)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    let heads = size.batch * size.headsKV
    team.run { thread, threads in
      for head in share(of: heads, thread, threads) {
        module.transposeKeys(
          size.seqKV, size.headDim, operands.cache.k.start + head * size.seqKV * size.headDim, size.headDim,
          keysT.start + head * stride)
      }
    }
    let positions = module.prefillRows / size.group
    let blocks = (size.seqQ + positions - 1) / positions
    next.store(0, ordering: .relaxed)
    team.run { thread, _ in
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        guard item < heads * blocks else { return }
        let (head, reversed) = item.quotientAndRemainder(dividingBy: blocks)
        // Late blocks see the most keys: first, so that the short ones fill the end.
        let first = (blocks - 1 - reversed) * positions
        let queries = head * size.group * size.seqQ
        module.prefill(
          first, min(first + positions, size.seqQ), size.group, size.seqQ, size.headDim, size.valueDim,
          size.seqKV, size.causal, size.offset, size.reach, size.scale,
          operands.q.start + queries * size.headDim, keysT.start + head * stride,
          operands.cache.v.start + head * size.seqKV * size.valueDim,
          operands.out.start + queries * size.valueDim,
          workspace.start + thread * module.prefillWorkspace(size.headDim, size.valueDim))
      }
    }
  }
}

/// Swift decode: (sequence, key head, split of the keys), then a merge of the splits.
final class SwiftDecode: AttentionBody {
  /// Keys below which a split costs more than it gains.
  private static let smallestSplit = 256

  private let size: Problem.Attention
  private let module: AttentionModule
  private let splits: Int
  private let partials: Buffer
  private let workspace: Buffer
  private let partial: Int
  private let scratch: Int

  init(_ size: Problem.Attention, module: AttentionModule, team: WorkerTeam) throws(KernelError) {
    self.size = size
    self.module = module
    let items = size.batch * size.headsKV
    let threads = team.threadCount
    // Whole heads where they share out evenly, or nearly so; else splits, a few per thread.
    let wanted = items % threads == 0 || items >= 8 * threads ? 1 : (4 * threads + items - 1) / items
    splits = max(1, min(wanted, size.seenKeys.count / SwiftDecode.smallestSplit))
    partial = module.decodePartial(size.group, size.valueDim)
    scratch =
      size.latent
      ? module.latentWorkspace(size.group, size.headDim)
      : module.decodeWorkspace(size.group, size.headDim, size.valueDim)
    partials = try Buffer(items * splits * partial)
    workspace = try Buffer(threads * scratch)
  }

  func run(_ operands: PreparedAttention.Operands, team: WorkerTeam) {
    let heads = size.batch * size.headsKV
    team.run { thread, threads in
      for item in share(of: heads * splits, thread, threads) {
        let (head, split) = item.quotientAndRemainder(dividingBy: splits)
        let part = share(of: size.seenKeys.count, step: size.blockKeys ?? 1, split, splits)
        let keys = part.lowerBound + size.seenKeys.lowerBound..<part.upperBound + size.seenKeys.lowerBound
        decode(
          head, keys, operands, partials.start + item * partial, workspace.start + thread * scratch)
      }
    }
    team.run { thread, threads in
      for head in share(of: heads, thread, threads) {
        module.decodeMerge(
          size.group, size.valueDim, splits, partials.start + head * splits * partial,
          operands.out.start + head * size.group * size.valueDim)
      }
    }
  }

  /// One split of one key head through the kernel of the cache's element type.
  private func decode(
    _ item: Int, _ keys: Range<Int>, _ operands: PreparedAttention.Operands, _ partial: MutableFloats,
    _ scratch: MutableFloats
  ) {
    let (sequence, head) = item.quotientAndRemainder(dividingBy: size.headsKV)
    let (first, last) = (keys.lowerBound, keys.upperBound)
    let (group, headDim, valueDim, scale) = (size.group, size.headDim, size.valueDim, size.scale)
    let q = Floats(operands.q.start + item * group * headDim)
    let cache = operands.cache
    let table = cache.table(sequence)
    let (blockKeys, step, isTurned) = (size.blockKeys ?? size.seqKV, cache.blockStep, size.keysTurned)
    let row = cache.firstRow(sequence, head)
    let (k, v) = (UnsafeRawPointer(cache.k.start), UnsafeRawPointer(cache.v.start))
    switch size.cacheType {
    case .bf16 where size.latent:
      module.latentDecodeBF16(
        group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim), table, blockKeys,
        partial,
        scratch)
    case .bf16:
      module.decodeBF16(
        group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim),
        elements(v, row * valueDim), table, blockKeys, step, isTurned, partial, scratch)
    case .f16:
      module.decodeF16(
        group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim),
        elements(v, row * valueDim), table, blockKeys, step, isTurned, partial, scratch)
    case .i8:
      guard let kScales = cache.kScales, let vScales = cache.vScales else { return }
      module.decodeI8(
        group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim),
        elements(v, row * valueDim), kScales.start + row, vScales.start + row, table, blockKeys, step,
        isTurned, partial, scratch)
    default:
      if size.latent {
        module.latentDecode(
          group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim), table, blockKeys,
          partial, scratch)
      } else {
        module.decode(
          group, headDim, valueDim, first, last, scale, q, elements(k, row * headDim),
          elements(v, row * valueDim), table, blockKeys, step, isTurned, partial, scratch)
      }
    }
  }

  private func elements<Element>(_ start: UnsafeRawPointer, _ offset: Int) -> UnsafePointer<Element> {
    start.assumingMemoryBound(to: Element.self) + offset
  }
}

extension Problem.Attention {
  /// What a decode step's query sees.
  var seenKeys: Range<Int> { (causal ? max(0, seqKV - reach) : 0)..<seqKV }
}

extension AttentionCache {
  /// Blocks of one head are so many blocks apart.
  var blockStep: Int { size.blockKeys == nil ? 1 : size.headsKV }
  /// The row from which the kernels count: of a paged cache the head's first row in the first block.
  func firstRow(_ sequence: Int, _ head: Int) -> Int {
    size.blockKeys.map { head * $0 } ?? (sequence * size.headsKV + head) * size.seqKV
  }
}
