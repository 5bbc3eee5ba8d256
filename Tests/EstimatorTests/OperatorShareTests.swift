// Shares of the peak that large products reach, computed from the table, and the networks of catalogued
// chips.

import Catalog
import Estimator
import Foundation
import Quantities
import Testing

@Suite("Shares and networks of catalogued chips")
struct OperatorShareTests {
  private let catalog: Catalog
  private let shares: [String: LargeProductShares]

  init() throws {
    catalog = try Bundled.shared.get().catalog
    shares = largeGEMMShares(try Catalog.measuredKernels(), catalog: catalog)
  }

  @Test("the share of a chip is the median over engines of each engine's median")
  func engines() throws {
    // 8192 x 8192 weights on H100, 989.4 TFLOP/s dense, m = 2048 and 8192; us, and the mean of the two
    // shares: TensorRT-LLM 346.309, 1404.78: 0.79666; vLLM 366.256, 1541.71: 0.73969; SGLang 341.436,
    // 1673.01: 0.73897.
    let h100 = try #require(shares["H100"])
    #expect(abs(try #require(h100.bf16) - 0.73969) < 1e-4)
    #expect(h100.fp4 == nil)
    #expect(h100.source.contains("bf16: median of sglang 0.5.14, trtllm 1.3.0rc20, vllm 0.24.0"))
    let a100 = try #require(shares["A100-80GB"])
    #expect(a100.fp8 == nil)
    #expect(a100.rows == 6)
  }

  @Test("a library's best case is scaled by what chips with both show, and says so")
  func bestCase() throws {
    let mi300x = try #require(shares["MI300X"])
    // torch.matmul at its best shape: 668.4 of 1307.4 TFLOP/s. Engine over best case of A100, H100, B200,
    // GB200: 0.987, 0.921, 0.866 and 0.774; the median is 0.8938.
    #expect(abs(try #require(mi300x.bf16) - 668.4 / 1307.4 * 0.8938) < 2e-3)
    #expect(mi300x.source.contains("best case of torch.matmul x 0.89"))
    #expect(shares["Gaudi 2"]?.fp8 ?? 1 < 826.5 / 865)
  }

  @Test("the constants in use agree with the table to 12 %")
  func constants() throws {
    var compared = 0
    for row in catalog.engineConstants where row.constant.hasPrefix("einf_") && row.engineOrChip != "class" {
      guard let printed = row.value,
        let chip = acceleratorMeant(by: row.engineOrChip, among: catalog.accelerators),
        let own = shares[chip.id]
      else { continue }
      let share = row.constant == "einf_bf16" ? own.bf16 : row.constant == "einf_fp8" ? own.fp8 : own.fp4
      guard let share else { continue }  // the chip lacks the format
      compared += 1
      #expect(abs(log(share / printed)) < 0.12, "\(row.constant) of \(chip.id): \(share) against \(printed)")
    }
    #expect(compared >= 19)
  }

  @Test("two nodes are one domain on a rack and two on servers")
  func tiers() throws {
    func network(_ id: String) throws -> RankNetwork {
      let chip = try #require(catalog.accelerator(id))
      let latency = Seconds(Unit.microsecond.toBase(5))
      return try RankNetwork.of(chip, latency: latency, scaleOutLatency: latency).get()
    }
    let bytes = Bytes(Unit.gibibyte.toBase(1))
    let rack = try network("GB200").time(.allReduce, ranks: 16, bytes: bytes).get()
    #expect(rack.name == "in-switch")
    // 5 us + 17/16 of 1 GiB at 900 GB/s.
    #expect(abs(rack.time.value - (5e-6 + 1_073_741_824 * 17 / 16 / 900e9)) < 1e-9)
    let servers = try network("H100").time(.allReduce, ranks: 16, bytes: bytes).get()
    #expect(servers.name == "hierarchical 8x2")
    // Inside twice 7/8 GiB at 450 GB/s; outside an eighth of a GiB at 50 GB/s; three calls of 5 us.
    let inside = 2 * 1_073_741_824 * 7 / 8 / 450e9
    #expect(abs(servers.time.value - (15e-6 + inside + 134_217_728 / 50e9)) < 1e-9)
    guard case .failure = try network("L40S").time(.allReduce, ranks: 2, bytes: bytes) else {
      Issue.record("a network between L40S servers, which the catalogue does not know")
      return
    }
  }
}
