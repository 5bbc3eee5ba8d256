// Holds the floor plan: a target imports only what Package.swift gives it, and only from targets above it.
// SwiftPM alone does not: an undeclared import builds when the other module happens to be there already.

import Foundation

struct Manifest: Decodable {
  let targets: [Target]
}

struct Target: Decodable {
  let name: String
  let type: String
  let path: String?
  let dependencies: [Dependency]

  var folder: String { path ?? (type == "test" ? "Tests/" : "Sources/") + name }
}

/// `{"byName": [name, …]}`, `{"target": [name, …]}` or `{"product": [name, package, …]}`.
struct Dependency: Decodable {
  let name: String

  init(from decoder: any Decoder) throws {
    let forms = try decoder.singleValueContainer().decode([String: [Ignored?]].self)
    guard let name = forms.values.first?.first??.text else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no name"))
    }
    self.name = name
  }
}

/// Text, or anything else as nil.
struct Ignored: Decodable {
  let text: String?
  init(from decoder: any Decoder) throws {
    text = try? decoder.singleValueContainer().decode(String.self)
  }
}

/// Modules of the toolchain and the system, which any target may use.
let system: Set<String> = [
  "Swift", "Dispatch", "Foundation", "FoundationEssentials", "FoundationXML", "Glibc", "Synchronization",
  "Testing",
]

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("layers: \(message)\n".utf8))
  exit(1)
}

func manifest() -> Manifest {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["swift", "package", "dump-package"]
  let pipe = Pipe()
  process.standardOutput = pipe
  do {
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Manifest.self, from: data)
  } catch {
    fail("'swift package dump-package' cannot be read: \(error)")
  }
}

/// Swift files under a folder, symbolic links followed (the kernels' texts are linked into each ISA).
func swiftFiles(_ folder: String) -> [String] {
  let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return entries.sorted().flatMap { entry -> [String] in
    let path = folder + "/" + entry
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
    if isFolder.boolValue { return swiftFiles(path) }
    return path.hasSuffix(".swift") ? [path] : []
  }
}

/// The module of an import line, or nil.
func importedModule(_ line: Substring) -> String? {
  var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
  let before: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
  while let word = words.first, before.contains(word) || word.hasPrefix("@") { words.removeFirst() }
  guard words.first == "import" else { return nil }
  words.removeFirst()
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
  if let word = words.first, kinds.contains(word) { words.removeFirst() }
  return words.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
}

/// Which lines this architecture compiles: the manifest lists the kernel modules of one architecture only.
/// Conditions other than `arch(…)` count as true on both sides.
struct Conditions {
  /// For each open `#if`: its lines are compiled here, and it asks for an architecture.
  private var open: [(compiled: Bool, byArchitecture: Bool)] = []

  var hold: Bool { open.allSatisfy(\.compiled) }

  mutating func read(_ line: Substring) {
    let text = line.trimmingCharacters(in: .whitespaces)
    if text.hasPrefix("#if") {
      let asks = text.contains("arch(")
      open.append((!asks || text.contains("arch(\(architecture))"), asks))
    } else if text == "#else", let last = open.popLast() {
      open.append((!last.byArchitecture || !last.compiled, last.byArchitecture))
    } else if text.hasPrefix("#endif") {
      _ = open.popLast()
    }
  }
}

#if arch(arm64)
let architecture = "arm64"
#else
let architecture = "x86_64"
#endif

let targets = manifest().targets
let place = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.name, $0) })
var faults: [String] = []
var imports = 0

for (index, target) in targets.enumerated() {
  let declared = Set(target.dependencies.map(\.name))
  for name in declared.sorted() {
    if let other = place[name], other >= index {
      faults.append("Package.swift: \(target.name) depends on \(name), which is listed below it")
    }
  }
  guard FileManager.default.fileExists(atPath: target.folder) else { fail("\(target.folder) is missing") }
  for file in swiftFiles(target.folder) {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      fail("\(file) cannot be read")
    }
    var conditions = Conditions()
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      conditions.read(line)
      guard conditions.hold, let module = importedModule(line) else { continue }
      imports += 1
      if declared.contains(module) || system.contains(module) { continue }
      let reason =
        switch place[module] {
        case let other? where other >= index: "is listed below \(target.name) in Package.swift"
        case _?: "is not among \(target.name)'s dependencies in Package.swift"
        case nil: "is neither a dependency of \(target.name) nor a module of the toolchain"
        }
      faults.append("\(file):\(number + 1): imports \(module), which \(reason)")
    }
  }
}
guard faults.isEmpty, imports > 0 else {
  fail(faults.isEmpty ? "no import found" : "\n" + faults.joined(separator: "\n"))
}
print("\(targets.count) targets, \(imports) imports, all of them upward")
