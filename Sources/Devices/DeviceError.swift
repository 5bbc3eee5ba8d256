// What went wrong on a device, with the next step. Nothing in this room traps: each failing call becomes one
// of these.

import Quantities

/// A failure of a device or of a library for it.
public struct DeviceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence: the call, the library's name and number of the failure, what to do next.
  public let reason: String
  /// The call that failed, as the library exports it; nil where the program itself refused.
  public let call: String?
  /// The library's number of the failure; nil where the program itself refused.
  public let code: Int?
  /// True where there is no driver, device or library at all: the host simply has none.
  public let isAbsence: Bool
  /// True where the device's context is dead: every later call in this process fails.
  public let isLost: Bool

  /// An error from its parts.
  public init(
    _ reason: String, call: String? = nil, code: Int? = nil, isAbsence: Bool = false, isLost: Bool = false
  ) {
    self.reason = reason
    self.call = call
    self.code = code
    self.isAbsence = isAbsence
    self.isLost = isLost
  }

  /// The sentence.
  public var description: String { reason }
}

extension DeviceError {
  /// An error of the CUDA driver: `name` and `words` are the driver's own for its number.
  init(driverCall call: String, code: Int, name: String, words: String) {
    let advice = DriverFailure.advice(code)
    self.init(
      "\(call) failed: \(name) (\(code))\(words.isEmpty ? "" : ", \(words)"); \(advice)", call: call,
      code: code,
      isAbsence: DriverFailure.absent.contains(code), isLost: DriverFailure.lost.contains(code))
  }

  /// An error of another library.
  init(library: String, call: String, code: Int, words: String, advice: String, isLost: Bool = false) {
    self.init(
      "\(call) of \(library) failed: \(words) (\(code)); \(advice)", call: call, code: code, isLost: isLost)
  }
}

/// Numbers of the CUDA driver (enum CUresult, https://docs.nvidia.com/cuda/cuda-driver-api/).
enum DriverFailure {
  /// No driver of a device, no device.
  static let absent: Set<Int> = [34, 100]
  /// After these a context answers every call with the same error: hardware faults, faults of a kernel, a
  /// device that another process has taken, and "unknown".
  static let lost: Set<Int> = [
    46, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999,
  ]

  static func advice(_ code: Int) -> String {
    switch code {
    case 2: "free memory of the device ('nvidia-smi' shows who holds it) or measure smaller shapes"
    case 34, 100:
      "look at 'nvidia-smi' and at CUDA_VISIBLE_DEVICES; with MIG switched on an instance has to be made first"
    case 46: "another process may hold the device alone: look at 'nvidia-smi -q -d COMPUTE'"
    case 200, 209, 218, 222:
      "name an NVRTC that is no newer than the driver with PLIMSOLL_CUDA_NVRTC"
    case 214, 220, 226: "the device reports a hardware fault: look at 'nvidia-smi -q' and at the kernel's log"
    case 802: "the host's fabric is not up: is nvidia-fabricmanager running?"
    case 803, 804: "library and kernel module of the driver differ: restart the host after the update"
    case 999: "look for 'Xid' in the kernel's log; is the module nvidia-uvm loaded?"
    case _ where lost.contains(code):
      "the device's context is lost: start again, and look for 'Xid' in the kernel's log"
    default: "run it again with this one row and report what it says"
    }
  }
}
