// Which expert gets which tokens: the router's choices sorted by expert.

import Measurement

/// The places of rows among those of all experts. Row `place` belongs to the expert with firstRows[e] <= place <
/// firstRows[e + 1]; the last rows are those of the shared expert, one for each token in order.
final class LayerRouting {
  private let size: Problem.Layer
  /// (tokens, top): as the router leaves them.
  let chosen: Buffer, chosenWeights: Buffer
  /// (tokens, experts of a token): where a token's rows are, and their weights.
  let places: Buffer, weights: Buffer
  /// (expert rows): the token of each row.
  let tokens: Buffer
  /// (experts + 1)
  let firstRows: Buffer
  private let next: Buffer

  init(_ size: Problem.Layer) throws(KernelError) {
    self.size = size
    chosen = try Buffer(size.tokens * size.model.top)
    chosenWeights = try Buffer(size.tokens * size.model.top)
    places = try Buffer(size.expertRows)
    weights = try Buffer(size.expertRows)
    tokens = try Buffer(size.expertRows)
    firstRows = try Buffer(size.expertCount + 1)
    next = try Buffer(size.expertCount + 1)
  }

  /// Sorts by counting: tokens of an expert stay in order.
  func sort() {
    let (experts, top, width) = (size.model.experts, size.model.top, size.expertsPerToken)
    let (first, next) = (firstRows.places, next.places)
    for expert in 0...size.expertCount { first[expert] = 0 }
    for i in 0..<size.tokens * top { first[Int(chosen.places[i]) + 1] += 1 }
    for expert in 0..<experts {
      first[expert + 1] += first[expert]
      next[expert] = first[expert]
    }
    for token in 0..<size.tokens {
      for j in 0..<top {
        let expert = Int(chosen.places[token * top + j])
        put(token, at: Int(next[expert]), token * width + j, chosenWeights.start[token * top + j])
        next[expert] += 1
      }
    }
    guard width > top else { return }
    let shared = Int(first[experts])
    first[experts + 1] = Int32(shared + size.tokens)
    for token in 0..<size.tokens { put(token, at: shared + token, token * width + top, 1) }
  }

  /// Rows of no expert, and weights that are no numbers.
  func forget() {
    for expert in 0...size.expertCount { firstRows.places[expert] = 0 }
    for place in 0..<size.expertRows { (weights.start[place], places.places[place]) = (.nan, 0) }
  }

  private func put(_ token: Int, at row: Int, _ place: Int, _ weight: Float) {
    tokens.places[row] = Int32(token)
    places.places[place] = Int32(row)
    weights.start[place] = weight
  }

  /// Experts with rows, shared ones among them.
  var read: Int {
    (0..<size.expertCount).count { firstRows.places[$0] < firstRows.places[$0 + 1] }
  }
}
