// Measuring as a user does it, in small: one product on one core, and what goes wrong around it.

import Foundation
import Testing

@Suite(.serialized) struct RunTests {
  private let small = [
    "run", "--kernel", "gemm", "--filter", "shape:square_256", "--placement", "core0", "--processes", "1",
    "--row-time-cap", "20ms",
  ]

  private func scratch() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private func resultFile(in folder: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    let name = try #require(names.first { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") })
    return folder + "/" + name
  }

  @Test("a run leaves five files of one stem that hold no host name and validate; compare takes them")
  func run() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(small + ["-o", folder, "--blas-coretype", "auto"])
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.contains("7 of 7 rows ok"))  // two products and the five ceilings that judge them
    #expect(run.out.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains(folder) })
    let file = try resultFile(in: folder)
    let stem = String(file.dropLast(4))
    for ending in [".samples.csv", ".reports.jsonl", ".meta.json", ".topology.xml"] {
      let text = try String(contentsOfFile: stem + ending, encoding: .utf8)
      #expect(!text.contains(folder))
    }
    #expect(try Program.run(["validate", file, stem + ".samples.csv"]).status == 0)
    let compare = try Program.run(["compare", file, file, "--format", "csv"])
    #expect(compare.status == 0)
    #expect(compare.out.split(separator: "\n").count == 1 + 7)
    let open = try Program.run(["compare", file, file, "--fail-on", "inconclusive"])
    #expect(open.status == 6)  // one process a side proves nothing
    let bytes = try #require(FileManager.default.contents(atPath: file))
    try bytes.dropLast(7).write(to: URL(filePath: folder + "/torn.csv"))
    let torn = try Program.run(["validate", folder + "/torn.csv"])
    #expect(torn.status == 65)
    #expect(torn.err.contains("torn.csv:8: the last line is torn"))
    // Nothing is left to do, so a resumed run only rewrites its files.
    let before = try Data(contentsOf: URL(filePath: file))
    let floor = try meta(stem)["aa_floor"] as? Double
    #expect(floor != nil)
    #expect(try Program.run(["run", "--resume", file]).status == 0)
    #expect(try Data(contentsOf: URL(filePath: file)) == before)
    #expect(try meta(stem)["aa_floor"] as? Double == floor)
    // Samples without their reports would be measured again into the same file.
    try "garbage".write(toFile: stem + ".reports.jsonl", atomically: false, encoding: .utf8)
    let lost = try Program.run(["run", "--resume", file, "--dry-run"])
    #expect(lost.status == 65, "\(lost.err)")
    #expect(lost.err.contains("have no report here"))
  }

  private func meta(_ stem: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: stem + ".meta.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("a launcher's one-core trap is named with its fix, even by a quiet run")
  func trap() throws {
    let taskset = "/usr/bin/taskset"
    guard FileManager.default.isExecutableFile(atPath: taskset), ProcessInfo.processInfo.processorCount > 1
    else { return }
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arguments = ["-c", try firstCPU(), Program.path] + small
    let run = try Program.run(
      arguments + ["--quiet", "--impl", "swift", "--no-ceilings", "-o", folder], executable: taskset,
      environment: ["OMPI_COMM_WORLD_SIZE": "2"])
    #expect(run.status == 0, "\(run.err)")
    #expect(
      run.err.contains("mended by: mpirun --bind-to none --map-by ppr:1:node plimsoll run"), "\(run.err)")
    #expect(run.err.split(separator: "\n").count { $0.hasPrefix("doctor:") } == 1)
  }

  private func firstCPU() throws -> String {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    return String(try #require(list).drop { !$0.isNumber }.prefix { $0.isNumber })
  }

  @Test("a run whose rows fail ends with status 1 and a sentence that names how many and the first")
  func failing() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // A worker that does not understand its orders stands for one that cannot run here.
    let run = try Program.run(
      small + ["-o", folder, "--impl", "swift", "--no-ceilings"], environment: ["PLIMSOLL_PLANT": "nonsense"])
    #expect(run.status == 1, "\(run.err)")
    #expect(
      run.err.contains(
        "plimsoll: 1 of 1 rows failed or timed out, no row is ok; the first is square_256 swift"),
      "\(run.err)")
    #expect(run.err.contains("at core0: the worker ended with status 64"))
    #expect(try Program.run(["validate", try resultFile(in: folder)]).status == 0)
  }

  @Test("Ctrl-C keeps what was measured, and says how to go on")
  func interrupted() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arguments = ["run", "--kernel", "gemm", "--placement", "core0", "--processes", "2", "-o", folder]
    let run = try Program.run(
      ["--foreground", "--preserve-status", "-s", "INT", "4", Program.path] + arguments,
      executable: "/usr/bin/timeout")
    #expect(run.status == 130)
    let file = try resultFile(in: folder)
    #expect(run.err.contains("Go on with: plimsoll run --resume \(file)"))
    #expect(try Program.run(["validate", file]).status == 0)
  }

  #if arch(x86_64)
  @Test("a generic BLAS that the caller forces is used, and named loudly in rows, meta file and messages")
  func genericBLAS() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(
      small + ["-o", folder, "--impl", "openblas"],
      environment: ["OPENBLAS_CORETYPE": "Prescott"])
    #expect(run.status == 0)
    #expect(run.err.contains("WARNING: OpenBLAS runs its generic Prescott kernels"))
    let file = try resultFile(in: folder)
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("generic Prescott kernels"))
    let meta = try String(contentsOfFile: String(file.dropLast(4)) + ".meta.json", encoding: .utf8)
    #expect(meta.contains("generic Prescott kernels"))
  }
  #endif

  @Test("a core type that OpenBLAS would ignore is refused, from the variable too")
  func ignoredCoreType() throws {
    let exported = ["OPENBLAS_CORETYPE": "SkylakX"]
    let run = try Program.run(["run", "--dry-run"], environment: exported)
    #expect(run.status == 64)
    #expect(run.err.contains("'SkylakX' in OPENBLAS_CORETYPE"), "\(run.err)")
    // Not where it decides nothing.
    let auto = try Program.run(["run", "--dry-run", "--blas-coretype", "auto"], environment: exported)
    #expect(auto.status == 0, "\(auto.err)")
  }

  @Test(
    "unknown names are usage errors with the nearest name",
    arguments: [
      (["--kernel", "gem"], "did you mean gemm"), (["--placement", "cor0"], "did you mean core0"),
      (["--suite", "quik"], "did you mean quick"), (["--filter", "shpe:a"], "did you mean shape"),
      (["--filter", "shape"], "'shape' has no value"),
      (["--filter", "phase:decode )"], "character 14: filter: ')' without '('"),
      (["--skip", "m:x"], "character 3: filter: m: 'x' is not a whole number"),
      (["--shape", "m=1,n=2"], "m, n and k are all needed"), (["--cache", "warm"], "unknown cache mode"),
      (["--cache", ","], "names no mode"), (["--row-time-cap", "1e-300"], "takes 1 millisecond to one hour"),
      (["--kernel", "gemm", "--skip", "kernel:gemm"], "no case passes all filters"),
    ])
  func unknown(arguments: [String], words: String) throws {
    let run = try Program.run(["run", "--dry-run"] + arguments)
    #expect(run.status == 64)
    #expect(run.err.contains(words))
  }

  @Test("a folder that cannot be written ends the run before it measures")
  func unwritable() throws {
    let run = try Program.run(small + ["-o", "/proc/results"])
    #expect(run.status == 74)
    #expect(run.err.contains("choose another folder with -o"))
  }

  @Test("two builds in turn: one that is a hundred times as slow is found, and its files know their partner")
  func pair() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let slowed = folder + "/slowed"
    try "#!/bin/sh\nPLIMSOLL_PLANT=square_256=100 exec '\(Program.path)' \"$@\"\n".write(
      toFile: slowed, atomically: true, encoding: .utf8)
    chmod(slowed, 0o755)
    let arguments = [
      "--kernel", "gemm", "--filter", "shape:square_256", "--impl", "swift", "--placement", "core0",
      "--processes", "5", "--samples", "3", "--no-ceilings", "--min-sample-time", "1ms",
    ]
    let run = try Program.run(
      ["compare", "--pair", Program.path, "new=" + slowed, "--fail-on", "slower", "-o", folder] + arguments)
    #expect(run.status == 3, "\(run.err)")
    #expect(run.out.contains("Two builds that took turns"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") }.map { folder + "/" + $0 }
    #expect(files.count == 2)
    // The files alone say it too.
    let again = try Program.run(["compare"] + files + ["--format", "csv"])
    #expect(again.out.contains("paired_t"))
    #expect(try Program.run(["run", "--resume", files[0]]).err.contains("one side of 'compare --pair'"))
  }

  @Test(
    "what --pair cannot take is said before anything is measured",
    arguments: [
      (["--pair", "/bin/true"], 65, "/bin/true is no build of plimsoll"),
      (["--pair", "a", "b", "c"], 64, "one build or two"),
      (["a.csv", "b.csv", "--suite", "full"], 64, "--suite is for 'compare --pair'"),
      (["a.csv", "b.csv", "-o", "x"], 64, "--output is for 'compare --pair'"),
      (["--pair", "/bin/true", "--kernel", "gem"], 64, "did you mean gemm"),
    ])
  func badPair(arguments: [String], status: Int32, words: String) throws {
    let run = try Program.run(["compare"] + arguments)
    #expect(run.status == status, "\(run.err)")
    #expect(run.err.contains(words), "\(run.err)")
  }

  @Test("what cannot be compared has a status of its own")
  func nothingComparable() throws {
    #expect(try Program.run(["compare", "no-such.csv", "no-such.csv"]).status == 65)
  }
}
