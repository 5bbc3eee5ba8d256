// Published names to catalogue rows: owners, number formats, dates and tunings go off a model's name; a chip's name
// begins with the words of an id. One place, so that a row of any source is read alike.

import Catalog

/// Published names of models and chips, looked up in a catalogue.
struct PointNames {
  private let catalog: Catalog
  private let ids: [String]
  private var byPlainName: [String: ModelArchitecture] = [:]

  init(_ catalog: Catalog) {
    self.catalog = catalog
    ids = catalog.accelerators.map(\.id)
    for row in catalog.models {
      for name in [row.model, row.hfId] where !name.isEmpty {
        let plain = PointNames.plain(name)
        if byPlainName[plain] == nil { byPlainName[plain] = row }
      }
    }
  }

  /// The row of a published model name; of several that begin with it the largest is meant.
  func model(_ name: String) -> ModelArchitecture? {
    for part in [name] + name.split(separator: "/").map(String.init).reversed() {
      if let row = catalog.model(part) { return row }
      let plain = PointNames.plain(part)
      if let row = byPlainName[plain] ?? byPlainName[PointNames.otherNames[plain] ?? ""] { return row }
    }
    let words = PointNames.words(name)
    guard words.joined().count >= 4 else { return nil }
    let longer = catalog.models.filter { row in
      let candidate = PointNames.words(row.model)
      return candidate.count > words.count && candidate.starts(with: words)
    }
    return longer.max { ($0.paramsTotalB ?? 0) < ($1.paramsTotalB ?? 0) }
  }

  /// The row of a published chip name.
  func accelerator(_ name: String) -> Accelerator? {
    let bare = name.hasPrefix("CPU: ") ? String(name.dropFirst(5)) : name
    return acceleratorID(forPublishedName: bare, among: ids).flatMap { catalog.accelerator($0) }
  }

  /// The letters, digits and points of a name in lower case, without owner, format, date and tuning.
  static func plain(_ name: String) -> String { words(name).joined() }

  private static func words(_ name: String) -> [String] {
    var words = (name.split(separator: "/").last.map(String.init) ?? name).lowercased()
      .split { $0 == "-" || $0 == "_" || $0 == " " }.map(String.init)
    while words.count > 1, let last = words.last, endings.contains(last) { words.removeLast() }
    return words
  }

  private static let endings: Set<String> = [
    "nvfp4", "mxfp4", "fp4", "fp8", "int4", "int8", "w4a16", "awq", "gptq", "bf16", "dynamic", "kv",
    "instruct",
    "chat", "it", "hf", "base", "0528", "0324", "0905", "2507", "99", "99.9", "edge", "preview", "text",
  ]

  /// Names that sources use for models of other names, plain.
  private static let otherNames = [
    "r1": "deepseekr1", "dsr1": "deepseekr1", "gptj": "gptj6b", "llama7b": "llama27b",
    "llama70b": "llama270b",
    "llama13b": "llama213b", "llama38b": "llama3.18b", "llama370b": "llama3.170b", "bloom": "bloom176b",
    "r1distillllama70b": "llama3.370b", "deepseekr1distillllama70b": "llama3.370b",
  ]
}
