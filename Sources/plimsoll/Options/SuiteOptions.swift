// What is measured: the suite, and which of its rows.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Quantities
import Results
import Suites
import Tables

/// The options that choose cases.
struct SuiteOptions: ParsableArguments {
  @Option(help: "quick, default, full, layers (decoder layers by operator), or a CSV file of shapes.")
  var suite = "quick"

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only these rows: key:value, key:/pattern/, key:(a OR b), AND, OR, -x, ( ); repeated = AND.",
      discussion: "Keys: \(CaseFilter.keys.joined(separator: ", ")); m, n, k take 1-64, >=32.",
      valueName: "filter"))
  var filter: [String] = []

  @Option(parsing: .unconditionalSingleValue, help: "Without these rows; as --filter.")
  var skip: [String] = []

  @Option(help: "Only these kernels, e.g. gemm,attention_decode.")
  var kernel: [String] = []

  @Option(help: "Only these implementations: swift, openblas.")
  var impl: [String] = []

  @Option(
    help: ArgumentHelp(
      "Products in these element types, and only rows of them: f32, f64, bf16, f16, i8, q8_g32, ..., all.",
      valueName: "type,type"))
  var dtype: [String] = []

  @Option(
    help: ArgumentHelp(
      "How weights of products lie: row_major, packed (ahead, untimed; Swift only), both. Default: as the suite"
        + " says.",
      valueName: "layout"))
  var weights: [String] = []

  @Option(
    help: ArgumentHelp(
      "Products of these sizes instead of a suite, e.g. m=1-64*2,n=4096,k=4096.", valueName: "m=..,n=..,k=..")
  )
  var shape: String?

  @Option(
    help: "Where operands are: hot, cold, weights-cold or all, also a list. Default: as the suite says.")
  var cache: String?

  @Option(
    help: ArgumentHelp(
      "Instruction set of the Swift kernels: \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", "))."
        + " Default: the best that this CPU has.", valueName: "name"))
  var isa: String?

  @Flag(help: "Leave out the ceilings: quicker, but no share of the roofline.")
  var noCeilings = false

  /// The options that were given, by name.
  var settings: [String: String] {
    var all = ["suite": suite]
    for (name, words) in [("kernel", kernel), ("impl", impl), ("dtype", dtype), ("weights", weights)] {
      all[name] = words.isEmpty ? nil : words.joined(separator: ",")
    }
    all["filter"] = filter.isEmpty ? nil : joined(filter, " ")
    all["skip"] = skip.isEmpty ? nil : joined(skip, " OR ")
    all["shape"] = shape
    all["cache"] = cache
    all["isa"] = isa
    all["no-ceilings"] = noCeilings ? "1" : nil
    return all
  }

  private func joined(_ filters: [String], _ separator: String) -> String {
    filters.count == 1 ? filters[0] : filters.map { "(\($0))" }.joined(separator: separator)
  }

  /// Name of the suite for rows and files.
  var suiteName: String {
    if shape != nil { return "shapes" }
    guard isFile else { return suite }
    let name = (suite as NSString).lastPathComponent.dropLast(4)
    let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return safe.first?.isLetter == true ? String(safe.prefix(40)) : "file-" + String(safe.prefix(40))
  }

  /// The name under which a run began, or that of a new run.
  func suiteName(of meta: RunMeta?) -> String { meta?.suite ?? suiteName }

  /// True for a CSV file.
  var isFile: Bool { suite.hasSuffix(".csv") && shape == nil }

  /// The bytes of the suite file.
  func fileBytes() throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: suite) else {
      throw InputError(file: suite, "the suite cannot be read", advice: "check the path")
    }
    return Array(data)
  }

  /// All cases before any filter.
  ///
  /// - Throws: `CommandFailure` (64) for an unknown suite; `InputError` for a fault in a suite file.
  func allCases(on machine: Machine) throws -> [Case] {
    var cases: [Case]
    if let shape {
      let sizes = try ShapeOption(shape)
      cases =
        Suite.of(
          Suite.products(m: sizes.m, n: sizes.n, k: sizes.k), name: suiteName, on: machine,
          cpus: machine.allowed, availableMemory: nil
        ).cases
    } else if isFile {
      cases =
        Suite.of(
          try ShapeTable.cases(try fileBytes(), file: suite), name: suiteName, on: machine,
          cpus: machine.allowed, availableMemory: nil
        ).cases
    } else if let known = try Suite.named(suite, on: machine, cpus: machine.allowed, availableMemory: nil) {
      cases = known.cases
    } else {
      throw CommandFailure.unknown(
        "suite", suite, nearest: nearestNames(to: suite, among: Suite.names), list: "plimsoll run --help")
    }
    cases = try inTypes(cases)
    if let modes = try cacheModes() { cases = inModes(cases, modes) }
    return unique(cases)
  }

  /// Products in every type and layout that were asked for, and other kernels where their type was; with the peaks
  /// of the types. Weights with scales and packed ones are Swift's own, so libraries have no such row.
  private func inTypes(_ cases: [Case]) throws -> [Case] {
    let types = try named(dtype, "--dtype", DataType.ofHosts)
    let layouts = try named(weights, "--weights", WeightLayout.allCases)
    let shown = cases.flatMap { subject -> [Case] in
      guard subject.operation.isProduct else {
        return subject.phase == .ceiling || types.map { $0.contains(subject.dataType) } != false
          ? [subject] : []
      }
      return (types ?? [subject.dataType]).flatMap { type in
        (type.isOwn ? [.packed] : layouts ?? [subject.layout]).compactMap { layout in
          let isShared = layout == .rowMajor && (type.isOfEveryBLAS || subject.implementation != .openblas)
          guard subject.implementation == .swift || isShared else { return nil }
          var copy = subject
          (copy.dataType, copy.layout) = (type, layout)
          return copy
        }
      }
    }
    // The first stands before all: peaks are measured beside it.
    return shown.prefix(1) + Suite.typePeaks(Set(shown.map(\.dataType))) + shown.dropFirst()
  }

  /// A device's products in every type that was asked for, and other kernels as they are; peaks of types that no row
  /// has are left out.
  func inDeviceTypes(_ cases: [Case]) throws -> [Case] {
    var shown = cases
    if let types = try named(dtype, "--dtype", DataType.ofDevices) {
      shown = cases.flatMap { subject -> [Case] in
        guard subject.operation == .gemm else { return [subject] }
        return types.map { type in
          var copy = subject
          copy.dataType = type
          if [.f8, .i8].contains(type) { copy.shape.transposesB = true }
          return copy
        }
      }
    }
    if let modes = try cacheModes() { shown = inModes(shown, modes) }
    let types = Set(shown.filter { $0.phase != .ceiling }.map(\.dataType))
    return unique(shown.filter { $0.operation != .typePeak || types.contains($0.dataType) })
  }

  /// Values by their names, `all` and `both` for every one; nil where the option is not given.
  private func named<Value: RawRepresentable & Hashable>(
    _ words: [String], _ option: String, _ all: [Value]
  ) throws -> [Value]? where Value.RawValue == String {
    let names = words.flatMap { $0.split(separator: ",").map(String.init) }
    guard !words.isEmpty else { return nil }
    guard !names.isEmpty else {
      throw CommandFailure(.usage, "\(option) names nothing; write e.g. \(all[0].rawValue)")
    }
    if names.contains(where: { $0 == "all" || $0 == "both" }) { return all }
    return try names.map { name in
      let plain = name.lowercased().replacing("-", with: "_")
      if let value = all.first(where: { $0.rawValue == plain }) { return value }
      throw CommandFailure.unknown(
        option, name, nearest: nearestNames(to: name, among: all.map(\.rawValue)), list: "plimsoll run --help"
      )
    }
  }

  /// The instruction set of `--isa`, or the best of the machine.
  ///
  /// - Throws: `CommandFailure` (64) for an unknown name, and for a set that this CPU cannot run.
  func instructionSet(on machine: Machine) throws -> InstructionSet {
    guard let isa else { return machine.bestInstructionSet }
    let plain = isa.lowercased().replacing("-", with: "_")
    let names = InstructionSet.allCases.map(\.rawValue)
    guard let known = InstructionSet(rawValue: plain) else {
      throw CommandFailure.unknown(
        "instruction set", isa, nearest: nearestNames(to: plain, among: names), list: "plimsoll run --help")
    }
    guard machine.instructionSets.contains(known) else {
      let here = machine.instructionSets.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(.usage, "--isa \(plain): this CPU runs \(here) only; choose one of them")
    }
    return known
  }

  /// The modes of `--cache`; nil = as each case says.
  private func cacheModes() throws -> [CacheMode]? {
    guard let cache else { return nil }
    if cache == "all" { return CacheMode.allCases }
    guard cache.contains(where: { $0 != "," }) else {
      throw CommandFailure(.usage, "--cache '\(cache.prefix(20))' names no mode; write e.g. hot,weights-cold")
    }
    return try cache.split(separator: ",").map { word in
      let name = String(word).replacing("-", with: "_")
      guard let mode = CacheMode(rawValue: name) else {
        let known = CacheMode.allCases.map { $0.rawValue.replacing("_", with: "-") } + ["all"]
        throw CommandFailure.unknown(
          "cache mode", String(word), nearest: nearestNames(to: String(word), among: known),
          list: "plimsoll run --help")
      }
      return mode
    }
  }

  /// Each case in each of the modes; ceilings stay as they are.
  private func inModes(_ cases: [Case], _ modes: [CacheMode]) -> [Case] {
    let ceilings = cases.filter { $0.phase == .ceiling }
    let others = cases.filter { $0.phase != .ceiling }
    return ceilings
      + modes.flatMap { mode in
        others.map { subject in
          var copy = subject
          copy.cacheMode = mode
          return copy
        }
      }
  }

  /// Cases that would give the same row stand once.
  private func unique(_ cases: [Case]) -> [Case] {
    var seen: Set<Case> = []
    return cases.filter { subject in seen.insert(subject).inserted }
  }

  /// The cases and placements that all filters leave.
  ///
  /// - Throws: `CommandFailure` (64) for a mistake in a filter or a name that no case has.
  func select(_ all: [Case], _ places: [Placement]) throws -> (cases: [Case], placements: [Placement]) {
    var wanted: [CaseFilter] = []
    for (key, words) in [("kernel", kernel), ("impl", impl)] {
      let names = words.flatMap { $0.split(separator: ",").map(String.init) }
      if let filter = CaseFilter(key, anyOf: names) { wanted.append(filter) }
    }
    wanted += try filter.map { try parsed($0, "--filter") }
    let all = noCeilings ? all.filter { $0.phase != .ceiling } : all
    let unwanted = try skip.map { try parsed($0, "--skip") }
    for one in wanted + unwanted {
      if let unknown = one.unknown(all, places) {
        throw CommandFailure.unknown(
          unknown.what, unknown.name, nearest: unknown.nearest, list: "plimsoll list")
      }
    }
    func keeps(_ subject: Case, _ place: Placement) -> Bool {
      wanted.allSatisfy { $0.matches(subject, at: place) }
        && !unwanted.contains { $0.matches(subject, at: place) }
    }
    let kept = places.filter { place in all.contains { keeps($0, place) } }
    guard let first = kept.first else {
      throw CommandFailure(.usage, "no case passes all filters together; see 'plimsoll list'")
    }
    let cases = all.filter { keeps($0, first) }
    for place in kept.dropFirst() where all.filter({ keeps($0, place) }) != cases {
      throw CommandFailure(
        .usage,
        "the filters leave other rows at \(place.name) than at \(first.name); run them in two calls, e.g."
          + " with --placement")
    }
    if noCeilings { return (cases, kept) }
    // A kernel is held against the ceilings of its own run, so these come along whatever the filter says.
    let needsCeilings = cases.contains { $0.phase != .ceiling }
    let chosen = Set(cases)
    let types = Set(cases.filter { $0.phase != .ceiling }.map(\.dataType))
    let peaks = Set(Suite.typePeaks(Set(cases.map(\.dataType))))
    func isNeeded(_ ceiling: Case) -> Bool {
      needsCeilings && ceiling.isRoofline
        && (ceiling.operation != .typePeak || peaks.contains(ceiling)
          || ceiling.implementation.isOfDevice && types.contains(ceiling.dataType))
    }
    return (all.filter { chosen.contains($0) || isNeeded($0) }, kept)
  }

  private func parsed(_ text: String, _ option: String) throws -> CaseFilter {
    do throws(InputError) {
      return try CaseFilter(text)
    } catch {
      let place = error.column.map { ", character \($0)" } ?? ""
      throw CommandFailure(.usage, "\(option) '\(text.prefix(60))'\(place): \(error.fault); \(error.advice)")
    }
  }
}

/// The sizes of `--shape`.
struct ShapeOption {
  private(set) var m: [Int] = []
  private(set) var n: [Int] = []
  private(set) var k: [Int] = []

  /// Most products of one option, and the largest size.
  private static let limits = (products: 2_000, size: 10_000_000)

  /// Reads `m=1-64*2,n=4096,k=4096`; a comma without a name goes on with the list.
  init(_ text: String) throws {
    var lists: [(name: String, list: String)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if let sign = part.firstIndex(of: "=") {
        lists.append((String(part[..<sign]), String(part[part.index(after: sign)...])))
      } else if let last = lists.indices.last {
        lists[last].list += "," + part
      } else {
        throw ShapeOption.fault("'\(part.prefix(20))' has no name")
      }
    }
    for (name, list) in lists {
      guard let path = [("m", \ShapeOption.m), ("n", \.n), ("k", \.k)].first(where: { $0.0 == name })?.1
      else {
        throw ShapeOption.fault("'\(name.prefix(20))' is not m, n or k")
      }
      guard self[keyPath: path].isEmpty else { throw ShapeOption.fault("\(name) stands twice") }
      do throws(NumberList.Fault) {
        self[keyPath: path] = try NumberList(list).values
      } catch {
        throw ShapeOption.fault("\(name): \(error.what)")
      }
      guard self[keyPath: path].allSatisfy({ (1...ShapeOption.limits.size).contains($0) }) else {
        throw ShapeOption.fault("\(name) takes 1 to \(ShapeOption.limits.size)")
      }
    }
    guard !m.isEmpty, !n.isEmpty, !k.isEmpty else { throw ShapeOption.fault("m, n and k are all needed") }
    guard m.count * n.count * k.count <= ShapeOption.limits.products else {
      throw ShapeOption.fault("more than \(ShapeOption.limits.products) products")
    }
  }

  private static func fault(_ what: String) -> CommandFailure {
    CommandFailure(.usage, "--shape: \(what); write e.g. m=1-64*2,n=4096,k=4096")
  }
}
