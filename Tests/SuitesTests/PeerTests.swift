// Peers before anything runs: their names, their rows, and who measures what in a crew.

import Foundation
import Machines
import Measurement
import Suites
import Testing

@Suite struct PeerTests {
  @Test("a peer is NAME=PATH with a name that a row may have and no run has")
  func names() throws {
    let peer = try Peer("openblas-0.3.34=/opt/a=b/libx.so", .library)
    #expect(peer.implementation.rawValue == "openblas-0.3.34" && peer.implementation.isPeer)
    #expect(peer.path == "/opt/a=b/libx.so" && peer.label == "openblas-0.3.34=libx.so")
    for text in ["mkl", "mkl=", "=x", "MKL=x", "1mkl=x", "m kl=x", "é=x", "swift=x", "openblas=x"] {
      #expect(throws: Peer.Fault.self) { try Peer(text, .library) }
    }
    #expect(Implementation(rawValue: String(repeating: "a", count: 33)) == nil)
    let text = try JSONEncoder().encode([Implementation.swift, peer.implementation])
    #expect(String(decoding: text, as: UTF8.self) == #"["swift","openblas-0.3.34"]"#)
    #expect(try JSONDecoder().decode([Implementation].self, from: text)[1] == peer.implementation)
  }

  @Test("each shape and type gets one row of each peer that has it, behind those of every run")
  func rows() throws {
    let peers = [try Peer("lib=/a", .library), try Peer("program=/b", .program)]
    func gemm(_ by: Implementation, _ type: DataType, _ layout: WeightLayout = .rowMajor) -> Case {
      var subject = Case(.gemm, .gemm(m: 1, n: 1, k: 1), id: "g", phase: .square, by: by)
      (subject.dataType, subject.layout) = (type, layout)
      return subject
    }
    let attention = Case(.attentionDecode, Shape(), id: "d", phase: .decode, by: .swift)
    let peak = Case(.fmaPeak, Shape(), id: "fma_peak", phase: .ceiling, by: .swift)
    let cases = [
      peak, gemm(.swift, .f32), gemm(.swift, .f32, .packed), gemm(.swift, .f64), gemm(.swift, .q4g32),
      gemm(.openblas, .f32), gemm(.openblas, .f64), attention,
    ]
    let all = Peer.add(peers, to: cases)
    #expect(all.filter { !$0.implementation.isPeer } == cases)
    #expect(
      all.filter(\.implementation.isPeer).map {
        "\($0.implementation.rawValue) \($0.shapeID) \($0.dataType)"
      } == [
        "lib g f32", "lib g f64", "program d f32",
      ])
    #expect(Peer.add([], to: cases) == cases)
  }

  @Test("threads of a peer are bound, and a team gets what one thread does not need")
  func environment() {
    var build = WorkerBuild(
      executable: "/x", arguments: [], environment: ["MKL_THREADING_LAYER": "SEQUENTIAL"])
    build.teamEnvironment = ["MKL_THREADING_LAYER": "GNU"]
    let one = Placement(name: "core0", kind: "core", cpus: CPUSet([3]), threads: 1)
    let two = Placement(name: "machine", kind: "machine", cpus: CPUSet([3, 5, 7]), threads: 2)
    #expect(build.environment(at: one)["OMP_PLACES"] == nil)
    build.peer = Implementation(rawValue: "mkl")
    #expect(build.environment(at: one)["MKL_THREADING_LAYER"] == "SEQUENTIAL")
    let team = build.environment(at: two)
    #expect(team["MKL_THREADING_LAYER"] == "GNU" && team["OMP_PLACES"] == "{3},{5}")
    #expect(team["OMP_NUM_THREADS"] == "2" && team["OPENBLAS_NUM_THREADS"] == "2")
  }

  @Test("the workers in Python speak this program's version of the worker protocol")
  func version() throws {
    var root = URL(filePath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let text = try String(
      contentsOf: root.appending(path: "scripts/peers/plimsoll_worker.py"), encoding: .utf8)
    #expect(text.contains("\nVERSION = \(WorkerProtocol.version) "))
  }
}
