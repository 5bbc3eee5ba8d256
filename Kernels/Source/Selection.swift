// Which of a row: the largest, the experts of a token, the next token. Equal values are taken in order of their
// places, lowest first. A NaN counts as larger than any number, so that a broken model is seen and not hidden.

/// Place of the largest of a row, of the first NaN where there is one, -1 of an empty row; `value` gets what
/// stands there. Read once: the place is looked up in the block where the largest value first appeared.
@inline(never)
public func argmax(count: Int, x: UnsafePointer<Float>, value: UnsafeMutablePointer<Float>) -> Int {
  guard count > 0 else { return -1 }
  let block = 64 * lanes
  var (start, best, most) = (0, 0, -Float.infinity)
  while start < count {
    let size = smaller(block, count - start)
    let largest = largestOrNaN(size, x + start)
    if largest != largest || largest > most {
      (best, most) = (start, largest)
      if largest != largest { break }
    }
    start += size
  }
  value.pointee = most
  let isNumber = most == most
  if isNumber {
    while best + 4 * lanes <= count, largestOfFour(x + best) != most { best += 4 * lanes }
  }
  while best < count - 1, isNumber ? x[best] != most : x[best] == x[best] { best += 1 }
  return best
}

/// Largest of a block; NaN where there is one.
@inline(always) private func largestOrNaN(_ count: Int, _ x: UnsafePointer<Float>) -> Float {
  var (most, seen) = (Four(-.infinity), Four(0))
  var i = 0
  while i + 4 * lanes <= count {
    note(load(x + i), &most.a, &seen.a)
    note(load(x + i + lanes), &most.b, &seen.b)
    note(load(x + i + 2 * lanes), &most.c, &seen.c)
    note(load(x + i + 3 * lanes), &most.d, &seen.d)
    i += 4 * lanes
  }
  var result = most.most + seen.total
  while i < count {
    if x[i] > result || x[i] != x[i] { result = x[i] }
    i += 1
  }
  return result
}

@inline(always) private func note(_ x: Vector, _ most: inout Vector, _ seen: inout Vector) {
  most = larger(most, x)
  seen = keepNaN(seen, x)
}

/// Floats of workspace of `routerTopK` and of `sampleRow`.
public func selectionWorkspace(_ count: Int) -> Int { ceilDivide(count, lanes) * lanes }

/// Router of a mixture of experts: for each token the `top` largest of its (rows, experts) logits, in falling
/// order, with weights e^l / Σ e^l over those chosen. That is the softmax over all experts, renormalised to the
/// chosen ones: the sum over all cancels. `top` <= `experts`; `workspace` holds `selectionWorkspace(experts)`.
@inline(never)
public func routerTopK(
  rows: Int, experts: Int, top: Int, logits: UnsafePointer<Float>, stride: Int,
  weights: UnsafeMutablePointer<Float>, chosen: UnsafeMutablePointer<Int32>,
  workspace: UnsafeMutablePointer<Float>
) {
  let padded = ceilDivide(experts, lanes) * lanes
  for row in 0..<rows {
    let source = logits + row * stride
    let (weight, place) = (weights + row * top, chosen + row * top)
    // A taken or padding place is NaN, which no comparison prefers; a NaN of the logits becomes infinity, and
    // its weight infinity - infinity.
    var i = 0
    while i < padded {
      let logits = loadPart(source + i, smaller(lanes, experts - i))
      store(logits.replacing(with: Vector(repeating: .infinity), where: logits .!= logits), workspace + i)
      i += lanes
    }
    for i in experts..<padded { workspace[i] = .nan }
    for k in 0..<top {
      let next = takeLargest(padded, workspace)
      place[k] = Int32(truncatingIfNeeded: next)
      weight[k] = source[next]
    }
    weigh(top, weight, 1)
  }
}

/// Place of the first largest of a row that holds a number; it becomes NaN. Each lane remembers where its largest
/// stood first, so that the row is passed over once.
@inline(always) private func takeLargest(_ padded: Int, _ x: UnsafeMutablePointer<Float>) -> Int {
  var most = Vector(repeating: -.infinity)
  var places = VectorBits(repeating: Int32.max)
  var here = VectorBits()
  for lane in 0..<lanes { here[lane] = Int32(truncatingIfNeeded: lane) }
  var i = 0
  while i < padded {
    let values = load(x + i)
    places = places.replacing(with: here, where: values .> most)
    most = larger(most, values)
    here &+= VectorBits(repeating: Int32(truncatingIfNeeded: lanes))
    i += lanes
  }
  let value = largest(most)
  var place = padded - 1
  for lane in 0..<lanes where most[lane] == value && Int(places[lane]) < place { place = Int(places[lane]) }
  if value == -.infinity {
    // Nothing is larger than what lanes begin with: the first number.
    place = 0
    while place < padded - 1, x[place] != value { place += 1 }
  }
  x[place] = .nan
  return place
}

/// Replaces falling logits by e^((l - first)·scale) / Σ.
@inline(always) private func weigh(_ count: Int, _ l: UnsafeMutablePointer<Float>, _ scale: Float) {
  let (first, factor) = (Vector(repeating: l[0]), Vector(repeating: scale))
  var total: Float = 0
  var i = 0
  while i < count {
    let part = smaller(lanes, count - i)
    storePart(exponential((loadPart(l + i, part) - first) * factor), l + i, part)
    for j in i..<i + part { total += l[j] }
    i += part
  }
  for i in 0..<count { l[i] /= total }
}

/// Most tokens among which `sampleRow` chooses.
public func sampleLimit() -> Int { 256 }

/// Draws a token from a row of logits: the `top` largest (1 ... sampleLimit()), of those the fewest whose
/// probabilities e^(l / temperature) / Σ reach `topP`, and of those the one in which `random` in [0, 1) falls,
/// in falling order. Temperature 0 takes the largest; so does a row with a NaN or +infinity.
///
/// `values` and `places` hold `top` numbers. Returns -1 of an empty row.
@inline(never)
public func sampleRow(
  count: Int, x: UnsafePointer<Float>, temperature: Float, top: Int, topP: Float, random: Float,
  values: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<Int32>
) -> Int {
  let best = argmax(count: count, x: x, value: values)
  guard count > 0, temperature > 0, top > 1, values[0] < Float.infinity, values[0] > -Float.infinity else {
    return best
  }
  let kept = keepLargest(count, x, smaller(top, count), values, places)
  weigh(kept, values, 1 / temperature)
  var (nucleus, mass): (Int, Float) = (0, 0)
  while nucleus < kept, mass < topP || nucleus == 0 {
    mass += values[nucleus]
    nucleus += 1
  }
  let target = random * mass
  var (place, reached): (Int, Float) = (0, values[0])
  while reached <= target, place < nucleus - 1 {
    place += 1
    reached += values[place]
  }
  return Int(places[place])
}

/// The `top` largest in falling order: blocks that hold nothing larger than the least of them are passed over.
@inline(always)
private func keepLargest(
  _ count: Int, _ x: UnsafePointer<Float>, _ top: Int, _ values: UnsafeMutablePointer<Float>,
  _ places: UnsafeMutablePointer<Int32>
) -> Int {
  let block = 4 * lanes
  var kept = 0
  var start = 0
  while start < count {
    let size = smaller(block, count - start)
    let isWhole = size == block
    if kept < top || !isWhole || largestOfFour(x + start) > values[top - 1] {
      for i in start..<start + size where kept < top || x[i] > values[top - 1] {
        // From the end towards its place; equal ones stay before it.
        var place = kept < top ? kept : top - 1
        while place > 0, x[i] > values[place - 1] {
          values[place] = values[place - 1]
          places[place] = places[place - 1]
          place -= 1
        }
        values[place] = x[i]
        places[place] = Int32(truncatingIfNeeded: i)
        if kept < top { kept += 1 }
      }
    }
    start += size
  }
  return kept
}

@inline(always) private func largestOfFour(_ x: UnsafePointer<Float>) -> Float {
  largest(
    larger(larger(load(x), load(x + lanes)), larger(load(x + 2 * lanes), load(x + 3 * lanes))))
}
