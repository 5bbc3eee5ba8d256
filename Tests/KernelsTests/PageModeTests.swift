// Which pages operands get: asked of the kernel after touching.

import Foundation
import Kernels
import Machines
import Measurement
import Quantities
import Testing

/// The huge share of a small and a large operand set in a page mode.
private func hugeShare(_ mode: PageMode, n: Int) throws -> Double? {
  Kernels.pageMode = mode
  defer { Kernels.pageMode = .default }
  let cpu = try #require(ProcessBinding.current()?.cpus.first)
  let kernel = try Kernels.prepare(
    .gemm, shape: .gemm(m: n, n: n, k: n), implementation: .swift, isa: .baseline,
    team: try WorkerTeam(cpus: [cpu]), operandSets: 1, seed: 1)
  kernel.run()
  #expect(kernel.operandMemory.reduce(0) { $0 + $1.count } == Int(kernel.residentBytes.value))
  return MemoryLocation(of: kernel.operandMemory).hugePageFraction
}

/// The word in brackets, or nil where the kernel has no transparent huge pages.
private let hostSetting =
  (try? String(
    contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8))
  .flatMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }

/// The page mode is one for the process, and a decoder layer is shared only where it is the same: tests that set it and
/// tests that see layers shared run one after the other.
@Suite("What the page mode of the process reaches", .serialized) enum PageModeSuites {}

extension PageModeSuites {
  @Suite(.serialized) struct PageModeTests {
    @Test("mode never leaves no operand on huge pages, small or large", arguments: [64, 1024])
    func never(n: Int) throws {
      if let share = try hugeShare(.never, n: n) { #expect(share == 0) }
    }

    @Test("mode huge puts an operand of half a megabyte on huge pages, mode default one of four")
    func huge() throws {
      guard let hostSetting, hostSetting != "never" else { return }
      // A fragmented host may refuse some, so most is asked for.
      if let share = try hugeShare(.huge, n: 384) { #expect(share > 0.5) }
      if let share = try hugeShare(.default, n: 1024) { #expect(share > 0.5) }
      if hostSetting == "madvise", let share = try hugeShare(.default, n: 64) { #expect(share < 0.5) }
    }
  }
}
