// A mixture of experts puts its tokens together again: each expert's result, weighted, goes back to its token.

/// out row t (columns) = Σ weights[t·top + j] · x row places[t·top + j] over j < `top`; FLOP 2·rows·top·columns.
///
/// The scatter-add of the formula turned round: a token gathers what is its own, so that threads that share tokens
/// never write to the same row. Four registers of a row are summed over all its experts before they are stored.
@inline(never)
public func combineRows(
  rows: Int, columns: Int, top: Int, weights: UnsafePointer<Float>, places: UnsafePointer<Int32>,
  x: UnsafePointer<Float>, xStride: Int, out: UnsafeMutablePointer<Float>, outStride: Int
) {
  for row in 0..<rows {
    let (weight, place, target) = (weights + row * top, places + row * top, out + row * outStride)
    var i = 0
    while i + 4 * lanes <= columns {
      var sums = Four(0)
      for j in 0..<top {
        let factor = Vector(repeating: weight[j])
        let source = x + Int(place[j]) * xStride + i
        sums.a = multiplyAdd(factor, load(source), sums.a)
        sums.b = multiplyAdd(factor, load(source + lanes), sums.b)
        sums.c = multiplyAdd(factor, load(source + 2 * lanes), sums.c)
        sums.d = multiplyAdd(factor, load(source + 3 * lanes), sums.d)
      }
      store(sums.a, target + i)
      store(sums.b, target + i + lanes)
      store(sums.c, target + i + 2 * lanes)
      store(sums.d, target + i + 3 * lanes)
      i += 4 * lanes
    }
    while i < columns {
      let part = smaller(lanes, columns - i)
      var sum = Vector()
      for j in 0..<top {
        sum = multiplyAdd(
          Vector(repeating: weight[j]), loadPart(x + Int(place[j]) * xStride + i, part), sum)
      }
      storePart(sum, target + i, part)
      i += lanes
    }
  }
}
