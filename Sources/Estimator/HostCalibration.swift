// What the rows of this host say, as dimensionless curves: the share of the roofline that its kernels reach.

public import Results

/// Measured ceilings and efficiencies of one host.
public struct HostCalibration: Sendable {
  /// Ceilings and points of the widest placement.
  public let summary: HostSummary

  /// Nil where the rows hold no ceilings of one machine.
  public init?(_ rows: [ResultRow]) {
    guard let summary = HostSummary(rows), summary.peakGflops != nil, summary.readGbytesPerSecond != nil,
      !summary.points.isEmpty
    else { return nil }
    self.summary = summary
  }
}
