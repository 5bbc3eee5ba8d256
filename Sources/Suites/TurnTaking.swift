// Who goes next among workers that wait for each other? A rule without clocks and processes, so that it can be
// read and tested by itself.

/// How stepped workers share the machine.
public enum TurnPolicy: Hashable, Sendable {
  /// One at a time, turn by turn: two builds of one program on the same rows. Who goes first changes with each
  /// round, so that a trend of the machine favours nobody.
  case alternating
  /// All that have come to the same turn are released at once: replicas on domains of their own.
  case together
}

/// The state of a group of stepped workers.
public struct TurnTaking: Sendable {
  private enum State: Hashable {
    case busy, ended
    case waiting(Turn)
  }
  private var states: [State]
  private let policy: TurnPolicy

  /// A group whose members are all busy.
  public init(members: Int, policy: TurnPolicy) {
    states = Array(repeating: .busy, count: members)
    self.policy = policy
  }

  /// A member waits for the word.
  public mutating func waits(_ member: Int, for turn: Turn) {
    if states.indices.contains(member), states[member] != .ended { states[member] = .waiting(turn) }
  }

  /// A member will say no more.
  public mutating func ended(_ member: Int) {
    if states.indices.contains(member) { states[member] = .ended }
  }

  /// True while a member waits for the word: its silence is no fault.
  public func isWaiting(_ member: Int) -> Bool {
    if states.indices.contains(member), case .waiting = states[member] { true } else { false }
  }

  /// The members to release now, who count as busy from here on; none while any is busy.
  public mutating func next() -> [Int] {
    var waiting: [(member: Int, turn: Turn)] = []
    for (member, state) in states.enumerated() {
      switch state {
      case .busy: return []
      case .ended: break
      case .waiting(let turn): waiting.append((member, turn))
      }
    }
    guard let earliest = waiting.map(\.turn).min() else { return [] }
    var members = waiting.filter { !(earliest < $0.turn) }.map(\.member)
    if policy == .alternating {
      members = Array((earliest.round.isMultiple(of: 2) ? members : members.reversed()).prefix(1))
    }
    for member in members { states[member] = .busy }
    return members
  }
}
