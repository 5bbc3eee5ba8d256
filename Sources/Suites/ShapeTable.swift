// The table of shapes behind the suites `default` and `full`, and the reader of suite files that users write:
// columns in any order, only those needed, every fault with its line and column.

public import Measurement
import Quantities
import SuiteData
public import Tables

/// Which rows of the shape table a suite takes.
enum Tier: String {
  case normal = "default"
  case full
}

/// Cases from a table of shapes.
public enum ShapeTable {
  /// Columns that a suite file may have.
  public static let columns = [
    "shape_id", "tier", "kernel", "phase", "suite", "model", "layer", "pass", "calls_per_pass", "cache",
    "batch", "m", "n", "k", "trans_a", "trans_b", "dtype", "layout", "heads_q", "heads_kv", "head_dim",
    "seq_q", "seq_kv", "causal", "head_dim_v",
    "window", "kv_dtype", "block_keys", "keys_turned", "latent", "source", "source_ref",
  ]

  /// The cases of the built-in tables up to a tier.
  static func builtIn(_ tier: Tier) throws(InputError) -> [Case] {
    try cases(embedded(suite_shapes), file: "shapes.csv", upTo: tier)
      + cases(embedded(suite_attention), file: "attention.csv", upTo: tier)
      + cases(embedded(suite_products), file: "products.csv", upTo: tier)
  }

  /// The sizes at which kernels of current chips were published.
  static func published() throws(InputError) -> [Case] {
    try cases(embedded(suite_accelerator), file: "accelerator.csv", upTo: nil)
  }

  private static func embedded(_ table: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>) -> [UInt8] {
    var count = 0
    let bytes = table(&count)
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// The cases of the built-in tables of the default tier.
  static func builtIn() throws(InputError) -> [Case] { try builtIn(.normal) }

  /// The cases of a suite file, each with every implementation that there is.
  ///
  /// - Throws: `InputError` with line and column for a column or value that no kernel knows, a shape that is not
  ///   whole, and a `shape_id` that appears twice.
  public static func cases(_ bytes: [UInt8], file: String) throws(InputError) -> [Case] {
    try cases(bytes, file: file, upTo: nil)
  }

  private static func cases(_ bytes: [UInt8], file: String, upTo tier: Tier?) throws(InputError) -> [Case] {
    let document = try CSVDocument(bytes, file: file)
    try check(header: document)
    var cases: [Case] = []
    var lines: [String: Int] = [:]
    for record in document.records {
      let line = ShapeLine(document, record)
      if tier == .normal, try line.text("tier") != Tier.normal.rawValue { continue }
      let subject = try line.subject()
      if let first = lines.updateValue(record.line, forKey: subject.shapeID) {
        throw line.fault("shape_id", "'\(subject.shapeID)' stands on line \(first) too", "rename one of them")
      }
      // OpenBLAS multiplies what every BLAS does; libraries with more types are named by the user.
      let isOwn = subject.layout == .packed || !subject.dataType.isOfEveryBLAS
      cases += isOwn ? [subject] : subject.operation.implementations.map { subject.by($0) }
    }
    guard !cases.isEmpty else {
      throw InputError(file: file, line: 1, "the suite has no rows", advice: "add a row below the header")
    }
    return cases
  }

  private static func check(header document: CSVDocument) throws(InputError) {
    for (name, column) in zip(document.header, document.headerColumns) where !columns.contains(name) {
      let near = nearestNames(to: name, among: columns)
      throw InputError(
        file: document.file, line: 1, column: column, "unknown column '\(name.prefix(40))'",
        advice: near.isEmpty
          ? "columns are \(columns.joined(separator: ", "))" : "did you mean \(near.joined(separator: ", "))?"
      )
    }
    for name in ["shape_id", "kernel"] where document.index(of: name) == nil {
      throw InputError(
        file: document.file, line: 1, "column '\(name)' is missing", advice: "each row needs one")
    }
  }
}

/// One line of a shape table.
struct ShapeLine {
  private let document: CSVDocument
  private let record: CSVRecord

  init(_ document: CSVDocument, _ record: CSVRecord) {
    self.document = document
    self.record = record
  }

  func fault(_ column: String, _ what: String, _ advice: String) -> InputError {
    InputError(
      file: document.file, line: record.line, column: document.index(of: column).map { record.columns[$0] },
      "\(column): \(what)", advice: advice)
  }

  /// A cell, empty where the column is missing.
  func text(_ column: String) throws(InputError) -> String {
    guard let index = document.index(of: column) else { return "" }
    let cell = record.fields[index]
    guard !looksLikeFormula(cell), cell.utf8.count <= 200,
      !cell.unicodeScalars.contains(where: { $0.value < 32 })
    else {
      throw fault(
        column, "'\(cell.prefix(20))' is no plain text", "start with a letter or digit, at most 200 bytes")
    }
    return cell
  }

  func count(_ column: String, at most: Int = 100_000_000, orElse missing: Int? = nil)
    throws(InputError)
    -> Int
  {
    let cell = try text(column)
    if cell.isEmpty, let missing { return missing }
    guard !cell.isEmpty else {
      throw fault(column, "empty, but this kernel needs it", "write a whole number")
    }
    guard let value = Int(cell), (1...most).contains(value) else {
      throw fault(column, "'\(cell.prefix(20))' is not a whole number from 1 to \(most)", "correct it")
    }
    return value
  }

  /// One of the names of an enumeration.
  func name<Value: RawRepresentable>(
    _ column: String, of all: [Value], orElse missing: Value? = nil
  ) throws(InputError) -> Value where Value.RawValue == String {
    let cell = try text(column)
    if cell.isEmpty, let missing { return missing }
    if let value = all.first(where: { $0.rawValue == cell }) { return value }
    let near = nearestNames(to: cell, among: all.map(\.rawValue))
    throw fault(
      column, "unknown \(column) '\(cell.prefix(40))'",
      near.isEmpty
        ? "one of \(all.map(\.rawValue).joined(separator: ", "))"
        : "did you mean \(near.joined(separator: ", "))?")
  }

  /// A truth value; nil for an empty cell.
  func flag(_ column: String) throws(InputError) -> Bool? {
    switch try text(column) {
    case "": nil
    case "0": false
    case "1": true
    case let cell: throw fault(column, "'\(cell.prefix(20))' is not 0 or 1", "write 0 or 1")
    }
  }

  /// The case, by the first implementation.
  func subject() throws(InputError) -> Case {
    let id = try text("shape_id")
    guard !id.isEmpty else { throw fault("shape_id", "empty", "give the row a name") }
    let kernel = try name(
      "kernel", of: [.gemm, .groupedGEMM, .attentionPrefill, .attentionDecode] + Operation.elementwise)
    let own: Phase =
      switch kernel {
      case .attentionPrefill: .prefill
      case .attentionDecode: .decode
      case .gemm, .groupedGEMM: .square
      default: .prefill
      }
    let phase = try name("phase", of: [.prefill, .decode, .training, .square], orElse: own)
    let cache =
      try kernel.isElementwise
      ? elementwiseCache()
      : name(
        "cache", of: CacheMode.allCases, orElse: phase == .decode ? .weightsCold : .hot)
    let shape =
      try kernel.isElementwise ? elementwise(kernel) : kernel.isProduct ? product(kernel) : attention(kernel)
    var subject = Case(kernel, shape, id: id, phase: phase, by: .swift, cacheMode: cache)
    if kernel.isProduct { (subject.dataType, subject.layout) = try types() }
    subject.use = try use()
    subject.collection = try text("suite")
    return subject
  }

  private func product(_ kernel: Operation) throws(InputError) -> Shape {
    let isGrouped = kernel == .groupedGEMM
    let (m, n, k) = (try count("m", at: isGrouped ? 10_000_000 : 100_000_000), try count("n"), try count("k"))
    let batch = try count("batch", at: 10_000, orElse: isGrouped ? nil : 1)
    let (products, groups) = (isGrouped ? 1 : Double(batch), Double(batch))
    try checkMemory(
      "m",
      [products * Double(m) * Double(k), groups * Double(k) * Double(n), products * Double(m) * Double(n)])
    var shape = Shape.gemm(m: m, n: n, k: k)
    shape.batch = batch
    (shape.transposesA, shape.transposesB) = (try flag("trans_a"), try flag("trans_b"))
    return shape
  }

  /// Element types of a product, and how its weights lie: those with scales are always packed.
  private func types() throws(InputError) -> (DataType, WeightLayout) {
    let type = try name("dtype", of: DataType.allCases, orElse: .f32)
    let layout = try name("layout", of: WeightLayout.allCases, orElse: type.isOwn ? .packed : .rowMajor)
    guard layout == .packed || !type.isOwn else {
      throw fault("layout", "weights of \(type.rawValue) are always packed", "leave it empty or write packed")
    }
    if type.quantised != nil, try flag("trans_b") == true {
      throw fault("trans_b", "weights of \(type.rawValue) are packed from (k, n)", "leave it empty")
    }
    return (type, layout)
  }

  /// Refuses operands beyond the memory of any machine: later products of sizes cannot overflow then.
  func checkMemory(_ column: String, _ elements: [Double]) throws(InputError) {
    if let largest = elements.max(), largest > 1e13 {
      throw fault(column, "an operand would have \(largest) elements", "at most 1e13")
    }
  }

  private func use() throws(InputError) -> ModelUse? {
    let (model, layer, pass) = (try text("model"), try text("layer"), try text("pass"))
    let cell = try text("calls_per_pass")
    guard !model.isEmpty else {
      guard pass.isEmpty else { throw fault("pass", "a pass without a model", "name the model") }
      return nil
    }
    guard cell.isEmpty || (Double(cell).map { $0 > 0 && $0 <= 1e9 } ?? false) else {
      throw fault(
        "calls_per_pass", "'\(cell.prefix(20))' is not a positive number", "write how often a pass runs it")
    }
    if !pass.isEmpty, cell.isEmpty {
      throw fault(
        "calls_per_pass", "empty, but the row is a part of a pass", "write how often the pass runs it")
    }
    return ModelUse(model: model, layer: layer, pass: pass, callsPerPass: Double(cell))
  }
}

extension Case {
  /// The same case by another implementation.
  func by(_ implementation: Implementation) -> Case {
    var copy = Case(operation, shape, id: shapeID, phase: phase, by: implementation, cacheMode: cacheMode)
    copy.use = use
    copy.collection = collection
    (copy.dataType, copy.layout) = (dataType, layout)
    return copy
  }
}
