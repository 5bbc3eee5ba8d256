// `plimsoll estimate` as a user runs it: with a host's result file, and with files that are none.

import Foundation
import Results
import Testing

@Suite("plimsoll estimate")
struct EstimateProgramTests {
  private func estimate(
    _ arguments: [String], model: String = "Llama-3.1-8B", in folder: URL
  ) throws -> ProgramRun {
    try plimsoll(["estimate", "--model", model, "--accelerator", "H100"] + arguments, in: folder)
  }

  @Test("adds the transferred estimate and the host itself from a result file")
  func host() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("host.csv").path
      try ResultFile.write(hostRows(share: 0.5).map(complete), to: path)
      let run = try estimate(["--host-results", path, "--format", "csv"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let lines = run.out.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      let header = try #require(lines.first)
      for name in ["transferred", "this_host"] {
        let column = try #require(header.firstIndex { $0 == name })
        #expect(lines.dropFirst().count == 8)
        #expect(lines.dropFirst().allSatisfy { (Double($0[column]) ?? 0) > 0 }, "\(name)")
      }
      let plain = try estimate(["--format", "csv"], in: folder)
      #expect(plain.status == 0 && plain.out != run.out)
    }
  }

  @Test("holds decoder layers against their operators, in the estimate and among the checks of a plan")
  func composition() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("host.csv").path
      func part(_ name: String?, _ seconds: Double) -> ResultRow {
        var row = hostRows(share: 0.5)[0]
        (row.kernel, row.phase, row.gflopsMedian, row.layer) = (
          "decoder_layer", "decode", nil, name ?? "decoder_layer"
        )
        row.shapeId = "tiny_decode" + (name.map { "." + $0 } ?? "")
        (row.rowKey, row.timeMedianSeconds, row.flop, row.minBytes) = (row.shapeId, seconds, 1e9, 1e9)
        return row
      }
      for (layer, expected) in [([part(nil, 0.025), part("down_proj", 0.02)], "fail"), ([], "unknown")] {
        try ResultFile.write((hostRows(share: 0.5) + layer).map(complete), to: path)
        let plan = try plimsoll(
          ["plan", "openai-aws-38b", "--host-results", path, "--table", "checks", "--format", "csv"],
          in: folder)
        let line = try #require(
          plan.out.split(separator: "\n").first { $0.hasPrefix("decoder_layer_composition") })
        #expect(plan.status == 0 && line.contains(",warning,\(expected),"), "\(line)")
        let run = try estimate(["--host-results", path], in: folder)
        let text = run.out.split(separator: "\n").joined(separator: " ")
        #expect(
          text.contains(
            expected == "fail"
              ? "Composition test: predicted over measured time of a decoder layer 0.80 (1 layer, at machine)"
              : "Composition test: the file has no decoder layer; measure them with 'plimsoll run"))
      }
    }
  }

  @Test("refuses a foreign file with file and line, and a missing one, in one sentence")
  func foreign() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("foreign.csv").path
      try Data("a,b\n1,2\n".utf8).write(to: URL(fileURLWithPath: path))
      let run = try estimate(["--host-results", path], in: folder)
      #expect(run.status == 65 && run.err.contains("foreign.csv:1") && run.out.isEmpty)
      let missing = try estimate(["--host-results", folder.path + "/none.csv"], in: folder)
      #expect(missing.status == 65 && missing.err.contains("none.csv") && missing.out.isEmpty)
      #expect([run, missing].allSatisfy { $0.err.split(separator: "\n").count == 1 })
    }
  }

  /// `--engine` reaches the search with and without degrees.
  @Test("serves with the engine that is asked for", arguments: [[], ["--tp", "2"]])
  func engine(degrees: [String]) throws {
    try inFolder { folder in
      for engine in ["vllm", "sglang", "trtllm"] {
        let run = try estimate(degrees + ["--engine", engine], in: folder)
        #expect(run.status == 0 && run.out.split(separator: "\n").first?.hasSuffix("\(engine))") == true)
      }
    }
  }

  @Test(
    "a model given by its config.json is estimated as its row is, and a wrong one refused with key and line")
  func config() throws {
    try inFolder { folder in
      let path = folder.appendingPathComponent("config.json")
      let text = """
        {"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096,
         "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
         "vocab_size": 128256, "max_position_embeddings": 131072}
        """
      try Data(text.utf8).write(to: path)
      let run = try estimate(["--format", "csv"], model: path.path, in: folder)
      let row = try estimate(["--format", "csv"], in: folder)
      func values(_ run: ProgramRun) -> [[Substring]] {
        run.out.split(separator: "\n").map { Array($0.split(separator: ",").prefix(4)) }
      }
      #expect(run.status == 0 && values(run) == values(row) && values(run).count > 4, "\(run.err)")
      try Data(text.replacing("\"vocab_size\": 128256", with: "\"vocab_size\": true").utf8).write(to: path)
      let wrong = try estimate([], model: path.path, in: folder)
      #expect(wrong.status == 65 && wrong.err.contains("config.json:3: the value of 'vocab_size'"))
      let missing = try estimate([], model: folder.path + "/none.json", in: folder)
      #expect(missing.status == 65 && missing.err.contains("none.json"))
      #expect(try estimate([], model: "Lama-3.1-8B", in: folder).status == 64)
    }
  }

  /// What every row of a result file has beside what the estimator reads.
  private func complete(_ row: ResultRow) -> ResultRow {
    var row = row
    row.schemaVersion = ResultRow.schemaVersion
    row.timeMedianSeconds = row.timeMedianSeconds ?? 1e-3
    if row.rowKey.isEmpty { row.rowKey = row.kernel }
    return row
  }
}
