// Names of chips to rows, as sources and as drivers write them. Published: `H100 SXM5 80GB` begins with the words of the id `H100`, and where `H100 PCIe 80GB`
// begins with two ids the longer one is meant. A driver says `NVIDIA A100-SXM4-80GB`: the words of the id stand in it,
// and every other word must be one that names no other chip.

public import Quantities

/// The id that a published chip name means: the longest whose words begin it.
///
/// - Complexity: O(ids).
public func acceleratorID(forPublishedName name: String, among ids: [String]) -> String? {
  ids.filter { name == $0 || name.hasPrefix($0 + " ") }.max { $0.count < $1.count }
}

/// The chip that a published name means.
public func acceleratorMeant(by name: String, among chips: [Accelerator]) -> Accelerator? {
  let id = acceleratorID(forPublishedName: name, among: chips.map(\.id))
  return id.flatMap { id in chips.first { $0.id == id } }
}

/// The chip that a driver's name of a device means, e.g. `NVIDIA H200` or `NVIDIA H100 80GB HBM3`; a gap with the
/// nearest ids where none is sure: another variant, another size of memory, or a slice of a card.
///
/// - Complexity: O(chips x words).
public func acceleratorMeant(byDriver name: String, among chips: [Accelerator]) -> Known<Accelerator> {
  let words = driverWords(name)
  func gap(_ missing: String) -> Known<Accelerator> {
    let ids = chips.filter { $0.kind != "cpu" }.map(\.id)
    let short = words.filter { !vendorWords.contains($0) }.joined(separator: " ")
    let near = nearestNames(to: short, among: ids, limit: 5)
    return .failure(
      Gap(
        "the device '\(name.prefix(60))'", missing: missing,
        remedy: near.isEmpty
          ? "add its row to accelerators.csv of a catalogue folder (--catalog)"
          : "the nearest are \(near.joined(separator: ", ")); add its row to accelerators.csv of a catalogue folder "
            + "(--catalog)"))
  }
  if words.contains("mig") { return gap("a slice of a card is no chip of accelerators.csv") }
  let fitting = chips.filter { chip in
    var rest = words
    for word in driverWords(chip.id) {
      guard let place = rest.firstIndex(of: word) else { return false }
      rest.remove(at: place)
    }
    return rest.allSatisfy { word in
      if let size = memoryWord(word) {
        // A superchip's name gives the memory of its host too, which is larger.
        return chip.memCapacityMarketingGb.map { size > 0.9 * $0 } ?? true
      }
      return neutralWords.contains(word) || word.hasPrefix("sxm") || word.hasPrefix("hbm")
    }
  }
  guard let best = fitting.max(by: { driverWords($0.id).count < driverWords($1.id).count }) else {
    return gap("no row of accelerators.csv that is surely this chip")
  }
  return .success(best)
}

/// Small letters and digits, cut at spaces and hyphens.
private func driverWords(_ name: String) -> [String] {
  name.lowercased().split { $0 == " " || $0 == "-" }.map(String.init)
}

/// Gigabytes of a word such as `80gb` or `144g`.
private func memoryWord(_ word: String) -> Double? {
  let digits = word.prefix { $0.isNumber }
  return ["gb", "g"].contains(String(word.dropFirst(digits.count))) ? Double(digits) : nil
}

private let vendorWords: Set = ["nvidia", "amd", "intel", "tesla", "geforce", "instinct"]

/// Words of drivers that tell no two chips of the catalogue apart.
private let neutralWords = vendorWords.union([
  "graphics", "device", "accelerator", "blackwell", "server", "edition",
])
