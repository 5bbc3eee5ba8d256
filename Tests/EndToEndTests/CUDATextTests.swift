// The CUDA texts of Kernels/CUDA, run on the CPU by Tests/FakeCUDA/cuda_emulation.h against Double oracles.

import Foundation
import Testing

@Suite struct CUDATextTests {
  /// Swift's toolchain has a compiler of C++, but a bundle's host may not.
  private static let compiler = ["/opt/swift/usr/bin/clang++", "/usr/bin/clang++", "/usr/bin/g++"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("FakeCUDA").path

  @Test(
    "every kernel computes what its oracle does, in whatever order a block's warps run",
    .enabled(if: compiler != nil),
    arguments: ["check_rows", "check_decode", "check_prefill", "check_prefill_sm90", "check_products"])
  func checks(_ name: String) throws {
    let compiler = try #require(CUDATextTests.compiler)
    let place = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: place) }
    let made = try Program.run(
      ["-O2", "-std=c++20", "-w", "\(CUDATextTests.folder)/\(name).cpp", "-o", "\(place)/\(name)"],
      executable: compiler)
    #expect(made.status == 0, "\(made.err)")
    for order in ["0", "1", "2"] {
      let run = try Program.run([], executable: "\(place)/\(name)", environment: ["EMULATED_ORDER": order])
      let failed = run.out.split(separator: "\n").filter { $0.hasPrefix("FAILED") }
      let told = failed.joined(separator: "\n")
      #expect(run.status == 0 && failed.isEmpty, "order \(order): \(told) \(run.err)")
      #expect(run.out.hasSuffix("passed\n"))
    }
  }
}
