// SHA-256 (FIPS 180-4) and HMAC (RFC 2104): to name a thing by its content, or by a secret and its name.
// Written to be read; a few hundred MB/s are enough for names and manifests. The constants are computed from
// their definition, the fractional parts of roots of the first primes, instead of typed in.

import Glibc

/// The SHA-256 hash function.
public enum SHA256 {
  /// The 32-byte digest of a message.
  public static func digest(_ message: [UInt8]) -> [UInt8] {
    var state = initialState
    for block in stride(from: 0, to: message.count / blockBytes * blockBytes, by: blockBytes) {
      compress(message[block..<block + blockBytes], into: &state)
    }
    // The tail: a set bit, zeros, and the length in bits as 8 bytes, to a whole number of blocks.
    var tail = Array(message.suffix(message.count % blockBytes)) + [0x80]
    tail += Array(repeating: 0, count: (2 * blockBytes - 8 - tail.count) % blockBytes)
    tail += bigEndian(UInt64(message.count) * 8)
    for block in stride(from: 0, to: tail.count, by: blockBytes) {
      compress(tail[block..<block + blockBytes], into: &state)
    }
    return state.flatMap(bigEndian)
  }

  /// HMAC-SHA-256: a digest that nobody can make, or check a guess against, without the key.
  public static func keyedDigest(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    let short = key.count > blockBytes ? digest(key) : key
    let padded = short + Array(repeating: 0, count: blockBytes - short.count)
    return digest(padded.map { $0 ^ 0x5C } + digest(padded.map { $0 ^ 0x36 } + message))
  }

  /// A digest's first bytes in hexadecimal digits.
  ///
  /// - Parameter digits: how many, at most two a byte.
  public static func hexadecimal(_ digest: [UInt8], digits: Int = 64) -> String {
    let text = digest.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }
    return String(text.joined().prefix(digits))
  }

  private static let blockBytes = 64

  /// The first primes, one a round.
  private static let primes: [Int] = {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes
  }()
  private static let roundConstants = primes.map { fraction(cbrt(Double($0))) }
  private static let initialState = primes.prefix(8).map { fraction(Double($0).squareRoot()) }

  /// The first 32 bits behind the binary point.
  private static func fraction(_ root: Double) -> UInt32 {
    UInt32((root - root.rounded(.down)) * 0x1p32)
  }

  private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { place in
      block[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for t in 16..<64 {
      let a = words[t - 15]
      let b = words[t - 2]
      let low = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
      let high = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
      words.append(words[t - 16] &+ low &+ words[t - 7] &+ high)
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for t in 0..<64 {
      let choice = (e & f) ^ (~e & g)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      let first =
        h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ roundConstants[t]
        &+ words[t]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
  }

  private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

  private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
