// Demand to racks, as a planner does it by hand: requests at peak, replicas, whole domains in each region with
// some regions lost, spares. The functions are small enough to be cells of a sheet.

import Quantities

/// Replicas, domains and spares for a demand.
public enum Sizing {
  /// Peak requests/s: requests a day over the seconds of a day, times peak over mean.
  public static func peakRequests(perDay: Double, peakOverMean: Double) -> Double {
    perDay / Unit.day.toBase(1) * peakOverMean
  }

  /// Replicas before rounding: peak · seconds per request of a replica / utilisation.
  public static func replicas(peakRequests: Double, replicaSecondsPerRequest: Double, utilisation: Double)
    -> Double
  {
    peakRequests * replicaSecondsPerRequest / utilisation
  }

  /// Replicas of one of `regions` equal regions that carry everything with `lost` of them gone.
  public static func replicasPerRegion(replicas: Double, regions: Int, lost: Int) -> Double? {
    guard lost >= 0, lost < regions else { return nil }
    return (replicas / Double(regions - lost)).rounded(.up)
  }

  /// Scale-up domains that hold whole replicas: replicas / floor(domain / replica), rounded up; a replica larger than
  /// a domain takes whole domains.
  public static func domains(replicas: Double, domain: Int, replica: Int) -> Double {
    let whole = replicas.rounded(.up)
    guard replica <= domain else {
      return whole * (Double(replica) / Double(domain)).rounded(.up)
    }
    return (whole / Double(domain / replica)).rounded(.up)
  }

  /// Domains that hold the spare nodes of a region; nil where spares cannot keep it whole.
  public static func spareDomains(
    domains: Double, nodesPerDomain: Int, repairShare: Double, confidence: Double
  ) -> Double? {
    spareNodes(nodes: Int(domains) * nodesPerDomain, repairShare: repairShare, confidence: confidence).map {
      (Double($0) / Double(nodesPerDomain)).rounded(.up)
    }
  }
}
