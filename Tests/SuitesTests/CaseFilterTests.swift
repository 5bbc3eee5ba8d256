// The language of --filter and --skip, lists of numbers, and suite files.

import Machines
import Measurement
import Quantities
import Suites
import Tables
import Testing

private let core = Placement(name: "core0", kind: "core", cpus: CPUSet([0]), threads: 1, aliases: ["l2_0"])

private func product(
  _ m: Int, phase: Phase, by implementation: Implementation = .swift, model: String = ""
) -> Case {
  var subject = Case(
    .gemm, .gemm(m: m, n: 64, k: 32), id: "gemm_m\(m)", phase: phase, by: implementation,
    cacheMode: phase == .decode ? .weightsCold : .hot)
  if !model.isEmpty { subject.use = ModelUse(model: model, layer: "o_proj") }
  return subject
}

private let cases = [
  product(1, phase: .decode, model: "Llama-3.1-8B"), product(1, phase: .decode, by: .openblas),
  product(8, phase: .decode), product(64, phase: .prefill, model: "Qwen3-8B"), product(100, phase: .square),
]

@Suite struct CaseFilterTests {
  @Test(
    "a filter keeps what it says",
    arguments: [
      ("phase:decode", [0, 1, 2]), ("phase:decode impl:swift", [0, 2]), ("phase:decode AND -impl:swift", [1]),
      ("phase:prefill OR phase:square", [3, 4]), ("phase:(prefill OR square)", [3, 4]),
      ("m:1-64 -m:8", [0, 1, 3]), ("m:1-64*2", [0, 1, 2, 3]), ("m:100,8", [2, 4]), ("m:>=64", [3, 4]),
      ("m:<8", [0, 1]), ("model:/^Llama/", [0]), ("model:/8B$/ -model:llama-3.1-8b", [3]),
      ("-(phase:decode OR m:100)", [3]), ("cache:weights-cold m:8", [2]), ("placement:l2_0 m:8", [2]),
      ("phase:decode m:1 OR m:100", [0, 1, 4]), ("--m:8", [2]), ("layer:\"o_proj\" phase:prefill", [3]),
      ("shape:/m1(00)?$/", [0, 1, 4]), ("dtype:f32 kernel:gemm k:32", [0, 1, 2, 3, 4]),
    ])
  func keeps(text: String, wanted: [Int]) throws {
    let filter = try CaseFilter(text)
    #expect(cases.indices.filter { filter.matches(cases[$0], at: core) } == wanted)
    #expect(filter.unknown(cases, [core]) == nil)
  }

  @Test(
    "a mistake in a filter is told with its place",
    arguments: [
      ("phase", 6, "'phase' has no value"), ("m:1 shape", 10, "'shape' has no value"),
      ("phse:decode", 1, "did you mean phase?"), ("(m:1", 5, "never closed"), ("m:1)", 4, "')' without '('"),
      ("m:1 OR", 7, "missing"), ("shape:/(/", 10, "not a regular expression"),
      ("shape:/abc", 11, "never closed"), ("m:1,b", 5, "whole number"), ("m:8-1", 3, "does not grow"),
      ("model:\"x", 9, "never closed"), ("m:", 3, "missing"), ("k:1-64*1", 3, "never ends"),
      ("phase:(decode", 14, "never closed"), ("m:>x", 5, "'x' is not a number"),
    ])
  func mistakes(text: String, position: Int, words: String) throws {
    let fault = #expect(throws: InputError.self) { try CaseFilter(text) }
    #expect(fault?.column == position, "\(text)")
    #expect(fault.map { "\($0.fault); \($0.advice)".contains(words) } == true, "\(text)")
  }

  @Test("a hostile filter is refused, not followed into the depths")
  func hostile() {
    #expect(throws: InputError.self) { try CaseFilter(String(repeating: "(", count: 3_000)) }
    #expect(throws: InputError.self) { try CaseFilter(String(repeating: "m:1 ", count: 3_000)) }
  }

  @Test("a name that no case has comes back with its nearest; patterns and numbers may miss")
  func unknown() throws {
    let filter = try CaseFilter("m:7 OR shape:/nothing/ OR model:Qwen3-9B")
    let unknown = try #require(filter.unknown(cases, [core]))
    #expect(unknown.what == "model" && unknown.name == "Qwen3-9B" && unknown.nearest.first == "Qwen3-8B")
  }

  @Test(
    "lists hold numbers and ranges in order, each once",
    arguments: [
      ("1,8,64", [1, 8, 64]), ("1-64*2", [1, 2, 4, 8, 16, 32, 64]), ("16-48+16,3", [16, 32, 48, 3]),
      ("1-3,2-4", [1, 2, 3, 4]), ("5", [5]), ("3-20*3", [3, 9]),
    ])
  func lists(text: String, values: [Int]) throws {
    #expect(try NumberList(text).values == values)
  }

  @Test(
    "a list that is none, or has no end, is refused",
    arguments: ["", "a", "1,,2", "0-8*2", "1-9+0", "1-5000", "-3"])
  func noLists(text: String) {
    #expect(throws: NumberList.Fault.self) { try NumberList(text) }
  }
}

@Suite struct ShapeTableTests {
  private func read(_ text: String) throws -> [Case] {
    try ShapeTable.cases(Array(text.utf8), file: "mine.csv")
  }

  @Test("a suite file needs only names and sizes; both implementations run each row")
  func small() throws {
    let cases = try read(
      """
      kernel,shape_id,m,n,k,heads_q,heads_kv,head_dim,seq_kv,model,calls_per_pass
      gemm,a,1,2,3,,,,,,
      attention_decode,b,,,,8,2,64,100,Llama,32

      """)
    #expect(cases.count == 4)
    #expect(cases[0] == Case(.gemm, .gemm(m: 1, n: 2, k: 3), id: "a", phase: .square, by: .swift))
    #expect(cases[1].implementation == .openblas)
    let decode = Shape.attention(
      batch: 1, headsQ: 8, headsKV: 2, headDim: 64, seqQ: 1, seqKV: 100, causal: true)
    #expect(cases[2].shape == decode)
    #expect(cases[2].cacheMode == .weightsCold && cases[2].phase == .decode)
    #expect(cases[2].use == ModelUse(model: "Llama", callsPerPass: 32))
  }

  @Test(
    "attention has windows, values of another size and caches; those of plain rows of floats are not told")
  func attention() throws {
    let cases = try read(
      """
      kernel,shape_id,heads_q,heads_kv,head_dim,head_dim_v,seq_q,seq_kv,window,kv_dtype,block_keys,keys_turned,latent
      attention_prefill,a,8,2,192,128,4,100,16,,,,
      attention_decode,b,8,2,64,,,100,,i8,32,1,
      attention_decode,c,8,1,576,512,,100,,bf16,,,1
      attention_decode,d,8,2,64,64,,100,,f32,,0,0

      """)
    let shapes = cases.filter { $0.implementation == .swift }.map(\.shape)
    var wanted = [(2, 192, 4), (2, 64, 1), (1, 576, 1), (2, 64, 1)].map { keys, dim, queries in
      Shape.attention(
        batch: 1, headsQ: 8, headsKV: keys, headDim: dim, seqQ: queries, seqKV: 100, causal: true)
    }
    (wanted[0].headDimV, wanted[0].window) = (128, 16)
    (wanted[1].cacheType, wanted[1].blockKeys, wanted[1].keysTurned) = (.i8, 32, true)
    (wanted[2].headDimV, wanted[2].cacheType, wanted[2].latent) = (512, .bf16, true)
    #expect(shapes == wanted)
    #expect(cases.count == 8, "OpenBLAS has a row beside each, if only to say that it has no such kernel")
    #expect(cases.map { $0.refusal != nil } == [false, false, false, true, false, true, false, false])
    let bytes = try CaseFilter("dtype:kv_i8")
    #expect(cases.count { bytes.matches($0, at: core) } == 2)
  }

  @Test("a cache's bytes are those that rotate, and a window leaves some of them unread")
  func cacheBytes() throws {
    let cases = try read(
      """
      kernel,shape_id,batch,heads_q,heads_kv,head_dim,head_dim_v,seq_kv,window,kv_dtype,latent
      attention_decode,a,3,8,2,64,,100,,,
      attention_decode,b,3,8,2,64,32,100,10,i8,
      attention_decode,c,3,8,1,64,32,100,,bf16,1

      """
    ).filter { $0.implementation == .swift }
    #expect(cases.map(\.weightBytes) == [3 * 2 * 100 * 512, 3 * 2 * 10 * (96 + 8), 3 * 100 * 128])
    let work = Work(flop: .zero, bytes: Bytes(1e6))
    #expect(cases.map { $0.heldBytes(work) } == [1e6, 1e6 + 3 * 2 * 90 * (96 + 8), 1e6])
  }

  @Test("element-wise rows need rows and columns, rotary ones heads; OpenBLAS runs none of them")
  func elementwise() throws {
    let cases = try read(
      """
      kernel,shape_id,m,n,k,heads_q,head_dim,phase,cache,causal
      rmsnorm,a,3,4096,,,,decode,,
      rope_interleaved,b,5,,,8,64,,,
      softmax,c,3,9,,,,,cold,1
      router_top_k,d,3,64,6,,,,,

      """)
    #expect(cases.map(\.implementation) == [.swift, .swift, .swift, .swift])
    #expect(cases[0] == Case(.rmsnorm, .rows(3, columns: 4096), id: "a", phase: .decode, by: .swift))
    #expect(cases[1].shape == .rope(tokens: 5, heads: 8, headDim: 64) && cases[1].phase == .prefill)
    #expect(cases[2].shape == .rows(3, columns: 9, causal: true) && cases[2].cacheMode == .cold)
    #expect(cases[3].shape == .rows(3, columns: 64, top: 6))
  }

  @Test(
    "a fault in a suite file has its line and column",
    arguments: [
      ("shape_id,kernel,m,n,q\n", "mine.csv:1:21: unknown column 'q'"),
      ("kernel,m,n,k\n", "mine.csv:1: column 'shape_id' is missing"),
      ("shape_id,kernel,m,n,k\n", "mine.csv:1: the suite has no rows"),
      (
        "shape_id,kernel,m,n,k\na,gem,1,2,3\n",
        "mine.csv:2:3: kernel: unknown kernel 'gem'; did you mean gemm, grouped_gemm?"
      ),
      ("shape_id,kernel,m,n,k\na,gemm,1,,3\n", "mine.csv:2:10: n: empty"),
      ("shape_id,kernel,m,n,k\na,gemm,1,2,-3\n", "mine.csv:2:12: k: '-3' is no plain text"),
      ("shape_id,kernel,m,n,k\na,gemm,1,2,0\n", "mine.csv:2:12: k: '0' is not a whole number"),
      ("shape_id,kernel,m,n,k\na,gemm,99999999,99999999,3\n", "an operand would have"),
      ("shape_id,kernel,m,n,k\na,gemm,1,2,3\na,gemm,1,2,4\n", "mine.csv:3:1: shape_id: 'a' stands on line 2"),
      ("shape_id,kernel,m,n,k,pass\na,gemm,1,2,3,p\n", "mine.csv:2:14: pass: a pass without a model"),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv\na,attention_decode,8,3,64,9\n",
        "3 does not divide 8"
      ),
      ("shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv\na,attention_decode,8,2,60,9\n", "multiple of 16"),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,kv_dtype\na,attention_prefill,8,2,64,9,bf16\n",
        "mine.csv:2:30: kv_dtype: prefill takes keys and values as rows of floats"
      ),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,kv_dtype\na,attention_decode,8,2,64,9,f64\n",
        "kv_dtype: unknown kv_dtype 'f64'"
      ),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,causal,window\na,attention_decode,8,2,64,9,0,4\n",
        "window: only causal attention has one"
      ),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,keys_turned\na,attention_decode,8,2,64,9,1\n",
        "keys_turned: keys are turned inside blocks only"
      ),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,block_keys\na,attention_decode,8,2,64,9,24\n",
        "block_keys: 24 is not a multiple of 16"
      ),
      (
        "shape_id,kernel,heads_q,heads_kv,head_dim,seq_kv,latent\na,attention_decode,8,2,64,9,1\n",
        "heads_kv: a latent cache has one head"
      ),
      ("shape_id,kernel,m,n\na,rmsnorm,1,\n", "mine.csv:2:13: n: empty"),
      ("shape_id,kernel,m,heads_q,head_dim\na,rope_half,1,8,7\n", "head_dim: 7 is odd"),
      ("shape_id,kernel,m,n,k\na,router_top_k,1,8,9\n", "k: 9 of 8 cannot be chosen"),
      ("shape_id,kernel,m,n,causal\na,softmax,9,8,1\n", "m: 9 rows over 8 columns cannot be causal"),
      ("shape_id,kernel,m,n,cache\na,argmax,1,8,weights_cold\n", "no weights that could be cold"),
      ("shape_id,kernel,m,n,k\n=a,gemm,1,2,3\n", "mine.csv:2:1: shape_id: '=a' is no plain text"),
    ])
  func faults(text: String, words: String) {
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "")")
  }

  @Test("the built-in suites read whole: no row twice, and full holds all of default")
  func builtIn() throws {
    let small = try #require(
      try Suite.named("default", on: Machine(), cpus: CPUSet([0]), availableMemory: nil))
    let full = try #require(try Suite.named("full", on: Machine(), cpus: CPUSet([0]), availableMemory: nil))
    #expect(Set(full.cases).count == full.cases.count)
    #expect(Set(small.cases).isSubset(of: Set(full.cases)))
    #expect(small.cases.count > 400 && full.cases.count > 2_000)
    #expect(small.cases.allSatisfy { $0.phase == .ceiling || $0.operation != .memoryRead })
    for suite in [small, full] {
      let shapes = suite.cases.filter {
        $0.operation == .attentionPrefill || $0.operation == .attentionDecode
      }
      .map(\.shape)
      #expect(Set(shapes.compactMap(\.headDim)).isSuperset(of: [64, 80, 96, 128, 192, 256, 576]))
      #expect(Set(shapes.compactMap(\.cacheType)) == [.bf16, .f16, .i8])
      #expect(shapes.contains { $0.window != nil && $0.seqQ == 1 } && shapes.contains { $0.causal == false })
      #expect(shapes.contains { $0.window != nil && ($0.seqQ ?? 1) > 1 && $0.seqQ != $0.seqKV })
      #expect(shapes.contains { $0.latent == true })
      #expect(suite.name == "default" || shapes.contains { $0.keysTurned == true })
      #expect(shapes.contains { $0.blockKeys != nil && $0.cacheType == nil })
      #expect(shapes.contains { $0.headDimV != nil && $0.latent == nil && $0.seqQ == 1 })
    }
  }

  @Test(
    "a pass of a dense model is whole: every linear layer, attention and the head",
    arguments: ["default", "full"])
  func passes(name: String) throws {
    let suite = try #require(try Suite.named(name, on: Machine(), cpus: CPUSet([0]), availableMemory: nil))
    let all = suite.cases.filter { $0.use?.pass.isEmpty == false && $0.implementation == .swift }
    for pass in ["prefill s512", "decode b1 ctx1024", "decode b32 ctx1024"] {
      let between = all.filter { $0.operation.isElementwise && $0.use?.pass == pass }
      #expect(between.allSatisfy { $0.use?.model == "Llama-3.1-8B" })
      #expect(between.compactMap(\.use?.callsPerPass).sorted() == [1, 1, 32, 32, 64, 65], "\(pass)")
    }
    let parts = all.filter { !$0.operation.isElementwise }
    let passes = Dictionary(grouping: parts) { ($0.use?.model ?? "") + "|" + ($0.use?.pass ?? "") }
    #expect(passes["Llama-3.1-8B|decode b1 ctx1024"] != nil)
    for (pass, rows) in passes {
      let layers = rows.compactMap(\.use?.layer)
      #expect(rows.count == 6 && Set(layers).count == 6, "\(pass): \(layers)")
      #expect(
        ["qkv_proj", "o_proj", "gate_up_proj", "down_proj", "lm_head"].allSatisfy(layers.contains), "\(pass)")
      let calls = Set(rows.filter { $0.use?.layer != "lm_head" }.compactMap(\.use?.callsPerPass))
      #expect(calls.count == 1, "every layer runs as often: \(pass)")
      #expect(rows.first { $0.use?.layer == "lm_head" }?.use?.callsPerPass == 1)
    }
  }
}
