// GPUs and network cards on the PCI bus, with the memory node next to each.

internal import CHwloc
import Machines

extension Topology {
  /// GPUs and other accelerators, network cards; storage, bridges and management displays are left out.
  func devices(nodes: [Machine.NUMANode]) -> [Machine.Device] {
    objects(HWLOC_OBJ_PCI_DEVICE).compactMap { device in
      guard let numbers = device.pciNumbers, let kind = deviceKind(numbers) else { return nil }
      let near = locality(of: device)?.cpus
      let node = nodes.filter { !$0.cpus.isEmpty }.first { node in
        near.map { !$0.isEmpty && $0.isSubset(of: node.cpus) } ?? false
      }
      return Machine.Device(
        kind: kind, name: deviceName(device, numbers), numaNode: node?.number, pciBusID: device.pciBusID,
        linkBytesPerSecond: device.linkBytesPerSecond)
    }
  }

  /// `Mellanox ConnectX-7 (eth0)`, or the PCI numbers where the name is unknown.
  private func deviceName(
    _ device: HwlocObject, _ numbers: (class: UInt16, vendor: UInt16, device: UInt16)
  ) -> String {
    let words = [device.info("PCIVendor"), device.info("PCIDevice") ?? device.name].compactMap { $0 }
    let known =
      words.isEmpty ? "PCI \(hex(numbers.vendor, 4)):\(hex(numbers.device, 4))" : words.joined(separator: " ")
    let systemName = device.ioChildren.first { $0.isSystemDevice }?.name
    return systemName.map { "\(known) (\($0))" } ?? known
  }
}

/// Vendors whose displays are a server's management console: ASPEED, Matrox.
private let consoleVendors: Set<UInt16> = [0x1a03, 0x102b]

/// The device's kind by its PCI class (PCI-SIG code assignment: 02 network, 03 display, 12 accelerator).
private func deviceKind(_ numbers: (class: UInt16, vendor: UInt16, device: UInt16)) -> String? {
  switch numbers.class >> 8 {
  case 0x02: "network"
  case 0x03: consoleVendors.contains(numbers.vendor) ? nil : "gpu"
  case 0x12: "gpu"
  default: nil
  }
}
