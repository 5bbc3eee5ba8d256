// Nearest names for "did you mean": Damerau-Levenshtein distance over lower-cased text.

/// The candidates closest to a mistyped name, best first.
///
/// - Complexity: O(n · a · b) for n candidates of length b and a name of length a.
public func nearestNames(to name: String, among candidates: [String], limit: Int = 3) -> [String] {
  let wanted = Array(name.lowercased().prefix(64))
  let scored = candidates.map { candidate -> (String, Int) in
    let other = Array(candidate.lowercased().prefix(64))
    let distance = editDistance(wanted, other)
    let contains = !wanted.isEmpty && candidate.lowercased().contains(String(wanted))
    return (candidate, contains ? min(distance, 1) : distance)
  }
  let bound = max(2, wanted.count / 2)
  return scored.filter { $0.1 <= bound }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(limit).map(\.0)
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  if a.isEmpty { return b.count }
  if b.isEmpty { return a.count }
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + Array(repeating: 0, count: b.count)
    for j in 1...b.count {
      let cost = a[i - 1] == b[j - 1] ? 0 : 1
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
