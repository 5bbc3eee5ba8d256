// A device as a source of kernels.

import Kernels
import KernelsCUDA
import Measurement

/// The kernels of one device.
final class DeviceSource: KernelSource {
  private let kernels: DeviceKernels
  /// What is chosen when a kernel is prepared, by case.
  private var details: [Case: String] = [:]

  /// Opens the device.
  ///
  /// - Throws: `DeviceError` where it cannot be used.
  init(ordinal: Int) throws { kernels = try DeviceKernels(ordinal: ordinal) }

  var facts: DeviceFacts { kernels.facts }
  var clock: ClockQuality { kernels.clock }
  var cacheBytes: Int { kernels.facts.l2Bytes > 0 ? kernels.facts.l2Bytes : Suite.unreportedCacheBytes }

  func fault(_ error: any Error) -> KernelFault { DeviceKernels.fault(error) }

  func isaPath(_ subject: Case) -> String {
    ([kernels.facts.architecture] + [details[subject] ?? ""].filter { !$0.isEmpty }).joined(separator: " ")
  }

  func work(_ subject: Case) -> Work { DeviceWork.of(subject) }
  func refusal(_ subject: Case) -> String? { nil }

  func prepare(_ subject: Case, sets: Int, seed: UInt64) throws -> any PreparedKernel {
    let kernel = try kernels.prepare(subject, sets: sets, seed: seed)
    details[subject] = kernel.detail
    return kernel
  }

  func speedKernel() -> (any PreparedKernel)? {
    var subject = Case(.typePeak, Shape(), id: "speed", phase: .ceiling, by: .cuda)
    subject.dataType = .f32
    return try? kernels.prepare(subject, sets: 1, seed: 1)
  }

  /// A square product by the vendor's library that gives every multiprocessor some tiles, or the sums of an array
  /// where there is none.
  func controlKernel() -> (any PreparedKernel)? {
    let side = max(128, min(2048, kernels.facts.multiprocessors * 16 / 128 * 128))
    var product = Case(.gemm, .gemm(m: side, n: side, k: side), id: "control", phase: .square, by: .cublasLt)
    product.dataType = .bf16
    if let kernel = try? kernels.prepare(product, sets: 1, seed: 1) { return kernel }
    let bytes = max(1 << 16, kernels.facts.l2Bytes)
    return try? kernels.prepare(
      Case(.memoryRead, .memory(bytes: bytes), id: "control", phase: .ceiling, by: .cuda), sets: 1, seed: 1)
  }

  func watch() -> (any DeviceWatch)? { kernels.watch() }
}

extension DeviceWatching: DeviceWatch {}
