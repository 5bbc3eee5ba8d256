// A machine for a program: one row for each fact, the same columns for every kind of fact.

import Machines
import Quantities
import Tables

/// The one table of `plimsoll topology --format csv` and `json`.
struct TopologyList {
  private(set) var table = ReportTable(
    "",
    [
      .init("section"), .init("name"), .init("value"), .init("unit"), .init("cpus"), .init("threads"),
      .init("numa_nodes"), .init("note"),
    ])

  init(_ machine: Machine, _ plan: PlacementPlan) {
    addFacts(machine)
    addParts(machine)
    for device in machine.devices {
      let nodes = device.numaNode.map(String.init) ?? ""
      add("device", device.kind, .text(device.name), nodes: nodes, note: device.pciBusID ?? "")
      guard let speed = device.linkBytesPerSecond else { continue }
      add(
        "device_link", device.kind, .number(speed, decimals: 0), unit: BytesPerSecond.symbol, nodes: nodes,
        note: device.pciBusID ?? "")
    }
    for placement in plan.used {
      let aliases = placement.aliases.joined(separator: " ")
      add(
        "placement", placement.name, .text(placement.smt == "on" ? "smt" : "one_per_core"),
        cpus: placement.cpus, threads: placement.threads, nodes: placement.numaNodes, note: aliases)
    }
    for placement in plan.dropped { add("dropped", placement.name, .empty, note: placement.reason) }
    for remark in plan.remarks { add("remark", "", .empty, note: remark) }
  }

  private mutating func addFacts(_ machine: Machine) {
    let texts = [
      ("machine_id", machine.machineID), ("machine_slug", machine.machineSlug), ("vendor", machine.vendor),
      ("family", machine.family), ("model", machine.model), ("stepping", machine.stepping),
      ("model_name", machine.modelName), ("architecture", machine.architecture),
      ("topology_trust", machine.topologyTrust.rawValue), ("hypervisor", machine.hypervisor ?? ""),
      ("instruction_sets", machine.instructionSets.map(\.rawValue).joined(separator: " ")),
      ("features", machine.features.joined(separator: " ")),
    ]
    for (name, text) in texts { add("machine", name, text.isEmpty ? .empty : .text(text)) }
    let counts = [
      ("packages", machine.packages), ("numa_nodes", machine.numaNodes), ("cores", machine.cores),
      ("pus", machine.pus),
    ]
    for (name, count) in counts { add("machine", name, count > 0 ? .integer(count) : .empty, unit: "count") }
    add("machine", "usable", .integer(machine.allowed.count), unit: "count", cpus: machine.allowed)
    add("machine", "offline", .integer(machine.offline.count), unit: "count", cpus: machine.offline)
    add("machine", "memory", bytes(machine.memoryBytes), unit: Bytes.symbol)
    add("machine", "memory_limit", bytes(machine.memoryLimitBytes ?? 0), unit: Bytes.symbol)
    add("machine", "cpu_quota", .optional(machine.quotaCPUs, decimals: 2), unit: "count")
  }

  private mutating func addParts(_ machine: Machine) {
    for (index, cpus) in machine.packageSets.enumerated() {
      add("package", "package\(index)", .empty, cpus: cpus)
    }
    for cache in machine.caches {
      add("cache", "L\(cache.level)", bytes(cache.bytes), unit: Bytes.symbol, cpus: cache.sharedBy)
    }
    for cache in machine.memorySideCaches {
      add(
        "memory_side_cache", "MemCache\(cache.level)", bytes(cache.bytes), unit: Bytes.symbol,
        cpus: cache.sharedBy)
    }
    for node in machine.memoryNodes {
      add(
        "numa", "numa\(node.number)", bytes(node.bytes), unit: Bytes.symbol, cpus: node.cpus,
        nodes: String(node.number))
    }
    for kind in machine.kinds { add("kind", kind.name, .empty, cpus: kind.cpus) }
  }

  /// A size, empty where it is not reported.
  private func bytes(_ size: Int) -> Cell { size > 0 ? .integer(size) : .empty }

  private mutating func add(
    _ section: String, _ name: String, _ value: Cell, unit: String = "", cpus: CPUSet = CPUSet([]),
    threads: Int? = nil, nodes: String = "", note: String = ""
  ) {
    func text(_ text: String) -> Cell { text.isEmpty ? .empty : .text(text) }
    table.append([
      .text(section), text(name), value, text(unit), text(cpus.description),
      threads.map { .integer($0) } ?? .empty, text(nodes), text(note),
    ])
  }
}
