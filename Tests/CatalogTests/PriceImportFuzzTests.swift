// Broken price files: an import ends with a place and a reason or with every price accounted for, never with a trap.

import Catalog
import Foundation
import Quantities
import Tables
import Testing

/// One good file of each format.
private let files: [(format: PriceFileFormat, text: String)] = [
  (
    .skypilot,
    skyPilotHeader + "p5.48xlarge,H100,8,192,2048,50,us-east-1,use1-az1,\(gpuInfo(mebibytes: 81920)),20\n"
      + ",tpu-v6e-16,1,,,43.2,us-east1,us-east1-d,,8\na3-highgpu-8g,,,208,1872,10,us-central1,us-central1-a,,3\n"
  ),
  (
    .gpuhunt,
    gpuhuntHeader
      + "new80,us-east-1,20,96,1152,8,A100,80,False,,nvidia\n\"p5.48xlarge\",us-east-1a,50,1,2,8,H100,80,True,,\n"
  ),
  (.karpenter, karpenterFile),
  (
    .awsPriceList,
    awsHead + awsRow("p5.48xlarge", "50") + awsRow("g6.12xlarge", "4.6", ["GPU": "4"])
      + awsRow("p5.48xlarge", "20", ["TermType": "Reserved", "PurchaseOption": "Partial Upfront"])
  ),
]

@Suite("broken price files")
struct PriceImportFuzzTests {
  /// Imports bytes; true where all prices are accounted for or the fault names its place.
  private func endsWell(_ format: PriceFileFormat, _ bytes: [UInt8]) -> Bool {
    do {
      return try imported(format, "", provider: "aws", name: "aws.csv", bytes: bytes).isComplete
    } catch let error as InputError {
      return error.file != nil && !error.fault.isEmpty
    } catch { return false }
  }

  @Test("cut off at any byte", arguments: files.map(\.format))
  func cut(format: PriceFileFormat) throws {
    let bytes = Array(try #require(files.first { $0.format == format }).text.utf8)
    for count in stride(from: 0, to: bytes.count, by: 3) {
      #expect(endsWell(format, Array(bytes[..<count])), "\(count) bytes")
    }
  }

  @Test("bytes changed, doubled and taken away", arguments: files.map(\.format))
  func changed(format: PriceFileFormat) throws {
    let bytes = Array(try #require(files.first { $0.format == format }).text.utf8)
    let odd = Array("\0\",\n\r{}-9e.=\u{7F}\\/*".utf8) + [0xFF, 0xC3, 0xEF]
    var state: UInt64 = 20_261_130
    func random(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(count, 1)
    }
    for round in 0..<300 {
      var copy = bytes
      for _ in 0...random(4) where !copy.isEmpty {
        let at = random(copy.count)
        switch random(4) {
        case 0: copy[at] = odd[random(odd.count)]
        case 1: copy.insert(odd[random(odd.count)], at: at)
        case 2: copy.remove(at: at)
        default: copy.insert(contentsOf: copy[at..<min(copy.count, at + random(40))], at: at)
        }
      }
      #expect(endsWell(format, copy), "round \(round)")
    }
  }

  @Test("CRLF and a byte-order mark change nothing", arguments: files.map(\.format))
  func lineEnds(format: PriceFileFormat) throws {
    let text = try #require(files.first { $0.format == format }).text
    let plain = try imported(format, text, provider: "aws", name: "aws.csv")
    let other = try imported(
      format, "\u{FEFF}" + text.replacingOccurrences(of: "\n", with: "\r\n"), provider: "aws", name: "aws.csv"
    )
    #expect(other.prices == plain.prices)
    #expect(!plain.prices.isEmpty)
    #expect(other.report.offers == plain.report.offers)
  }

  @Test("ten thousand columns, a NUL and an open quote name their place")
  func places() throws {
    let wide = (0..<10_000).map { "c\($0)" }.joined(separator: ",") + "\n"
    for (text, says) in [
      (wide, "more than 4096 columns"), (skyPilotHeader + "p5\0,H100,8,1,1,1,a,,,\n", "a NUL byte"),
      (skyPilotHeader + "\"p5,H100,8,1,1,1,a,,,\n", "never closed"),
    ] {
      let error = #expect(throws: InputError.self) { try imported(.skypilot, text, provider: "aws") }
      #expect(error?.fault.contains(says) == true)
      #expect(error?.line != nil && error?.column != nil)
    }
  }
}
