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
  panels: UnsafeMutablePointer<UInt8>
) {
  QuantizedPacking<8>.pack(n, k, group, q, scales, panels)
}

/// Packs q (k, n), -8 ... 7, and the bits of its fp16 scales (k / group rounded up, n). `group` is a multiple of 8.
@inline(never)
public func packQ4(
  n: Int, k: Int, group: Int, q: UnsafePointer<Int8>, scales: UnsafePointer<UInt16>,
  panels: UnsafeMutablePointer<UInt8>
) {
  QuantizedPacking<4>.pack(n, k, group, q, scales, panels)
}

private enum QuantizedPacking<let Bits: Int> {
  @inline(__always) static func pack(
    _ n: Int, _ k: Int, _ group: Int, _ q: UnsafePointer<Int8>, _ scales: UnsafePointer<UInt16>,
    _ panels: UnsafeMutablePointer<UInt8>
  ) {
    typealias Panel = QuantizedPanel<Bits>
    for column in 0..<ceilDivide(n, tileColumns) * tileColumns {
      let panel = UnsafeMutableRawPointer(panels) + column / tileColumns * Panel.panelBytes(k, group)
      let lane = column % tileColumns
      for number in 0..<ceilDivide(k, group) {
        let target = panel + number * Panel.groupBytes(group)
        let scale = column < n ? scales[number * n + column] : 0
        target.storeBytes(of: scale, toByteOffset: 2 * lane, as: UInt16.self)
        for word in 0..<group / Panel.rows {
          var bits: UInt32 = 0
          for place in 0..<Panel.rows {
            let row = number * group + word * Panel.rows + place
            let weight = row < k && column < n ? Int(q[row * n + column]) : 0
            bits |=
              UInt32(truncatingIfNeeded: weight + Panel.offset)
              << UInt32(truncatingIfNeeded: Panel.shift(place))
          }
          target.storeBytes(
            of: bits, toByteOffset: Panel.scaleBytes + word * Panel.stepBytes + 4 * lane, as: UInt32.self)
        }
      }
    }
  }
}
