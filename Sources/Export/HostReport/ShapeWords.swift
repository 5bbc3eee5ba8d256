// Names of shapes for a reader. An identifier of the default suite has up to 87 characters, most of which its
// neighbours share: table of origin, model, layer, sizes. The origin goes into a heading, the sizes are kept,
// the identifier itself stays in the title of the row and in the tables.

import Results

/// A shape's identifier taken apart.
struct ShapeWords {
  /// Model or table of shapes that it is from; empty where the identifier names none.
  let origin: String
  /// Layer and sizes: `qkv proj m1 n6144 k4096`.
  let name: String

  init(_ row: ResultRow) {
    var words = row.shapeId.split(separator: "_").map(String.init)
    let repeated = Set(["gemm", "attention", "prefill", "decode"])
    if words.count > 1, let first = words.first, repeated.contains(first) { words.removeFirst() }
    let sizes = ShapeWords.sizes(&words)
    let model = row.model.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    if !model.isEmpty, let place = ShapeWords.place(of: model, in: words) {
      origin = row.model
      words = Array(words[(place + model.count)...])
    } else if !row.model.isEmpty {
      origin = row.model
    } else if !sizes.isEmpty, words.count > 1 {
      // Words of a table of shapes; what is a number of this shape alone is not part of them.
      let own = words.firstIndex { $0.contains(where: \.isNumber) } ?? words.count
      origin = words[..<own].joined(separator: " ")
      words = Array(words[own...])
    } else {
      origin = ""
    }
    let all = (words + sizes).joined(separator: " ")
    name = all.isEmpty ? row.shapeId : all
  }

  /// Takes the sizes off the end: a batch of one, equal head sizes and no mask go without saying.
  private static func sizes(_ words: inout [String]) -> [String] {
    func take(_ names: [String]) -> [String: String]? {
      guard words.count >= names.count else { return nil }
      let tail = words.suffix(names.count)
      var found: [String: String] = [:]
      for (name, word) in zip(names, tail) {
        let value = word.dropFirst(name.count)
        guard word.hasPrefix(name), !value.isEmpty, value.allSatisfy(\.isNumber) else { return nil }
        found[name] = String(value)
      }
      words.removeLast(names.count)
      return found
    }
    func batch(_ found: [String: String]) -> [String] {
      found["b"].map { $0 == "1" ? [] : ["b\($0)"] } ?? []
    }
    if let found = take(["b", "m", "n", "k"]) ?? take(["m", "n", "k"]) {
      return batch(found) + ["m", "n", "k"].map { $0 + (found[$0] ?? "") }
    }
    if let found = take(["b", "hq", "hk", "dq", "dv", "sq", "sk", "c"]) {
      func of(_ name: String) -> String { found[name] ?? "" }
      let depth = of("dq") == of("dv") ? of("dq") : "\(of("dq"))/\(of("dv"))"
      return batch(found) + [
        "sq\(of("sq"))", "sk\(of("sk"))", "h\(of("hq"))/\(of("hk"))", "d\(depth)",
      ] + (of("c") == "1" ? ["causal"] : [])
    }
    return []
  }

  private static func place(of part: [String], in words: [String]) -> Int? {
    guard words.count >= part.count else { return nil }
    return (0...(words.count - part.count)).first { Array(words[$0..<($0 + part.count)]) == part }
  }
}

/// A text of at most `most` characters: of a longer one the middle is left out, for both ends tell shapes apart.
package func shortened(_ text: String, to most: Int) -> String {
  guard text.count > most else { return text }
  guard most > 2 else { return String(text.prefix(max(0, most))) }
  let head = most / 2
  return text.prefix(head) + "…" + text.suffix(most - 1 - head)
}
