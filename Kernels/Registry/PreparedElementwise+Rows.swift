// Bodies whose rows are reduced, selected from or stored in other types: softmax, int8 and back, embeddings,
// router, argmax, sampling.

import KernelsReference
import Measurement

/// Columns from which threads share a single row: below, three starts of a team cost more than they gain.
private let longRow = 16_384

/// Softmax of rows, causal or not.
struct SoftmaxBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule
  let maxima: Buffer
  /// As attention's scores would have it; the numbers below reach ±8.
  static let scale: Float = 0.5

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] { [.numbers(size.count, magnitude: 16)] }
  var writes: [Int] { [size.count] }
  var tolerance: Double { (6 + 0.2 * Double(columns).squareRoot()) * 0x1p-24 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, out) = (operands.reads[0].start, operands.writes[0].start)
    let n = columns
    let (first, growth) = size.visible
    if rows < team.threadCount, n >= longRow, !size.causal {
      for row in 0..<rows { shareRow(x + row * n, out + row * n, team) }
      return
    }
    team.run { thread, threads in
      let part = share(of: rows, thread, threads)
      let place = part.lowerBound * n
      module.softmaxRows(
        part.count, n, first + part.lowerBound * growth, growth, SoftmaxBody.scale, x + place, n, out + place,
        n)
    }
  }

  /// One long row by all threads: three passes with a meeting after each.
  private func shareRow(_ x: Floats, _ out: MutableFloats, _ team: WorkerTeam) {
    let results = maxima.start
    func part(_ thread: Int, _ threads: Int) -> Range<Int> {
      share(of: columns, step: columnStep, thread, threads)
    }
    team.run { thread, threads in
      let part = part(thread, threads)
      results[thread * lineFloats] = module.rowLargest(part.count, x + part.lowerBound)
    }
    let most = (0..<team.threadCount).map { results[$0 * lineFloats] }.max() ?? 0
    team.run { thread, threads in
      let part = part(thread, threads)
      results[thread * lineFloats] = module.rowExponentials(
        part.count, x + part.lowerBound, most, SoftmaxBody.scale, out + part.lowerBound)
    }
    let total = (0..<team.threadCount).reduce(0) { $0 + results[$1 * lineFloats] }
    team.run { thread, threads in
      let part = part(thread, threads)
      module.scaleRow(out + part.lowerBound, part.count, 1 / total)
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let expected = oracleSoftmax(
      columns: columns, visible: size.visible.first + row * size.visible.growth,
      scale: Double(SoftmaxBody.scale), x: operands.reads[0].start + row * columns)
    scan.add(row: operands.writes[0].start + row * columns, expected)
  }
}

/// Rows to int8 with a scale each, or back. Reads numbers, or bytes and scales; writes bytes and scales, or
/// numbers.
struct QuantiseBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  private var isBack: Bool { size.operation == .dequantiseRows }
  var reads: [ElementwiseArray] { isBack ? [.bytes(size.count), .numbers(rows)] : [.numbers(size.count)] }
  var writes: [Int] { isBack ? [size.count] : [(size.count + 3) / 4, rows] }
  var writesFloats: Bool { isBack }
  var tolerance: Double { 3 * 0x1p-24 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (n, streamed) = (columns, isStreamed(size.count))
    team.run { thread, threads in
      let part = share(of: rows, thread, threads)
      let place = part.lowerBound * n
      if isBack {
        module.dequantiseRows(
          part.count, n, operands.reads[0].bytes + place, n, operands.reads[1].start + part.lowerBound,
          operands.writes[0].start + place, n, streamed)
      } else {
        module.quantiseRows(
          part.count, n, operands.reads[0].start + place, n, operands.writes[0].bytes + place, n,
          operands.writes[1].start + part.lowerBound)
      }
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let place = row * columns
    if isBack {
      let scale = Double(operands.reads[1].start[row])
      for i in place..<place + columns {
        let expected = Double(operands.reads[0].bytes[i]) * scale
        scan.add(Double(operands.writes[0].start[i]), expected, scale: abs(expected))
      }
      return
    }
    let x = operands.reads[0].start + place
    let most = (0..<columns).reduce(0.0) { max($0, abs(Double(x[$1]))) }
    scan.add(Double(operands.writes[1].start[row]), most / 127, scale: most / 127)
    for i in 0..<columns {
      // Within a half of the exact quotient: as far as the tolerance goes.
      scan.add(
        Double(operands.writes[0].bytes[place + i]), most > 0 ? Double(x[i]) * 127 / most : 0,
        scale: 0.500_02 / tolerance)
    }
  }
}

/// Rows of a table by their ids. A cold row asks for other ids each time: the table is there once.
struct GatherBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] { [.numbers(size.top * columns), .ids(rows, below: size.top)] }
  var shared: [Int] { [0] }
  var writes: [Int] { [size.count] }
  var tolerance: Double { 0 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (n, streamed) = (columns, isStreamed(size.count))
    team.run { thread, threads in
      let part = share(of: rows, thread, threads)
      module.gatherRows(
        part.count, n, operands.reads[1].places + part.lowerBound, operands.reads[0].start, n,
        operands.writes[0].start + part.lowerBound * n, n, streamed)
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let source = operands.reads[0].start + Int(operands.reads[1].places[row]) * columns
    let found = operands.writes[0].start + row * columns
    for i in 0..<columns { scan.add(Double(found[i]), Double(source[i]), scale: 1) }
  }
}

/// Experts of each token. Writes weights, then places.
struct RouterBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule
  let workspace: Buffer

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] { [.numbers(size.count, magnitude: 4)] }
  var writes: [Int] { [rows * size.top, rows * size.top] }
  var writesFloats: Bool { false }
  /// Exponents of up to 8 are rounded before they are raised.
  var tolerance: Double { 20 * 0x1p-24 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (n, top) = (columns, size.top)
    let room = module.selectionWorkspace(n)
    team.run { thread, threads in
      let part = share(of: rows, thread, threads)
      module.routerTopK(
        part.count, n, top, operands.reads[0].start + part.lowerBound * n, n,
        operands.writes[0].start + part.lowerBound * top, operands.writes[1].places + part.lowerBound * top,
        workspace.start + thread * room)
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let top = size.top
    let expected = oracleRouter(
      experts: columns, top: top, logits: operands.reads[0].start + row * columns)
    for k in 0..<top {
      let isPlace = Int(operands.writes[1].places[row * top + k]) == expected.places[k]
      let weight = Double(operands.writes[0].start[row * top + k])
      scan.add(isPlace ? weight : .nan, expected.weights[k], scale: expected.weights[k])
    }
  }
}

/// Place of the largest of each row; threads share rows, or a long row where there are too few.
struct ArgmaxBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule
  let found: Buffer

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] { [.numbers(size.count)] }
  var writes: [Int] { [rows] }
  var writesFloats: Bool { false }
  var tolerance: Double { 0 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, places, n) = (operands.reads[0].start, operands.writes[0].places, columns)
    let results = found.start
    if rows < team.threadCount, n >= longRow {
      for row in 0..<rows { places[row] = Int32(shareRow(x + row * n, team)) }
      return
    }
    team.run { thread, threads in
      for row in share(of: rows, thread, threads) {
        places[row] = Int32(module.argmax(n, x + row * n, results + thread * lineFloats))
      }
    }
  }

  /// Each thread the largest of its part; the first part that has it, or a NaN, wins.
  private func shareRow(_ x: Floats, _ team: WorkerTeam) -> Int {
    let (results, places) = (found.start, found.places)
    team.run { thread, threads in
      let part = share(of: columns, step: columnStep, thread, threads)
      let line = thread * lineFloats
      let place = module.argmax(part.count, x + part.lowerBound, results + line)
      places[line + 1] = place < 0 ? -1 : Int32(part.lowerBound + place)
    }
    var best = 0
    for thread in 1..<team.threadCount {
      let (mine, other) = (results[best * lineFloats], results[thread * lineFloats])
      if places[thread * lineFloats + 1] >= 0, !mine.isNaN, other.isNaN || other > mine { best = thread }
    }
    return Int(places[best * lineFloats + 1])
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let expected = oracleArgmax(count: columns, x: operands.reads[0].start + row * columns)
    scan.add(Double(operands.writes[0].places[row]), Double(expected), scale: 1)
  }
}

/// A token of each row: temperature, the largest, the nucleus. Reads logits and random numbers.
struct SampleBody: ElementwiseBody {
  let size: Problem.Elementwise
  let module: ElementwiseModule
  let workspace: Buffer
  static let temperature: Float = 0.8
  static let nucleus: Float = 0.95

  var rows: Int { size.rows }
  var columns: Int { size.columns }
  var reads: [ElementwiseArray] { [.numbers(size.count, magnitude: 8), .numbers(rows)] }
  var writes: [Int] { [rows] }
  var writesFloats: Bool { false }
  var tolerance: Double { 0 }

  func run(_ operands: ElementwiseOperands, team: WorkerTeam) {
    let (x, numbers, n) = (operands.reads[0].start, operands.reads[1].start, columns)
    team.run { thread, threads in
      let room = thread * 2 * Problem.largestSample
      for row in share(of: rows, thread, threads) {
        operands.writes[0].places[row] = Int32(
          module.sampleRow(
            n, x + row * n, SampleBody.temperature, size.top, SampleBody.nucleus, (numbers[row] + 1) / 2,
            workspace.start + room, workspace.places + room + Problem.largestSample))
      }
    }
  }

  func compare(_ row: Int, _ operands: ElementwiseOperands, _ scan: inout ErrorScan) {
    let random = (Double(operands.reads[1].start[row]) + 1) / 2
    // A draw at the very edge of two tokens' parts may fall either way: sums of floats end within 1e-5.
    let drawn = oracleSample(
      count: columns, x: operands.reads[0].start + row * columns, temperature: Double(SampleBody.temperature),
      top: size.top, topP: Double(SampleBody.nucleus))
    let found = Int(operands.writes[0].places[row])
    guard let index = drawn.places.firstIndex(of: found) else { return scan.add(.nan, 0, scale: 1) }
    let start = index > 0 ? drawn.ends[index - 1] : 0
    let isHit = random > start - 1e-5 && random < drawn.ends[index] + 1e-5
    scan.add(isHit ? 0 : .nan, 0, scale: 1)
  }
}
