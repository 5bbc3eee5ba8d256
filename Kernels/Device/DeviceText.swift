// The CUDA texts as strings: each begins with the one of instructions.

import CUDATexts

/// A text of Kernels/CUDA that is compiled on its own.
struct CUDAText: Hashable, Sendable {
  /// Name of its file without `.cu`.
  let name: String
  /// Name of the file without `.cuh` that stands before it; nil = none.
  var header: String?
  /// Letter behind the architecture where the text uses what later ones lack.
  var suffix = ""

  static let fill = CUDAText(name: "fill")
  static let memory = CUDAText(name: "memory")
  static let elementwise = CUDAText(name: "elementwise")
  static let decode = CUDAText(name: "decode", header: "decode")
  static let prefill = CUDAText(name: "prefill")
  static let prefill90 = CUDAText(name: "prefill_sm90", header: "prefill_sm90", suffix: "a")
  static let peaks = CUDAText(name: "peaks")
  static let grouped = CUDAText(name: "grouped")

  /// What the compiler is given; its messages count the lines of the file.
  var source: String {
    let files = ["instructions.cuh"] + [header.map { "\($0).cuh" }].compactMap { $0 } + ["\(name).cu"]
    return files.map { "#line 1 \"\($0)\"\n\(CUDAText.text($0))\n" }.joined()
  }

  private static func text(_ name: String) -> String {
    var count = 0
    guard let bytes = cuda_text(name, &count) else { return "" }
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}
