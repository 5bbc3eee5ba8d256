// `run --device` as a user does it, on hosts with GPUs that are made up: kernels run on the CPU.

import FakeCUDA
import Foundation
import Testing

@Suite(.serialized, .enabled(if: FakeCUDA.clang != nil)) struct DeviceRunTests {
  private static let shapes = """
    shape_id,kernel,dtype,m,n,k,trans_b,batch,heads_q,heads_kv,head_dim,seq_kv
    product,gemm,bf16,33,64,64,1,,,,,
    eights,gemm,f8_e4m3,32,32,64,1,,,,,
    norm,rmsnorm,,5,264,,,,,,,
    step,attention_decode,,,,,,2,8,2,128,77
    prompt,attention_prefill,,,,,,1,2,1,64,70
    window,softmax,,4,64,,,,,,,

    """

  /// Runs the program in a folder of its own with the suite above.
  private func run(
    _ arguments: [String], on settings: [String: String] = [:], _ body: (Run, String) throws -> Void
  ) throws {
    let host = try FakeCUDA(settings)
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try DeviceRunTests.shapes.write(toFile: folder + "/shapes.csv", atomically: false, encoding: .utf8)
    try body(try Program.run(arguments, in: folder, environment: host.environment), folder)
  }

  private let small = [
    "run", "--device", "cuda:0", "--suite", "shapes.csv", "--no-ceilings", "--processes", "2", "--samples",
    "2", "-o",
    "out",
  ]

  /// Cells of the result file, by shape and column.
  private func rows(_ folder: String) throws -> [String: [String: String]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/out")
    let name = try #require(
      names.first { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") && !$0.hasSuffix(".suite.csv") })
    let show = try Program.run(["export", folder + "/out/" + name, "--to", "json", "--columns", "all"])
    let list = try JSONSerialization.jsonObject(with: Data(show.out.utf8)) as? [[String: Any]]
    var found: [String: [String: String]] = [:]
    for row in try #require(list, "\(show.out.prefix(300)) \(show.err)") {
      found[row["shape_id"] as? String ?? ""] = row.mapValues { "\($0)" }
    }
    return found
  }

  @Test("rows of a GPU are verified, timed and told apart from those of the host")
  func device() throws {
    try run(small) { run, folder in
      #expect(run.status == 0, "\(run.err)")
      let rows = try rows(folder)
      #expect(Set(rows.keys) == ["product", "eights", "norm", "step", "prompt"])
      for (name, row) in rows {
        #expect(row["status"] == "ok", "\(name): \(row)")
        #expect(
          row["device_kind"] == "gpu" && row["device_name"] == "Fake H200" && row["placement"] == "cuda:0")
        #expect(row["timer"] == "CUDA events" && row["impl_isa_path"]?.hasPrefix("sm_90") == true)
        #expect(row["cpu_mhz_mean"].flatMap { Double($0) } ?? 0 > 0)
      }
      #expect(rows["product"]?["impl"] == "cublaslt" && rows["norm"]?["impl"] == "cuda")
      #expect(rows["product"]?["impl_isa_path"]?.contains("algo") == true)
      #expect(rows["eights"]?["dtype_a"] == "f8_e4m3" && rows["product"]?["dtype_out"] == "bf16")
      #expect(rows["step"]?["block_keys"] == "64" && rows["step"]?["dtype_b"] == "bf16")
    }
  }

  @Test("a wrong result is a mismatch and ends with status 5")
  func mismatch() throws {
    try run(small, on: ["WRONG": "rmsnorm"]) { run, folder in
      #expect(run.status == 5, "\(run.err)")
      let rows = try rows(folder)
      #expect(rows["norm"]?["status"] == "mismatch" && rows["product"]?["status"] == "ok")
    }
  }

  @Test("a device that is lost costs the row that it was at, and the others are measured by another process")
  func lost() throws {
    try run(small, on: ["LOST": "40"]) { run, folder in
      #expect(run.status == 1, "\(run.err)")
      let rows = try rows(folder)
      #expect(
        rows.values.contains { $0["status"] == "failed" && $0["status_detail"]?.contains("719") == true })
      #expect(rows.count == 5)
    }
  }

  @Test("what is not there is one sentence and status 65; what is no device is status 64")
  func absent() throws {
    for (settings, device, status, words) in [
      (["DEVICES": "0"], "cuda:0", Int32(65), "NO_DEVICE"), (["DRIVER": "11040"], "cuda:0", 65, "11.4"),
      ([:], "cuda:3", 65, "cuda:3"), ([:], "gpu0", 64, "cuda:0"),
      (["FAIL": "cuInit:0:999"], "cuda:0", 65, "999"),
    ] as [([String: String], String, Int32, String)] {
      try run(["run", "--device", device], on: settings) { run, _ in
        #expect(run.status == status, "\(device): \(run.err)")
        #expect(run.err.contains(words) && run.err.split(separator: "\n").count == 1, "\(run.err)")
      }
    }
    let none = try Program.run(
      ["run", "--device", "cuda:0"], environment: ["PLIMSOLL_CUDA_DRIVER": "/nowhere/libcuda.so.1"])
    #expect(none.status == 65 && none.err.contains("no CUDA driver"), "\(none.err)")
  }

  @Test("the rows of a device are listed, its suites are told, and options of the host are refused")
  func listing() throws {
    try run(["list", "--device", "cuda:0", "--suite", "accelerator"], on: ["DEVICES": "2"]) { run, _ in
      #expect(run.status == 0 && run.out.contains("peer_copy") && run.out.contains("f8_e4m3"), "\(run.err)")
    }
    try run(["list", "--device", "cuda:0", "--suite", "full"]) { run, _ in
      #expect(run.status == 64 && run.err.contains("accelerator"), "\(run.err)")
    }
    try run(["list", "--device", "cuda:0", "--placement", "core0"]) { run, _ in
      #expect(run.status == 64 && run.err.contains("--device"), "\(run.err)")
    }
  }
}
