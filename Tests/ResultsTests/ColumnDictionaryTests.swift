import Foundation
import Results
import Testing

@Suite struct ColumnDictionaryTests {
  @Test("results/README.md is what the schema says")
  func page() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "results/README.md"), encoding: .utf8)
    #expect(page == ColumnDictionary.text, "run: plimsoll validate --columns > results/README.md")
  }
}
