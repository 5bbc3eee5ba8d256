// cuBLASLt: the vendor's matrix products, with the candidates of its heuristic laid open.

import CCUDA

/// The library on one device.
public final class CUBLASLt: @unchecked Sendable {
  /// Its version, e.g. `12.9.1`.
  public let version: String
  /// The file that was opened.
  public let path: String
  /// The device.
  public let context: CUDAContext
  let calls: ccuda_blas
  let handle: ccuda_blas_handle

  /// Opens the library and starts it on a device.
  ///
  /// - Parameter path: the library; nil = PLIMSOLL_CUDA_CUBLASLT, else the usual places.
  /// - Throws: `isAbsence` where there is none.
  public init(on context: CUDAContext, _ path: String? = nil) throws(DeviceError) {
    var table = ccuda_blas()
    var opening = ccuda_opening()
    ccuda_open_blas(path, Int32(clamping: context.driver.version.major), &table, &opening)
    try opened(
      opening, "cuBLASLt, NVIDIA's matrix products", "'pip install nvidia-cublas-cu12' brings it",
      "PLIMSOLL_CUDA_CUBLASLT")
    try context.current()
    var handle: ccuda_blas_handle?
    try CUBLASLt.check(table.cublasLtCreate(&handle), "cublasLtCreate", table)
    guard let handle else { throw nothing("cublasLtCreate") }
    self.handle = handle
    self.context = context
    self.path = text(opening.path)
    calls = table
    version = CUBLASLt.versionText(table.cublasLtGetVersion())
  }

  deinit {
    _ = context.driver.calls.cuCtxSetCurrent(context.handle)
    _ = calls.cublasLtDestroy(handle)
  }

  /// A product made ready.
  ///
  /// - Parameters:
  ///   - scaleA: one float on the device that multiplies A, for fp8; nil = 1.
  ///   - scaleB: the same for B.
  public func plan(
    _ product: BLASProduct, scaleA: DeviceSlice? = nil, scaleB: DeviceSlice? = nil
  ) throws(DeviceError) -> BLASPlan {
    try BLASPlan(library: self, product: product, scaleA: scaleA, scaleB: scaleB)
  }

  func check(_ code: Int32, _ call: String) throws(DeviceError) { try CUBLASLt.check(code, call, calls) }

  private static func check(_ code: Int32, _ call: String, _ calls: ccuda_blas) throws(DeviceError) {
    guard code != 0 else { return }
    let words = calls.cublasLtGetStatusName(code).map { String(cString: $0) } ?? "error"
    throw DeviceError(
      library: "cuBLASLt", call: call, code: Int(code), words: words, advice: advice(code), isLost: code == 13
    )
  }

  /// By cublasStatus_t.
  private static func advice(_ code: Int32) -> String {
    switch code {
    case 1, 8: "does the library fit driver and device? another can be named with PLIMSOLL_CUDA_CUBLASLT"
    case 3: "free memory of the host and of the device"
    case 7, 15: "the library does not know this product in these types and layouts: leave it out"
    case 13: "the device failed while it worked: look for 'Xid' in the kernel's log"
    default: "run it again with this one row and report what it says"
    }
  }

  /// `12.9.1` for 120901; versions before 12 count the same way.
  static func versionText(_ number: Int) -> String {
    "\(number / 10_000).\(number % 10_000 / 100).\(number % 100)"
  }
}
