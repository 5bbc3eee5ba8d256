// Checks of clocks: frequency, heat, the clock that timings are read from, and the counters beside it.

import Quantities

extension Doctor {
  static func governor(_ facts: HostFacts) -> DoctorCheck {
    let why = "a governor that lowers clocks makes short samples slow and long ones fast"
    guard !facts.governors.isEmpty else {
      return DoctorCheck("governor", .unknown, "the kernel shows no governor", why: why)
    }
    let slow = facts.governors.filter { $0 != "performance" }
    guard !slow.isEmpty else {
      return DoctorCheck("governor", .ok, "performance on \(counted(facts.governors.count, "CPU"))", why: why)
    }
    let names = Set(slow).sorted().joined(separator: ", ")
    let count =
      slow.count == facts.governors.count
      ? counted(slow.count, "CPU") : "\(slow.count) of \(facts.governors.count) CPUs"
    return DoctorCheck(
      "governor", .warn, "\(names) on \(count)", why: why,
      command: "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
  }

  static func turbo(_ facts: HostFacts) -> DoctorCheck {
    let why = "turbo clocks follow heat and the number of busy cores; keep what production has"
    guard let turbo = facts.turbo, let file = facts.turboFile else {
      return DoctorCheck("turbo", .unknown, "the kernel shows no switch", why: why)
    }
    let off = file.hasSuffix("no_turbo") ? "1" : "0"
    return turbo
      ? DoctorCheck("turbo", .warn, "on", why: why, command: "echo \(off) | sudo tee \(file)")
      : DoctorCheck("turbo", .ok, "off", why: why)
  }

  static func heat(_ facts: HostFacts) -> DoctorCheck {
    let why = "a hot CPU lowers its clock while it is measured"
    var found: [String] = []
    if let hottest = facts.hottest {
      found.append("\(brief(hottest)) C" + (facts.hottestLimit.map { " of \(brief($0))" } ?? ""))
    }
    if let events = facts.throttleEvents { found.append("throttled \(counted(events, "time")) since boot") }
    guard !found.isEmpty else {
      return DoctorCheck("heat", .unknown, "the kernel shows no sensor", why: why)
    }
    let isHot = facts.hottest.map { $0 > (facts.hottestLimit ?? .infinity) - hotMargin } ?? false
    let throttled = facts.sample.throttled ?? 0
    if throttled > 0 { found.append("\(throttled) just now") }
    guard isHot || throttled > 0 else {
      // Without a limit or a counter a temperature alone says nothing.
      let isJudged = facts.throttleEvents != nil || facts.hottestLimit != nil
      return DoctorCheck("heat", isJudged ? .ok : .unknown, found.joined(separator: ", "), why: why)
    }
    return DoctorCheck(
      "heat", .warn, found.joined(separator: ", "), why: why,
      command: "sudo dmesg | grep -i -e thermal -e throttl")
  }

  /// Degrees below the limit at which CPUs begin to hold back.
  private static let hotMargin = 5.0

  static func clockSource(_ facts: HostFacts) -> DoctorCheck {
    let why = "a clock outside the CPU costs a microsecond a reading and is coarse"
    guard let source = facts.clockSource else {
      return DoctorCheck("clock_source", .unknown, "the kernel names none", why: why)
    }
    if fastClocks.contains(source) { return DoctorCheck("clock_source", .ok, source, why: why) }
    guard slowClocks.contains(source) else {
      return DoctorCheck("clock_source", .unknown, "\(source): not known here", why: why)
    }
    let better = facts.clockSources.first { fastClocks.contains($0) }
    let command =
      better.map {
        "echo \($0) | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"
      } ?? "sudo dmesg | grep -i -e tsc -e clocksource"
    return DoctorCheck("clock_source", .warn, source, why: why, command: command)
  }

  /// Read in user space; the others cost a system call or a bus access.
  private static let fastClocks: Set<String> = [
    "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "riscv_clocksource", "timebase",
  ]
  private static let slowClocks: Set<String> = [
    "hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", "xen", "hyperv_clocksource_msr",
  ]

  static func counters(_ facts: HostFacts) -> DoctorCheck {
    let why = "instructions and cache misses are empty columns without them"
    guard let level = facts.perfParanoid else {
      return DoctorCheck("counters", .unknown, "the kernel shows no perf_event_paranoid", why: why)
    }
    // Debian and Ubuntu know levels above 2, which shut out everyone but root.
    guard level <= 2 || facts.isRoot else {
      return DoctorCheck(
        "counters", .warn, "perf_event_paranoid is \(level)", why: why,
        command: "sudo sysctl kernel.perf_event_paranoid=2")
    }
    guard facts.hasCounters == true else {
      return DoctorCheck("counters", .unknown, "allowed, but the kernel shows no unit", why: why)
    }
    return DoctorCheck("counters", .ok, "allowed (level \(level))", why: why)
  }

  static func energy(_ facts: HostFacts) -> DoctorCheck {
    let why = "energy a row is an empty column without it"
    guard let readable = facts.energyReadable else {
      return DoctorCheck("energy", .unknown, "no RAPL counter shown", why: why)
    }
    return readable
      ? DoctorCheck("energy", .ok, "RAPL is readable", why: why)
      : DoctorCheck(
        "energy", .warn, "RAPL is for root only", why: why,
        command: "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj")
  }
}
