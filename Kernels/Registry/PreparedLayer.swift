// A decoder layer, or one operator of it, ready to be timed. Kernels of the same layer share its memory.

import KernelsReference
package import Machines
package import Measurement
import Quantities
import Synchronization

/// A pass of a layer, of which one operator may be what counts.
///
/// Cache state: every run is a whole pass over the same memory, and an operator is timed inside it. It finds the
/// caches as the operators before it leave them, and its weights where they are a pass later: in memory, where the
/// layer's weights are larger than the caches.
final class PreparedLayer: PreparedKernel {
  let work: Work
  private let size: Problem.Layer
  private let layer: SharedLayer
  private let clock = MonotonicTime()
  private var spent = 0.0

  init(
    _ size: Problem.Layer, isa: InstructionSet, team: WorkerTeam, seed: UInt64
  ) throws(KernelError) {
    self.size = size
    layer = try SharedLayer.of(size, isa: isa, team: team, seed: seed)
    work = size.work(expertsRead: size.model.experts > 0 ? layer.steps.routing.read : nil)
  }

  var residentBytes: Bytes { Bytes(Double(operandMemory.reduce(0) { $0 + $1.count })) }
  var operandMemory: [UnsafeRawBufferPointer] {
    (layer.steps.weights.all + layer.steps.memory.all).filter { $0.count > 0 }.map(\.memory)
  }
  var timedSeconds: Double? { size.part == nil ? nil : spent }

  /// One set of operands is all there is.
  func rotate() {}

  func run() {
    guard let part = size.part else { return layer.run() }
    for next in layer.steps.operators {
      guard next == part else {
        layer.steps.run(next)
        continue
      }
      let start = clock.now()
      layer.steps.run(next)
      spent += clock.now() - start
    }
  }

  func verify(seed: UInt64) -> Verification { layer.verify(seed: seed, rows: 4, run: run) }
  func verifyBriefly(seed: UInt64) -> Verification { layer.verify(seed: seed, rows: 2, run: run) }
}

/// The memory and the operators of a layer, with what a check expects of them.
final class SharedLayer: @unchecked Sendable {
  private struct Key: Hashable {
    let model: DecoderLayer
    let tokens: Int, keys: Int
    let isDecode: Bool
    let isa: InstructionSet
    let seed: UInt64
    let team: ObjectIdentifier
    let pageMode: PageMode
  }

  private struct Alive {
    weak var layer: SharedLayer?
  }

  private static let alive = Mutex<[Alive]>([])

  let steps: LayerSteps
  private let key: Key
  private var expected: (seed: UInt64, rows: Int, tokens: [Int], outcomes: [OracleLayer.Outcome])?

  private init(_ key: Key, _ steps: LayerSteps) { (self.key, self.steps) = (key, steps) }

  /// The layer that some kernel still holds, or a new one. One pass has told which experts get rows.
  static func of(
    _ size: Problem.Layer, isa: InstructionSet, team: WorkerTeam, seed: UInt64
  ) throws(KernelError) -> SharedLayer {
    let key = Key(
      model: size.model, tokens: size.tokens, keys: size.keys, isDecode: size.isDecode, isa: isa, seed: seed,
      team: ObjectIdentifier(team), pageMode: Kernels.pageMode)
    let known = alive.withLock { layers in layers.lazy.compactMap(\.layer).first { $0.key == key } }
    if let known { return known }
    let layer = SharedLayer(key, try LayerSteps(size, isa: isa, team: team, seed: seed))
    layer.run()
    alive.withLock { layers in
      layers.removeAll { $0.layer == nil }
      layers.append(Alive(layer: layer))
    }
    return layer
  }

  func run() { for part in steps.operators { steps.run(part) } }

  /// Poisons every result, runs, and holds rows of the output, keys and values of the new tokens against the oracle
  /// of the whole layer. Keys of other tokens are operands of a row's attention, as the layer has them: with all rows
  /// chosen there are none but those of the cache.
  func verify(seed: UInt64, rows: Int, run: () -> Void) -> Verification {
    steps.poison()
    run()
    let size = steps.size
    let count = size.tokens <= SharedLayer.allRows ? size.tokens : rows
    if expected?.seed != seed || expected?.rows != count {
      let tokens = ErrorScan.sample(count, of: size.tokens, seed: seed)
      expected = (seed, count, tokens, steps.oracle.outcomes(tokens.map(steps.oracleToken)))
    }
    var scan = ErrorScan(tolerance: steps.tolerance)
    guard let expected else { return scan.verification("") }
    for (token, outcome) in zip(expected.tokens, expected.outcomes) {
      scan.add(row: steps.memory.output.start + token * size.model.hidden, outcome.output)
      let (query, value, heads) = size.attention
      for head in 0..<heads {
        steps.add(outcome.keys, head, query, steps.storedKey(token, head), &scan)
        if size.model.latent == nil || !size.isDecode {
          steps.add(outcome.values, head, value, steps.storedValue(token, head), &scan)
        }
      }
    }
    if !steps.memory.output.isFinite { scan.add(.nan, 0, scale: 1) }
    return scan.verification(
      "double oracle of the layer, "
        + (count == size.tokens ? "all rows" : "\(count) rows, their keys and values; all finite"))
  }

  /// Tokens up to which all rows are checked.
  private static let allRows = 4
}

extension LayerSteps {
  /// What rounding may cost, relative to the root mean square: each product that a number went through adds an error
  /// that grows with the square root of its length, softmax and activations a few units more.
  var tolerance: Double {
    let model = size.model
    let lengths = [model.hidden, size.keys, size.attended, model.hidden, model.intermediate]
    return lengths.reduce(30) { $0 + Double($1).squareRoot() } * 0x1p-24
  }

  /// The oracle of the layer on its weights.
  var oracle: OracleLayer {
    let model = size.model
    let w = weights
    return OracleLayer(
      OracleLayer.Sizes(
        hidden: model.hidden, headsQ: model.headsQ, headsKV: model.headsKV, headDim: model.headDim,
        valueDim: model.valueDim, intermediate: model.intermediate, experts: model.experts, top: model.top,
        sharedExperts: model.sharedExperts, normsHeads: model.normsHeads,
        latent: model.latent.map {
          .init(
            queryRank: $0.queryRank, keyRank: $0.keyRank, ropeDim: $0.ropeDim, isFolded: size.isDecode)
        }, epsilon: Double(LayerSteps.epsilon))
    ) { name in
      let buffer =
        switch name {
        case .inputNorm: w.inputNorm
        case .queryHeadNorm: w.queryHeadNorm
        case .keyHeadNorm: w.keyHeadNorm
        case .queryLatentNorm: w.queryLatentNorm
        case .keyLatentNorm: w.keyLatentNorm
        case .mlpNorm: w.mlpNorm
        case .projection: w.projection
        case .queryProjection: w.queryProjection
        case .unfoldLatent: w.unfoldLatent
        case .foldKeys: w.foldKeys
        case .unfoldValues: w.unfoldValues
        case .outputProjection: w.outputProjection
        case .router: w.router
        case .gateUp: w.gateUp
        case .down: w.down
        }
      return Floats(buffer.start)
    }
  }

  /// A token as the oracle wants it.
  func oracleToken(_ token: Int) -> OracleLayer.Token {
    let (model, x) = (size.model, memory)
    let pairs = x.angles.count / 2 / size.newKeys
    let (sequence, position) = size.isDecode ? (token, size.keys - 1) : (0, token)
    let angles = x.angles.start + (size.isDecode ? 0 : token * pairs)
    let (query, value, heads) = size.attention
    func row(_ head: Int, _ position: Int) -> Int { (sequence * heads + head) * size.keys + position }
    return OracleLayer.Token(
      x: x.input.start + token * model.hidden, cos: angles, sin: angles + size.newKeys * pairs,
      visible: 0..<position + 1, own: position, sequence: sequence,
      chosen: (0..<model.top).map { Int(routing.chosen.places[token * model.top + $0]) },
      key: { Floats(x.keys.start + row($0, $1) * query) },
      value: {
        // Latent vectors hold the values in front.
        Floats(x.values.start + row($0, $1) * (x.values === x.keys ? query : value))
      })
  }

  /// Makes every result NaN, and the keys and values of the new tokens.
  func poison() {
    for result in memory.results { result.fill(.nan, team: team) }
    routing.forget()
    let (query, value, heads) = size.attention
    for token in 0..<size.tokens {
      for head in 0..<heads {
        let row = storedRow(token, head)
        for i in 0..<query { memory.keys.start[row * query + i] = .nan }
        guard memory.values !== memory.keys else { continue }
        for i in 0..<value { memory.values.start[row * value + i] = .nan }
      }
    }
  }

  /// Where the layer put a token's key and value.
  func storedKey(_ token: Int, _ head: Int) -> Floats {
    Floats(memory.keys.start + storedRow(token, head) * size.attention.query)
  }
  func storedValue(_ token: Int, _ head: Int) -> Floats {
    Floats(memory.values.start + storedRow(token, head) * size.attention.value)
  }
  private func storedRow(_ token: Int, _ head: Int) -> Int {
    size.isDecode
      ? (token * size.attention.headsKV + head + 1) * size.keys - 1 : head * size.keys + token
  }

  /// A head of keys or values: its elements relative to their root mean square.
  func add(_ row: [Float], _ head: Int, _ columns: Int, _ found: Floats, _ scan: inout ErrorScan) {
    let own = row[(head * columns)..<(head + 1) * columns]
    let squares = own.reduce(0) { $0 + Double($1) * Double($1) }
    let scale = (squares / Double(columns)).squareRoot()
    for (i, number) in own.enumerated() { scan.add(Double(found[i]), Double(number), scale: scale) }
  }
}

/// The check of a layer that leaves out its operator `number`: a test of the check.
package func checkWithout(
  _ number: Int, _ shape: Shape, isa: InstructionSet, team: WorkerTeam
) throws(KernelError) -> Verification {
  let size = try Problem.Layer(shape)
  let layer = try SharedLayer.of(size, isa: isa, team: team, seed: 7)
  return layer.verify(seed: 1, rows: 4) {
    for (index, part) in layer.steps.operators.enumerated() where index != number - 1 {
      layer.steps.run(part)
    }
  }
}
