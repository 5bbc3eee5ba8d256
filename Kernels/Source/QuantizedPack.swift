// Makes panels of quantised weights; not timed.

/// Bytes of W (k, n) packed with 8 bits a weight.
public func packedQ8(n: Int, k: Int, group: Int) -> Int {
  ceilDivide(n, tileColumns) * QuantizedPanel<8>.panelBytes(k, group)
}

/// Bytes of W (k, n) packed with 4 bits a weight.
public func packedQ4(n: Int, k: Int, group: Int) -> Int {
  ceilDivide(n, tileColumns) * QuantizedPanel<4>.panelBytes(k, group)
}

/// Packs q (k, n), -128 ... 127, and the bits of its fp16 scales (k / group rounded up, n). `group` is a multiple
/// of 4.
@inline(never)
public func packQ8(
  n: Int, k: Int, group: Int, q: UnsafePointer<Int8>, scales: UnsafePointer<UInt16>,
  panels: UnsafeMutableRawPointer
) {
  QuantizedPacking<8>.pack(n, k, group, q, scales, panels)
}

/// Packs q (k, n), -8 ... 7, and the bits of its fp16 scales (k / group rounded up, n). `group` is a multiple of 8.
@inline(never)
public func packQ4(
  n: Int, k: Int, group: Int, q: UnsafePointer<Int8>, scales: UnsafePointer<UInt16>,
  panels: UnsafeMutableRawPointer
) {
  QuantizedPacking<4>.pack(n, k, group, q, scales, panels)
}

private enum QuantizedPacking<let Bits: Int> {
  @inline(__always) static func pack(
    _ n: Int, _ k: Int, _ group: Int, _ q: UnsafePointer<Int8>, _ scales: UnsafePointer<UInt16>,
    _ panels: UnsafeMutableRawPointer
  ) {
    typealias Panel = QuantizedPanel<Bits>
    var left = 0
    var target = panels
    while left < n {
      for number in 0..<ceilDivide(k, group) {
        for lane in 0..<tileColumns {
          let scale = left + lane < n ? scales[number * n + left + lane] : 0
          target.storeBytes(of: scale, toByteOffset: 2 * lane, as: UInt16.self)
        }
        for word in 0..<group / Panel.rows {
          let step = target + Panel.scaleBytes + word * Panel.stepBytes
          for lane in 0..<tileColumns {
            var bits: UInt32 = 0
            for place in 0..<Panel.rows {
              let row = number * group + word * Panel.rows + place
              let weight = row < k && left + lane < n ? Int(q[row * n + left + lane]) : 0
              bits |=
                UInt32(truncatingIfNeeded: weight + Panel.offset)
                << UInt32(truncatingIfNeeded: Panel.shift(place))
            }
            step.storeBytes(of: bits, toByteOffset: 4 * lane, as: UInt32.self)
          }
        }
        target += Panel.groupBytes(group)
      }
      left += tileColumns
    }
  }
}
