// The machine as nested boxes: packages hold memory nodes hold caches hold cores hold CPUs, whatever of these
// the machine reports. The boxes are a nested list, so that they wrap on a phone and can be heard.

import Machines
import Results

/// One box.
struct TopologyBox {
  /// `package`, `numa`, `l3`, `l2`, `core`, `pu`: the box's colour.
  let kind: String
  let label: String
  var children: [TopologyBox] = []
  /// True for a CPU that the run could not use.
  var isOff = false
  /// Number of a CPU, nil for a box of them.
  var cpu: Int?

  /// Boxes in all, this one included.
  var count: Int { children.reduce(1) { $0 + $1.count } }

  /// True where one of these CPUs is inside.
  func holds(_ cpus: Set<Int>) -> Bool {
    !cpus.isEmpty && (cpu.map(cpus.contains) ?? children.contains { $0.holds(cpus) })
  }

  /// Equal for boxes that look alike but for their numbers.
  var shape: String {
    let inner = children.map(\.shape).joined(separator: ",")
    return "\(kind)\(isOff ? "-" : "")\(label.split(separator: "·").dropFirst().joined())(\(inner))"
  }
}

/// A machine's boxes.
struct TopologyPicture {
  /// Outermost boxes.
  let boxes: [TopologyBox]
  /// What the picture rests on, as a sentence.
  let source: String

  /// The boxes of a machine read from a topology file.
  init?(_ machine: Machine) {
    let all = Set(machine.coreSets.flatMap(\.cpus))
    guard !all.isEmpty else { return nil }
    var parts: [Part] = []
    func add(_ kind: String, _ sets: [(label: String, cpus: CPUSet)]) {
      for set in sets where !set.cpus.isEmpty {
        parts.append(Part(kind: kind, label: set.label, cpus: set.cpus.cpus, rank: parts.count))
      }
    }
    add("package", machine.packageSets.enumerated().map { ("package \($0.offset)", $0.element) })
    add(
      "numa",
      machine.memoryNodes.map {
        ("NUMA \($0.number)" + ($0.bytes > 0 ? " · \(sizeText($0.bytes))" : ""), $0.cpus)
      })
    for level in Set(machine.caches.map(\.level)).sorted(by: >) where level > 1 {
      add(
        "l\(level)",
        machine.caches.filter { $0.level == level }.map {
          ("L\(level)" + ($0.bytes > 0 ? " · \(sizeText($0.bytes))" : ""), $0.sharedBy)
        })
    }
    let first = Dictionary(
      machine.caches.filter { $0.level == 1 && $0.bytes > 0 }.flatMap { cache in
        cache.sharedBy.cpus.map { ($0, sizeText(cache.bytes)) }
      }
    ) { first, _ in first }
    let kinds = Dictionary(machine.kinds.flatMap { kind in kind.cpus.cpus.map { ($0, kind.name) } }) {
      first, _ in first
    }
    add(
      "core",
      machine.coreSets.enumerated().map { index, cpus in
        let cpu = cpus.cpus.first ?? 0
        let details = [kinds[cpu], first[cpu].map { "L1 \($0)" }].compactMap { $0 }
        return ("core \(index)" + (details.isEmpty ? "" : " · " + details.joined(separator: " · ")), cpus)
      })
    let usable = Set(machine.allowed.cpus)
    boxes = TopologyPicture.nest(parts[...]) { cpu in
      TopologyBox(
        kind: "pu", label: "CPU \(cpu)", isOff: !usable.isEmpty && !usable.contains(cpu), cpu: cpu)
    }
    source = "Drawn from the topology file beside the results."
  }

  /// The boxes of a machine of which only the rows' counts are known; nil where they say nothing.
  init?(_ row: ResultRow) {
    let levels: [(kind: String, name: String, count: Int?, bytes: Int?)] = [
      ("package", "package", row.packages, nil), ("numa", "NUMA node", row.numaNodes, nil),
      ("l3", "L3", row.l3Domains, row.l3Bytes), ("l2", "L2", row.l2Domains, row.l2Bytes),
      ("core", "core", row.cores, nil), ("pu", "CPU", row.pus, nil),
    ]
    var steps: [(kind: String, label: String, each: Int)] = []
    var total = 1
    for level in levels {
      // A count that the one outside does not divide cannot be nested without a guess.
      guard let count = level.count, count >= total, count.isMultiple(of: total), count / total <= 4_096
      else {
        continue
      }
      steps.append(
        (level.kind, level.name + (level.bytes.map { " · \(sizeText($0))" } ?? ""), count / total))
      total = count
    }
    guard !steps.isEmpty else { return nil }
    boxes = TopologyPicture.repeated(steps[...])
    source =
      "Drawn from the counts in the rows, as if everything were shared evenly: no topology file lies beside the"
      + " results."
  }

  /// The picture as a nested list, with the measured CPUs outlined; large machines show one of each group of
  /// like boxes.
  func markup(measured: Set<Int>) -> Markup {
    let isLarge = boxes.reduce(0) { $0 + $1.count } > 90
    return .tag("ul", ["class": "topo"], TopologyPicture.items(boxes, collapse: isLarge, measured))
  }

  private struct Part {
    let kind: String
    let label: String
    let cpus: [Int]
    let rank: Int
  }

  /// Puts parts inside parts: the larger outside, of equal ones the earlier.
  ///
  /// - Complexity: O(parts · CPUs · depth).
  private static func nest(_ parts: ArraySlice<Part>, leaf: (Int) -> TopologyBox) -> [TopologyBox] {
    let sorted = parts.sorted { ($1.cpus.count, $0.rank) < ($0.cpus.count, $1.rank) }
    var owner: [Int: Int] = [:]
    var outer: [(part: Part, inner: [Part])] = []
    for part in sorted {
      if let first = part.cpus.first, let index = owner[first] {
        outer[index].inner.append(part)
      } else {
        for cpu in part.cpus { owner[cpu] = outer.count }
        outer.append((part, []))
      }
    }
    return outer.sorted { ($0.part.cpus.first ?? 0) < ($1.part.cpus.first ?? 0) }.map { entry in
      let covered = Set(entry.inner.flatMap(\.cpus))
      let inside = nest(entry.inner[...], leaf: leaf)
      let loose = entry.part.cpus.filter { !covered.contains($0) }.map(leaf)
      return TopologyBox(kind: entry.part.kind, label: entry.part.label, children: inside + loose)
    }
  }

  private static func repeated(_ steps: ArraySlice<(kind: String, label: String, each: Int)>) -> [TopologyBox]
  {
    guard let step = steps.first else { return [] }
    let box = TopologyBox(kind: step.kind, label: step.label, children: repeated(steps.dropFirst()))
    return Array(repeating: box, count: step.each)
  }

  private static func items(_ boxes: [TopologyBox], collapse: Bool, _ measured: Set<Int>) -> [Markup] {
    var items: [Markup] = []
    var index = 0
    while index < boxes.count {
      let box = boxes[index]
      // A box with a measured CPU is shown for itself.
      let alike =
        1
        + boxes[(index + 1)...].prefix {
          $0.shape == box.shape && !$0.holds(measured) && !box.holds(measured)
        }
        .count
      items.append(item(box, collapse: collapse, measured))
      if collapse, alike > 2, box.kind != "pu" {
        items.append(.tag("li", ["class": "more"], "and \(alike - 1) more alike"))
        index += alike
      } else {
        index += 1
      }
    }
    return items
  }

  private static func item(_ box: TopologyBox, collapse: Bool, _ measured: Set<Int>) -> Markup {
    let label = Markup.tag("span", [:], box.label + (box.isOff ? " (not usable)" : ""))
    guard !box.children.isEmpty else {
      let isMeasured = box.cpu.map(measured.contains) ?? false
      return .tag(
        "li", ["class": "\(box.kind) leaf" + (box.isOff ? " off" : "") + (isMeasured ? " measured" : "")],
        label)
    }
    let inner = Markup.tag("ul", [:], items(box.children, collapse: collapse, measured))
    return .tag("li", ["class": "\(box.kind) wide-box"], label, inner)
  }
}
