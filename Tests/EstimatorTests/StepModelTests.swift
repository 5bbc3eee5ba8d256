// The step model against vectors of an independent implementation (NumPy) with the same constants and chip facts.

import Catalog
import Estimator
import Quantities
import Testing

/// Chip facts of the vectors: peaks in TFLOP/s (bf16, fp8, fp4), TB/s, GB/s one way, GiB, and shares of peak.
private let chips: [String: ChipRates] = [
  "H100 SXM5 80GB": chip("H100", 989.4, 1979, nil, 3.35, 450, 79.19, (0.78, 0.61, 0.61)),
  "H200 SXM 141GB": chip("H200", 989.5, 1979, nil, 4.8, 450, 141.0, (0.79, 0.61, 0.61)),
  "B200 SXM (HGX)": chip("B200", 2250, 4500, 9000, 7.7, 900, 179.1, (0.66, 0.52, 0.41)),
  "B300 SXM (HGX)": chip("B300", 2250, 4500, 14000, 7.7, 900, 268.6, (0.68, 0.56, 0.31)),
  "L40S": chip("L40S", 362.05, 733, nil, 0.864, 32, 45.0, (0.57, 0.46, 0.46)),
]

private func chip(
  _ name: String, _ bf16: Double, _ fp8: Double?, _ fp4: Double?, _ bandwidth: Double, _ link: Double,
  _ memory: Double, _ share: (Double, Double, Double)
) -> ChipRates {
  func peak(_ value: Double) -> FLOPPerSecond { FLOPPerSecond(Unit.teraflops.toBase(value)) }
  return ChipRates(
    name: name, bf16Peak: peak(bf16), fp8Peak: fp8.map(peak), fp4Peak: fp4.map(peak),
    memoryBandwidth: BytesPerSecond(Unit.terabytePerSecond.toBase(bandwidth)),
    scaleUpBandwidth: BytesPerSecond(Unit.gigabytePerSecond.toBase(link)),
    memory: Bytes(Unit.gibibyte.toBase(memory)),
    gemmShare: ChipRates.GEMMShare(bf16: share.0, fp8: share.1, fp4: share.2))
}

/// model|precision|chip|deployment|engine|B|ISL|OSL|KV bytes|kernels|quantised|weight bytes per rank, then seconds:
/// decode products|attention|communication|overhead|step, prefill products|arithmetic|attention|transfer|latency|
/// total, marginal prefill|TPOT|TTFT, then output tokens/s|reserved batch limit.
private let vectors = """
  Llama-3.1-8B|bf16|H100 SXM5 80GB|TP1 EP1 DP1|trtllm|16|1024|256|2|291|0|1.605999001600e+10|5.308201329252e-03|8.787521025876e-04|0.000000000000e+00|1.580950070000e-03|8.124495501839e-03|2.004893098613e-02|1.976761118307e-02|5.985045701282e-04|0.000000000000e+00|1.580950070000e-03|2.222838562626e-02|2.036611575320e-02|9.317822596754e-03|1.139266086927e-01|1.644998833291e+03|3.555819000000e+02
  Llama-3.1-70B|fp8|H200 SXM 141GB|TP4 EP1 DP1|vllm|64|921.6|921.6|1|723|320|1.816343347200e+10|4.673318741765e-03|9.199436073964e-04|2.038109335090e-03|4.122706710000e-03|1.318044639425e-02|2.897941656838e-02|2.889406220708e-02|6.059246356300e-04|1.551198722530e-02|5.083594710000e-03|5.018092313930e-02|4.501197406801e-02|1.625743680906e-02|3.243737469400e-01|3.857335389255e+03|1.543475000000e+03
  Llama-3.1-70B|fp4|B200 SXM (HGX)|TP1 EP1 DP1|trtllm|128|7372.8|921.6|1|723|320|4.270640332800e+10|8.637639934084e-03|2.599736739863e-02|0.000000000000e+00|4.122706710000e-03|4.161045004271e-02|2.774204661842e-01|2.771906974230e-01|6.821688057809e-02|0.000000000000e+00|4.122706710000e-03|3.497600534722e-01|3.454075780011e-01|8.920893355632e-02|4.404604580087e+00|1.363276603175e+03|9.729888888889e+01
  Qwen3-32B|bf16|H100 SXM5 80GB|TP4 EP1 DP1|vllm|64|2048|256|2|643|0|1.638072320000e+10|5.756943538969e-03|3.319730165331e-03|1.307321067545e-03|2.969509110000e-03|1.477987188185e-02|4.283713337518e-02|4.273299374519e-02|2.394018280513e-03|1.723554136144e-02|3.738219510000e-03|6.620491252714e-02|6.236255338714e-02|3.012690650446e-02|4.149345831407e-01|2.023391576952e+03|3.867792812500e+02
  Qwen3-235B-A22B|fp8|H100 SXM5 80GB|TP8 EP8 DP1|trtllm|32|512|256|1|1413|376|2.968387584000e+10|8.856981120316e-03|1.792593264827e-04|1.498216128380e-03|7.925070810000e-03|1.917271138518e-02|1.123885665526e-02|6.183689131160e-03|1.098816984220e-04|5.906763654077e-03|9.054114210000e-03|2.630961621776e-02|1.220033448366e-02|2.065009563906e-02|2.508002925153e-01|1.484979443674e+03|2.512228595745e+03
  DeepSeek-V3|fp8|H200 SXM 141GB|TP8 EP1 DP1|sglang|16|921.6|921.6|1|1318|421|8.524536217600e+10|8.586170167485e-03|1.972847814299e-04|9.423004444391e-04|7.779876160000e-03|1.786222355335e-02|2.813404125004e-02|1.893505280250e-02|5.775219183349e-04|1.207430463969e-02|8.512553260000e-03|4.929842106807e-02|4.009943262053e-02|1.851488358950e-02|3.298152038298e-01|8.486863318585e+02|8.670846994536e+02
  DeepSeek-V3|fp8|B200 SXM (HGX)|TP8 EP8 DP1|sglang|64|7372.8|921.6|1|1318|421|8.524536217600e+10|1.105460761779e-02|2.787608340205e-03|1.151923788878e-03|7.779876160000e-03|2.420038390687e-02|5.897167770757e-02|5.847204233294e-02|1.625480357525e-02|4.829721855876e-02|8.512553260000e-03|1.320362531016e-01|1.315366177270e-01|3.319214488430e-02|1.814584988052e+00|1.822059916028e+03|3.190223436551e+02
  DeepSeek-V3|fp4|B200 SXM (HGX)|TP4 EP4 DP1|sglang|4|921.6|7372.8|1|1318|238|1.007137914880e+11|2.892002467867e-03|1.024856007428e-04|7.551367440470e-04|6.255205760000e-03|1.009397857266e-02|1.973876768792e-02|1.453450689525e-02|5.079626117265e-04|5.174701988439e-03|6.987882860000e-03|3.240931514809e-02|2.720505435541e-02|1.010504833761e-02|2.332847011115e-01|3.946595064195e+02|2.712527625987e+02
  DeepSeek-V3|fp4|B200 SXM (HGX)|TP1 EP8 DP8|trtllm|256|921.6|921.6|1|1318|238|7.483005337600e+10|1.107602691717e-02|6.552124793730e-04|2.482742124053e-03|6.255205760000e-03|2.118237128059e-02|2.478362343370e-02|2.201225018296e-02|2.031850446906e-03|1.470937317274e-02|8.227205760000e-03|4.975205281334e-02|4.844184225325e-03|2.252272173356e-02|5.198145949470e-01|1.110035862628e+04|1.264272786885e+04
  MiniMax-M2.5|fp8|H200 SXM 141GB|TP4 EP1 DP1|vllm|128|921.6|921.6|1|871|248|5.756485632000e+10|1.367497539516e-02|1.425912591464e-03|1.370823101021e-03|5.134039070000e-03|2.445848615765e-02|1.656058345277e-02|1.090911216470e-02|3.521936944600e-04|4.508171287352e-03|5.878727270000e-03|2.729967570459e-02|1.576947714651e-02|2.663158033908e-02|3.457504574807e-01|4.744633715901e+03|1.385514112903e+03
  Qwen3.5-397B-A17B|bf16|B300 SXM (HGX)|TP8 EP1 DP1|sglang|32|7372.8|921.6|2|1233|0|9.935323136000e+10|7.098073584595e-03|8.524599194755e-04|8.384870835255e-04|5.296923410000e-03|1.479912799760e-02|3.681859005075e-02|3.403679987516e-02|1.598833138549e-03|2.714597764427e-02|6.017589410000e-03|7.158099024357e-02|6.879920006797e-02|1.711333720127e-02|7.911245968303e-01|1.782412727319e+03|1.101423443910e+03
  Llama-3.1-405B|fp8|H100 SXM5 80GB|TP8 EP1 DP1|trtllm|256|1000|1000|1|1137|504|5.125649203200e+10|2.949648419748e-02|4.505320838462e-03|1.734855222582e-02|6.237470690000e-03|6.329329995177e-02|9.134796025967e-02|9.120732411771e-02|1.123720047417e-03|6.185606885087e-02|7.750869290000e-03|1.620786184480e-01|1.541871130160e-01|1.026110137709e-01|3.756501242684e+00|2.409073836839e+03|4.187364205714e+02
  Llama-3.1-8B|fp8|L40S|TP1 EP1 DP1|vllm|8|1000|200|1|291|128|9.080668160000e+09|1.101684508253e-02|8.133503473315e-04|0.000000000000e+00|1.915996470000e-03|1.392448789986e-02|4.680630782250e-02|4.570335386715e-02|1.559807168494e-03|0.000000000000e+00|1.915996470000e-03|5.028211146099e-02|4.726316103565e-02|1.557869853611e-02|1.178924234286e-01|4.971949763272e+02|4.183200000000e+02
  """.split(separator: "\n").map(String.init)

private func near(_ value: Double, _ expected: Double, _ tolerance: Double = 1e-9) -> Bool {
  abs(value - expected) <= tolerance * max(abs(expected), 1e-300)
}

@Suite("The step model")
struct StepModelTests {
  @Test("equals the reference vectors to 1e-9", arguments: vectors)
  func vector(line: String) throws {
    let fields = line.split(separator: "|").map(String.init)
    try #require(fields.count == 28)
    let catalog = try Catalog.embedded()
    let row = try #require(catalog.model(fields[0]))
    let chip = try #require(chips[fields[2]])
    let model = try ModelShape.from(row).get()
    let degrees = fields[3].split(separator: " ").compactMap { Int($0.dropFirst(2)) }
    let engine = try #require(Engine(rawValue: fields[4]))
    let precision = try #require(Precision(rawValue: fields[1])).resolved(for: row)
    let n = fields.map { Double($0) ?? .nan }
    let deployment = Deployment(
      tensorParallel: degrees[0], expertParallel: degrees[1], dataParallel: degrees[2], engine: engine,
      precision: precision)
    let step = StepModel(
      model: model, chip: chip, deployment: deployment,
      constants: try referenceConstants(),
      kvBytesPerElement: n[8])
    let workload = Workload(inputTokens: n[6], outputTokens: n[7])
    let point = step.operate(concurrency: n[5], batchLimit: .infinity, workload: workload)
    let got: [Double] = [
      step.kernelCount, step.quantisedCount, step.weightBytesPerRank.value, point.decode.products.value,
      point.decode.attention.value, point.decode.communication.value, point.decode.overhead.value,
      point.decode.total.value, point.prefill.products.value, point.prefill.productArithmetic.value,
      point.prefill.attention.value, point.prefill.transfer.value, point.prefill.latency.value,
      point.prefill.total.value, point.marginalPrefill.value, point.tpot.value, point.ttft.value,
      point.outputTokensPerSecond.value, step.reservedBatchLimit(tokens: n[6] + n[7]),
    ]
    for (index, value) in got.enumerated() {
      #expect(near(value, n[9 + index], 1e-9), "field \(10 + index): \(value) is not \(fields[9 + index])")
    }
  }
}
