// The compiler of CUDA texts at run time: no toolkit is needed to build the program, only this library to run
// it.

import CCUDA

/// What the compiler made of a text.
public struct CompiledText: Hashable, Sendable {
  /// Machine code (cubin) for `CUDAContext.module`.
  public let image: [UInt8]
  /// What the compiler said: empty, or warnings, registers and spills where the options ask for them.
  public let log: String
}

/// The compiler library.
public final class NVRTC: @unchecked Sendable {
  /// Its version, e.g. (12, 9).
  public let version: (major: Int, minor: Int)
  /// The file that was opened.
  public let path: String
  private let calls: ccuda_compiler

  /// Opens the compiler.
  ///
  /// - Parameters:
  ///   - driver: the compiler must not be newer than this by a major version, since a driver refuses code of later
  ///     ones; nil = any.
  ///   - path: the library; nil = PLIMSOLL_CUDA_NVRTC, else the usual places.
  /// - Throws: `isAbsence` where there is none.
  public static func open(for driver: CUDADriver? = nil, _ path: String? = nil) throws(DeviceError) -> NVRTC {
    var table = ccuda_compiler()
    var opening = ccuda_opening()
    ccuda_open_compiler(path, Int32(clamping: driver?.version.major ?? Int.max), &table, &opening)
    try opened(
      opening, "NVRTC, CUDA's run-time compiler",
      "'pip install nvidia-cuda-nvrtc-cu12' brings it", "PLIMSOLL_CUDA_NVRTC")
    return try NVRTC(table, opening)
  }

  private init(_ table: ccuda_compiler, _ opening: ccuda_opening) throws(DeviceError) {
    calls = table
    path = text(opening.path)
    var major: Int32 = 0
    var minor: Int32 = 0
    let code = table.nvrtcVersion(&major, &minor)
    version = (Int(major), Int(minor))
    try check(code, "nvrtcVersion")
  }

  /// Targets that it compiles for, e.g. 90 for `sm_90`, in its order.
  public func architectures() throws(DeviceError) -> [Int] {
    var count: Int32 = 0
    try check(calls.nvrtcGetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs")
    guard count > 0 else { return [] }
    var numbers = [Int32](repeating: 0, count: Int(count))
    try check(calls.nvrtcGetSupportedArchs(&numbers), "nvrtcGetSupportedArchs")
    return numbers.map(Int.init)
  }

  /// Compiles a text to machine code.
  ///
  /// - Parameters:
  ///   - name: what messages call the text.
  ///   - architecture: e.g. `sm_90`; a virtual target (`compute_90`) makes no machine code.
  ///   - options: e.g. `--std=c++17`, `--ptxas-options=-v`.
  /// - Throws: with the compiler's first complaint.
  public func compile(
    _ text: String, name: String, architecture: String, options: [String] = []
  ) throws(DeviceError) -> CompiledText {
    var program: ccuda_program?
    try check(calls.nvrtcCreateProgram(&program, text, name, 0, nil, nil), "nvrtcCreateProgram")
    defer { _ = calls.nvrtcDestroyProgram(&program) }
    let outcome = withCStrings(["--gpu-architecture=\(architecture)"] + options) { pointers in
      calls.nvrtcCompileProgram(program, Int32(pointers.count), pointers.baseAddress)
    }
    let log = self.log(of: program)
    if outcome != 0 {
      let complaint = NVRTC.complaint(log)
      throw DeviceError(
        "NVRTC \(version.major).\(version.minor) cannot compile \(name) for \(architecture): "
          + "\(words(outcome)) (\(outcome))\(complaint.isEmpty ? "" : ", \(complaint)"); name another NVRTC with "
          + "PLIMSOLL_CUDA_NVRTC", call: "nvrtcCompileProgram", code: Int(outcome))
    }
    var bytes = 0
    try check(calls.nvrtcGetCUBINSize(program, &bytes), "nvrtcGetCUBINSize")
    guard bytes > 0 else {
      throw DeviceError(
        "NVRTC \(version.major).\(version.minor) made no machine code of \(name) for \(architecture); a real "
          + "target such as sm_90 is needed", call: "nvrtcGetCUBINSize")
    }
    var image = [CChar](repeating: 0, count: bytes)
    try check(calls.nvrtcGetCUBIN(program, &image), "nvrtcGetCUBIN")
    return CompiledText(image: image.map(UInt8.init(bitPattern:)), log: log)
  }

  /// The log; empty where there is none or it cannot be had.
  private func log(of program: ccuda_program?) -> String {
    var bytes = 0
    guard calls.nvrtcGetProgramLogSize(program, &bytes) == 0, bytes > 1 else { return "" }
    var characters = [CChar](repeating: 0, count: bytes)
    guard calls.nvrtcGetProgramLog(program, &characters) == 0 else { return "" }
    return string(characters)
  }

  /// The first line that names an error, else the first line.
  static func complaint(_ log: String) -> String {
    let lines = log.split(whereSeparator: \.isNewline).map(String.init)
    return String((lines.first { $0.contains("error") } ?? lines.first ?? "").prefix(300))
  }

  private func words(_ code: Int32) -> String {
    calls.nvrtcGetErrorString(code).map { String(cString: $0) } ?? "error"
  }

  private func check(_ code: Int32, _ call: String) throws(DeviceError) {
    guard code != 0 else { return }
    throw DeviceError(
      library: "NVRTC", call: call, code: Int(code), words: words(code),
      advice: "name another NVRTC with PLIMSOLL_CUDA_NVRTC")
  }
}

/// Throws unless a library was opened. `source` says where one gets it.
func opened(
  _ opening: ccuda_opening, _ what: String, _ source: String, _ variable: String
) throws(DeviceError) {
  switch Int(opening.outcome) {
  case CCUDA_OPENED: return
  case CCUDA_NO_LIBRARY:
    throw DeviceError(
      "no \(what), on this host (\(text(opening.text))); \(source), or name the library with \(variable)",
      isAbsence: true)
  default:
    throw DeviceError("\(text(opening.path)) has no \(text(opening.text)); name another with \(variable)")
  }
}

/// Calls `body` with pointers to C strings.
func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { string in
    let bytes = Array(string.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  return copies.map { Optional(UnsafePointer($0)) }.withUnsafeBufferPointer(body)
}
