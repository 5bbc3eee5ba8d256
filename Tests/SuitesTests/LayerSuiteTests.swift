import Machines
import Measurement
import Quantities
import Suites
import Testing

@Suite struct LayerSuiteTests {
  private func cases() throws -> [Case] {
    let suite = try #require(
      try Suite.named("layers", on: Machine(), cpus: CPUSet([0]), availableMemory: nil))
    return suite.cases.filter { $0.phase != .ceiling }
  }

  @Test("each layer and phase has a row of the whole and one of each operator, which take turns")
  func rows() throws {
    let cases = try cases()
    #expect(Set(cases.map(\.shapeID)).count == cases.count)
    let wholes = cases.filter { $0.shape.layerPart == nil }
    #expect(wholes.count == 3 * DecoderLayer.presets.count)
    let plan = RunPlan(
      cases: cases, placements: [], processes: 1, sampling: SamplingPlan(), seed: 1, isa: .baseline,
      lastLevelCacheBytes: 0, memoryLimit: nil)
    #expect(plan.groups.count == wholes.count)
    for group in plan.groups {
      let members = group.map { cases[$0] }
      let layer = try #require(members[0].shape.layer)
      let names = layer.operators(isDecode: members[0].phase == Phase.decode).map(\.rawValue)
      #expect(members.map(\.shape.layerPart) == [nil] + (1...names.count).map { $0 })
      #expect(members.dropFirst().map { $0.use?.layer } == names)
      // The layer and its operators would count twice in one pass.
      #expect(Set(members.dropFirst().map { $0.use?.pass }).count == 1)
      #expect(members[0].use?.pass != members[1].use?.pass)
    }
  }

  @Test("an operator is given as much time as its layer")
  func patience() throws {
    let cases = try cases()
    let plan = RunPlan(
      cases: cases, placements: [], processes: 1, sampling: SamplingPlan(), seed: 1, isa: .baseline,
      lastLevelCacheBytes: 0, memoryLimit: nil)
    for group in plan.groups {
      #expect(Set(group.map { plan.patience(for: cases[$0], lastLevelCacheBytes: 0) }).count == 1)
    }
  }

  @Test("the MLPs of a layer take less than 3 GB", arguments: DecoderLayer.presets)
  func sizes(layer: DecoderLayer) {
    let experts = Double(max(1, layer.experts + layer.sharedExperts))
    let bytes = 4 * experts * 3 * Double(layer.hidden * layer.intermediate)
    #expect(bytes < Unit.gigabyte.toBase(3))
  }
}
