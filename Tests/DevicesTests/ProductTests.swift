// Matrix products through cuBLASLt's interface: layouts, types and factors against the definition in Double.
// The fake library multiplies what the descriptions say, so a turned layout or a wrong stride shows as a
// wrong number.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct ProductTests {
  /// Small whole numbers, which every type holds.
  private func number(_ index: Int) -> Int { (index * 7 + index / 5) % 9 - 4 }

  /// Bytes of an element: its whole number in a type.
  private func bytes(_ value: Int, _ type: DeviceElement) -> [UInt8] {
    func raw<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    /// Sign, exponent and mantissa of a whole number up to 8.
    func small(_ exponentBits: Int, _ mantissaBits: Int) -> Int {
      guard value != 0 else { return 0 }
      let size = abs(value)
      let exponent = Int.bitWidth - 1 - size.leadingZeroBitCount
      let mantissa = (size << mantissaBits) >> exponent - 1 << mantissaBits
      let bias = 1 << (exponentBits - 1) - 1
      return (value < 0 ? 1 << (exponentBits + mantissaBits) : 0) + (exponent + bias) << mantissaBits
        + mantissa
    }
    return switch type {
    case .double: raw(Double(value))
    case .float: raw(Float(value))
    case .half: raw(UInt16(small(5, 10)))
    case .bfloat16: raw(UInt16(small(8, 7)))
    case .fp8E4M3: raw(UInt8(small(4, 3)))
    case .fp8E5M2: raw(UInt8(small(5, 2)))
    case .int8: raw(Int8(value))
    case .int32: raw(Int32(value))
    }
  }

  private func value(_ bytes: ArraySlice<UInt8>, _ type: DeviceElement) -> Double {
    Array(bytes).withUnsafeBytes { raw in
      switch type {
      case .double: raw.loadUnaligned(as: Double.self)
      case .float: Double(raw.loadUnaligned(as: Float.self))
      case .int32: Double(raw.loadUnaligned(as: Int32.self))
      case .bfloat16: Double(Float(bitPattern: UInt32(raw.loadUnaligned(as: UInt16.self)) << 16))
      case .half:
        // Normal numbers and zero only: results here are whole.
        halfValue(Int(raw.loadUnaligned(as: UInt16.self)))
      default: .nan
      }
    }
  }

  private func halfValue(_ bits: Int) -> Double {
    let exponent = bits >> 10 & 31
    guard exponent != 0 else { return 0 }
    let scaled = Double(1024 + bits & 1023) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    return bits & 0x8000 != 0 ? -scaled : scaled
  }

  /// Runs the product on numbers by place and compares every element of C with the definition.
  private func isRight(_ product: BLASProduct, scale: Float? = nil) throws -> Bool {
    let host = try FakeCUDA()
    let context = try CUDADriver.open(host.driver).context(0)
    let library = try CUBLASLt(on: context, host.products)
    func filled(_ bytes: Int?, _ type: DeviceElement, _ shift: Int) throws -> DeviceBuffer {
      let count = try #require(bytes) / type.bytes
      return try context.filled((0..<count).flatMap { self.bytes(number($0 + shift), type) })
    }
    let (a, b) = (try filled(product.bytesA, product.a, 0), try filled(product.bytesB, product.b, 3))
    let size = try #require(product.bytesC)
    let c = try context.allocate(size)
    let factor = try scale.map { try context.filled([$0]).from(0) }
    let plan = try library.plan(product, scaleA: factor, scaleB: nil)
    let candidate = try #require(try plan.candidates(workspaceBytes: 0, count: 8).first)
    try plan.run(candidate, a: a.from(0), b: b.from(0), c: c.from(0), workspace: nil)
    let result = try context.values(c, count: size, of: UInt8(0))
    for batch in 0..<product.batch {
      for i in 0..<product.m {
        for j in 0..<product.n {
          var sum = 0
          for p in 0..<product.k {
            let left = product.transposesA ? p * product.leadingA + i : i * product.leadingA + p
            let right = product.transposesB ? j * product.leadingB + p : p * product.leadingB + j
            sum += number(batch * product.strideA + left) * number(batch * product.strideB + right + 3)
          }
          let place = (batch * product.strideC + i * product.leadingC + j) * product.c.bytes
          let found = value(result[place..<place + product.c.bytes], product.c)
          guard found == Double(sum) * Double(scale ?? 1) else { return false }
        }
      }
    }
    return true
  }

  @Test("every combination of turned operands is the product that the program means")
  func turned() throws {
    for transposesA in [false, true] {
      for transposesB in [false, true] {
        #expect(
          try isRight(
            BLASProduct(
              m: 5, n: 7, k: 3, a: .float, b: .float, c: .float, sum: .float, transposesA: transposesA,
              transposesB: transposesB)))
      }
    }
  }

  @Test("every type is multiplied as itself")
  func types() throws {
    for (input, output, sum) in [
      (DeviceElement.double, DeviceElement.double, DeviceSum.double), (.float, .float, .tf32),
      (.bfloat16, .bfloat16, .float), (.bfloat16, .float, .float), (.half, .half, .float),
      (.fp8E4M3, .bfloat16, .float), (.fp8E4M3, .half, .float), (.int8, .int32, .int32),
    ] {
      let product = BLASProduct(
        m: 6, n: 4, k: 16, a: input, b: input, c: output, sum: sum, transposesB: true)
      #expect(try isRight(product), "\(input) \(output)")
    }
    #expect(
      try isRight(
        BLASProduct(m: 3, n: 2, k: 32, a: .fp8E5M2, b: .fp8E4M3, c: .float, sum: .float, transposesB: true)))
  }

  @Test("a scale multiplies its operand")
  func scales() throws {
    let product = BLASProduct(
      m: 2, n: 3, k: 16, a: .fp8E4M3, b: .fp8E4M3, c: .float, sum: .float, transposesB: true, sumsFast: true)
    #expect(try isRight(product, scale: 0.25))
  }

  @Test("batches, shared weights and rows with room behind them lie where they are said to")
  func layouts() throws {
    var product = BLASProduct(
      m: 4, n: 3, k: 5, batch: 3, a: .bfloat16, b: .bfloat16, c: .float, sum: .float, transposesB: true)
    #expect(try isRight(product))
    product.strideB = 0
    product.leadingA = 8
    product.strideA = 40
    product.leadingC = 6
    product.strideC = 31
    #expect(try isRight(product))
  }

  @Test("candidates say what they are and what they need, and one that needs more than it has is refused")
  func candidates() throws {
    let host = try FakeCUDA(["FAIL": "cublasLtMatmul:1:15"])
    let context = try CUDADriver.open(host.driver).context(0)
    let library = try CUBLASLt(on: context, host.products)
    #expect(library.version == "12.9.1")
    let plan = try library.plan(BLASProduct(m: 2, n: 2, k: 2, a: .float, b: .float, c: .float, sum: .float))
    #expect(try plan.candidates(workspaceBytes: 4096, count: 8).map(\.workspaceBytes) == [4096, 0])
    #expect(try plan.candidates(workspaceBytes: 1 << 20, count: 1).count == 1)
    let all = try plan.candidates(workspaceBytes: 1 << 20, count: 8)
    #expect(all.count == 3)
    #expect(
      all.first?.id == "algo66 tile1 stages6 splitk2 reduction3 swizzle4 custom5 inner7 cluster8")
    let a = try context.filled([Float](repeating: 1, count: 256))
    let error = try #require(
      refusal { try plan.run(all[0], a: a.from(0), b: a.from(0), c: a.from(256), workspace: nil) })
    #expect(error.reason.contains("needs 4096 bytes of workspace, has 0"), "\(error)")
    let workspace = try context.allocate(4096)
    let unknown = try #require(
      refusal { try plan.run(all[0], a: a.from(0), b: a.from(0), c: a.from(256), workspace: workspace) })
    #expect(unknown.code == 15 && unknown.reason.contains("CUBLAS_STATUS_NOT_SUPPORTED"), "\(unknown)")
    try plan.run(all[0], a: a.from(0), b: a.from(0), c: a.from(256), workspace: workspace)
    #expect(try context.values(a, count: 65, of: Float(0))[64] == 2)
    for place in [a.from(1), a.from(-256), a.from(1024)] {
      #expect(isRefused { try plan.run(all[1], a: a.from(0), b: place, c: a.from(256), workspace: nil) })
    }
  }

  @Test("a product that the library does not know, or that is none, is told in one sentence")
  func unknown() throws {
    let host = try FakeCUDA()
    let context = try CUDADriver.open(host.driver).context(0)
    let library = try CUBLASLt(on: context, host.products)
    let upright = try library.plan(
      BLASProduct(m: 16, n: 16, k: 16, a: .fp8E4M3, b: .fp8E4M3, c: .bfloat16, sum: .float))
    let error = try #require(refusal { _ = try upright.candidates(workspaceBytes: 0, count: 4) })
    #expect(error.code == 15 && error.reason.contains("leave it out"), "\(error)")
    for (m, n, k, batch) in [
      (0, 1, 1, 1), (1, 1, -1, 1), (1, Int.max, 2, 1), (4, 4, 4, Int.max), (1 << 40, 1 << 40, 1, 1),
    ] {
      #expect(
        refusal {
          _ = try library.plan(
            BLASProduct(m: m, n: n, k: k, batch: batch, a: .float, b: .float, c: .float, sum: .float))
        }?.reason.contains("is no matrix product") == true)
    }
  }

  @Test("a product inside a capture is done when the graph is")
  func captured() throws {
    let host = try FakeCUDA()
    let context = try CUDADriver.open(host.driver).context(0)
    let plan = try CUBLASLt(on: context, host.products).plan(
      BLASProduct(m: 1, n: 1, k: 4, a: .float, b: .float, c: .float, sum: .float, transposesB: true))
    let best = try #require(try plan.candidates(workspaceBytes: 0, count: 1).first)
    let a = try context.filled([Float](repeating: 3, count: 4))
    let c = try context.filled([Float(0)])
    let graph = try context.capture { () throws(DeviceError) in
      try plan.run(best, a: a.from(0), b: a.from(0), c: c.from(0), workspace: nil)
    }
    #expect(try context.values(c, count: 1, of: Float(0)) == [0])
    try context.launch(graph)
    #expect(try context.values(c, count: 1, of: Float(0)) == [36])
  }
}
