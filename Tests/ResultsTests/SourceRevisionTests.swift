// The source revision of a row: told by the build, or unknown; never half of it.

import Results
import Testing

@Suite struct SourceRevisionTests {
  @Test(
    "a commit with or without changes, everything else is unknown",
    arguments: [
      ("0123abcd4567", "0123abcd4567", false), ("0123abcd4567+", "0123abcd4567", true), ("", "", nil),
      ("+", "", nil), ("abc", "", nil), ("0123abcd; rm", "", nil), ("0123abcd++", "", nil),
    ] as [(String, String, Bool?)])
  func text(text: String, commit: String, dirty: Bool?) {
    let revision = SourceRevision(text)
    #expect(revision.commit == commit)
    #expect(revision.isDirty == dirty)
  }
}
