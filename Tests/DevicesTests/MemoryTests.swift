// Memory of a device: what goes in comes out, and nothing reaches past a buffer.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct MemoryTests {
  @Test("bytes come back from where they were put")
  func copies() throws {
    let context = try Bench().context
    let buffer = try context.allocate(64)
    try context.fill(buffer, byte: 7)
    [1, 2, 3].withUnsafeBytes { bytes in
      #expect(refusal { try context.copyIn(bytes, to: buffer, at: 8) } == nil)
    }
    #expect(
      try context.values(buffer, count: 5, of: 0) == [0x0707_0707_0707_0707, 1, 2, 3, 0x0707_0707_0707_0707])
  }

  @Test("page-locked memory and other buffers are copied in the order in which they were asked for")
  func enqueued() throws {
    let context = try Bench().context
    let host = try context.hostBuffer(1024)
    let (a, b) = (try context.allocate(1024), try context.allocate(1024))
    for (index, _) in host.bytes.enumerated() { host.bytes[index] = UInt8(truncatingIfNeeded: index) }
    try context.enqueueCopy(host, at: 16, to: a.from(32), bytes: 100)
    try context.enqueueCopy(a.from(32), to: b.from(64), bytes: 100)
    try context.enqueueCopy(b.from(64), to: host, at: 512, bytes: 100)
    try context.synchronise()
    #expect((0..<100).allSatisfy { host.bytes[512 + $0] == UInt8(16 + $0) })
    #expect(host.bytes[612] == UInt8(truncatingIfNeeded: 612))
  }

  @Test("an enqueued copy is not done before something waits for it, and reads its source only then")
  func late() throws {
    let context = try Bench().context
    let (host, back) = (try context.hostBuffer(8), try context.hostBuffer(8))
    let buffer = try context.filled([0])
    back.bytes.storeBytes(of: 1, as: Int.self)
    host.bytes.storeBytes(of: 2, as: Int.self)
    try context.enqueueCopy(host, to: buffer.from(0), bytes: 8)
    try context.enqueueCopy(buffer.from(0), to: back, bytes: 8)
    #expect(back.bytes.load(as: Int.self) == 1)
    host.bytes.storeBytes(of: 3, as: Int.self)
    try context.synchronise()
    #expect(back.bytes.load(as: Int.self) == 3)
  }

  @Test("a copy that leaves its buffer is refused, whatever its numbers are")
  func bounds() throws {
    let context = try Bench().context
    let (a, b) = (try context.allocate(64), try context.allocate(32))
    let host = try context.hostBuffer(16)
    var bytes = [UInt8](repeating: 0, count: 33)
    for (offset, count) in [
      (0, 33), (32, 1), (-1, 4), (Int.max, 8), (0, -1), (0, Int.max), (Int.min, Int.min),
    ] {
      #expect(isRefused { try context.enqueueCopy(a.from(0), to: b.from(offset), bytes: count) })
      #expect(isRefused { try context.enqueueCopy(b.from(offset), to: a.from(0), bytes: count) })
      #expect(isRefused { try context.enqueueCopy(host, at: offset, to: a.from(0), bytes: count) })
      #expect(isRefused { try context.enqueueCopy(a.from(0), to: host, at: offset, bytes: count) })
    }
    bytes.withUnsafeMutableBytes { bytes in
      #expect(refusal { try context.copyOut(b, to: bytes) }?.reason.contains("33 bytes") == true)
      #expect(isRefused { try context.copyIn(UnsafeRawBufferPointer(bytes), to: b) })
    }
    for bytes in [0, -1] {
      #expect(isRefused { _ = try context.allocate(bytes) })
      #expect(isRefused { _ = try context.hostBuffer(bytes) })
    }
  }

  @Test("memory goes back with the last use of a buffer, and too much is refused with advice")
  func limits() throws {
    let context = try Bench(["MEMORY": "1048576"]).context
    let all = try context.memoryFree()
    do {
      let buffer = try context.allocate(1 << 19)
      #expect(try context.memoryFree() == all - 1 << 19)
      let error = try #require(refusal { _ = try context.allocate(1 << 20) })
      #expect(error.code == 2 && error.reason.contains("nvidia-smi") && !error.isLost, "\(error)")
      withExtendedLifetime(buffer) {}
    }
    #expect(try context.memoryFree() == all)
  }

  @Test("fresh memory is not cleared, so that a result that nobody wrote shows")
  func poison() throws {
    let context = try Bench().context
    #expect(try context.values(context.allocate(8), count: 2, of: Float(0)).allSatisfy(\.isNaN))
  }

  @Test("two devices copy to one another, through the host where they do not reach each other")
  func peers() throws {
    for reaches in [true, false] {
      let host = try FakeCUDA(["DEVICES": "2", "PEERS": reaches ? "1" : "0"])
      let driver = try CUDADriver.open(host.driver)
      let (first, second) = (try driver.context(0), try driver.context(1))
      #expect(try first.reach(second) == reaches)
      #expect(try first.reach(second) == reaches)
      let (a, b) = (try first.filled([1.5, 2.5]), try second.allocate(16))
      try first.enqueueCopy(a.from(0), to: b.from(0), bytes: 16)
      try first.synchronise()
      #expect(try second.values(b, count: 2, of: 0.0) == [1.5, 2.5])
    }
  }

  @Test("a peer whose reach was opened by another user of the context is not an error")
  func reachedBefore() throws {
    let host = try FakeCUDA(["DEVICES": "2", "FAIL": "cuCtxEnablePeerAccess:1:704"])
    let driver = try CUDADriver.open(host.driver)
    #expect(try driver.context(0).reach(driver.context(1)))
  }
}
