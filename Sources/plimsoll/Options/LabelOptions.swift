// What a run is called in its files, and which BLAS it holds against the kernels.

import ArgumentParser
import Tables

/// Labels of a run.
struct LabelOptions: ParsableArguments {
  @Option(
    help: "Label of this host in the rows; auto = its own name, pseudonym = a hash of it. Default: none.")
  var hostLabel = ""

  @Option(help: "Free labels of the run for the column tags, e.g. nightly,bios-2.1.")
  var tags: [String] = []

  @Option(help: ArgumentHelp("A fact for the meta file and the tags; repeatable.", valueName: "key=value"))
  var context: [String] = []

  func validate() throws {
    for text in [hostLabel] + tags + context {
      guard !looksLikeFormula(text), text.count <= 60, !text.unicodeScalars.contains(where: { $0.value < 32 })
      else {
        throw ValidationError(
          "--host-label, --tags and --context take at most 60 characters that start with a letter or digit")
      }
    }
    for fact in context where fact.split(separator: "=", maxSplits: 1).count != 2 {
      throw ValidationError("--context takes key=value, not '\(fact)'")
    }
  }

  /// The facts of `--context`.
  var facts: [String: String] {
    Dictionary(
      context.compactMap { fact -> (String, String)? in
        let parts = fact.split(separator: "=", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }
    ) { _, last in last }
  }

  /// The column tags.
  var tagText: String {
    (tags.flatMap { $0.split(separator: ",").map(String.init) } + context).joined(separator: "; ")
  }

  /// The options that were given, by name.
  var settings: [String: String] {
    var all: [String: String] = [:]
    all["host-label"] = hostLabel.isEmpty ? nil : hostLabel
    all["tags"] = tags.isEmpty ? nil : tags.joined(separator: ",")
    all["context"] = context.isEmpty ? nil : context.joined(separator: "\n")
    return all
  }
}

/// Which BLAS kernels are the peer.
struct BLASOptions: ParsableArguments {
  @Option(
    help: """
      Kernel set of OpenBLAS: a name such as SkylakeX, or auto to time the candidates and take the fastest. \
      Default: what OPENBLAS_CORETYPE says, else auto.
      """)
  var blasCoretype: String?

  @Flag(help: "Measure although OpenBLAS has only its generic kernels for this CPU.")
  var allowGenericBlas = false

  /// The options that were given, by name.
  var settings: [String: String] {
    var all: [String: String] = [:]
    all["blas-coretype"] = blasCoretype
    all["allow-generic-blas"] = allowGenericBlas ? "1" : nil
    return all
  }
}
