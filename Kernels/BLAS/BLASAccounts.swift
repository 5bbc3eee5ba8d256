// What an opened library tells of itself, and how its threads are counted: four kinds of library, four sets of names.

import Glibc

extension BLASSymbols {
  private typealias Text = @convention(c) () -> UnsafePointer<CChar>?
  private typealias Count = @convention(c) () -> Int32
  private typealias SetCount = @convention(c) (Int32) -> Void
  private typealias SetWideCount = @convention(c) (Int) -> Void
  private typealias SetAffinity = @convention(c) (Int32, Int, UnsafeMutableRawPointer?) -> Int32

  private func text(_ name: String) -> String {
    find(name, as: Text.self).flatMap { $0() }.map { oneLine(String(cString: $0)) } ?? ""
  }

  /// Threads that the environment of this process asks for.
  var threadsOfEnvironment: Int {
    getenv("OMP_NUM_THREADS").flatMap { Int(String(cString: $0)) } ?? 1
  }

  /// The library's own way to set its threads, else OpenMP's.
  var threadSetter: @Sendable (Int) -> Void {
    for name in ["openblas_set_num_threads", "MKL_Set_Num_Threads"] {
      if let set = find(name, as: SetCount.self) { return { set(Int32(clamping: $0)) } }
    }
    if let set = find("bli_thread_set_num_threads", as: SetWideCount.self) { return { set($0) } }
    if let set = find("omp_set_num_threads", as: SetCount.self) { return { set(Int32(clamping: $0)) } }
    return { _ in }
  }

  /// OpenBLAS's own way to bind its threads; the others obey OMP_PLACES.
  var threadBinder: (@Sendable (Int, Int) -> Void)? {
    guard let bind = find("openblas_setaffinity", as: SetAffinity.self) else { return nil }
    return { index, cpu in
      var set = BLAS.mask(of: cpu)
      _ = bind(Int32(index), MemoryLayout<cpu_set_t>.size, &set)
    }
  }

  /// True where the library says that it counts in 64 bits under the usual names.
  var countsIn64Bits: Bool {
    if text("openblas_get_config").contains("USE64BITINT") { return true }
    return find("bli_info_get_blas_int_type_size", as: (@convention(c) () -> Int).self).map { $0() } == 64
  }

  /// Kind, version, kernels and file; after the first product, when all is chosen.
  func account(_ path: String) -> BLASAccount {
    var account = BLASAccount(name: "CBLAS")
    account.threads = threadsOfEnvironment
    let openblas = text("openblas_get_config")
    if !openblas.isEmpty {
      account.name = "OpenBLAS"
      account.version = BLASAccount.openBLASVersion(openblas)
      account.corename = text("openblas_get_corename")
      account.config = openblas
      account.threads = find("openblas_get_num_threads", as: Count.self).map { Int($0()) } ?? account.threads
    } else if let tell = find(
      "mkl_get_version_string", as: (@convention(c) (UnsafeMutablePointer<CChar>?, Int32) -> Void).self)
    {
      let words = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        buffer.initialize(repeating: 0)
        tell(buffer.baseAddress, Int32(buffer.count - 1))
        return buffer.baseAddress.map { oneLine(String(cString: $0)) } ?? ""
      }
      account.name = "MKL"
      account.version = BLASSymbols.word(after: "Version", in: words)
      account.corename = LoadedFiles.mklKernels ?? ""
      account.config = words + "; threading \(BLASSymbols.variable("MKL_THREADING_LAYER") ?? "not set")"
    } else if has("bli_info_get_version_str") {
      account.name = "BLIS"
      account.version = text("bli_info_get_version_str")
      if let query = find("bli_arch_query_id", as: Count.self),
        let name = find("bli_arch_string", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
      {
        account.corename = name(query()).map { String(cString: $0) } ?? ""
      }
    } else if let version = find("dnnl_version", as: (@convention(c) () -> UnsafePointer<Int32>?).self) {
      account.name = "oneDNN"
      account.version = version().map { "\($0[0]).\($0[1]).\($0[2])" } ?? ""
      if let isa = find("dnnl_get_effective_cpu_isa", as: (@convention(c) () -> UInt32).self) {
        account.corename = BLASSymbols.oneDNN(isa())
      }
    }
    account.config += (account.config.isEmpty ? "" : "; ") + "file \(BLASFault.fileName(path))"
    for name in ["OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE"] {
      if let value = BLASSymbols.variable(name) { account.config += "; \(name)=\(value)" }
    }
    return account
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// `2026.2-Product` out of `… Version 2026.2-Product Build …`, up to the dash.
  private static func word(after key: String, in text: String) -> String {
    let words = text.split(separator: " ")
    guard let place = words.firstIndex(of: key[...]), words.indices.contains(place + 1) else { return "" }
    return String(words[place + 1].prefix { $0 != "-" })
  }

  /// oneDNN's name of an instruction set from the bits of its enumeration; the bits where they are not known.
  private static func oneDNN(_ isa: UInt32) -> String {
    let names: [UInt32: String] = [
      0x1: "sse41", 0x3: "avx", 0x7: "avx2", 0xF: "avx2_vnni", 0x27: "avx512_core",
      0x67: "avx512_core_vnni", 0xE7: "avx512_core_bf16", 0x1EF: "avx512_core_fp16", 0x3E7: "avx512_core_amx",
      0xFEF: "avx512_core_amx", 0x407: "avx2_vnni",
    ]
    return names[isa] ?? "isa 0x" + String(isa, radix: 16)
  }
}

/// Files that the loader has in memory.
private enum LoadedFiles {
  /// MKL tells its kernels by the library that it loads for them: `mkl_avx512`, or `mkl_def` on CPUs of other makers.
  static var mklKernels: String? {
    guard let file = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(file) }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 8192) { line in
      guard let start = line.baseAddress else { return nil }
      while fgets(start, Int32(line.count), file) != nil {
        let name = BLASFault.fileName(oneLine(String(cString: start)))
        for kernels in ["mkl_avx10", "mkl_avx512", "mkl_avx2", "mkl_mc3", "mkl_def"]
        where name.hasPrefix("lib\(kernels).so") {
          return kernels
        }
      }
      return nil
    }
  }
}
