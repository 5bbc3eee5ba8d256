// The folder's README is the column dictionary: generated, so that it cannot fall behind.

import Catalog
import Foundation
import Testing

@Suite("The column dictionary")
struct DictionaryTests {
  @Test("in the README is the one of the schemas")
  func isCurrent() throws {
    let path = repositoryFile("Sources/CatalogData/README.md")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for summary in Catalog.summaries {
      let section = "### \(summary.name).csv\n\(summary.purpose)\n\n\(summary.dictionary)"
      #expect(text.contains(section), "\(summary.name): write `plimsoll catalog list --dictionary` into it")
    }
  }

  @Test("explains every column in a sentence")
  func isComplete() {
    for summary in Catalog.summaries {
      let lines = summary.dictionary.split(separator: "\n").dropFirst(2)
      #expect(lines.count == summary.columns.count)
      #expect(lines.allSatisfy { $0.hasSuffix(". |") || $0.hasSuffix("... |") })
    }
  }
}
