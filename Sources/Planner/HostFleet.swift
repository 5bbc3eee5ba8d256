// The fleet of hosts like the measured one that would do the work of the leading option. It is a yardstick: what
// the same sum of work takes without accelerators, priced by the host's instance type or the owner's input.

import Quantities
import Tables

/// Builds the host's part of a plan.
struct HostFleetBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence

  /// nil without a result file.
  func host(
    _ served: [ServedModel], _ capacities: [PlanCapacity], gaps: inout [Gap]
  ) throws(InputError) -> HostEvidence? {
    guard let host = evidence.host else { return nil }
    let service = try numbers.service
    let derating = try numbers.derating
    let paidHours = Formulas.paidHours(try numbers.months)
    var rows: [HostFleetRow] = []
    for capacity in served {
      let one: Throughput
      switch host.host(capacity.standIn, service) {
      case .success(let known): one = known
      case .failure(let gap):
        gaps.append(gap)
        continue
      }
      let seconds = Formulas.secondsPerRequest(
        request: service.request, prefill: one.prefill.value, decode: one.decode.value)
      // One host at the busy share and derating of the fleet that it is compared with.
      let each = Formulas.peakRequests(
        usable: 1, strandedShare: 0, utilisation: capacity.utilisation, derating: derating,
        secondsPerRequest: seconds)
      let hosts = (capacity.peakRequests.value / each).rounded(.up)
      let rate = numbers.optional("host_usd_per_hour") ?? host.instanceRate?.usdPerHour
      rows.append(
        HostFleetRow(
          standIn: capacity.standIn, throughput: one, hosts: hosts,
          cost: rate.map { Formulas.acceleratorCost(accelerators: hosts, paidHours: paidHours, rate: $0) },
          megawatts: numbers.optional("host_kw").map {
            Formulas.megawatts(accelerators: hosts, kilowattsEach: $0)
          }))
    }
    if !rows.isEmpty, rows[0].cost == nil {
      gaps.append(
        Gap(
          "price of hosts like \(host.machine)", missing: "neither its instance type nor a price is given",
          remedy: "give --host-instance TYPE or --set host_usd_per_hour=USD"))
    }
    if !rows.isEmpty, rows[0].megawatts == nil {
      gaps.append(
        Gap(
          "power of hosts like \(host.machine)", missing: "no power of one host is given",
          remedy: "give --set host_kw=KW"))
    }
    return HostEvidence(
      file: host.file, machine: host.machine, fleet: rows,
      figuresThatChange: figures(rows, capacities), transferredScore: host.score,
      composition: host.compositionSentence)
  }

  private func figures(_ rows: [HostFleetRow], _ capacities: [PlanCapacity]) -> [String] {
    let transferred = capacities.contains { $0.transferred != nil }
    var names =
      transferred
      ? ["transferred tokens/s of every model and accelerator", "transferred users of every option"] : []
    for row in rows { names.append("hosts like this one for \(row.standIn.model)") }
    if rows.contains(where: { $0.cost != nil }) { names.append("their cost") }
    if rows.contains(where: { $0.megawatts != nil }) { names.append("their power") }
    return names
  }
}
