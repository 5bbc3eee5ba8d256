// The verbs that read result files, on the example run of the repository.

import Foundation
import Testing

@Suite struct RowVerbTests {
  private static let example: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "results").path()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return folder + (folder.hasSuffix("/") ? "" : "/")
      + (names.sorted().first { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") } ?? "")
  }()

  @Test(
    "what is shown fits 80 columns, and what is hidden is named",
    arguments: [[], ["--filter", "kernel:gemm"], ["--group-by", "kernel,impl"], ["--nodes"]])
  func width(arguments: [String]) throws {
    let run = try Program.run(["show", RowVerbTests.example] + arguments, environment: ["COLUMNS": "80"])
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(run.out)")
    if arguments.isEmpty { #expect(run.out.contains("Hidden for want of room: ")) }
  }

  @Test("rows are filtered, sorted and cut to columns; CSV holds the numbers in full")
  func rows() throws {
    let run = try Program.run([
      "show", RowVerbTests.example, "--filter", "kernel:gemm impl:swift", "--columns", "shape,time,kernel",
      "--sort", "time,desc", "--format", "csv",
    ])
    let lines = run.out.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(lines.first == ["shape_id", "time_median_seconds", "kernel"])
    let times = lines.dropFirst().compactMap { Double($0[1]) }
    #expect(
      times.count > 1 && times == times.sorted(by: >) && lines.dropFirst().allSatisfy { $0[2] == "gemm" })
  }

  @Test(
    "wrong columns, filters and rows are refused with the nearest name",
    arguments: [
      (["show", "--columns", "shap_id"], 64, "shape_id"),
      (["show", "--filter", "kernle:gemm"], 64, "kernel"),
      (["show", "--filter", "kernel:"], 64, "--filter 'kernel:': at character 8: a value is missing"),
      (["show", "--sort", "m,up"], 64, "--sort takes"),
      (["stats", "--row", "gemm"], 64, "rows fit 'gemm'"), (["stats", "--row", "nosuch"], 64, "unknown row"),
    ])
  func refused(arguments: [String], status: Int32, says: String) throws {
    let run = try Program.run([arguments[0], RowVerbTests.example] + arguments.dropFirst())
    #expect(run.status == status && run.out.isEmpty && run.err.contains(says), "\(run.err)")
  }

  @Test("stats shows one row in depth, found by its key")
  func stats() throws {
    let list = try Program.run([
      "show", RowVerbTests.example, "--columns", "key,status", "--filter", "status:ok", "--format", "csv",
    ])
    let key = try #require(list.out.split(separator: "\n").dropFirst().first?.split(separator: ",").first)
    let run = try Program.run(["stats", RowVerbTests.example, "--row", String(key)])
    #expect(run.status == 0, "\(run.err)")
    for words in ["95 % interval", "spread between processes", "outliers:", "#", "processes give the median"]
    {
      #expect(run.out.contains(words), "\(words): \(run.out)")
    }
  }

  @Test("an SQL export loads into SQLite with every row", .enabled(if: sqlite != nil, "needs sqlite3"))
  func sql() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(["export", RowVerbTests.example, "--to", "sql", "-o", "\(folder)/r.sql"])
    #expect(run.status == 0, "\(run.err)")
    let query = try Program.run(
      [
        "\(folder)/r.db", ".read \(folder)/r.sql",
        "select count(*), count(distinct row_key), typeof(max(time_median_seconds)) from results",
      ], executable: sqlite ?? "")
    let rows =
      try Program.run(["export", RowVerbTests.example, "--to", "csv"]).out.split(separator: "\n").count - 1
    #expect(query.out == "\(rows)|\(rows)|real\n", "\(query.err)")
  }

  @Test("a shared export holds no column that could name a host, whatever was asked for")
  func share() throws {
    let run = try Program.run(["export", RowVerbTests.example, "--to", "csv", "--share", "--columns", "all"])
    let header = Set((run.out.split(separator: "\n").first ?? "").split(separator: ",").map(String.init))
    #expect(run.status == 0 && header.contains("gflops_median"))
    let names = [
      "host_label", "job_id", "tags", "node_rank", "status_detail", "warnings", "os_kernel", "cpuset_list",
    ]
    #expect(header.isDisjoint(with: names))
    let none = try Program.run([
      "export", RowVerbTests.example, "--to", "csv", "--share", "--columns", "host,tags",
    ])
    #expect(none.status == 64)
  }

  @Test("merge counts hosts: missing ones are listed and end with 1")
  func hosts() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let table = try String(contentsOfFile: RowVerbTests.example, encoding: .utf8)
    let header = (table.split(separator: "\n").first ?? "").split(
      separator: ",", omittingEmptySubsequences: false)
    let label = try #require(header.firstIndex(of: "host_label"))
    for host in ["n1", "n3"] {
      // Cells with commas are quoted, so that fields are counted outside quotes.
      let lines = table.split(separator: "\n").enumerated().map { number, line -> String in
        if number == 0 { return String(line) }
        var isQuoted = false
        var field = 0
        var out = ""
        for character in line {
          if character == "\"" { isQuoted.toggle() }
          if character == ",", !isQuoted {
            field += 1
            out += field == label ? ",\(host)" : ","
          } else if field != label {
            out.append(character)
          }
        }
        let run = out.split(separator: ",", omittingEmptySubsequences: false)[2]
        return out.replacing(",\(run),", with: ",\(run)\(host),", maxReplacements: 1)
      }
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: "\(folder)/\(host).csv"))
    }
    try Data("n[1-4]\n".utf8).write(to: URL(filePath: "\(folder)/expect.txt"))
    let list = try Program.run(["merge", folder, "--missing", "--as-nodelist"])
    #expect(list.status == 1 && list.out == "n[2,4]\n", "\(list.err)")
    let merge = try Program.run([
      "merge", folder, "-o", "\(folder)/all.csv", "--expect-hosts", "\(folder)/expect.txt",
    ])
    #expect(
      merge.status == 1 && merge.err.contains("n2\nn4\n") && merge.out.contains("2 nodes: n[1,3]"),
      "\(merge.out)\(merge.err)")
    let valid = try Program.run(["validate", "\(folder)/all.csv"])
    #expect(valid.status == 0, "\(valid.err)")
    #expect(try Program.run(["merge", folder]).status == 64)
  }

  @Test("a filter may start with a minus, and journals among several files are passed over")
  func manners() throws {
    let journal = RowVerbTests.example.dropLast(4) + ".samples.csv"
    let run = try Program.run([
      "show", RowVerbTests.example, String(journal), "--filter", "-impl:swift", "--columns", "impl",
      "--format", "csv",
    ])
    #expect(run.status == 0 && !run.out.contains("swift") && run.out.contains("openblas"), "\(run.err)")
    let compare = try Program.run(["compare", RowVerbTests.example, String(journal), RowVerbTests.example])
    #expect(compare.status == 0, "\(compare.err)")
    let label = try Program.run(["compare", "+1=\(RowVerbTests.example)", RowVerbTests.example])
    #expect(label.status == 64 && label.err.contains("a label starts with"), "\(label.err)")
    #expect(try Program.run(["compare", RowVerbTests.example, String(journal)]).status == 64)
  }

  @Test("programs get everything that people see of a row, a file and a fleet")
  func parts() throws {
    let list = try Program.run([
      "show", RowVerbTests.example, "--columns", "key", "--filter", "status:ok", "--format", "csv",
    ])
    let key = try #require(list.out.split(separator: "\n").dropFirst().first)
    for (part, column) in [
      ("processes", "ratio_to_median"), ("summary", "time_median_ci_low_seconds"),
      ("histogram", "to_seconds"),
    ] {
      let run = try Program.run([
        "stats", RowVerbTests.example, "--row", String(key), "--format", "json", "--part", part,
      ])
      #expect(run.status == 0 && run.out.contains("\"\(column)\": "), "\(run.out)\(run.err)")
    }
    let nodes = try Program.run(["show", RowVerbTests.example, "--nodes", "--format", "json"])
    #expect(nodes.out.contains("\"node\": ") && nodes.out.contains("\"rows_timed\": "), "\(nodes.err)")
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let table = try String(contentsOfFile: RowVerbTests.example, encoding: .utf8)
    try Data(table.replacing(",ok,", with: ",okay,").utf8).write(to: URL(filePath: "\(folder)/x.csv"))
    let files = try Program.run(["validate", folder, "--format", "json"])
    #expect(files.status == 65 && files.out.contains("\"faults\": "), "\(files.err)")
    let findings = try Program.run(["validate", folder, "--format", "jsonl", "--part", "findings"])
    #expect(findings.status == 65 && findings.out.contains("is not a status"), "\(findings.err)")
  }

  @Test("stats holds the journal against the file")
  func editedSummary() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let list = try Program.run([
      "show", RowVerbTests.example, "--columns", "key,time", "--filter", "status:ok", "--format", "csv",
    ])
    let cells = try #require(list.out.split(separator: "\n").dropFirst().first).split(separator: ",").map(
      String.init)
    let table = try String(contentsOfFile: RowVerbTests.example, encoding: .utf8)
    // The last digit moves: too little for the checks within the row, enough for the samples.
    let time = try #require(Double(cells[1])) * (1 + 2e-8)
    try Data(table.replacing(",\(cells[1]),", with: ",\(time),").utf8).write(
      to: URL(filePath: "\(folder)/x.csv"))
    let journal = RowVerbTests.example.dropLast(4) + ".samples.csv"
    try FileManager.default.copyItem(atPath: String(journal), toPath: "\(folder)/x.samples.csv")
    let run = try Program.run(["stats", "\(folder)/x.csv", "--row", cells[0]])
    #expect(run.status == 65 && run.err.contains("where the samples beside the file give"), "\(run.err)")
  }

  @Test("no verb writes over what it reads")
  func overwriting() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x.csv"
    try FileManager.default.copyItem(atPath: RowVerbTests.example, toPath: path)
    let before = try Data(contentsOf: URL(filePath: path))
    for arguments in [
      ["export", path, "--to", "csv", "--columns", "shape", "-o", "\(folder)/./x.csv"],
      ["export", path, "--to", "csv", "-o", "\(folder)/y.samples.csv"],
      ["merge", path, "-o", "\(folder)/y.samples.csv"], ["merge", folder, "--nodes-csv", path],
    ] {
      let run = try Program.run(arguments)
      #expect(run.status == 64, "\(arguments): \(run.err)")
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/y.samples.csv"))
  }

  @Test("validate lists every fault of a file, not only the first")
  func faults() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let table = try String(contentsOfFile: RowVerbTests.example, encoding: .utf8)
    let path = "\(folder)/x.csv"
    try Data(table.replacing(",ok,", with: ",okay,").utf8).write(to: URL(filePath: path))
    let run = try Program.run(["validate", path])
    #expect(run.status == 65)
    #expect(run.err.split(separator: "\n").count { $0.contains("is not a status") } >= 10)
  }
}

/// Where SQLite's shell is, nil without one.
private let sqlite = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}
