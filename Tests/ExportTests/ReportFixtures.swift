// Rows, the example run and hostile texts for the tests of the report; and a reader that holds pages to XML.

import Export
import Foundation
import FoundationXML
import Results
import Topology

/// The example run of the repository, with what lies beside it.
func example() throws -> ReportInput {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../results").standardizedFileURL.path
  let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  guard let name = names.first(where: { $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") }) else {
    throw CocoaError(.fileNoSuchFile)
  }
  let stem = folder + "/" + name.dropLast(4)
  return ReportInput(
    name: name, rows: try ResultFile.read(stem + ".csv"), samples: try Journal.read(stem + ".samples.csv"),
    machine: try Topology(input: stem + ".topology.xml").machine(),
    meta: try RunMeta.read(stem + ".meta.json"))
}

/// A small run: two places; a peak, two levels of memory, and two shapes by two implementations at each.
func reportRows() -> [ResultRow] {
  [("core0", 1), ("machine", 4)].flatMap { place, threads in
    let rate = Double(threads)
    return [
      reportRow("fma_peak", "fma_peak", place, threads, flop: 100e9, seconds: 1 / rate),
      reportRow("memory_read", "read_l2", place, threads, bytes: 200e9, seconds: 1 / rate, array: 1 << 19),
      reportRow(
        "memory_read", "read_dram", place, threads, bytes: 20e9, seconds: 1 / rate.squareRoot(),
        array: 1 << 28),
      reportRow("memory_copy", "copy_dram", place, threads, bytes: 16e9, seconds: 1 / rate, array: 1 << 27),
      reportRow("memory_triad", "triad_dram", place, threads, bytes: 15e9, seconds: 1 / rate, array: 1 << 26),
    ]
      + [("swift", 1.0), ("openblas", 1.2)].flatMap { impl, slow in
        [
          reportRow(
            "gemm", "square_256", place, threads, by: impl, flop: 90e9, bytes: 1e9, seconds: slow / rate),
          reportRow(
            "gemm", "gemm_m1_n8_k8", place, threads, by: impl, flop: 1e9, bytes: 2e9,
            seconds: 0.2 * slow / rate),
        ]
      }
  }
}

/// One row with rates that follow from its work and time.
func reportRow(
  _ kernel: String, _ shape: String, _ place: String, _ threads: Int, by impl: String = "swift",
  flop: Double? = nil, bytes: Double? = nil, seconds: Double, array: Int? = nil
) -> ResultRow {
  var row = ResultRow()
  row.schemaVersion = ResultRow.schemaVersion
  row.rowKey = "k\(kernel)|\(shape)|\(place)|\(impl)"
  row.runId = "run1"
  row.suite = "quick"
  row.machineId = "m1"
  row.machineLabel = "two-core"
  row.kernel = kernel
  row.phase = kernel == "gemm" ? "square" : "ceiling"
  row.shapeId = shape
  row.impl = impl
  row.placement = place
  row.placementKind = place == "core0" ? "core" : "machine"
  row.threads = threads
  row.smtMode = "off"
  row.cacheMode = "hot"
  row.status = .ok
  row.flop = flop
  row.minBytes = bytes
  row.arrayBytes = array
  row.packages = 1
  row.cores = 4
  row.pus = 4
  row.timeMedianSeconds = seconds
  row.timeMedianCiLowSeconds = seconds * 0.99
  row.timeMedianCiHighSeconds = seconds * 1.01
  row.timeMinSeconds = seconds * 0.98
  row.timeQ1Seconds = seconds * 0.99
  row.timeQ3Seconds = seconds * 1.01
  row.timeMaxSeconds = seconds * 1.05
  row.nProcesses = 3
  row.betweenProcessRelStddev = 0.01
  row.gflopsMedian = flop.map { $0 / seconds / 1e9 }
  row.gbytesPerSecondMedian = bytes.map { $0 / seconds / 1e9 }
  if let flop, let bytes { row.arithmeticIntensityFlopPerByte = flop / bytes }
  if kernel == "gemm" {
    row.pctOfRoofline = 90
    row.boundBy = "compute"
  }
  return row
}

/// A page read as XML: its elements in order, and all its text.
final class ReadPage: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var text = ""
  /// Why it is no well-formed XML, nil where it is.
  private(set) var fault: String?

  init(_ html: String) throws {
    super.init()
    let parser = XMLParser(data: Data(html.dropFirst("<!DOCTYPE html>\n".count).utf8))
    parser.delegate = self
    if !parser.parse() { fault = "line \(parser.lineNumber), column \(parser.columnNumber)" }
  }

  func attributes(_ name: String) -> [String] { elements.compactMap { $0.attributes[name] } }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    // A place where an identifier may break is no break in its text.
    if name != "wbr" { text += "\n" }
    if name == "svg" { drawings.append(ReadDrawing(attributes)) }
    if name == "text" {
      isInText = true
      drawings.indices.last.map { drawings[$0].open(attributes) }
    }
    if name == "title" { isInText = false }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "text" { isInText = false }
  }

  /// Drawings in order, with their texts.
  private(set) var drawings: [ReadDrawing] = []
  private var isInText = false

  func parser(_ parser: XMLParser, foundCharacters characters: String) {
    text += characters
    if isInText { drawings.indices.last.map { drawings[$0].append(characters) } }
  }
}

/// One drawing of a page: where its texts stand, as wide as a wide font makes them.
struct ReadDrawing {
  struct Text {
    var words = ""
    let x: Double
    let y: Double
    let anchor: String
    /// Clockwise, degrees.
    let angle: Double

    var width: Double { textWidth(words) }

    /// The box of an upright text.
    var box: (left: Double, right: Double, top: Double, bottom: Double) {
      let left = anchor == "end" ? x - width : anchor == "middle" ? x - width / 2 : x
      return (left, left + width, y - 10, y + 3)
    }
  }

  let label: String
  let width: Double
  let height: Double
  private(set) var texts: [Text] = []

  init(_ attributes: [String: String]) {
    label = attributes["aria-label"] ?? ""
    let box = (attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
    width = box.count == 4 ? box[2] : 0
    height = box.count == 4 ? box[3] : 0
  }

  mutating func open(_ attributes: [String: String]) {
    let turn = attributes["transform"] ?? ""
    let angle = turn.split { "( ".contains($0) }.dropFirst().first.flatMap { Double($0) } ?? 0
    texts.append(
      Text(
        x: Double(attributes["x"] ?? "") ?? 0, y: Double(attributes["y"] ?? "") ?? 0,
        anchor: attributes["text-anchor"] ?? "start", angle: angle))
  }

  mutating func append(_ characters: String) { texts[texts.count - 1].words += characters }

  /// Upright texts that leave the drawing.
  var outside: [String] {
    texts.filter { $0.angle == 0 && !$0.words.isEmpty }.filter { text in
      let box = text.box
      return box.left < -1 || box.right > width + 1 || box.top < -1 || box.bottom > height + 1
    }.map(\.words)
  }

  /// Pairs of upright texts that cover each other.
  var overlaps: [String] {
    let upright = texts.filter { $0.angle == 0 && !$0.words.isEmpty }
    return upright.indices.flatMap { first in
      upright[(first + 1)...].compactMap { other -> String? in
        let (a, b) = (upright[first].box, other.box)
        let isApart =
          a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 4 || b.bottom <= a.top + 4
        return isApart ? nil : "\(upright[first].words) | \(other.words)"
      }
    }
  }
}

/// A run like the default suite's: long identifiers, models, cold weights, two implementations, two places.
func longRows() -> [ResultRow] {
  let layers = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
  let models = [("Llama-3.1-8B", "llama_3_1_8b", 4_096), ("Qwen3-30B-A3B", "qwen3_30b_a3b", 2_048)]
  let kernels = [("core0", 1), ("machine", 4)].flatMap { place, threads in
    models.flatMap { model, word, n in
      layers.enumerated().flatMap { index, layer in
        [1, 16, 128, 512].flatMap { m in
          [("swift", 1.0), ("openblas", 1.3)].map { impl, slow in
            var row = reportRow(
              "gemm", "llm_linear_cfg_\(word)_\(layer)_b1_m\(m)_n\(n + index)_k4096", place, threads,
              by: impl,
              flop: 1e9 * Double(m), bytes: 2e9 + 1e7 * Double(m),
              seconds: 0.1 * slow * Double(m) / Double(threads))
            row.model = model
            row.cacheMode = "weights_cold"
            row.rowKey += "\(index)"
            return row
          }
        }
      }
    }
  }
  return reportRows().filter { $0.phase == "ceiling" } + kernels
}

/// Texts that would do something if any place of the page took them for markup.
let injectionPayloads: [String] = [
  "<script>alert(1)</script>", "\"><script>alert(1)</script>", "'><script>alert(1)</script>",
  "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</svg><script>alert(1)</script>",
  "</text><script>alert(1)</script>", "</td></tr></table><b>x</b>", "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>", "<svg><animate onbegin=alert(1)>", "<body onload=alert(1)>",
  "<iframe srcdoc='<b>x</b>'>", "<object data=x>", "<embed data=x>", "<base target=x>",
  "<meta http-equiv=refresh content=0>", "<link rel=stylesheet>", "<style>*{display:none}</style>",
  "<a onmouseover=alert(1)>x</a>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)",
  "\" style=\"color:red",
  "\" autofocus onfocus=alert(1) x=\"", "<!-- x", "--> x <!--", "<![CDATA[x]]>", "]]><b>x</b>", "<?xml x?>",
  "<!DOCTYPE x>", "<!ENTITY x \"y\">", "&lt;script&gt;", "&#60;script&#62;", "&amp;#x3c;script",
  "&notanentity;", "&",
  "<", ">", "<<b>>", "<b", "</", "`${alert(1)}`", "{{constructor}}", "\\u003cscript\\u003e", "%3Cscript%3E",
  "javascript&colon;alert(1)", "<math><mi//xlink:x>", "<foreignObject><b>x</b></foreignObject>",
  "<details open ontoggle=alert(1)>", "<template><b>x</b></template>", "<noscript><b>x</b>", "<plaintext>",
  "<textarea>", "<select><option>", "a\u{1}b", "x\u{B}y",
]
