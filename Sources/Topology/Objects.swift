// hwloc's objects and bitmaps as Swift values; the only file that follows its pointers.

internal import CHwloc
import Machines
import Quantities

/// One hwloc object, valid as long as its topology.
struct HwlocObject {
  let pointer: UnsafeMutablePointer<hwloc_obj>

  /// PUs under it.
  var cpus: CPUSet { CPUSet(bitmap: pointer.pointee.cpuset) }

  /// The operating system's number; nil where it gives none.
  var number: Int? {
    let index = pointer.pointee.os_index
    return index == UInt32.max ? nil : Int(index)
  }

  /// The name of a device or an operating-system object.
  var name: String? { pointer.pointee.name.map { String(cString: $0) } }

  /// The text stored under a name, or nil.
  func info(_ name: String) -> String? {
    hwloc_obj_get_info_by_name(pointer, name).map { String(cString: $0) }
  }

  /// Size of a cache in bytes; 0 = not reported.
  var cacheBytes: Int { pointer.pointee.attr.map { Int(clamping: $0.pointee.cache.size) } ?? 0 }

  /// Level of a cache: 1, 2 …
  var cacheLevel: Int { pointer.pointee.attr.map { Int($0.pointee.cache.depth) } ?? 0 }

  /// Local memory of a NUMA node in bytes; 0 = not reported.
  var memoryBytes: Int { pointer.pointee.attr.map { Int(clamping: $0.pointee.numanode.local_memory) } ?? 0 }

  /// Class, vendor and device number of a PCI device.
  var pciNumbers: (class: UInt16, vendor: UInt16, device: UInt16)? {
    pointer.pointee.attr.map {
      ($0.pointee.pcidev.class_id, $0.pointee.pcidev.vendor_id, $0.pointee.pcidev.device_id)
    }
  }

  /// Place of a PCI device: domain, bus, device and function as the kernel writes them.
  var pciBusID: String? {
    pointer.pointee.attr.map { attributes in
      let place = attributes.pointee.pcidev
      return "\(hex(place.domain, 4)):\(hex(place.bus, 2)):\(hex(place.dev, 2)).\(hex(place.func, 1))"
    }
  }

  /// Data rate of a PCI device's link in B/s; nil = not reported.
  var linkBytesPerSecond: Double? {
    guard let speed = pointer.pointee.attr?.pointee.pcidev.linkspeed, speed > 0, speed.isFinite else {
      return nil
    }
    return Unit.gigabytePerSecond.toBase(Double(speed))
  }

  /// Children that stand for the operating system's view of a PCI device (`eth0`, `nvidia0` …).
  var ioChildren: [HwlocObject] {
    var children: [HwlocObject] = []
    var next = pointer.pointee.io_first_child
    while let child = next {
      children.append(HwlocObject(pointer: child))
      next = child.pointee.next_sibling
    }
    return children
  }

  /// True for an operating-system device.
  var isSystemDevice: Bool { pointer.pointee.type == HWLOC_OBJ_OS_DEVICE }
}

extension Topology {
  /// Objects of a type in hwloc's order, whatever depths they stand at.
  func objects(_ type: hwloc_obj_type_t) -> [HwlocObject] {
    let special = hwloc_get_type_depth(handle, type)
    let tree = 0..<hwloc_topology_get_depth(handle)
    // Memory and devices stand beside the tree, at negative depths.
    let depths =
      special < 0 && special != HWLOC_TYPE_DEPTH_UNKNOWN.rawValue
        && special != HWLOC_TYPE_DEPTH_MULTIPLE.rawValue
      ? [special] : tree.filter { hwloc_get_depth_type(handle, $0) == type }
    return depths.flatMap { depth in
      (0..<hwloc_get_nbobjs_by_depth(handle, depth)).compactMap { index in
        hwloc_get_obj_by_depth(handle, depth, index).map { HwlocObject(pointer: $0) }
      }
    }
  }

  /// The machine object.
  var root: HwlocObject? { hwloc_get_root_obj(handle).map { HwlocObject(pointer: $0) } }

  /// True for the host that the program runs on.
  var isThisSystem: Bool { hwloc_topology_is_thissystem(handle) != 0 }

  /// PUs that a cgroup lets us use.
  var allowedCPUs: CPUSet { CPUSet(bitmap: hwloc_topology_get_allowed_cpuset(handle)) }

  /// Numbers of the NUMA nodes that a cgroup lets us take memory from.
  var allowedNodes: CPUSet { CPUSet(bitmap: hwloc_topology_get_allowed_nodeset(handle)) }

  /// PUs that exist but are switched off.
  var offlineCPUs: CPUSet {
    let all = CPUSet(bitmap: hwloc_topology_get_complete_cpuset(handle))
    let online = CPUSet(bitmap: hwloc_topology_get_topology_cpuset(handle))
    return CPUSet(all.cpus.filter { !online.contains($0) })
  }

  /// The nearest ancestor of a device that has CPUs.
  func locality(of device: HwlocObject) -> HwlocObject? {
    hwloc_get_non_io_ancestor_obj(handle, device.pointer).map { HwlocObject(pointer: $0) }
  }
}

/// A number in hexadecimal, of at least so many digits.
func hex(_ number: some BinaryInteger, _ count: Int) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: max(0, count - digits.count)) + digits
}

extension CPUSet {
  /// The members of a bitmap; the empty set for null and for an infinite bitmap.
  init(bitmap: hwloc_const_bitmap_t?) {
    guard let bitmap, hwloc_bitmap_weight(bitmap) > 0 else {
      self.init([])
      return
    }
    var numbers: [Int] = []
    var next = hwloc_bitmap_first(bitmap)
    while next >= 0 {
      numbers.append(Int(next))
      next = hwloc_bitmap_next(bitmap, next)
    }
    self.init(numbers)
  }
}
