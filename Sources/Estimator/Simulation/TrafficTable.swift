// Recorded traffic as CSV: when each request came and how long its prompt and its answer were.

public import Tables

/// One recorded request.
private struct RecordedRequest {
  var arrival: Double?
  var input: Int?
  var output: Int?
}

extension RequestList {
  private static let columns = Schema<RecordedRequest>([
    .number("arrival_s", "Seconds from any common start.", \.arrival),
    .integer("input_tokens", "Length of the prompt.", \.input),
    .integer("output_tokens", "Length of the answer.", \.output),
  ])

  /// Requests of a trace with the columns `arrival_s,input_tokens,output_tokens`; the first arrival becomes 0.
  ///
  /// - Throws: `InputError` with line and column for an empty or impossible cell, an arrival before its predecessor,
  ///   or a trace without requests.
  /// - Complexity: O(bytes).
  public static func recorded(_ bytes: [UInt8], file: String?) throws(InputError) -> RequestList {
    let document = try CSVDocument(bytes, file: file)
    try columns.check(header: document.header, columns: document.headerColumns, file: file)
    guard !document.records.isEmpty else {
      throw InputError(
        file: file, line: 2, "the trace holds no request", advice: "add a row for each request")
    }
    var first: Double?
    var last = 0.0
    var arrival: [Double] = []
    var input: [Int32] = []
    var output: [Int32] = []
    for record in document.records {
      let row = try columns.row(record, file: file, empty: RecordedRequest())
      func fault(_ cell: Int, _ what: String, _ advice: String) -> InputError {
        InputError(
          file: file, line: record.line, column: record.columns[cell],
          "\(columns.header[cell]): \(what)", advice: advice)
      }
      guard let time = row.arrival, time >= 0 else {
        throw fault(0, "no time of 0 or more", "write seconds from the start of the trace")
      }
      guard time >= last else {
        throw fault(0, "\(time) is before the \(last) of the row above", "sort the rows by arrival")
      }
      last = time
      let start = first ?? time
      first = start
      for (cell, tokens) in [(1, row.input), (2, row.output)] {
        guard let tokens, (1...100_000_000).contains(tokens) else {
          throw fault(cell, "no length from 1 to 100,000,000 tokens", "remove requests without tokens")
        }
      }
      arrival.append(time - start)
      input.append(Int32(row.input ?? 1))
      output.append(Int32(row.output ?? 1))
    }
    return RequestList(arrival: arrival, input: input, output: output, clients: nil)
  }
}
