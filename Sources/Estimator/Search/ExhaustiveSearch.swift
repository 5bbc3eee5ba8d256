// The whole search of one model on one chip: every deployment, every batch, shared among threads by deployment.
// The result is the same for any number of threads and any order.

public import Catalog
import Dispatch
public import Quantities
import Synchronization

/// What a search is asked.
public struct SearchQuery: Sendable, Hashable {
  /// Lengths and limits; its concurrency is not read: the search chooses it.
  public var workload: Workload
  /// Number formats; nil = every one that checkpoint and chip allow.
  public var precisions: [Precision]?
  /// Engines; nil = every one that runs on the chip.
  public var engines: [Engine]?
  /// Batches of each deployment.
  public var batches: SearchedBatches
  /// Drafts that each step verifies; nil = none.
  public var speculation: Speculation?
  /// Threads to use.
  public var threads: Int

  /// A query from its parts.
  public init(
    workload: Workload, precisions: [Precision]? = nil, engines: [Engine]? = nil,
    batches: SearchedBatches = .steps, speculation: Speculation? = nil, threads: Int = 2
  ) {
    self.workload = workload
    self.precisions = precisions
    self.engines = engines
    self.batches = batches
    self.speculation = speculation
    self.threads = max(1, threads)
  }
}

/// The frontier of one model on one chip.
public struct SearchResult: Sendable {
  /// The chip.
  public let accelerator: String
  /// Trust of every figure.
  public let trust: Trust
  /// Every deployment walked, in the order that points refer to.
  public let deployments: [Deployment]
  /// Non-dominated points, fastest for one user first.
  public let frontier: [SearchedPoint]
  /// Non-dominated pairs of prefill and decode workers: an upper envelope, not a prediction.
  public let disaggregated: [DisaggregatedPoint]
  /// What was walked and why the rest was rejected.
  public let rejections: SearchRejections
  /// Pairs of a prefill and a decode worker that were matched.
  public let pairs: Int
  /// Catalogue rows behind the figures, and what they leave out.
  public let sources: [String]
}

extension Estimator {
  /// Every feasible deployment of a model on a chip at every batch, reduced to the Pareto frontier of output
  /// tokens/s per accelerator against tokens/s per user.
  ///
  /// A point is what `serve` returns for its deployment and batch. Fails where a datum is missing, not where no
  /// point keeps the limits: the frontier is then empty and the rejections say why.
  /// - Complexity: O(deployments · batches), about a microsecond a point.
  public func search(
    model: ModelArchitecture, on accelerator: Accelerator, _ query: SearchQuery
  ) -> Known<SearchResult> {
    rates(of: accelerator).flatMap { chip in
      ModelShape.from(model).flatMap { shape in
        engines(of: query, on: accelerator).map { engines in
          walk(model, shape, accelerator, chip, engines, query)
        }
      }
    }
  }

  private func engines(of query: SearchQuery, on accelerator: Accelerator) -> Known<[Engine]> {
    let able = engines(on: accelerator)
    let chosen = query.engines.map { asked in able.filter(asked.contains) } ?? able
    guard chosen.isEmpty else { return .success(chosen) }
    return .failure(
      Gap(
        "a search on \(accelerator.id)",
        missing:
          "an engine: \((query.engines ?? []).map(\.rawValue).joined(separator: ", ")) does not run there",
        remedy: "use \(able.map(\.rawValue).joined(separator: " or "))"))
  }

  private func walk(
    _ model: ModelArchitecture, _ shape: ModelShape, _ accelerator: Accelerator, _ chip: ChipRates,
    _ engines: [Engine], _ query: SearchQuery
  ) -> SearchResult {
    let precisions =
      query.precisions?.map { $0.resolved(for: model) } ?? Precision.searched(for: model, on: chip)
    let hasLink = chip.scaleUpBandwidth != nil
    let limit = replicaLimit(of: accelerator)
    let space = SearchSpace(
      model: shape, replicaLimit: hasLink ? limit : max(limit, serverRanks), engines: engines,
      precisions: precisions, contextLimit: query.workload.freshTokens >= longPrompt ? 8 : 1)
    let deployments = space.deployments
    let anchors = Dictionary(
      uniqueKeysWithValues: Set(precisions).map {
        (
          $0,
          anchorShifts(
            of: accelerator, model: model, precision: $0, isSpeculative: query.speculation != nil)
        )
      })
    let prepared = deployments.enumerated().compactMap { index, deployment -> SearchedDeployment? in
      guard hasLink || deployment.accelerators == 1 else { return nil }
      return SearchedDeployment(
        index: index,
        step: StepModel(
          model: shape, chip: chip, deployment: deployment, constants: constants,
          speculation: query.speculation),
        error: error(
          of: accelerator, model: model, deployment: deployment, isSpeculative: query.speculation != nil
        ).error,
        anchors: anchors[deployment.precision]?[deployment.engine] ?? .none)
    }
    var found = SearchSlice()
    for slice in slices(of: prepared, query) { found.add(slice) }
    let frontier = found.frontier.points
    found.rejections.linkUnknown = deployments.count - prepared.count
    found.rejections.kept = frontier.count
    let pairs = DisaggregatedSearch(
      deployments: prepared, workload: query.workload, batches: query.batches, domain: limit
    )
    .frontier()
    return SearchResult(
      accelerator: accelerator.id, trust: trust(in: accelerator), deployments: deployments,
      frontier: frontier, disaggregated: pairs.frontier, rejections: found.rejections, pairs: pairs.count,
      sources: sources(model: model, accelerator: accelerator)
        + (prepared.first?.step.speculationNotes ?? [])
        + precisions.flatMap { precision in
          engines.flatMap { engine in
            (anchors[precision]?[engine] ?? .none).notes.map {
              "\(precision.rawValue) \(engine.rawValue): \($0)"
            }
          }
        })
  }

  // Deployments are dealt out in turn, because neighbours in the list take about the same time.
  private func slices(of prepared: [SearchedDeployment], _ query: SearchQuery) -> [SearchSlice] {
    let threads = min(query.threads, max(1, prepared.count))
    guard threads > 1 else { return [SearchSlice(prepared, query)] }
    let done = Mutex<[SearchSlice]>([])
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let own = stride(from: thread, to: prepared.count, by: threads).map { prepared[$0] }
      let slice = SearchSlice(own, query)
      done.withLock { $0.append(slice) }
    }
    return done.withLock { $0 }
  }
}

/// The search of some of the deployments.
struct SearchSlice: Sendable {
  var frontier = ParetoFrontier<SearchedPoint>()
  var rejections = SearchRejections()

  init() {}

  init(_ deployments: [SearchedDeployment], _ query: SearchQuery) {
    let workload = query.workload
    for deployment in deployments {
      if let lack = deployment.missingMemory(workload) {
        rejections.lacks(lack)
        continue
      }
      rejections.operated += 1
      let prefill = deployment.prefill(workload)
      for batch in query.batches.upTo(Int(deployment.batchLimit(workload))) {
        guard let point = deployment.point(batch: batch, workload: workload, prefill: prefill),
          rejections.isWithin(workload, point)
        else { continue }
        frontier.add(point)
      }
    }
  }

  mutating func add(_ other: SearchSlice) {
    frontier.add(other.frontier)
    rejections.add(other.rejections)
  }
}

/// Fresh prompt tokens from which ranks that share a sequence are tried: attention is then most of a prefill.
private let longPrompt = 32768.0
