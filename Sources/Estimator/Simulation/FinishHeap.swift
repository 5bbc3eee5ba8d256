// The running sequences by the step at which they end. Entries of preempted sequences stay and are passed over when
// they come up, which is cheaper than finding them.

/// A binary heap of (step, request), smallest step first, ties by request.
struct FinishHeap {
  /// One running sequence.
  struct Entry {
    let step: Int
    let request: Int32

    func precedes(_ other: Entry) -> Bool {
      step < other.step || step == other.step && request < other.request
    }
  }

  private var entries: [Entry] = []

  /// The entry that comes up first.
  var first: Entry? { entries.first }

  mutating func reserve(_ count: Int) { entries.reserveCapacity(count) }

  /// - Complexity: O(log entries).
  mutating func insert(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(entries[parent]) else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  /// - Complexity: O(log entries).
  mutating func removeFirst() {
    guard let last = entries.popLast(), !entries.isEmpty else { return }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
      guard entries[child].precedes(last) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = last
  }
}
