// Who is compared with whom: across machines, by chosen columns, and what is blocked.

import Measurement
import Results
import Tables
import Testing

@Suite struct ComparisonMatchingTests {
  /// One row on one of two machines.
  private func file(_ machine: String, _ change: (inout ResultRow) -> Void = { _ in }) -> ComparisonInput {
    var row = sampleRow(key: "k-\(machine)", run: machine)
    row.machineId = machine
    row.pageMode = "default"
    row.dtypeAcc = "f32"
    change(&row)
    return ComparisonInput(name: machine, rows: [row])
  }

  @Test(
    "on two types of machine a row that differs in a blocking column is listed, unless the column is allowed",
    arguments: ["cache_mode", "page_mode", "dtype_acc", "blas_corename"])
  func blocked(column: String) throws {
    let other = file("m2") { row in
      switch column {
      case "cache_mode": row.cacheMode = "weights_cold"
      case "page_mode": row.pageMode = "madvise"
      case "dtype_acc": row.dtypeAcc = "bf16"
      default: row.blasCorename = "Zen"
      }
    }
    let comparison = Comparison(file("m1"), other)
    #expect(comparison.rows.isEmpty && comparison.onlyA.isEmpty && comparison.onlyB.isEmpty)
    #expect(comparison.blocked.map(\.columns) == [[column]])
    let allowed = Comparison(file("m1"), other, options: options { $0.allow = [column] })
    #expect(allowed.rows.count == 1 && allowed.blocked.isEmpty)
    #expect(!allowed.isSameMachine)
  }

  @Test("a row finds the partner of its own cache mode where there are two")
  func cacheModes() {
    func two(_ machine: String) -> ComparisonInput {
      let hot = file(machine).rows
      let cold = file(machine) {
        $0.cacheMode = "weights_cold"
        $0.rowKey += "c"
      }.rows
      return ComparisonInput(name: machine, rows: machine == "m1" ? hot + cold : cold + hot)
    }
    let comparison = Comparison(two("m1"), two("m2"))
    #expect(comparison.rows.map { $0.a.cacheMode == $0.b.cacheMode } == [true, true])
  }

  @Test("steps of a sweep, kinds of cores and numbers of replicas find their own kind on another machine")
  func kindsOfPlacement() {
    func many(_ machine: String, isReversed: Bool) -> ComparisonInput {
      var rows: [ResultRow] = []
      func add(_ name: String, _ kind: String, _ change: (inout ResultRow) -> Void) {
        var row = file(machine).rows[0]
        (row.rowKey, row.placement, row.placementKind) = (machine + name, name, kind)
        change(&row)
        rows.append(row)
      }
      for threads in [1, 2, 4, 8] { add("compact\(threads)", "sweep") { $0.threads = threads } }
      for kind in ["P", "E"] { add("kind_\(kind)", "kind") { $0.coreKind = kind } }
      for count in [2, 4] { add("l3x\(count)", "replicas") { $0.replicas = count } }
      // A whole package stays one, with more cores too.
      add("package0", "package") { $0.threads = isReversed ? 8 : 64 }
      return ComparisonInput(name: machine, rows: isReversed ? rows.reversed() : rows)
    }
    let comparison = Comparison(many("m1", isReversed: false), many("m2", isReversed: true))
    #expect(comparison.rows.count == 9 && comparison.repeated.isEmpty)
    #expect(comparison.rows.allSatisfy { $0.a.placement == $0.b.placement })
  }

  @Test("chosen columns match rows whose keys differ, and columns that vary inside a group are named")
  func columns() {
    let a = file("m1")
    var rows = [file("m1").rows[0], file("m1").rows[0]]
    for index in rows.indices {
      rows[index].rowKey = "x\(index)"
      rows[index].placement = "core\(index)"
    }
    let b = ComparisonInput(name: "b", rows: rows)
    #expect(Comparison(a, b).rows.isEmpty)
    let loose = Comparison(a, b, options: options { $0.match = ["kernel", "shape_id"] })
    #expect(loose.rows.count == 1 && loose.repeated.count == 1)
    #expect(loose.varying == ["placement"])
    let tight = Comparison(a, b, options: options { $0.match = ["kernel", "shape_id", "placement"] })
    #expect(tight.rows.count == 1 && tight.varying.isEmpty && tight.onlyB.count == 1)
  }

  // 2 threads against 4 in the same time: per thread the second does half. 2 of 4 cores against 4 of 32: the
  // second machine holds eight such places, the first two.
  @Test(
    "normalisation divides by what the machines have, and lists rows that lack the column",
    arguments: [
      (.none, 1), (.perThread, 2), (.perCore, 2), (.perGHz, 1.5), (.roofline, 2), (.machineTotal, 0.25),
    ] as [(Normalisation, Double)])
  func normalised(by normalisation: Normalisation, expected: Double) {
    let a = file("m1") {
      ($0.threads, $0.cores, $0.cpuMhzMean, $0.pctOfRoofline) = (2, 4, 2_000, 80)
    }
    let b = file("m2") {
      ($0.threads, $0.cores, $0.cpuMhzMean, $0.pctOfRoofline) = (4, 32, 3_000, 40)
    }
    let comparison = Comparison(a, b, options: options { $0.normalisation = normalisation })
    #expect(comparison.rows.map { abs($0.ratio - expected) < 1e-12 } == [true])
    let bare = file("m2") { ($0.threads, $0.cores, $0.cpuMhzMean, $0.pctOfRoofline) = (nil, nil, nil, nil) }
    let open = Comparison(a, bare, options: options { $0.normalisation = normalisation })
    #expect(open.rows.isEmpty == (normalisation != .none))
    #expect(open.blocked.count == (normalisation == .none ? 0 : 1))
  }

  @Test("planted slow-downs of either side are told")
  func planted() {
    let slow = file("m1") { $0.warnings = "a; " + PlantedSlowdown.warning(0.05) }
    #expect(Comparison(file("m1"), slow).planted == [PlantedSlowdown.warning(0.05)])
    #expect(Comparison(file("m1"), file("m1")).planted.isEmpty)
  }

  @Test("the tables for programs keep every figure and say which inputs they compare")
  func tables() {
    let comparison = Comparison(run("before", keys: 3, seed: 1), run("after", keys: 3, seed: 2))
    let lines = comparison.fullTable().render(.csv).split(separator: "\n")
    #expect(lines.count == 4 && lines[0].hasPrefix("reference,input,row_key,kernel"))
    #expect(lines[1].hasPrefix("before,after,k0,gemm"))
    #expect(comparison.fullTable(only: []).rows.isEmpty)
    #expect(comparison.shortTable().render(.table).split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(comparison.summaryTable().rows.count == 1)
  }
}
