// Step times as CSV: what a trace or a profile measured, one value a row, in place of a step model.

import Quantities
public import Tables

/// One value of a table of step times.
private struct StepTimeRow {
  var quantity = ""
  var batch: Double?
  var value: Double?
  var unit = ""
}

/// What a row of the table may be.
private enum StepQuantity: String, CaseIterable {
  /// A decode step of `batch` sequences without the reading of their context.
  case decode
  /// What one token of context adds to it.
  case context
  /// What one prompt token adds to a step.
  case prompt
  /// What one pair of a query and a key before it adds to a prompt.
  case promptPair = "prompt_pair"
  /// A step of prompts alone, beside its tokens.
  case promptStep = "prompt_step"
  /// A request outside the engine.
  case request
  /// Tokens that the KV cache holds.
  case kvCapacity = "kv_capacity"
}

extension StepTimes {
  private static let columns = Schema<StepTimeRow>([
    .text(
      "quantity", "decode, context, prompt, prompt_pair, prompt_step, request or kv_capacity.", \.quantity),
    .number("batch", "Sequences of the step; decode needs it, context may have it.", \.batch),
    .number("value", "A number in the unit.", \.value),
    .text("unit", "s, ms, us or ns; tokens for kv_capacity.", \.unit),
  ])

  /// Step times of a table with the columns `quantity,batch,value,unit`.
  ///
  /// `decode` and `prompt` must be there; what else is left out is 0, and memory without limit.
  /// - Parameter batches: the largest batch that a simulation may run.
  /// - Throws: `InputError` with line and column for an unknown quantity or unit, a value that cannot be, batches out
  ///   of order, or a missing quantity.
  public init(table bytes: [UInt8], file: String?, batches: Int) throws(InputError) {
    let columns = StepTimes.columns
    let document = try CSVDocument(bytes, file: file)
    try columns.check(header: document.header, columns: document.headerColumns, file: file)
    var points: [StepQuantity: [(x: Double, y: Double)]] = [:]
    for record in document.records {
      let row = try columns.row(record, file: file, empty: StepTimeRow())
      func fault(_ cell: Int, _ what: String, _ advice: String) -> InputError {
        InputError(
          file: file, line: record.line, column: record.columns[cell],
          "\(columns.header[cell]): \(what)", advice: advice)
      }
      guard let quantity = StepQuantity(rawValue: row.quantity) else {
        throw fault(
          0, "'\(row.quantity.prefix(40))' is no step time",
          "use \(StepQuantity.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let dimension: Dimension = quantity == .kvCapacity ? .tokens : .time
      guard let unit = Unit(row.unit), unit.dimension == dimension else {
        throw fault(
          3, "'\(row.unit.prefix(40))' is no unit of \(row.quantity)",
          dimension == .time ? "use s, ms, us or ns" : "use tokens")
      }
      let mayBeZero = quantity != .decode && quantity != .prompt && quantity != .kvCapacity
      guard let value = row.value.map(unit.toBase), value > 0 || mayBeZero && value == 0, value < 1e9 else {
        throw fault(2, "no \(mayBeZero ? "value of 0 or more" : "value above 0")", "write a measured value")
      }
      let hasBatch = quantity == .decode || quantity == .context
      if quantity == .decode, row.batch == nil { throw fault(1, "empty", "say for how many sequences") }
      guard hasBatch || row.batch == nil else { throw fault(1, "\(row.quantity) has none", "leave it empty") }
      guard (row.batch ?? 1) >= 1 else { throw fault(1, "below 1", "say for how many sequences") }
      let x = row.batch ?? 1
      if let last = points[quantity]?.last, x <= last.x {
        throw fault(
          hasBatch ? 1 : 0, "\(row.quantity) is given twice or out of order",
          "give each once, batches in ascending order")
      }
      points[quantity, default: []].append((x, value))
    }
    for needed in [StepQuantity.decode, .prompt] where points[needed] == nil {
      throw InputError(
        file: file, "no row with the quantity '\(needed.rawValue)'", advice: "add its measured time")
    }
    func single(_ quantity: StepQuantity) -> Double { points[quantity]?.first?.y ?? 0 }
    let prompt = single(.prompt)
    let step = single(.promptStep)
    let pair = single(.promptPair)
    self.init(
      decode: Curve(points[.decode] ?? []), perContextToken: Curve(points[.context] ?? []),
      promptToken: prompt, alone: Curve([(0, step), (1, step + prompt)]),
      // A prompt of x tokens has x²/2 pairs.
      attentionPerToken: Curve([(0, 0), (1, pair / 2)]), requestDelay: single(.request),
      kvTokens: points[.kvCapacity]?.first?.y ?? .infinity, batches: batches)
  }
}
