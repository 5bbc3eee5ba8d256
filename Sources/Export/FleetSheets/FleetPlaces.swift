// Where each figure of the fleet stands, known before any sheet is filled, so that sheets can refer to one another.

import Planner

/// Columns of the terms of a line.
enum FleetTerm: Int {
  case name, provider, site, accelerator, contract, block, usd, upfront, usable, kilowatts, term, ahead
  case isCommitment, monthly, signature, monthlyAllIn, signatureAllIn, asOf, source

  /// Headings in order.
  static let headings = [
    "Line", "Provider", "Site", "Accelerator", "Contract", "Accelerators of a block",
    "USD per accelerator-hour", "Share due at the signature", "Usable share (without own spares)",
    "kW per accelerator", "Term, months", "Months paid before use", "Commitment (1 = yes)",
    "Due monthly, USD/h", "Due at the signature, USD/h", "Due monthly with CPUs, network, storage, USD/h",
    "Due at the signature with them, USD/h", "Price of", "Price from",
  ]
}

/// Rows of FleetMonths.
enum FleetFigure: Int, CaseIterable {
  case index = 2, month, hours, discount, signatureDiscount
  case delivered = 8, billed, accepted, usable, megawatts, megawattLimit
  case committed = 15, flexible, other, otherDiscounted, rebates, paid, idle, discounted
  case servedShare = 24, tokens, servingShare, ownCost, usdPerMtok
  /// First class.
  static let classes = 31
}

/// What FleetMonths has of each class, in order.
enum FleetClassRow: Int, CaseIterable {
  case need, mean, capacity, served, accelerators
}

struct FleetPlaces {
  let terms: FleetBlock
  let signed: FleetBlock
  let accepted: FleetBlock
  let billed: FleetBlock
  let delivered: FleetBlock
  let signature: FleetBlock
  let rent: FleetBlock
  let siteMegawatts: FleetBlock
  let siteLimits: FleetBlock
  let supplied: FleetBlock
  let supplyLimits: FleetBlock
  /// FleetWork: accelerators of each pool.
  let pools: FleetBlock
  /// FleetWork: for each class, the share of each pool that works for it; requests/s of an accelerator stand before.
  let mixes: [FleetBlock]

  /// Row of the first check.
  static let checks = 5
  /// Checks there are.
  static let checkCount = 4
  /// Column of a pool's requests/s on FleetWork.
  static let rate = 3

  init(_ layout: FleetSheetLayout) {
    var next = FleetPlaces.checks + FleetPlaces.checkCount + 3
    func block(_ sheet: String, _ lines: Int) -> FleetBlock {
      let block = FleetBlock(sheet: sheet, first: next, lines: lines)
      next += lines + 3
      return block
    }
    let count = layout.lines.count
    let allocation = FleetSheetLayout.allocation
    terms = block(allocation, count)
    signed = block(allocation, count)
    accepted = block(allocation, count)
    billed = block(allocation, count)
    delivered = block(allocation, count)
    signature = block(allocation, count)
    rent = block(allocation, count)
    siteMegawatts = block(allocation, layout.sites.count)
    siteLimits = block(allocation, layout.sites.count)
    supplied = block(allocation, layout.supplies.count)
    supplyLimits = block(allocation, layout.supplies.count)
    next = 5
    pools = block(FleetSheetLayout.work, layout.pools.count)
    mixes = layout.fleet.fleetCase.needs.map { _ in block(FleetSheetLayout.work, layout.pools.count) }
  }

  /// A cell of FleetMonths.
  static func month(_ line: FleetFigure, _ column: Int) -> Formula {
    .cell(CellAddress(FleetSheetLayout.months, row: line.rawValue, column: column))
  }

  /// A row of a class on FleetMonths.
  static func row(of index: Int, _ line: FleetClassRow) -> Int {
    FleetFigure.classes + index * FleetClassRow.allCases.count + line.rawValue
  }

  /// A cell of a class on FleetMonths.
  static func month(of index: Int, _ line: FleetClassRow, _ column: Int) -> Formula {
    .cell(CellAddress(FleetSheetLayout.months, row: row(of: index, line), column: column))
  }

  /// A term of a line.
  func term(_ line: Int, _ term: FleetTerm) -> Formula { terms.cell(line, term.rawValue) }
}
