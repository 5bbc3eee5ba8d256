// Nodes of one type side by side: which of them differ from their group, and how much equal nodes differ at all.
// A node is named by the robust z score of its time against the median of its group (Iglewicz and Hoaglin 1993:
// 0.6745 (x - median) / MAD above 3.5), and only when the difference matters, twice the band of indifference.

import Glibc
import Measurement

/// One time of one row on one node.
public struct NodeTime: Sendable {
  /// Name of the node: its label, or the run's id where it has none.
  public let node: String
  /// Type of machine: only equal ones are held against each other.
  public let machine: String
  /// Key of the row.
  public let rowKey: String
  /// Median time in seconds.
  public let seconds: Double
  /// A time from its parts.
  public init(node: String, machine: String, rowKey: String, seconds: Double) {
    self.node = node
    self.machine = machine
    self.rowKey = rowKey
    self.seconds = seconds
  }
}

/// What the nodes of a fleet say about each other.
public struct NodeSpread: Sendable {
  /// One row over the nodes of one type of machine.
  public struct Row: Hashable, Sendable {
    public let machine: String
    public let rowKey: String
    /// Nodes that timed the row.
    public let nodes: Int
    /// Median over nodes of the row's time in seconds.
    public let medianSeconds: Double
    /// Standard deviation between nodes, relative to the median; nil for a single node.
    public let betweenNodeRelStddev: Double?
  }

  /// A row at which a node differs.
  public struct Difference: Hashable, Sendable {
    public let rowKey: String
    /// Time of the node over the median of its group: above 1, the node is slower.
    public let ratio: Double
    /// Robust z score.
    public let score: Double
  }

  /// A node that differs from its group.
  public struct Outlier: Hashable, Sendable {
    public let node: String
    public let machine: String
    /// Its differing rows, the largest difference first.
    public let rows: [Difference]
    /// Rows that the node timed.
    public let timed: Int
  }

  /// Nodes with times, sorted by name.
  public let nodes: [String]
  /// Rows in order of machine and key.
  public let rows: [Row]
  /// Outlying nodes, those with most differing rows first.
  public let outliers: [Outlier]
  /// Median over rows of the standard deviation between nodes; nil where no row has two nodes.
  public let overallRelStddev: Double?
  /// Fewest nodes of one type among which one can be named.
  public static let fewestNodes = 4

  /// Compares nodes row by row.
  ///
  /// A node is named when more of its rows differ than chance gives among this many nodes, or when one row differs
  /// by more than chance gives among all rows of all nodes; both chances are 1 % for the whole fleet.
  /// - Parameter delta: half-width of the band of indifference; differences up to twice that are no news.
  /// - Complexity: O(times · log times).
  public init(_ times: [NodeTime], delta: Double = 0.01) {
    let groups = Dictionary(grouping: times.filter { $0.seconds > 0 }) { [$0.machine, $0.rowKey] }
    nodes = Set(times.map(\.node)).sorted()
    var rows: [Row] = []
    var tally = Tally()
    for (_, group) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      // A node that ran the row several times counts once.
      let perNode = Dictionary(grouping: group, by: \.node).compactMapValues {
        Statistics.median($0.map(\.seconds))
      }
      guard let first = group.first, let median = Statistics.median(Array(perNode.values)) else { continue }
      rows.append(
        Row(
          machine: first.machine, rowKey: first.rowKey, nodes: perNode.count, medianSeconds: median,
          betweenNodeRelStddev: Statistics.standardDeviation(Array(perNode.values)).map { $0 / median }))
      tally.add(perNode, first, median: median, delta: delta)
    }
    self.rows = rows
    overallRelStddev = Statistics.median(rows.compactMap(\.betweenNodeRelStddev))
    outliers = tally.outliers()
  }

  /// The z score that a clean node of a group of this size exceeds with a chance of 4.65e-4: 3.5 in a large group,
  /// more in a small one, whose MAD is itself uncertain. Simulated with normal noise, 3 million scores a size.
  static func bound(_ nodes: Int) -> Double {
    let bounds: [(from: Int, bound: Double)] = [
      (4, 42.7), (6, 17.5), (8, 11.3), (10, 8.6), (12, 7.3), (16, 6.1), (20, 5.5), (24, 5.1), (32, 4.6),
      (48, 4.2), (64, 4.0), (100, 3.8), (200, 3.65), (400, 3.5),
    ]
    return bounds.last { nodes >= $0.from }?.bound ?? .infinity
  }
}

/// Collects the differing rows of each node and decides which nodes to name.
private struct Tally {
  private struct Node {
    var machine = ""
    var timed = 0
    var rows: [NodeSpread.Difference] = []
    var isBeyondChance = false
  }
  private var nodes: [String: Node] = [:]
  private var scores = 0
  private var suspects: [(node: String, excess: Double)] = []
  /// Chance that a clean row of a clean node exceeds the bound.
  private static let chance = 4.65e-4
  /// Nodes from which scores are close to normal.
  private static let largeGroup = 32
  /// Chance that a clean fleet has a named node.
  private static let alpha = 0.01

  mutating func add(_ seconds: [String: Double], _ first: NodeTime, median: Double, delta: Double) {
    let key = { (node: String) in first.machine + "|" + node }
    for node in seconds.keys {
      nodes[key(node), default: Node(machine: first.machine)].timed += 1
    }
    guard seconds.count >= NodeSpread.fewestNodes,
      let mad = Statistics.medianAbsoluteDeviation(Array(seconds.values))
    else { return }
    scores += seconds.count
    let bound = NodeSpread.bound(seconds.count)
    for (node, time) in seconds {
      // Times that repeat to the last digit have no spread; any real difference then stands out.
      let score = 0.6745 * abs(time - median) / max(mad, median * 1e-9)
      guard score > bound, abs(time / median - 1) > 2 * delta else { continue }
      nodes[key(node)]?.rows.append(
        NodeSpread.Difference(rowKey: first.rowKey, ratio: time / median, score: score))
      // Small groups have scores with heavy tails: one row is no proof there.
      if seconds.count >= Tally.largeGroup { suspects.append((key(node), score / bound)) }
    }
  }

  func outliers() -> [NodeSpread.Outlier] {
    // 3.5 times the excess over the bound of the group's size is the score in a large group.
    let sole = Tally.quantile(Tally.alpha / Double(max(scores, 1)))
    let beyond = Set(suspects.filter { 3.5 * $0.excess > sole }.map(\.node))
    return nodes.compactMap { key, node -> NodeSpread.Outlier? in
      guard !node.rows.isEmpty else { return nil }
      let isNamed =
        beyond.contains(key)
        || Tally.tail(node.rows.count, of: node.timed) * Double(nodes.count) < Tally.alpha
      guard isNamed else { return nil }
      return NodeSpread.Outlier(
        node: String(key.dropFirst(node.machine.count + 1)), machine: node.machine,
        rows: node.rows.sorted { (abs(log($0.ratio)), $1.rowKey) > (abs(log($1.ratio)), $0.rowKey) },
        timed: node.timed)
    }.sorted { ($1.rows.count, $0.node, $0.machine) < ($0.rows.count, $1.node, $1.machine) }
  }

  /// P(Binomial(n, chance) >= k).
  private static func tail(_ k: Int, of n: Int) -> Double {
    var term = exp(Double(n) * log1p(-chance))
    var below = 0.0
    for count in 0..<max(k, 0) {
      below += term
      term *= Double(n - count) / Double(count + 1) * chance / (1 - chance)
    }
    return max(0, 1 - below)
  }

  /// z with P(|Z| > z) = p for a normal Z, by bisection on the complementary error function.
  private static func quantile(_ p: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) > p { low = middle } else { high = middle }
    }
    return high
  }
}
