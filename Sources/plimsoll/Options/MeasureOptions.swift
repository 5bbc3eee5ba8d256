// Everything that decides which rows a run has and how they are measured, in one group. Its settings go into the
// meta file as `option name: value`, and a resumed run parses them again: there is no second description.

import ArgumentParser
import Foundation

/// The options of `run`, `list` and `verify`.
struct MeasureOptions: ParsableArguments {
  @OptionGroup(title: "What is measured") var suite: SuiteOptions
  @OptionGroup(title: "Where") var places: PlaceOptions
  @OptionGroup(title: "How often and how long") var sampling: SamplingOptions
  @OptionGroup(title: "OpenBLAS") var blas: BLASOptions
  @OptionGroup(title: "Labels") var labels: LabelOptions

  /// Names and values of what was given or has a plain default.
  var settings: [String: String] {
    [suite.settings, places.settings, sampling.settings, blas.settings, labels.settings]
      .reduce(into: [:]) { all, some in all.merge(some) { $1 } }
  }

  /// The options that gave these settings; nil where they are not ours.
  static func of(_ settings: [String: String]) -> MeasureOptions? {
    let flags: Set<String> = ["no-ceilings", "no-verify", "fail-fast", "allow-generic-blas"]
    let arguments = settings.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
      if flags.contains(name) { return ["--\(name)"] }
      // Only facts may be repeated with meaning; a line each.
      return value.split(separator: "\n").map { "--\(name)=\($0)" }
    }
    return try? MeasureOptions.parse(arguments)
  }
}
