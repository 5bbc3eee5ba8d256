// Quotas and limits of control groups from the texts of /proc and /sys.

import Testing
import Topology

private let v2Mounts = """
  30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
  """
private let v1Mounts = """
  24 1 0:22 / /proc rw - proc proc rw
  32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct
  35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
  """

private func limits(_ groups: String, _ mounts: String, _ files: [String: String]) -> ControlGroupLimits {
  ControlGroupLimits(groups: groups, mounts: mounts) { files[$0] }
}

@Test("version 2: quota over period, memory in bytes")
func version2() {
  let found = limits(
    "0::/job\n", v2Mounts,
    ["/sys/fs/cgroup/job/cpu.max": "150000 100000\n", "/sys/fs/cgroup/job/memory.max": "1048576\n"])
  #expect(found.quotaCPUs == 1.5)
  #expect(found.memoryBytes == 1_048_576)
}

@Test("version 2: 'max' is no limit")
func unlimited() {
  let found = limits(
    "0::/job\n", v2Mounts,
    ["/sys/fs/cgroup/job/cpu.max": "max 100000\n", "/sys/fs/cgroup/job/memory.max": "max\n"])
  #expect(found.quotaCPUs == nil)
  #expect(found.memoryBytes == nil)
}

@Test("the smallest limit between the group and the top binds")
func ancestors() {
  let found = limits(
    "0::/a/b\n", v2Mounts,
    [
      "/sys/fs/cgroup/a/b/cpu.max": "800000 100000", "/sys/fs/cgroup/a/cpu.max": "200000 100000",
      "/sys/fs/cgroup/memory.max": "5000", "/sys/fs/cgroup/a/b/memory.max": "9000",
    ])
  #expect(found.quotaCPUs == 2)
  #expect(found.memoryBytes == 5000)
}

@Test("version 1: each controller at its own mount; -1 and the page-rounded maximum are no limit")
func version1() {
  let groups = "4:memory:/job\n1:cpu,cpuacct:/job\n0::/\n"
  let files = [
    "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "250000\n",
    "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": "9223372036854771712\n",
  ]
  let found = limits(groups, v1Mounts, files)
  #expect(found.quotaCPUs == 2.5)
  #expect(found.memoryBytes == nil)
}

@Test("in a container the mount's top is the container's own group")
func container() {
  let mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw"
  let found = limits("0::/docker/abc\n", mounts, ["/sys/fs/cgroup/cpu.max": "50000 100000"])
  #expect(found.quotaCPUs == 0.5)
}

@Test(
  "text that is no limit is no limit",
  arguments: ["", "garbage", "0 0", "-5 100000", "nan 1", "1e999 1", "100000", "100000 0"])
func garbage(text: String) {
  #expect(limits("0::/\n", v2Mounts, ["/sys/fs/cgroup/cpu.max": text]).quotaCPUs == nil)
  #expect(limits("not a group", "not a mount", [:]).quotaCPUs == nil)
}

@Test(
  "hypervisors are named by CPUID or by the firmware; bare cloud machines are not guests",
  arguments: [
    ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "QEMU"), ("Amazon EC2", "c7g.large", "EC2"),
    ("Amazon EC2", "c7g.metal", nil), ("Dell Inc.", "PowerEdge R760", nil),
    ("Microsoft Corporation", "Virtual Machine", "Hyper-V"),
  ] as [(String, String, String?)])
func firmware(vendor: String, product: String, expected: String?) {
  #expect(hypervisorName(vendor: vendor, product: product) == expected)
}

@Test("a CPUID signature becomes a product, an unknown one stays")
func signature() {
  #expect(hypervisorName(signature: "KVMKVMKVM") == "KVM")
  #expect(hypervisorName(signature: "NewHyper") == "NewHyper")
  #expect(hypervisorName(signature: "") == "unnamed hypervisor")
}
