// The CUDA driver: opened when a device is asked for, never before, so that hosts without one notice nothing.

import CCUDA
import Quantities

/// The driver library of this host.
///
/// Safe to use from any thread: the table is not written after opening, and the driver locks for itself.
public final class CUDADriver: @unchecked Sendable {
  /// CUDA version that the driver speaks, e.g. (12, 8).
  public let version: (major: Int, minor: Int)
  /// The file that was opened.
  public let path: String
  let calls: ccuda_driver

  /// The oldest driver that the program works with: CUDA 11.8 is the first that knows compute capability 9.0.
  public static let oldestVersion = (major: 11, minor: 8)

  /// Opens and starts the driver.
  ///
  /// - Parameter path: the library; nil = PLIMSOLL_CUDA_DRIVER, else libcuda.so.1 of the loader.
  /// - Throws: `isAbsence` where there is no driver or no device; other errors for a driver that is too old, lacks a
  ///   function or does not start.
  public static func open(_ path: String? = nil) throws(DeviceError) -> CUDADriver {
    var table = ccuda_driver()
    var opening = ccuda_opening()
    let oldest = driverNumber(oldestVersion)
    ccuda_open_driver(path, Int32(oldest), &table, &opening)
    switch Int(opening.outcome) {
    case CCUDA_OPENED: break
    case CCUDA_NO_LIBRARY:
      throw DeviceError(
        "no CUDA driver on this host (\(text(opening.text))); install NVIDIA's driver, or name its libcuda.so.1 "
          + "with PLIMSOLL_CUDA_DRIVER", isAbsence: true)
    case CCUDA_TOO_OLD:
      throw DeviceError(
        "the CUDA driver speaks version \(versionText(Int(opening.version))), older than the "
          + "\(versionText(oldest)) that this program needs; install a newer driver")
    default:
      throw DeviceError(
        "\(text(opening.path)) has no \(text(opening.text)); is it NVIDIA's driver of version "
          + "\(versionText(oldest)) or later?")
    }
    return try CUDADriver(table, opening)
  }

  private init(_ table: ccuda_driver, _ opening: ccuda_opening) throws(DeviceError) {
    calls = table
    path = text(opening.path)
    let number = Int(opening.version)
    version = (number / 1000, number % 1000 / 10)
    try check(calls.cuInit(0), "cuInit")
    var again: Int32 = 0
    try check(calls.cuDriverGetVersion(&again), "cuDriverGetVersion")
  }

  /// Every device that this process may see, in the driver's order.
  ///
  /// - Throws: `isAbsence` where there is none.
  public func devices() throws(DeviceError) -> [CUDADeviceFacts] {
    var count: Int32 = 0
    try check(calls.cuDeviceGetCount(&count), "cuDeviceGetCount")
    guard count > 0 else {
      throw DeviceError("the CUDA driver shows no device; \(DriverFailure.advice(100))", isAbsence: true)
    }
    var devices: [CUDADeviceFacts] = []
    for ordinal in 0..<count { devices.append(try facts(ordinal)) }
    return devices
  }

  /// The primary context of a device, with a stream of its own.
  ///
  /// - Parameter ordinal: place in `devices()`.
  /// - Throws: `isAbsence` where there is no such device; the driver's error where it gives no context.
  public func context(_ ordinal: Int) throws(DeviceError) -> CUDAContext {
    let devices = try devices()
    guard devices.indices.contains(ordinal) else {
      let names = devices.map { "cuda:\($0.ordinal) \($0.name)" }.joined(separator: ", ")
      throw DeviceError("there is no cuda:\(ordinal); this host has \(names)", isAbsence: true)
    }
    return try CUDAContext(driver: self, facts: devices[ordinal])
  }

  /// Throws unless the code is 0.
  func check(_ code: Int32, _ call: String) throws(DeviceError) {
    guard code != 0 else { return }
    var name: UnsafePointer<CChar>?
    var words: UnsafePointer<CChar>?
    let isNamed = calls.cuGetErrorName(code, &name) == 0
    let isDescribed = calls.cuGetErrorString(code, &words) == 0
    throw DeviceError(
      driverCall: call, code: Int(code),
      name: isNamed ? name.map { String(cString: $0) } ?? "error" : "error",
      words: isDescribed ? words.map { String(cString: $0) } ?? "" : "")
  }
}

/// Text of a C array of characters that ends with a zero.
func text<Characters>(_ characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// 12090 for (12, 9), as the driver counts.
private func driverNumber(_ version: (major: Int, minor: Int)) -> Int {
  version.major * 1000 + version.minor * 10
}

/// `12.9` for 12090.
private func versionText(_ number: Int) -> String { "\(number / 1000).\(number % 1000 / 10)" }
