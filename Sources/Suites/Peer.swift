// Peers that the user names: a BLAS by its path, or a program that speaks the worker protocol. Each is an
// implementation of its own and runs in worker processes of its own, which take turns with all others.

import KernelsBLAS
public import Measurement

/// An implementation that is not part of this program.
public struct Peer: Hashable, Sendable {
  /// How it is called.
  public enum Kind: Hashable, Sendable {
    /// A shared library with CBLAS or `dnnl_sgemm`: matrix products.
    case library
    /// A program that reads a `WorkerJob` and says `WorkerMessage`s: attention.
    case program
  }

  /// Its name in rows.
  public let implementation: Implementation
  /// What it is.
  public let kind: Kind
  /// Where it is.
  public let path: String

  /// Why a text names no peer, one sentence.
  public struct Fault: Error, Hashable {
    /// The sentence.
    public let reason: String
  }

  /// Reads `NAME=PATH`.
  ///
  /// - Throws: where a part is missing, or the name is none of a row, or that of an implementation of every run.
  public init(_ text: String, _ kind: Kind) throws(Fault) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw Fault(reason: "'\(text.prefix(60))' is not NAME=PATH")
    }
    guard let implementation = Implementation(rawValue: parts[0]) else {
      throw Fault(
        reason: "'\(parts[0].prefix(40))' is no name: 1 to 32 small letters, digits, '.', '-' and '_'")
    }
    guard implementation.isPeer else {
      throw Fault(reason: "\(parts[0]) is measured in every run; choose another name")
    }
    self.implementation = implementation
    self.kind = kind
    path = parts[1]
  }

  /// Name and file, without the folder.
  public var label: String {
    "\(implementation.rawValue)=\(path.split(separator: "/").last ?? "")"
  }

  /// Makes this process measure the library of a path; before its worker is made.
  public static func load(_ path: String) { BLAS.use(path) }

  /// Operations that it is asked for.
  private var operations: Set<Operation> {
    switch kind {
    case .library: [.gemm]
    case .program: [.attentionPrefill, .attentionDecode]
    }
  }

  /// The cases with those of peers beside them: one more for each shape and type that a peer may compute. A packed
  /// layout is Swift's own, and so are types that no library has.
  public static func add(_ peers: [Peer], to cases: [Case]) -> [Case] {
    guard !peers.isEmpty else { return cases }
    // Behind the last implementation of a shape: those of one shape stand together.
    let last = Dictionary(cases.indices.map { (cases[$0].by(.swift), $0) }) { max($0, $1) }
    return cases.indices.flatMap { index -> [Case] in
      let subject = cases[index]
      let isShared = subject.layout == .rowMajor && !subject.dataType.isOwn
      guard isShared, last[subject.by(.swift)] == index else { return [subject] }
      return [subject]
        + peers.filter { $0.operations.contains(subject.operation) }.map { subject.by($0.implementation) }
    }
  }
}
