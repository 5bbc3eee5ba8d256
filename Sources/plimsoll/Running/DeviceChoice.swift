// Which devices a run measures, and what it measures on them.

import Foundation
import KernelsCUDA
import Machines
import Measurement
import Quantities
import Suites

/// The devices of `--device` with the placements that stand for them.
struct DeviceChoice {
  /// The devices that are measured.
  let devices: [VisibleDevice]
  /// How many the driver shows.
  let visible: Int
  /// A placement for each.
  let placements: [Placement]

  /// Resolves `cuda:0`, lists of such names and `all`.
  ///
  /// - Throws: `CommandFailure`: 64 for a name that is none, 65 where this host has no such device.
  init(_ words: [String], on machine: Machine) throws {
    let names = words.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
    var ordinals: [Int] = []
    for name in names where name != "all" {
      guard name.hasPrefix("cuda:"), let number = Int(name.dropFirst(5)), number >= 0 else {
        throw CommandFailure(
          .usage, "--device '\(name.prefix(40))' is no device; write cuda:0, cuda:0,cuda:1 or all")
      }
      if !ordinals.contains(number) { ordinals.append(number) }
    }
    guard !names.isEmpty else { throw CommandFailure(.usage, "--device names nothing; write cuda:0 or all") }
    let all: [VisibleDevice]
    do throws(KernelFault) {
      all = try VisibleDevice.all()
    } catch {
      throw CommandFailure(.badData, "--device \(names.joined(separator: ",")): \(error.reason)")
    }
    if names.contains("all") { ordinals = all.map(\.ordinal) }
    if let missing = ordinals.first(where: { number in !all.contains { $0.ordinal == number } }) {
      let here = all.map { "cuda:\($0.ordinal) \($0.facts.name)" }.joined(separator: ", ")
      throw CommandFailure(.badData, "--device cuda:\(missing): this host has \(here)")
    }
    devices = all.filter { ordinals.contains($0.ordinal) }
    visible = all.count
    placements = devices.map { DeviceChoice.placement($0, on: machine) }
  }

  /// One thread on the CPUs of the device's node, which are all that may be used where the node is not known.
  private static func placement(_ device: VisibleDevice, on machine: Machine) -> Placement {
    let known = machine.devices.first { $0.pciBusID != nil && $0.pciBusID == device.pciBusID }
    let node = machine.memoryNodes.first { $0.number == known?.numaNode }
    let near = node.map { $0.cpus.cpus.filter(machine.allowed.cpus.contains) } ?? []
    return .device(
      device.ordinal, cpus: near.isEmpty ? machine.allowed : CPUSet(near),
      numaNodes: near.isEmpty ? "" : node.map { String($0.number) } ?? "")
  }

  /// The first device: sizes of probes are those of its memory and caches.
  private var first: DeviceFacts {
    devices.first?.facts
      ?? DeviceFacts(
        name: "", architecture: "", multiprocessors: 0, memoryBytes: 0, l2Bytes: 0, driverVersion: "")
  }

  /// Bytes that operands may take: the driver, the library and others need some of the memory too.
  var memoryLimit: Int { Int(0.85 * Double(devices.map(\.facts.memoryBytes).min() ?? 0)) }
  /// Level 2 cache of the largest.
  var cacheBytes: Int { devices.map(\.facts.l2Bytes).max() ?? 0 }

  /// The cases of a suite's options on these devices, before any filter.
  ///
  /// - Throws: as `SuiteOptions.allCases`.
  func cases(_ options: SuiteOptions) throws -> [Case] {
    let ceilings = DeviceSuite.ceilings(first, devices: visible)
    let shapes: [Case]
    if let text = options.shape {
      let sizes = try ShapeOption(text)
      shapes = DeviceSuite.products(m: sizes.m, n: sizes.n, k: sizes.k)
    } else if options.isFile {
      shapes = DeviceSuite.of(try ShapeTable.cases(try options.fileBytes(), file: options.suite))
    } else if let suite = try DeviceSuite.named(options.suite, on: first, devices: visible) {
      shapes = suite.cases.filter { $0.phase != .ceiling }
    } else {
      throw CommandFailure.unknown(
        "suite for a device", options.suite,
        nearest: nearestNames(to: options.suite, among: DeviceSuite.names),
        list: "\(DeviceSuite.names.joined(separator: ", ")), or a CSV file of shapes: that")
    }
    return ceilings + shapes
  }
}
