// What a row says where it did not get the pages that were asked for.

import Measurement
import Suites
import Testing

@Suite struct PageDoubtTests {
  @Test("huge pages that were asked for and not given are said; unknown is not a fault")
  func hugePages() {
    #expect(
      PageMode.huge.doubt(share: 0) == "huge pages back 0 % of the operands; those below 256 KiB get none")
    #expect(PageMode.huge.doubt(share: 0.95).isEmpty && PageMode.huge.doubt(share: nil).isEmpty)
    #expect(PageMode.default.doubt(share: 0).isEmpty && PageMode.never.doubt(share: 0).isEmpty)
  }
}
