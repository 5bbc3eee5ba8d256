// Errors of a device in the words of a worker.

import Devices
import Kernels
public import Measurement

extension DeviceKernels {
  /// What an error of `prepare` says.
  public static func fault(_ error: any Error) -> KernelFault {
    switch error {
    case let error as DeviceError:
      KernelFault(error.reason, isAbsence: error.isAbsence, isFatal: error.isLost)
    case let error as KernelError: KernelFault(error.reason, isAbsence: error.isAbsence)
    default: KernelFault("\(error)")
    }
  }
}
