// Published names of chips to rows: `H100 SXM5 80GB` begins with the words of the id `H100`, and where `H100 PCIe 80GB`
// begins with two ids the longer one is meant.

/// The id that a published chip name means: the longest whose words begin it.
///
/// - Complexity: O(ids).
public func acceleratorID(forPublishedName name: String, among ids: [String]) -> String? {
  ids.filter { name == $0 || name.hasPrefix($0 + " ") }.max { $0.count < $1.count }
}

/// The chip that a published name means.
public func acceleratorMeant(by name: String, among chips: [Accelerator]) -> Accelerator? {
  let id = acceleratorID(forPublishedName: name, among: chips.map(\.id))
  return id.flatMap { id in chips.first { $0.id == id } }
}
