// `run --blas NAME=PATH` with libraries made on the spot: a good one, one that lacks the function, one that computes
// wrongly, one that crashes, one of 64-bit integers, and files that are none.

import Foundation
import Testing

@Suite(.serialized) struct PeerLibraryTests {
  /// A C compiler; Swift's toolchain has one, but a bundle's host may not.
  private static let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private static let signature = """
    (int o, int ta, int tb, int m, int n, int k, float s, const float *a, int lda, const float *b, int ldb,
     float t, float *c, int ldc)
    """

  /// Text of a library by the body of its product.
  private func source(_ name: String, _ body: String) -> String {
    "void \(name)\(PeerLibraryTests.signature) { \(body) }\n"
  }

  private let product = """
    for (int i = 0; i < m; i++) for (int j = 0; j < n; j++) {
      float x = 0;
      for (int p = 0; p < k; p++) x += a[i * lda + p] * (tb == 112 ? b[j * ldb + p] : b[p * ldb + j]);
      c[i * ldc + j] = x;
    }
    """

  private func make(_ name: String, _ source: String, in folder: String) throws -> String {
    let path = "\(folder)/lib\(name).so"
    try source.write(toFile: "\(folder)/\(name).c", atomically: false, encoding: .utf8)
    let compiler = try #require(PeerLibraryTests.compiler)
    let made = try Program.run(
      ["-O1", "-shared", "-fPIC", "-o", path, "\(folder)/\(name).c"], executable: compiler)
    #expect(made.status == 0, "\(made.err)")
    return path
  }

  @Test(
    "each library is measured in its own worker under its name, and what is wrong with one is on its row",
    .enabled(if: compiler != nil))
  func libraries() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Its work is in a function that the linked OpenBLAS has too, with other arguments: that one must not be called.
    let good = try make(
      "good",
      "__attribute__((noinline)) " + source("sgemm_", product)
        + source("scipy_cblas_sgemm", "sgemm_(o, ta, tb, m, n, k, s, a, lda, b, ldb, t, c, ldc);")
        + "const char *scipy_openblas_get_config(void)"
        + #"{ return "OpenBLAS 9.8.7 TEST"; } const char *scipy_openblas_get_corename(void) { return "Slow"; }"#,
      in: folder)
    let empty = try make("empty", "int nothing;\n", in: folder)
    let wide = try make("wide", source("cblas_sgemm64_", product), in: folder)
    let wrong = try make("wrong", source("cblas_sgemm", product + "if (m > 1) c[1] += 1;"), in: folder)
    // The first product is that of opening.
    let crash = try make(
      "crash", source("cblas_sgemm", "static int calls; if (calls++) *(volatile int *)0 = 1;"), in: folder)
    let text = folder + "/libtext.so"
    try "INPUT(libm.so)".write(toFile: text, atomically: false, encoding: .utf8)
    let named = [
      ("good", good), ("empty", empty), ("wide", wide), ("wrong", wrong), ("crash", crash), ("text", text),
      ("missing", folder + "/libmissing.so"),
    ]
    let run = try Program.run(
      [
        "run", "--shape", "m=33,n=35,k=37", "--no-ceilings", "--placement", "core0", "--processes", "1",
        "--row-time-cap", "20ms", "--skip", "impl:openblas", "--quiet", "-o", folder,
      ] + named.flatMap { ["--blas", "\($0)=\($1)"] })
    #expect(run.status == 5, "\(run.err)")  // one result is wrong, which outweighs those that failed
    let file = run.out.trimmingCharacters(in: .whitespacesAndNewlines)
    let show = try Program.run([
      "show", file, "--columns", "impl,status,status_detail,impl_version,blas_corename", "--format", "jsonl",
    ])
    var rows: [String: [String: Any]] = [:]
    for line in show.out.split(separator: "\n") {
      let row = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      rows[row["impl"] as? String ?? ""] = row
    }
    #expect(rows.keys.sorted() == (named.map(\.0) + ["swift"]).sorted())
    func cell(_ impl: String, _ column: String) -> String { rows[impl]?[column] as? String ?? "" }
    #expect(cell("swift", "status") == "ok" && cell("good", "status") == "ok")
    #expect(cell("good", "impl_version") == "9.8.7" && cell("good", "blas_corename") == "Slow")
    #expect(cell("wrong", "status") == "mismatch")
    for (impl, words) in [
      ("empty", "libempty.so has neither cblas_sgemm nor dnnl_sgemm"),
      ("wide", "libwide.so counts in 64-bit integers (cblas_sgemm64_); name its LP64 build"),
      ("text", "libtext.so is no shared library"),
      ("missing", "libmissing.so cannot be read: No such file or directory"),
    ] {
      #expect(cell(impl, "status") == "failed" && cell(impl, "status_detail") == words)
    }
    #expect(cell("crash", "status") == "failed" && cell("crash", "status_detail").contains("signal 11"))
    // Where the libraries lie is nobody's business.
    for ending in [".csv", ".meta.json", ".reports.jsonl"] {
      let text = try String(contentsOfFile: String(file.dropLast(4)) + ending, encoding: .utf8)
      #expect(!text.contains(folder))
    }
    // A run that goes on must be told its peers again.
    let lone = try Program.run(["run", "--resume", file, "--dry-run"])
    #expect(lone.status == 64 && lone.err.contains("good=libgood.so"), "\(lone.err)")
    let whole = try Program.run(
      ["run", "--resume", file, "--dry-run"] + named.flatMap { ["--blas", "\($0)=\($1)"] })
    #expect(whole.status == 0, "\(whole.err)")
  }

  @Test("a name that is none, stands twice or belongs to every run is refused before anything is measured")
  func names() throws {
    for (arguments, words) in [
      (["--blas", "mkl"], "--blas: 'mkl' is not NAME=PATH"),
      (["--blas", "swift=/x"], "--blas: swift is measured in every run"),
      (["--peer", "Torch=/x"], "--peer: 'Torch' is no name"),
      (["--blas", "a=/x", "--peer", "a=/y"], "two peers are called a"),
    ] {
      let run = try Program.run(["run", "--dry-run"] + arguments)
      #expect(run.status == 64 && run.err.contains(words), "\(run.err)")
    }
  }
}
