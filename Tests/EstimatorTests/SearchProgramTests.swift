// `plimsoll search` and `plimsoll train` as a user runs them.

import Foundation
import Testing

@Suite("plimsoll search and train")
struct SearchProgramTests {
  private let llama = ["search", "--model", "Llama-3.1-70B", "--accelerator", "H100,B200"]

  @Test("prints one line a point with every figure, and says of each pair that it is an envelope")
  func csv() throws {
    try inFolder { folder in
      let run = try plimsoll(llama + ["--isl", "512", "--osl", "256", "--format", "csv"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let lines = run.out.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let header = try #require(lines.first)
      func column(_ name: String) throws -> [String] {
        let place = try #require(header.firstIndex(of: name))
        return lines.dropFirst().map { $0[place] }
      }
      #expect(try Set(column("accelerator")) == ["H100", "B200"])
      #expect(try Set(column("serving")) == ["aggregated", "disaggregated upper envelope"])
      for name in ["tokens_per_s_per_user", "output_tokens_per_s_per_accelerator", "tpot_s", "ttft_s"] {
        #expect(try column(name).allSatisfy { (Double($0) ?? 0) > 0 }, "\(name)")
      }
      #expect(try zip(column("serving"), column("workers")).allSatisfy { ($0 == "aggregated") == $1.isEmpty })
    }
  }

  @Test("draws the frontiers into a file of SVG and a page, both well-formed", arguments: ["svg", "html"])
  func plot(kind: String) throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("frontier.\(kind)")
      let run = try plimsoll(llama + ["--ascii", "--plot", path.path], in: folder)
      #expect(run.status == 0 && run.out.contains("What was walked"), "\(run.err)")
      #expect(run.out.contains("upper envelope") && run.out.utf8.allSatisfy { $0 < 128 })
      let text = try String(contentsOf: path, encoding: .utf8)
      #expect(text.contains("<svg") && text.contains("tokens/s per user") && text.contains("H100"))
      let body = kind == "svg" ? text : String(text.drop { $0 != "\n" })
      #expect(isWellFormed(body))
    }
  }

  @Test("says in one sentence why nothing is left, with the status for what cannot be done")
  func nothing() throws {
    try inFolder { folder in
      let run = try plimsoll(["search", "--model", "DeepSeek-V3", "--accelerator", "H100"], in: folder)
      #expect(run.status == 7 && run.err.contains("do not fit") && run.err.contains("GiB"))
      let unknown = try plimsoll(["search", "--model", "Llama-3.1-70", "--accelerator", "H100"], in: folder)
      #expect(unknown.status == 64 && unknown.err.contains("Llama-3.1-70B"))
    }
  }

  @Test("trains several runs at once and names the sources of each figure")
  func train() throws {
    try inFolder { folder in
      let fleet = ["--accelerator", "H100", "--accelerators", "100000", "--tokens", "15.6e12"]
      let run = try plimsoll(
        ["train", "--model", "Llama-3.1-405B"] + fleet + ["--days", "60", "--format", "csv"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let lines = run.out.split(separator: "\n")
      #expect(lines.count == 10 && lines.contains { $0.hasPrefix("runs at once,") })
      #expect(lines.dropFirst().allSatisfy { $0.contains(".csv") || $0.contains("6ND") })
      let short = try plimsoll(
        ["train", "--model", "Llama-3.1-405B"] + fleet + ["--days", "1"], in: folder)
      #expect(short.status == 7 && short.err.contains("within 1.0 days"))
    }
  }

  /// Tags open and close in order: enough for markup that is built, not typed.
  private func isWellFormed(_ text: String) -> Bool {
    var open: [Substring] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: true).drop(while: { !$0.contains(">") }
    ) {
      guard let end = piece.lastIndex(of: ">") else { return false }
      let tag = piece[..<end]
      let name = tag.prefix { $0 != " " && $0 != "/" && $0 != ">" }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst().prefix(while: { $0 != " " && $0 != ">" }) else {
          return false
        }
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    return open.isEmpty
  }
}
