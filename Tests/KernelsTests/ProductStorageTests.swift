// The 16-bit storage types that the oracles read and write.

import KernelsReference
import Testing

@Suite("16-bit storage") struct ProductStorageTests {
  @Test("reads back all 65,536 bfloat16 and fp16 as they are")
  func roundTrips() {
    for bits in UInt16.min ... .max {
      let (brain, half) = (brainValue(bits), halfValue(bits))
      if !brain.isNaN { #expect(storedBrain(Float(brain)) == bits) }
      if !half.isNaN { #expect(storedHalf(Float(half)) == bits) }
    }
    #expect(brainValue(storedBrain(.nan)).isNaN && halfValue(storedHalf(.nan)).isNaN)
  }

  @Test("rounds to the nearest, ties to even, and overflows to infinity")
  func rounding() {
    #expect(brainValue(storedBrain(1 + 0x1p-8)) == 1)
    #expect(brainValue(storedBrain(1 + 0x1.8p-7)) == 1 + 0x1p-6)
    #expect(brainValue(storedBrain(.greatestFiniteMagnitude)) == .infinity)
    #expect(halfValue(storedHalf(1 + 0x1p-11)) == 1)
    #expect(halfValue(storedHalf(1 + 0x1.8p-10)) == 1 + 0x1p-9)
    #expect(halfValue(storedHalf(65519)) == 65504)
    #expect(halfValue(storedHalf(65520)) == .infinity)
    #expect(halfValue(storedHalf(-0x1p-24)) == -0x1p-24)
    #expect(halfValue(storedHalf(0x1p-25)) == 0)
    #expect(halfValue(storedHalf(0x1.8p-25)) == 0x1p-24)
  }
}
