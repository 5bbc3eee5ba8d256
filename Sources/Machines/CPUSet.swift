// A set of processing units by operating-system number, in the list form "0-3,8".
// A sorted list: sets are small or dense, and two of them meet in one pass, also on machines of 16,384 PUs.

/// Operating-system numbers of PUs.
public struct CPUSet: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Ascending, without repeats.
  public let cpus: [Int]

  /// A set of numbers in any order.
  public init(_ cpus: some Sequence<Int>) {
    let numbers = Array(cpus)
    let isSorted = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    self.cpus = isSorted ? numbers : Set(numbers).sorted()
  }

  /// Parses "0-3,8"; nil for anything else. The empty text is the empty set.
  public init?(list: String) {
    var numbers: [Int] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: true) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard let first = ends.first.flatMap({ Int($0) }), first >= 0, ends.count <= 2 else { return nil }
      guard ends.count == 2 else {
        numbers.append(first)
        continue
      }
      guard let last = Int(ends[1]), last >= first, last - first < 65_536 else { return nil }
      numbers += first...last
    }
    self.init(numbers)
  }

  /// Number of PUs.
  public var count: Int { cpus.count }
  /// True when no PU is in the set.
  public var isEmpty: Bool { cpus.isEmpty }
  /// PUs in both sets.
  ///
  /// - Complexity: O(smaller · log larger).
  public func intersection(_ other: CPUSet) -> CPUSet {
    let (few, many) = count <= other.count ? (self, other) : (other, self)
    return CPUSet(few.cpus.filter(many.contains))
  }
  /// True when every PU is also in the other set.
  public func isSubset(of other: CPUSet) -> Bool { count <= other.count && cpus.allSatisfy(other.contains) }

  /// True when the PU is in the set.
  ///
  /// - Complexity: O(log count).
  public func contains(_ cpu: Int) -> Bool {
    var low = 0
    var high = cpus.count
    while low < high {
      let middle = (low + high) / 2
      if cpus[middle] < cpu { low = middle + 1 } else { high = middle }
    }
    return low < cpus.count && cpus[low] == cpu
  }

  /// The list form "0-3,8".
  public var description: String {
    var parts: [String] = []
    var start: Int?
    for (index, cpu) in cpus.enumerated() {
      if start == nil { start = cpu }
      if index + 1 < cpus.count, cpus[index + 1] == cpu + 1 { continue }
      if let from = start { parts.append(from == cpu ? "\(cpu)" : "\(from)-\(cpu)") }
      start = nil
    }
    return parts.joined(separator: ",")
  }
}
