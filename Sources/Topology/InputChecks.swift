// Inputs are checked before hwloc sees them: it says only "no", we can say what and where.

import Foundation
import Quantities
import Tables

/// Checks that bytes look like hwloc XML of a version that hwloc 2 reads.
func checkHwlocXML(_ xml: Data, file: String) throws(InputError) {
  let text = String(decoding: xml, as: UTF8.self)
  guard !xml.isEmpty else {
    throw InputError(file: file, line: 1, "the file is empty", advice: "write one with 'lstopo \(file)'")
  }
  guard let root = tagRange("topology", in: text) else {
    throw InputError(
      file: file, line: 1, "this is not hwloc XML: no <topology> element",
      advice: "write one with 'lstopo \(file)'")
  }
  let tag = text[root]
  let line = 1 + text[..<root.lowerBound].utf8.count { $0 == UInt8(ascii: "\n") }
  if let version = attribute("version", of: tag), let major = version.split(separator: ".").first,
    let number = Int(major), number > 2
  {
    throw InputError(
      file: file, line: line, "this is hwloc XML version \(version); this program reads versions 1 and 2",
      advice: "export it with 'lstopo --export-xml-flags v2 \(file)'")
  }
  guard text.range(of: "</topology>", options: .backwards) != nil else {
    throw InputError(
      file: file, line: 1 + xml.count { $0 == UInt8(ascii: "\n") }, "the file ends before </topology>",
      advice: "it was cut off; export it again")
  }
  try checkForCrashes(text, file: file)
}

/// Two faults that hwloc 2.9 answers with a crash, each named with its line.
private func checkForCrashes(_ text: String, file: String) throws(InputError) {
  func line(_ place: String.Index) -> Int { 1 + text[..<place].utf8.count { $0 == UInt8(ascii: "\n") } }
  if let type = tagRange("!DOCTYPE", in: text), !text[type].contains("SYSTEM"), !text[type].contains("PUBLIC")
  {
    throw InputError(
      file: file, line: line(type.lowerBound), "the DOCTYPE names no file, where hwloc writes \"hwloc2.dtd\"",
      advice: "write <!DOCTYPE topology SYSTEM \"hwloc2.dtd\">")
  }
  var rest = text[...]
  while let start = rest.range(of: "<object "),
    let end = rest.range(of: ">", range: start.upperBound..<rest.endIndex)
  {
    let tag = rest[start.lowerBound..<end.lowerBound]
    for (set, whole) in [("cpuset", "complete_cpuset"), ("nodeset", "complete_nodeset")]
    where (attribute(set, of: tag) == nil) != (attribute(whole, of: tag) == nil) {
      throw InputError(
        file: file, line: line(start.lowerBound),
        "an object has one of \(set) and \(whole) without the other", advice: "export it again with 'lstopo'")
    }
    rest = rest[end.upperBound...]
  }
}

/// The first start tag with this name.
func tagRange(_ name: String, in text: String) -> Range<String.Index>? {
  guard let start = text.range(of: "<\(name)"),
    let end = text.range(of: ">", range: start.upperBound..<text.endIndex)
  else { return nil }
  return start.lowerBound..<end.upperBound
}

/// The raw value of an attribute in a start tag, or nil.
func attribute(_ name: String, of tag: Substring) -> String? {
  guard let start = tag.range(of: " \(name)=\""),
    let end = tag.range(of: "\"", range: start.upperBound..<tag.endIndex)
  else { return nil }
  return String(tag[start.upperBound..<end.lowerBound])
}

/// Words that begin a level of a synthetic description (hwloc takes any unambiguous beginning of its names).
private let levelNames = [
  "machine", "package", "socket", "die", "group", "numanode", "node", "core", "pu",
  "l1cache", "l1dcache", "l1icache", "l2cache", "l2dcache", "l2icache", "l3cache", "l3dcache", "l4cache",
  "l5cache", "l1d", "l1i", "l2d", "l2i", "l1u", "l2u", "l3u", "misc",
]

/// A description may not ask for more than this; hwloc would take the memory.
private let largestSynthetic = 16_384
/// Parts of one level in one part of the level above.
private let largestRow = 4_096

/// Checks the levels of a synthetic description: known words, positive counts, a bounded number of PUs.
func checkSynthetic(_ text: String) throws(InputError) {
  let example = "write levels from the largest to 'pu', e.g. \"pack:2 l3:4 core:8 pu:2\""
  var total = 1
  var levels = 0
  for (column, word) in syntheticWords(text) {
    let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      let name = String(parts[0]).lowercased()
      guard name.count > 1, levelNames.contains(where: { $0.hasPrefix(name) }) else {
        let near = nearestNames(to: name, among: levelNames, limit: 1)
        let hint = near.isEmpty ? example : "did you mean \(near.joined(separator: ", "))?"
        throw InputError("'\(name.prefix(40))' (column \(column)) is no level of a machine", advice: hint)
      }
    }
    guard let number = parts.last, let count = Int(number), count > 0 else {
      if levels == 0 && parts.count == 1 {
        throw InputError(
          "'\(text.prefix(60))' is neither a file nor a description of a machine", advice: example)
      }
      throw InputError(
        "'\(word.prefix(40))' (column \(column)) has no positive count", advice: "write it like 'core:4'")
    }
    let (product, overflow) = total.multipliedReportingOverflow(by: count)
    guard !overflow, product <= largestSynthetic else {
      throw InputError(
        "this machine would have more than \(largestSynthetic) CPUs",
        advice: "describe a smaller one")
    }
    // hwloc compares each new sibling with all others: 16,384 in one row take it most of a minute.
    guard count <= largestRow else {
      throw InputError(
        "'\(word.prefix(40))' (column \(column)) puts more than \(largestRow) parts into one",
        advice: "put a level between, e.g. 'pack:4 core:4096 pu:1'")
    }
    total = product
    levels += 1
  }
  guard levels > 0 else { throw InputError("the description of the machine is empty", advice: example) }
}

/// Words of a description with their 1-based columns, without `(attributes)` and `[memory nodes]`.
private func syntheticWords(_ text: String) -> [(column: Int, word: String)] {
  var words: [(Int, String)] = []
  var word = ""
  var depth = 0
  for (index, character) in text.enumerated() {
    if character == "(" || character == "[" { depth += 1 }
    if depth == 0, character != " " { word.append(character) }
    if depth == 0, character == " ", !word.isEmpty {
      words.append((index + 1 - word.count, word))
      word = ""
    }
    if character == ")" || character == "]" { depth = max(0, depth - 1) }
  }
  if !word.isEmpty { words.append((text.count + 1 - word.count, word)) }
  return words
}
