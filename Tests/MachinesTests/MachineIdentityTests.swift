// The identity of a machine: equal for two hosts of one type, different for two types.

import Machines
import Testing

private func epyc() -> Machine {
  var machine = Machine()
  machine.vendor = "AuthenticAMD"
  machine.family = "25"
  machine.model = "17"
  machine.stepping = "1"
  machine.modelName = "AMD EPYC 9654 96-Core Processor"
  machine.architecture = "x86_64"
  machine.packages = 2
  machine.numaNodes = 2
  machine.cores = 192
  machine.pus = 384
  machine.caches = [.init(level: 3, bytes: 33_554_432, sharedBy: CPUSet(0...7))]
  machine.features = ["avx2", "avx512f"]
  return machine
}

@Test("the hash of a text is FNV-1a: the published vectors hold")
func publishedVectors() {
  #expect(stableHash("") == 0xcbf2_9ce4_8422_2325)
  #expect(stableHash("a") == 0xaf63_dc4c_8601_ec8c)
  #expect(stableHash("foobar") == 0x8594_4171_f739_67e8)
}

@Test("memory size, allowed PUs, quota and devices do not change the identity")
func identityIgnoresWhatChanges() {
  var other = epyc()
  other.memoryBytes = 1
  other.allowed = CPUSet([3])
  other.quotaCPUs = 2
  other.devices = [.init(kind: "gpu", name: "x", numaNode: 0)]
  other.features.reverse()
  #expect(other.machineID == epyc().machineID)
  #expect(epyc().machineID.count == 12)
}

@Test(
  "vendor, model, counts, caches and features each change the identity",
  arguments: 0..<10)
func identitySeesTheHardware(change: Int) {
  var other = epyc()
  switch change {
  case 0: other.vendor = "GenuineIntel"
  case 1: other.family = "26"
  case 2: other.model = "18"
  case 3: other.stepping = "2"
  case 4: other.modelName = "AMD EPYC 9754"
  case 5: other.packages = 1
  case 6: other.numaNodes = 8
  case 7: other.pus = 192
  case 8: other.caches = [.init(level: 3, bytes: 16_777_216, sharedBy: CPUSet(0...7))]
  default: other.features = ["avx2"]
  }
  #expect(other.machineID != epyc().machineID)
}

@Test(
  "the slug names maker, model and cores in letters, digits and dashes",
  arguments: [
    ("AuthenticAMD", "AMD EPYC 9654 96-Core Processor", 2, 192, "amd-epyc-9654-2x96c"),
    ("GenuineIntel", "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", 1, 4, "intel-xeon-platinum-8481c-1x4c"),
    ("GenuineIntel", "Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", 2, 28, "intel-xeon-e5-2690-v4-2x14c"),
    ("GenuineIntel", "13th Gen Intel(R) Core(TM) i7-1370P", 1, 14, "intel-13th-gen-i7-1370p-1x14c"),
    ("AuthenticAMD", "AMD EPYC", 1, 2, "amd-epyc-1x2c"),
    ("ARM", "Neoverse-V2", 3, 64, "arm-neoverse-v2-64c"),
    ("", "", 0, 4, "unknown-4c"),
  ])
func slug(vendor: String, modelName: String, packages: Int, cores: Int, expected: String) {
  var machine = Machine()
  machine.vendor = vendor
  machine.modelName = modelName
  machine.packages = packages
  machine.cores = cores
  #expect(machine.machineSlug == expected)
}
