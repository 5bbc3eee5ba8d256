// Gathers what the doctor judges on the running host: the kernel's files, a second of watching, OpenBLAS's kernels.

import Foundation
import Machines
import Measurement
import Suites

/// How the running host is looked at.
struct HostExamination {
  /// True leaves out stolen time and the timing of OpenBLAS's kernels, and watches for a fifth of a second.
  let isQuick: Bool

  /// The facts of this host; `folder` is the one meant for results.
  func facts(_ machine: Machine, folder: String) -> HostFacts {
    let environment = ProcessInfo.processInfo.environment
    let files = HostFiles()
    var facts = HostFacts(files, machine: machine, environment: environment)
    facts.folder = HostFacts.Folder(lookingAt: folder)
    facts.wantedMemory = wantedMemory(machine)
    facts.sample = watch(files, facts.allowed)
    facts.blas = isQuick ? loadedBLAS(machine, environment) : probedBLAS(machine, environment)
    return facts
  }

  /// The warnings of a run that is about to start, most harmful first. The run judges its BLAS by itself.
  private static func warnings(_ machine: Machine, folder: String) -> [DoctorCheck] {
    let facts = HostExamination(isQuick: true).facts(machine, folder: folder)
    return Doctor.examine(facts).filter { $0.answer == .warn && $0.name != "blas" }
  }

  /// Says the first three warnings; returns all of them, marked as the meta file keeps them.
  ///
  /// - Parameter isQuiet: true = only what makes the run another run: a mask that hides most of the machine.
  static func tell(_ machine: Machine, folder: String, isQuiet: Bool = false) -> [String] {
    let all = warnings(machine, folder: folder)
    let shown = isQuiet ? all.filter { $0.name == mask } : Array(all.prefix(3))
    for (index, warning) in shown.enumerated() {
      // The mask is the trap of mpirun and srun: a whole node measured as one core. Its fix stands beside it.
      let fix = warning.name == mask ? warning.command.map { "; mended by: \($0)" } ?? "" : ""
      let more = index == 2 && all.count > 3 ? " (and \(all.count - 3) more: plimsoll doctor)" : ""
      StandardError.write("doctor: \(warning.short)\(fix)\(more)")
    }
    return all.map { mark + $0.short }
  }

  private static let mask = "cpu_mask"

  /// What the doctor's warnings begin with in a meta file.
  static let mark = "doctor: "

  /// A case takes at most a quarter of the free memory; the largest is the probe of main memory.
  private func wantedMemory(_ machine: Machine) -> Int? {
    let cases = Suite.quick(on: machine, cpus: machine.allowed, availableMemory: nil).cases
    return cases.first { $0.shapeID == "read_dram" }?.shape.bytes.map { 4 * $0 }
  }

  /// First others are watched while this process sleeps, then the hypervisor while all CPUs are wanted.
  private func watch(_ files: HostFiles, _ cpus: CPUSet?) -> HostFacts.Sample {
    let start = KernelCounters(files, cpus: cpus)
    Thread.sleep(forTimeInterval: isQuick ? 0.2 : 0.5)
    let asleep = KernelCounters(files, cpus: cpus)
    guard !isQuick else { return HostFacts.Sample(from: start, asleep: asleep) }
    let end = Date().addingTimeInterval(0.5)
    DispatchQueue.concurrentPerform(iterations: max(1, cpus?.count ?? 1)) { _ in
      while Date() < end {}
    }
    return HostFacts.Sample(from: start, asleep: asleep, awake: KernelCounters(files, cpus: cpus))
  }

  /// The kernels that the library chose when it was loaded into this process.
  private func loadedBLAS(_ machine: Machine, _ environment: [String: String]) -> HostFacts.BLAS {
    let name = CoreTypeChoice.loadedCorename
    return HostFacts.BLAS(
      corename: name, requested: exported(environment),
      isGeneric: CoreTypeChoice.isGeneric(name, on: machine))
  }

  /// The same with the rates of all candidates, each in a short process of its own.
  private func probedBLAS(_ machine: Machine, _ environment: [String: String]) -> HostFacts.BLAS {
    var blas = loadedBLAS(machine, environment)
    guard let cpu = machine.allowed.cpus.last else { return blas }
    let core = Placement(name: "probe", kind: "core", cpus: CPUSet([cpu]), threads: 1)
    let plan = RunPlan(
      cases: [], placements: [core], processes: 1, sampling: SamplingPlan(), seed: 1,
      isa: machine.bestInstructionSet, lastLevelCacheBytes: machine.lastLevelCacheBytes, memoryLimit: nil)
    var names = CoreTypeChoice.names(for: machine)
    if !names.contains(blas.requested) { names.append(blas.requested) }
    let choice = CoreTypeChoice.probe(
      names, plan: plan, placement: core, executable: ownExecutable, arguments: ["worker"],
      environment: environment, observer: ProbeObserver())
    guard let used = choice.candidates.first(where: { $0.requested == blas.requested }) else { return blas }
    blas.rate = used.rate
    if let best = choice.best, best.isClearlyFaster(than: used) {
      blas.best = HostFacts.BLAS.Best(requested: best.requested, corename: best.corename, rate: best.rate)
    }
    return blas
  }

  private func exported(_ environment: [String: String]) -> String? {
    environment["OPENBLAS_CORETYPE"].flatMap { $0.isEmpty ? nil : $0 }
  }
}
