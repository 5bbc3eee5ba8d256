// A machine for a reader: one table of facts, one of caches, memory and devices, one of placements.

import Machines
import Quantities
import Tables
import Topology

/// The tables of `plimsoll topology`.
struct TopologyReport {
  let machine: Machine
  let plan: PlacementPlan

  init(_ machine: Machine, _ plan: PlacementPlan) {
    self.machine = machine
    self.plan = plan
  }

  var tables: [ReportTable] {
    [facts, levels] + (machine.devices.isEmpty ? [] : [devices])
      + [used, dropped].filter { !$0.rows.isEmpty }
  }

  private var facts: ReportTable {
    var table = ReportTable("Machine \(machine.machineSlug)", [.init("property"), .init("value")])
    func add(_ name: String, _ value: String) {
      if !value.isEmpty { table.append([.text(name), .text(value)]) }
    }
    add("identity", machine.machineID)
    add("processor", machine.modelName)
    add("vendor", machine.vendor)
    let numbers = [machine.family, machine.model, machine.stepping]
    if numbers.contains(where: { !$0.isEmpty }) {
      add("family/model/stepping", numbers.map { $0.isEmpty ? "?" : $0 }.joined(separator: "/"))
    }
    add("architecture", machine.architecture)
    add("packages", count(machine.packages))
    add("NUMA nodes with CPUs", count(machine.numaNodes))
    add("cores", count(machine.cores))
    add("CPUs", cpuSentence)
    add("kinds of cores", machine.kinds.map { "\($0.name) (\($0.cpus))" }.joined(separator: ", "))
    add("memory", machine.memoryBytes > 0 ? sizeText(machine.memoryBytes) : "not reported")
    if machine.isThisSystem {
      let none = machine.unread.contains(.limits) ? "not known: no control group can be read" : "none"
      add("memory limit", machine.memoryLimitBytes.map(sizeText) ?? none)
      add("CPU quota", machine.quotaCPUs.map { "\(fixed($0, decimals: 2)) CPUs" } ?? none)
      add("instruction sets", machine.instructionSets.map(\.rawValue).joined(separator: ", "))
      add(
        "host or guest",
        machine.hypervisor.map { "guest of \($0)" }
          ?? (machine.unread.contains(.hypervisor) ? "not known: the firmware names no product" : "host"))
    }
    if !machine.features.isEmpty {
      table.notes.append("CPU features: " + machine.features.joined(separator: " "))
    }
    table.notes.append(trust)
    let ignored = Topology.ignoredVariables
    if !ignored.isEmpty {
      table.notes.append("Not followed: \(ignored.joined(separator: ", ")), which name another machine.")
    }
    return table
  }

  private func count(_ number: Int) -> String { number > 0 ? String(number) : "not reported" }

  private var cpuSentence: String {
    let usable =
      machine.allowed.count == machine.pus
      ? "all usable" : "\(machine.allowed.count) usable: \(machine.allowed)"
    let off = machine.offline.isEmpty ? "" : ", \(machine.offline.count) offline: \(machine.offline)"
    return "\(machine.pus), \(usable)\(off)"
  }

  /// How far the shape can be believed, as a sentence.
  private var trust: String {
    switch machine.topologyTrust {
    case .host: "Read from this host's own hardware."
    case .guest:
      "This is a guest of \(machine.hypervisor ?? "a hypervisor"): cache sizes, core sharing and SMT are what "
        + "the hypervisor reports, not facts; measured bandwidth shows the real capacities."
    case .imported: "Imported: nothing here was read from the machine that this program runs on."
    }
  }

  private var levels: ReportTable {
    var table = ReportTable(
      "Caches and memory",
      [
        .init("level"), .init("instances"), .init("size_each", "size each"), .init("cpus_each", "CPUs each"),
        .init("first"),
      ])
    for (what, sets) in [("package", machine.packageSets), ("core", coresReported)] where !sets.isEmpty {
      table.append([.text(what), .integer(sets.count), .text(""), range(sets.map(\.count)), first(sets)])
    }
    for level in Set(machine.caches.map(\.level)).sorted(by: >) {
      let caches = machine.caches.filter { $0.level == level }
      let sizes = Set(caches.map(\.bytes)).sorted().map { $0 > 0 ? sizeText($0) : "-" }
      table.append([
        .text("L\(level)"), .integer(caches.count), .text(sizes.joined(separator: ", ")),
        range(caches.map(\.sharedBy.count)), first(caches.map(\.sharedBy)),
      ])
    }
    for cache in machine.memorySideCaches {
      table.append([
        .text("memory-side cache"), .integer(1), cache.bytes > 0 ? .text(sizeText(cache.bytes)) : .empty,
        .text(String(cache.sharedBy.count)), first([cache.sharedBy]),
      ])
    }
    for node in machine.memoryNodes {
      table.append([
        .text("NUMA \(node.number)"), .integer(1), node.bytes > 0 ? .text(sizeText(node.bytes)) : .empty,
        .text(node.cpus.isEmpty ? "none" : String(node.cpus.count)), first([node.cpus]),
      ])
    }
    if machine.caches.isEmpty { table.notes.append("No cache is reported.") }
    return table
  }

  /// Cores as reported; CPUs that stand in for unreported ones are not shown.
  private var coresReported: [CPUSet] { machine.cores > 0 ? machine.coreSets : [] }

  private func range(_ counts: [Int]) -> Cell {
    guard let low = counts.min(), let high = counts.max() else { return .empty }
    return .text(low == high ? "\(low)" : "\(low) to \(high)")
  }

  private func first(_ sets: [CPUSet]) -> Cell {
    sets.first.flatMap { $0.isEmpty ? nil : .text($0.description) } ?? .empty
  }

  /// A row for each GPU, which a run may name by its place, and one for each kind of other device.
  private var devices: ReportTable {
    var table = ReportTable(
      "Devices",
      [
        .init("kind"), .init("count"), .init("name"), .init("numa_node", "NUMA node"), .init("pci", "PCI"),
        .init("link", "link"),
      ])
    var rows: [(device: Machine.Device, count: Int)] = []
    for device in machine.devices {
      let shown =
        device.kind == "gpu"
        ? device
        : Machine.Device(
          kind: device.kind, name: device.name, numaNode: device.numaNode,
          linkBytesPerSecond: device.linkBytesPerSecond)
      if let same = rows.firstIndex(where: { $0.device == shown }) {
        rows[same].count += 1
      } else {
        rows.append((shown, 1))
      }
    }
    for row in rows {
      table.append([
        .text(row.device.kind), .integer(row.count), .text(row.device.name),
        row.device.numaNode.map { .text(String($0)) } ?? .empty,
        row.device.pciBusID.map { .text($0) } ?? .empty,
        row.device.linkBytesPerSecond.map { .text(linkText($0)) } ?? .empty,
      ])
    }
    return table
  }

  private func linkText(_ speed: Double) -> String {
    let gigabytes = Unit.gigabytePerSecond.fromBase(speed)
    return "\((gigabytes * 10).rounded() / 10) \(Unit.gigabytePerSecond.symbol)"
  }

  private var used: ReportTable {
    var table = ReportTable(
      "Placements",
      [
        .init("placement"), .init("threads"), .init("smt", "SMT"), .init("cpus", "CPUs"),
        .init("numa_nodes", "NUMA"), .init("aliases", "also called"),
      ])
    for placement in plan.used {
      table.append([
        .text(placement.name), .integer(placement.threads), .text(placement.smt),
        .text(placement.cpus.description), .text(placement.numaNodes),
        .text(placement.aliases.joined(separator: ", ")),
      ])
    }
    table.notes = plan.remarks + ["'plimsoll placements' tells which of them a run takes."]
    return table
  }

  private var dropped: ReportTable {
    var table = ReportTable("Placements left out", [.init("placement"), .init("reason")])
    for placement in plan.dropped { table.append([.text(placement.name), .text(placement.reason)]) }
    return table
  }
}

/// A size in the largest binary unit that keeps it at 1 or more.
private func sizeText(_ bytes: Int) -> String {
  let value = Double(bytes)
  for unit in [Unit.gibibyte, .mebibyte, .kibibyte] where unit.fromBase(value) >= 1 {
    let number = unit.fromBase(value)
    return "\(fixed(number, decimals: number == number.rounded() ? 0 : 1)) \(unit.symbol)"
  }
  return "\(bytes) B"
}
