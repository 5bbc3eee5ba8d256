// Clock, power and heat of a device while a turn runs: the driver is asked again and again beside it, for a device
// that has just finished shows another clock than one at work.

import Devices
public import Measurement
import Quantities
import Synchronization
import Glibc

/// Samples a device's sensors on a thread of its own until it is ended.
public final class DeviceWatching {
  private let sensors: NVMLDevice
  private let first: DeviceReadings
  private let shared = Shared()
  private var thread = pthread_t()
  private let time = MonotonicTime()
  private let begin: Double

  /// What the sampling thread and its maker share.
  private final class Shared: Sendable {
    let isOver = Atomic<Bool>(false)
    let samples = Mutex<[DeviceReadings]>([])
  }

  init(_ sensors: NVMLDevice) {
    self.sensors = sensors
    first = sensors.sample()
    begin = time.now()
    let (shared, period) = (shared, DeviceWatching.period)
    let box = Unmanaged.passRetained(
      Job {
        while !shared.isOver.load(ordering: .acquiring) {
          usleep(period)
          let sample = sensors.sample()
          if !shared.isOver.load(ordering: .acquiring) { shared.samples.withLock { $0.append(sample) } }
        }
      })
    let code = pthread_create(
      &thread, nil,
      { box in
        guard let box else { return nil }
        Unmanaged<Job>.fromOpaque(box).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    isRunning = code == 0
    if code != 0 { box.release() }
  }

  private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  private let isRunning: Bool
  /// Microseconds between two samples: sensors are renewed every few tens of milliseconds.
  private static let period: UInt32 = 5_000

  /// Stops sampling and adds what was seen to the record of a row.
  public func end(into record: inout Interference) {
    shared.isOver.store(true, ordering: .releasing)
    let last = sensors.sample()
    if isRunning { pthread_join(thread, nil) }
    let seen = shared.samples.withLock { $0 }
    // A turn shorter than a period has only its end to speak for it.
    let all = seen.isEmpty ? [last] : seen
    func mean(_ field: (DeviceReadings) -> Double?) -> Double? { Statistics.mean(all.compactMap(field)) }
    record.clock = mean(\.clock) ?? record.clock
    record.memoryClock = mean(\.memoryClock) ?? record.memoryClock
    record.power = mean(\.power) ?? record.power
    if let heat = all.compactMap(\.temperature).max() {
      record.temperature = max(record.temperature ?? heat, heat)
    }
    if let start = first.energy, let end = last.energy, end >= start {
      record.packageEnergy = (record.packageEnergy ?? 0) + end - start
      record.watched = (record.watched ?? 0) + time.now() - begin
    }
    // An idle device between two executions is no limit.
    let limits = Set(all.flatMap { $0.limits ?? [] }).filter { $0 != .idle }
    guard all.contains(where: { $0.limits != nil }) else { return }
    let known = Set((record.clockLimits ?? "").split(separator: " ").map(String.init))
    record.clockLimits = known.union(limits.map(\.rawValue)).sorted().joined(separator: " ")
    record.throttleEvents = (record.throttleEvents ?? 0) + (limits.isEmpty ? 0 : 1)
  }
}
