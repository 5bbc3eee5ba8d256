// The page of a plan that was sampled: it shows what the folder's tables hold.

import Catalog
import Export
import Foundation
import Planner
import Testing

@Suite("The page of a sampled plan")
struct PlanPageUncertaintyTests {
  @Test("the page in a plan's folder shows the percentiles of the samples that the folder holds")
  func sampled() throws {
    let folder = try TemporaryFolder()
    let plan = try makePlan("openai-aws-38b")
    var companions = PlanCompanions()
    companions.uncertainty = try PlanUncertainty(
      plan, catalog: try Catalog.embedded(), samples: 50, sobolBase: 8)
    let sampled = try #require(companions.uncertainty)
    try PlanDocuments.write(plan, to: folder.path + "/plan", with: companions)
    let page = try ReadPage(String(contentsOfFile: folder.path + "/plan/plan.html", encoding: .utf8))
    #expect(page.fault == nil)
    #expect(page.text.contains("50 samples, seed \(sampled.seed)"))
    for candidate in sampled.result.candidates { #expect(page.text.contains(candidate.name)) }
    #expect(page.text.contains("P95"))
  }
}
