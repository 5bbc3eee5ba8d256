// Splits money over several providers: cheapest work first, inside supply caps, provider shares and power. Greedy
// and explainable: each row names what stopped it. A checker that shares no code with it re-adds the rows.

import Quantities
import Tables

/// Divides the accelerator money over options.
struct Allocator {
  let numbers: PlanNumbers
  let paidHours: Double
  let money: Double

  /// An option with its price of work.
  struct Candidate {
    let option: PlanOption
    /// USD per million tokens of the lead model; nil ranks behind all known ones.
    let usdPerMtok: Double?
  }

  /// Rows in the order in which they were bought.
  func allocate(_ candidates: [Candidate]) throws(InputError) -> [AllocationRow] {
    let providerLimit = try numbers.number("max_provider_share") * money
    var left = money
    var powerLeft = numbers.optional("max_mw")
    var spentAt: [String: Double] = [:]
    var rows: [AllocationRow] = []
    for candidate in candidates.sorted(by: isBetter) {
      let option = candidate.option
      let unitCost = paidHours * option.rate.usdPerHour
      let unit = option.offer.unit ?? 1
      var bounds: [(String, Double)] = [
        ("money", left / unitCost),
        ("provider share", (providerLimit - spentAt[option.offer.provider, default: 0]) / unitCost),
      ]
      if let cap = option.offer.supplyCap { bounds.append(("supply", cap)) }
      if let powerLeft, let power = option.power {
        bounds.append(("power", Unit.kilowatt.fromBase(Unit.megawatt.toBase(powerLeft)) / power.kilowatts))
      }
      let tightest = bounds.min { $0.1 < $1.1 } ?? ("money", 0)
      let count = max(0, Formulas.wholeUnits(tightest.1, unit: unit))
      let cost = Formulas.acceleratorCost(
        accelerators: count, paidHours: paidHours, rate: option.rate.usdPerHour)
      let megawatts = option.power.map {
        Formulas.megawatts(accelerators: count, kilowattsEach: $0.kilowatts)
      }
      left -= cost
      spentAt[option.offer.provider, default: 0] += cost
      if let used = megawatts { powerLeft = powerLeft.map { $0 - used } }
      rows.append(
        AllocationRow(
          offer: option.offer, basis: option.basis, rate: option.rate, accelerators: count, cost: cost,
          moneyShare: cost / money,
          megawatts: megawatts, usdPerMtok: candidate.usdPerMtok, binding: tightest.0))
    }
    return rows
  }

  private func isBetter(_ a: Candidate, _ b: Candidate) -> Bool {
    let big = Double.greatestFiniteMagnitude
    return (a.usdPerMtok ?? big, a.option.rate.usdPerHour, a.option.id)
      < (b.usdPerMtok ?? big, b.option.rate.usdPerHour, b.option.id)
  }
}

/// What an allocation breaks, found from its rows alone.
///
/// - Returns: one sentence per broken rule; empty = sound.
public func violations(
  _ rows: [AllocationRow], money: Double, paidHours: Double, maxProviderShare: Double, maxMegawatts: Double?
) -> [String] {
  var found: [String] = []
  let tolerance = money * 1e-12
  var total = 0.0
  var byProvider: [String: Double] = [:]
  var megawatts = 0.0
  for row in rows {
    let cost = row.accelerators * paidHours * row.rate.usdPerHour
    total += cost
    byProvider[row.offer.provider, default: 0] += cost
    megawatts += row.megawatts ?? 0
    if abs(cost - row.cost) > tolerance { found.append("\(row.offer.id): cost is not chips x hours x rate") }
    if abs(row.cost / money - row.moneyShare) > 1e-12 {
      found.append("\(row.offer.id): share is not cost / money")
    }
    if row.accelerators < 0 { found.append("\(row.offer.id): fewer than no accelerators") }
    if let cap = row.offer.supplyCap, row.accelerators > cap {
      found.append("\(row.offer.id): above its supply")
    }
    let units = row.accelerators / Double(row.offer.unit ?? 1)
    if units != units.rounded() { found.append("\(row.offer.id): part of a saleable unit") }
  }
  if total > money + tolerance { found.append("more is spent than there is") }
  for (provider, spent) in byProvider.sorted(by: { $0.key < $1.key })
  where spent > maxProviderShare * money + tolerance {
    found.append("\(provider): more than its share of the money")
  }
  if let maxMegawatts, megawatts > maxMegawatts * (1 + 1e-12) { found.append("more power than there is") }
  return found
}
