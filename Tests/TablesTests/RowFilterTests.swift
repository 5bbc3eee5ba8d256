import Tables
import Testing

@Suite struct RowFilterTests {
  private static let rows: [[String: String]] = [
    ["kernel": "gemm", "impl": "swift", "m": "1024", "shape": "gemm_1024"],
    ["kernel": "gemm", "impl": "openblas", "m": "64", "shape": "qkv decode"],
    ["kernel": "attention", "impl": "swift", "m": "", "shape": "decode_8k"],
  ]

  @Test(
    "a filter picks rows",
    arguments: [
      ("", [0, 1, 2]), ("kernel:gemm", [0, 1]), ("kernel:gemm impl:swift", [0]),
      ("kernel:gemm AND impl:swift", [0]), ("impl:openblas OR kernel:attention", [1, 2]),
      ("kernel:(attention OR gemm) -impl:swift", [1]), ("-(kernel:gemm impl:swift)", [1, 2]),
      ("shape:/decode/", [1, 2]), ("shape:/^decode_[0-9]+k$/", [2]), ("m:>64", [0]), ("m:>=64", [0, 1]),
      ("m:<100", [1]), ("m:<=1024", [0, 1]), ("m:64.0", [1]), ("m:\"\"", [2]), ("shape:\"qkv decode\"", [1]),
      ("kernel:gemm (impl:openblas OR m:1024)", [0, 1]), ("a:b", []), ("--kernel:gemm", [0, 1]),
      ("kernel:attention OR kernel:gemm m:64", [1, 2]), ("m:(<65 OR >1000)", [0, 1]),
    ])
  func picks(text: String, expected: [Int]) throws {
    let filter = try RowFilter(text)
    let found = RowFilterTests.rows.indices.filter { row in
      filter.matches { RowFilterTests.rows[row][$0] ?? "" }
    }
    #expect(found == expected)
  }

  @Test(
    "a faulty filter is refused with its column",
    arguments: [
      ("kernel", 7, "has no value"), ("kernel:", 8, "a value is missing"), ("(a:b", 5, "never closed"),
      ("a:b)", 4, "without '('"), ("a:/[/", 6, "not a regular expression"), ("a:/x", 5, "never closed"),
      ("a:>x", 5, "not a number"), ("a:\"x", 5, "never closed"), ("a:b OR", 7, "a key is missing"),
      ("a:(b c)", 6, "never closed"), (String(repeating: "(", count: 200), 65, "brackets inside each other"),
    ])
  func refuses(text: String, column: Int, words: String) {
    #expect {
      try RowFilter(text)
    } throws: { error in
      guard let error = error as? InputError else { return false }
      return error.column == column && error.fault.contains(words)
    }
  }

  @Test("keys are named with their columns, so that an unknown one can be pointed at")
  func keys() throws {
    let filter = try RowFilter("kernel:gemm -(m:>3 OR shape:(x OR y))")
    #expect(filter.keys.map(\.name) == ["kernel", "m", "shape", "shape"])
    #expect(filter.keys.map(\.column) == [1, 15, 23, 23])
    #expect(filter.texts.map(\.text) == ["gemm", "x", "y"])
  }
}
