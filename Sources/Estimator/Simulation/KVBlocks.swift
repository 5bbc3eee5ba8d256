// Paged KV memory as counts: which sequence holds which block does not matter, only how many are used and at which
// steps the running sequences need another.

/// Blocks of the KV cache of one replica.
struct KVBlocks {
  /// Tokens of a block.
  let tokens: Int
  let capacity: Int
  /// Blocks that a sequence takes whatever its length.
  let perSequence: Int
  private(set) var used = 0
  /// Most that were in use.
  private(set) var peak = 0
  /// Running sequences that need a block at the steps whose remainder by the block size is the index.
  private var needs: [Int]

  init(_ times: StepTimes, tokens: Int) {
    self.tokens = tokens
    let blocks = (times.kvTokens / Double(tokens)).rounded(.down)
    capacity = blocks < 1e15 ? Int(blocks) : Int.max / 4
    perSequence = Int((times.kvTokensPerSequence / Double(tokens)).rounded(.up))
    needs = Array(repeating: 0, count: tokens)
  }

  var free: Int { capacity - used }

  /// Blocks of a sequence that stores so many tokens.
  func count(storing stored: Int) -> Int { (stored + tokens - 1) / tokens + perSequence }

  mutating func take(_ blocks: Int) {
    used += blocks
    if used > peak { peak = used }
  }

  mutating func give(_ blocks: Int) { used -= blocks }

  /// A sequence runs (or no longer), whose stored tokens are `origin` plus the step.
  mutating func follow(origin: Int, by change: Int) {
    // It needs a block at steps where what it stores is a whole number of blocks.
    let rest = -origin % tokens
    needs[rest < 0 ? rest + tokens : rest] += change
  }

  /// Blocks that the running sequences need at a step.
  func needed(at step: Int) -> Int { needs[step % tokens] }

  /// Blocks that `running` sequences need over some steps from `step` on.
  func needed(from step: Int, steps: Int, running: Int) -> Int {
    var sum = steps / tokens * running
    for later in 0..<steps % tokens { sum += needs[(step + later) % tokens] }
    return sum
  }

  /// How many steps from `step` on, up to a limit, have a block for each of the `running` sequences that needs one.
  func steps(from step: Int, atMost limit: Int, running: Int) -> Int {
    if free / running >= limit / tokens + 1 { return limit }
    var steps = free / running * tokens
    var left = free % running
    while steps < limit {
      left -= needs[(step + steps) % tokens]
      if left < 0 { break }
      steps += 1
    }
    return min(steps, limit)
  }
}
