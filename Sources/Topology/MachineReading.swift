// From hwloc's tree to the plain machine: counts, sets, caches, memory.
// A missing level stays empty; nothing is filled in from a guess.

internal import CHwloc
import Foundation
public import Machines

extension Topology {
  /// The machine as a plain value.
  ///
  /// Quota, memory limit, hypervisor and CPU features are known for this host only; `allowed` is what the
  /// cgroup and the process's own binding leave.
  ///
  /// - Complexity: O(objects · PUs).
  public func machine() -> Machine {
    var machine = Machine()
    machine.isThisSystem = isThisSystem
    readIdentity(into: &machine)
    readSets(into: &machine)
    machine.caches = caches()
    machine.memorySideCaches = memorySideCaches()
    machine.memoryNodes = memoryNodes()
    machine.numaNodes = machine.memoryNodes.count { !$0.cpus.isEmpty }
    machine.kinds = cpuKinds()
    machine.devices = devices(nodes: machine.memoryNodes)
    if !unstated.contains(.memorySizes) {
      machine.memoryBytes = root.map { Int(clamping: $0.pointer.pointee.total_memory) } ?? 0
    }
    if machine.isThisSystem { readThisHost(into: &machine) }
    return machine
  }

  private func readSets(into machine: inout Machine) {
    let packages = objects(HWLOC_OBJ_PACKAGE).map(\.cpus).filter { !$0.isEmpty }
    let cores = objects(HWLOC_OBJ_CORE).map(\.cpus).filter { !$0.isEmpty }
    let pus = objects(HWLOC_OBJ_PU).map(\.cpus)
    machine.packageSets = packages
    machine.packages = packages.count
    machine.coreSets = cores.isEmpty ? pus : cores
    machine.cores = cores.count
    machine.pus = pus.count
    machine.allowed = allowedCPUs.intersection(CPUSet(pus.flatMap(\.cpus)))
    machine.offline = offlineCPUs
    machine.allowedNodes = allowedNodes
  }

  private func readIdentity(into machine: inout Machine) {
    let places = [objects(HWLOC_OBJ_PACKAGE).first, root].compactMap { $0 }
    func info(_ names: String...) -> String {
      for name in names {
        for place in places {
          if let text = place.info(name) { return text.split(separator: " ").joined(separator: " ") }
        }
      }
      return ""
    }
    // x86 names first, then those of Arm's identification register.
    machine.vendor = info("CPUVendor", "CPUImplementer")
    machine.vendor = armImplementers[machine.vendor] ?? machine.vendor
    machine.family = info("CPUFamilyNumber", "CPUArchitecture")
    machine.model = info("CPUModelNumber", "CPUPart")
    machine.stepping = info("CPUStepping", "CPURevision")
    machine.modelName = info("CPUModel")
    let architecture = info("Architecture")
    machine.architecture = architecture == "aarch64" ? "arm64" : architecture
  }

  private func caches() -> [Machine.Cache] {
    let types = [
      HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE,
    ]
    let knowsCaches = !unstated.contains(.cacheSizes)
    return zip(1..., types).flatMap { level, type in
      objects(type).map {
        Machine.Cache(level: level, bytes: knowsCaches ? $0.cacheBytes : 0, sharedBy: $0.cpus)
      }
    }
  }

  private func memorySideCaches() -> [Machine.Cache] {
    objects(HWLOC_OBJ_MEMCACHE).map {
      Machine.Cache(level: $0.cacheLevel, bytes: $0.cacheBytes, sharedBy: $0.cpus)
    }
  }

  /// NUMA nodes in order of number. hwloc gives memories without CPUs (HBM, GPU, CXL) the CPUs near them, so a
  /// node counts as having CPUs only if it is the first with its set and no other node's set lies inside.
  private func memoryNodes() -> [Machine.NUMANode] {
    let knowsMemory = !unstated.contains(.memorySizes)
    let nodes = objects(HWLOC_OBJ_NUMANODE)
      .map {
        Machine.NUMANode(number: $0.number ?? 0, cpus: $0.cpus, bytes: knowsMemory ? $0.memoryBytes : 0)
      }
      .sorted { $0.number < $1.number }
    var seen: Set<CPUSet> = []
    // By their first PU, so that only nodes that meet are compared.
    let byFirst = Dictionary(grouping: nodes.filter { !$0.cpus.isEmpty }) { $0.cpus.cpus[0] }
    return nodes.map { node in
      let hasInner = node.cpus.cpus.contains { cpu in
        byFirst[cpu]?.contains { $0.cpus.count < node.cpus.count && $0.cpus.isSubset(of: node.cpus) } ?? false
      }
      guard !hasInner, seen.insert(node.cpus).inserted else {
        return Machine.NUMANode(number: node.number, cpus: CPUSet([]), bytes: node.bytes)
      }
      return node
    }
  }
}

/// Names of the implementer numbers in Arm's main identification register (Arm ARM, MIDR_EL1).
private let armImplementers = [
  "0x41": "ARM", "0x42": "Broadcom", "0x43": "Cavium", "0x46": "Fujitsu", "0x48": "HiSilicon",
  "0x4e": "NVIDIA", "0x50": "AppliedMicro", "0x51": "Qualcomm", "0x61": "Apple", "0x6d": "Microsoft",
  "0xc0": "Ampere",
]
