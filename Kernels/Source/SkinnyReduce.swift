// Adds up what the threads of a team computed for their ranges of k.

/// C (m, n) = the sum of `threads` partial results (m, n), one after the other in `partials`.
@inline(never)
public func skinnyReduce(
  m: Int, n: Int, threads: Int, partials: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, cStride: Int
) {
  for i in 0..<m {
    var j = 0
    while j < n {
      let count = smaller(lanes, n - j)
      if count == lanes {
        var total = Vector()
        for part in 0..<threads { total += load(partials + (part * m + i) * n + j) }
        store(total, c + i * cStride + j)
      } else {
        for column in j..<n {
          var total: Float = 0
          for part in 0..<threads { total += partials[(part * m + i) * n + column] }
          c[i * cStride + column] = total
        }
      }
      j += lanes
    }
  }
}
