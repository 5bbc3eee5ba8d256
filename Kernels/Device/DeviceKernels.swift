// The door of a device's kernels: a case -> operands on the device, bound to a kernel. As Registry.swift for the host.

public import Devices
import Kernels
public import Measurement
import Quantities

/// A device with its compiler, its vendor's library and its sensors, for one process.
///
/// Compiler, library and sensors may be missing: then the rows that need them say so, and the others are measured.
public final class DeviceKernels {
  /// What the driver says of the device.
  public let facts: DeviceFacts
  /// Step of the device's clock and time between two marks with nothing between them, in seconds.
  public let clock: ClockQuality
  let context: CUDAContext
  private let compiler: Result<NVRTC, DeviceError>
  private let library: Result<CUBLASLt, DeviceError>
  private let sensors: NVMLDevice?
  private var modules: [String: CUDAModule] = [:]
  /// Texts that the compiler or the driver refused: asked once.
  private var refusals: [String: DeviceError] = [:]
  private var flusher: CacheFlush?

  /// Opens the device of a number by the driver's order.
  ///
  /// - Parameter libraries: where they lie; those of the loader and of the environment where nothing is said.
  /// - Throws: where there is no driver or no such device, or the device gives no context.
  public init(ordinal: Int, libraries: DeviceLibraries = DeviceLibraries()) throws(DeviceError) {
    let driver = try CUDADriver.open(libraries.driver)
    let context = try driver.context(ordinal)
    self.context = context
    compiler = Result { () throws(DeviceError) in try NVRTC.open(for: driver, libraries.compiler) }
    library = Result { () throws(DeviceError) in try CUBLASLt(on: context, libraries.products) }
    sensors = context.facts.pciBusID.flatMap { try? NVML.open(libraries.management).device($0) }
    clock = try DeviceKernels.quality(of: context)
    facts = DeviceFacts(context, compiler: try? compiler.get(), library: try? library.get(), sensors: sensors)
  }

  /// Bytes of memory that nobody holds.
  public func memoryFree() throws(DeviceError) -> Int { try context.memoryFree() }

  /// Operands on the device, filled with random numbers in ±1 drawn from the seed, bound to a kernel.
  ///
  /// - Parameters:
  ///   - sets: copies that `rotate()` walks through: of the weights where the case is `weightsCold`, else of all.
  /// - Throws: `KernelError` for what no device computes, `DeviceError` for what this one refuses.
  public func prepare(_ subject: Case, sets: Int, seed: UInt64) throws -> DeviceKernel {
    let request = DeviceRequest(subject, sets: max(1, sets), seed: seed)
    let body = try body(request)
    return try DeviceKernel(body, on: self, isCold: subject.cacheMode == .cold)
  }

  /// The operands of the last layer: its kernels are prepared one after the other.
  private var layer: LayerOperands?

  private func layer(_ request: DeviceRequest) throws -> LayerOperands {
    if let layer, layer.shape == LayerOperands.whole(request.shape), layer.seed == request.seed {
      return layer
    }
    layer = nil
    let made = try LayerOperands(request, on: self)
    layer = made
    return made
  }

  /// Operands and launches of one problem.
  func body(_ request: DeviceRequest) throws -> any DeviceBody {
    let subject = request.subject
    switch subject.operation {
    case .gemm: return try ProductBody(request, on: self)
    case .groupedGEMM: return try GroupedBody(request, on: self)
    case .typePeak, .fmaPeak:
      return subject.implementation == .cublasLt
        ? try ProductBody(request, on: self) : try PeakBody(request, on: self)
    case .memoryRead, .memoryCopy, .memoryTriad: return try MemoryBody(request, on: self)
    case .hostToDevice, .deviceToHost, .peerCopy: return try LinkBody(request, on: self)
    case .launchLatency, .graphReplay: return try LaunchBody(request, on: self)
    case .rmsnorm, .residualRMSNorm, .ropeHalf, .siluMul: return try RowsBody(request, on: self)
    case .residualAdd: return try RowsBody(request, on: self)
    case .decoderLayer: return try LayerBody(request, try layer(request), on: self)
    case .attentionDecode: return try DecodeBody(request, on: self)
    case .attentionPrefill: return try PrefillBody(request, on: self)
    default:
      throw KernelError(absent: "no device kernel computes \(subject.operation.rawValue)")
    }
  }

  /// The vendor's library.
  func blas() throws(DeviceError) -> CUBLASLt { try library.get() }

  /// A kernel of one of the texts, compiled for this device when it is first asked for.
  func function(_ name: String, of text: CUDAText, sharedBytes: Int = 0) throws(DeviceError) -> CUDAFunction {
    if let refusal = refusals[text.name] { throw refusal }
    let module: CUDAModule
    if let known = modules[text.name] {
      module = known
    } else {
      do throws(DeviceError) {
        let made = try compiler.get().compile(
          text.source, name: "\(text.name).cu", architecture: context.facts.architecture + text.suffix,
          options: ["--std=c++17"])
        module = try context.module(made.image)
      } catch {
        refusals[text.name] = error
        throw error
      }
      modules[text.name] = module
    }
    return try module.function(name, dynamicSharedBytes: sharedBytes)
  }

  /// What empties the level 2 cache, made when it is first asked for.
  func cacheFlush() throws(DeviceError) -> CacheFlush {
    if let flusher { return flusher }
    let made = try CacheFlush(on: self)
    flusher = made
    return made
  }

  /// Watches clock, power and heat from now on; nil where the device has no sensors that may be read.
  public func watch() -> DeviceWatching? { sensors.map { DeviceWatching($0) } }

  /// Half a microsecond is what the driver promises of its marks.
  private static func quality(of context: CUDAContext) throws(DeviceError) -> ClockQuality {
    let (start, end) = (try context.makeEvent(), try context.makeEvent())
    var gaps: [Double] = []
    for _ in 0..<64 {
      try context.record(start)
      try context.record(end)
      gaps.append(try context.elapsed(from: start, to: end))
    }
    return ClockQuality(resolution: Unit.microsecond.toBase(0.5), overhead: Statistics.median(gaps) ?? 0)
  }
}

/// Paths of a device's libraries; nil = as usual.
public struct DeviceLibraries: Hashable, Sendable {
  /// The driver.
  public var driver: String?
  /// The compiler of kernels.
  public var compiler: String?
  /// The vendor's products.
  public var products: String?
  /// The sensors.
  public var management: String?
  /// Nothing said.
  public init() {}
}

/// What is asked of a body.
struct DeviceRequest {
  let subject: Case
  let sets: Int
  let seed: UInt64

  init(_ subject: Case, sets: Int, seed: UInt64) {
    self.subject = subject
    self.sets = sets
    self.seed = seed
  }

  var shape: Shape { subject.shape }
  /// True where activations stay while weights rotate.
  var rotatesWeightsOnly: Bool { subject.cacheMode == .weightsCold }
  /// Copies of what is not weights.
  var activationSets: Int { rotatesWeightsOnly ? 1 : sets }

  /// A positive dimension of the shape.
  func positive(_ value: Int?, _ name: String) throws(KernelError) -> Int {
    guard let value, (1...1 << 40).contains(value) else {
      throw KernelError("\(subject.operation.rawValue) needs \(name) of at least 1")
    }
    return value
  }

  /// Seed of an operand: far from those of all others.
  func seed(_ array: Int, set: Int) -> UInt64 {
    mixed(seed &+ UInt64(truncatingIfNeeded: array) &* 0x51_7CC1_B727_2203 &+ UInt64(truncatingIfNeeded: set))
  }
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
func mixed(_ counter: UInt64) -> UInt64 {
  var z = counter &* 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

extension DeviceFacts {
  /// The facts of a context, with the versions of what is there.
  fileprivate init(_ context: CUDAContext, compiler: NVRTC?, library: CUBLASLt?, sensors: NVMLDevice?) {
    self.init(context.facts, context.driver)
    compilerVersion = compiler.map { "\($0.version.major).\($0.version.minor)" }
    libraryVersion = library?.version
    let readings = sensors?.readings()
    maximumClock = readings?.highestClock ?? maximumClock
    powerLimit = readings?.powerLimit
    if let generation = readings?.pcieGeneration, let lanes = readings?.pcieLanes {
      link = "gen\(generation) x\(lanes)"
    }
  }
}
