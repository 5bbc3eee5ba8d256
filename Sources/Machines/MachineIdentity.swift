// Which machine is this? A short hash that two hosts of one type share and that tells two types apart,
// and a readable name for files. Neither holds the host name, the memory size (a guest's can change
// while it runs) nor the kernel: those change on one and the same machine.

extension Machine {
  /// What the machine's identity rests on, as `name=value`; write it beside results so that a difference
  /// can be explained.
  public var identityInputs: [String] {
    var inputs = [
      "vendor=\(vendor)", "family=\(family)", "model=\(model)", "stepping=\(stepping)",
      "model_name=\(modelName)", "architecture=\(architecture)", "packages=\(packages)",
      "numa_nodes=\(numaNodes)", "cores=\(cores)", "pus=\(pus)",
    ]
    for level in Set(caches.map(\.level)).sorted() {
      let sizes = caches.filter { $0.level == level }.map(\.bytes)
      let counts = Set(sizes).sorted().map { size in "\(sizes.count { $0 == size })x\(size)" }
      inputs.append("l\(level)=\(counts.joined(separator: "+"))")
    }
    if !memorySideCaches.isEmpty {
      let sizes = memorySideCaches.map(\.bytes).sorted()
      inputs.append("memory_side=\(sizes.map(String.init).joined(separator: "+"))")
    }
    inputs.append("features=\(Set(features).sorted().joined(separator: " "))")
    return inputs
  }

  /// 12 hexadecimal digits over `identityInputs`.
  public var machineID: String {
    let digits = String(stableHash(identityInputs.joined(separator: "\n")), radix: 16)
    return String((String(repeating: "0", count: 16 - digits.count) + digits).suffix(12))
  }

  /// A file-name part from vendor, model and core count: `amd-epyc-9654-2x96c`; letters, digits, dashes.
  public var machineSlug: String {
    let maker = Machine.makers[vendor] ?? words(vendor).first
    var parts = words(modelName.isEmpty ? architecture : modelName)
    if let maker { parts = [maker] + parts.filter { $0 != maker } }
    if parts.isEmpty { parts = ["unknown"] }
    let name = parts.joined(separator: "-").prefix(40)
    return name.trimmingDashes + "-" + countPart
  }

  private var countPart: String {
    if cores == 0 { return "\(pus)pu" }
    guard packages > 0, cores.isMultiple(of: packages) else { return "\(cores)c" }
    return "\(packages)x\(cores / packages)c"
  }

  private static let makers = [
    "AuthenticAMD": "amd", "GenuineIntel": "intel", "HygonGenuine": "hygon", "CentaurHauls": "centaur",
  ]

  /// Words that every model name has and that tell no model apart.
  private static let fillers: Set<String> = ["r", "tm", "cpu", "processor", "core", "cores", "ghz", "mhz"]

  /// Lower-case words of letters and digits, up to the clock rate or the graphics unit.
  private func words(_ text: String) -> [String] {
    var words: [String] = []
    for piece in text.lowercased().split(whereSeparator: { $0 == " " || $0 == "@" || $0 == "(" || $0 == ")" })
    {
      if piece == "w/" || piece == "with" || piece.hasSuffix("ghz") || piece.hasSuffix("-core") { continue }
      words += piece.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init)
    }
    return words.filter { !Machine.fillers.contains($0) }
  }
}

extension Substring {
  fileprivate var trimmingDashes: String {
    var text = self
    while text.last == "-" { text.removeLast() }
    return String(text)
  }
}

/// FNV-1a, 64 bits, over UTF-8: the same on every machine and in every run.
///
/// Source: the FNV page of its authors (offset basis 14695981039346656037, prime 1099511628211).
public func stableHash(_ text: String) -> UInt64 {
  text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
}
