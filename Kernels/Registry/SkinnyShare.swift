// Which part of a skinny product a thread of a team computes: columns where there are enough of them, otherwise a
// range of k, whose partial sums are added up afterwards.

/// What one thread computes; either range may be empty.
package struct SkinnyShare: Equatable, Sendable {
  package let columns: Range<Int>
  package let depth: Range<Int>

  /// Threads share k where whole panels of columns would leave some without work.
  package static func splitsDepth(n: Int, panel: Int, threads: Int) -> Bool {
    (n + panel - 1) / panel < threads
  }

  /// The part of `thread`: whole panels of columns and all of k, or, where there are fewer panels than threads, all
  /// columns and a multiple of `depthStep` rows of B: 1 for floats and fp16, 2 for bf16, a group for quantised weights.
  /// Where k may not be shared, threads beyond the panels have nothing to do.
  package init(
    n: Int, k: Int, panel: Int, depthStep: Int, thread: Int, threads: Int, mayShareDepth: Bool = true
  ) {
    if mayShareDepth, SkinnyShare.splitsDepth(n: n, panel: panel, threads: threads) {
      columns = 0..<n
      depth = share(of: k, step: depthStep, thread, threads)
    } else {
      columns = share(of: n, step: panel, thread, threads)
      depth = 0..<k
    }
  }
}
