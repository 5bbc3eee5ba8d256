// Chips that published measurements name: each has its own row with what an estimate needs.

import Catalog
import Quantities
import Tables
import Testing

@Suite("A chip named by a published row")
struct PublishedChipTests {
  private let chips: [Accelerator]

  init() throws { chips = try Catalog.embedded().accelerators }

  /// The chip that a published name means: the longest id that begins it; CPU rows carry a mark before it.
  private func chip(named name: String) -> Accelerator? {
    let mark = "CPU: "
    let name = name.hasPrefix(mark) ? String(name.dropFirst(mark.count)) : name
    return chips.filter { name == $0.id || name.hasPrefix($0.id + " ") }.max { $0.id.count < $1.id.count }
  }

  @Test("has a dense 16-bit peak, a memory and its bandwidth; many of them have a link")
  func isComplete() throws {
    for point in try Catalog.servingPoints() {
      let found = chip(named: point.accelerator)
      let chip = try #require(found, "\(point.accelerator)")
      #expect((chip.peak(.bf16) ?? chip.peak(.fp16)) != nil, "\(point.accelerator)")
      #expect((chip.visibleMemory ?? chip.marketingMemory) != nil, "\(point.accelerator)")
      #expect(chip.memoryBandwidth != nil, "\(point.accelerator)")
      #expect(chip.scaleUpOneWay != nil || point.count ?? 0 < 2, "\(point.accelerator)")
    }
  }

  @Test(
    "is not mistaken for a sibling",
    arguments: [
      ("H200 NVL 141GB", "H200 NVL"), ("H200 SXM 141GB (CTS)", "H200"), ("H100 NVL 94GB", "H100 NVL"),
      ("GH200 144GB (900W)", "GH200 144GB"), ("GH200 96GB", "GH200 96GB"), ("GH200", "GH200"),
      ("A100 PCIe 80GB", "A100 PCIe"), ("Arc Pro B60 Dual 48G", "Arc Pro B60 Dual"),
      ("Arc Pro B60", "Arc Pro B60"), ("RTX PRO 6000 Blackwell Server", "RTX PRO 6000"),
      ("RTX PRO 6000 Blackwell Workstation Edition", "RTX PRO 6000 Blackwell Workstation"),
      ("Jetson AGX Orin 64G", "Jetson AGX Orin"), ("CPU: Xeon 8592+", "Xeon 8592+"),
      ("CPU: Xeon 6787P", "Xeon 6787P"), ("CPU: Xeon 6980P", "Xeon 6980P"), ("RTX A6000", "RTX A6000"),
    ])
  func isItself(name: String, id: String) {
    #expect(chip(named: name)?.id == id)
  }

  @Test("has the memory and speed of its own variant")
  func variants() throws {
    let small = try #require(chip(named: "GH200 96GB"))
    let large = try #require(chip(named: "GH200 144GB"))
    #expect(small.memBwTbps == 4 && large.memBwTbps == 4.9)
    let visible = try (#require(small.visibleMemory), #require(large.visibleMemory))
    #expect(visible.0.value < visible.1.value)
    let card = try #require(chip(named: "H200 NVL 141GB"))
    let module = try #require(chip(named: "H200 SXM 141GB"))
    #expect(card.bf16Tflops == 835.5 && module.bf16Tflops == 989.4)
    let one = try #require(chip(named: "Arc Pro B60"))
    let two = try #require(chip(named: "Arc Pro B60 Dual 48G"))
    #expect(two.bf16Tflops == 197 && one.bf16Tflops == 98.5)
    #expect(two.memCapacityMarketingGb == 48 && one.memCapacityMarketingGb == 24)
  }
}
