// What only the host itself can tell: binding, control groups, CPU features, hypervisor.

import CProbe
import Foundation
import Machines

extension Topology {
  func readThisHost(into machine: inout Machine) {
    if let bound = boundCPUs() { machine.allowed = machine.allowed.intersection(bound) }
    let limits = ControlGroupLimits(
      groups: systemText("/proc/self/cgroup") ?? "", mounts: systemText("/proc/self/mountinfo") ?? "",
      read: systemText)
    machine.quotaCPUs = limits.quotaCPUs
    if !limits.isKnown { machine.unread.insert(.limits) }
    // A guest that grew while it ran shows the added memory to the system, but not always in a NUMA node.
    machine.memoryBytes = max(machine.memoryBytes, Int(clamping: ProcessInfo.processInfo.physicalMemory))
    machine.memoryLimitBytes = limits.memoryBytes.flatMap { limit in
      machine.memoryBytes > 0 && limit >= machine.memoryBytes ? nil : limit
    }
    machine.features = cpuFeatures()
    machine.instructionSets = supportedInstructionSets()
    let vendor = systemText("/sys/class/dmi/id/sys_vendor")
    machine.hypervisor =
      hypervisorFromCPUID()
      ?? hypervisorName(vendor: vendor ?? "", product: systemText("/sys/class/dmi/id/product_name") ?? "")
    #if !arch(x86_64)
    // Without CPUID only the firmware can tell.
    if vendor == nil, machine.hypervisor == nil { machine.unread.insert(.hypervisor) }
    #endif
  }
}

/// A small file of the kernel's file systems, or nil where it cannot be read.
private func systemText(_ path: String) -> String? {
  FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
}

/// CPUs that the process was bound to at its start (taskset, a batch system), or nil where unknown.
private func boundCPUs() -> CPUSet? {
  let size = Int(PROBE_MASK_BYTES)
  var mask = [UInt8](repeating: 0, count: size)
  guard probe_get_mask(&mask) == 0 else { return nil }
  let cpus = (0..<size * UInt8.bitWidth).filter { cpu in
    mask[cpu / UInt8.bitWidth] >> UInt8(cpu % UInt8.bitWidth) & 1 == 1
  }
  return CPUSet(cpus)
}

private func cpuFeatures() -> [String] {
  var features: [String] = []
  var index: Int32 = 0
  while let name = probe_feature_name(index) {
    if probe_feature_supported(index) != 0 { features.append(String(cString: name)) }
    index += 1
  }
  return features
}

private func supportedInstructionSets() -> [InstructionSet] {
  #if arch(arm64)
  return [.baseline, .neon]
  #else
  var sets: [InstructionSet] = [.baseline]
  if probe_has_avx2() != 0 { sets.append(.avx2) }
  if probe_has_avx512() != 0 { sets.append(.avx512) }
  if probe_has_avx512_bf16() != 0 { sets.append(.avx512BF16) }
  if probe_has_avx512_fp16() != 0 { sets.append(.avx512FP16) }
  return sets
  #endif
}

/// The hypervisor that CPUID leaf 0x40000000 names when the "hypervisor present" bit (leaf 1, ECX 31) is set.
private func hypervisorFromCPUID() -> String? {
  var registers = [UInt32](repeating: 0, count: 4)
  probe_cpuid(1, 0, &registers)
  guard registers[2] >> 31 == 1 else { return nil }
  probe_cpuid(0x4000_0000, 0, &registers)
  let bytes = registers[1...3].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  return hypervisorName(signature: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
}

/// The product behind a CPUID signature; the signature itself where it is unknown.
package func hypervisorName(signature: String) -> String {
  let products = [
    "KVMKVMKVM": "KVM", "Linux KVM Hv": "KVM", "Microsoft Hv": "Hyper-V", "VMwareVMware": "VMware",
    "XenVMMXenVMM": "Xen", "TCGTCGTCGTCG": "QEMU", "bhyve bhyve ": "bhyve", "ACRNACRNACRN": "ACRN",
  ]
  let known = products[signature] ?? signature
  return known.isEmpty ? "unnamed hypervisor" : known
}

/// The hypervisor that the firmware's product names betray, for CPUs without CPUID; nil = none seen.
///
/// Cloud vendors sell bare machines under the same vendor string; those say so in the product.
package func hypervisorName(vendor: String, product: String) -> String? {
  let text = (vendor + " " + product).lowercased()
  if text.contains("metal") { return nil }
  let marks = [
    ("qemu", "QEMU"), ("kvm", "KVM"), ("amazon ec2", "EC2"), ("google compute engine", "Google"),
    ("virtual machine", "Hyper-V"), ("vmware", "VMware"), ("alibaba cloud ecs", "Alibaba"),
    ("firecracker", "Firecracker"),
  ]
  return marks.first { text.contains($0.0) }?.1
}
