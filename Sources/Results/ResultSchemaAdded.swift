// Columns that later versions of the schema appended, in the order in which they came.

import Tables

extension ResultColumns {
  /// Version 2: the model that a shape comes from, and what the sampling left out.
  static let added2: [Column<ResultRow>] = [
    .text("model", "Model that the shape was taken from, empty for synthetic shapes", \.model),
    .text("layer", "Layer of the model that runs the shape", \.layer),
    .text(
      "pass",
      "Pass of the model that the row is a part of, e.g. `decode b1`: rows of one model and pass add up",
      \.pass),
    .number("calls_per_pass", "Times that one pass of the model runs the shape", \.callsPerPass),
    .number("sampled_seconds", "Time inside samples, sum of the processes", \.sampledSeconds),
    .integer(
      "rounds_dropped",
      "Rounds taken again because the host's speed moved meanwhile, sum of the processes",
      \.roundsDropped),
    .number(
      "aa_floor",
      "Relative difference that the same control kernel shows within this run: smaller differences mean nothing",
      \.aaFloor),
  ]

  /// Version 3: what of its keys an attention sees, and how its cache lies.
  static let added3: [Column<ResultRow>] = [
    .integer(
      "window", "Attention: keys that a causal query sees at most, its own included; empty = all before it",
      \.window),
    .integer(
      "block_keys", "Attention: keys of a block of a paged cache; empty = one row after the other",
      \.blockKeys),
  ]
}
