// Which libraries and programs are measured beside the kernels.

import ArgumentParser
import Foundation
import Measurement
import Suites

/// The options that name peers.
struct PeerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A CBLAS to measure as NAME, e.g. mkl=/opt/lib/libmkl_rt.so.3; repeatable. In its own process, with its"
        + " fastest kernels.", valueName: "name=path"))
  var blas: [String] = []

  @Option(
    help: ArgumentHelp(
      "A program that measures attention as NAME, in words of the worker protocol; repeatable.",
      valueName: "name=path"))
  var peer: [String] = []

  /// The peers in the order in which they were named, libraries first.
  ///
  /// - Throws: `CommandFailure` (64) for a text that names none, and a name that stands twice.
  func peers() throws -> [Peer] {
    var peers: [Peer] = []
    for (texts, kind, option) in [(blas, Peer.Kind.library, "--blas"), (peer, .program, "--peer")] {
      for text in texts {
        do throws(Peer.Fault) {
          peers.append(try Peer(PeerOptions.absolute(text), kind))
        } catch {
          throw CommandFailure(.usage, "\(option): \(error.reason)")
        }
      }
    }
    let names = peers.map(\.implementation.rawValue)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw CommandFailure(.usage, "two peers are called \(twice); rename one of them")
    }
    return peers
  }

  /// The path from the root: one without a slash would be looked for in the loader's own folders.
  private static func absolute(_ text: String) -> String {
    guard let sign = text.firstIndex(of: "="), text.index(after: sign) < text.endIndex else { return text }
    let path = String(text[text.index(after: sign)...])
    guard !path.hasPrefix("/") else { return text }
    return text[...sign] + FileManager.default.currentDirectoryPath + "/" + path
  }
}
