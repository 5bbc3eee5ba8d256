// Element-wise lines of a shape table: rows x columns, or tokens x heads x head dim for rotary positions.

import Measurement
import Tables

extension ShapeLine {
  /// Activations were written a moment ago, so they are hot unless the line says `cold`.
  func elementwiseCache() throws(InputError) -> CacheMode {
    let mode = try name("cache", of: CacheMode.allCases, orElse: .hot)
    guard mode != .weightsCold else {
      throw fault("cache", "an element-wise kernel has no weights that could be cold", "write hot or cold")
    }
    return mode
  }

  func elementwise(_ kernel: Operation) throws(InputError) -> Shape {
    let rows = try count("m")
    if kernel.isRope {
      let (heads, dim) = (try count("heads_q", at: 100_000), try count("head_dim", at: 100_000))
      guard dim.isMultiple(of: 2) else {
        throw fault("head_dim", "\(dim) is odd", "turned pairs need an even one")
      }
      try checkMemory("m", [Double(rows) * Double(heads) * Double(dim)])
      return .rope(tokens: rows, heads: heads, headDim: dim)
    }
    let columns = try count("n")
    try checkMemory("m", [2 * Double(rows) * Double(columns)])
    switch kernel {
    case .routerTopK: return .rows(rows, columns: columns, top: try top(atMost: columns))
    case .sample: return .rows(rows, columns: columns, top: try top(atMost: min(columns, 256)))
    case .embeddingGather:
      let table = try count("k", at: Int(Int32.max))
      try checkMemory("k", [Double(table) * Double(columns)])
      return .rows(rows, columns: columns, top: table)
    case .softmax:
      let causal = try flag("causal")
      if causal == true, rows > columns {
        throw fault(
          "m", "\(rows) rows over \(columns) columns cannot be causal", "write causal 0, or more columns")
      }
      return .rows(rows, columns: columns, causal: causal)
    default: return .rows(rows, columns: columns)
    }
  }

  private func top(atMost most: Int) throws(InputError) -> Int {
    let top = try count("k")
    guard top <= most else { throw fault("k", "\(top) of \(most) cannot be chosen", "at most \(most)") }
    return top
  }
}
