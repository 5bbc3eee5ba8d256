// Names of accelerators in public catalogues to ids of accelerators.csv: first as published names are read
// everywhere in the house, then by their words without vendor, board and memory, then by memory where several
// chips share the words. What is left over is unknown and stays out.

import Quantities

/// What a name turned out to mean.
enum ChipMatch: Hashable {
  /// One chip; `perName` chips for each thing counted under the name.
  case chip(id: String, perName: Int)
  /// Several chips fit and the memory does not tell them apart.
  case ambiguous([String])
  /// No chip; the nearest names.
  case unknown([String])
}

/// The names of a catalogue's chips.
struct ChipNames {
  private let ids: [String]
  private let memory: [String: Double]
  private var byWords: [String: [String]] = [:]

  init(_ chips: [Accelerator]) {
    ids = chips.map(\.id)
    memory = Dictionary(
      chips.compactMap { chip in chip.memCapacityMarketingGb.map { (chip.id, $0) } },
      uniquingKeysWith: { first, _ in first })
    for chip in chips {
      for words in Set([ChipNames.words(chip.id).key, ChipNames.words(chip.chip).key]).sorted()
      where !words.isEmpty && !(byWords[words] ?? []).contains(chip.id) {
        byWords[words, default: []].append(chip.id)
      }
    }
  }

  /// The chip that a catalogue's name means.
  ///
  /// - Parameters:
  ///   - gigabytes: memory of one, where the file states it; 0 counts as unstated.
  ///   - expected: the chip that cloud_instances.csv has for the instance, which settles a doubt.
  func match(_ name: String, gigabytes: Double?, expected: String? = nil) -> ChipMatch {
    if let slice = ChipNames.slice(name) {
      return ids.contains(slice.id)
        ? .chip(id: slice.id, perName: slice.chips) : .unknown(nearest(to: name))
    }
    let (key, stated) = ChipNames.words(name)
    let size = gigabytes.flatMap { $0 > 0 ? $0 : nil } ?? stated
    let found = byWords[ChipNames.aliases[key] ?? key] ?? []
    let published = acceleratorID(forPublishedName: name, among: ids)
    let fitting = size.map { size in found.filter { fits($0, size) } } ?? found
    switch fitting.count {
    case 1: return .chip(id: fitting[0], perName: 1)
    case 0:
      if let published, found.isEmpty, size.map({ fits(published, $0) }) ?? true {
        return .chip(id: published, perName: 1)
      }
      return found.isEmpty && published == nil
        ? .unknown(nearest(to: name)) : .ambiguous(found.isEmpty ? [published ?? ""] : found)
    default:
      if let expected, fitting.contains(expected) { return .chip(id: expected, perName: 1) }
      // Without a size the plain name is the chip of that very id, e.g. GH200 beside GH200 144GB.
      let plain = fitting.filter { ChipNames.compact($0) == ChipNames.compact(name) }
      return plain.count == 1 ? .chip(id: plain[0], perName: 1) : .ambiguous(fitting)
    }
  }

  /// True where two ids begin with the same word, as `H100` and `H100 NVL` do.
  static func areVariants(_ a: String, _ b: String) -> Bool {
    func first(_ id: String) -> Substring { id.prefix { $0 != " " && $0 != "-" } }
    return first(a) == first(b)
  }

  private func nearest(to name: String) -> [String] { nearestNames(to: name, among: ids) }

  /// Marketing, installed and visible memory differ by less than this.
  private func fits(_ id: String, _ size: Double) -> Bool {
    memory[id].map { abs(size / $0 - 1) < 0.12 } ?? true
  }

  /// Words that say who made a chip or how it is mounted, not which chip it is.
  private static let noise: Set<String> = [
    "nvidia", "amd", "instinct", "intel", "aws", "google", "habana", "tesla", "geforce", "tensor", "core",
    "gpu",
    "sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "hgx", "oam", "mega", "hbm2", "hbm2e", "hbm3", "hbm3e",
    "server",
    "edition", "blackwell", "nvl72", "per",
  ]

  /// Names that catalogues shorten beyond what the words tell.
  private static let aliases = [
    "a6000": "rtxa6000", "trainium": "trainium1", "inferentia": "inferentia1", "gaudi": "gaudi1",
    "gaudihl205": "gaudi1", "h100sxm5": "h100",
  ]

  /// The telling words run together, and the memory that the name states, GB.
  static func words(_ name: String) -> (key: String, gigabytes: Double?) {
    let lower = name.lowercased().map { " -_/,()".contains($0) ? " " : $0 }
    var size: Double?
    var key = ""
    for word in String(lower).split(separator: " ").map(String.init) where !noise.contains(word) {
      if word.hasSuffix("gb"), let number = Double(word.dropLast(2)), number > 0 {
        size = number
      } else {
        key += word
      }
    }
    return (key, size)
  }

  private static func compact(_ name: String) -> String {
    String(name.lowercased().filter { !" -_".contains($0) })
  }

  /// The chips of a TPU slice by its name: v4 and v5p count two cores a chip, v5e and v6e count chips.
  static func slice(_ name: String) -> (id: String, chips: Int)? {
    var rest = Substring(name.lowercased())
    if rest.hasPrefix("tpu-") { rest = rest.dropFirst("tpu-".count) }
    guard let dash = rest.lastIndex(of: "-"), let number = Int(rest[rest.index(after: dash)...]),
      (1...100_000).contains(number)
    else { return nil }
    let kind: (id: String, perChip: Int)? =
      switch rest[..<dash] {
      case "v4": ("TPU v4", 2)
      case "v5p": ("TPU v5p", 2)
      case "v5litepod", "v5e": ("TPU v5e", 1)
      case "v6e": ("TPU v6e", 1)
      default: nil
      }
    guard let kind, number % kind.perChip == 0 else { return nil }
    return (kind.id, number / kind.perChip)
  }
}
