// How a team shares a product, one or many: a batch, or the experts of a mixture with uneven rows, some none.

/// A rectangle of C of one group that one thread computes.
package struct ProductShare: Sendable, Equatable {
  package let group: Int
  package let rows: Range<Int>, columns: Range<Int>

  package init(group: Int, rows: Range<Int>, columns: Range<Int>) {
    (self.group, self.rows, self.columns) = (group, rows, columns)
  }
}

/// The shares of each thread. Groups have `rows[group]` rows and `columns` columns each. Where there are panels for
/// all, a thread takes the same columns of every group: it reads and packs its own part of the weights once, and
/// groups of uneven rows are as balanced as even ones. With fewer panels than threads, rows are split.
package func productShares(
  rows: [Int], columns: Int, threads: Int, rowStep: Int, columnStep: Int
) -> [[ProductShare]] {
  let byColumns = (columns + columnStep - 1) / columnStep >= threads
  return (0..<threads).map { thread in
    rows.enumerated().compactMap { group, count in
      let share = ProductShare(
        group: group,
        rows: byColumns ? 0..<count : part(thread, of: threads, count, step: rowStep),
        columns: byColumns ? part(thread, of: threads, columns, step: columnStep) : 0..<columns)
      return share.rows.isEmpty || share.columns.isEmpty ? nil : share
    }
  }
}

/// Part `index` of `parts` of 0..<count, cut at multiples of `step`.
private func part(_ index: Int, of parts: Int, _ count: Int, step: Int) -> Range<Int> {
  let steps = (count + step - 1) / step
  let cut = { (i: Int) in min(count, steps * i / parts * step) }
  return cut(index)..<cut(index + 1)
}
