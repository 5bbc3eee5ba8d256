// The runner against workers that are shell scripts: what a real kernel does only on a broken machine,
// a script does on demand.

import Foundation
import Machines
import Measurement
import Suites
import Testing

/// Records what the runner says.
private final class Recorder: RunObserver {
  var workers = 0
  var reports: [CaseReport] = []
  var replicates = 0
  var controls: [ControlReport] = []
  var shouldStop = false
  func workerStarted(_ facts: WorkerFacts, at placement: Placement) { workers += 1 }
  func finished(_ report: CaseReport, subject: Case, placement: Placement) { reports.append(report) }
  func replicateFinished(_ process: Int, outcomes: [Outcome]) { replicates += 1 }
  func controlFinished(_ report: ControlReport, process: Int, at placement: Placement) {
    controls.append(report)
  }
}

@Suite struct RunnerTests {
  private let place = Placement(
    name: "machine", kind: "machine", cpus: ProcessBinding.current() ?? CPUSet([0]), threads: 1)

  private func plan(cases: Int, processes: Int) -> RunPlan {
    RunPlan(
      cases: (0..<cases).map {
        Case(.gemm, .gemm(m: $0 + 1, n: 1, k: 1), id: "c\($0)", phase: .square, by: .swift)
      },
      placements: [place], processes: processes, sampling: SamplingPlan(), seed: 1, isa: .baseline,
      lastLevelCacheBytes: 0, memoryLimit: nil)
  }

  private func text(_ message: WorkerMessage) throws -> String {
    String(decoding: try message.line().dropLast(), as: UTF8.self)
  }

  /// The messages of a worker as the variables of a script: $HELLO, $FACTS, and $BEGAN0, $OK0 … for each case.
  private func words(_ plan: RunPlan, in folder: String, name: String = "none") throws -> [String: String] {
    let blas = BLASFacts(name: name, version: "", corename: "", config: "", threads: 1)
    let clock = ClockQuality(of: MonotonicTime(), readings: 10)
    var environment = ["PATH": "/usr/bin:/bin", "DIR": folder, "NAME": name]
    environment["HELLO"] = try text(.hello(protocolVersion: WorkerProtocol.version))
    environment["FACTS"] = try text(.facts(WorkerFacts(process: 0, blas: blas, mask: nil, clock: clock)))
    for index in plan.cases.indices {
      var report = CaseReport(index: index, status: .ok)
      report.samples = [Sample(start: 0, seconds: 1)]
      environment["BEGAN\(index)"] = try text(.began(index))
      environment["OK\(index)"] = try text(.report(report))
    }
    return environment
  }

  /// Runs a plan with a script that finds the messages in $FACTS, $BEGAN0, $OK1 … and $COUNT, the number of
  /// workers started before it.
  private func run(
    _ plan: RunPlan, _ recorder: Recorder, from earlier: [Outcome]? = nil, script: String,
    readsJob: String? = nil
  ) throws -> [Outcome] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let environment = try words(plan, in: folder.path())
    let counted = #"""
      COUNT=$(cat "$DIR/count" 2>/dev/null || echo 0); cat > "$DIR/job$COUNT"; echo $((COUNT + 1)) > "$DIR/count"
      say() { printf '%s\n' "$@"; }; say "$HELLO" "$FACTS"

      """#
    let greeting = #"; say() { printf '%s\n' "$@"; }; say "$HELLO" "$FACTS"; "#
    let opening = readsJob.map { $0 + greeting } ?? counted
    return Runner(plan, executable: "/bin/sh", arguments: ["-c", opening + script], environment: environment)
      .run(recorder, from: earlier ?? plan.outcomes())
  }

  @Test("a run that goes on measures the processes that are missing, and those only")
  func resumed() throws {
    let plan = plan(cases: 1, processes: 4)
    var earlier = plan.outcomes()
    for process in 0..<2 {
      var report = CaseReport(index: 0, status: .ok)
      report.process = process
      report.samples = [Sample(start: 0, seconds: 1)]
      earlier[0].reports.append(report)
    }
    let recorder = Recorder()
    let outcomes = try run(plan, recorder, from: earlier, script: #"say "$BEGAN0" "$OK0""#)
    #expect(recorder.workers == 2)
    #expect(outcomes[0].reports.map(\.process) == [0, 1, 2, 3])
  }

  @Test("a case that kills its worker fails with the signal, the others are measured by a new worker")
  func dyingWorker() throws {
    let recorder = Recorder()
    let outcomes = try run(
      plan(cases: 2, processes: 2), recorder,
      script: #"""
        if [ $COUNT = 0 ]; then say "$BEGAN0"; echo boom >&2; kill -ILL $$; fi
        say "$BEGAN1" "$OK1"
        """#)
    #expect(outcomes[0].reports.map(\.status) == [.failed])
    #expect(outcomes[0].reports.first?.detail.contains("signal 4") == true)
    #expect(outcomes[0].reports.first?.detail.contains("boom") == true)
    #expect(outcomes[1].reports.map(\.status) == [.ok, .ok])
    #expect(outcomes[1].reports.map(\.process) == [0, 1])
    #expect(recorder.workers == 3)  // one died; the failed case is not asked of the second process
    #expect(recorder.replicates == 2)
  }

  /// A script worker that takes turns: it waits before its case and logs its name when it is let on.
  private func stepped(_ name: String, _ folder: String, _ plan: RunPlan, case script: String) throws
    -> WorkerBuild
  {
    var environment = try words(plan, in: folder, name: name)
    for round in 0...2 {
      environment["READY\(round)"] = try text(.ready(Turn(group: 0, round: round, slot: 0)))
    }
    let opening = #"""
      read -r JOB; say() { printf '%s\n' "$@"; }; say "$HELLO" "$FACTS"
      turn() { case "$JOB" in *'"isStepped":true'*) say "$1"; read -r WORD; test "$WORD" = go || exit 7;; esac
        printf "$NAME" >> "$DIR/order"; }

      """#
    return WorkerBuild(
      executable: "/bin/sh", arguments: ["-c", opening + script], environment: environment)
  }

  private func pair(
    _ plan: RunPlan, _ scripts: [String]
  ) throws -> (outcomes: [[Outcome]], faults: [String?], order: String, recorders: [Recorder]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let builds = try zip(["a", "b"], scripts).map { try stepped($0, folder.path(), plan, case: $1) }
    let recorders = [Recorder(), Recorder()]
    let runner = Runner(plan, builds: builds)
    let outcomes = runner.run(recorders, from: recorders.map { _ in plan.outcomes() })
    let order = try String(contentsOf: folder.appending(path: "order"), encoding: .utf8)
    return (outcomes, runner.faults(), order, recorders)
  }

  @Test("two builds take turns, and who begins changes with the round and with the process")
  func pair() throws {
    let script = #"turn "$READY0"; turn "$READY1"; turn "$READY2"; say "$BEGAN0" "$OK0""#
    let found = try pair(plan(cases: 1, processes: 2), [script, script])
    #expect(found.order == "abbaab" + "baabba")
    for (side, name) in [(0, "a"), (1, "b")] {
      #expect(found.outcomes[side][0].reports.map(\.process) == [0, 1])
      #expect(found.outcomes[side][0].worker?.blas.name == name)
      #expect(found.recorders[side].replicates == 2 && found.recorders[side].workers == 2)
    }
    #expect(found.faults == [nil, nil])
  }

  @Test("a row that kills one build is finished by the other once, and then left; other rows go on with both")
  func pairWithDeath() throws {
    let whole = #"turn "$READY0"; say "$BEGAN0" "$OK0"; turn "$READY1"; say "$BEGAN1" "$OK1""#
    let dying = #"""
      turn "$READY0"
      case "$JOB" in *'"groups":[[0'*|*',[0'*) say "$BEGAN0"; kill -ILL $$;; esac
      turn "$READY1"; say "$BEGAN1" "$OK1"
      """#
    var plan = plan(cases: 2, processes: 2)
    plan.seed = 2
    let found = try pair(plan, [whole, dying])
    #expect(found.outcomes[0][0].reports.map(\.status) == [.ok])
    #expect(found.outcomes[1][0].reports.map(\.status) == [.failed])
    #expect(found.outcomes[0][1].reports.map(\.process) == [0, 1])
    #expect(found.outcomes[1][1].reports.map(\.process) == [0, 1])
  }

  @Test(
    "a pair is settled by its quotients: sides that jump together need no more, one that jumps alone does")
  func pairNoise() throws {
    /// Runs 4 to 8 processes; `value(side, process)` is the time that a side reports.
    func processes(_ value: (Int, Int) -> String) throws -> [Int] {
      var plan = plan(cases: 1, processes: 4)
      plan.stop.maximumProcesses = 8
      plan.stop.acceptsStableNoise = false
      var report = CaseReport(index: 0, status: .ok)
      report.samples = [Sample(start: 0, seconds: 777)]
      let line = try text(.report(report))
      let scripts = [0, 1].map { side in
        let cases = (0..<8).map { "\($0)) T=\(value(side, $0));;" }.joined(separator: " ")
        return """
          N=$(printf '%s' "$JOB" | grep -o '"process":[0-9]*' | tr -dc 0-9)
          case $N in \(cases) esac
          turn "$READY0"; say "$BEGAN0"; printf '%s\\n' '\(line)' | sed "s/777/$T/"
          """
      }
      return try pair(plan, scripts).outcomes.map { $0[0].reports.count }
    }
    #expect(try processes { _, process in process.isMultiple(of: 2) ? "1" : "1.5" } == [4, 4])
    #expect(
      try processes { side, process in side == 0 || process.isMultiple(of: 2) ? "1" : "1.5" } == [8, 8])
  }

  /// Runs a plan of one row of ours and one of each peer, all of one group, with a script for each build.
  private func crew(
    _ scripts: [String], peers: [String], processes: Int
  ) throws -> (outcomes: [Outcome], order: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var plan = plan(cases: 0, processes: processes)
    let names = [Implementation.swift] + peers.compactMap { Implementation(rawValue: $0) }
    plan.cases = names.map { Case(.gemm, .gemm(m: 1, n: 1, k: 1), id: "c", phase: .square, by: $0) }
    var builds = try zip(names, scripts).map { name, script in
      var build = try stepped(name.rawValue, folder.path(), plan, case: script)
      build.peer = name.isPeer ? name : nil
      return build
    }
    let main = builds.removeFirst()
    let outcomes = Runner(plan, build: main, peers: builds).run([Recorder()], from: [plan.outcomes()])[0]
    return (outcomes, try String(contentsOf: folder.appending(path: "order"), encoding: .utf8))
  }

  @Test("peers fill their own rows of one list, in turns with ours")
  func peers() throws {
    let scripts = (0...2).map {
      #"turn "$READY0"; turn "$READY1"; turn "$READY2"; say "$BEGAN\#($0)" "$OK\#($0)""#
    }
    let found = try crew(scripts, peers: ["p", "q"], processes: 2)
    #expect(found.order == "swiftpqqpswiftswiftpq" + "qpswiftswiftpqqpswift")
    for (index, name) in ["swift", "p", "q"].enumerated() {
      #expect(found.outcomes[index].reports.map(\.process) == [0, 1])
      #expect(found.outcomes[index].worker?.blas.name == name)
    }
    #expect(found.outcomes[0].worker?.peer == nil && found.outcomes[1].worker?.peer?.rawValue == "p")
  }

  @Test("a peer that cannot be started or dies fails on its own rows; all others go on")
  func peerDeath() throws {
    let whole = #"turn "$READY0"; turn "$READY1"; say "$BEGAN0" "$OK0""#
    let dying = #"turn "$READY0"; turn "$READY1"; say "$BEGAN1"; kill -SEGV $$"#
    let stillborn = #"echo no such module >&2; exit 3"#
    let found = try crew([whole, dying, stillborn], peers: ["p", "q"], processes: 2)
    #expect(found.outcomes[0].reports.map(\.status) == [.ok, .ok])
    #expect(found.outcomes[1].reports.map(\.status) == [.failed])
    #expect(found.outcomes[1].reports.first?.detail.contains("signal 11") == true)
    #expect(found.outcomes[2].reports.map(\.status) == [.failed])
    #expect(found.outcomes[2].reports.first?.detail == "the worker ended with status 3: no such module")
  }

  @Test("what is no build says why before anything is measured")
  func faults() {
    let plan = plan(cases: 1, processes: 1)
    let builds = ["/nonexistent/plimsoll", "/bin/true"].map {
      WorkerBuild(executable: $0, arguments: ["worker"], environment: [:])
    }
    let faults = Runner(plan, builds: builds).faults()
    #expect(faults[0]?.contains("could not be started") == true)
    #expect(faults[1] == "it says nothing of a worker")
  }

  @Test("a worker that says nothing is given up and its case times out")
  func silentWorker() throws {
    var plan = plan(cases: 1, processes: 1)
    plan.silence = 1
    let outcomes = try run(plan, Recorder(), script: #"say "$BEGAN0"; exec sleep 30"#)
    #expect(outcomes[0].reports.map(\.status) == [.timeout])
  }

  @Test("clocks of many cores are given longer to settle")
  func settling() {
    func seconds(_ kind: String, _ threads: Int) -> Double {
      RunPlan.settling(Placement(name: "p", kind: kind, cpus: CPUSet(Array(0..<threads)), threads: threads))
    }
    #expect(seconds("core", 1) == 0.3 && seconds("machine", 1) == 0.3)
    #expect(seconds("l3", 8) == 1 && seconds("machine", 8) == 1 && seconds("numa", 64) == 1)
    #expect(seconds("machine", 9) == 3 && seconds("package", 64) == 3)
  }

  @Test("the silence that is allowed grows with the work of the row")
  func patience() {
    let plan = plan(cases: 1, processes: 1)
    func seconds(_ subject: Case?) -> Int { plan.patience(for: subject, lastLevelCacheBytes: 1 << 30) }
    let large = Case(.gemm, .gemm(m: 10_000, n: 10_000, k: 10_000), id: "l", phase: .square, by: .swift)
    var cold = plan.cases[0]
    cold.cacheMode = .cold
    #expect(seconds(nil) == 60 && seconds(plan.cases[0]) == 60)
    #expect((60 + 4_000...60 + 4_010).contains(seconds(large)))  // 2e12 FLOP twice at 1e9 a second
    #expect(seconds(cold) == 60 + 34)  // 8 GiB of rotating sets at 250 MB/s
  }

  @Test("workers that never get to a case do not go round for ever")
  func stillborn() throws {
    let recorder = Recorder()
    let outcomes = try run(plan(cases: 3, processes: 1), recorder, script: "echo broken >&2; exit 9")
    #expect(outcomes.allSatisfy { $0.reports.map(\.status) == [.failed] })
    #expect(outcomes[2].reports.first?.detail == "the worker ended with status 9: broken")
    #expect(recorder.workers == 2)
  }

  @Test("chatter between the messages is ignored, and a stop keeps what was measured")
  func stop() throws {
    let recorder = Recorder()
    final class Stopper: RunObserver {
      let inner: Recorder
      init(_ inner: Recorder) { self.inner = inner }
      var shouldStop: Bool { !inner.reports.isEmpty }
      func workerStarted(_ facts: WorkerFacts, at placement: Placement) {}
      func finished(_ report: CaseReport, subject: Case, placement: Placement) {
        inner.reports.append(report)
      }
      func replicateFinished(_ process: Int, outcomes: [Outcome]) {}
    }
    let plan = plan(cases: 2, processes: 1)
    let outcomes = try runStopping(plan, Stopper(recorder))
    #expect(outcomes[0].reports.map(\.status) == [.ok])
    #expect(outcomes[1].reports.isEmpty)
  }

  private func runStopping(_ plan: RunPlan, _ observer: any RunObserver) throws -> [Outcome] {
    var report = CaseReport(index: 0, status: .ok)
    report.samples = [Sample(start: 0, seconds: 1)]
    return Runner(
      plan, executable: "/bin/sh",
      arguments: [
        "-c", #"cat > /dev/null; echo "a library's greeting"; printf '%s\n' "$HELLO" "$OK"; exec sleep 30"#,
      ],
      environment: [
        "PATH": "/usr/bin:/bin", "OK": try text(.report(report)),
        "HELLO": try text(.hello(protocolVersion: WorkerProtocol.version)),
      ]
    ).run(observer, from: plan.outcomes())
  }

  @Test("when the time is over the remaining replicates are given up and rows need fewer processes")
  func budget() throws {
    var plan = plan(cases: 1, processes: 5)
    plan.timeBudget = 0.001
    let recorder = Recorder()
    let outcomes = try run(plan, recorder, script: #"say "$BEGAN0" "$OK0""#)
    #expect(recorder.replicates == 1)
    #expect(outcomes[0].processesWanted == 1)
  }

  /// Scripts that answer with times 1 + 0.2·(COUNT mod 3) for case 0 and 1 for case 1; $ASKED tells the groups.
  private let uneven = #"""
    grep -q '"groups":\[[^a-z]*0' "$DIR/job$COUNT" && { say "$BEGAN0"; printf "$OK0\n" | sed "s/\"seconds\":1/\"seconds\":1.$((COUNT % 3 * 2))/g"; }
    grep -q '"groups":\[[^a-z]*1' "$DIR/job$COUNT" && say "$BEGAN1" "$OK1"
    true
    """#

  @Test("after the minimum only rows that are not settled get further processes")
  func adaptive() throws {
    var plan = plan(cases: 2, processes: 2)
    plan.stop.maximumProcesses = 4
    let outcomes = try run(plan, Recorder(), script: uneven)
    #expect(outcomes[1].reports.map(\.process) == [0, 1])
    #expect(outcomes[1].stopReason == .ci)
    #expect(outcomes[0].reports.map(\.process) == [0, 1, 2, 3])
    #expect(outcomes[0].stopReason == .maxSamples)
    #expect(outcomes.allSatisfy { $0.processesWanted == 2 })
  }

  @Test("with fail-fast the first failure ends the run")
  func failFast() throws {
    var plan = plan(cases: 2, processes: 2)
    plan.failFast = true
    let recorder = Recorder()
    let outcomes = try run(
      plan, recorder,
      script: #"if [ $COUNT = 0 ]; then say "$BEGAN0"; kill -ILL $$; fi; say "$BEGAN1" "$OK1""#)
    #expect(recorder.reports.map(\.status) == [.failed])
    #expect(recorder.workers == 1)
    #expect(outcomes[1].reports.isEmpty)
  }

  @Test("the control rows of all processes give every row of the placement its A/A floor")
  func control() throws {
    let first = try text(.control(ControlReport(first: [1], last: [1.5])))
    let outcomes = try run(
      plan(cases: 2, processes: 1), Recorder(), script: #"say "$OK0" "$OK1" '\#(first)'"#)
    #expect(outcomes.map(\.aaFloor) == [0.5, 0.5])
  }

  @Test("the control rows of earlier processes count beside those of a resumed run, and each is told once")
  func resumedControl() throws {
    let plan = plan(cases: 1, processes: 2)
    var earlier = plan.outcomes()
    var report = CaseReport(index: 0, status: .ok)
    report.samples = [Sample(start: 0, seconds: 1)]
    earlier[0].reports = [report]
    let first = ControlReport(first: [1, 1], last: [1.5, 1.5])
    earlier[0].control = ControlRow([first])
    let second = ControlReport(first: [2], last: [2.5])
    let recorder = Recorder()
    let outcomes = try run(
      plan, recorder, from: earlier, script: #"say "$OK0" '\#(try text(.control(second)))'"#)
    #expect(outcomes[0].control.reports == [first, second])
    #expect(recorder.controls == [second])
  }

  @Test("replicas are started together, and a row has one report of all of them")
  func replicas() throws {
    var plan = plan(cases: 1, processes: 2)
    let cpu = ProcessBinding.current()?.cpus.first ?? 0
    plan.placements = [
      Placement(
        name: "per_l3", kind: "replicas", cpus: CPUSet([cpu]), threads: 2,
        replicaSets: [CPUSet([cpu]), CPUSet([cpu])])
    ]
    let turn = try text(.ready(Turn(group: 0, round: 0, slot: 0)))
    let recorder = Recorder()
    let outcomes = try run(
      plan, recorder, script: #"say '\#(turn)'; read -r WORD; test "$WORD" = go && say "$BEGAN0" "$OK0""#,
      readsJob: #"read -r JOB; COUNT=0; true"#)
    #expect(outcomes[0].reports.map(\.status) == [.ok, .ok])
    #expect(outcomes[0].reports.map(\.process) == [0, 1])
    #expect(recorder.workers == 2)
  }
}
