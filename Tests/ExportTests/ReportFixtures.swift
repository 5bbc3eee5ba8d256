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
    text += "\n"
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }
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
