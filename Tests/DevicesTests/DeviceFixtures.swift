// A small text of kernels, and the steps that a measurement takes with it on a fake host.

import Devices
import FakeCUDA
import Testing

let kernelText = """
  extern "C" __global__ void add(float *out, const float *a, const float *b, int count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) out[i] = a[i] + b[i];
  }

  /// Sums of 64 values a block through shared memory: wrong where a barrier is not one.
  extern "C" __global__ void __launch_bounds__(64) sums(float *out, const float *a, float factor) {
    __shared__ float parts[64];
    parts[63 - threadIdx.x] = a[blockIdx.x * 64 + threadIdx.x];
    __syncthreads();
    for (int step = 32; step > 0; step /= 2) {
      if (threadIdx.x < step) parts[threadIdx.x] += parts[threadIdx.x + step];
      __syncthreads();
    }
    if (threadIdx.x == 0) out[blockIdx.x] = factor * parts[0];
  }

  extern "C" __global__ void astray(float *out, long long place) { out[place] = 1; }
  extern "C" __global__ void idle() {}
  """

/// A device of a fake host with the text loaded.
struct Bench {
  let host: FakeCUDA
  let driver: CUDADriver
  let context: CUDAContext
  let module: CUDAModule

  init(_ settings: [String: String] = [:], ordinal: Int = 0) throws {
    host = try FakeCUDA(settings)
    driver = try CUDADriver.open(host.driver)
    context = try driver.context(ordinal)
    let text = try NVRTC.open(for: driver, host.compiler).compile(
      kernelText, name: "kernels", architecture: context.facts.architecture)
    module = try context.module(text.image)
  }

  /// A buffer of these values.
  func buffer(_ values: [Float]) throws(DeviceError) -> DeviceBuffer { try context.filled(values) }
}

/// The driver of a fake host.
func fakeDriver(_ settings: [String: String] = [:]) throws -> CUDADriver {
  let host = try FakeCUDA(settings)
  return try withExtendedLifetime(host) { try CUDADriver.open(host.driver) }
}

/// The compiler of a fake host.
func fakeCompiler(_ settings: [String: String] = [:]) throws -> NVRTC {
  let host = try FakeCUDA(settings)
  return try withExtendedLifetime(host) { try NVRTC.open(host.compiler) }
}

extension CUDAContext {
  /// A buffer with these values in it.
  func filled<Value>(_ values: [Value]) throws(DeviceError) -> DeviceBuffer {
    let buffer = try allocate(values.count * MemoryLayout<Value>.stride)
    var refusal: DeviceError?
    values.withUnsafeBytes { bytes in
      do throws(DeviceError) { try copyIn(bytes, to: buffer) } catch { refusal = error }
    }
    if let refusal { throw refusal }
    return buffer
  }

  /// The first values of a buffer.
  func values<Value>(_ buffer: DeviceBuffer, count: Int, of zero: Value) throws(DeviceError) -> [Value] {
    var values = [Value](repeating: zero, count: count)
    var refusal: DeviceError?
    values.withUnsafeMutableBytes { bytes in
      do throws(DeviceError) { try copyOut(buffer, to: bytes) } catch { refusal = error }
    }
    if let refusal { throw refusal }
    return values
  }
}

/// The error of a body; nil where it has none.
func refusal(_ body: () throws -> Void) -> DeviceError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DeviceError
  }
}

/// True where the program itself refuses, before any library is asked.
func isRefused(_ body: () throws -> Void) -> Bool { refusal(body).map { $0.call == nil } ?? false }
